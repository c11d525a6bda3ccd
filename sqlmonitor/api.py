"""The package from Python: load a project, open its warehouse, run its monitors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlmonitor import definitions, engines, runner, store
from sqlmonitor.engines import DuckDB, Engine
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.results import Results

if TYPE_CHECKING:
    import duckdb


class Monitor:
    """One monitor of a project.

    Args:
        project: where it stands.
        definition: what it computes.
    """

    def __init__(self, project: definitions.Project, definition: definitions.Monitor) -> None:
        self.project = project
        self.definition = definition

    def run(self, warehouse: Engine) -> Results:
        """Computes every chunk and stores the results, all or none of them.

        Raises:
            SqlmonitorError: for what the user must mend; nothing is stored then.
        """
        return Results(runner.run(self.project, self.definition, warehouse))

    def fit(self, warehouse: Engine) -> Results:
        """Computes the reference only, and stores its state and results.

        Raises:
            SqlmonitorError: for what the user must mend; nothing is stored then.
        """
        return Results(runner.run(self.project, self.definition, warehouse, stage="fit"))

    def results(self, warehouse: Engine) -> Results:
        """The stored results of the newest run.

        Raises:
            StoreError: where there is none.
        """
        return Results(store.read_results(warehouse, self.project.store, self.definition.name))


class Project:
    """A loaded project file.

    Args:
        definition: its validated content.
    """

    def __init__(self, definition: definitions.Project) -> None:
        self.definition = definition

    def __getitem__(self, name: str) -> Monitor:
        return Monitor(self.definition, self.definition[name])

    def connect(self, *, read_only: bool = False) -> Engine:
        """Opens the project's warehouse; a relative path is relative to the project file.

        Raises:
            WarehouseError: where it cannot be opened.
        """
        warehouse = self.definition.warehouse
        if not isinstance(warehouse, str):
            raise ConfigurationError("dbt profiles cannot be read yet", key="warehouse", remedy="give a URL")
        path = self.definition.path
        return engines.connect(warehouse, read_only=read_only, directory=path.parent if path else None)


def load(path: str | Path = "sqlmonitor.yml") -> Project:
    """Reads and validates a project file.

    Raises:
        ConfigurationError: naming the file, the line, the key and the remedy.
    """
    return Project(definitions.load(path))


def connect(warehouse: str | duckdb.DuckDBPyConnection) -> Engine:
    """Opens a warehouse by its URL, or takes a connection that is open already.

    Raises:
        WarehouseError: where it cannot be opened.
    """
    return engines.connect(warehouse) if isinstance(warehouse, str) else DuckDB(warehouse)
