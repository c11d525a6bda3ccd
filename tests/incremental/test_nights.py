"""Runs night by night end with what one full run gives, and every night's view is what was known that night.

A full run beside every thirtieth night of the year; `SQLMONITOR_NIGHTS_BETWEEN=1 python -m pytest -m slow
tests/incremental/test_nights.py` has one beside each.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from incremental.flights import DOUBLED, Flights, same

from sqlmonitor import backtest

BETWEEN = int(os.environ.get("SQLMONITOR_NIGHTS_BETWEEN", "30"))
NIGHTLY: dict[str, Any] = {
    "chunks": "day",
    "blended": True,
    "compare": ["week", {"rolling": 7}],
    "features": {"numeric": ["temp"], "categorical": ["carrier"]},
    "segments": [],
    "metrics": {
        "drift": ["jensen_shannon"],
        "performance": ["accuracy", "label_coverage", "label_delay_median", "label_delay_90_percent"],
        "quality": ["missing"],
        "summary": ["mean"],
    },
    "kpis": [
        {"name": "delay", "sql": "sum(arr_delay) / count(*)"},
        {
            "name": "worth",
            "value_matrix": {
                "true_positive": 20,
                "false_positive": -15,
                "false_negative": -120,
                "true_negative": 0,
            },
        },
    ],
}


def simulate(
    world: Flights, first: date, nights: int, looked_at: set[int]
) -> list[tuple[datetime, pd.DataFrame]]:
    """Runs every night, and beside it a full run over the same rows on some nights and on the last one.

    Returns:
        Every night, and the results of its run: what the view as of that night must still be at the end.
    """
    known: list[tuple[datetime, pd.DataFrame]] = []
    for number in range(nights):
        world.arrive(first + timedelta(days=number))
        results = world.run()
        if number in looked_at or number == nights - 1:
            same(results, world.full())
        known.append((world.now, results))
    for time, results in known:
        same(world.as_of(time), results)
    assert world.engine.first(DOUBLED) is None
    return known


def test_a_fortnight_of_nights(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=40)
    world.monitor |= NIGHTLY
    known = simulate(world, date(2013, 3, 12), 14, {0, 12})
    # The first run read everything; the last one some chunks, those whose labels came three weeks late among them.
    last = world.last_run()
    assert "labels of chunks" in last["reading"]
    assert last["recounted_rows"] < last["row_count"] / 2
    (_, before), (_, results) = known[-2:]
    assert len(before) < len(results)
    superseded = world.connection.execute(
        "select family, count(*) from sqlmonitor.results_history group by family"
    ).fetchall()
    # Cancelled flights never have a label, so nearly every chunk is blended, and restated as labels come.
    assert {family for family, rows in superseded if rows > 10} >= {"realized", "blended", "kpi"}
    check_figures(results, {"/", "week/", "rolling 7/"})


def check_figures(results: pd.DataFrame, comparisons: set[str]) -> None:
    """What the nights are for is among the results."""
    assert set(results["chunk_length"] + "/" + results["compared_with"]) == comparisons
    assert set(results["family"]) >= {"estimated", "realized", "blended", "summary", "kpi"}
    by_metric = results[results["row_count"] > 5].groupby("metric")
    for metric in ("label_delay_median", "label_delay_90_percent", "delay", "worth"):
        assert by_metric["value"].count()[metric] > 20, metric
    for metric in ("delay", "worth", "accuracy"):
        assert (by_metric["standard_error"].apply(lambda values: (values > 0).mean())[metric]) > 0.5, metric
    back_test = backtest.compare(results)
    own = results[(results["chunk_length"] == "") & (results["metric"] == "accuracy")]
    sides = {family: rows.set_index(["period", "chunk"])["value"] for family, rows in own.groupby("family")}
    chosen = back_test[back_test["metric"] == "accuracy"].set_index(["period", "chunk"])
    assert len(chosen) > 20
    difference = (sides["estimated"] - sides["realized"])[chosen.index]
    assert np.array_equal(chosen["difference"], difference)


@pytest.mark.slow
def test_chunks_by_week(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=20)
    simulate(world, date(2013, 3, 9), 19, {0, 1, 17})


@pytest.mark.slow
def test_a_year_of_nights(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=40)
    # Drift and weeks of days are in the fortnight.
    metrics = NIGHTLY["metrics"] | {"drift": [], "quality": []}
    leaner = {"chunks": "week", "compare": [{"rolling": 4}], "features": {"numeric": ["temp"]}}
    world.monitor |= NIGHTLY | leaner | {"metrics": metrics}
    known = simulate(world, date(2013, 3, 1), 306, set(range(0, 306, BETWEEN)))
    assert known[-1][0] == datetime(2014, 1, 1)
    check_figures(known[-1][1], {"/", "rolling 4/"})
