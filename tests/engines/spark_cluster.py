"""Apache Spark as a real cluster on this machine: a master, two workers, and a Spark Connect server as the driver.

Needs Java 17 and all of pyspark in an environment of its own (the client that the tests use is another package of
the same name)::

    python -m venv spark && spark/bin/pip install 'pyspark==4.2.*'
    SPARK_HOME=$(spark/bin/python -c 'import pyspark; print(pyspark.__path__[0])') \\
        python tests/engines/spark_cluster.py flights car_loan

runs these monitors of ``engine_monitors`` there, and compares every stored row with DuckDB's; ``scans`` counts what
a first run reads. The first answer comes after about half a minute.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from executed_engines import SparkWarehouse

PATIENCE = 120.0
"""Seconds for each of the servers to come up."""
SETTINGS = {
    # A handful of rows for each step: hundreds of tasks for them would be all of the time.
    "spark.sql.shuffle.partitions": "4",
    "spark.default.parallelism": "4",
    "spark.ui.enabled": "false",
    "spark.executor.memory": "1g",
    "spark.driver.memory": "1g",
    "spark.executor.cores": "1",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what: str, is_there: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not is_there():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{what} did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.2)


@contextmanager
def cluster(home: Path, folder: Path, workers: int = 2) -> Iterator[str]:
    """Starts all servers and ends them.

    Args:
        home: of Spark: the folder of the pyspark package, or of a release.
        folder: for logs, rows and the warehouse.
        workers: how many, of one core each.

    Yields:
        The URL of its Spark Connect server.
    """
    started: list[subprocess.Popen[bytes]] = []
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_WORKER_DIR": str(folder / "work"),
    }

    def start(name: str, *command: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = folder / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(home / "bin" / command[0]), *command[1:]],
                stdout=out,
                stderr=out,
                cwd=folder,
                env=environment,
            )
        started.append(process)
        return process, log

    master, page, connect = free_port(), free_port(), free_port()
    try:
        place = ("--host", "127.0.0.1", "--port", str(master), "--webui-port", str(page))
        process, log = start("master", "spark-class", "org.apache.spark.deploy.master.Master", *place)
        wait_for("the master", lambda: answers(page), process, log)
        for number in range(workers):
            process, log = start(
                f"worker_{number}", "spark-class", "org.apache.spark.deploy.worker.Worker",
                "--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", str(free_port()),
                f"spark://127.0.0.1:{master}",
            )  # fmt: skip

        def are_there() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{page}/json/") as answer:
                    return answer.read().decode().count('"ALIVE"') > workers
            except urllib.error.URLError:
                # Its port answers before it has pages.
                return False

        wait_for("the workers", are_there, process, log)
        settings = SETTINGS | {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(connect),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
        }
        process, log = start(
            "connect", "spark-submit", "--master", f"spark://127.0.0.1:{master}",
            *(part for name, value in settings.items() for part in ("--conf", f"{name}={value}")),
            "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
        )  # fmt: skip
        wait_for("the Spark Connect server", lambda: answers(connect), process, log)
        yield f"sc://127.0.0.1:{connect}"
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def warehouse_on(url: str, folder: Path) -> Iterator[SparkWarehouse]:
    """An empty warehouse, emptied in the end: the catalog is all sessions'."""
    from executed_engines import SparkWarehouse, backquoted

    warehouse = SparkWarehouse(url, Path(tempfile.mkdtemp(dir=folder)))
    try:
        yield warehouse
    finally:
        warehouse.session.sql("drop schema if exists sqlmonitor cascade")
        for table in warehouse.places:
            warehouse.session.sql(f"drop table if exists {backquoted(table)}")
        warehouse.session.stop()


def count_scans(url: str, folder: Path) -> None:
    from test_scans import COUNTS, check_scans, first_run

    found = []
    for count in COUNTS:
        with warehouse_on(url, folder) as warehouse:
            found.append(first_run(warehouse, "apache_spark", count))
    check_scans(*found)
    print(f"scans: {found[-1]}, as on every engine")


def main(cases: list[str]) -> None:
    from executed_engines import DuckDBWarehouse
    from test_matrix import compared, stored

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin = time.monotonic()
        with cluster(Path(os.environ["SPARK_HOME"]), folder) as url:
            print(f"cluster up after {time.monotonic() - begin:.1f} s: {url}")
            for case in cases:
                if case == "scans":
                    count_scans(url, folder)
                    continue
                expected = stored(DuckDBWarehouse(Path(tempfile.mkdtemp(dir=folder))), case)
                begin = time.monotonic()
                with warehouse_on(url, folder) as warehouse:
                    found = stored(warehouse, case)
                seconds = time.monotonic() - begin
                wrong = compared(expected, found, "spark")
                print(
                    f"{case}: {len(found['results'])} results in {seconds:.1f} s, {wrong or 'as on DuckDB'}"
                )
                if wrong:
                    sys.exit(1)


if __name__ == "__main__":
    tests = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(tests), str(tests / "engines"), str(tests.parent)]
    main(sys.argv[1:] or ["flights"])
