"""Comparisons night by night: what one full run gives, and nothing more is read of the source."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from incremental.flights import DOUBLED, Flights, same
from incremental.test_reading import Texts

from sqlmonitor.engines.duckdb import DuckDB

COMPARE: list[Any] = [
    "month",
    {"rolling": 4},
    "previous",
    {"reference": {"last": 3}},
    {"chunks": "quarter", "reference": "previous"},
]
LEAN: dict[str, Any] = {
    "chunks": "day",
    "reference": "scheduled_at < timestamp '2013-02-01'",
    "features": {"numeric": ["temp"], "categorical": ["carrier"]},
    "metrics": {
        "drift": ["jensen_shannon", "kolmogorov_smirnov"],
        "performance": ["f1"],
        "quality": ["unseen"],
        "summary": ["mean", "row_count"],
    },
}


def nights(monkeypatch: pytest.MonkeyPatch, days: list[date], **changes: Any) -> Flights:
    """Runs on some nights; each night's results are those of a full run."""
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN | {"compare": COMPARE} | changes
    for day in days:
        world.arrive(day)
        same(world.run(), world.full())
    return world


def test_a_few_nights_give_what_one_full_run_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    days = [date(2013, 2, 12), date(2013, 2, 14)]
    world = nights(monkeypatch, days, segments=[], kpis=[], compare=["month", "previous"])
    # The newest stored day, the one before it, and two new ones.
    assert world.last_run()["recounted_chunks"] == 4
    assert world.engine.first(DOUBLED) is None


@pytest.mark.slow
@pytest.mark.parametrize("period", ["day", "hour"])
def test_a_season_of_nights_gives_what_one_full_run_gives(
    monkeypatch: pytest.MonkeyPatch, period: str
) -> None:
    # Labels come three weeks late, and temperatures are corrected a day later.
    days = [date(2013, 2, 25) + timedelta(days=4 * number) for number in range(12 if period == "day" else 4)]
    compare = [*COMPARE, {"chunks": "week", "reference": {"last": 2}}]
    nights(monkeypatch, days, chunks=period, compare=compare, lookback=1 if period == "day" else 24)


@pytest.mark.slow
def test_nights_a_year_later_give_what_one_full_run_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN | {"compare": ["last_year", {"chunks": "month", "reference": "last_year"}]}
    world.arrive(date(2013, 3, 2))
    # The same flights once more, 52 weeks later.
    for table, columns in (("all_scored", "scheduled_at"), ("all_outcomes", "landed_at, known_at")):
        later = ", ".join(f"{one} + interval '364 days' as {one}" for one in columns.split(", "))
        world.connection.execute(
            f"insert into {table} select * replace ({later}, flight_id + 1000020 as flight_id) from {table}"
        )
    for day in (date(2014, 1, 20), date(2014, 1, 21), date(2014, 1, 25), date(2014, 2, 10)):
        world.arrive(day)
        same(world.run(), world.full())


@pytest.mark.slow
def test_only_what_changes_is_computed_of_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN | {"compare": COMPARE, "segments": []}
    world.arrive(date(2013, 4, 10))
    world.run()
    made: dict[str, int] = {}
    whole = DuckDB.materialize

    def materialize(engine: DuckDB, table: str, select: Any) -> None:
        whole(engine, table, select)
        if table.startswith("sqlmonitor_numeric_cells"):
            row = engine.first(
                f"select count(distinct chunk_number) as n from {table} where chunk_number % 2 = 0"
            )
            made[table.removeprefix("sqlmonitor_numeric_cells").strip("_")] = row["n"] if row else 0

    monkeypatch.setattr(DuckDB, "materialize", materialize)
    world.run()
    # Of 69 days: those of April and, to compare with, those of the quarter before.
    assert made[""] == 69
    world.monitor["compare"] = [{"rolling": 4}, {"reference": {"last": 3}}]
    world.run()
    world.run()
    assert made[""] == 5
    # The reference's 31 days are compared like others.
    assert made["rolling_4"] == 31 + 5
    assert made["last_3"] == 31 + 5


def test_adding_comparisons_reads_what_every_run_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN | {"segments": [], "kpis": []}
    world.arrive(date(2013, 2, 20))
    world.run()
    with monkeypatch.context() as patched:
        usual = Texts(patched)
        before = world.run()
    reading = world.last_run()["reading"]
    assert reading == "from 2013-02-19 on"
    world.monitor["compare"] = ["month", {"rolling": 4}, {"chunks": "quarter", "reference": "previous"}]
    with monkeypatch.context() as patched:
        added = Texts(patched)
        results = world.run()
    assert world.last_run()["reading"] == reading
    assert set(added.read) == set(usual.read)
    assert len(added.read) == 4
    assert all('"scheduled_at" >= ' in text for text in added.read.values())
    assert set(results["chunk_length"]) == {"", "month", "rolling 4", "quarter"}
    same(results, world.full())
    # And taking them away leaves the monitor's own.
    del world.monitor["compare"]
    own = world.run()
    same(own, before)
