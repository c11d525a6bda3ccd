"""Killed runs, runs beside each other, and stores of other versions."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from incremental.flights import DOUBLED, Flights, ordered, same

from sqlmonitor import runner, store
from sqlmonitor.definitions import loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import ConfigurationError, SqlmonitorError, StoreError

LEAN = {
    "features": {"numeric": ["temp"]},
    "metrics": {"drift": ["jensen_shannon"], "performance": ["f1"], "quality": [], "summary": ["row_count"]},
    "kpis": [],
}


class KilledError(Exception):
    """What ends a run."""


def kill_at(monkeypatch: pytest.MonkeyPatch, number: int) -> list[str]:
    """Lets a run die before a statement; gives the statements it got to."""
    texts: list[str] = []
    whole = DuckDB.execute

    def execute(engine: DuckDB, sql: str) -> None:
        texts.append(sql)
        if len(texts) == number:
            raise KilledError(sql)
        whole(engine, sql)

    monkeypatch.setattr(DuckDB, "execute", execute)
    return texts


def check_kills(monkeypatch: pytest.MonkeyPatch, stride: int) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN
    world.arrive(date(2013, 3, 12))
    world.run()
    world.arrive(date(2013, 3, 20))
    tables = "select table_name from information_schema.tables where table_schema = 'sqlmonitor' order by 1"
    before = world.connection.execute(tables).fetchall()
    known = world.as_of(datetime(2014, 1, 1))
    truth = world.full()
    number = 1
    while True:
        with monkeypatch.context() as patched:
            texts = kill_at(patched, number)
            with contextlib.suppress(KilledError):
                world.run()
        if "commit" in texts[: number - 1]:
            break
        assert world.connection.execute(tables).fetchall() == before
        same(world.as_of(datetime(2014, 1, 1)), known)
        number += stride
    assert number > 60
    same(world.as_of(datetime(2014, 1, 1)), truth)
    same(world.run(), truth)
    assert world.engine.first(DOUBLED) is None


def test_a_killed_run_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    check_kills(monkeypatch, stride=9)


@pytest.mark.slow
def test_a_run_killed_at_every_statement_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    check_kills(monkeypatch, stride=1)


@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("is_first", [True, False])
def test_runs_beside_each_other(monkeypatch: pytest.MonkeyPatch, count: int, is_first: bool) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN
    world.arrive(date(2013, 3, 12))
    if not is_first:
        world.run()
        world.arrive(date(2013, 3, 20))
    outcomes: list[Any] = []

    def work(engine: DuckDB) -> None:
        try:
            outcomes.append(ordered(runner.run(*world.definition(), engine)))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work, args=(DuckDB(world.connection.cursor()),)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results = [one for one in outcomes if isinstance(one, pd.DataFrame)]
    refused = [one for one in outcomes if not isinstance(one, pd.DataFrame)]
    assert results
    assert len(outcomes) == count
    for one in refused:
        assert isinstance(one, StoreError), one
        assert "stored nothing" in one.message
    for one in results:
        # Threads of one process share DuckDB's number of threads, so doubles may be added in another order.
        pd.testing.assert_frame_equal(one, world.full(), rtol=1e-12)
    assert world.engine.first(DOUBLED) is None
    runs = world.engine.first("select count(*) as runs from sqlmonitor.runs")
    assert runs == {"runs": len(results) + (not is_first)}


def test_a_run_that_was_overtaken_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN
    world.arrive(date(2013, 3, 12))
    world.run()
    world.arrive(date(2013, 3, 20))
    whole = runner.execute
    other = DuckDB(world.connection.cursor())

    def overtaken(*given: Any) -> None:
        whole(*given)
        with monkeypatch.context() as patched:
            patched.setattr(runner, "execute", whole)
            runner.run(*world.definition(), other)

    monkeypatch.setattr(runner, "execute", overtaken)
    with pytest.raises(StoreError, match="stored nothing"):
        world.run()


PROCESS = """
import json, sys
from sqlmonitor.cli import main
main(["run", "-c", sys.argv[1]])
"""


@pytest.mark.slow
def test_processes_beside_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN
    world.arrive(date(2013, 3, 12))
    file = tmp_path / "flights.duckdb"
    world.connection.execute(f"attach '{file}' as copy")
    for table in ("scored", "outcomes"):
        world.connection.execute(f"create table copy.{table} as select * from {table}")
    world.connection.execute("detach copy")
    project = tmp_path / "sqlmonitor.yml"
    project.write_text(
        json.dumps({"version": 1, "warehouse": "duckdb:///flights.duckdb", "monitors": [world.monitor]})
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(project)], stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    said = [one.communicate()[1].decode() for one in runs]
    codes = [one.returncode for one in runs]
    assert 0 in codes, said
    assert set(codes) <= {0, 2}, said
    for code, text in zip(codes, said, strict=True):
        assert code == 0 or "locked by another process" in text
    with duckdb.connect(str(file)) as connection:
        stored = DuckDB(connection)
        assert stored.first(DOUBLED) is None
        same(ordered(store.read_results(stored, "sqlmonitor", "late_flights")), world.full())


def as_version_1(world: Flights) -> None:
    """Makes the store what sqlmonitor 0.1 left."""
    for (table,) in world.connection.execute(
        "select table_name from information_schema.tables where table_schema = 'sqlmonitor' and table_type = 'BASE TABLE'"
    ).fetchall():
        if table.startswith("kept") or table in ("monitors", "store_version", "results_history"):
            world.connection.execute(f"drop table sqlmonitor.{table}")
    for column in ("recounted_chunks", "recounted_rows", "reading"):
        world.connection.execute(f"alter table sqlmonitor.runs drop column {column}")


def test_a_store_of_version_1_is_migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN
    world.arrive(date(2013, 3, 12))
    before = world.run()
    first = world.now
    as_version_1(world)
    # It can be read as it is.
    same(ordered(store.read_results(world.engine, "sqlmonitor", "late_flights")), before)
    with pytest.raises(StoreError, match="as of"):
        world.as_of(first)
    world.arrive(date(2013, 3, 13))
    # A migration that dies leaves the old store.
    with monkeypatch.context() as patched:
        kill_at(patched, 5)
        with pytest.raises(KilledError):
            world.run()
    assert store.version(world.engine, "sqlmonitor") == 1
    same(world.run(), world.full())
    assert store.version(world.engine, "sqlmonitor") == store.VERSION
    same(world.as_of(first), before)
    assert world.last_run()["recounted_chunks"] > 5
    world.run()
    assert world.last_run()["recounted_chunks"] == 2
    runs = world.connection.execute("select count(*), count(reading) from sqlmonitor.runs").fetchall()
    assert runs == [(3, 2)]


def test_a_store_of_a_newer_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN
    world.arrive(date(2013, 3, 12))
    world.run()
    world.connection.execute("update sqlmonitor.store_version set version = 99")
    for ask in (world.run, lambda: store.read_results(world.engine, "sqlmonitor", "late_flights")):
        with pytest.raises(StoreError, match="the store 'sqlmonitor' has version 99") as refused:
            ask()
        assert "install the sqlmonitor that wrote it" in str(refused.value)


@pytest.mark.parametrize("value", ["2 days", -1, 1.5, True])
def test_a_lookback_that_is_none_is_refused_with_its_line(value: Any) -> None:
    text = 'version: 1\nwarehouse: "duckdb://"\nmonitors:\n  - name: one\n    task: none\n    predictions: scored\n'
    text += '    id: id\n    timestamp: at\n    reference: "true"\n    chunks: day\n'
    with pytest.raises(ConfigurationError) as refused:
        loads(text + f"    lookback: {json.dumps(value)}\n")
    assert refused.value.line == 11
    assert refused.value.key == "monitors[0].lookback"


def test_a_time_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN | {"chunks": {"size": 500}}
    world.arrive(date(2013, 3, 12))
    with pytest.raises(ConfigurationError, match="cannot be read again by time"):
        world.run(since=datetime(2013, 3, 1))


def test_kept_tables_that_are_gone_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN
    world.arrive(date(2013, 3, 12))
    before = world.run()
    names = world.connection.execute("select distinct table_name from sqlmonitor.kept").fetchall()
    assert len(names) == 5
    for (name,) in names:
        world.connection.execute(f"drop table sqlmonitor.{name}")
        same(world.run(), before)


def test_a_full_disk_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN
    world.arrive(date(2013, 3, 12))
    before = world.run()
    whole = DuckDB.execute

    def execute(engine: DuckDB, sql: str) -> None:
        if sql == "commit":
            from sqlmonitor.errors import WarehouseError

            raise WarehouseError("No space left on device")
        whole(engine, sql)

    with monkeypatch.context() as patched:
        patched.setattr(DuckDB, "execute", execute)
        with pytest.raises(SqlmonitorError, match="No space left"):
            world.run()
    same(world.as_of(world.now), before)
