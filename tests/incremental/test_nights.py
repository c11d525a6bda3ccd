"""Runs night by night end with what one full run gives, and every night's view is what was known that night."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from incremental.flights import Flights, same


def simulate(world: Flights, first: date, nights: int, looked_at: set[int]) -> dict[datetime, pd.DataFrame]:
    """Runs every night, and beside it a full run over the same rows on some of them."""
    known: dict[datetime, pd.DataFrame] = {}
    for number in range(nights):
        world.arrive(first + timedelta(days=number))
        results = world.run()
        if number in looked_at or number == nights - 1:
            known[world.now] = world.full()
            same(results, known[world.now])
    for time, results in known.items():
        same(world.as_of(time), results)
    return known


@pytest.mark.parametrize("chunks", ["day", pytest.param("week", marks=pytest.mark.slow)])
def test_nights_end_with_a_full_run(monkeypatch: pytest.MonkeyPatch, chunks: str) -> None:
    world = Flights(monkeypatch, every=20)
    world.monitor |= {"chunks": chunks, "blended": True}
    known = simulate(world, date(2013, 3, 9), 19, {0, 1, 17})
    before, after = (known[time] for time in sorted(known)[-2:])
    assert len(before) < len(after) or not before.equals(after)
    # The first run read everything; the last one some chunks, those whose labels came late among them.
    last = world.last_run()
    assert "labels of chunks" in last["reading"]
    assert last["recounted_rows"] < last["row_count"] / 2
    superseded = world.engine.first("select count(*) as rows from sqlmonitor.results_history")
    assert superseded is not None
    assert superseded["rows"] > 100
    # Cancelled flights never have a label, so nearly every chunk is blended, and restated as labels come.
    blended = world.engine.first(
        "select count(*) as rows from sqlmonitor.results_history where family = 'blended'"
    )
    assert blended is not None
    assert blended["rows"] > 100
    doubled = world.engine.first(
        "select 1 as one from sqlmonitor.results group by monitor, fit_id, period, chunk, segment_column, "
        "segment_value, family, metric, column_name, component having count(*) > 1"
    )
    assert doubled is None


@pytest.mark.slow
def test_a_year_of_nights(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=5)
    simulate(world, date(2013, 3, 1), 306, set(range(0, 306, 9)))
