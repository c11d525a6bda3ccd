"""Where statements run: one file per engine, chosen by the URL's scheme."""

from __future__ import annotations

from pathlib import Path

from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import UnsupportedError

Engine = DuckDB

__all__ = ["DuckDB", "Engine", "connect"]


def connect(url: str, *, read_only: bool = False, directory: Path | None = None) -> Engine:
    """Opens a warehouse.

    Args:
        url: such as ``duckdb:///flights.duckdb``; ``duckdb://`` alone is in memory.
        read_only: True where nothing will be written.
        directory: what a relative path is relative to.

    Raises:
        UnsupportedError: for a scheme that no engine serves.
        WarehouseError: where it cannot be opened.
    """
    scheme = url.partition(":")[0]
    if scheme != "duckdb":
        raise UnsupportedError(
            f"no engine for '{scheme}:' yet", remedy="supported: duckdb:///path/to/file.duckdb"
        )
    return DuckDB.open(url, read_only=read_only, directory=directory)
