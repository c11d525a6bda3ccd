"""Snowflake: what is its own, on the stand-in fakesnow, and what needs no server."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import every_plan
import pandas as pd
import pyarrow as pa
import pytest
import small_world
import snowflake.connector
import sqlglot
from executed_engines import Warehouse
from snowflake.connector.errors import DatabaseError, OperationalError, ProgrammingError
from sqlglot import exp
from watched_store import AFTER, BEFORE, FILLING, PUBLICATION, STORE, publish
from watched_store import seen as every

from sqlmonitor import engines, names, runner, script, store
from sqlmonitor.definitions import loads
from sqlmonitor.dialects.snowflake import PLAIN, RESERVED
from sqlmonitor.engines import snowflake_publishing
from sqlmonitor.engines.snowflake import Snowflake, parameters
from sqlmonitor.engines.snowflake_errors import explained
from sqlmonitor.errors import ConfigurationError, StoreError, UnreachableError, WarehouseError
from sqlmonitor.planner.figures import bound
from sqlmonitor.source import SourceRows, Types

SECRET = "hunter2?&@/:%20ü"
IN_URL = "hunter2%3F%26%40%2F%3A%2520%C3%BC"


# ---- Names: without quotes they are in capitals, and so must all of ours be, however they are written.


def wrong_names(text: str) -> set[str]:
    """Names of a statement that Snowflake would not take for what we mean."""
    found = [
        name
        for tree in sqlglot.parse(text, dialect="snowflake")
        if tree is not None
        for name in tree.find_all(exp.Identifier)
    ]
    in_small_letters = {name.name for name in found if name.args.get("quoted") and PLAIN.fullmatch(name.name)}
    words = {name.name for name in found if not name.args.get("quoted") and name.name.lower() in RESERVED}
    return in_small_letters | words


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(variant, marks=[] if variant == "exact" else [pytest.mark.slow])
        for variant in every_plan.VARIANTS
    ],
)
def test_every_name_of_a_plan_is_in_capitals(variant: str, deep_statements) -> None:
    for file, text in script.script(every_plan.plan(variant), "snowflake")[1:]:
        assert not wrong_names(text), file


def test_words_of_the_language_are_quoted() -> None:
    assert wrong_names('select "a" from t') == {"a"}
    assert wrong_names("select 1 as rows") == {"rows"}
    text = script.dialects.translated(
        'select count(*) as rows, "order", "a b" from sqlmonitor.t', "snowflake"
    )
    assert text == 'SELECT COUNT(*) AS "ROWS", "ORDER", "a b" FROM sqlmonitor.t'


def test_a_name_of_the_project_file_is_the_one_in_capitals() -> None:
    assert names.matched("amount", ("amount", "AMOUNT"), "snowflake") == "AMOUNT"
    assert names.matched("amount", ("amount",), "snowflake") is None
    assert names.matched("Amount", ("Amount", "AMOUNT"), "snowflake") == "Amount"
    assert names.matched("amount", ("amount",), "postgres") == "amount"


def test_a_name_in_the_users_quotes_stays_as_it_is() -> None:
    relation = script.dialects.translated(
        exp.select("*").from_(names.relation('shop."scored"', "snowflake")), "snowflake"
    )
    assert relation == 'SELECT * FROM "SHOP"."scored"'
    monitor = small_world.MONITOR | {"predictions": "scored"}
    project = loads(json.dumps({"version": 1, "warehouse": "snowflake://a/d", "monitors": [monitor]}))
    columns = dict.fromkeys(("AMOUNT", "amount", "ID"), "FLOAT")
    source = SourceRows(project.monitors[0], "snowflake", types=Types(columns))
    for written, made in (('"amount"', '"PREDICTION"."amount"'), ("amount", '"PREDICTION"."AMOUNT"')):
        column = names.aggregate(f"sum({written})", "snowflake").find(exp.Column)
        assert column is not None
        assert script.dialects.translated(bound(source, "kpis[0].sql", column), "snowflake") == made


def test_times_with_decimals_are_two_levels(opened) -> None:
    """As DuckDB writes them."""
    warehouse = opened("snowflake")
    times = [datetime(2024, 2, 29), datetime(2024, 2, 29, 12, 30, 0, 500_000), datetime(2024, 2, 29, 12, 30)]
    table = pa.table(
        {"moment": pa.array(times, pa.timestamp("us")), "day": pa.array([time.date() for time in times])}
    )
    warehouse.load("moments", table)
    cast = "select cast(moments.{0} as varchar) as found from moments order by {0}"
    with warehouse.connect() as engine, duckdb.connect() as connection:
        connection.register("moments", table)
        for column in ("moment", "day"):
            tree = sqlglot.parse_one(cast.format(column), dialect="duckdb")
            expected = [text for (text,) in connection.execute(tree.sql("duckdb")).fetchall()]
            for node in tree.find_all(exp.Cast):
                script.dialects.of_kind(node, "time")
            assert engine.query(tree)["found"].tolist() == expected


# ---- The address.


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("snowflake://org-name", {"account": "org-name"}),
        ("snowflake://u@a.eu/D", {"user": "u", "account": "a.eu", "database": "D"}),
        (
            f"snowflake://u%40shop.com:{IN_URL}@a/%22my%20db%22/S?warehouse=W&role=R&login_timeout=5",
            {
                **{"user": "u@shop.com", "password": SECRET, "account": "a", "database": '"my db"', "schema": "S"},
                **{"warehouse": "W", "role": "R", "login_timeout": 5},
            },
        ),
        (
            "snowflake://u@a/d/s?authenticator=snowflake_jwt&private_key_file=/k.p8&client_session_keep_alive=true",
            {
                **{"user": "u", "account": "a", "database": "d", "schema": "s", "authenticator": "snowflake_jwt"},
                **{"private_key_file": "/k.p8", "client_session_keep_alive": True},
            },
        ),
        # A code of digits stays text.
        ("snowflake://?connection_name=prod&passcode=123456", {"connection_name": "prod", "passcode": "123456"}),
    ],
)  # fmt: skip
def test_a_url_is_what_the_driver_takes(url: str, expected: dict[str, Any]) -> None:
    assert parameters(url) == expected


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    url = f"snowflake://u:{IN_URL}@a/d/s?host=127.0.0.1&port=9&protocol=http&login_timeout=1&private_key_file_pwd={IN_URL}"
    with pytest.raises(UnreachableError, match="connection to Snowflake failed") as refused:
        engines.connect(url)
    assert "hunter2" not in str(refused.value)


# ---- Errors.

NUMBER = "01b0-4d3c: "
ERRORS: list[tuple[Exception, type[WarehouseError], str]] = [
    (ProgrammingError(msg="SQL access control error:\nInsufficient privileges to operate on schema 'S'", errno=3001), WarehouseError, "a right is missing"),
    (ProgrammingError(msg="SQL compilation error:\nObject 'T' does not exist or not authorized.", errno=2003), WarehouseError, "there is no such object, or a right is missing"),
    (ProgrammingError(msg="No active warehouse selected in the current session.", errno=606), WarehouseError, "no warehouse to reckon in"),
    (ProgrammingError(msg="Warehouse 'W' cannot be resumed because resource monitor 'R' has exceeded its quota.", errno=90073), WarehouseError, "cannot be started"),
    (ProgrammingError(msg="Cannot perform CREATE TABLE. This session does not have a current schema.", errno=90106), WarehouseError, "no current schema"),
    (ProgrammingError(msg="Statement reached its statement or warehouse timeout of 2 second(s) and was canceled.", errno=630), WarehouseError, "took too long"),
    (ProgrammingError(msg="SQL execution canceled", errno=604), WarehouseError, "was cancelled"),
    (ProgrammingError(msg="Statement '1' has locked table 'T' in transaction 2 and this lock has not yet been released.", errno=625), WarehouseError, "holds a lock"),
    (ProgrammingError(msg="Division by zero", errno=100051), WarehouseError, "divides by zero"),
    (ProgrammingError(msg="Invalid floating point operation: log(0)", errno=100132), WarehouseError, "no logarithm"),
    (ProgrammingError(msg="SQL compilation error: syntax error", errno=1003), WarehouseError, "syntax error"),
    (DatabaseError(msg="Failed to connect to DB: a.snowflakecomputing.com:443. Incorrect username or password was specified.", errno=250001), WarehouseError, "refused the user"),
    (OperationalError(msg="404 Not Found: post a.snowflakecomputing.com:443", errno=290404), WarehouseError, "no such account"),
    (OperationalError(msg="Failed to execute request", errno=250003), UnreachableError, "connection to Snowflake failed"),
    (OperationalError(msg="Could not connect to Snowflake backend after 2 attempt(s).", errno=250001), UnreachableError, "connection to Snowflake failed"),
    (OperationalError(msg="HTTP request failed after retries: query request. Connection refused", errno=4), UnreachableError, "connection to Snowflake failed"),
    (ProgrammingError(msg="Authentication token has expired.  The user must authenticate again.", errno=390114), UnreachableError, "ended by the server"),
    (FileNotFoundError(2, "No such file", "/k.p8"), WarehouseError, "the address cannot be used"),
    (ConnectionResetError("reset by peer"), UnreachableError, "connection to Snowflake failed"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "kind", "said"), ERRORS, ids=[said for _, _, said in ERRORS])
def test_an_error_says_what_it_means(error: Exception, kind: type[WarehouseError], said: str) -> None:
    found = explained(error, "snowflake://u:p@a")
    assert type(found) is kind
    assert said in found.message
    assert found.remedy
    assert "\n" not in found.message


# ---- Publishing.


class KilledError(Exception):
    """The process is gone."""


KEPT = {
    "store": "create table watched.kept (table_name varchar)",
    "filling": "insert into watched.kept (table_name) values ('kept_1')",
    "publication": "update watched.kept set table_name = 'kept_2'",
}


def seen(engine: engines.Engine) -> tuple[list[Any], ...]:
    """The little store without what names its kept counts."""
    results, runs, kept = every(engine)
    return results, runs, [name for name in kept if name != "kept"]


@pytest.fixture
def watched(opened) -> Warehouse:
    """The little store, with what names its kept counts."""
    warehouse: Warehouse = opened("snowflake")
    with warehouse.connect() as engine:
        publish(engine, f"{STORE};{KEPT['store']}")
        publish(engine, f"{FILLING};{KEPT['filling']}")
    return warehouse


# A quarter of the moments on most days; at the last two nothing is left to be killed.
MOMENTS = [
    pytest.param(last, marks=[] if last in (3, 8, 12, 13) else [pytest.mark.slow]) for last in range(16)
]


@pytest.mark.parametrize("last", MOMENTS)
def test_a_publication_killed_at_any_moment_is_none_or_whole(watched, monkeypatch, last: int) -> None:
    whole, count = Snowflake.execute_own, 0

    def mortal(engine: Snowflake, text: str) -> None:
        nonlocal count
        count += 1
        if count > last:
            raise KilledError
        whole(engine, text)

    with watched.connect() as engine, monkeypatch.context() as patched:
        patched.setattr(Snowflake, "execute_own", mortal)
        try:
            publish(engine, f"{PUBLICATION};{KEPT['publication']}")
        except KilledError:
            pass
        else:
            assert last >= 14
    monkeypatch.setattr(snowflake_publishing, "AGE", -1)
    monkeypatch.setattr(snowflake_publishing, "KEPT", re.compile(r"kept_\d"))
    with watched.connect() as engine:
        # Before anything is repaired, all rows are of before, or of after.
        assert seen(engine)[:2] in (BEFORE[:2], AFTER[:2])
        engine.finish_publication("watched")
        assert seen(engine) in (BEFORE, AFTER)
        assert (seen(engine) == AFTER) == (last >= 13)


def test_a_publication_that_knew_what_has_changed_is_refused(watched) -> None:
    with watched.connect() as one, watched.connect() as other:

        def overtaken() -> None:
            with one.transaction():
                assert one.first("select count(*) as rows from watched.results") == {"rows": 3}
                one.execute("delete from watched.results")
                publish(other, f"{PUBLICATION};{KEPT['publication']}")

        with pytest.raises(WarehouseError, match="conflict"):
            overtaken()
        assert seen(one) == AFTER


def test_an_error_inside_leaves_the_rows(watched) -> None:
    wrong = (
        "delete from watched.results; insert into watched.runs (monitor) select monitor from watched.nowhere"
    )
    with watched.connect() as engine:
        with pytest.raises(WarehouseError, match=r"(?i)nowhere"):
            publish(engine, wrong)
        assert seen(engine) == BEFORE
        # The transaction is over, too.
        engine.refuse_open_transaction()


def test_a_table_that_is_made_anew_keeps_its_place(watched) -> None:
    """Its old rows are there until the end; by their names, columns may stand in another order."""
    with watched.connect() as engine:
        publish(engine, "create table watched.kept_3 as select 1 as a, 'x' as b")
        with engine.transaction():
            engine.execute("drop table if exists watched.kept_3")
            engine.execute("create table watched.kept_3 as select 'y' as b, 2 as a")
            assert watched.run("select A, B from WATCHED.KEPT_3") == [(1, "x")]
        assert engine.query("select a, b from watched.kept_3").to_dict("records") == [{"a": 2, "b": "y"}]
        publish(engine, "drop table if exists watched.kept_3; create table watched.kept_3 as select 5 as c")
        assert engine.query("select * from watched.kept_3").to_dict("records") == [{"c": 5}]


@pytest.mark.parametrize("place", ["sqlmonitor", "SQLMONITOR", "My Store"])
def test_a_store_of_any_name_is_found_again(opened, place: str) -> None:
    """In capitals it is the same one."""
    with opened("snowflake").connect() as engine:
        with engine.transaction():
            for statement in store.creation(place):
                engine.execute(statement)
        assert store.version(engine, place) == store.VERSION
        store.check_place(engine, place)
        if place.isupper():
            assert store.version(engine, place.lower()) == store.VERSION


# ---- Runs.

WATCHED = small_world.MONITOR | {
    "features": {"numeric": ["amount"], "categorical": ["region"]},
    "metrics": {"drift": ["jensen_shannon"], "performance": ["f1"], "quality": [], "summary": ["mean"]},
    "segments": [],
    "kpis": [],
}


@pytest.fixture
def world(opened, tables) -> Iterator[Warehouse]:
    warehouse: Warehouse = opened("snowflake")
    for name, table in tables.items():
        warehouse.load(name, table)
    return warehouse


def run(engine: engines.Engine, url: str, progress: Any = None, **changes: Any) -> pd.DataFrame:
    made = loads(json.dumps({"version": 1, "warehouse": url, "monitors": [WATCHED | changes]}))
    frame = runner.run(made, made.monitors[0], engine, progress=progress)
    return frame.drop(columns=["run_id", "computed_at"])


def test_a_run_twice_on_an_open_connection(world, monkeypatch) -> None:
    texts: list[str] = []
    fetched = 0
    whole = Snowflake._fetched

    def listened(engine: Snowflake, text: str, most: int | None = None) -> Any:
        nonlocal fetched
        texts.append(text)
        found = whole(engine, text, most)
        fetched += len(found[1])
        return found

    monkeypatch.setattr(Snowflake, "_fetched", listened)
    with (
        snowflake.connector.connect(**parameters(world.url)) as connection,
        engines.adopt(connection) as engine,
    ):
        assert isinstance(engine, Snowflake)
        first = run(engine, world.url)
        # Rows stay there: what comes here are results, and a status for each statement.
        assert fetched <= len(first) + len(texts) + 300
        assert not set().union(
            *(wrong_names(text) for text in texts if not text.startswith(("alter session", "use")))
        )
        # A new schema is not left as the session's own, where its tables would be looked for.
        assert connection.schema == "PUBLIC"
        pd.testing.assert_frame_equal(run(engine, world.url), first)
        left = engine.query("select table_name from information_schema.tables where table_schema = 'public'")
        assert sorted(left["table_name"]) == ["outcomes", "scored"]


def test_an_open_transaction_is_refused(world) -> None:
    with snowflake.connector.connect(**parameters(world.url)) as connection:
        connection.cursor().execute("begin transaction")
        with pytest.raises(WarehouseError, match="open transaction"):
            engines.adopt(connection)


def test_a_table_of_the_users_is_not_dropped(world) -> None:
    world.run("create table SQLMONITOR_RESULTS as select 1 as mine")
    with world.connect() as engine:
        engine.drop("sqlmonitor_results")
        run(engine, world.url)
    assert world.run("select * from SQLMONITOR_RESULTS") == [(1,)]


def test_read_only_is_kept_by_us(world) -> None:
    with engines.connect(world.url, read_only=True) as engine:
        assert engine.first("select count(*) as rows from scored") is not None
        with pytest.raises(WarehouseError, match="read only"):
            engine.execute("create schema if not exists elsewhere")


def test_a_column_in_small_letters_is_left_out_with_what_to_do(world) -> None:
    world.run('create table WIDE as select *, AMOUNT as "small" from SCORED')
    with world.connect() as engine:
        with pytest.raises(ConfigurationError, match="'small' means SMALL: give the column another name"):
            run(engine, world.url, predictions="wide", features={"numeric": ["small"]})
        frame = run(
            engine,
            world.url,
            predictions={"sql": 'select *, "small" as SMALL_ONE from WIDE'},
            features={"numeric": ["small_one"]},
        )
    assert "small_one" in set(frame["column_name"])


@pytest.mark.slow
@pytest.mark.parametrize("is_first", [True, False])
def test_two_runs_at_once_leave_one_set_of_rows(world, is_first: bool) -> None:
    if not is_first:
        with world.connect() as engine:
            run(engine, world.url)
    failures: list[BaseException] = []
    together = threading.Barrier(2)

    def meet(title: str, *_: int) -> None:
        if title == "store results":
            together.wait(60)

    def one() -> None:
        try:
            with world.connect() as engine:
                run(engine, world.url, meet)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) <= 1
    assert all(isinstance(failure, StoreError) for failure in failures), failures
    with world.connect() as engine:
        assert engine.first("select count(*) as rows from sqlmonitor.monitors") == {"rows": 1}
        assert engine.first("select count(*) as rows from sqlmonitor.runs") == {
            "rows": 3 - is_first - len(failures)
        }
        doubled = "select 1 as one from sqlmonitor.results group by chunk, period, family, metric, column_name, component having count(*) > 1"
        assert engine.first(doubled) is None
        run(engine, world.url)
