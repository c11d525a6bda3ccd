"""Log loss, Brier score, calibration error and Matthews correlation of several classes, against scikit-learn.

The estimates' oracle has every row once for each class, with its calibrated chance as weight.
"""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, log_loss, matthews_corrcoef

CLASSES = ["a", "b", "c"]
SCORES = [f"score_{name}" for name in CLASSES]
KINDS = ["plain", "missing", "unseen_label", "one_prediction", "one_class", "scores_of_zero", "unlabelled"]
SIZE = 400
REFERENCE = 2000
MONITOR = """\
version: 1
warehouse: duckdb://
monitors:
  - name: several
    task: multiclass_classification
    predictions: several
    id: id
    reference: "id < 2000"
    chunks: {size: 400}
    resolution: exact
    calibration: isotonic
    model: {score: {a: score_a, b: score_b, c: score_c}, label: predicted}
    target: {column: actual}
    metrics: {performance: [log_loss, brier_score, calibration_error, matthews_correlation]}
"""


def several() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    count = REFERENCE + SIZE * len(KINDS)
    latent = rng.normal(0, 1.3, (count, 3)) + np.array([0.4, 0.1, -0.5])
    chance = np.exp(latent) / np.exp(latent).sum(axis=1, keepdims=True)
    sure = np.exp(1.6 * latent) / np.exp(1.6 * latent).sum(axis=1, keepdims=True)
    # Hundreds that sum to 1 exactly, so that rows share scores; none is 0 but where a chunk wants it.
    score = np.maximum(np.floor(sure * 100), 1)
    score[np.arange(count), score.argmax(axis=1)] += 100 - score.sum(axis=1)
    rows = pd.DataFrame(score / 100, columns=SCORES)
    drawn = (chance.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1).clip(max=2)
    rows["actual"] = np.array(CLASSES, dtype=object)[drawn]
    rows["predicted"] = np.array(CLASSES, dtype=object)[score.argmax(axis=1)]
    rows["id"] = range(count)
    rows["kind"] = ["reference"] * REFERENCE + [kind for kind in KINDS for _ in range(SIZE)]
    at = {kind: REFERENCE + SIZE * number for number, kind in enumerate(KINDS)}
    last = SIZE - 1
    start = at["missing"]
    rows.loc[start : start + 30, "score_b"] = None
    rows.loc[start + 20 : start + 60, "actual"] = None
    rows.loc[start + 50 : start + 90, "predicted"] = None
    start = at["unseen_label"]
    rows.loc[start : start + 40, "actual"] = "new"
    rows.loc[start + 30 : start + 70, "predicted"] = "newer"
    rows.loc[at["one_prediction"] : at["one_prediction"] + last, "predicted"] = "b"
    rows.loc[at["one_class"] : at["one_class"] + last, "actual"] = "c"
    rows.loc[at["scores_of_zero"] : at["scores_of_zero"] + 20, SCORES] = [1.0, 0.0, 0.0]
    rows.loc[at["unlabelled"] : at["unlabelled"] + last, "actual"] = None
    return rows


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return several()


@pytest.fixture(scope="module")
def values(compute, rows: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table several as from frame")
        results = compute(connection, MONITOR)
    results = results[results["period"] == "analysis"].copy()
    results["kind"] = [KINDS[int(chunk)] for chunk in results["chunk"]]
    return results.set_index(["family", "metric", "component", "kind"]).sort_index()


def binned_error(score: np.ndarray, positive: np.ndarray) -> float:
    """Ten bins of equal count; rows of one score share the bin of their middle."""
    distinct, inverse = np.unique(score, return_inverse=True)
    count = np.bincount(inverse)
    bins = np.floor(10 * (count.cumsum() - count / 2) / len(score)).astype(int)
    gap = np.bincount(bins, np.bincount(inverse, score - positive), minlength=10)
    assert len(distinct) > 10
    return float(np.abs(gap).sum() / len(score))


def expected(score: np.ndarray, chance: np.ndarray) -> dict[tuple[str, str], float]:
    """Values by metric and class of rows with so many (realized: whole) rows of each class."""
    made: dict[tuple[str, str], float] = {}
    count = len(score)
    for n, name in enumerate(CLASSES):
        label, weight = np.repeat([1, 0], count), np.concatenate([chance[:, n], 1 - chance[:, n]])
        # Not scikit-learn's: its smallest probability is 2e-16, and 1 - 1e-15 is no double.
        right = np.concatenate([score[:, n], 1 - score[:, n]]).clip(1e-15)
        made["log_loss", name] = float(np.average(-np.log(right), weights=weight))
        made["brier_score", name] = brier_score_loss(
            label, np.tile(score[:, n], 2), sample_weight=weight, pos_label=1
        )
        made["calibration_error", name] = binned_error(score[:, n], chance[:, n])
    for metric in ("brier_score", "calibration_error"):
        made[metric, ""] = float(np.mean([made[metric, name] for name in CLASSES]))
    made["log_loss", ""] = float(
        np.average(-np.log(np.concatenate(score.T).clip(1e-15)), weights=np.concatenate(chance.T))
    )
    return made


def correlations(
    actual: list[str], predicted: list[str], weight: np.ndarray | None
) -> dict[tuple[str, str], float]:
    """Of all labels, and of each class against all others."""
    made = {("matthews_correlation", ""): matthews_corrcoef(actual, predicted, sample_weight=weight)}
    for name in CLASSES:
        sides = [[label == name for label in side] for side in (actual, predicted)]
        made["matthews_correlation", name] = matthews_corrcoef(*sides, sample_weight=weight)
    return made


def compare(found: pd.DataFrame, kind: str, wanted: dict[tuple[str, str], float]) -> None:
    for (metric, component), value in wanted.items():
        row = found.loc[metric, component, kind]
        assert row["value"] == pytest.approx(value, abs=1e-9), (metric, component)
        assert row["note"] is None or pd.isna(row["note"])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "unlabelled"])
def test_realized_values(values: pd.DataFrame, rows: pd.DataFrame, kind: str) -> None:
    here = rows[rows["kind"] == kind]
    found = values.loc["realized"]
    scored = here.dropna(subset=[*SCORES, "actual"])
    score = scored[SCORES].to_numpy(float)
    indicator = (scored["actual"].to_numpy()[:, None] == np.array(CLASSES)).astype(float)
    compare(found, kind, expected(score, indicator))
    known = scored["actual"].isin(CLASSES)
    loss = found.loc["log_loss", "", kind]
    labels = scored.loc[known, "actual"].tolist()
    assert loss["value"] == pytest.approx(
        log_loss(labels, score[known].clip(1e-15), labels=CLASSES), abs=1e-9
    )
    assert loss["row_count"] == known.sum()
    assert loss["unused_count"] == SIZE - known.sum()
    assert found.loc["brier_score", "", kind]["row_count"] == len(scored)
    both = here.dropna(subset=["actual", "predicted"])
    compare(found, kind, correlations(both["actual"].tolist(), both["predicted"].tolist(), None))


@pytest.mark.parametrize("kind", KINDS)
def test_estimated_values(values: pd.DataFrame, rows: pd.DataFrame, kind: str) -> None:
    reference = rows[rows["kind"] == "reference"]
    scored = rows[rows["kind"] == kind].dropna(subset=SCORES)
    chance = np.column_stack(
        [
            IsotonicRegression(out_of_bounds="clip")
            .fit(reference[column], reference["actual"] == name)
            .predict(scored[column])
            for name, column in zip(CLASSES, SCORES, strict=True)
        ]
    )
    chance /= chance.sum(axis=1, keepdims=True)
    found = values.loc["estimated"]
    compare(found, kind, expected(scored[SCORES].to_numpy(float), chance))
    is_predicted = scored["predicted"].notna().to_numpy()
    predicted = scored.loc[is_predicted, "predicted"].tolist()
    actual = [name for name in CLASSES for _ in predicted]
    compare(found, kind, correlations(actual, predicted * 3, np.concatenate(chance[is_predicted].T)))


def test_without_labels_there_is_a_note_and_no_value(values: pd.DataFrame) -> None:
    found = values.loc["realized"].xs("unlabelled", level="kind")
    assert len(found) == 4 * 4
    assert found["value"].isna().all()
    assert found["is_alert"].isna().all()
    assert (found["unused_count"] == SIZE).all()
    is_predicted = found.index.get_level_values("metric") == "matthews_correlation"
    assert set(found.loc[is_predicted, "note"]) == {"no row with a label and a prediction"}
    assert set(found.loc[~is_predicted, "note"]) == {"no row with a label and a score"}


def test_a_model_that_predicts_one_class_has_no_correlation(values: pd.DataFrame) -> None:
    for family in ("estimated", "realized"):
        assert values.loc[family, "matthews_correlation", "", "one_prediction"]["value"] == 0


@pytest.mark.parametrize("family", ["estimated", "realized"])
def test_losses_have_standard_errors_and_calibration_has_none(values: pd.DataFrame, family: str) -> None:
    errors = values.loc[family]["standard_error"].drop("unlabelled", level="kind")
    assert errors.loc["calibration_error"].isna().all()
    for metric in ("log_loss", "brier_score"):
        assert (errors.loc[metric] > 0).all()
    assert not any(math.isinf(error) for error in errors)
