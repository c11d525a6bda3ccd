"""What a night costs: one new day beside so many stored ones, against a table that holds only that day.

    python benchmarks/incremental.py --rows 100000 --chunks 120 1200

Both tables have the same reference (`--reference` days) and the same new day. The first also has the days
between, counted by an earlier run; the second has none. Each new day is counted by a run of its own, and
the rows that the scans of the predictions read come from DuckDB's counters.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import duckdb

from sqlmonitor import runner
from sqlmonitor.definitions import Monitor, Project, loads
from sqlmonitor.engines.duckdb import DuckDB

DAY = """
select
    cast({day} as bigint) * {rows} + number as id
    , timestamp '2020-01-01' + {day} * interval '1 day' + number * interval '{step} microseconds' as happened
    {numeric}
    , 'level ' || cast(hash(number, {day}, 1) % 50 as varchar) as region
    , 'level ' || cast(hash(number, {day}, 2) % 6 as varchar) as product
    , round((hash(number, {day}, 3) % 1000003) / 1000003.0e0, 6) as score
    , case when hash(number, {day}, 3) % 1000003 > 500000 then 1 else 0 end as label
from range({rows}) as numbers (number)
"""
FEATURES = 10


def day_sql(day: int, rows: int) -> str:
    """The rows of one day: ten numeric and two categorical features, a score and a label."""
    numeric = "\n".join(
        f", sqrt(-2 * ln((1 + hash(number, {day}, {10 + n}) % 1000003) / 1000004.0e0)) * {n + 1} as value_{n}"
        for n in range(FEATURES)
    )
    return DAY.format(day=day, rows=rows, numeric=numeric, step=86_400_000_000 // rows)


def definition(reference: int) -> tuple[Project, Monitor]:
    """The monitor: days, with the first ones as the reference."""
    monitor = {
        "name": "nights",
        "task": "binary_classification",
        "predictions": "scored",
        "id": "id",
        "timestamp": "happened",
        "reference": f"happened < timestamp '2020-01-01' + {reference} * interval '1 day'",
        "chunks": "day",
        "lookback": 0,
        "model": {"score": "score", "label": "label"},
        "target": {"column": "late", "relation": "outcomes", "on": "id", "observed_at": "known_at"},
        "features": {
            "numeric": [f"value_{n}" for n in range(FEATURES)],
            "categorical": ["region", "product"],
        },
    }
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]}))
    return project, project.monitors[0]


def add(engine: DuckDB, day: int, rows: int) -> None:
    """Adds a day with its labels."""
    made = day_sql(day, rows)
    engine.execute(f"insert into scored {made}")
    engine.execute(
        "insert into outcomes select id, case when hash(id) % 1000003 / 1000003.0e0 < score then 1 else 0 end, "
        f"happened + interval '1 hour' from ({made}) as one"
    )


def night(folder: Path, days: list[int], reference: int, rows: int) -> dict[str, float]:
    """Counts all days but the last two, then one night with two days' worth, then the night that is measured."""
    file = folder / f"{len(days)}.duckdb"
    with duckdb.connect(str(file)) as connection:
        engine = DuckDB(connection)
        engine.execute(f"create table scored as {day_sql(0, rows)} limit 0")
        engine.execute("create table outcomes (id bigint, late integer, known_at timestamp)")
        for day in days[:-1]:
            add(engine, day, rows)
        began = time.perf_counter()
        runner.run(*definition(reference), engine)
        first = time.perf_counter() - began
        add(engine, days[-1], rows)
        seconds: list[float] = []
        cpu: list[float] = []
        steps: dict[str, float] = {}
        for _ in range(3):
            last = [time.perf_counter(), ""]

            def told(title: str, number: int, count: int, last: list[float | str] = last) -> None:
                now = time.perf_counter()
                if last[1]:
                    steps[str(last[1])] = now - float(last[0])
                last[:] = [now, title]

            before = resource.getrusage(resource.RUSAGE_SELF)
            began = time.perf_counter()
            runner.run(*definition(reference), engine, progress=told)
            seconds.append(time.perf_counter() - began)
            used = resource.getrusage(resource.RUSAGE_SELF)
            cpu.append(used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime)
        run = engine.first("select * from sqlmonitor.runs order by finished_at desc limit 1")
        assert run is not None
        slowest = sorted(steps.items(), key=lambda item: -item[1])[:6]
        print(f"  {len(days)} days: slowest steps", ", ".join(f"{name} {took:.2f}" for name, took in slowest))
        return {
            "first": first,
            "seconds": min(seconds),
            "cpu": min(cpu),
            "rows": run["recounted_rows"],
            "all": run["row_count"],
        }


def main() -> None:
    """Prints a row for each number of stored days."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="of every day")
    parser.add_argument("--chunks", type=int, nargs="+", default=[120, 1200], help="stored days")
    parser.add_argument("--reference", type=int, default=10, help="days of the reference")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reference = list(range(options.reference))
        longest = max(options.chunks)
        alone = night(folder, [*reference, longest - 1, longest], options.reference, options.rows)
        print("| stored days | rows | rows read | wall s | CPU s | × only that day | first run s |")
        print("|--:|--:|--:|--:|--:|--:|--:|")
        lines = {options.reference + 1: alone}
        for chunks in options.chunks:
            lines[chunks] = night(folder, list(range(chunks + 1)), options.reference, options.rows)
        for chunks, found in lines.items():
            print(
                f"| {chunks:,} | {found['all']:,} | {found['rows']:,} | {found['seconds']:.2f} | {found['cpu']:.2f} "
                f"| {found['seconds'] / alone['seconds']:.2f} | {found['first']:.2f} |"
            )


if __name__ == "__main__":
    main()
