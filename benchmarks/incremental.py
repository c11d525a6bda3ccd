"""What a night costs: one new day beside many stored ones, against a table that holds only that day.

    python benchmarks/incremental.py --days 120:100000 1200:10000

Each of `--days` is how many days the store has, and how many rows each of these had. The new days have `--rows`
each, and every measured night brings one: a run counts it and, as always, the newest stored day once more. The
table that it is compared with holds that new day alone; the same reference has been fitted for it, and stands in a
relation of its own in both. Old days may have fewer rows than new ones where building them would take
long: a night does not read them, which the last columns show, and reads of them only what is stored, whose size
is told too.

Rows scanned are DuckDB's own counters over every statement of one more night that reads the predictions. A native
table is scanned in row groups of 122,880 rows.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from sqlmonitor import runner
from sqlmonitor.definitions import Monitor, Project, loads
from sqlmonitor.engines.duckdb import DuckDB

FEATURES = 10
NIGHTS = 5
REFERENCE_DAYS = 10
DAYS = """
select
    number as id
    , timestamp '2020-01-01' + day * interval '1 day' + number % {rows} * interval '{step} microseconds' as happened
    {numeric}
    , 'level ' || cast(hash(number, 1) % 50 as varchar) as region
    , 'level ' || cast(hash(number, 2) % 6 as varchar) as product
    , round((hash(number, 3) % 1000003) / 1000003.0e0, 6) as score
    , case when hash(number, 3) % 1000003 > 500000 then 1 else 0 end as label
from (select {base} + number as number, {first} + number // {rows} as day from range({count}) as numbers (number))
"""
OUTCOMES = """
select id, case when hash(id) % 1000003 / 1000003.0e0 < score then 1 else 0 end as late, happened + interval '1 hour' as known_at
from ({days})
"""
MONITOR: dict[str, Any] = {
    "name": "nights",
    "task": "binary_classification",
    "predictions": "scored",
    "id": "id",
    "timestamp": "happened",
    "reference": {"relation": "past"},
    "chunks": "day",
    "lookback": 0,
    "model": {"score": "score", "label": "label"},
    "target": {"column": "late", "relation": "outcomes", "on": "id", "observed_at": "known_at"},
    "features": {
        "numeric": [f"value_{n}" for n in range(FEATURES)],
        "categorical": ["region", "product"],
    },
}


class Warehouse:
    """A DuckDB file with a fitted reference and some days.

    Args:
        file: made anew.
        rows: of every day of the reference, and of every new one.
    """

    def __init__(self, file: Path, rows: int) -> None:
        self.rows = rows
        self.next_id = 0
        self.engine = DuckDB(duckdb.connect(str(file)))
        for table in ("past", "scored"):
            self.engine.execute(f"create table {table} as {self.days(0, 1, 1)} limit 0")
        self.engine.execute("create table outcomes (id bigint, late integer, known_at timestamp)")
        self.add("past", 0, REFERENCE_DAYS, rows)
        document = {"version": 1, "warehouse": "duckdb://", "monitors": [MONITOR]}
        self.project: Project = loads(json.dumps(document))
        self.run(stage="fit")

    def days(self, first: int, count: int, rows: int) -> str:
        """The rows of some days: ten numeric and two categorical features, a score and a label."""
        numeric = "\n".join(
            f", sqrt(-2 * ln((1 + hash(number, {10 + n}) % 1000003) / 1000004.0e0)) * {n + 1} as value_{n}"
            for n in range(FEATURES)
        )
        numbers = {"first": first, "count": count * rows, "rows": rows, "base": self.next_id}
        return DAYS.format(numeric=numeric, step=86_400_000_000 // rows, **numbers)

    def add(self, table: str, first: int, count: int, rows: int) -> None:
        """Adds days with their labels."""
        days = self.days(first, count, rows)
        self.engine.execute(f"insert into {table} {days}")
        self.engine.execute(f"insert into outcomes {OUTCOMES.format(days=days)}")
        self.next_id += count * rows

    def run(self, **given: Any) -> None:
        """Runs the monitor."""
        monitor: Monitor = self.project.monitors[0]
        runner.run(self.project, monitor, self.engine, **given)

    def timed(self, **given: Any) -> tuple[float, float]:
        """Seconds on the clock and of CPU that a run takes."""
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        self.run(**given)
        took, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        return took, used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime

    def scanned(self) -> Counter[str]:
        """Rows that one run's scans of each relation read, by the engine's counters."""
        counts: Counter[str] = Counter()
        whole = self.engine.connection

        class Counted:
            """The connection, which counts what every SELECT scans."""

            def __getattr__(self, name: str) -> Any:
                return getattr(whole, name)

            def execute(self, sql: str) -> Any:
                select = sql.partition(" as\n")[2] if sql.startswith("create or replace temp table") else sql
                if select.lstrip().startswith(("select", "with")) and "prediction" in select:
                    ((_, plan),) = whole.execute(f"explain (analyze, format json) {select}").fetchall()
                    counts.update(scans(json.loads(plan)))
                return whole.execute(sql)

        self.engine.connection = Counted()  # type: ignore[assignment]
        try:
            self.run()
        finally:
            self.engine.connection = whole
        return counts

    def number(self, select: str) -> int:
        """The one number that a SELECT gives."""
        row = self.engine.first(f"select ({select}) as number")
        return int(row["number"]) if row else 0

    def kept(self) -> int:
        """Rows of the stored counts."""
        frame = self.engine.query("select distinct table_name from sqlmonitor.kept")
        return sum(
            self.number(f"select count(*) from sqlmonitor.{table}")
            for table in frame["table_name"]
            if table.startswith(("kept_numeric_cells", "kept_category_counts", "kept_scores"))
        )


def scans(node: dict[str, Any]) -> Counter[str]:
    """Rows that the table scans of a plan have read."""
    counts: Counter[str] = Counter()
    if node.get("type") == "TABLE_SCAN":
        said = json.dumps(node["extra_info"])
        for table in ("scored", "outcomes", "past"):
            counts[table] += node["rows_scanned"] if f".{table}" in said or f'"{table}"' in said else 0
    for below in [*node.get("children", []), *node.get("operator", [])]:
        counts.update(scans(below))
    return counts


def alone(folder: Path, rows: int, day: int) -> dict[str, Any]:
    """First runs over a table with only a new day."""
    warehouse = Warehouse(folder / "alone.duckdb", rows)
    warehouse.add("scored", day, 1, rows)
    times = []
    for _ in range(NIGHTS):
        warehouse.engine.execute("drop schema sqlmonitor cascade")
        warehouse.run(stage="fit")
        times.append(warehouse.timed())
    return figures(warehouse, times, first=0.0)


def nights(folder: Path, days: int, old_rows: int, rows: int) -> dict[str, Any]:
    """Nights that each bring a day beside stored ones."""
    warehouse = Warehouse(folder / f"{days}.duckdb", rows)
    warehouse.add("scored", REFERENCE_DAYS, days, old_rows)
    first, _ = warehouse.timed()
    times = []
    for night in range(NIGHTS):
        warehouse.add("scored", REFERENCE_DAYS + days + night, 1, rows)
        times.append(warehouse.timed())
    return figures(warehouse, times, first)


def figures(warehouse: Warehouse, times: list[tuple[float, float]], first: float) -> dict[str, Any]:
    """What is printed of a warehouse."""
    run = warehouse.engine.first("select * from sqlmonitor.runs order by finished_at desc limit 1")
    assert run is not None
    scanned = warehouse.scanned()
    return {
        "rows": warehouse.number("select count(*) from scored"),
        "read": run["recounted_rows"],
        "seconds": min(seconds for seconds, _ in times),
        "cpu": min(cpu for _, cpu in times),
        "first": first,
        "scanned": scanned["scored"],
        "labels": scanned["outcomes"],
        "past": scanned["past"],
        "kept": warehouse.kept(),
        "results": warehouse.number("select count(*) from sqlmonitor.latest_results"),
        "warehouse": warehouse,
    }


def profile(warehouse: Warehouse, day: int) -> None:
    """Prints where the time of one more night goes: each step, and Python's own functions."""
    steps: Counter[str] = Counter()
    last: list[Any] = [time.perf_counter(), ""]

    def told(title: str, number: int, count: int) -> None:
        now = time.perf_counter()
        steps[last[1]] += now - last[0]  # type: ignore[assignment]
        last[:] = [now, title]

    warehouse.add("scored", day, 1, warehouse.rows)
    profiler = cProfile.Profile()
    profiler.enable()
    warehouse.run(progress=told)
    profiler.disable()
    steps[last[1]] += time.perf_counter() - last[0]  # type: ignore[assignment]
    for title, seconds in steps.most_common(15):
        print(f"  {seconds:6.3f} s  {title}")
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(40)


def main() -> None:
    """Prints a row for each number of stored days."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="of every new day, and of the reference's")
    parser.add_argument(
        "--days", nargs="+", default=["120:100000", "1200:10000"], help="stored days, and rows of each"
    )
    parser.add_argument("--profile", action="store_true", help="show what a night spends its time on")
    options = parser.parse_args()
    stored = [(int(days), int(rows)) for days, _, rows in (one.partition(":") for one in options.days)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = {"only that day": alone(folder, options.rows, REFERENCE_DAYS + stored[-1][0])}
        for days, old_rows in stored:
            label = f"{days:,} days of {old_rows:,} rows"
            lines[label] = nights(folder, days, old_rows, options.rows)
            if options.profile:
                print(label)
                profile(lines[label]["warehouse"], REFERENCE_DAYS + days + NIGHTS)
            lines[label].pop("warehouse").engine.close()
        print(
            "| beside | rows | rows counted | wall s | CPU s | × only that day | first run s "
            "| predictions scanned | labels scanned | reference scanned | stored counts | results |"
        )
        print("|---|" + "--:|" * 11)
        whole = lines["only that day"]["seconds"]
        for label, found in lines.items():
            print(
                f"| {label} | {found['rows']:,} | {found['read']:,} | {found['seconds']:.2f} | {found['cpu']:.2f} "
                f"| {found['seconds'] / whole:.2f} | {found['first']:.2f} | {found['scanned']:,} "
                f"| {found['labels']:,} | {found['past']:,} | {found['kept']:,} | {found['results']:,} |"
            )


if __name__ == "__main__":
    main()
