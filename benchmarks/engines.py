"""Measures a first run of the benchmark's monitor on every engine that tests run on, next to a scan by hand.

    python benchmarks/engines.py --rows 1000000
    SPARK_HOME=… python benchmarks/engines.py --rows 10000000 --only spark_cluster

Wall seconds, as servers work in processes of their own. Each engine is in a process of its own too. The scan is
the count and the sums of the 14 numeric columns in the engine's own words: the best of three. The source is
read by statements of the plan, and by the checks of the data before it; both are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import run as benchmark

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "engines")]

SCAN = f"select count(*), {', '.join(f'sum({name})' for name in [*benchmark.NUMERIC, *benchmark.OTHERS])} from credit"


def load_duckdb(warehouse: Any, file: Path) -> None:
    warehouse.run(f"create table credit as from '{file}'")


def load_postgres(warehouse: Any, file: Path) -> None:
    import duckdb
    import psycopg
    from executed_engines import POSTGRES_TYPES

    schema = duckdb.sql(f"from '{file}' limit 0").to_arrow_table().schema
    listed = ", ".join(
        f"{field.name} {next(kind for fits, kind in POSTGRES_TYPES if fits(field.type))}" for field in schema
    )
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "credit.csv"
        duckdb.sql(f"copy (from '{file}') to '{written}' (format csv, header false)")
        with psycopg.connect(warehouse.url, autocommit=True) as connection, written.open("rb") as csv:
            connection.execute(f"create table credit ({listed})".encode())
            with connection.cursor().copy(b"copy credit from stdin (format csv)") as copy:
                while block := csv.read(1 << 20):
                    copy.write(block)
            connection.execute(b"vacuum analyze credit")


def load_clickhouse(warehouse: Any, file: Path) -> None:
    with warehouse.client() as client:
        client.command(
            f"create table credit engine = MergeTree order by tuple() as select * from file('{file}', Parquet)"
        )


def load_spark(warehouse: Any, file: Path) -> None:
    place = warehouse.folder / "credit"
    place.mkdir()
    shutil.copy(file, place)
    warehouse.session.sql(f"create table credit using parquet location '{place}'")


def load_datafusion(warehouse: Any, file: Path) -> None:
    shutil.copy(file, warehouse.folder / "credit.parquet")


LOADERS: dict[str, Callable[[Any, Path], None]] = {
    "duckdb": load_duckdb,
    "postgres": load_postgres,
    "clickhouse": load_clickhouse,
    "spark": load_spark,
    "spark_cluster": load_spark,
    "datafusion": load_datafusion,
}
TITLES = {
    "duckdb": "DuckDB 2",
    "postgres": "PostgreSQL 18",
    "clickhouse": "ClickHouse (chDB)",
    "spark": "Spark SQL (Sail)",
    "spark_cluster": "Apache Spark 4.2, master and two workers",
    "datafusion": "DataFusion 55, a folder of Parquet",
}


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Any]:
    """A fresh warehouse of an engine."""
    from executed_engines import ENGINES, SparkWarehouse

    if name != "spark_cluster":
        with ENGINES[name](folder) as make:
            yield make()
        return
    from spark_cluster import cluster

    with cluster(Path(os.environ["SPARK_HOME"]), folder) as url:
        warehouse = SparkWarehouse(url, Path(tempfile.mkdtemp(dir=folder)))
        yield warehouse
        warehouse.session.stop()


def seconds(work: Callable[[], Any]) -> float:
    """Wall seconds of a call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(name: str, file: Path) -> dict[str, Any]:
    """One engine: the scan by hand, a first run, and the next one."""
    from sqlmonitor import planner, runner, validation
    from sqlmonitor.definitions import loads

    with tempfile.TemporaryDirectory() as temporary, opened(name, Path(temporary)) as warehouse:
        LOADERS[name](warehouse, file)
        scan = min(seconds(lambda: warehouse.run(SCAN)) for _ in range(3))
        with warehouse.connect() as engine:
            project = loads(benchmark.DEFINITION.replace("duckdb://", warehouse.url))
            monitor = project.monitors[0]
            types = validation.check_sources(project, monitor, engine, reads_rows=False)
            plan = planner.plan(project, monitor, types=types)
            results = 0

            def work() -> None:
                nonlocal results
                results = len(runner.run(project, monitor, engine))

            first, second = seconds(work), seconds(work)
        if name.startswith("spark"):
            warehouse.session.sql("drop schema if exists sqlmonitor cascade")
            warehouse.session.sql("drop table credit")
    return {
        "scan": scan,
        "first": first,
        "second": second,
        "statements": sum(step.reads_source for step in plan.steps),
        "results": results,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="+", choices=list(TITLES))
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "benchmarks")
    parser.add_argument("--measure", nargs=2, metavar=("ENGINE", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure[0], Path(options.measure[1]))))
        return
    file = options.data / f"credit_{options.rows}.parquet"
    chosen = options.only or [
        name for name in TITLES if name != "spark_cluster" or "SPARK_HOME" in os.environ
    ]
    print(f"### {options.rows:,} rows\n")
    print("| engine | scan by hand, s | first run, s | × scan | next run, s | statements over the source |")
    print("|---|--:|--:|--:|--:|--:|", flush=True)
    for name in chosen:
        command = [sys.executable, str(Path(__file__).resolve()), "--measure", name, str(file)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {TITLES[name]} | {found['scan']:.2f} | {found['first']:.1f} | {found['first'] / found['scan']:.0f} "
            f"| {found['second']:.1f} | {found['statements']} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
