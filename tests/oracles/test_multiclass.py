"""Several classes against numpy and scikit-learn: labels, calibrated estimates, and what data can have."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    multilabel_confusion_matrix,
    precision_score,
    recall_score,
    roc_auc_score,
)

CLASSES = ["a", "b", "it's c"]
KINDS = (
    "plain",
    "dirty",
    "one_row",
    "class_missing",
    "never_predicted",
    "unseen_label",
    "unlabelled",
    "empty",
)
SIZE = 300
REFERENCE = 1500
MONITOR = """\
version: 1
warehouse: duckdb://
monitors:
  - name: several
    task: multiclass_classification
    predictions: several
    id: id
    timestamp: at
    reference: "at < timestamp '2024-01-06'"
    chunks: day
    resolution: {resolution}
    calibration: {calibration}
    model: {{score: {{a: score_a, b: score_b, "it's c": score_c}}, label: predicted}}
    target: {{column: actual}}
    segments: [place]
"""


def drawn(rng: np.random.Generator, count: int, shift: float, decimals: int) -> pd.DataFrame:
    """So many rows whose scores are too sure of themselves."""
    latent = rng.normal(0, 1.3, (count, 3)) + np.array([shift, 0.2, -0.4])
    chance = np.exp(latent) / np.exp(latent).sum(axis=1, keepdims=True)
    actual = [CLASSES[rng.choice(3, p=row)] for row in chance]
    sure = np.exp(1.6 * latent) / np.exp(1.6 * latent).sum(axis=1, keepdims=True)
    score = np.round(sure[:, :2], decimals)
    score = np.column_stack([score, np.round(1 - score.sum(axis=1), decimals).clip(0)])
    return pd.DataFrame(
        {
            **{f"score_{name}": score[:, n] for n, name in enumerate("abc")},
            "predicted": [CLASSES[n] for n in score.argmax(axis=1)],
            "actual": actual,
            "place": rng.choice(["north", "south"], count),
        }
    ).astype({"predicted": object, "actual": object})


def chunk(rng: np.random.Generator, kind: str, decimals: int) -> pd.DataFrame:
    rows = drawn(rng, 1 if kind == "one_row" else SIZE, 0.4, decimals)
    if kind == "dirty":
        rows.loc[::11, "score_b"] = None
        rows.loc[1::11, "actual"] = None
        rows.loc[2::11, "predicted"] = None
    if kind == "class_missing":
        rows.loc[rows["actual"] == "b", "actual"] = "a"
    if kind == "never_predicted":
        rows.loc[rows["predicted"] == "b", "predicted"] = "a"
    if kind == "unseen_label":
        rows.loc[::9, "actual"] = "new"
        rows.loc[1::9, "predicted"] = "newer"
    if kind in ("unlabelled", "empty"):
        rows["actual"] = None
    if kind == "empty":
        rows[["score_a", "predicted"]] = None
    return rows


def several(decimals: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(20240101)
    parts = [drawn(rng, SIZE, 0.0, decimals) for _ in range(REFERENCE // SIZE)]
    parts += [chunk(rng, kind, decimals) for kind in KINDS]
    for number, part in enumerate(parts):
        part["at"] = pd.Timestamp("2024-01-01") + pd.Timedelta(days=number)
        part["kind"] = KINDS[number - REFERENCE // SIZE] if number * SIZE >= REFERENCE else "reference"
    rows = pd.concat(parts, ignore_index=True)
    rows["id"] = range(len(rows))
    return rows


def run(compute, rows: pd.DataFrame, **given: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table several as from frame")
        results = compute(
            connection, MONITOR.format(**{"resolution": "exact", "calibration": "isotonic"} | given)
        )
    days = rows.drop_duplicates("at").set_index(rows["at"].drop_duplicates().dt.strftime("%Y-%m-%d"))["kind"]
    results["kind"] = results["chunk"].map(days)
    return results


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    return several()


@pytest.fixture(scope="session")
def results(compute, rows: pd.DataFrame) -> pd.DataFrame:
    return run(compute, rows)


@pytest.fixture(scope="session")
def values(results: pd.DataFrame) -> pd.DataFrame:
    whole = results[(results["segment_column"] == "") & (results["kind"] != "reference")]
    return whole.set_index(["family", "metric", "component", "kind"]).sort_index()


def complete(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    return rows.dropna(subset=list(names))


SCORES = ["score_a", "score_b", "score_c"]


@pytest.mark.parametrize("kind", KINDS)
def test_realized_cells_are_scikit_learns(values, rows, kind: str) -> None:
    here = rows[rows["kind"] == kind]
    both = complete(here, "actual", "predicted")
    found = values.loc["realized"]
    for metric in ("f1", "accuracy", "confusion_matrix"):
        part = found.loc[metric].xs(kind, level="kind")
        assert (part["row_count"] == len(both)).all()
        assert (part["unused_count"] == len(here) - len(both)).all()
    if both.empty:
        for metric in ("f1", "precision", "recall", "specificity", "accuracy", "balanced_accuracy"):
            row = found.loc[metric, "", kind]
            assert math.isnan(row["value"])
            assert pd.isna(row["is_alert"])
            assert row["note"] == "no row with a label and a prediction"
        return
    actual, predicted = both["actual"].tolist(), both["predicted"].tolist()
    given = {"labels": CLASSES, "average": None, "zero_division": 0}
    cells = multilabel_confusion_matrix(actual, predicted, labels=CLASSES)
    negatives = cells[:, 0].sum(axis=1)
    each = {
        "f1": f1_score(actual, predicted, **given),
        "precision": precision_score(actual, predicted, **given),
        "recall": recall_score(actual, predicted, **given),
        "specificity": np.divide(cells[:, 0, 0], negatives, where=negatives > 0, out=np.zeros(3)),
    }
    for metric, expected in each.items():
        assert found.loc[metric, "", kind]["value"] == pytest.approx(expected.mean(), abs=1e-12)
        for name, value in zip(CLASSES, expected, strict=True):
            assert found.loc[metric, name, kind]["value"] == pytest.approx(value, abs=1e-12)
    right = np.mean([a == b for a, b in zip(actual, predicted, strict=True)])
    assert found.loc["accuracy", "", kind]["value"] == pytest.approx(right, abs=1e-12)
    # As scikit-learn's balanced_accuracy_score: the mean recall of the classes that are there.
    there = [value for name, value in zip(CLASSES, each["recall"], strict=True) if name in actual]
    balanced = np.mean(there)
    if set(actual) == set(CLASSES):
        assert balanced == pytest.approx(balanced_accuracy_score(actual, predicted))
    assert found.loc["balanced_accuracy", "", kind]["value"] == pytest.approx(balanced, abs=1e-12)
    matrix = confusion_matrix(actual, predicted, labels=CLASSES)
    for i, true in enumerate(CLASSES):
        for j, label in enumerate(CLASSES):
            cell = found.loc["confusion_matrix", f"true={true},predicted={label}", kind]
            assert cell["value"] == matrix[i, j]


@pytest.mark.parametrize("kind", KINDS)
def test_realized_ranks_are_scikit_learns(values, rows, kind: str) -> None:
    here = rows[rows["kind"] == kind]
    both = complete(here, "actual", *SCORES)
    found = values.loc["realized"]
    areas = []
    for name, column in zip(CLASSES, SCORES, strict=True):
        is_class = (both["actual"] == name).to_numpy()
        row = found.loc["roc_auc", name, kind]
        assert row["row_count"] == len(both)
        assert row["unused_count"] == len(here) - len(both)
        if 0 < is_class.sum() < len(both):
            areas.append(roc_auc_score(is_class, both[column]))
            assert row["value"] == pytest.approx(areas[-1], abs=1e-12)
            precision = average_precision_score(is_class, both[column])
            assert found.loc["average_precision", name, kind]["value"] == pytest.approx(precision, abs=1e-12)
        else:
            assert math.isnan(row["value"])
            assert row["note"] in ("one class only", "no row with a label and a score")
    macro = found.loc["roc_auc", "", kind]
    if len(areas) < 3:
        assert math.isnan(macro["value"])
        assert macro["note"] in ("not every class is there", "no row with a label and a score")
        return
    assert macro["value"] == pytest.approx(np.mean(areas), abs=1e-12)
    if kind == "plain":
        score = both[SCORES].to_numpy(float)
        whole = roc_auc_score(both["actual"].tolist(), score, multi_class="ovr", average="macro")
        assert macro["value"] == pytest.approx(whole, abs=1e-12)


def chances(fitted: pd.DataFrame, scored: pd.DataFrame) -> np.ndarray:
    """One calibration per class on the labelled rows, divided by the sum over the classes."""
    columns = [
        IsotonicRegression(out_of_bounds="clip")
        .fit(fitted[column], fitted["actual"] == name)
        .predict(scored[column])
        for name, column in zip(CLASSES, SCORES, strict=True)
    ]
    matrix = np.column_stack(columns)
    return matrix / matrix.sum(axis=1, keepdims=True)


def check_estimates(
    found: pd.DataFrame, kind: str, scored: pd.DataFrame, chance: np.ndarray, tolerance: float
) -> None:
    """Cells and areas of one chunk from each row's chances."""
    is_labelled = scored["predicted"].notna().to_numpy()
    labels = scored["predicted"].to_numpy()[is_labelled]
    used = len(labels)
    ratios: dict[str, list[float]] = {"f1": [], "precision": [], "recall": [], "specificity": []}
    hits = 0.0
    for n, name in enumerate(CLASSES):
        p, guess = chance[is_labelled, n], labels == name
        tp, fp, fn, tn = p[guess].sum(), (1 - p[guess]).sum(), p[~guess].sum(), (1 - p[~guess]).sum()
        hits += tp
        for metric, over, under in (
            ("f1", 2 * tp, 2 * tp + fp + fn),
            ("precision", tp, tp + fp),
            ("recall", tp, tp + fn),
            ("specificity", tn, tn + fp),
        ):
            ratios[metric].append(over / under if under else 0)
            assert found.loc[metric, name, kind]["value"] == pytest.approx(ratios[metric][-1], abs=tolerance)
        for other in CLASSES:
            cell = found.loc["confusion_matrix", f"true={name},predicted={other}", kind]["value"]
            assert cell / used == pytest.approx(p[labels == other].sum() / used, abs=tolerance)
    for metric, each in ratios.items():
        assert found.loc[metric, "", kind]["value"] == pytest.approx(np.mean(each), abs=tolerance)
    assert found.loc["accuracy", "", kind]["value"] == pytest.approx(hits / used, abs=tolerance)
    areas = [
        roc_auc_score(
            np.repeat([1, 0], len(scored)),
            np.tile(scored[column], 2),
            sample_weight=np.concatenate([chance[:, n], 1 - chance[:, n]]),
        )
        for n, column in enumerate(SCORES)
    ]
    for name, area in zip(CLASSES, areas, strict=True):
        assert found.loc["roc_auc", name, kind]["value"] == pytest.approx(area, abs=tolerance)
    assert found.loc["roc_auc", "", kind]["value"] == pytest.approx(np.mean(areas), abs=tolerance)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("empty", "one_row")])
def test_estimates_are_scikit_learns(values, rows, kind: str) -> None:
    scored = complete(rows[rows["kind"] == kind], *SCORES)
    chance = chances(rows[rows["kind"] == "reference"], scored)
    check_estimates(values.loc["estimated"], kind, scored, chance, 1e-9)


def test_an_empty_chunk_has_no_estimates(values) -> None:
    for metric, note in (("f1", "no row with a score and a prediction"), ("roc_auc", "no row with a score")):
        row = values.loc["estimated", metric, "", "empty"]
        assert math.isnan(row["value"])
        assert row["note"] == note
        assert row["unused_count"] == SIZE


def test_estimates_of_the_reference_are_out_of_fold(results, rows) -> None:
    reference = rows[rows["kind"] == "reference"]
    # As dialects.NUMBER_OF_INTEGER says.
    fold = np.abs(reference["id"].to_numpy() % 1000003) * 7919 % 1000003 % 10
    chance = np.empty((len(reference), 3))
    for number in range(10):
        chance[fold == number] = chances(reference[fold != number], reference[fold == number])
    whole = results[(results["segment_column"] == "") & (results["family"] == "estimated")]
    for at, part in reference.reset_index(drop=True).groupby("at"):
        found = whole[whole["chunk"] == at.strftime("%Y-%m-%d")].set_index(["metric", "component", "kind"])
        check_estimates(found.sort_index(), "reference", part, chance[part.index], 1e-9)


def test_segments_are_chunks_of_their_own(compute, results, rows) -> None:
    north = run(compute, rows.assign(place=np.where(rows["kind"] == "plain", rows["place"], "north")))
    keys = ["family", "metric", "component"]
    of_segment = north[(north["segment_value"] == "north") & (north["kind"] == "plain")].set_index(keys)
    only = rows[(rows["kind"] != "plain") | (rows["place"] == "north")]
    alone = run(compute, only)
    alone = alone[(alone["segment_column"] == "") & (alone["kind"] == "plain")].set_index(keys)
    assert len(alone) == len(of_segment) > 80
    joined = alone.join(of_segment.add_suffix("_segment"))
    for column in ("value", "row_count"):
        np.testing.assert_allclose(joined[column], joined[f"{column}_segment"], rtol=1e-12, atol=1e-12)


def test_without_calibration_scores_are_only_renormalised(compute, rows) -> None:
    results = run(compute, rows, calibration="none")
    found = results[(results["segment_column"] == "") & (results["family"] == "estimated")]
    scored = rows[rows["kind"] == "plain"]
    score = scored[SCORES].to_numpy()
    found = found.set_index(["metric", "component", "kind"]).sort_index()
    check_estimates(found, "plain", scored, score / score.sum(axis=1, keepdims=True), 1e-9)


@pytest.mark.parametrize(
    ("calibration", "offset"),
    [
        pytest.param("isotonic", -5.0, id="isotonic-one_rare"),
        *(
            pytest.param(calibration, offset, id=f"{calibration}-{name}", marks=pytest.mark.slow)
            for calibration, offset, name in (
                ("isotonic", 0.0, "even"),
                ("none", 0.0, "even"),
                ("none", -5.0, "one_rare"),
            )
        ),
    ],
)
def test_binned_is_close_to_exact(compute, calibration: str, offset: float) -> None:
    rng = np.random.default_rng(5)
    parts = []
    for day, count in enumerate([8000] * 5 + [4000] * 3):
        latent = rng.normal(0, 1.2, (count, 3)) + np.array([0.1 * day, 0.2, offset])
        chance = np.exp(latent) / np.exp(latent).sum(axis=1, keepdims=True)
        sure = np.exp(1.5 * latent) / np.exp(1.5 * latent).sum(axis=1, keepdims=True)
        part = pd.DataFrame(sure, columns=SCORES)
        drawn_class = (chance.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
        part["actual"] = np.array(CLASSES, dtype=object)[drawn_class]
        part["predicted"] = np.array(CLASSES, dtype=object)[sure.argmax(axis=1)]
        parts.append(part.assign(at=pd.Timestamp("2024-01-01") + pd.Timedelta(days=day), kind="even"))
    rows = pd.concat(parts, ignore_index=True).assign(place="north")
    rows["id"] = range(len(rows))
    sides = [
        run(compute, rows, calibration=calibration, resolution=resolution).set_index(
            ["family", "metric", "component", "chunk", "segment_value"]
        )
        for resolution in ("binned", "exact")
    ]
    joined = sides[0].join(sides[1].add_suffix("_exact"), how="outer").reset_index()
    joined = joined[joined["family"].isin(["estimated", "realized"]) & (joined["segment_value"] == "")]
    assert (joined["value"].isna() == joined["value_exact"].isna()).all()
    unit = np.where(joined["metric"] == "confusion_matrix", joined["row_count"], 1)
    joined["difference"] = ((joined["value"] - joined["value_exact"]) / unit).abs()
    worst = joined.groupby(["family", "metric", "component"])["difference"].max()
    assert worst.max() < 0.0005, worst[worst > 0.0004]
