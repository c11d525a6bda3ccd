"""Rows that stand nowhere: without the time or id by which chunks go, or neither reference nor analysis."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd
import pytest

from sqlmonitor import validation


def counts(results: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Period, chunk and rows of every chunk."""
    rows = results[results["metric"].eq("row_count") & results["segment_column"].eq("")]
    return list(zip(rows["period"], rows["chunk"], rows["value"], strict=True))


def without_timestamp(world: Any) -> None:
    """Rows go by their id; a target joins on another column, as ids are missing."""
    world.sql("alter table scored add column own integer")
    world.sql("update scored set own = id")
    world.monitor |= {"reference": "own < 200", "target": {"column": "predicted"}}
    del world.monitor["timestamp"]


@pytest.mark.parametrize(
    ("chunks", "sizes"), [({"size": 50}, [50, 50, 50, 40]), ({"count": 4}, [48, 48, 47, 47])]
)
@pytest.mark.parametrize("column", ["happened", "id"])
def test_rows_without_the_order_have_no_chunk(
    world: Any, caplog: pytest.LogCaptureFixture, chunks: dict[str, int], sizes: list[int], column: str
) -> None:
    if column == "id":
        without_timestamp(world)
    else:
        world.monitor["reference"] = "id < 200"
    world.monitor["chunks"] = chunks
    # Ten rows of each period.
    world.sql(f"update scored set {column} = null where id % 20 = 7")
    with caplog.at_level(logging.WARNING, "sqlmonitor"):
        found = counts(world.run())
    assert [count for period, _, count in found if period == "analysis"] == sizes
    assert [count for period, _, count in found if period == "reference"] == sizes
    assert f"monitor 'loans': 20 rows have no {column} and are left out" in caplog.messages
    lines = validation.validate(*world.definition(), world.engine)
    assert f"20 rows have no {column} and are left out" in lines
    assert "reference 190 rows, analysis 190 rows" in lines


@pytest.mark.parametrize("chunks", ["month", {"size": 50}, {"count": 4}], ids=str)
def test_rows_for_which_the_reference_is_null_are_analysis(
    world: Any, other_world: Any, caplog: pytest.LogCaptureFixture, chunks: Any
) -> None:
    for one in (world, other_world):
        one.monitor["chunks"] = chunks
        one.sql("alter table scored add column stage varchar")
        one.sql("update scored set stage = case when id < 200 then 'old' when id < 390 then 'new' end")
    world.monitor["reference"] = "stage = 'old'"
    other_world.monitor["reference"] = "coalesce(stage, '') = 'old'"
    with caplog.at_level(logging.WARNING, "sqlmonitor"):
        other = other_world.run()
        assert caplog.messages == []
        results = world.run()
    said = "10 rows are taken for analysis, as `reference` gives NULL for them"
    assert caplog.messages == [f"monitor 'loans': {said}"]
    pd.testing.assert_frame_equal(results.drop(columns="fit_id"), other.drop(columns="fit_id"))
    assert sum(count for period, _, count in counts(results) if period == "analysis") == 200
    lines = validation.validate(*world.definition(), world.engine)
    assert said in lines
    assert "reference 200 rows, analysis 200 rows" in lines


def test_a_row_that_is_nowhere_is_told_once(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    world.sql("update scored set happened = null where id % 20 = 7")
    with caplog.at_level(logging.WARNING, "sqlmonitor"):
        world.run()
    assert caplog.messages == ["monitor 'loans': 20 rows have no happened and are left out"]
