"""Rows that were written or changed since the last run, by `updated_at`: their chunks are read again, however old."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from incremental.flights import DOUBLED, Flights, same

from sqlmonitor.errors import ConfigurationError

LEAN: dict[str, Any] = {
    "features": {"numeric": ["temp"]},
    "metrics": {"drift": ["jensen_shannon"], "performance": ["f1"], "quality": [], "summary": ["mean"]},
    "kpis": [],
    "updated_at": "written_at",
    "lookback": 0,
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Flights:
    """Twelve weeks of flights that have been counted once, each written on its day."""
    made = Flights(monkeypatch, every=60)
    for table in ("all_scored", "scored"):
        made.connection.execute(f"alter table {table} add column written_at timestamp")
    made.connection.execute("update all_scored set written_at = scheduled_at")
    made.monitor |= LEAN
    made.arrive(date(2013, 4, 2))
    made.run()
    return made


LAST = "2013-04-02 23:59:59"
"""No row that was counted was written later."""


def correct(world: Flights, day: str, written_at: str = LAST) -> None:
    """Changes the rows of a day."""
    world.connection.execute(
        f"update scored set temp = temp + 20, written_at = timestamp '{written_at}' "
        f"where cast(scheduled_at as date) = date '{day}'"
    )


def test_rows_that_changed_long_ago_are_found(world: Flights) -> None:
    correct(world, "2013-03-06")
    truth = world.full()
    del world.monitor["updated_at"]
    assert not world.run().equals(truth)
    world.monitor["updated_at"] = "written_at"
    same(world.run(), truth)


def test_their_chunks_alone_are_read(world: Flights) -> None:
    world.run()
    assert world.last_run()["reading"] == "from 2013-04-01 on"
    correct(world, "2013-03-06")
    same(world.run(), world.full())
    assert world.last_run()["reading"] == "2013-03-04, from 2013-04-01 on"
    assert world.last_run()["recounted_chunks"] == 2
    # Rows that nobody says have changed are as they were counted.
    correct(world, "2013-03-13", "2013-03-13")
    assert not world.run().equals(world.full())


def test_a_column_that_is_new_reads_all_rows_once(world: Flights) -> None:
    fit = world.last_run()["fit_id"]
    world.connection.execute("alter table scored add column loaded_at timestamp")
    world.connection.execute("update scored set loaded_at = scheduled_at - interval '1 day'")
    correct(world, "2013-03-06", "2013-03-06")
    world.monitor["updated_at"] = "loaded_at"
    same(world.run(), world.full())
    assert world.last_run()["reading"] == "from 1900-01-01 on"
    assert world.last_run()["fit_id"] == fit
    world.run()
    assert world.last_run()["reading"] == "from 2013-04-01 on"


def test_a_time_that_is_missing_says_nothing_and_one_in_the_future_hides_nothing(world: Flights) -> None:
    world.connection.execute("update scored set written_at = null")
    world.run()
    world.run()
    assert world.last_run()["reading"] == "from 2013-04-01 on"
    for written_at, day in (("2031-01-01", "2013-03-06"), (LAST, "2013-03-13")):
        correct(world, day, written_at)
        same(world.run(), world.full())
    # The wrong time is found every time.
    assert world.last_run()["reading"] == "2013-03-04 to 2013-03-11, from 2013-04-01 on"


def test_a_fit_between_runs_forgets_no_change(world: Flights) -> None:
    correct(world, "2013-03-06")
    world.run(stage="fit")
    same(world.run(), world.full())


def test_nights_with_old_rows_that_change(world: Flights) -> None:
    world.monitor |= {"chunks": "day", "compare": ["week", {"rolling": 7}, "previous"]}
    known = []
    for night in range(3, 8):
        correct(world, f"2013-03-{2 * night:02}", f"2013-04-{night:02} 18:00:00")
        world.arrive(date(2013, 4, night))
        results = world.run()
        same(results, world.full())
        known.append((world.now, results))
    for time, results in known:
        same(world.as_of(time), results)
    assert world.last_run()["recounted_chunks"] < 6
    assert world.engine.first(DOUBLED) is None


@pytest.mark.parametrize(
    ("column", "message"),
    [("writen_at", "did you mean 'written_at'"), ("temp", "is DOUBLE, not a date or timestamp")],
)
def test_what_is_no_such_column_is_refused(world: Flights, column: str, message: str) -> None:
    world.monitor["updated_at"] = column
    with pytest.raises(ConfigurationError, match=message) as refused:
        world.run()
    assert refused.value.key == "monitors[0].updated_at"


def test_it_is_no_feature(world: Flights) -> None:
    world.connection.execute("alter table scored alter written_at type varchar")
    world.monitor["features"] = "all"
    with pytest.raises(ConfigurationError, match="is VARCHAR, not a date or timestamp"):
        world.run()
    world.connection.execute("alter table scored alter written_at type timestamp")
    assert "written_at" not in set(world.run()["column_name"])
