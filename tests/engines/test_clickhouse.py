"""What only ClickHouse does: clients that are open, a server's errors, types."""

from __future__ import annotations

import json

import clickhouse_connect
import pandas as pd
import pytest
import shop
import sqlalchemy
import sqlglot
from clickhouse_connect.driver.exceptions import DatabaseError, ProgrammingError
from executed_engines import Warehouse

import sqlmonitor
from sqlmonitor import dialects, engines, runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines.clickhouse_errors import explained
from sqlmonitor.errors import SqlmonitorError, UnreachableError, UnsupportedError, WarehouseError


@pytest.fixture
def world(opened, tables) -> Warehouse:
    warehouse = opened("clickhouse")
    for name, table in tables.items():
        warehouse.load(name, table)
    return warehouse


def test_open_clients_are_taken(world) -> None:
    count = "select count(*) as rows from scored"
    name = world.url.partition("database=")[2]
    folder = world.url.removeprefix("chdb://").partition("?")[0]
    with clickhouse_connect.get_client(interface="chdb", path=folder, database=name) as client:
        assert sqlmonitor.connect(client).first(count) == {"rows": shop.ROWS}
    made = sqlalchemy.create_engine(f"clickhousedb://default@localhost/{name}?interface=chdb&path={folder}")
    with sqlmonitor.connect(made) as engine:
        assert engine.first(count) == {"rows": shop.ROWS}
    made.dispose()
    url = f"clickhousedb+connect://localhost/{name}?interface=chdb&path={folder}"
    with engines.connect(url) as engine:
        assert engine.first(count) == {"rows": shop.ROWS}


def test_a_limit_that_would_cut_an_answer_short_ends_the_statement(world) -> None:
    client = world.client()
    limits = {"max_rows_to_group_by": 3, "group_by_overflow_mode": "any", "max_block_size": 1000}
    for name, value in limits.items():
        client.set_client_setting(name, value)
    grouped = "select intDiv(number, 1000) as part, count() from numbers(1000000) group by part"
    assert sum(count for _, count in client.query(grouped).result_rows) < 1_000_000
    with sqlmonitor.connect(client) as engine, pytest.raises(WarehouseError, match="GROUP BY"):
        engine.query(dialects.of_user(sqlglot.parse_one(grouped, dialect="clickhouse")))


@pytest.mark.parametrize("chunks", ["hour", "day"])
def test_chunks_are_in_utc_whatever_zone_a_column_has(opened, chunks: str) -> None:
    warehouse = opened("clickhouse")
    # Four hours behind, and half an hour beside.
    times = [("known", "DateTime('America/New_York')"), ("at", "DateTime64(3, 'Asia/Kolkata')")]
    listed = ", ".join(f"{name} {written}" for name, written in times)
    warehouse.run(f"create table scored (id Int64, {listed}) engine = MergeTree order by id")
    warehouse.run(
        "insert into scored select number, t, t from (select number, toDateTime('2024-04-01 00:00:00', 'UTC') + number * 3600 as t from numbers(96))"
    )
    for name, _ in times:
        monitor = {
            "name": name,
            "task": "none",
            "predictions": "scored",
            "id": "id",
            "timestamp": name,
            "reference": f"{name} < timestamp '2024-04-03'",
            "chunks": chunks,
        }
        project = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": [monitor]}))
        with warehouse.connect() as engine:
            # Again, as what is new is read from a border on.
            for _ in range(2):
                results = runner.run(project, project.monitors[0], engine)
        counts = results[results["metric"] == "row_count"]
        starts = pd.date_range(
            "2024-04-01", periods=96 if chunks == "hour" else 4, freq=chunks[0].replace("d", "D")
        )
        assert sorted(counts["chunk_start"].dropna()) == list(starts)
        assert set(counts["value"]) == {1.0 if chunks == "hour" else 24.0}


def test_read_only_is_kept_by_the_server(world) -> None:
    with engines.connect(world.url, read_only=True) as engine:
        assert engine.first("select count(*) as rows from scored") == {"rows": shop.ROWS}
        with pytest.raises(WarehouseError, match="read-only"):
            engine.execute("create schema elsewhere")


def test_a_setting_that_may_not_be_changed_is_told() -> None:
    made = explained(ProgrammingError("Setting join_use_nulls is unknown or readonly"), "")
    assert "join_use_nulls" in made.message
    assert "profile" in (made.remedy or "")


def test_a_table_the_server_does_not_have_is_named(world) -> None:
    monitor = shop.LEAN | {"predictions": "nowhere"}
    made = loads(json.dumps({"version": 1, "warehouse": world.url, "monitors": [monitor]}))
    with world.connect() as engine, pytest.raises(SqlmonitorError, match="nowhere"):
        runner.run(made, made.monitors[0], engine)


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


@pytest.mark.parametrize(
    ("status", "passes"), [(404, False), (401, False), (429, True), (502, True), (503, True)]
)
def test_what_stands_before_a_server_may_pass_or_not(status: int, passes: bool) -> None:
    made = explained(
        DatabaseError(f"HTTP driver received HTTP status {status} (for url https://host:8443)"), ""
    )
    assert isinstance(made, UnreachableError) == passes
    assert f"HTTP status {status}" in made.message


@pytest.mark.parametrize(
    "login", ["user:hunter2@127.0.0.1:1/db?", "127.0.0.1:1?username=user&password=hunter2&database=db&"]
)
def test_a_server_that_is_not_there_is_told_without_the_password(login: str) -> None:
    with pytest.raises(WarehouseError, match="connection to ClickHouse failed") as caught:
        engines.connect(f"clickhousedb://{login}connect_timeout=2")
    assert caught.value.message == (
        "the connection to ClickHouse failed: 127.0.0.1:1: "
        "Failed to establish a new connection: [Errno 111] Connection refused"
    )


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
