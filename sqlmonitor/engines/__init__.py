"""Where statements run: one file per engine, chosen by the URL's scheme or an open connection's type."""

from __future__ import annotations

from sqlmonitor.engines.connecting import adopt, connect
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.engines.engine import Engine

__all__ = ["DuckDB", "Engine", "adopt", "connect"]
