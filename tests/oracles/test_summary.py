"""Summaries of numeric and categorical columns beside numpy, in both resolutions, on what columns may hold.

Exact values are to 1e-12 of their size. Binned ones are to 1e-9 of the reference's range, or of the
distance to a value outside it; the median to one cell, and to the last digit where values are whole
numbers with cells of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

METRICS = ("mean", "std", "sum", "min", "max", "median")
RESOLUTIONS = ("binned", "exact")
SIZE = 3000
MONITOR = """\
version: 1
warehouse: duckdb://
monitors:
  - name: summaries
    task: none
    predictions: rows
    id: id
    reference: "part = 'reference'"
    chunks: {{size: {size}}}
    resolution: {resolution}
    metrics: {{drift: [], quality: [], summary: [{metrics}]}}
    features: {{numeric: [{numeric}], categorical: [{categorical}]}}
    segments: [{segments}]
"""

# Each column's values in the reference and in the chunk.
SHAPES: dict[str, Callable[[np.random.Generator, int, bool], np.ndarray]] = {
    "normal": lambda rng, size, moved: rng.normal(50 + 3 * moved, 10, size),
    "uniform": lambda rng, size, moved: rng.random(size),
    "whole": lambda rng, size, moved: rng.integers(-20, 900, size).astype(float),
    "few": lambda rng, size, moved: rng.poisson(4, size).astype(float),
    "cents": lambda rng, size, moved: np.round(rng.exponential(2, size), 2),
    "lognormal": lambda rng, size, moved: rng.lognormal(3, 2, size),
    "heavy": lambda rng, size, moved: rng.standard_cauchy(size),
    "zero_inflated": lambda rng, size, moved: np.where(rng.random(size) < 0.7, 0, rng.exponential(20, size)),
    "above": lambda rng, size, moved: rng.normal(8.0 * moved, 1, size),
    "below": lambda rng, size, moved: rng.normal(-30.0 * moved, 1, size),
    "far": lambda rng, size, moved: np.where(moved & (rng.random(size) < 0.1), 1e6, 0) + rng.random(size),
    "far_below": lambda rng, size, moved: (
        np.where(moved & (rng.random(size) < 0.1), -1e6, 0) + rng.random(size)
    ),
    "all_far": lambda rng, size, moved: 1e6 * moved + rng.random(size),
    "constant": lambda rng, size, moved: np.full(size, 0.1),
    "was_constant": lambda rng, size, moved: 7 + moved * rng.random(size),
    "becomes_constant": lambda rng, size, moved: np.full(size, 3.7) if moved else rng.normal(3, 1, size),
    "only_in_chunk": lambda rng, size, moved: (
        rng.integers(-3, 4, size).astype(float) if moved else np.full(size, np.nan)
    ),
    "only_in_reference": lambda rng, size, moved: np.full(size, np.nan) if moved else rng.random(size),
    "some_missing": lambda rng, size, moved: np.where(rng.random(size) < 0.3, np.nan, rng.random(size)),
}
WHOLE = ("whole", "few", "cents", "constant", "was_constant", "only_in_chunk")
"""Columns whose values have cells of their own: their medians have no error."""

Table = dict[str, np.ndarray]


def drawn(shapes=SHAPES, size: int = SIZE, seed: int = 5) -> tuple[Table, Table]:
    """The reference, twice as large, and the chunk."""
    rng = np.random.default_rng(seed)
    return (
        {name: shape(rng, 2 * size, False) for name, shape in shapes.items()},
        {name: shape(rng, size, True) for name, shape in shapes.items()},
    )


@pytest.fixture(scope="session")
def summarize(compute):
    """Summaries of a chunk by metric and column, or by metric, column and segment's value."""

    def run(
        resolution: str,
        reference: Table,
        chunk: Table,
        *,
        metrics: tuple[str, ...] = METRICS,
        categorical: tuple[str, ...] = (),
        segment: str = "",
    ) -> pd.DataFrame:
        names = [name for name in chunk if name not in (*categorical, segment)]
        sides = {"reference": reference, "chunk": chunk}
        size = len(next(iter(chunk.values())))
        with duckdb.connect() as connection:
            for part, table in sides.items():
                # Through Arrow: NULL and NaN stay two things.
                arrow = pa.table(dict(table))
                connection.register("arrow", arrow)
                more = f"'{part}' as part, {0 if part == 'reference' else 10**7} + row_number() over () as id"
                make = "create table rows as" if part == "reference" else "insert into rows by name"
                connection.execute(f"{make} select *, {more} from arrow")
                connection.unregister("arrow")
            text = MONITOR.format(
                size=size,
                resolution=resolution,
                metrics=", ".join(metrics),
                numeric=", ".join(names),
                categorical=", ".join(categorical),
                segments=segment,
            )
            found = compute(connection, text)
        found = found[(found["period"] == "analysis") & (found["family"] == "summary")]
        found = found[found["segment_column"] == segment]
        keys = ["metric", "column_name", *(["segment_value"] if segment else [])]
        return found.set_index(keys).sort_index()

    return run


@pytest.fixture(scope="session")
def tables() -> tuple[Table, Table]:
    return drawn()


@pytest.fixture(scope="session", params=RESOLUTIONS)
def summaries(request: pytest.FixtureRequest, summarize, tables) -> tuple[str, pd.DataFrame]:
    return request.param, summarize(request.param, *tables)


def expected_of(values: np.ndarray) -> dict[str, float]:
    """By numpy, of values without missing ones; NaN where there is none."""
    if not len(values):
        return dict.fromkeys(METRICS, math.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            "mean": values.mean(),
            "std": values.std(ddof=1) if len(values) > 1 else math.nan,
            "sum": values.sum(),
            "min": values.min(),
            "max": values.max(),
            "median": np.median(values),
        }


def present(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def cell_near(reference: np.ndarray, value: float) -> float:
    """The width of the widest cell that may hold a value."""
    if not len(reference):
        return abs(value) / 512
    low, high = reference.min(), reference.max()
    if low <= value <= high:
        # Even cells; in an uneven grid a 127th of a stretch between quantiles.
        cuts = np.quantile(reference, (0, 0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1))
        stretches = [above - below for below, above in pairwise(cuts) if above >= value >= below]
        return max([(high - low) / 1000, *(stretch / 100 for stretch in stretches)])
    return max(low - value, value - high) * 2 ** (1 / 512) / 512


def tolerance(resolution: str, metric: str, reference: np.ndarray, values: np.ndarray, value: float) -> float:
    largest = np.abs(values).max(initial=0)
    if resolution == "exact":
        return 1e-12 * largest * (len(values) if metric == "sum" else 1)
    if metric == "median":
        return cell_near(reference, value)
    low, high = (reference.min(), reference.max()) if len(reference) else (0, 0)
    size = max(high - low, high - values.min(initial=low), values.max(initial=high) - low)
    allowed = 1e-9 * size + 4e-16 * largest
    if metric in ("min", "max"):
        # Steps are a 16,777,216th of a cell, and rounded to at most ten of them.
        allowed += 5 / 2**24 * cell_near(reference, value)
    if metric == "std" and size > high - low:
        # Squares are kept to a 4096th of a cell, and cells outside are a 512th of an octave.
        allowed = size / 512 / 4096
    return allowed * len(values) if metric == "sum" else allowed


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("column", SHAPES)
def test_summaries_are_numpys(summaries, tables, column: str, metric: str) -> None:
    resolution, found = summaries
    reference, values = (present(side[column]) for side in tables)
    row = found.loc[metric, column]
    assert (row["row_count"], row["unused_count"]) == (len(values), SIZE - len(values))
    expected = expected_of(values)[metric]
    if math.isnan(expected):
        assert math.isnan(row["value"])
        assert pd.isna(row["is_alert"])
        assert row["note"] == "no values"
        return
    allowed = tolerance(resolution, metric, reference, values, expected)
    assert abs(row["value"] - expected) <= allowed, (row["value"], expected, allowed)
    assert pd.isna(row["note"]) or "threshold" in row["note"]


@pytest.mark.parametrize("metric", ["min", "max", "median"])
@pytest.mark.parametrize("column", [name for name in WHOLE if name != "was_constant"])
def test_short_numbers_are_what_they_were(summaries, tables, column: str, metric: str) -> None:
    _, found = summaries
    expected = expected_of(present(tables[1][column]))[metric]
    assert found.loc[metric, column]["value"] == pytest.approx(expected, rel=1e-15, abs=0)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("value", [1e300, -1e300, 1.6e308, -1.6e308, 9.96921e36, -1e30])
def test_huge_values_are_values(summarize, resolution: str, value: float) -> None:
    """A fill value far beyond any unit is not infinity."""
    rng = np.random.default_rng(1)
    values = rng.random(200)
    values[7] = value
    found = summarize(resolution, {"x": rng.random(500)}, {"x": values})["value"]
    tight = 1e-12 if resolution == "exact" else 1e-7
    for metric in ("mean", "sum", "min" if value < 0 else "max"):
        assert found[metric, "x"] == pytest.approx(expected_of(values)[metric], rel=tight), metric
    near = {"rel": 1e-12} if resolution == "exact" else {"abs": 1e-3}
    for metric in ("median", "max" if value < 0 else "min"):
        assert found[metric, "x"] == pytest.approx(expected_of(values)[metric], **near), metric
    if abs(value) < 1e100:
        assert found["std", "x"] == pytest.approx(values.std(ddof=1), rel=tight)
    else:
        # Its square is no double, for numpy neither.
        assert math.isnan(found["std", "x"])


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("signs", [(1,), (-1,), (1, -1)], ids=str)
def test_infinite_values(summarize, resolution: str, signs: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(0, 50, 301).astype(float)
    values[: len(signs)] = np.array(signs) * math.inf
    reference = rng.integers(0, 50, 700).astype(float)
    reference[3] = math.inf
    found = summarize(resolution, {"x": reference}, {"x": values})
    for metric in ("mean", "std", "sum", *(["max"] if 1 in signs else []), *(["min"] if -1 in signs else [])):
        row = found.loc[metric, "x"]
        assert math.isnan(row["value"]), metric
        assert pd.isna(row["is_alert"])
        assert row["note"] == "infinite values"
    for metric in ("median", *(["min"] if -1 not in signs else []), *(["max"] if 1 not in signs else [])):
        row = found.loc[metric, "x"]
        assert row["value"] == expected_of(values)[metric], metric
        assert pd.isna(row["note"]) or "threshold" in row["note"]
        assert row["row_count"] == 301


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("value", [0.5, 9e9, -3.0])
def test_one_row(summarize, resolution: str, value: float) -> None:
    reference = np.random.default_rng(3).random(100)
    found = summarize(resolution, {"x": reference}, {"x": np.array([value])})
    for metric in ("mean", "sum", "min", "max", "median"):
        assert found.loc[metric, "x"]["value"] == pytest.approx(value, rel=1e-9)
    assert math.isnan(found.loc["std", "x"]["value"])
    assert found.loc["std", "x"]["note"] == "one value only"
    assert found["standard_error"].isna().all()


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_null_and_nan_are_missing(summarize, resolution: str) -> None:
    values = [None, math.nan, 1.0, 2.0, None, 4.0, math.nan, 9.0]
    chunk = {"x": pa.array(values, pa.float64()), "y": pa.array([None] * 8, pa.float64())}
    reference = {"x": np.arange(10.0), "y": np.arange(10.0)}
    found = summarize(resolution, reference, chunk)
    for metric, expected in expected_of(np.array([1.0, 2, 4, 9])).items():
        row = found.loc[metric, "x"]
        assert row["value"] == pytest.approx(expected, abs=1e-8)
        assert (row["row_count"], row["unused_count"]) == (4, 4)
        nothing = found.loc[metric, "y"]
        assert math.isnan(nothing["value"])
        assert (nothing["row_count"], nothing["unused_count"], nothing["note"]) == (0, 8, "no values")


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_every_segment(summarize, resolution: str) -> None:
    rng = np.random.default_rng(4)
    chunk = {"x": rng.normal(3, 2, 400), "n": rng.integers(0, 90, 400).astype(float)}
    names = rng.choice(["a", "b", "c"], 400, p=[0.7, 0.29, 0.01])
    reference = {name: np.tile(values, 3) for name, values in chunk.items()}
    found = summarize(resolution, reference | {"g": np.tile(names, 3)}, chunk | {"g": names}, segment="g")
    for segment in np.unique(names):
        for column, all_values in chunk.items():
            values = all_values[names == segment]
            for metric, expected in expected_of(values).items():
                row = found.loc[metric, column, segment]
                allowed = tolerance(resolution, metric, all_values, values, expected)
                assert abs(row["value"] - expected) <= allowed, (metric, column, segment)
                assert row["row_count"] == len(values)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_more_columns_than_one_statement_counts(summarize, resolution: str) -> None:
    rng = np.random.default_rng(6)
    chunk = {f"x{n}": rng.normal(n, 1 + n, 60) for n in range(130)}
    found = summarize(resolution, chunk, chunk)
    for column, values in chunk.items():
        for metric, expected in expected_of(values).items():
            allowed = tolerance(resolution, metric, values, values, expected)
            assert abs(found.loc[metric, column]["value"] - expected) <= allowed, (metric, column)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_summaries_do_not_depend_on_what_else_is_asked(summarize, tables, resolution: str) -> None:
    """Cells keep squares and extremes only where a metric needs them."""
    reference, chunk = ({name: side[name] for name in ("normal", "above", "heavy")} for side in tables)
    whole = summarize(resolution, reference, chunk)
    for metric in METRICS:
        alone = summarize(resolution, reference, chunk, metrics=(metric,))
        beside = whole.loc[[metric]]
        pd.testing.assert_series_equal(alone["value"], beside["value"], check_exact=True)
        # The mean's own error takes what is inside a cell from the squares where another keeps them.
        pd.testing.assert_series_equal(alone["standard_error"], beside["standard_error"], rtol=1e-4)


def test_distinct_levels_are_counted(summarize) -> None:
    rng = np.random.default_rng(9)
    reference = {"x": np.zeros(50), "level": rng.choice(list("abcde"), 50), "gone": np.full(50, "a")}
    levels = [None, "a", "a", "new", "newer", "", "b", None]
    chunk = {
        "x": np.zeros(8),
        "level": pa.array(levels),
        "gone": pa.array([None] * 8, pa.string()),
    }
    found = summarize("exact", reference, chunk, metrics=("distinct_count",), categorical=("level", "gone"))
    row = found.loc["distinct_count", "level"]
    assert row["value"] == len(set(levels) - {None}) == 5
    assert (row["row_count"], row["unused_count"]) == (6, 2)
    assert found.loc["distinct_count", "gone"]["value"] == 0


REPLICATES, SAMPLES, ROWS = 400, 60, 1000
DRAWS = {
    "normal": lambda rng, size: rng.normal(5, 2, size),
    "exponential": lambda rng, size: rng.exponential(3, size),
    "uniform": lambda rng, size: rng.random(size),
}


@pytest.fixture(scope="session", params=RESOLUTIONS)
def standard_error_ratios(request: pytest.FixtureRequest, summarize) -> Iterator[pd.Series]:
    """Mean over 60 chunks of 1,000 rows of our standard error by the bootstrap's, by metric and shape.

    One chunk's would not do for the median: its error is read from the gaps between some 30 values, so
    it varies by a fifth from chunk to chunk, the bootstrap's own as well.
    """
    rng = np.random.default_rng(11)
    chunk = {f"{name}_{n}": draw(rng, ROWS) for name, draw in DRAWS.items() for n in range(SAMPLES)}
    found = summarize(request.param, chunk, chunk)["standard_error"]
    ratios: dict[tuple[str, str], list[float]] = {}
    for column, values in chunk.items():
        drawn = values[rng.integers(0, ROWS, (REPLICATES, ROWS))]
        replicated = {
            "mean": drawn.mean(axis=1),
            "std": drawn.std(axis=1, ddof=1),
            "sum": drawn.sum(axis=1),
            "median": np.median(drawn, axis=1),
        }
        for metric, replicates in replicated.items():
            ratio = found[metric, column] / replicates.std()
            ratios.setdefault((metric, column.rsplit("_", 1)[0]), []).append(ratio)
    return pd.Series({key: np.mean(values) for key, values in ratios.items()})


@pytest.mark.parametrize("shape", DRAWS)
@pytest.mark.parametrize("metric", ["mean", "std", "sum", "median"])
def test_standard_errors_are_the_bootstraps(standard_error_ratios, metric: str, shape: str) -> None:
    assert 0.9 < standard_error_ratios[metric, shape] < 1.1
