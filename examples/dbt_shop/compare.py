"""Compares the results of `sqlmonitor run` with those of the dbt package, row by row."""

from __future__ import annotations

import math

import duckdb

OF_THE_RUN = ("run_id", "computed_at")


def rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    """Rows of a table in the order of their keys, without what names the run."""
    keys = "period, chunk, segment_column, segment_value, family, metric, column_name, component"
    chosen = f"select * exclude ({', '.join(OF_THE_RUN)}) from {table} order by {keys}"
    return connection.execute(chosen).fetchall()


def is_same(one: object, other: object) -> bool:
    """True for equal values; sums of numbers may differ in their last digits, as threads add them in any order."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return one == other


with duckdb.connect("shop.duckdb", read_only=True) as connection:
    by_run = rows(connection, "sqlmonitor.latest_results")
    by_dbt = rows(connection, "main_sqlmonitor.sqlmonitor_results")
pairs = zip(by_run, by_dbt, strict=False)
different = sum(not all(map(is_same, one, other)) for one, other in pairs) + abs(len(by_run) - len(by_dbt))
print(f"{len(by_run):,} rows by sqlmonitor, {len(by_dbt):,} by dbt, {different:,} differ")
raise SystemExit(different > 0)
