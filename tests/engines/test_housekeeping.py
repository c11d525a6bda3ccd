"""A store's size, retention and export on every engine."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import small_world
from executed_engines import ENGINES, Warehouse

from sqlmonitor import housekeeping, runner, store
from sqlmonitor.definitions import loads
from sqlmonitor.errors import StoreError

MONITOR: dict[str, Any] = small_world.MONITOR | {
    "task": "none",
    "features": {"numeric": ["amount"]},
    "metrics": {"drift": [], "quality": [], "summary": ["mean"]},
    "segments": [],
    "kpis": [],
}
NIGHTS = [datetime(2024, 8, day) for day in (1, 2, 3)]


@pytest.mark.parametrize(
    "warehouse",
    [
        pytest.param(name, marks=[] if name in ("duckdb", "postgres") else [pytest.mark.slow])
        for name in ENGINES
    ],
    indirect=True,
)
def test_a_store_is_looked_after(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for key in ("model", "target"):
        monkeypatch.delitem(MONITOR, key)
    with duckdb.connect() as connection:
        warehouse.load("scored", connection.sql(small_world.rows(600, 8)).to_arrow_table())
    with warehouse.connect() as engine:
        for night, reference in zip(NIGHTS, ("2024-05-01", "2024-05-01", "2024-04-01"), strict=True):
            monkeypatch.setattr(runner, "clock", lambda night=night: night)
            monitor = MONITOR | {"reference": f"happened < timestamp '{reference}'"}
            project = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": [monitor]}))
            runner.run(project, project.monitors[0], engine)
        fits = "select count(distinct fit_id) as fits from sqlmonitor."
        assert engine.first(fits + "histograms") == {"fits": 2}
        known = store.read_results(engine, "sqlmonitor", "loans", as_of=NIGHTS[0])
        rows = {size.table: size.row_count for size in housekeeping.sizes(engine, "sqlmonitor")}
        assert rows["results"] == 2 * len(known)
        assert (rows["runs"], rows["monitors"]) == (3, 1)
        # Nothing is older, so nothing goes.
        assert housekeeping.prune(engine, "sqlmonitor", NIGHTS[0]) == 0
        assert store.read_results(engine, "sqlmonitor", "loans", as_of=NIGHTS[0]).equals(known)
        gone = housekeeping.prune(engine, "sqlmonitor", NIGHTS[2])
        sizes = {size.table: size.row_count for size in housekeeping.sizes(engine, "sqlmonitor")}
        # Of the former fit its state and histograms are gone, and its results stay.
        assert gone == sum(rows.values()) - sum(sizes.values()) > 0
        assert engine.first(fits + "histograms") == engine.first(fits + "thresholds") == {"fits": 1}
        assert sizes["results"] == rows["results"]
        with pytest.raises(StoreError, match="are forgotten"):
            store.read_results(engine, "sqlmonitor", "loans", as_of=NIGHTS[1])
        latest = store.read_results(engine, "sqlmonitor", "loans")
        assert store.read_results(engine, "sqlmonitor", "loans", as_of=NIGHTS[2]).equals(latest)
        files = housekeeping.export(engine, "sqlmonitor", tmp_path / "copy")
        assert {file.stem for file in files} == set(sizes)
        with duckdb.connect() as connection:
            for file in files:
                ((count,),) = connection.execute(f"select count(*) from '{file}'").fetchall()
                assert count == sizes[file.stem], file.stem
        # What is left is enough for the next run.
        runner.run(project, project.monitors[0], engine)
        row = engine.first("select reading from sqlmonitor.runs order by finished_at desc limit 1")
    assert row == {"reading": "from 2024-06-01 on"}
