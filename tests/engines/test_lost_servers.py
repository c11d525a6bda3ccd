"""What the command line does when ClickHouse, Spark or Snowflake stops, is stuck or has no room, and the run after that.

Between the run and the server is a gate, which is shut in the middle of the run.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import clickhouse_http
import pandas as pd
import pyarrow.parquet as pq
import pytest
from gate import HOST, Gate
from shop import LEAN, ROWS, Shop

from sqlmonitor import engines
from sqlmonitor.cli import attempts
from sqlmonitor.engines import publication, spark
from sqlmonitor.engines.clickhouse import ClickHouse
from sqlmonitor.engines.engine import Engine
from sqlmonitor.engines.publication import JOURNAL
from sqlmonitor.engines.snowflake import Snowflake
from sqlmonitor.engines.spark import Spark

SERVER = Path(clickhouse_http.__file__)


class Far(Shop):
    """A shop whose warehouse is behind a gate."""

    gate: Gate
    engine: type[Any]

    def shut_at(
        self, monkeypatch: pytest.MonkeyPatch, method: str, is_it: Callable[..., bool], pause: float | None
    ) -> list[float]:
        """Shuts the gate when the engine begins something, and opens it after a pause, if there is one."""
        whole = getattr(self.engine, method)
        found: list[float] = []

        def watched(engine: Engine, *given: Any) -> None:
            if not found and is_it(*given):
                found.append(time.monotonic())
                self.gate.shut()
                if pause is not None:
                    threading.Timer(pause, self.gate.open).start()
            whole(engine, *given)

        monkeypatch.setattr(self.engine, method, watched)
        return found


@pytest.fixture(params=["clickhouse", "spark", "snowflake"])
def shop(request, opened, tables, tmp_path, capsys, monkeypatch) -> Iterator[Far]:
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 1.0)
    monkeypatch.setattr(attempts, "REMINDER", 1.0)
    monkeypatch.setattr(publication, "PATIENCE", 0)
    world = opened(request.param)
    for name, table in tables.items():
        world.load(name, table)
    made = Far(world, tmp_path, capsys, LEAN)
    if request.param == "clickhouse":
        server = clickhouse_http.Server(str(world.folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.engine, made.gate = ClickHouse, Gate(server.server_port)
        made.url = f"clickhousedb://default@{HOST}:{made.gate.port}/{world.name}"
    elif request.param == "snowflake":
        made.engine, made.gate = Snowflake, Gate(world.port)
        made.url = world.url.replace(f"port={world.port}&", f"port={made.gate.port}&")
    else:
        # Sail's catalog is of one session, which is the same one behind the gate, and is left open.
        made.engine, made.gate = Spark, Gate(int(world.url.rpartition(":")[2]))
        made.url = f"sc://{HOST}:{made.gate.port}/;session_id={world.session.session_id}"
        monkeypatch.setattr(spark, "_remote", left_open(spark._remote))
        monkeypatch.setattr(spark, "RETRIES", 1)
    yield made
    made.gate.shut()
    if request.param == "clickhouse":
        server.shutdown()
        server.server_close()


def left_open(opening: Callable[[str], Any]) -> Callable[[str], Any]:
    """Opens sessions that go on in the server when their client is closed."""

    def opened(url: str) -> Any:
        session = opening(url)
        session.release_session_on_close = False
        return session

    return opened


def is_a_journal(text: str) -> bool:
    """Also what Snowflake's publications lock, which has the journal's name."""
    return text.casefold().startswith("create table") and JOURNAL in text.casefold()


@pytest.mark.slow
# Snowflake's driver cancels lost statements in threads of its own, whose errors nobody takes.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_stops_and_comes_back(shop: Far, monkeypatch) -> None:
    assert shop.run()[0] == 0
    before = shop.results()
    with monkeypatch.context() as patched:
        found = shop.shut_at(patched, "materialize", lambda *_: True, None)
        code, line = shop.run()
    assert found
    assert (code, line["error"]["kind"]) == (2, "UnreachableError")
    assert "connection to" in line["error"]["message"]
    assert "refused" in line["error"]["message"]
    assert "Traceback" not in shop.said
    shop.gate.open()
    assert shop.runs() == 1
    with monkeypatch.context() as patched:
        found = shop.shut_at(patched, "execute_own", is_a_journal, 0.2)
        code, line = shop.run("--retries", "4")
    assert found
    assert (code, line["outcome"]) == (0, "complete")
    pd.testing.assert_frame_equal(shop.results(), before, rtol=1e-12)


@pytest.mark.slow
# A signal that comes while something is cleaned up is swallowed, and comes again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_is_stuck(shop: Far, monkeypatch) -> None:
    assert shop.run()[0] == 0
    before = shop.results()
    with monkeypatch.context() as patched:
        patched.setattr(
            shop.engine, "materialize", lambda engine, *_: shop.gate.hold() or engine.first("select 1 as one")
        )
        begin = time.monotonic()
        code, line = shop.run("--timeout", "3")
    assert time.monotonic() - begin < 20
    assert (code, line["error"]["kind"]) == (2, "TimeUpError")
    shop.gate.passing.set()
    assert shop.run()[0] == 0
    pd.testing.assert_frame_equal(shop.results(), before, rtol=1e-12)


@pytest.mark.slow
def test_a_statement_takes_longer_than_clickhouse_lets_it(opened, tables, tmp_path, capsys) -> None:
    world = opened("clickhouse")
    for name, table in tables.items():
        world.load(name, table)
    world.run("rename table scored to scored_rows")
    world.run("create view scored as select * from scored_rows where sleepEachRow(0.004) = 0")
    shop = Shop(world, tmp_path, capsys, LEAN)
    shop.more = {"settings": {"max_execution_time": 1}}
    code, line = shop.run("--retries", "3")
    assert (code, line["error"]["kind"]) == (2, "WarehouseError")
    assert "a statement took too long" in line["error"]["message"]
    assert "max_execution_time" in line["error"]["remedy"]
    world.run("create or replace view scored as select * from scored_rows")
    shop.more = {}
    assert shop.run()[0] == 0
    found = shop.results()
    assert found.loc[found["metric"] == "row_count", "value"].sum() == ROWS


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, which is soon full."""
    folder = tmp_path / "small_disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, text=True, check=False)  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def clickhouse(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own."""
    process = subprocess.Popen([sys.executable, str(SERVER), str(folder), str(port)])
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection((HOST, port)):
                break
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def fill(folder: Path) -> Path:
    """A file that leaves no room."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    return file


@pytest.mark.slow
def test_a_full_disk_of_spark(opened, tables, tmp_path, capsys, small_disk, monkeypatch) -> None:
    world = opened("spark")
    for name, table in tables.items():
        world.load(name, table)
    world.session.conf.set("spark.sql.warehouse.dir", str(small_disk / "warehouse"))
    monkeypatch.setattr(spark, "_remote", left_open(spark._remote))
    shop = Shop(world, tmp_path, capsys, LEAN, f"{world.url}/;session_id={world.session.session_id}")
    assert shop.run()[0] == 0
    before = shop.results()
    filler = fill(small_disk)
    code, line = shop.run()
    assert (code, line["error"]["kind"]) == (2, "WarehouseError")
    assert "the warehouse's disk is full" in line["error"]["message"]
    assert "Traceback" not in shop.said
    pd.testing.assert_frame_equal(shop.results(), before)
    filler.unlink()
    assert shop.run()[0] == 0
    pd.testing.assert_frame_equal(shop.results(), before, rtol=1e-12)


class FarClickHouse:
    """A warehouse on a server in another process, as a shop asks it."""

    def __init__(self, port: int) -> None:
        self.url = f"clickhousedb://default@{HOST}:{port}/default?send_receive_timeout=20"

    def connect(self) -> Engine:
        return engines.connect(self.url)

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        with ClickHouse.open(self.url) as engine:
            return engine.rows(sql)


@pytest.mark.slow
def test_a_killed_server_and_a_full_disk_of_clickhouse(
    tables, tmp_path, capsys, small_disk, monkeypatch
) -> None:
    monkeypatch.setattr(publication, "PATIENCE", 0)
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    world: Any = FarClickHouse(port)
    shop = Shop(world, tmp_path, capsys, LEAN)
    with clickhouse(small_disk, port) as process:
        for name, table in tables.items():
            pq.write_table(table, tmp_path / f"{name}.parquet")
            with ClickHouse.open(world.url) as engine:
                rows = f"select * from file('{tmp_path}/{name}.parquet', Parquet)"
                engine.execute_own(f"create table {name} engine = MergeTree order by () as {rows}")
        assert shop.run()[0] == 0
        before = shop.results()
        filler = fill(small_disk)
        code, line = shop.run()
        assert (code, line["error"]["kind"]) == (2, "WarehouseError")
        assert "the server's disk is full" in line["error"]["message"]
        filler.unlink()
        pd.testing.assert_frame_equal(shop.results(), before)

        def kill(engine: Engine, *_: Any) -> None:
            process.kill()
            process.wait()
            engine.first("select 1 as one")

        with monkeypatch.context() as patched:
            patched.setattr(ClickHouse, "materialize", kill)
            code, line = shop.run()
        assert (code, line["error"]["kind"]) == (2, "UnreachableError")
    with clickhouse(small_disk, port):
        pd.testing.assert_frame_equal(shop.results(), before)
        assert shop.run()[0] == 0
        pd.testing.assert_frame_equal(shop.results(), before, rtol=1e-12)
