"""ClickHouse has no transactions: what a killed run leaves, what two at once do, and what a user is told."""

from __future__ import annotations

import json
import re
from typing import Any

import clickhouse_connect
import duckdb
import pandas as pd
import pytest
import small_world
import sqlalchemy
from clickhouse_connect.driver.exceptions import DatabaseError, ProgrammingError
from executed_engines import Warehouse

import sqlmonitor
from sqlmonitor import dialects, engines, runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines import publication
from sqlmonitor.engines.clickhouse import ClickHouse
from sqlmonitor.engines.clickhouse_errors import explained
from sqlmonitor.errors import SqlmonitorError, StoreError, UnsupportedError, WarehouseError

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
def world(opened, tables) -> Warehouse:
    warehouse = opened("clickhouse")
    for name, table in tables.items():
        warehouse.load(name, table)
    return warehouse


@pytest.fixture
def at_once(monkeypatch) -> None:
    """What a killed run has left is taken for that at once, not after a while."""
    monkeypatch.setattr(publication, "PATIENCE", 0)
    monkeypatch.setattr(publication, "AGE", -1)


def run(
    engine: engines.Engine, url: str, progress: Any = None, store: str = "sqlmonitor", **changes: Any
) -> pd.DataFrame:
    monitor = small_world.MONITOR | changes
    made = loads(json.dumps({"version": 1, "warehouse": url, "store": store, "monitors": [monitor]}))
    frame = runner.run(made, made.monitors[0], engine, progress=progress)
    return frame.drop(columns=["run_id", "computed_at"])


MORE = """
insert into scored select id + 10000, toDateTime64('2024-09-05 00:00:00', 6) + toIntervalHour(id), amount, hour,
    region, vehicle, score, predicted from scored where id < 200
"""
"""Rows of a new month."""


class KilledError(Exception):
    """The process is gone."""


class Death:
    """Lets so many statements pass, and no further one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        self.count = 0
        for name in ("execute_own", "_fetched"):
            monkeypatch.setattr(ClickHouse, name, self.mortal(getattr(ClickHouse, name)))

    def mortal(self, method):
        def said(engine, text):
            self.count += 1
            if self.left is not None:
                if self.left <= 0:
                    raise KilledError
                self.left -= 1
            return method(engine, text)

        return said


@pytest.fixture
def death(monkeypatch) -> Death:
    return Death(monkeypatch)


STORE = """
create schema watched;
create table watched.results (monitor varchar, value bigint);
create table watched.runs (monitor varchar, run_id varchar);
create table watched.kept_1 (value bigint);
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


def publish(engine: engines.Engine) -> None:
    with engine.transaction():
        for statement in PUBLICATION.split(";"):
            engine.execute(statement)


def seen(warehouse: Warehouse) -> tuple[list[Any], ...]:
    return (
        sorted(warehouse.run("select monitor, value from watched.results")),
        sorted(warehouse.run("select monitor, run_id from watched.runs")),
        [name for (name,) in warehouse.run("select name from system.tables where database = 'watched' and name like 'kept%'")],
    )  # fmt: skip


def left_over(warehouse: Warehouse, schema: str) -> list[Any]:
    return warehouse.run(
        f"select name from system.tables where database = '{schema}' and name like 'sqlmonitor_%'"
    )


def test_a_publication_killed_at_any_statement_is_none_or_is_finished(opened, death, at_once) -> None:
    found = []
    for last in range(200):
        warehouse = opened("clickhouse")
        with warehouse.connect() as engine:
            for statement in STORE.split(";"):
                engine.execute(statement)
            death.left = last
            try:
                publish(engine)
                is_killed = False
            except KilledError:
                is_killed = True
        death.left = None
        # Every table is as before or as after, also before anything is repaired.
        for there, before, after in zip(seen(warehouse)[:2], BEFORE, AFTER, strict=False):
            assert there in (before, after), last
        with warehouse.connect() as engine:
            engine.finish_publication("watched")
            there = seen(warehouse)
            assert there in (BEFORE, AFTER), last
            found.append(there == AFTER)
            assert not left_over(warehouse, "watched")
            if there == BEFORE:
                publish(engine)
            assert seen(warehouse) == AFTER
        if not is_killed:
            break
    # Once it is decided, it stays decided.
    assert found == sorted(found)
    assert 5 < sum(found) < len(found)
    assert last < 199


def test_the_later_of_two_publications_is_refused(opened) -> None:
    warehouse = opened("clickhouse")
    with warehouse.connect() as one, warehouse.connect() as other:
        for statement in STORE.split(";"):
            one.execute(statement)

        def overtaken() -> None:
            with one.transaction():
                one.execute("delete from watched.results where value = 1")
                publish(other)
                assert one.first("select count(*) as rows from watched.results") == {"rows": 1}

        with pytest.raises(WarehouseError, match="conflict"):
            overtaken()
    assert seen(warehouse) == AFTER
    assert not left_over(warehouse, "watched")


def test_an_error_inside_leaves_nothing(opened) -> None:
    warehouse = opened("clickhouse")
    with warehouse.connect() as engine:
        for statement in STORE.split(";"):
            engine.execute(statement)

        def wrong() -> None:
            with engine.transaction():
                engine.execute("delete from watched.results")
                engine.execute("insert into watched.runs (monitor) select monitor from watched.nowhere")

        with pytest.raises(WarehouseError, match="nowhere"):
            wrong()
    assert seen(warehouse) == BEFORE
    assert not left_over(warehouse, "watched")


def test_runs_repeat_and_read_only_what_is_new(world, tables, opened) -> None:
    with world.connect() as engine:
        first = run(engine, world.url)
        pd.testing.assert_frame_equal(first, run(engine, world.url), rtol=1e-9)
        assert engine.first("select count(*) as rows from sqlmonitor.results") == {"rows": len(first)}
        # Groups come in an order that depends on all of them, so a last bit may differ from that of fewer chunks.
        moved = engine.first(
            "select count(*) as rows from sqlmonitor.results_history as former "
            "inner join sqlmonitor.results as result on former.period = result.period "
            "and former.chunk = result.chunk and former.segment_value = result.segment_value "
            "and former.family = result.family and former.metric = result.metric "
            "and former.column_name = result.column_name and former.component = result.component "
            "where abs(former.value - result.value) > 1e-9 or former.row_count <> result.row_count"
        )
        assert moved == {"rows": 0}
        world.run(MORE)
        third = run(engine, world.url)
        reading = engine.query("select reading, recounted_chunks from sqlmonitor.runs order by finished_at")
    assert len(third) > len(first)
    assert reading["reading"].str.startswith("from 2024-").tolist() == [False, True, True]
    assert reading["recounted_chunks"][2] < reading["recounted_chunks"][0]
    fresh = opened("clickhouse")
    for name, table in tables.items():
        fresh.load(name, table)
    fresh.run(MORE)
    with fresh.connect() as engine:
        pd.testing.assert_frame_equal(run(engine, fresh.url), third, rtol=1e-9)


@pytest.mark.parametrize("share", [0.3, 0.75, 0.95])
def test_a_run_killed_at_any_statement_leaves_the_former_results(world, death, at_once, share) -> None:
    with world.connect() as engine:
        before = run(engine, world.url, **LITTLE)
        statements = death.count
    world.run(MORE)
    death.left = int(statements * share)
    with pytest.raises(KilledError), world.connect() as engine:
        run(engine, world.url, **LITTLE)
    death.left = None
    with world.connect() as engine:
        shown = engine.query("select * from sqlmonitor.latest_results")
        assert len(shown) >= len(before)
        after = run(engine, world.url, **LITTLE)
        assert engine.first("select count(*) as rows from sqlmonitor.latest_results") == {"rows": len(after)}
        # As a run that was never killed, in a store of its own.
        expected = run(engine, world.url, store="apart", **LITTLE)
    assert after["row_count"].sum() > before["row_count"].sum()
    pd.testing.assert_frame_equal(after, expected, rtol=1e-9)
    assert not left_over(world, "sqlmonitor")


def test_the_second_run_of_a_monitor_is_refused(world) -> None:
    with world.connect() as engine, world.connect() as other:
        run(engine, world.url, **LITTLE)

        def overtake(title: str, *_: int) -> None:
            if title == "store results":
                run(other, world.url, **LITTLE)

        with pytest.raises(StoreError, match="another run"):
            run(engine, world.url, overtake, **LITTLE)
        assert engine.first("select count(*) as rows from sqlmonitor.runs") == {"rows": 2}


def test_fetched_rows_do_not_grow_with_the_source(world, monkeypatch) -> None:
    fetched = 0
    method = ClickHouse._fetched

    def counted(engine, text):
        nonlocal fetched
        columns, rows = method(engine, text)
        fetched += len(rows)
        return columns, rows

    monkeypatch.setattr(ClickHouse, "_fetched", counted)
    with world.connect() as engine:
        results = run(engine, world.url, **LITTLE)
    # Names and identities of the store's tables are asked for around each exchange.
    assert len(results) <= fetched <= len(results) + 1500


def scans(world: Warehouse, monkeypatch, **changes: Any) -> int:
    """How often the plans of a first run's statements read the predictions."""
    found = 0
    method = ClickHouse.execute_own

    def explained_first(engine, text):
        nonlocal found
        select = re.match(r"create or replace temporary table \w+ as\n(.*)", text, re.DOTALL)
        if select:
            plan = engine.rows(f"explain {select[1]}")
            found += sum("ReadFromMergeTree" in line and ".scored" in line for (line,) in plan)
        return method(engine, text)

    with monkeypatch.context() as patched, world.connect() as engine:
        patched.setattr(ClickHouse, "execute_own", explained_first)
        run(engine, world.url, **changes)
        engine.execute_own("drop database sqlmonitor")
    return found


def test_source_scans_do_not_grow_with_columns(world, monkeypatch) -> None:
    few = scans(world, monkeypatch, features={"numeric": ["amount"], "categorical": ["region"]})
    more = {"numeric": ["amount", "hour", "score"], "categorical": ["region", "vehicle"]}
    assert few == scans(world, monkeypatch, features=more)
    assert 4 <= few <= 8


def test_open_clients_are_taken(world) -> None:
    count = "select count(*) as rows from scored"
    name = world.url.partition("database=")[2]
    folder = world.url.removeprefix("chdb://").partition("?")[0]
    with clickhouse_connect.get_client(interface="chdb", path=folder, database=name) as client:
        assert sqlmonitor.connect(client).first(count) == {"rows": ROWS}
    made = sqlalchemy.create_engine(f"clickhousedb://default@localhost/{name}?interface=chdb&path={folder}")
    with sqlmonitor.connect(made) as engine:
        assert engine.first(count) == {"rows": ROWS}
    made.dispose()
    url = f"clickhousedb+connect://localhost/{name}?interface=chdb&path={folder}"
    with engines.connect(url) as engine:
        assert engine.first(count) == {"rows": ROWS}


def test_read_only_is_kept_by_the_server(world) -> None:
    with engines.connect(world.url, read_only=True) as engine:
        assert engine.first("select count(*) as rows from scored") == {"rows": ROWS}
        with pytest.raises(WarehouseError, match="read-only"):
            engine.execute("create schema elsewhere")


def test_a_setting_that_may_not_be_changed_is_told() -> None:
    made = explained(ProgrammingError("Setting join_use_nulls is unknown or readonly"), "")
    assert "join_use_nulls" in made.message
    assert "profile" in (made.remedy or "")


def test_a_table_the_server_does_not_have_is_named(world) -> None:
    with world.connect() as engine, pytest.raises(SqlmonitorError, match="nowhere"):
        run(engine, world.url, predictions="nowhere")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (497, "a right is missing"),
        (159, "took too long"),
        (243, "disk is full"),
        (516, "refused the user"),
        (76, "another process"),
    ],
)
def test_errors_of_a_server_are_explained(code: int, said: str) -> None:
    error = DatabaseError(
        f"HTTPDriver for https://host:8443 returned response code 500\nCode: {code}. DB::Exception: watcher: "
        "Not enough privileges, pass hunter2. (ACCESS_DENIED) (version 26.9)"
    )
    made = explained(error, "clickhousedb://watcher:hunter2@host:8443/db")
    assert said in made.message
    assert "watcher: Not enough privileges" in made.message
    assert "hunter2" not in str(made)


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(WarehouseError, match="connection to ClickHouse failed") as caught:
        engines.connect("clickhousedb://user:hunter2@127.0.0.1:1/db?connect_timeout=2")
    assert "hunter2" not in str(caught.value)


def test_a_missing_driver_names_the_extra(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "clickhouse_connect", None)
    for name in ("clickhouse", "clickhouse_errors", "clickhouse_publishing"):
        monkeypatch.delitem(sys.modules, f"sqlmonitor.engines.{name}", raising=False)
    with pytest.raises(UnsupportedError, match=r"sqlmonitor\[clickhouse\]"):
        engines.connect("clickhousedb://user@127.0.0.1/db")


TYPES = {
    "id": ("UInt64", "7", "decimal", "float64"),
    "small": ("Int8", "7", "integer", "int64"),
    "price": ("Decimal(10, 2)", "1.5", "decimal", "float64"),
    "score": ("Nullable(Float32)", "0.5", "float", "float64"),
    "code": ("LowCardinality(Nullable(String))", "'x'", "text", "str"),
    "fixed": ("FixedString(3)", "'abc'", "text", "str"),
    "mood": ("Enum8('glad' = 1, 'sad' = 2)", "'glad'", "text", "str"),
    "flag": ("Bool", "true", "boolean", "bool"),
    "at": ("DateTime('Europe/Berlin')", "'2024-05-01 10:00:00'", "time", "datetime64[us]"),
    "naive": ("DateTime64(3)", "'2024-05-01 10:00:00'", "time", "datetime64[us]"),
    "day": ("Date", "'2024-05-01'", "time", "datetime64[us]"),
    "several": ("Array(Int32)", "[1]", "other", "object"),
    "key": ("UUID", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "other", "object"),
}


def test_kinds_and_frames(opened) -> None:
    warehouse = opened("clickhouse")
    columns = ", ".join(f'"{name}" {written}' for name, (written, *_) in TYPES.items())
    warehouse.run(f'create table "Odd types" ({columns}) engine = MergeTree order by ()')
    warehouse.run(f'insert into "Odd types" select {", ".join(value for _, value, *_ in TYPES.values())}')
    with warehouse.connect() as engine:
        described = engine.describe('"Odd types"')
        row = engine.query('select * from "Odd types"')
    assert {name: dialects.kind(written) for name, written in described.items()} == {
        name: kind for name, (_, _, kind, _) in TYPES.items()
    }
    assert {name: str(dtype) for name, dtype in row.dtypes.items()} == {
        name: dtype for name, (_, _, _, dtype) in TYPES.items()
    }
    assert str(row["at"][0]) == "2024-05-01 08:00:00"
