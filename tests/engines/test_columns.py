"""A feature that is added beside counted ones, on every engine: the same results as a first run gives."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pandas as pd
import pytest
import small_world
from executed_engines import ENGINES, Warehouse

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines import Engine
from sqlmonitor.planner import features

MONITOR: dict[str, Any] = {
    "name": "columns",
    "task": "none",
    "predictions": "scored",
    "id": "id",
    "timestamp": "happened",
    "reference": "happened < timestamp '2024-05-01'",
    "chunks": "month",
    "metrics": {"drift": ["l_infinity"], "quality": ["missing"], "summary": ["mean", "max"]},
    "segments": ["vehicle"],
}
BEFORE = {"numeric": ["amount", "hour"], "categorical": ["vehicle"]}
AFTER = {"numeric": ["score", "hour"], "categorical": ["region", "vehicle"]}
# Everyday tests have it on a server with transactions; each other engine takes its time.
NAMES = [name if name == "postgres" else pytest.param(name, marks=pytest.mark.slow) for name in ENGINES]


def run(warehouse: Warehouse, engine: Engine, chosen: dict[str, list[str]]) -> pd.DataFrame:
    monitors = [MONITOR | {"features": chosen}]
    project = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": monitors}))
    return runner.run(project, project.monitors[0], engine).drop(columns=["run_id", "computed_at"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("resolution", ["binned", pytest.param("exact", marks=pytest.mark.slow)])
def test_a_feature_is_added(opened, monkeypatch: pytest.MonkeyPatch, name: str, resolution: str) -> None:
    monkeypatch.setattr(features, "AT_ONCE", 2)
    monkeypatch.setitem(MONITOR, "resolution", resolution)
    stored = opened(name)
    with duckdb.connect() as connection:
        table = connection.sql(small_world.rows(700, 8)).to_arrow_table()
    stored.load("scored", table)
    with stored.connect() as engine:
        run(stored, engine, BEFORE)
        found = run(stored, engine, AFTER)
        row = engine.first("select reading from sqlmonitor.runs order by finished_at desc limit 1")
    assert row == {"reading": "from 2024-07-01 on; all rows of region, score"}
    # Some engines have one of the tests' warehouses at a time.
    fresh = opened(name)
    fresh.load("scored", table)
    with fresh.connect() as engine:
        pd.testing.assert_frame_equal(found, run(fresh, engine, AFTER), rtol=1e-9)
