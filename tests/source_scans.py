"""What statements read of a table, as each engine's own plans and counters say after they have run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sqlmonitor.engines.clickhouse import ClickHouse
from sqlmonitor.engines.datafusion import DataFusion
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.engines.postgres import Postgres
from sqlmonitor.engines.spark import Spark

SELECT = re.compile(
    r"(?:drop table if exists \S+;\s*)?(?:create (?:or replace )?(?:temp(?:orary)? )?table (?P<table>\S+) as\s+)?"
    r"(?P<select>(?:select|with)\b.*?)(?:;\s*analyze \S+)?",
    re.IGNORECASE | re.DOTALL,
)
"""A SELECT, alone or as what a table is made of."""
UNITS = {"": 1, "K": 1_000, "M": 1_000_000}

Read = list[tuple[str, int]]
"""Of each scan, in their order: the step that it is for, or what the statement begins with, and its rows."""


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every part of a plan in JSON."""
    if isinstance(node, dict):
        yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(below)


def of_duckdb(engine: Any, world: Any, select: str, table: str) -> list[int]:
    engine.connection.execute("set enable_profiling = 'no_output'")
    ((_, text),) = engine.connection.execute(f"explain (analyze, format json) {select}").fetchall()
    engine.connection.execute("pragma disable_profiling")
    return [
        node["rows_scanned"]
        for node in nodes(json.loads(text))
        if node.get("type") == "TABLE_SCAN" and node["extra_info"].get("Table", "").split(".")[-1] == table
    ]


def of_postgres(engine: Any, world: Any, select: str, table: str) -> list[int]:
    engine.use_threads(1)
    ((plan,),) = engine.connection.execute(f"explain (analyze, format json) {select}".encode()).fetchall()
    return [
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes(plan)
        if node.get("Relation Name") == table and node["Actual Loops"]
    ]


def of_clickhouse(engine: Any, world: Any, select: str, table: str) -> list[int]:
    """Its counter is of the whole process and of all tables of a statement; steps' tables have few rows."""
    counter = "select value from system.events where event = 'SelectedRows'"
    plan = engine.client.query(f"explain {select}").result_rows
    scans = sum("ReadFromMergeTree" in line and line.rstrip(")").endswith(f".{table}") for (line,) in plan)
    before = engine.client.query(counter).result_rows
    engine.client.query(select)
    after = engine.client.query(counter).result_rows
    rows = after[0][0] - (before[0][0] if before else 0)
    return [round(rows / scans)] * scans if scans else []


def of_arrow(lines: list[str], place: str) -> list[int]:
    """Rows by the plan of DataFusion, on which Sail stands; 12345 is 12.35 K there."""
    found = []
    for line in lines:
        rows = re.search(r"metrics=\[output_rows=([\d.]+) ?(K|M|)", line)
        if "DataSourceExec" in line and place in line and rows:
            found.append(round(float(rows[1]) * UNITS[rows[2]]))
    return found


def of_spark(engine: Any, world: Any, select: str, table: str) -> list[int]:
    rows = engine.session.sql(f"explain analyze {select}").toArrow().to_pylist()
    lines = [line for row in rows for text in row.values() for line in str(text).splitlines()]
    return of_arrow(lines, world.places[table])


def of_apache_spark(engine: Any, world: Any, select: str, table: str) -> list[int]:
    """From the metrics that come with rows; adaptive plans have no others."""
    rows = engine.session.sql(select)
    rows.toArrow()
    _, parts = rows.executionInfo.metrics.extract_graph()
    return [
        metric.value
        for part in parts.values()
        if part.name.startswith("Scan parquet") and part.name.endswith(f".{table}")
        for metric in part.metrics
        if metric.name == "numOutputRows"
    ]


def of_datafusion(engine: Any, world: Any, select: str, table: str) -> list[int]:
    rows = engine.session.sql(f"explain analyze {select}").to_arrow_table().to_pylist()
    lines = [line for row in rows for text in row.values() for line in str(text).splitlines()]
    return of_arrow(lines, f"/{table}.parquet")


READ: dict[str, tuple[Callable[..., list[int]], tuple[tuple[type[Any], str], ...]]] = {
    "duckdb": (of_duckdb, ((DuckDB, "_executed"),)),
    "postgres": (of_postgres, ((Postgres, "_cursor"),)),
    "clickhouse": (of_clickhouse, ((ClickHouse, "execute_own"), (ClickHouse, "_fetched"))),
    "spark": (of_spark, ((Spark, "execute_own"), (Spark, "_fetched"))),
    "apache_spark": (of_apache_spark, ((Spark, "execute_own"), (Spark, "_fetched"))),
    "datafusion": (of_datafusion, ((DataFusion, "_fetched"),)),
}
"""What says it, and the methods through which every statement goes as text, or as a tree."""


def listening(patched: pytest.MonkeyPatch, name: str, world: Any, tables: tuple[str, ...]) -> dict[str, Read]:
    """What each of some tables is read for from now on.

    Args:
        patched: puts the engine's methods back.
        name: the engine's.
        world: a warehouse of it.
        tables: their names, which nothing else has in it.
    """
    read, methods = READ[name]
    found: dict[str, Read] = {table: [] for table in tables}

    def heard(method: Callable[..., Any]) -> Callable[..., Any]:
        def listen(engine: Any, statement: Any, *given: Any, **named: Any) -> Any:
            text = statement if isinstance(statement, str) else None
            if text is None or name == "duckdb":
                text = (engine._text if name == "duckdb" else engine.translated)(statement)
            matched = SELECT.fullmatch(text.strip())
            for table in tables:
                if matched and table in matched["select"]:
                    step = (matched["table"] or "a check").strip('`"').rpartition("sqlmonitor_")[2]
                    scans = read(engine, world, matched["select"], table)
                    found[table] += [(step, rows) for rows in scans]
            return method(engine, statement, *given, **named)

        return listen

    for owner, method in methods:
        patched.setattr(owner, method, heard(getattr(owner, method)))
    return found
