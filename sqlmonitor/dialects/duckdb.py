"""DuckDB: its SQL is what the templates are written in, so nothing is rewritten."""

from __future__ import annotations

from sqlmonitor.dialects.dialect import Dialect

DUCKDB = Dialect(
    name="duckdb",
    proof="executed",
    schemes=("duckdb",),
    address="duckdb:///path/to/file.duckdb",
)
