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


def run(warehouse: Warehouse, engine: Engine, chosen: dict[str, list[str]], store: str) -> pd.DataFrame:
    monitors = [MONITOR | {"features": chosen}]
    text = {"version": 1, "warehouse": warehouse.url, "store": store, "monitors": monitors}
    project = loads(json.dumps(text))
    frame = runner.run(project, project.monitors[0], engine)
    return frame.drop(columns=["run_id", "computed_at"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("resolution", ["binned", pytest.param("exact", marks=pytest.mark.slow)])
def test_a_feature_is_added(opened, monkeypatch: pytest.MonkeyPatch, name: str, resolution: str) -> None:
    monkeypatch.setattr(features, "AT_ONCE", 2)
    monkeypatch.setitem(MONITOR, "resolution", resolution)
    warehouse = opened(name)
    with duckdb.connect() as connection:
        warehouse.load("scored", connection.sql(small_world.rows(700, 8)).to_arrow_table())
    with warehouse.connect() as engine:
        run(warehouse, engine, BEFORE, "sqlmonitor")
        found = run(warehouse, engine, AFTER, "sqlmonitor")
        row = engine.first("select reading from sqlmonitor.runs order by finished_at desc limit 1")
        assert row == {"reading": "from 2024-07-01 on; all rows of region, score"}
        fresh = run(warehouse, engine, AFTER, "fresh")
    pd.testing.assert_frame_equal(found, fresh, rtol=1e-9)
