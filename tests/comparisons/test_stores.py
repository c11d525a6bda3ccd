"""Stores that knew no comparisons: read as they are, and migrated by the first run."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from comparisons.world import KEYS, World, of

from sqlmonitor import migration, store
from sqlmonitor.results import Results

FEW: dict[str, Any] = {
    "chunks": "month",
    "segments": [],
    "metrics": {"drift": ["l_infinity"], "performance": [], "quality": [], "summary": ["mean"]},
}


def as_version_3(world: World) -> None:
    """Makes the store what a version without comparisons left."""
    for view in reversed(store.VIEWS):
        world.connection.execute(f"drop view sqlmonitor.{view}")
    for table in ("results", "results_history", "thresholds"):
        for column in store.SINCE_VERSION_4:
            world.connection.execute(f"alter table sqlmonitor.{table} drop column {column}")
    for view in store.views("sqlmonitor"):
        world.connection.execute(view)
    world.connection.execute("update sqlmonitor.store_version set version = 3")


def test_a_store_of_version_3_is_migrated() -> None:
    world = World()
    before = world.run(**FEW)
    as_version_3(world)
    # It can be read as it is.
    pd.testing.assert_frame_equal(store.read_results(world.engine, "sqlmonitor", "loans"), before)
    assert Results(before).comparisons() == [""]
    after = world.run(**FEW)
    # Nothing has changed, so every row stays as it was, and none is history.
    pd.testing.assert_frame_equal(after, before)
    ((history,),) = world.connection.execute("select count(*) from sqlmonitor.results_history").fetchall()
    assert history == 0
    assert store.version(world.engine, "sqlmonitor") == store.VERSION
    assert not migration.migrate(world.engine, "sqlmonitor")
    compared = world.run(**FEW, compare="quarter")
    sides = [Results(frame).to_pandas() for frame in (of(compared), before)]
    pd.testing.assert_frame_equal(*sides)
    assert len(of(compared, "quarter")) > 10


@pytest.mark.slow
def test_a_migration_that_stopped_half_way_goes_on() -> None:
    world = World()
    before = world.run(**FEW)
    as_version_3(world)
    for statement in migration.columns(world.engine, "sqlmonitor"):
        world.connection.execute(statement)
    pd.testing.assert_frame_equal(store.read_results(world.engine, "sqlmonitor", "loans"), before)
    assert migration.migrate(world.engine, "sqlmonitor")
    assert store.version(world.engine, "sqlmonitor") == store.VERSION
    pd.testing.assert_frame_equal(world.run(**FEW), before)


def test_results_of_comparisons_that_are_gone_are_kept_as_history() -> None:
    world = World()
    first = world.run(**FEW, compare=["quarter", "previous"])
    keys = ["chunk_length", "compared_with", *KEYS]
    assert not first.duplicated(keys).any()
    time = first["computed_at"].max().to_pydatetime()
    own = world.run(**FEW)
    assert Results(own).comparisons() == [""]
    then = store.read_results(world.engine, "sqlmonitor", "loans", as_of=time)
    pd.testing.assert_frame_equal(then, first)
