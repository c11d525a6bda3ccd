"""What only a server can do to a run: refuse rights, end connections, cancel statements, wait for locks."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import psycopg
import pytest
import small_world
import sqlalchemy
from executed_engines import Warehouse
from psycopg.rows import dict_row

import sqlmonitor
from sqlmonitor import engines, runner
from sqlmonitor.cli import main
from sqlmonitor.definitions import loads
from sqlmonitor.errors import SqlmonitorError, UnsupportedError, WarehouseError

ROWS = 900
SECRET = "hunter2?&@/:%20ü"
IN_URL = "hunter2%3F%26%40%2F%3A%2520%C3%BC"


@pytest.fixture(scope="module")
def tables():
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as {small_world.rows(ROWS, 7)}")
        return {
            "scored": connection.table("scored").to_arrow_table(),
            "outcomes": connection.sql(small_world.OUTCOMES).to_arrow_table(),
        }


@pytest.fixture
def world(opened, tables) -> Warehouse:
    warehouse = opened("postgres")
    for name, table in tables.items():
        warehouse.load(name, table)
    return warehouse


def project(url: str, **changes: Any):
    monitor = small_world.MONITOR | changes
    return loads(json.dumps({"version": 1, "warehouse": url, "monitors": [monitor]}))


def run(engine: engines.Engine, url: str, progress: Any = None, **changes: Any) -> pd.DataFrame:
    made = project(url, **changes)
    frame = runner.run(made, made.monitors[0], engine, progress=progress)
    return frame.drop(columns=["run_id", "computed_at"])


def as_role(warehouse: Warehouse, name: str, *grants: str) -> str:
    """A URL for a new role with nothing but these rights."""
    role = f"{name}_{warehouse.url.partition('/test_')[2][:8]}"
    warehouse.run(f"create role {role} login")
    for grant in grants:
        warehouse.run(grant.format(role=role))
    return warehouse.url.replace("//postgres:", f"//{role}:")


SOURCES = "grant select on scored, outcomes to {role}"
STORE = "create schema sqlmonitor authorization {role}"
OUTCOMES = "grant select on outcomes to {role}"


def test_the_users_query_keeps_its_offset(world) -> None:
    """Ours have one of 0 where a value must be computed once, which once took the place of the user's."""
    query = (
        "select *, case when hour > 11 then 'late' else 'early' end as part, "
        "case when hour > 3 then amount end as paid from scored order by id offset 200"
    )
    world.run(f"create table cut as {query}")
    changes = {
        "task": "none", "model": None, "target": None, "segments": ["part"],
        "features": {"numeric": ["paid"], "categorical": ["part"]},
        "kpis": [{"name": "paid_by_row", "sql": "sum(paid) / count(*)"}],
    }  # fmt: skip
    with engines.connect(world.url) as engine:
        of_query, of_table = (
            run(engine, world.url, **changes, name=name, predictions=source)
            for name, source in (("query", {"sql": query}), ("table", "cut"))
        )
    beside = ["monitor", "fit_id"]
    pd.testing.assert_frame_equal(of_query.drop(columns=beside), of_table.drop(columns=beside), rtol=1e-12)
    counts = of_query[of_query["metric"].eq("row_count") & of_query["segment_value"].eq("")]
    assert counts["value"].sum() == ROWS - 200


def test_a_role_that_reads_the_sources_and_owns_the_store_is_enough(world) -> None:
    url = as_role(world, "watcher", SOURCES, STORE)
    with engines.connect(url) as engine:
        first = run(engine, url)
        pd.testing.assert_frame_equal(first, run(engine, url))
    objects = "select count(*) from pg_class as c join pg_namespace as n on n.oid = c.relnamespace join pg_roles as r on r.oid = c.relowner where r.rolname like 'watcher%' and n.nspname not in ('sqlmonitor', 'pg_toast')"
    assert world.run(objects) == [(0,)]


@pytest.mark.parametrize(
    ("grants", "said"),
    [
        ((OUTCOMES, STORE), "permission denied for table scored"),
        ((SOURCES,), "permission denied for database"),
        ((SOURCES, "create schema sqlmonitor"), "permission denied for schema sqlmonitor"),
    ],
    ids=["source", "database", "schema"],
)
def test_a_missing_right_is_named(world, grants, said) -> None:
    url = as_role(world, "poor", *grants)
    with engines.connect(url) as engine, pytest.raises(SqlmonitorError, match=said) as caught:
        run(engine, url)
    assert caught.value.exit_code == 2
    assert "right" in str(caught.value)


def test_the_right_to_temporary_tables_is_named(world) -> None:
    (database,) = world.run("select current_database()")[0]
    world.run(f"revoke temporary on database {database} from public")
    url = as_role(world, "lasting", SOURCES, STORE)
    with engines.connect(url) as engine, pytest.raises(WarehouseError, match="temporary"):
        run(engine, url)


def test_read_only_is_kept_by_the_server(world) -> None:
    with engines.connect(world.url, read_only=True) as engine:
        assert engine.first("select count(*) as rows from scored") == {"rows": ROWS}
        with pytest.raises(WarehouseError, match="read-only"):
            engine.execute("create schema if not exists elsewhere")


def test_a_store_whose_name_would_be_cut_is_refused(world) -> None:
    stored = {"version": 1, "warehouse": world.url, "store": "s" * 64, "monitors": [small_world.MONITOR]}
    long = loads(json.dumps(stored))
    with engines.connect(world.url) as engine, pytest.raises(WarehouseError, match="63 bytes") as caught:
        runner.run(long, long.monitors[0], engine)
    assert "store" in str(caught.value)


def test_the_digits_of_a_double_are_not_the_databases_affair(world) -> None:
    name = world.run("select current_database()")[0][0]
    world.run(f"alter database {name} set extra_float_digits = 0")
    sum_and_text = "select 0.1e0 + 0.2e0 as total, cast(0.1e0 + 0.2e0 as varchar) as written"
    with engines.connect(world.url) as engine:
        assert engine.first(sum_and_text) == {"total": 0.1 + 0.2, "written": "0.30000000000000004"}


STEPS = ["count numeric columns", "store results"]


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_connection_leaves_what_was_there(world, step) -> None:
    with engines.connect(world.url) as engine:
        before = run(engine, world.url)

    def kill(title: str, *_: int) -> None:
        if title == step:
            world.run(f"select pg_terminate_backend({engine.connection.info.backend_pid})")

    with engines.connect(world.url) as engine, pytest.raises(WarehouseError, match="whole or not at all"):
        run(engine, world.url, kill)
    with engines.connect(world.url) as engine:
        assert engine.first("select count(*) as rows from sqlmonitor.runs") == {"rows": 1}
        pd.testing.assert_frame_equal(before, run(engine, world.url))


@pytest.mark.slow
def test_a_statement_timeout_is_explained_and_repaired(world) -> None:
    with engines.connect(world.url) as engine:
        before = run(engine, world.url)
    world.run("alter table scored rename to scored_rows")
    world.run("create view scored as select * from scored_rows")
    (database,) = world.run("select current_database()")[0]
    world.run(f"alter database {database} set statement_timeout = '2s'")

    def slow(title: str, *_: int) -> None:
        if title == "count numeric columns":
            world.run(
                "create or replace view scored as select scored_rows.* from scored_rows, (select pg_sleep(9)) as pause"
            )

    with engines.connect(world.url) as engine, pytest.raises(WarehouseError, match="statement timeout"):
        run(engine, world.url, slow)
    world.run("create or replace view scored as select * from scored_rows")
    with engines.connect(world.url) as engine:
        pd.testing.assert_frame_equal(before, run(engine, world.url))


@pytest.mark.slow
def test_two_runs_at_once_leave_one_set_of_rows(world) -> None:
    with engines.connect(world.url) as engine:
        before = run(engine, world.url)
    failures: list[BaseException] = []
    together = threading.Barrier(2)

    def meet(title: str, *_: int) -> None:
        if title == "store results":
            together.wait(60)

    def one() -> None:
        try:
            with engines.connect(world.url) as engine:
                run(engine, world.url, meet)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The later of the two is refused, unless it had not begun when the first one published.
    assert len(failures) <= 1
    assert all("another run of monitor 'loans'" in str(failure) for failure in failures), failures
    with engines.connect(world.url) as engine:
        rows = engine.first("select count(*) as rows from sqlmonitor.results")
        assert rows == {"rows": len(before)}


def test_fetched_rows_do_not_grow_with_the_source(world, monkeypatch) -> None:
    fetched = 0

    def counted(method):
        def fetch(self, *given):
            nonlocal fetched
            rows = method(self, *given)
            fetched += len(rows)
            return rows

        return fetch

    for name in ("fetchall", "fetchmany"):
        monkeypatch.setattr(psycopg.Cursor, name, counted(getattr(psycopg.Cursor, name)))
    with engines.connect(world.url) as engine:
        results = run(engine, world.url)
    assert len(results) <= fetched <= len(results) + 200


def scans(world: Warehouse, **changes: Any) -> tuple[int, int]:
    """How often the server has begun to read the predictions from end to end in a run, and the rows it read."""
    counted = "select seq_scan, seq_tup_read from pg_stat_user_tables where relname = 'scored'"
    (before,) = world.run(counted)
    with engines.connect(world.url) as engine:
        run(engine, world.url, **changes)
        engine.execute_own("select pg_stat_force_next_flush()")
    (after,) = world.run(counted)
    return after[0] - before[0], after[1] - before[1]


def test_source_scans_do_not_grow_with_columns(world) -> None:
    """By the server's counters; on every engine by its plans: test_scans.py."""
    few = scans(world, features={"numeric": ["amount"], "categorical": ["region"]})
    # Features that are added to counted ones are read beside them; this is of first runs.
    world.run("drop schema sqlmonitor cascade")
    many = scans(
        world, features={"numeric": ["amount", "hour", "score"], "categorical": ["region", "vehicle"]}
    )
    assert few == many == (6, 6 * ROWS)


@pytest.mark.parametrize(
    ("uses", "is_once"), [("quotient, quotient + 1 as more", True), ("quotient + 1 as more", False)]
)
def test_quotients_that_are_used_again_are_computed_once(world, uses: str, is_once: bool) -> None:
    select = f"with divided as (select hour // 5 as quotient from scored) select {uses} from divided"
    with engines.connect(world.url) as engine:
        plan = engine.connection.execute(f"explain {engine._translated(select)}".encode()).fetchall()
        found = engine.query(f"select sum(more) as total from ({select}) as numbers")
    assert any("CTE Scan" in line for (line,) in plan) == is_once
    hours = [number % 24 for number in range(ROWS)]
    assert found["total"].tolist() == [sum(hour // 5 + 1 for hour in hours)]


@pytest.mark.parametrize("flags", [[], pytest.param(["-v"], marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:port/db",
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in ("127.0.0.1:1/db", "no host at all/db", "[::1/db")
        ),
    ],
)
def test_a_password_is_never_shown(tmp_path: Path, monkeypatch, capfd, caplog, flags, address) -> None:
    monkeypatch.setenv("WAREHOUSE_PASSWORD", IN_URL)
    url = f"postgresql+psycopg://user:${{WAREHOUSE_PASSWORD}}@{address}?connect_timeout=2"
    file = tmp_path / "sqlmonitor.yml"
    file.write_text(json.dumps({"version": 1, "warehouse": url, "monitors": [small_world.MONITOR]}))
    for command, code in (("run", 2), ("validate", 2), ("compile", 0)):
        with pytest.raises(SystemExit) as caught:
            main([command, "-c", str(file), *flags])
        assert (caught.value.code or 0) == code
        said = "".join(capfd.readouterr()) + caplog.text
        assert said
        for secret in ("hunter2", SECRET, IN_URL):
            assert secret not in said


def test_a_missing_driver_names_the_extra(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in ("sqlmonitor.engines.postgres", "sqlmonitor.engines.postgres_errors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(UnsupportedError, match=r"sqlmonitor\[postgres\]"):
        engines.connect("postgresql://user@127.0.0.1/db")


def test_open_connections_are_taken(world) -> None:
    count = "select count(*) as rows from scored"
    with psycopg.connect(world.url, row_factory=dict_row) as connection:
        assert sqlmonitor.connect(connection).first(count) == {"rows": ROWS}
    made = sqlalchemy.create_engine(world.url.replace("postgresql:", "postgresql+psycopg:"))
    with sqlmonitor.connect(made) as engine:
        assert engine.first(count) == {"rows": ROWS}
    made.dispose()
    with psycopg.connect(world.url) as connection:
        connection.execute("select 1")
        with pytest.raises(WarehouseError, match="open transaction"):
            sqlmonitor.connect(connection)
    with pytest.raises(UnsupportedError, match="dict"):
        sqlmonitor.connect({})


def test_a_table_the_server_does_not_have_is_named(world) -> None:
    with engines.connect(world.url) as engine, pytest.raises(SqlmonitorError, match="nowhere"):
        run(engine, world.url, predictions="nowhere")
