"""Spark has neither transactions nor temporary tables that last: what is left, what is read, what a user is told."""

from __future__ import annotations

import json
import re
import socket
import time
from typing import Any

import duckdb
import pandas as pd
import pytest
import small_world
from executed_engines import SparkWarehouse

import sqlmonitor
from sqlmonitor import dialects, engines, runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines import address, publication
from sqlmonitor.engines.spark import Spark
from sqlmonitor.errors import SqlmonitorError, UnsupportedError, WarehouseError

ROWS = 600
LITTLE = {
    "features": {"numeric": ["amount"], "categorical": ["region"]},
    "segments": [],
    "kpis": [],
    "metrics": {"drift": ["jensen_shannon"], "performance": ["f1"], "summary": ["mean"]},
}
"""A monitor of few statements, for tests that run it often."""


@pytest.fixture(scope="module")
def tables():
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as {small_world.rows(ROWS, 9)}")
        return {
            "scored": connection.table("scored").to_arrow_table(),
            "outcomes": connection.sql(small_world.OUTCOMES).to_arrow_table(),
        }


@pytest.fixture
def world(opened, tables) -> SparkWarehouse:
    warehouse = opened("spark")
    for name, table in tables.items():
        warehouse.load(name, table)
    return warehouse


@pytest.fixture
def at_once(monkeypatch) -> None:
    """What a killed run has left is taken for that at once, not after a while."""
    monkeypatch.setattr(publication, "PATIENCE", 0)
    monkeypatch.setattr(publication, "AGE", -1)


def run(engine: engines.Engine, url: str, **changes: Any) -> pd.DataFrame:
    made = loads(json.dumps({"version": 1, "warehouse": url, "monitors": [small_world.MONITOR | changes]}))
    return runner.run(made, made.monitors[0], engine).drop(columns=["run_id", "computed_at"])


def names(warehouse: SparkWarehouse, schema: str, prefix: str) -> list[str]:
    found = warehouse.session.catalog.listTables(schema)
    return sorted(table.name for table in found if table.name.startswith(prefix))


class KilledError(Exception):
    """The process is gone."""


STORE = """
create schema watched;
create table watched.results (monitor varchar, value bigint);
create table watched.runs (monitor varchar, run_id varchar);
create table watched.kept_1 (value bigint)
"""
FILLING = """
insert into watched.results (monitor, value) values ('a', 1), ('a', 2), ('b', 1);
insert into watched.runs (monitor, run_id) values ('a', 'first'), ('b', 'first');
insert into watched.kept_1 (value) values (1)
"""
PUBLICATION = """
delete from watched.results as former where former.monitor = 'a' and value < 2;
insert into watched.results (monitor, value) select 'a' as monitor, 3 as value;
delete from watched.results where monitor = 'a' and value = 2;
update watched.runs set run_id = 'second' where monitor = 'a';
drop table if exists watched.kept_1;
create table watched.kept_2 as select value from watched.results;
create table if not exists watched.later (value bigint);
create or replace view watched.latest as select * from watched.results
"""
BEFORE = ([("a", 1), ("a", 2), ("b", 1)], [("a", "first"), ("b", "first")], ["kept_1"])
AFTER = ([("a", 3), ("b", 1)], [("a", "second"), ("b", "first")], ["kept_2"])


def publish(engine: engines.Engine, text: str) -> None:
    with engine.transaction():
        for statement in text.split(";"):
            engine.execute(statement)


def filled(warehouse: SparkWarehouse) -> None:
    with warehouse.connect() as engine:
        publish(engine, STORE)
        publish(engine, FILLING)


def seen(warehouse: SparkWarehouse) -> tuple[list[Any], ...]:
    return (
        sorted(warehouse.run("select monitor, value from watched.results")),
        sorted(warehouse.run("select monitor, run_id from watched.runs")),
        names(warehouse, "watched", "kept"),
    )


def test_a_publication_killed_at_any_statement_is_none_or_is_finished(opened, monkeypatch, at_once) -> None:
    own = Spark.execute_own
    found = []
    for last in range(200):
        warehouse = opened("spark")
        filled(warehouse)
        left = last

        def mortal(engine, text):
            nonlocal left
            if left <= 0:
                raise KilledError
            left -= 1
            own(engine, text)

        with monkeypatch.context() as patched, warehouse.connect() as engine:
            patched.setattr(Spark, "execute_own", mortal)
            try:
                publish(engine, PUBLICATION)
                is_killed = False
            except KilledError:
                is_killed = True
        # Every table is as before or as after, also before anything is repaired.
        for there, before, after in zip(seen(warehouse)[:2], BEFORE, AFTER, strict=False):
            assert there in (before, after), last
        with warehouse.connect() as engine:
            engine.finish_publication("watched")
            there = seen(warehouse)
            assert there in (BEFORE, AFTER), last
            found.append(there == AFTER)
            assert not names(warehouse, "watched", "sqlmonitor_publication")
            shown = {table.description for table in warehouse.session.catalog.listTables("watched")}
            assert set(names(warehouse, "watched", "sqlmonitor_copy")) <= shown
        if not is_killed:
            break
    # Once it is decided, it stays decided.
    assert found == sorted(found)
    assert 3 < sum(found) < len(found)
    assert last < 199


def test_the_later_of_two_publications_is_refused(opened) -> None:
    warehouse = opened("spark")
    filled(warehouse)
    with warehouse.connect() as one, warehouse.connect() as other:

        def overtaken() -> None:
            with one.transaction():
                one.execute("delete from watched.results where value = 1")
                publish(other, PUBLICATION)
                assert one.first("select count(*) as rows from watched.results") == {"rows": 1}

        with pytest.raises(WarehouseError, match="conflict"):
            overtaken()
    assert seen(warehouse) == AFTER


def test_runs_repeat_and_leave_no_step(world) -> None:
    with world.connect() as engine:
        first = run(engine, world.url)
        # The second one reads some counts from kept tables, in another order.
        pd.testing.assert_frame_equal(first, run(engine, world.url), check_exact=False, rtol=1e-12)
        assert engine.first("select count(*) as rows from sqlmonitor.results") == {"rows": len(first)}
    assert not names(world, "sqlmonitor", "sqlmonitor_step")


def test_what_a_killed_run_left_is_dropped_a_day_later(world) -> None:
    world.run("create schema sqlmonitor")
    day = 24 * 3600
    old, young = (f"sqlmonitor_step_{int(time.time()) - age}_0123abcd_rows" for age in (day + 60, day - 60))
    for name in (old, young):
        world.run(f"create table sqlmonitor.{name} as select 1 as one")
    with world.connect() as engine:
        run(engine, world.url, **LITTLE)
    assert names(world, "sqlmonitor", "sqlmonitor_step") == [young]


def test_fetched_rows_do_not_grow_with_the_source(world, monkeypatch) -> None:
    fetched = 0
    method = Spark._fetched

    def counted(engine, *given, **named):
        nonlocal fetched
        table = method(engine, *given, **named)
        fetched += table.num_rows
        return table

    monkeypatch.setattr(Spark, "_fetched", counted)
    with world.connect() as engine:
        results = run(engine, world.url, **LITTLE)
    assert len(results) <= fetched <= len(results) + 250


def scans(world: SparkWarehouse, monkeypatch, **changes: Any) -> int:
    """How often the plans of a first run's statements read the predictions."""
    found = 0
    own = Spark.execute_own

    def explained_first(engine, text):
        nonlocal found
        select = re.match(r"create table \S+ as (.*)", text, re.DOTALL)
        if select:
            ((plan,),) = world.run(f"explain {select[1]}")
            found += sum(world.places["scored"] in line for line in plan.splitlines())
        own(engine, text)

    with monkeypatch.context() as patched, world.connect() as engine:
        patched.setattr(Spark, "execute_own", explained_first)
        run(engine, world.url, **changes)
        engine.execute_own("drop schema sqlmonitor cascade")
    return found


def test_source_scans_do_not_grow_with_columns(world, monkeypatch) -> None:
    few = scans(world, monkeypatch, features={"numeric": ["amount"], "categorical": ["region"]})
    more = {"numeric": ["amount", "hour", "score"], "categorical": ["region", "vehicle"]}
    assert few == scans(world, monkeypatch, features=more)
    assert 4 <= few <= 8


def test_a_url_and_an_open_session_are_taken(world) -> None:
    with sqlmonitor.connect(f"{world.url}/;user_id=watcher") as engine:
        assert engine.first("select 1 as one") == {"one": 1}
    with sqlmonitor.connect(world.session) as engine:
        assert engine.first("select count(*) as rows from scored") == {"rows": ROWS}
    # It is the user's, and stays open.
    assert world.run("select count(*) from scored") == [(ROWS,)]


def test_a_server_that_is_not_there_is_told_without_the_token(monkeypatch) -> None:
    from sqlmonitor.engines import spark

    monkeypatch.setattr(spark, "RETRIES", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"sc://127.0.0.1:{taken.getsockname()[1]}/;user_id=me;token=hunter2"
        with pytest.raises(WarehouseError) as caught:
            engines.connect(url)
    assert "connection to Spark failed" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert address.without_secrets(f"said {url}", url) == f"said {url.replace('hunter2', '***')}"


def test_a_master_needs_all_of_pyspark() -> None:
    with pytest.raises(UnsupportedError, match="cannot be made here"):
        engines.connect("spark://127.0.0.1:7077")


def test_a_missing_driver_names_the_extra(monkeypatch) -> None:
    import sys

    for name in ("spark", "spark_catalog", "spark_errors", "spark_publishing"):
        monkeypatch.delitem(sys.modules, f"sqlmonitor.engines.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(UnsupportedError, match=r"sqlmonitor\[spark\]"):
        engines.connect("sc://127.0.0.1")


def test_a_table_that_is_not_there_is_named(world) -> None:
    with world.connect() as engine, pytest.raises(SqlmonitorError, match="nowhere"):
        run(engine, world.url, predictions="nowhere")


TEXTS = [
    "1.0",
    "0.5",
    "-0.0",
    "10000000.5",
    "123456789.25",
    "0.00012",
    "1e-05",
    "1.5e-07",
    "1e+20",
    "nan",
    "inf",
]


@pytest.mark.parametrize("text", [*TEXTS, "-1e-100", "1.2345678901234567e+16", "9007199254740993.0"])
def test_text_of_doubles_is_as_on_duckdb(world, text) -> None:
    with duckdb.connect() as connection:
        row = connection.execute(f"select cast(cast('{text}' as double) as varchar)").fetchone()
    with world.connect() as engine:
        found = engine.first(
            f"select cast(number as varchar) as found from (select cast('{text}' as double) as number) as one"
        )
    assert row is not None
    assert found == {"found": row[0]}


TYPES = {
    "id": ("bigint", "7L", "integer", "int64"),
    "small": ("smallint", "7", "integer", "int64"),
    "price": ("decimal(10, 2)", "1.5", "decimal", "float64"),
    "score": ("double", "0.5", "float", "float64"),
    "ratio": ("float", "0.5", "float", "float64"),
    "code": ("string", "'x'", "text", "str"),
    "flag": ("boolean", "true", "boolean", "bool"),
    "at": ("timestamp_ltz", "'2024-05-01 10:00:00+02:00'", "time", "datetime64[us]"),
    "naive": ("timestamp_ntz", "'2024-05-01 10:00:00'", "time", "datetime64[us]"),
    "day": ("date", "'2024-05-01'", "time", "datetime64[us]"),
    "several": ("array<int>", "array(1)", "other", "object"),
}


def test_kinds_and_frames(world) -> None:
    listed = ", ".join(f"cast({value} as {kind}) as `{name}`" for name, (kind, value, *_) in TYPES.items())
    world.run(f"create table `odd types` as select {listed}")
    with world.connect() as engine:
        described = engine.describe("`odd types`")
        row = engine.query('select * from "odd types"')
    assert {name: dialects.kind(written) for name, written in described.items()} == {
        name: kind for name, (_, _, kind, _) in TYPES.items()
    }
    assert {name: str(dtype) for name, dtype in row.dtypes.items()} == {
        name: dtype for name, (_, _, _, dtype) in TYPES.items()
    }
    assert str(row["at"][0]) == "2024-05-01 08:00:00"
