"""Derivatives of the catalogue's formulas against central differences."""

from __future__ import annotations

import duckdb
import pytest

from sqlmonitor.metrics import CATALOGUE
from sqlmonitor.metrics.multiclass import RECALL, combined
from sqlmonitor.metrics.performance import CONFUSION_CELLS
from sqlmonitor.planner.derivatives import derivative
from sqlmonitor.trees import parse

CELLS = {"true_positive": 31.0, "false_positive": 12.5, "false_negative": 7.25, "true_negative": 80.0}
FORMULAS = {
    metric.name: metric.components[0].value
    for metric in CATALOGUE.values()
    if len(metric.components) == 1 and metric.template == "cells/metrics.sql"
} | {"recall that may be NULL": RECALL, "power": "power(true_positive, 3) / 2", "negative": "-true_positive"}


def value(sql: str, cells: dict[str, float]) -> float | None:
    listed = ", ".join(f"{number!r}::double as {name}" for name, number in cells.items())
    row = duckdb.sql(f"select {sql} from (select *, {' + '.join(cells)} as used from (select {listed}))")
    return row.fetchall()[0][0]


@pytest.mark.parametrize("cell", CONFUSION_CELLS)
@pytest.mark.parametrize("name", [name for name, sql in FORMULAS.items() if "used" not in sql])
def test_derivative_is_the_central_difference(name: str, cell: str) -> None:
    sql = FORMULAS[name]
    step = 1e-4
    above, below = (value(sql, CELLS | {cell: CELLS[cell] + sign * step}) for sign in (1, -1))
    found = value(derivative(parse(sql), cell).sql("duckdb"), CELLS)
    assert found == pytest.approx((above - below) / (2 * step), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("cell", CONFUSION_CELLS)
def test_an_empty_denominator_has_no_slope(cell: str) -> None:
    empty = dict.fromkeys(CELLS, 0.0)
    assert value(derivative(parse(FORMULAS["f1"]), cell).sql("duckdb"), empty) == 0
    assert value(derivative(parse(RECALL), cell).sql("duckdb"), empty) in (None, 0)


def test_means_over_classes_have_no_rows_used_in_them() -> None:
    # The slope of the number of rows is not among the slopes of the cells.
    means = [name for name in FORMULAS if name in CATALOGUE and combined(CATALOGUE[name]).kind == "mean"]
    assert {"f1", "precision", "recall", "specificity", "balanced_accuracy"} <= set(means)
    assert not [name for name in means if "used" in FORMULAS[name]]


def test_what_has_no_derivative_is_refused() -> None:
    with pytest.raises(ValueError, match="no derivative"):
        derivative(parse("floor(true_positive)"), "true_positive")
