"""Balanced accuracy, correlation, losses, calibration and coverage against scikit-learn and by hand.

Estimated values are compared with scikit-learn's on a table in which each row stands twice, as a
positive and as a negative, weighted by its calibrated chance of being either.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import rankdata
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    matthews_corrcoef,
)

from sqlmonitor.errors import ConfigurationError
from sqlmonitor.metrics import CATALOGUE

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
REFERENCE = ("2024-01", "2024-02")
KINDS = (
    *("plain", "dirty", "all_negative", "all_positive", "nothing_predicted", "constant_score"),
    *("sure", "one_row", "no_labels", "empty"),
)
CHUNKS = {f"2024-{number:02d}": kind for number, kind in enumerate(KINDS, 3)}
CELLS = ("true_negative", "false_positive", "false_negative", "true_positive")
MONITOR = """\
version: 1
warehouse: duckdb://
monitors:
  - name: small
    task: binary_classification
    predictions: small
    id: id
    timestamp: at
    reference: "at < timestamp '2024-03-01'"
    chunks: month
    resolution: {resolution}
    calibration: {calibration}
    model: {{score: score, label: predicted, positive: 1}}
    target: {{column: actual}}
"""


def month(rng: np.random.Generator, name: str, kind: str) -> pd.DataFrame:
    """Rows of one month; scores of two decimals, which have a cell each in both resolutions."""
    size = {"reference": 500, "one_row": 1}.get(kind, 240)
    score = np.round(rng.beta(1.2, 2.5, size), 2)
    actual = (rng.random(size) < np.clip(score**1.5 + 0.05, 0, 1)).astype(float)
    predicted = (score >= 0.4).astype(float)
    if kind == "sure":
        score = np.where(np.arange(size) % 3 == 0, score, np.round(score))
    if kind == "constant_score":
        score[:] = 0.25
    if kind in ("all_negative", "all_positive"):
        actual[:] = kind == "all_positive"
    if kind == "nothing_predicted":
        predicted[:] = 0
    columns = {"score": score, "predicted": predicted, "actual": actual}
    rows = pd.DataFrame({column: values.astype(object) for column, values in columns.items()})
    if kind in ("reference", "dirty"):
        rows.loc[::17, "score"], rows.loc[1::17, "score"] = None, math.nan
        rows.loc[2::17, "actual"], rows.loc[3::17, "predicted"] = None, None
    if kind in ("no_labels", "empty"):
        rows["actual"] = None
    if kind == "empty":
        rows["score"] = None
    rows["at"] = [pd.Timestamp(f"{name}-01") + pd.Timedelta(hours=n) for n in range(size)]
    rows["chunk"] = name
    return rows


@pytest.fixture(scope="module")
def small() -> pd.DataFrame:
    rng = np.random.default_rng(20130102)
    parts = [month(rng, name, "reference") for name in REFERENCE]
    parts += [month(rng, name, kind) for name, kind in CHUNKS.items()]
    return pd.concat(parts, ignore_index=True)


def table(rows: pd.DataFrame) -> pa.Table:
    """From lists, not through pandas: NULL and NaN stay two things."""
    columns = {name: rows[name].tolist() for name in ("score", "predicted", "actual", "at")}
    return pa.table({"id": list(range(len(rows))), **columns})


@pytest.fixture(scope="module", params=["binned", "exact"])
def computed(request: pytest.FixtureRequest, compute, small: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.register("arrow", table(small))
        connection.execute("create table small as from arrow")
        results = compute(connection, MONITOR.format(resolution=request.param, calibration="isotonic"))
    results["chunk"] = results["chunk"].str[:7]
    assert (results["column_name"] == "").all()
    return results.set_index(["family", "metric", "component", "chunk"]).sort_index()


def whole(rows: pd.DataFrame, *names: str) -> list[np.ndarray]:
    """The named columns of the rows in which all of them are there, as numbers."""
    kept = rows[list(names)].astype(float).dropna()
    return [kept[name].to_numpy() for name in names]


def calibration(small: pd.DataFrame) -> IsotonicRegression:
    score, actual = whole(small[small["chunk"].isin(REFERENCE)], "score", "actual")
    return IsotonicRegression(out_of_bounds="clip").fit(score, actual)


def doubled(values: np.ndarray, chance: np.ndarray) -> dict[str, np.ndarray]:
    """Each row as a positive and as a negative; those of no weight are left out."""
    weight = np.concatenate([chance, 1 - chance])
    kept = weight > 0
    return {
        "actual": np.repeat([1, 0], len(values))[kept],
        "values": np.tile(values, 2)[kept],
        "weight": weight[kept],
    }


def cell_values(predicted: np.ndarray, chance: np.ndarray) -> dict[str, float]:
    rows = doubled(predicted, chance)
    sides, given = (rows["actual"], rows["values"]), {"sample_weight": rows["weight"]}
    with warnings.catch_warnings():
        # Where there is one class only, scikit-learn warns and gives what we give.
        warnings.filterwarnings("ignore", category=UserWarning)
        return {
            "balanced_accuracy": balanced_accuracy_score(*sides, **given),
            "matthews_correlation": matthews_corrcoef(*sides, **given),
            "positive_rate": chance.mean(),
        }


def score_values(score: np.ndarray, chance: np.ndarray) -> dict[str, float]:
    rows = doubled(score, chance)
    given = {"sample_weight": rows["weight"], "labels": [0, 1]}
    said = np.where(rows["actual"] == 1, rows["values"], 1 - rows["values"])
    if said.min() > 1e-15:
        loss = log_loss(rows["actual"], rows["values"], **given)
    else:
        # scikit-learn clips to another number, and 1 - (1 - 1e-15) is 1.1e-15.
        loss = np.average(-np.log(np.maximum(said, 1e-15)), weights=rows["weight"])
    # Rows of one score have one bin: that of the middle of their ranks.
    bins = np.floor(10 * (rankdata(score) - 0.5) / len(score))
    errors = [abs(score[bins == one].sum() - chance[bins == one].sum()) for one in np.unique(bins)]
    return {
        "log_loss": loss,
        "brier_score": brier_score_loss(rows["actual"], rows["values"], **given),
        "calibration_error": sum(errors) / len(score),
    }


every_chunk = pytest.mark.parametrize("chunk", [*REFERENCE, *CHUNKS], ids=lambda name: CHUNKS.get(name, name))


def check(computed: pd.DataFrame, family: str, chunk: str, expected: dict[str, float], size: int) -> None:
    for metric, value in expected.items():
        row = computed.loc[(family, metric, "", chunk)]
        assert row["value"] == pytest.approx(value, abs=1e-9), metric
        assert row["row_count"] == size
        assert not pd.isna(row["is_alert"])


def check_nothing(computed: pd.DataFrame, family: str, chunk: str, *metrics: str) -> None:
    for metric in metrics:
        row = computed.loc[(family, metric, "", chunk)]
        assert math.isnan(row["value"])
        assert pd.isna(row["is_alert"])
        assert row["note"].startswith("no row with a ")


@every_chunk
def test_realized(computed: pd.DataFrame, small: pd.DataFrame, chunk: str) -> None:
    rows = small[small["chunk"] == chunk]
    if CHUNKS.get(chunk) in ("no_labels", "empty"):
        check_nothing(computed, "realized", chunk, "matthews_correlation", "log_loss", "calibration_error")
        return
    predicted, actual = whole(rows, "predicted", "actual")
    check(computed, "realized", chunk, cell_values(predicted, actual), len(actual))
    score, actual = whole(rows, "score", "actual")
    check(computed, "realized", chunk, score_values(score, actual), len(actual))


@pytest.mark.parametrize("chunk", CHUNKS, ids=KINDS)
def test_estimated(computed: pd.DataFrame, small: pd.DataFrame, chunk: str) -> None:
    rows = small[small["chunk"] == chunk]
    if CHUNKS[chunk] == "empty":
        check_nothing(computed, "estimated", chunk, "balanced_accuracy", "brier_score", "calibration_error")
        return
    fitted = calibration(small)
    score, predicted = whole(rows, "score", "predicted")
    check(computed, "estimated", chunk, cell_values(predicted, fitted.predict(score)), len(score))
    (score,) = whole(rows, "score")
    check(computed, "estimated", chunk, score_values(score, fitted.predict(score)), len(score))


@every_chunk
def test_label_coverage(computed: pd.DataFrame, small: pd.DataFrame, chunk: str) -> None:
    rows = small[small["chunk"] == chunk]
    share = rows["actual"].notna().mean()
    row = computed.loc[("realized", "label_coverage", "", chunk)]
    assert row["value"] == pytest.approx(share, abs=1e-12)
    assert row["standard_error"] == pytest.approx(math.sqrt(share * (1 - share) / len(rows)), abs=1e-12)
    assert (row["row_count"], row["unused_count"]) == (len(rows), 0)
    assert pd.isna(row["lower_threshold"])
    assert not row["is_alert"]
    assert "estimated" not in computed.xs("label_coverage", level="metric").index.get_level_values("family")


@pytest.mark.parametrize("normalize", ["all", "true", "predicted"])
def test_confusion_matrix_as_shares(compute, small: pd.DataFrame, normalize: str) -> None:
    chosen = f"    metrics: {{performance: [f1, {{confusion_matrix: {{normalize: {normalize}}}}}]}}\n"
    with duckdb.connect() as connection:
        connection.register("arrow", table(small))
        connection.execute("create table small as from arrow")
        text = MONITOR.format(resolution="exact", calibration="none") + chosen
        results = compute(connection, text)
    assert set(results.loc[results["family"] == "estimated", "metric"]) == {"f1", "confusion_matrix"}
    results["chunk"] = results["chunk"].str[:7]
    results = results.set_index(["family", "metric", "component", "chunk"])
    how = {"predicted": "pred"}.get(normalize, normalize)
    for chunk, kind in CHUNKS.items():
        rows = small[small["chunk"] == chunk]
        predicted, actual = whole(rows, "predicted", "actual")
        (score, estimated_of) = whole(rows, "score", "predicted")
        sides = {"realized": (predicted, actual), "estimated": (estimated_of, score)}
        for family, (prediction, chance) in sides.items():
            if not len(chance):
                assert kind in ("no_labels", "empty")
                continue
            doubles = doubled(prediction, chance)
            shares = confusion_matrix(
                doubles["actual"],
                doubles["values"],
                labels=[0, 1],
                sample_weight=doubles["weight"],
                normalize=how,
            )
            for cell, share in zip(CELLS, shares.ravel(), strict=True):
                row = results.loc[(family, "confusion_matrix", cell, chunk)]
                assert row["value"] == pytest.approx(share, abs=1e-12), (family, kind, cell)
                assert not row["upper_bound"] > 1


@pytest.mark.parametrize("resolution", ["binned", "exact"])
def test_by_hand(compute, resolution: str) -> None:
    """Four sure scores, two of them wrong: a wrong one costs -ln(1e-15)."""
    rows = [(0.0, 0, 0), (0.0, 0, 1), (1.0, 1, 0), (1.0, 1, 1)] * 3
    frame = pd.DataFrame(rows, columns=["score", "predicted", "actual"])
    frame["at"] = [pd.Timestamp("2024-02-01") + pd.Timedelta(weeks=n // 4 * 5) for n in range(12)]
    with duckdb.connect() as connection:
        connection.register("arrow", table(frame))
        connection.execute("create table small as from arrow")
        results = compute(connection, MONITOR.format(resolution=resolution, calibration="none"))
    wrong = 34.538776394910684
    expected = {
        "realized": {
            "balanced_accuracy": (0.5, math.sqrt((0.5 * 0.5 / 2 + 0.5 * 0.5 / 2) / 4)),
            # φ = 0 and each slope ± 1 / √(2·2·2·2): the variance is 4 · 1 · (1/4)².
            "matthews_correlation": (0.0, 0.5),
            "positive_rate": (0.5, 0.25),
            # Losses 0, wrong, 0, wrong; then 0, 1, 0, 1: standard deviation half of it, over √4.
            "log_loss": (wrong / 2, wrong / 4),
            "brier_score": (0.5, 0.25),
            "calibration_error": (0.5, None),
            "label_coverage": (1.0, 0.0),
        },
        # The scores at their word: two certain positives, two certain negatives, all of them right.
        "estimated": {
            "balanced_accuracy": (1.0, 0.0),
            "matthews_correlation": (1.0, 0.0),
            "positive_rate": (0.5, 0.25),
            "log_loss": (0.0, 0.0),
            "brier_score": (0.0, 0.0),
            # Nothing to compare with: the scores are the chances.
            "calibration_error": (math.nan, None),
        },
    }
    results = results[results["period"] == "analysis"]
    for family, metrics in expected.items():
        for metric, (value, error) in metrics.items():
            found = results[(results["family"] == family) & (results["metric"] == metric)]
            assert len(found) == 2
            assert found["value"].to_list() == pytest.approx([value] * 2, abs=1e-12, nan_ok=True), (
                family,
                metric,
            )
            if error is None:
                assert found["standard_error"].isna().all()
            else:
                errors = found["standard_error"].to_list()
                assert errors == pytest.approx([error] * 2, abs=1e-12), (family, metric)


def flights(connection: duckdb.DuckDBPyConnection) -> str:
    """The example's tables; its project file, with all metrics of performance and no others."""
    for name in ("flights_scored", "flights_outcomes"):
        connection.execute(f"create table {name} as from '{FLIGHTS / 'data' / f'{name}.parquet'}'")
    text = (FLIGHTS / "sqlmonitor.yml").read_text(encoding="utf-8")
    start, end = text.index("    metrics:\n"), text.index("    # What the model is worth.")
    chosen = [metric.name for metric in CATALOGUE.values() if "binary_classification" in metric.tasks]
    metrics = f"    metrics: {{drift: [], quality: [], summary: [], performance: [{', '.join(chosen)}]}}\n"
    text = text[:start] + metrics + text[end:]
    text = text[: text.index("    thresholds:\n")]
    text = text.replace("segments: [origin]", "resolution: {resolution}")
    return text.replace("warehouse: duckdb:///flights.duckdb", "warehouse: duckdb://")


def rare(connection: duckdb.DuckDBPyConnection) -> str:
    """200,000 rows, one in a thousand positive, with scores to match: half of them below 0.0002."""
    rng = np.random.default_rng(20130103)
    score = 1 / (1 + np.exp(8.6 - 1.9 * rng.normal(size=200_000)))
    actual = (rng.random(len(score)) < 0.8 * score + 0.0001).astype(int)
    assert 0.0005 < actual.mean() < 0.002
    assert np.median(score) < 0.0002
    frame = pd.DataFrame({"score": score, "predicted": (score > 0.01).astype(int), "actual": actual})
    connection.register("frame", frame)
    connection.execute(
        "create table small as select number as id, frame.* "
        ", timestamp '2024-01-01' + number * interval '90 seconds' as at "
        "from (select *, row_number() over () as number from frame) as frame"
    )
    return MONITOR.replace("{calibration}", "isotonic").replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize("data", [flights, rare])
def test_binned_is_close_to_exact(compute, data: Callable[[duckdb.DuckDBPyConnection], str]) -> None:
    sides = []
    for resolution in ("binned", "exact"):
        with duckdb.connect() as connection:
            text = data(connection)
            results = compute(connection, text.replace("{resolution}", resolution))
        sides.append(results.set_index(["family", "metric", "component", "period", "chunk"]))
    both = sides[0].join(sides[1].add_suffix("_exact"))
    for metric in (
        *("roc_auc", "average_precision", "log_loss", "brier_score"),
        *("balanced_accuracy", "matthews_correlation", "positive_rate", "label_coverage"),
    ):
        rows = both.xs(metric, level="metric")
        assert (rows["value"].isna() == rows["value_exact"].isna()).all()
        assert rows["value"].notna().any()
        difference = (rows["value"] - rows["value_exact"]).abs().max()
        assert difference < 0.0005, (metric, difference)


def test_label_coverage_needs_a_target(compute, small: pd.DataFrame) -> None:
    text = MONITOR.format(resolution="exact", calibration="none").replace(
        "    target: {column: actual}\n", ""
    )
    with duckdb.connect() as connection:
        connection.register("arrow", table(small))
        connection.execute("create table small as from arrow")
        results = compute(connection, text)
        assert "log_loss" in set(results["metric"])
        assert "label_coverage" not in set(results["metric"])
        with pytest.raises(ConfigurationError, match="label_coverage needs a target") as caught:
            compute(
                connection, text + "    metrics:\n      performance:\n      - f1\n      - label_coverage\n"
            )
    assert caught.value.key == "monitors[0].metrics.performance[1]"
    assert caught.value.line == text.count("\n") + 4


@pytest.mark.parametrize("segment", ["a", "b"])
def test_segments_are_computed_alone(compute, small: pd.DataFrame, segment: str) -> None:
    """A segment's values are those of a monitor that has its rows only."""
    text = MONITOR.format(resolution="exact", calibration="none")
    with duckdb.connect() as connection:
        connection.register("arrow", table(small))
        connection.execute(
            "create table small as select *, case when id % 3 = 0 then 'a' else 'b' end as part from arrow"
        )
        both = compute(connection, text + "    segments: [part]\n")
        alone = compute(connection, text + f"    where: \"part = '{segment}'\"\n")
    keys = ["family", "metric", "component", "chunk"]
    both = both[both["segment_value"] == segment].set_index(keys)
    alone = alone.set_index(keys)
    assert set(both.index) >= set(alone.index)
    for name in ("value", "standard_error"):
        differences = (both.loc[alone.index, name] - alone[name]).abs()
        assert differences.max() < 1e-9
        assert (both.loc[alone.index, name].isna() == alone[name].isna()).all()
