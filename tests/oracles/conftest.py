"""One way to compute a monitor over tables in memory, for every oracle."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pandas as pd
import pytest

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines.duckdb import DuckDB

Compute = Callable[[duckdb.DuckDBPyConnection, str], pd.DataFrame]


@pytest.fixture(scope="session")
def compute() -> Compute:
    """Runs the only monitor of a project file over a connection that has its tables."""

    def run(connection: duckdb.DuckDBPyConnection, text: str) -> pd.DataFrame:
        project = loads(text)
        return runner.run(project, project.monitors[0], DuckDB(connection))

    return run
