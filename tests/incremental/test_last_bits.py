"""A run that has little to read ends with the last bits of the run before it."""

from __future__ import annotations

import json

import duckdb
import every_plan

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines.duckdb import DuckDB

MONITOR = {
    "name": "late",
    "task": "binary_classification",
    "predictions": "scored",
    "id": "id",
    "timestamp": "happened",
    "reference": "happened < timestamp '2024-04-04'",
    "chunks": "day",
    "lookback": 2,
    "blended": True,
    "model": {"score": "score", "label": "predicted", "positive": True},
    "target": {"column": "actual", "relation": "outcomes", "on": "id", "observed_at": "seen"},
    "features": {"numeric": ["income"], "categorical": ["region"]},
    "segments": ["region"],
    "compare": ["week", {"rolling": 3}, "previous"],
    "metrics": every_plan.every("binary_classification"),
}
TIME = "timestamp '2024-03-25 00:00:00' + id * interval '20 minutes'"


def test_a_second_run_with_nothing_new_supersedes_nothing() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"""create table scored as select id, {TIME} as happened, id * 37 % 101 / 7.0e0 as income
            , id * 61 % 97 / 97.0e0 as score, id * 61 % 97 > 40 as predicted
            , ['north', 'south'][1 + id % 2] as region from range(1500) as numbers (id)"""
        )
        connection.execute(
            f"""create table outcomes as select id, id * 29 % 53 > 20 as actual
            , {TIME} + id % 50 * interval '1 hour' as seen from range(1500) as numbers (id)
            where id % 50 * 3 + id < 1450"""
        )
        project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [MONITOR]}))
        engine = DuckDB(connection)
        for _ in range(2):
            results = runner.run(project, project.monitors[0], engine)
        assert "blended" in set(results["family"])
        (reading,) = connection.execute(
            "select reading from sqlmonitor.runs order by finished_at desc limit 1"
        ).fetchone()
        assert reading == "from 2024-04-12 on"
        superseded = "select family, metric, chunk from sqlmonitor.results_history where valid_to is not null"
        assert connection.execute(superseded).fetchall() == []
