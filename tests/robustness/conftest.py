"""A small world to break: four hundred rows over eight months, and a monitor that watches them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from small_world import MONITOR, OUTCOMES, in_file, rows

from sqlmonitor import runner
from sqlmonitor.cli.entry import main
from sqlmonitor.definitions import Monitor, Project, loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.incremental import Asked

KEYS = ["period", "chunk", "segment_column", "segment_value", "family", "metric", "column_name", "component"]


class World:
    """A warehouse with the rows above, and the monitor as data to be changed.

    Args:
        file: of the database; in memory by default.
    """

    def __init__(self, file: str = ":memory:") -> None:
        self.connection = duckdb.connect(file)
        self.engine = DuckDB(self.connection)
        self.monitor = copy.deepcopy(MONITOR)
        self.sql(f"create table scored as {rows(400, 14)}")
        self.sql(f"create table outcomes as {OUTCOMES}")

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """Runs one statement."""
        return self.connection.execute(text).fetchall()

    def move_reference(self) -> None:
        """Gives the reference a relation of its own."""
        self.sql("create table history as select * from scored where happened < timestamp '2024-05-01'")
        self.sql("delete from scored where happened < timestamp '2024-05-01'")
        self.monitor["reference"] = {"relation": "history"}

    def text(self, warehouse: str = "duckdb://") -> str:
        """The project file."""
        return json.dumps(
            {"version": 1, "warehouse": warehouse, "monitors": [in_file(self.monitor)]},
            indent=1,
            ensure_ascii=False,
        )

    def project(self) -> Project:
        """The project file, read as a user's is."""
        return loads(self.text())

    def definition(self) -> tuple[Project, Monitor]:
        """The project and its monitor."""
        project = self.project()
        return project, project.monitors[0]

    def run(self, **asked: Any) -> pd.DataFrame:
        """Runs the monitor and gives its results, ordered by their keys."""
        return ordered(runner.run(*self.definition(), self.engine, asked=Asked(**asked)))

    def stored_rows(self) -> dict[str, int]:
        """How many rows each of the store's tables has; empty where there is no store."""
        tables = self.sql(
            "select table_name from information_schema.tables "
            "where table_schema = 'sqlmonitor' and table_type = 'BASE TABLE' order by all"
        )
        return {name: self.sql(f"select count(*) from sqlmonitor.{name}")[0][0] for (name,) in tables}

    def temporary_tables(self) -> list[tuple[Any, ...]]:
        """What a run left lying about."""
        return self.sql("select table_name from duckdb_tables() where temporary")


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Results in the order of their keys, without what differs between runs."""
    return frame.drop(columns=["run_id", "computed_at"]).sort_values(KEYS, ignore_index=True)


@pytest.fixture
def world() -> Iterator[World]:
    """A fresh warehouse."""
    made = World()
    yield made
    made.connection.close()


@pytest.fixture
def world_on_file(tmp_path: Path) -> Iterator[World]:
    """One in shop.duckdb."""
    made = World(str(tmp_path / "shop.duckdb"))
    yield made
    made.connection.close()


@pytest.fixture
def other_world() -> Iterator[World]:
    """A second one, to compare with."""
    made = World()
    yield made
    made.connection.close()


@pytest.fixture
def command_line(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[object, str, str]]:
    """Runs the command line; gives its exit code, output and error."""

    def outcome(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return outcome
