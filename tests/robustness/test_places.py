"""Where things stand: the store's schema, and the file that the warehouse's URL names."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sqlmonitor import engines, store, validation
from sqlmonitor.errors import StoreError, WarehouseError


def in_main(world: Any) -> Any:
    """The project with the user's own schema as its store."""
    project, monitor = world.definition()
    return project.model_copy(update={"store": "main"}), monitor


@pytest.mark.parametrize(
    ("made", "what"),
    [
        ("create table results (id integer)", "table 'results'"),
        ("create table store_version (id integer)", "table 'store_version'"),
        ("create view latest_results as select 1 as one", "view 'latest_results'"),
        ("create table open_alerts as select 1 as one", "table 'open_alerts'"),
        ('create view "Runs" as select 1 as monitor', "view 'runs'"),
    ],
)
def test_objects_of_the_user_are_left_alone(world: Any, made: str, what: str) -> None:
    from sqlmonitor import runner

    world.sql(made)
    project, monitor = in_main(world)
    before = world.sql(
        "select table_name, sql from (from duckdb_tables() union all by name from duckdb_views())"
    )
    for call in (runner.run, validation.validate):
        with pytest.raises(StoreError, match=what) as raised:
            call(project, monitor, world.engine)
        assert "a schema of its own" in str(raised.value)
    after = world.sql(
        "select table_name, sql from (from duckdb_tables() union all by name from duckdb_views())"
    )
    assert before == after


def test_a_schema_may_be_shared_where_no_name_is_taken(world: Any) -> None:
    from sqlmonitor import runner

    project, monitor = in_main(world)
    for _ in range(2):
        assert not runner.run(project, monitor, world.engine).empty
    store.check_place(world.engine, "MAIN")


def directory(path: Path) -> None:
    path.mkdir()


def text(path: Path) -> None:
    path.write_text("id,name\n" + "1,a\n" * 3000, encoding="utf-8")


def sqlite(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table a (x int)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (directory, ["shop is a directory, not a DuckDB file", "duckdb:///shop/warehouse.duckdb"]),
        (text, ["shop is not a DuckDB database", "a file that DuckDB made"]),
        (Path.touch, ["shop is not a DuckDB database"]),
        (sqlite, ["shop is not a DuckDB database"]),
    ],
)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_path_that_is_no_database(
    tmp_path: Path, make: Callable[[Path], None], words: list[str], read_only: bool
) -> None:
    make(tmp_path / "shop")
    with pytest.raises(WarehouseError) as raised:
        engines.connect("duckdb:///shop", read_only=read_only, directory=tmp_path)
    assert not [word for word in words if word not in str(raised.value)], str(raised.value)
    assert "-v" not in str(raised.value)
