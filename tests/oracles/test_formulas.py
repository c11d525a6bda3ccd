"""Against numpy, scipy and scikit-learn on small tables that have everything that data can have."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, ks_2samp, kstwobign, wasserstein_distance
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, roc_auc_score

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
NUMERIC = ("normal", "heavy", "tied", "constant", "infinite")
LEVELS = {"one": 1, "two": 2, "three": 3, "four": 4, "eleven": 11, "twelve": 12}
MONTHS = ("plain", "dirty", "one_row", "one_class", "unseen", "collapsed", "empty")
"""What the analysis months are, from April on; the reference is January to March."""
REFERENCE = {"2024-01": 400, "2024-02": 380, "2024-03": 420}
CHUNKS = {f"2024-{number:02d}": name for number, name in enumerate(MONTHS, 4)}
MONITOR = f"""\
version: 1
warehouse: duckdb://
monitors:
  - name: small
    task: binary_classification
    predictions: small
    id: id
    timestamp: at
    reference: "at < timestamp '2024-04-01'"
    chunks: month
    resolution: exact
    calibration: isotonic
    model: {{score: score, label: predicted, positive: 1}}
    target: {{column: actual}}
    features: {{numeric: [{", ".join(NUMERIC)}], categorical: [{", ".join(LEVELS)}]}}
"""


def month(rng: np.random.Generator, name: str, kind: str, rows: int) -> dict[str, list]:
    shift = 0.0 if kind == "reference" else 0.4
    columns: dict[str, list] = {
        "at": [pd.Timestamp(f"{name}-01") + pd.Timedelta(hours=n) for n in range(rows)],
        "normal": list(rng.normal(shift, 1, rows)),
        "heavy": list(rng.lognormal(shift, 1.5, rows)),
        "tied": list(rng.integers(0, 6, rows) * 0.5 + (0.5 if kind == "plain" else 0)),
        "constant": [6.0 if kind == "unseen" else 5.0] * rows,
        "infinite": list(rng.normal(0, 1, rows)),
    }
    for column, count in LEVELS.items():
        shares = rng.dirichlet(np.full(count, 20.0))
        columns[column] = [f"level {n}" for n in rng.choice(count, rows, p=shares)]
    score = np.round(rng.beta(1.2, 2.5, rows), 2)
    actual = (rng.random(rows) < np.clip(score**1.5 + 0.05, 0, 1)).astype(int)
    if kind == "one_class":
        actual[:] = 0
    if kind == "collapsed":
        score[:] = 0.25
    columns["score"] = list(score)
    columns["predicted"] = [int(value >= 0.4) for value in score]
    columns["actual"] = actual.tolist()
    if kind in ("reference", "dirty"):
        for n in range(0, rows, 17):
            columns["normal"][n] = None
            columns["normal"][n + 1] = math.nan
            columns["three"][n] = None
            columns["score"][n + 2] = None if n % 2 else math.nan
            columns["actual"][n + 3] = None
            columns["predicted"][n + 4] = None
            columns["infinite"][n] = -math.inf if n % 2 else math.inf
    if kind == "dirty":
        columns["heavy"][5] = math.inf
        columns["heavy"][6] = -math.inf
    if kind == "unseen":
        for column in LEVELS:
            for n in range(0, rows, 9):
                columns[column][n] = "new" if n % 2 else "newer"
    if kind == "empty":
        for column in (*NUMERIC, *LEVELS, "score", "actual"):
            columns[column] = [None] * rows
    return columns


@pytest.fixture(scope="session")
def small() -> pa.Table:
    rng = np.random.default_rng(20130101)
    parts = [month(rng, name, "reference", rows) for name, rows in REFERENCE.items()]
    sizes = {"one_row": 1, "plain": 311}
    parts += [month(rng, name, kind, sizes.get(kind, 250)) for name, kind in CHUNKS.items()]
    columns = {name: [value for part in parts for value in part[name]] for name in parts[0]}
    # From lists, not through pandas: NULL and NaN stay two things.
    return pa.table({"id": list(range(len(columns["at"]))), **columns})


@pytest.fixture(scope="session")
def computed(compute, small: pa.Table) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.register("arrow", small)
        connection.execute("create table small as from arrow")
        results = compute(connection, MONITOR)
    results["chunk"] = results["chunk"].str[:7]
    return results.set_index(["family", "metric", "column_name", "component", "chunk"]).sort_index()


@pytest.fixture(scope="session")
def by_chunk(small: pa.Table) -> dict[str, dict[str, list]]:
    columns = small.to_pydict()
    named = [at.strftime("%Y-%m") for at in columns["at"]]
    return {
        chunk: {
            name: [value for value, where in zip(values, named, strict=True) if where == chunk]
            for name, values in columns.items()
        }
        for chunk in (*REFERENCE, *CHUNKS)
    }


def numbers(values: list) -> np.ndarray:
    """Without NULL and NaN."""
    found = np.array([math.nan if value is None else value for value in values], dtype=float)
    return found[~np.isnan(found)]


def texts(values: list) -> list[str]:
    return [value for value in values if value is not None]


def reference(by_chunk: dict[str, dict[str, list]], column: str) -> list:
    return [value for chunk in REFERENCE for value in by_chunk[chunk][column]]


ALL_CHUNKS = [*REFERENCE, *CHUNKS]
NAMES = [CHUNKS.get(chunk, chunk) for chunk in ALL_CHUNKS]
every_chunk = pytest.mark.parametrize("chunk", ALL_CHUNKS, ids=NAMES)


def test_table_has_all_chunks(computed: pd.DataFrame) -> None:
    assert sorted(set(computed.index.get_level_values("chunk"))) == sorted(ALL_CHUNKS)


@every_chunk
@pytest.mark.parametrize("column", NUMERIC)
def test_numeric_distances(computed, by_chunk, column: str, chunk: str) -> None:
    base, here = numbers(reference(by_chunk, column)), numbers(by_chunk[chunk][column])
    jensen_shannon, ks, wasserstein = (
        computed.loc[("drift", metric, column, "", chunk)]
        for metric in ("jensen_shannon", "kolmogorov_smirnov", "wasserstein")
    )
    if not len(here):
        for row in (jensen_shannon, ks, wasserstein):
            assert math.isnan(row["value"])
            assert pd.isna(row["is_alert"])
            assert row["note"] == "no values"
        assert math.isnan(ks["p_value"])
        return

    finite = base[np.isfinite(base)]
    edges = np.histogram_bin_edges(finite, bins="doane")
    inside = [values[(values >= finite.min()) & (values <= finite.max())] for values in (base, here)]
    counts = [
        [*np.histogram(some, edges)[0], len(values) - len(some)]
        for some, values in zip(inside, (base, here), strict=True)
    ]
    expected = jensenshannon(counts[0], counts[1], base=2)
    assert jensen_shannon["value"] == pytest.approx(expected, abs=1e-7 if expected < 1e-6 else 1e-9)

    assert ks["value"] == pytest.approx(ks_2samp(here, base, method="asymp").statistic, abs=1e-12)
    scaled = ks["value"] * math.sqrt(len(here) * len(base) / (len(here) + len(base)))
    assert ks["p_value"] == pytest.approx(kstwobign.sf(scaled), abs=1e-9)

    if np.isfinite(base).all() and np.isfinite(here).all():
        assert wasserstein["value"] == pytest.approx(wasserstein_distance(here, base), abs=1e-9, rel=1e-9)
    else:
        assert math.isnan(wasserstein["value"])
        assert wasserstein["note"] == "infinite values"


@every_chunk
@pytest.mark.parametrize("column", LEVELS)
def test_categorical_distances(computed, by_chunk, column: str, chunk: str) -> None:
    base, here = texts(reference(by_chunk, column)), texts(by_chunk[chunk][column])
    jensen_shannon, l_infinity, chi_square = (
        computed.loc[("drift", metric, column, "", chunk)]
        for metric in ("jensen_shannon", "l_infinity", "chi_square")
    )
    if not here:
        for row in (jensen_shannon, l_infinity, chi_square):
            assert math.isnan(row["value"])
            assert pd.isna(row["is_alert"])
        return
    known = sorted(set(base))
    table = np.array(
        [
            [values.count(level) for level in known] + [sum(value not in known for value in values)]
            for values in (base, here)
        ]
    )
    p, q = table / table.sum(axis=1, keepdims=True)
    expected = jensenshannon(p, q, base=2)
    assert jensen_shannon["value"] == pytest.approx(expected, abs=1e-7 if expected < 1e-6 else 1e-9)
    assert l_infinity["value"] == pytest.approx(np.abs(p - q).max(), abs=1e-12)
    scipys = chi2_contingency(table[:, table.sum(axis=0) > 0])
    assert chi_square["value"] == pytest.approx(scipys.statistic, abs=1e-9, rel=1e-9)
    assert chi_square["p_value"] == pytest.approx(scipys.pvalue, abs=1e-9)
    assert chi_square["is_alert"] == (scipys.pvalue < 0.05)


@every_chunk
def test_quality_and_means(computed, by_chunk, chunk: str) -> None:
    size = len(by_chunk[chunk]["id"])
    assert computed.loc[("summary", "row_count", "", "", chunk)]["value"] == size
    for column in (*NUMERIC, *LEVELS):
        values = by_chunk[chunk][column]
        present = numbers(values) if column in NUMERIC else texts(values)
        missing = computed.loc[("quality", "missing", column, "", chunk)]["value"]
        assert missing == pytest.approx(1 - len(present) / size, abs=1e-12)
        base = reference(by_chunk, column)
        if column in LEVELS:
            outside = sum(value not in set(texts(base)) for value in present)
            share = computed.loc[("quality", "unseen", column, "", chunk)]["value"]
        else:
            finite = numbers(base)[np.isfinite(numbers(base))]
            outside = int(((present < finite.min()) | (present > finite.max())).sum())
            share = computed.loc[("quality", "out_of_range", column, "", chunk)]["value"]
        assert share == pytest.approx(outside / size, abs=1e-12), column
        if column in NUMERIC and len(present) and np.isfinite(present).all():
            mean = computed.loc[("summary", "mean", column, "", chunk)]["value"]
            assert mean == pytest.approx(present.mean(), rel=1e-12, abs=1e-12)


def scored(columns: dict[str, list], *names: str) -> list[np.ndarray]:
    """The named columns of the rows in which all of them are there."""
    whole = [
        row
        for row in zip(*(columns[name] for name in names), strict=True)
        if not any(value is None or math.isnan(value) for value in row)
    ]
    return [np.array([row[n] for row in whole], dtype=float) for n in range(len(names))]


@every_chunk
def test_realized_performance(computed, by_chunk, chunk: str) -> None:
    actual, score = scored(by_chunk[chunk], "actual", "score")
    roc_auc = computed.loc[("realized", "roc_auc", "", "", chunk)]
    average_precision = computed.loc[("realized", "average_precision", "", "", chunk)]
    if 0 < actual.sum() < len(actual):
        assert roc_auc["value"] == pytest.approx(roc_auc_score(actual, score), abs=1e-12)
    else:
        assert math.isnan(roc_auc["value"])
        assert pd.isna(roc_auc["is_alert"])
    if actual.sum() > 0:
        expected = average_precision_score(actual, score)
        assert average_precision["value"] == pytest.approx(expected, abs=1e-12)
    else:
        assert math.isnan(average_precision["value"])
    assert roc_auc["row_count"] == len(actual)
    assert roc_auc["unused_count"] == len(by_chunk[chunk]["id"]) - len(actual)

    actual, predicted = scored(by_chunk[chunk], "actual", "predicted")
    check_cells(computed, "realized", chunk, predicted, actual)


def check_cells(computed, family: str, chunk: str, predicted: np.ndarray, chance: np.ndarray) -> None:
    """All metrics over confusion cells, from each row's prediction and chance of being positive."""
    cells = {
        "true_positive": (predicted * chance).sum(),
        "false_positive": (predicted * (1 - chance)).sum(),
        "false_negative": ((1 - predicted) * chance).sum(),
        "true_negative": ((1 - predicted) * (1 - chance)).sum(),
    }
    if not len(predicted):
        assert math.isnan(computed.loc[(family, "accuracy", "", "", chunk)]["value"])
        return
    tp, fp, fn, tn = cells.values()
    for cell, count in cells.items():
        value = computed.loc[(family, "confusion_matrix", "", cell, chunk)]["value"]
        assert value == pytest.approx(count, abs=1e-9), cell
    ratios = {
        "f1": (2 * tp, 2 * tp + fp + fn),
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "accuracy": (tp + tn, tp + fp + fn + tn),
    }
    for metric, (hits, total) in ratios.items():
        value = computed.loc[(family, metric, "", "", chunk)]["value"]
        assert value == pytest.approx(hits / total if total else 0, abs=1e-9), metric


@pytest.mark.parametrize("chunk", CHUNKS, ids=MONTHS)
def test_estimated_performance_with_isotonic_calibration(computed, by_chunk, chunk: str) -> None:
    everything = {name: reference(by_chunk, name) for name in ("score", "actual")}
    actual, score = scored(everything, "actual", "score")
    fitted = IsotonicRegression(out_of_bounds="clip").fit(score, actual)

    score, predicted = scored(by_chunk[chunk], "score", "predicted")
    check_cells(computed, "estimated", chunk, predicted, fitted.predict(score) if len(score) else score)

    (score,) = scored(by_chunk[chunk], "score")
    roc_auc = computed.loc[("estimated", "roc_auc", "", "", chunk)]["value"]
    average_precision = computed.loc[("estimated", "average_precision", "", "", chunk)]["value"]
    if not len(score):
        assert math.isnan(roc_auc)
        assert math.isnan(average_precision)
        return
    chance = fitted.predict(score)
    # Each row is a positive and a negative at once, weighted by its chance of being either.
    weighted = roc_auc_score(
        np.repeat([1, 0], len(score)), np.tile(score, 2), sample_weight=np.concatenate([chance, 1 - chance])
    )
    assert roc_auc == pytest.approx(weighted, abs=1e-9)
    order = np.argsort(-score, kind="stable")
    precision = np.cumsum(chance[order]) / np.arange(1, len(score) + 1)
    assert average_precision == pytest.approx((chance[order] * precision).sum() / chance.sum(), abs=1e-9)


@pytest.fixture(scope="session")
def flights(compute) -> pd.DataFrame:
    """The flights, binned and exact side by side."""
    text = (FLIGHTS / "sqlmonitor.yml").read_text(encoding="utf-8")
    text = text.replace("segments: [origin]", "")
    text = text.replace("warehouse: duckdb:///flights.duckdb", "warehouse: duckdb://")
    keys = ["family", "metric", "column_name", "component", "period", "chunk"]
    sides = []
    for resolution in ("binned", "exact"):
        with duckdb.connect() as connection:
            for table in ("flights_scored", "flights_outcomes"):
                connection.execute(f"create table {table} as from '{FLIGHTS / 'data' / f'{table}.parquet'}'")
            chosen = text.replace("    chunks: month\n", f"    chunks: month\n    resolution: {resolution}\n")
            assert chosen != text
            sides.append(compute(connection, chosen).set_index(keys))
    binned, exact = sides
    assert set(binned.index) == set(exact.index)
    return binned.join(exact.add_suffix("_exact")).reset_index()


@pytest.mark.parametrize(
    ("families", "metrics", "bound"),
    [
        (
            ("estimated", "realized"),
            ("roc_auc", "average_precision", "f1", "precision", "recall", "specificity", "accuracy"),
            0.0005,
        ),
        (("drift",), ("kolmogorov_smirnov",), 0.001),
    ],
    ids=["performance", "kolmogorov_smirnov"],
)
def test_binned_is_close_to_exact(flights: pd.DataFrame, families, metrics, bound: float) -> None:
    rows = flights[flights["family"].isin(families) & flights["metric"].isin(metrics)]
    assert set(rows["metric"]) == set(metrics)
    assert (rows["value"].isna() == rows["value_exact"].isna()).all()
    difference = (rows["value"] - rows["value_exact"]).abs()
    worst = rows.loc[
        difference.idxmax(), ["family", "metric", "column_name", "chunk", "value", "value_exact"]
    ]
    assert difference.max() < bound, worst
