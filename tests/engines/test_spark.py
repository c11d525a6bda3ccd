"""What only Spark does: sessions that are open, tables of steps, texts of doubles, types."""

from __future__ import annotations

import json
import socket
import time

import duckdb
import pytest
import shop
from executed_engines import SparkWarehouse

import sqlmonitor
from sqlmonitor import dialects, engines, runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines import address
from sqlmonitor.errors import SqlmonitorError, UnsupportedError, WarehouseError


@pytest.fixture
def world(opened, tables) -> SparkWarehouse:
    warehouse = opened("spark")
    for name, table in tables.items():
        warehouse.load(name, table)
    return warehouse


def test_what_a_killed_run_left_is_dropped_a_day_later(world) -> None:
    world.run("create schema sqlmonitor")
    day = 24 * 3600
    old, young = (f"sqlmonitor_step_{int(time.time()) - age}_0123abcd_rows" for age in (day + 60, day - 60))
    for name in (old, young):
        world.run(f"create table sqlmonitor.{name} as select 1 as one")
    with world.connect() as engine:
        engine.finish_publication("sqlmonitor")
    assert [table.name for table in world.session.catalog.listTables("sqlmonitor")] == [young]


def test_a_double_that_is_alone_in_a_file_keeps_its_last_bit(world) -> None:
    # In JSON, as statistics of files are, Sail reads the first as 0.9896907210350036.
    found = [0.9896907210350037, 0.9210526315789473]
    with world.connect() as engine:
        engine.materialize("fitted", f"select {found[0]!r}e0 as maximum, {found[1]!r}e0 as other")
        assert list(engine.first("select * from fitted").values()) == found
        engine.execute("create schema if not exists sqlmonitor")
        with engine.transaction():
            engine.execute("create table sqlmonitor.edges (upper_edge double)")
        for edge in found:
            with engine.transaction():
                engine.execute("delete from sqlmonitor.edges")
                engine.execute(f"insert into sqlmonitor.edges (upper_edge) select {edge!r}e0")
            with engine.transaction():
                engine.execute("update sqlmonitor.edges set upper_edge = upper_edge where upper_edge < 1")
            assert engine.first("select upper_edge from sqlmonitor.edges") == {"upper_edge": edge}


def test_a_url_and_an_open_session_are_taken(world) -> None:
    with sqlmonitor.connect(f"{world.url}/;user_id=watcher") as engine:
        assert engine.first("select 1 as one") == {"one": 1}
    with sqlmonitor.connect(world.session) as engine:
        assert engine.first("select count(*) as rows from scored") == {"rows": shop.ROWS}
    # It is the user's, and stays open.
    assert world.run("select count(*) from scored") == [(shop.ROWS,)]


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
    monitor = shop.LEAN | {"predictions": "nowhere"}
    made = loads(json.dumps({"version": 1, "warehouse": world.url, "monitors": [monitor]}))
    with world.connect() as engine, pytest.raises(SqlmonitorError, match="nowhere"):
        runner.run(made, made.monitors[0], engine)


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
