"""Rows that change and labels that come long after they were counted, on every engine: as a first run over them all."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
import small_world
from executed_engines import ENGINES, DataFusionWarehouse, Warehouse

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines import Engine

MONITOR: dict[str, Any] = small_world.MONITOR | {
    "updated_at": "written_at",
    "lookback": 0,
    "target": small_world.MONITOR["target"] | {"observed_at": "known_at"},
    "features": {"numeric": ["amount"], "categorical": ["region"]},
    "metrics": {"drift": ["l_infinity"], "performance": ["f1"], "quality": ["missing"], "summary": ["mean"]},
    "segments": [],
    "kpis": [],
}
# Everyday tests have it on a server with transactions; each other engine takes its time.
NAMES = [name if name == "postgres" else pytest.param(name, marks=pytest.mark.slow) for name in ENGINES]
WRITTEN = "happened + interval '1 hour'"
# 800 rows, eight hours apart, end in September; a day of May changes then, and a label of June comes.
CHANGED = "cast(happened as date) = date '2024-05-20'"
LATER = "timestamp '2024-10-01'"


def tables(*, is_later: bool) -> dict[str, pa.Table]:
    """The predictions and labels, before and after some changed."""
    amount, written, labels = "amount", WRITTEN, "where known_at <= timestamp '2024-09-20'"
    if is_later:
        amount = f"case when {CHANGED} then amount + 50 else amount end"
        written = f"case when {CHANGED} then {LATER} else {WRITTEN} end"
        labels = ""
    late = f"case when id between 460 and 540 and id % 31 = 3 then {LATER} else known_at end"
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as {small_world.rows(800, 8)}")
        scored = f"select * replace ({amount} as amount), {written} as written_at from scored order by id"
        known = f"select * replace ({late} as known_at) from ({small_world.OUTCOMES})"
        outcomes = f"select outcomes.* from ({known}) as outcomes {labels} order by id"
        return {
            "scored": connection.sql(scored).to_arrow_table(),
            "outcomes": connection.sql(outcomes).to_arrow_table(),
        }


def load(warehouse: Warehouse, *, is_later: bool, is_there: bool = False) -> None:
    for name, table in tables(is_later=is_later).items():
        # A file is written over.
        if is_there and not isinstance(warehouse, DataFusionWarehouse):
            warehouse.run(f"drop table {name}")
        warehouse.load(name, table)


def run(warehouse: Warehouse, engine: Engine) -> pd.DataFrame:
    project = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": [MONITOR]}))
    return runner.run(project, project.monitors[0], engine).drop(columns=["run_id", "computed_at"])


@pytest.mark.parametrize("name", NAMES)
def test_what_changed_long_ago_is_found(opened, name: str) -> None:
    warehouse = opened(name)
    load(warehouse, is_later=False)
    with warehouse.connect() as engine:
        before = run(warehouse, engine)
        load(warehouse, is_later=True, is_there=True)
        found = run(warehouse, engine)
        row = engine.first("select reading from sqlmonitor.runs order by finished_at desc limit 1")
    assert row is not None
    assert row["reading"].startswith(
        "2024-05-01, from 2024-09-01 on; labels of chunks 2024-05-01 to 2024-06-01,"
    )
    # Some engines have one of the tests' warehouses at a time.
    fresh = opened(name)
    load(fresh, is_later=True)
    with fresh.connect() as engine:
        pd.testing.assert_frame_equal(found, run(fresh, engine), rtol=1e-9)
    assert not found.equals(before)
