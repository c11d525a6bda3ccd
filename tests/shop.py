"""A project over a fresh warehouse, run by the command line, and what it has stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
import small_world
from executed_engines import Warehouse

from sqlmonitor.cli.entry import main

MONITOR = small_world.MONITOR | {
    "features": {"numeric": ["amount"]},
    "metrics": {"drift": ["jensen_shannon"], "performance": ["f1"], "quality": [], "summary": ["row_count"]},
    "segments": [],
    "kpis": [],
}
LEAN = {key: MONITOR[key] for key in ("name", "predictions", "id", "timestamp", "reference", "chunks")} | {
    "task": "none",
    "features": {"numeric": ["amount"]},
    "metrics": {"drift": [], "quality": [], "summary": ["row_count", "mean"]},
}
"""A monitor of few statements, for tests that run it often."""
ROWS = 600
DOUBLED = (
    "select 1 as one from sqlmonitor.results group by monitor, fit_id, period, chunk, segment_column, "
    "segment_value, family, metric, column_name, component having count(*) > 1"
)


def tables() -> dict[str, pa.Table]:
    """The predictions and their outcomes."""
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as {small_world.rows(ROWS, 9)}")
        return {
            "scored": connection.table("scored").to_arrow_table(),
            "outcomes": connection.sql(small_world.OUTCOMES).to_arrow_table(),
        }


class Shop:
    """A project file in a folder.

    Args:
        world: a warehouse that has the tables.
        folder: where the project file is put.
        capsys: takes what the command line says.
        monitor: as the project file has it.
        url: of the same warehouse; None for the warehouse's own.
    """

    def __init__(
        self,
        world: Warehouse,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        monitor: dict[str, Any] = MONITOR,
        url: str | None = None,
    ) -> None:
        self.world, self.capsys, self.monitor = world, capsys, monitor
        self.file = folder / "sqlmonitor.yml"
        self.said = ""
        self.more: dict[str, Any] = {}
        self.url = url or world.url

    def run(self, *arguments: str) -> tuple[object, dict[str, Any]]:
        """The exit code and the line of a run."""
        project = {"version": 1, "warehouse": self.url, "monitors": [self.monitor]} | self.more
        self.file.write_text(json.dumps(project))
        with pytest.raises(SystemExit) as stopped:
            main(["run", "-c", str(self.file), "--log-format", "json", *arguments])
        out, self.said = self.capsys.readouterr()
        (line,) = out.splitlines()
        return stopped.value.code, json.loads(line)

    def results(self) -> pd.DataFrame:
        """What is stored; no row is there twice."""
        with self.world.connect() as engine:
            assert engine.first(DOUBLED) is None
            return engine.query(
                "select period, chunk, family, metric, column_name, component, value from sqlmonitor.results "
                "order by period, chunk, family, metric, column_name, component"
            )

    def runs(self) -> int:
        """How many runs are stored."""
        return int(self.world.run("select count(*) from sqlmonitor.runs")[0][0])
