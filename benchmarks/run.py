"""Measures what a monitor costs, next to a plain scan of the same columns and to NannyML.

Every measurement runs in a process of its own. CPU seconds are user + system time: of the work
itself, and of the whole process with its imports. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
THREADS = 2
NUMERIC = [
    "age", "income", "debt_to_income", "limit_balance", "utilization",
    "tenure_months", "inquiries", "open_accounts", "payment_ratio", "bureau_score",
]  # fmt: skip
CATEGORICAL = ["region", "product", "employment", "housing", "branch"]
OTHERS = ["score", "label", "target", "amount"]
DEFINITION = f"""\
version: 1
warehouse: "duckdb://"
store: sqlmonitor
monitors:
  - name: credit
    task: binary_classification
    predictions: credit
    id: id
    timestamp: ts
    reference: "ts < timestamp '2025-04-01'"
    chunks: month
    model: {{score: score, label: label, positive: 1}}
    target: {{column: target}}
    features:
      numeric: [{", ".join(NUMERIC)}]
      categorical: [{", ".join(CATEGORICAL)}]
    metrics:
      drift: [jensen_shannon, kolmogorov_smirnov, wasserstein, l_infinity, chi_square]
      performance:
        [roc_auc, average_precision, f1, precision, recall, specificity, accuracy, confusion_matrix]
      quality: [missing, unseen, out_of_range]
      summary: [row_count, mean]
    kpis:
      - name: amount_per_credit
        sql: "sum(amount) / count(*)"
"""


def copied(names: list[str], copies: int) -> list[str]:
    """The names of so many copies of features, as make_table.py has them."""
    return [*names, *(f"{name}_{copy}" for copy in range(1, copies) for name in names)]


def copies_in(file: Path) -> int:
    """How often the 15 features are in a table: credit_1000000_x14.parquet has them 14 times."""
    _, _, copies = file.stem.partition("_x")
    return int(copies or 1)


def cpu_seconds() -> float:
    """User and system time of this process so far, all its threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """CPU and wall seconds of a call."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    work()
    return {"cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - wall}


def measure_scan(file: Path) -> dict[str, Any]:
    """A count and the sums of all numeric columns: once to warm up, then five times."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set threads = {THREADS}")
    sums = ", ".join(f"sum({name})" for name in [*copied(NUMERIC, copies_in(file)), *OTHERS])
    query = f"select count(*), {sums} from '{file}'"

    def work() -> None:
        connection.execute(query).fetchall()

    work()
    runs = [timed(work) for _ in range(5)]
    return {key: statistics.median(run[key] for run in runs) for key in ("cpu", "wall")}


def whole_catalogue() -> str:
    """The definition with every metric of the catalogue that costs no scan of its own."""
    from sqlmonitor.metrics import CATALOGUE

    chosen: dict[str, list[str]] = {}
    for metric in CATALOGUE.values():
        fits = not metric.tasks or "binary_classification" in metric.tasks
        if fits and not metric.cost and not metric.needs_observed_at:
            chosen.setdefault(metric.family, []).append(metric.name)
    start, end = DEFINITION.index("    metrics:\n"), DEFINITION.index("    kpis:\n")
    lines = [f"      {family}: [{', '.join(names)}]\n" for family, names in chosen.items()]
    return DEFINITION[:start] + "    metrics:\n" + "".join(lines) + DEFINITION[end:]


def measure_monitor(file: Path, definition: str = DEFINITION) -> dict[str, Any]:
    """Fit and run of one monitor on an empty store, with the CPU seconds of each step."""
    import duckdb
    import pandas  # noqa: F401 - imported here, so that its import is no part of the work

    from sqlmonitor import runner
    from sqlmonitor.definitions import loads
    from sqlmonitor.engines.duckdb import DuckDB

    connection = duckdb.connect()
    connection.execute(f"set threads = {THREADS}")
    connection.execute(f"create view credit as from '{file}'")
    connection.execute("select count(*), sum(amount) from credit").fetchall()
    engine = DuckDB(connection)
    for names in (NUMERIC, CATEGORICAL):
        definition = definition.replace(
            f"[{', '.join(names)}]", f"[{', '.join(copied(names, copies_in(file)))}]"
        )
    project = loads(definition)
    marks: list[tuple[str, float, float]] = []

    def progress(title: str, number: int, total: int) -> None:
        marks.append((title, cpu_seconds(), time.perf_counter()))

    rows = 0

    def work() -> None:
        nonlocal rows
        marks.append(("plan and checks of the source", cpu_seconds(), time.perf_counter()))
        rows = len(runner.run(project, project.monitors[0], engine, progress=progress))
        marks.append(("", cpu_seconds(), time.perf_counter()))

    figures: dict[str, Any] = timed(work)
    steps = [
        {"title": title, "cpu": marks[i + 1][1] - cpu, "wall": marks[i + 1][2] - wall}
        for i, (title, cpu, wall) in enumerate(marks[:-1])
    ]
    return {**figures, "rows": rows, "steps": steps}


def measure_whole_catalogue(file: Path) -> dict[str, Any]:
    """The same with the whole catalogue."""
    return measure_monitor(file, whole_catalogue())


MEASUREMENTS = {
    "scan": measure_scan,
    "monitor": measure_monitor,
    "whole_catalogue": measure_whole_catalogue,
}


def in_own_process(command: list[str]) -> dict[str, Any]:
    """Runs a command that prints JSON last; adds the whole process's CPU, wall and peak memory."""
    environment = {**os.environ, "NML_DISABLE_USAGE_LOGGING": "1"}
    wall = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    figures: dict[str, Any] = json.loads(output.splitlines()[-1])
    return {
        **figures,
        "process_cpu": usage.ru_utime + usage.ru_stime,
        "process_wall": time.perf_counter() - wall,
        "peak_mib": usage.ru_maxrss / 1024,
    }


def measure(name: str, file: Path) -> dict[str, Any]:
    """One measurement of this file, in a process of its own."""
    return in_own_process([sys.executable, str(Path(__file__).resolve()), "--measure", name, str(file)])


def middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The run with the median CPU seconds."""
    return sorted(runs, key=lambda run: run["cpu"])[len(runs) // 2]


def line(title: str, figures: dict[str, Any], scan_cpu: float) -> str:
    """A row of the first table."""
    return (
        f"| {title} | {figures['cpu']:.2f} | {figures['cpu'] / scan_cpu:.1f} | {figures['process_cpu']:.2f} "
        f"| {figures['wall']:.2f} | {figures['peak_mib']:,.0f} |"
    )


def report(rows: int, file: Path, nannyml: str | None, repeats: int) -> None:
    """Prints the tables of one row count, as Markdown."""
    scan = measure("scan", file)
    runs = [measure("monitor", file) for _ in range(repeats)]
    monitor = middle(runs)
    features = 15 * copies_in(file)
    print(f"### {rows:,} rows, {features} features\n", flush=True)
    print("| | CPU s | × scan | CPU s, process | wall s | peak MiB |")
    print("|---|--:|--:|--:|--:|--:|")
    print(line("plain scan", scan, scan["cpu"]))
    print(line("sqlmonitor", monitor, scan["cpu"]), flush=True)
    whole = middle([measure("whole_catalogue", file) for _ in range(repeats)])
    print(line("sqlmonitor, whole catalogue", whole, scan["cpu"]), flush=True)
    if nannyml:
        other = in_own_process([nannyml, str(HERE / "nannyml_run.py"), str(file)])
        print(line("NannyML", other, scan["cpu"]))
        print(f"\nNannyML: {other['rows']:,} values, {other['missing_values']:,} of them missing.")
    spread = ", ".join(f"{run['cpu']:.2f}" for run in runs)
    print(f"\nCPU seconds of the {repeats} sqlmonitor runs: {spread}; {monitor['rows']:,} results each.\n")
    print("| step of the median run | CPU s | × scan | wall s |\n|---|--:|--:|--:|")
    small = {"cpu": 0.0, "wall": 0.0}
    count = 0
    for step in sorted(monitor["steps"], key=lambda step: -step["cpu"]):
        if step["cpu"] < 0.01 * monitor["cpu"]:
            count += 1
            for key in small:
                small[key] += step[key]
            continue
        print(
            f"| {step['title']} | {step['cpu']:.2f} | {step['cpu'] / scan['cpu']:.2f} | {step['wall']:.2f} |"
        )
    print(
        f"| {count} other steps, each under 1 % | {small['cpu']:.2f} | {small['cpu'] / scan['cpu']:.2f} "
        f"| {small['wall']:.2f} |\n",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--copies", type=int, default=1, help="how often the 15 features are in the table")
    parser.add_argument(
        "--data",
        type=Path,
        default=HERE.parent / "build" / "benchmarks",
        help="folder of credit_<rows>.parquet; what is not there is made",
    )
    parser.add_argument("--nannyml-python", help="the Python of an environment with NannyML 0.13.1")
    parser.add_argument("--repeats", type=int, default=3, help="runs of sqlmonitor, the median is shown")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, file = options.measure
        print(json.dumps(MEASUREMENTS[what](Path(file))))
        return
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, DuckDB threads {THREADS}\n")
    for rows in options.rows:
        wide = f"_x{options.copies}" if options.copies > 1 else ""
        file = options.data / f"credit_{rows}{wide}.parquet"
        if not file.exists():
            options.data.mkdir(parents=True, exist_ok=True)
            make = [sys.executable, str(HERE / "make_table.py"), str(file), "--rows", str(rows)]
            subprocess.run([*make, "--copies", str(options.copies)], check=True)
        report(rows, file, options.nannyml_python, options.repeats)


if __name__ == "__main__":
    main()
