"""Runs that are killed at random moments never lose or double a row.

A few dozen every day; `SQLMONITOR_KILL_PARTS=20 python -m pytest -m slow tests/robustness/test_kills.py` kills a
thousand on each engine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pytest
from executed_engines import ENGINES

KILLING = Path(__file__).parent / "killing.py"
KILLS = 15
PARTS = int(os.environ.get("SQLMONITOR_KILL_PARTS", "1"))
"""The slow test's, of fifty kills each."""
MONITOR: dict[str, Any] = {
    "name": "killed",
    "task": "none",
    "predictions": "scored",
    "id": "id",
    "timestamp": "happened",
    "reference": "happened < timestamp '2024-03-01'",
    "chunks": "month",
    "features": {"numeric": ["amount"]},
    "metrics": {"drift": ["jensen_shannon"], "quality": [], "summary": ["row_count", "mean"]},
}
ROWS = (
    "select number as id, timestamp '2024-01-01' + number * interval '6 hours' as happened, "
    "cast(number * 37 % 101 as double) as base from range(720) as numbers (number)"
)
# The newest month's amounts change, which every run reads again.
VIEW = (
    "create view scored as select id, happened, base + case when happened >= timestamp '2024-06-01' "
    "then 10 * control.version else 0 end as amount from rows_scored cross join control"
)


@pytest.fixture(params=["duckdb", "postgres"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        warehouse = stack.enter_context(ENGINES[request.param](tmp_path))()
        with duckdb.connect() as connection:
            warehouse.load("rows_scored", connection.sql(ROWS).to_arrow_table())
            warehouse.load("control", connection.sql("select 0 as version").to_arrow_table())
        warehouse.run(VIEW)
        file = tmp_path / "sqlmonitor.yml"
        file.write_text(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": [MONITOR]}))
        yield file


def kill(project: Path, count: int, seed: int) -> None:
    process = subprocess.run(
        [sys.executable, str(KILLING), str(project), str(count), str(seed)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.returncode == 0, process.stderr[-3000:]
    counts = json.loads(process.stdout)
    assert counts["killed"] == count
    # Some while results were stored, and some before, so that all kinds are among them.
    assert counts["storing"] > count / 5
    assert counts["stored"] < counts["killed"] + counts["complete"]


def test_killed_runs(project: Path) -> None:
    kill(project, KILLS, 1)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_many_killed_runs(project: Path, part: int) -> None:
    kill(project, 50, 100 + part)
