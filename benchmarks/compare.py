"""Measures what `sqlmonitor compare` costs on two Parquet files, next to a plain scan of both.

CPU seconds are user + system time of the work itself, without imports. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from run import CATEGORICAL, NUMERIC, OTHERS, THREADS, cpu_seconds, in_own_process, timed

HERE = Path(__file__).resolve().parent


def measure_scan(files: list[str], columns: list[str] = [*NUMERIC, *OTHERS]) -> dict[str, Any]:  # noqa: B006
    """A count and the sums of numeric columns of both files: once to warm up, then the least of five."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set threads = {THREADS}")
    sums = ", ".join(f"sum({name})" for name in columns)

    def work() -> None:
        for file in files:
            connection.execute(f"select count(*), {sums} from '{file}'").fetchall()

    work()
    return min((timed(work) for _ in range(5)), key=lambda run: run["cpu"])


def measure_narrow_scan(files: list[str]) -> dict[str, Any]:
    """The same of those numeric columns alone that are compared."""
    return measure_scan(files, NUMERIC)


def measure_compare(files: list[str]) -> dict[str, Any]:
    """One comparison of the 15 features, with the CPU seconds of each step."""
    import duckdb
    import pandas  # noqa: F401 - imported here, so that its import is no part of the work

    from sqlmonitor import comparison
    from sqlmonitor.engines.duckdb import DuckDB

    connection = duckdb.connect()
    connection.execute(f"set threads = {THREADS}")
    for file in files:
        connection.execute(f"select count(*), sum(age) from '{file}'").fetchall()
    engine = DuckDB(connection)
    marks: list[tuple[str, float, float]] = []

    def progress(title: str, number: int, total: int) -> None:
        marks.append((title, cpu_seconds(), time.perf_counter()))

    rows = 0

    def work() -> None:
        nonlocal rows
        marks.append(("columns, a sample and the plan", cpu_seconds(), time.perf_counter()))
        found = comparison.compare(engine, *files, columns=[*NUMERIC, *CATEGORICAL], progress=progress)
        rows = len(found.columns)
        marks.append(("", cpu_seconds(), time.perf_counter()))

    figures: dict[str, Any] = timed(work)
    steps = [
        {"title": title, "cpu": marks[i + 1][1] - cpu, "wall": marks[i + 1][2] - wall}
        for i, (title, cpu, wall) in enumerate(marks[:-1])
    ]
    return {**figures, "columns": rows, "steps": steps}


MEASUREMENTS = {"scan": measure_scan, "narrow_scan": measure_narrow_scan, "compare": measure_compare}


def measure(name: str, files: list[str]) -> dict[str, Any]:
    """One measurement in a process of its own."""
    return in_own_process([sys.executable, str(Path(__file__).resolve()), "--measure", name, *files])


def report(files: list[str], repeats: int) -> None:
    """Prints both tables, as Markdown; of several runs the one with the least CPU seconds."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in MEASUREMENTS}
    for _ in range(repeats):
        for name in MEASUREMENTS:
            runs[name].append(measure(name, files))
    scan, narrow, best = (min(runs[name], key=lambda run: run["cpu"]) for name in MEASUREMENTS)
    print("| | CPU s | × scan | wall s | peak MiB |\n|---|--:|--:|--:|--:|")
    for title, run in (
        ("plain scan of both", scan),
        ("the same of the ten compared numeric columns", narrow),
        ("sqlmonitor compare", best),
    ):
        print(
            f"| {title} | {run['cpu']:.2f} | {run['cpu'] / scan['cpu']:.1f} | {run['wall']:.2f} "
            f"| {run['peak_mib']:,.0f} |"
        )
    for title, several in runs.items():
        spread = ", ".join(f"{run['cpu']:.2f}" for run in several)
        print(f"\nCPU seconds of {title}: {spread}", end="")
    print("\n\n| step | CPU s | × scan | wall s |\n|---|--:|--:|--:|")
    for step in sorted(best["steps"], key=lambda step: -step["cpu"])[:14]:
        print(
            f"| {step['title']} | {step['cpu']:.2f} | {step['cpu'] / scan['cpu']:.2f} | {step['wall']:.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="two Parquet files, as make_table.py makes them")
    parser.add_argument(
        "--rows", type=int, default=10_000_000, help="of a table that is compared with itself"
    )
    parser.add_argument("--data", type=Path, default=HERE.parent / "build" / "benchmarks")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", choices=MEASUREMENTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(MEASUREMENTS[options.measure](options.files)))
        return
    files = options.files
    if not files:
        file = options.data / f"credit_{options.rows}.parquet"
        if not file.exists():
            options.data.mkdir(parents=True, exist_ok=True)
            make = [sys.executable, str(HERE / "make_table.py"), str(file), "--rows", str(options.rows)]
            subprocess.run(make, check=True)
        files = [str(file)] * 2
    print(f"Python {platform.python_version()}, DuckDB threads {THREADS}\n")
    report(files, options.repeats)


if __name__ == "__main__":
    main()
