"""DuckDB: its SQL is what the templates are written in, so nothing is rewritten."""

from __future__ import annotations

from sqlmonitor.dialects.dialect import Dialect

DUCKDB = Dialect(
    name="duckdb",
    proof="executed",
    schemes=("duckdb",),
    address="duckdb:///path/to/file.duckdb",
    replaces_chunks=True,
    # By zero it is infinity, which a condition or a further quotient makes a number.
    quotient="above / nullif(below, 0)",
    reads_files=True,
    temporary_when_read_only=True,
)
