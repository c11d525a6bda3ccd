"""Features that are added, removed or moved: which of their columns a run reads, by DuckDB's own counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from incremental.flights import Flights, same
from incremental.test_reading import Texts, scans

from sqlmonitor.planner import features

COUNTED = {"temp", "distance", "dewp", "carrier", "dest"}
FEATURES = {"numeric": ["temp", "distance"], "categorical": ["carrier"]}
ADDED = {"numeric": ["temp", "dewp", "distance"], "categorical": ["dest", "carrier"]}
Night = Callable[[], Counter[str]]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Flights:
    """Ten weeks of flights that have been counted once, in a file with small row groups, in the order of time."""
    made = Flights(monkeypatch, every=25)
    made.arrive(date(2013, 3, 12))
    file = tmp_path / "scored.parquet"
    made.connection.execute(f"copy (from scored order by scheduled_at) to '{file}' (row_group_size 500)")
    metrics = {"drift": ["l_infinity"], "quality": ["missing"], "summary": ["mean"]}
    made.monitor |= {"predictions": {"sql": f"select * from '{file}'"}, "task": "none", "metrics": metrics}
    made.monitor |= {"features": dict(FEATURES), "kpis": []}
    del made.monitor["model"], made.monitor["target"], made.monitor["segments"]
    made.run()
    return made


@pytest.fixture
def night(world: Flights, monkeypatch: pytest.MonkeyPatch) -> Night:
    """Runs, and gives how many values of each feature were scanned."""

    def run() -> Counter[str]:
        counts: Counter[str] = Counter()
        with monkeypatch.context() as patched:
            texts = Texts(patched, counted="PARQUET", count=scans)
            world.run()
        for scanned in texts.scanned.values():
            for rows, columns in scanned:
                counts.update(dict.fromkeys(columns & COUNTED, rows))
        return counts

    return run


def check(world: Flights, night: Night) -> None:
    """Adds two features, then takes one away."""
    ((rows,),) = world.connection.execute("select count(*) from scored").fetchall()
    usual = night()
    assert set(usual) == {"temp", "distance", "carrier"}
    assert 0 < max(usual.values()) < rows / 3
    world.monitor["features"] = dict(ADDED)
    added = night()
    assert {name: added[name] for name in usual} == usual
    assert added["dest"] == rows
    # A grid is fitted to the reference first.
    is_exact = world.monitor.get("resolution") == "exact"
    assert added["dewp"] == rows if is_exact else rows < added["dewp"] < 3 * rows
    assert world.last_run()["reading"] == "from 2013-03-04 on; all rows of dest, dewp"
    same(world.run(), world.full())
    assert world.last_run()["reading"] == "from 2013-03-04 on"
    world.monitor["features"] = ADDED | {"numeric": ["distance", "dewp"]}
    removed = night()
    assert removed == dict.fromkeys({"distance", "dewp", "carrier", "dest"}, usual["distance"])
    assert world.last_run()["reading"] == "from 2013-03-04 on"
    same(world.run(), world.full())


def test_a_column_is_counted_alone(monkeypatch: pytest.MonkeyPatch, world: Flights, night: Night) -> None:
    # Two columns a statement, so that some are counted by another one than before.
    monkeypatch.setattr(features, "AT_ONCE", 2)
    check(world, night)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"resolution": "exact"}, {"segments": ["origin"]}])
def test_a_column_is_counted_alone_also(world: Flights, night: Night, changes: dict[str, object]) -> None:
    world.monitor |= changes
    world.run()
    check(world, night)


def test_what_all_columns_are_counted_for_counts_all_anew(world: Flights) -> None:
    # Squares are counted for deviations alone.
    world.monitor["metrics"]["summary"] = ["mean", "std"]
    world.monitor["features"] = dict(ADDED)
    same(world.run(), world.full())
    assert world.last_run()["reading"] == (
        "from 2013-03-04 on; all rows for numeric_cells; all rows of dest, dewp"
    )
    # So is a column whose type has changed.
    source = world.monitor["predictions"]["sql"]
    world.monitor["predictions"] = {"sql": f"select * replace (cast(temp as float) as temp) from ({source})"}
    world.connection.execute(f"create view typed as {world.monitor['predictions']['sql']}")
    world.monitor["predictions"] = "typed"
    world.run()
    world.connection.execute(f"create or replace view typed as {source}")
    same(world.run(), world.full())
    assert world.last_run()["reading"] == "from 2013-03-04 on; all rows of temp"


def test_a_fit_after_a_column_was_added_knows_what_is_kept(world: Flights) -> None:
    """The kept columns stood in another order than those of the fit, which were compared by their places."""
    world.monitor["features"] = dict(ADDED)
    before = world.run()
    world.run(stage="fit")
    same(world.run(), before)
    assert world.last_run()["reading"] == "from 2013-03-04 on"
    same(world.run(), world.full())
