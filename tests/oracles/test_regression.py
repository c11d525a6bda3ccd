"""Errors of a regression against numpy: standard errors by bootstrap, and rows that cannot be used."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pandas as pd
import pytest

from sqlmonitor import planner
from sqlmonitor.definitions import loads
from sqlmonitor.errors import ConfigurationError

MONITOR = """\
version: 1
warehouse: duckdb://
monitors:
  - name: prices
    task: regression
    predictions: scored
    id: id
    reference: "period = 'reference'"
    chunks: {size: 1000}
    model: {label: predicted}
    target: {column: actual, relation: outcomes}
"""
FORMULAS = {
    "mae": lambda y, p: np.mean(np.abs(p - y), axis=-1),
    "mape": lambda y, p: np.mean(np.abs((p - y) / y), axis=-1),
    "mse": lambda y, p: np.mean((p - y) ** 2, axis=-1),
    "rmse": lambda y, p: np.sqrt(np.mean((p - y) ** 2, axis=-1)),
    "msle": lambda y, p: np.mean((np.log1p(p) - np.log1p(y)) ** 2, axis=-1),
    "rmsle": lambda y, p: np.sqrt(np.mean((np.log1p(p) - np.log1p(y)) ** 2, axis=-1)),
    "mean_error": lambda y, p: np.mean(p - y, axis=-1),
    "r_squared": lambda y, p: (
        1 - np.sum((p - y) ** 2, axis=-1) / np.sum((y - y.mean(axis=-1, keepdims=True)) ** 2, axis=-1)
    ),
}
NAN, INFINITY = math.nan, math.inf


def realized(compute, pairs: list[tuple[float | None, float | None]] | np.ndarray) -> pd.DataFrame:
    """Results of an analysis chunk of (target, prediction), after a reference of two plain rows."""
    listed = [("reference", 1.0, 2.0), ("reference", 2.0, 2.5), *(("analysis", *pair) for pair in pairs)]
    rows = pd.DataFrame(listed, columns=["period", "actual", "predicted"], dtype=object)
    rows["id"] = range(len(rows))
    with duckdb.connect() as connection:
        connection.execute("create table scored (id integer, period varchar, predicted double)")
        connection.execute("create table outcomes (id integer, actual double)")
        for row in rows.itertuples():
            connection.execute("insert into scored values (?, ?, ?)", [row.id, row.period, row.predicted])
            connection.execute("insert into outcomes values (?, ?)", [row.id, row.actual])
        results = compute(connection, MONITOR)
    results = results[(results["family"] == "realized") & (results["period"] == "analysis")]
    results = results[results["metric"] != "label_coverage"]
    assert set(results["metric"]) == set(FORMULAS)
    return results.set_index("metric")


@pytest.mark.parametrize("kind", ["lognormal", "far_from_zero"])
def test_standard_errors_are_the_bootstraps(compute, kind: str) -> None:
    random = np.random.default_rng(11)
    if kind == "lognormal":
        target = random.lognormal(2, 0.5, 1000)
        predicted = target * random.lognormal(0.05, 0.2, 1000)
    else:
        target = random.normal(500, 20, 1000)
        predicted = target + random.normal(3, 10, 1000)
    rows = realized(compute, np.column_stack([target, predicted]))
    drawn = random.integers(0, 1000, (10_000, 1000))
    for name, formula in FORMULAS.items():
        assert rows.loc[name, "value"] == pytest.approx(formula(target, predicted), rel=1e-9), name
        bootstrapped = np.concatenate(
            [formula(target[part], predicted[part]) for part in np.array_split(drawn, 20)]
        ).std()
        assert 0.9 < rows.loc[name, "standard_error"] / bootstrapped < 1.1, name
    assert (rows["row_count"] == 1000).all()


GOOD = [(3.0, 2.5), (1.0, 1.5), (2.0, 4.0), (8.0, 7.0)]


def values_of(pairs: list[tuple[float, float]]) -> dict[str, float]:
    table = np.array(pairs)
    return {name: float(formula(table[:, 0], table[:, 1])) for name, formula in FORMULAS.items()}


@pytest.mark.parametrize("bad", [(None, 1.0), (1.0, None), (NAN, 1.0), (1.0, NAN), (None, None)], ids=str)
def test_a_row_without_target_or_prediction_is_left_out_and_counted(compute, bad) -> None:
    rows = realized(compute, [*GOOD, bad])
    for name, value in values_of(GOOD).items():
        assert rows.loc[name, "value"] == pytest.approx(value, rel=1e-12)
    assert (rows["row_count"] == 4).all()
    assert (rows["unused_count"] == 1).all()
    assert set(rows["note"]) == {"fewer than two whole reference chunks to fit a threshold on"}


@pytest.mark.parametrize(
    "bad", [(INFINITY, 1.0), (1.0, -INFINITY), (INFINITY, INFINITY), (1.0, 1e200)], ids=str
)
def test_an_infinite_value_makes_every_error_unknown(compute, bad) -> None:
    rows = realized(compute, [*GOOD, bad])
    assert rows["value"].isna().all()
    assert rows["is_alert"].isna().all()
    assert set(rows["note"]) == {"infinite values"}
    assert (rows["unused_count"] == 1).all()


@pytest.mark.parametrize(
    ("bad", "metrics", "note"),
    [
        ((0.0, 1.0), {"mape"}, "targets of 0"),
        ((0.0, 0.0), {"mape"}, "targets of 0"),
        ((1e-74, 1e3), {"mape"}, "targets of 0"),
        ((2.0, -0.5), {"msle", "rmsle"}, "negative"),
        ((-2.0, 0.5), {"msle", "rmsle"}, "negative"),
    ],
    ids=lambda given: " ".join(sorted(given)) if isinstance(given, set) else str(given),
)
def test_a_metric_that_is_not_defined_is_null_and_the_others_are_not(compute, bad, metrics, note) -> None:
    rows = realized(compute, [*GOOD, bad])
    with np.errstate(all="ignore"):
        expected = values_of([*GOOD, bad])
    for name, value in expected.items():
        if name in metrics:
            assert np.isnan(rows.loc[name, "value"])
            assert np.isnan(rows.loc[name, "standard_error"])
            assert rows.loc[name, "note"].startswith(f"1 {note}")
        else:
            assert rows.loc[name, "value"] == pytest.approx(value, rel=1e-9)
        # Its label is there: the row counts for the coverage of labels.
        assert (rows.loc[name, "row_count"], rows.loc[name, "unused_count"]) == (5, 0)


def test_equal_targets_have_no_r_squared(compute) -> None:
    rows = realized(compute, [(2.0, 1.0), (2.0, 2.5), (2.0, 2.0)])
    assert np.isnan(rows.loc["r_squared", "value"])
    assert rows.loc["r_squared", "note"] == "3 targets, all of them equal"
    assert rows.loc["mae", "value"] == pytest.approx(0.5)


def test_a_perfect_model_and_a_single_row(compute) -> None:
    rows = realized(compute, [(2.0, 2.0), (3.0, 3.0)])
    assert rows.loc["r_squared", "value"] == 1
    assert (rows.drop("r_squared")["value"] == 0).all()
    rows = realized(compute, [(2.0, 3.0)])
    assert rows.loc["mae", "value"] == 1
    assert np.isnan(rows.loc["r_squared", "value"])


def test_a_chunk_without_targets_says_so(compute) -> None:
    rows = realized(compute, [(None, 1.0), (None, 2.0)])
    assert rows["value"].isna().all()
    assert rows["is_alert"].isna().all()
    assert set(rows["note"]) == {"no row with a target and a prediction"}


def test_r_squared_keeps_its_digits_far_from_zero(compute) -> None:
    random = np.random.default_rng(5)
    target = 1e7 + random.normal(0, 1, 500)
    predicted = target + random.normal(0, 0.3, 500)
    rows = realized(compute, np.column_stack([target, predicted]))
    expected = FORMULAS["r_squared"](target, predicted)
    assert rows.loc["r_squared", "value"] == pytest.approx(expected, rel=1e-7)
    assert np.isnan(rows.loc["r_squared", "standard_error"])


@pytest.mark.parametrize(
    ("predictions", "outcomes", "key"),
    [
        ("predicted varchar", "actual double", "model.label"),
        ("predicted double", "actual date", "target.column"),
    ],
)
def test_a_target_or_prediction_that_is_no_number_is_refused(compute, predictions, outcomes, key) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table scored (id integer, period varchar, {predictions})")
        connection.execute(f"create table outcomes (id integer, {outcomes})")
        with pytest.raises(ConfigurationError, match="not a number") as caught:
            compute(connection, MONITOR)
    assert caught.value.key is not None
    assert caught.value.key.endswith(key)


def test_performance_of_a_regression_needs_a_target(compute) -> None:
    text = MONITOR.replace("    target: {column: actual, relation: outcomes}\n", "")
    assert planner.plan(loads(text), loads(text).monitors[0]).steps
    asked = text + "    metrics: {performance: [mae]}\n"
    with pytest.raises(ConfigurationError, match="no target"):
        planner.plan(loads(asked), loads(asked).monitors[0])
