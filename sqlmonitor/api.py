"""The package from Python: load a project, open its warehouse, run its monitors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from sqlmonitor import comparison, definitions, engines, runner, store
from sqlmonitor import dbt as dbt_files
from sqlmonitor.comparison import Comparison, Profile
from sqlmonitor.engines import Engine
from sqlmonitor.incremental import Asked
from sqlmonitor.results import Results
from sqlmonitor.times import Time, utc

IN_MEMORY = "duckdb://"


class Monitor:
    """One monitor of a project.

    Args:
        project: where it stands.
        definition: what it computes.
    """

    def __init__(self, project: definitions.Project, definition: definitions.Monitor) -> None:
        self.project = project
        self.definition = definition

    def run(
        self,
        warehouse: Engine,
        *,
        full: bool = False,
        since: Time | None = None,
        until: Time | None = None,
    ) -> Results:
        """Counts the chunks that are new or may have changed, and stores the results, all or none of them.

        Args:
            warehouse: as :meth:`Project.connect` or :func:`connect` opens it.
            full: True to fit and count everything anew.
            since: chunks with this time and later ones are counted again as well; UTC.
            until: of those, only chunks before this time.

        Raises:
            SqlmonitorError: for what the user must mend; nothing is stored then.
        """
        asked = Asked(
            full=full,
            since=None if since is None else utc(since, "since"),
            until=None if until is None else utc(until, "until"),
        )
        with self.project.hiding():
            return Results(runner.run(self.project, self.definition, warehouse, asked=asked))

    def fit(self, warehouse: Engine) -> Results:
        """Computes the reference only, and stores its state and results.

        Raises:
            SqlmonitorError: for what the user must mend; nothing is stored then.
        """
        with self.project.hiding():
            return Results(runner.run(self.project, self.definition, warehouse, stage="fit"))

    def results(self, warehouse: Engine, *, as_of: Time | None = None) -> Results:
        """The stored results of the newest run.

        Args:
            warehouse: as :meth:`Project.connect` or :func:`connect` opens it.
            as_of: a time in UTC, for the results as they were known then; a date means its end.

        Raises:
            StoreError: where there is none.
        """
        time = None if as_of is None else utc(as_of, "as_of", is_end=True)
        with self.project.hiding():
            found = store.read_results(warehouse, self.project.store, self.definition.name, as_of=time)
        return Results(found)


class Project:
    """A loaded project file.

    Args:
        definition: its validated content.
    """

    def __init__(self, definition: definitions.Project) -> None:
        self.definition = definition

    def __getitem__(self, name: str) -> Monitor:
        return Monitor(self.definition, self.definition[name])

    def connect(self, *, read_only: bool = False, threads: int | None = None) -> Engine:
        """Opens the project's warehouse; a relative path is relative to the project file.

        Args:
            read_only: True where nothing will be written.
            threads: how many threads or processes a statement may take; None for as many as it likes.

        Raises:
            WarehouseError: where it cannot be opened.
        """
        warehouse = self.definition.warehouse
        assert isinstance(warehouse, str), "a profile is a URL once the project is loaded"
        path = self.definition.path
        with self.definition.hiding():
            return engines.connect(
                warehouse,
                read_only=read_only,
                directory=path.parent if path else None,
                settings=self.definition.settings,
                threads=threads,
            )


def load(
    path: str | Path | None = None,
    *,
    variables: Mapping[str, Any] | None = None,
    dbt: str | Path | None = None,
) -> Project:
    """Reads and validates a project file, or the monitors that a dbt project declares.

    Args:
        path: the file; ``sqlmonitor.yml`` by default, or the dbt project's own files where ``dbt`` is given.
        variables: values of the file's ``vars``, as ``--vars``.
        dbt: the folder of a dbt project, as ``--dbt``.

    Raises:
        ConfigurationError: naming the file, the line, the key and the remedy.
    """
    file = path if path is not None or dbt is not None else "sqlmonitor.yml"
    return Project(dbt_files.load(file, dbt=dbt, variables=variables))


def connect(warehouse: Any) -> Engine:
    """Opens a warehouse by its URL, or takes what is open already.

    Args:
        warehouse: a URL such as ``postgresql://user@host/database``, an open DuckDB or psycopg connection,
            a clickhouse-connect client, a Spark or DataFusion session, or a SQLAlchemy engine, of which one connection
            is taken out of its pool.

    Raises:
        UnsupportedError: where no engine serves it, or its driver is not installed.
        WarehouseError: where it cannot be opened.
    """
    return engines.connect(warehouse) if isinstance(warehouse, str) else engines.adopt(warehouse)


def compare(
    reference: str,
    analysis: str | None = None,
    *,
    condition: str | None = None,
    where: str | None = None,
    columns: Collection[str] | None = None,
    warehouse: Any = IN_MEMORY,
) -> Comparison:
    """Compares two queries, files or tables column by column; nothing is stored.

    Args:
        reference: ``SELECT …``, a file, or a table or view.
        analysis: the same; None where ``condition`` parts the rows of ``reference`` in two.
        condition: SQL that is true for the reference's rows; all others are compared with them.
        where: SQL that rows of both sides fit.
        columns: the ones to compare; None for all but those that name rows.
        warehouse: as :func:`connect` takes it; DuckDB in memory by default, which reads files.

    Raises:
        SqlmonitorError: for what the user must mend.
    """
    with _opened(warehouse) as engine:
        return comparison.compare(
            engine, reference, analysis, condition=condition, where=where, columns=columns
        )


def profile(
    source: str,
    *,
    where: str | None = None,
    columns: Collection[str] | None = None,
    warehouse: Any = IN_MEMORY,
) -> Profile:
    """Describes a query, a file or a table column by column; nothing is stored.

    Args:
        source: ``SELECT …``, a file, or a table or view.
        where: SQL that the rows fit.
        columns: the ones to describe; None for all.
        warehouse: as :func:`connect` takes it; DuckDB in memory by default, which reads files.

    Raises:
        SqlmonitorError: for what the user must mend.
    """
    with _opened(warehouse) as engine:
        return comparison.profile(engine, source, where=where, columns=columns)


def _opened(warehouse: Any) -> AbstractContextManager[Engine]:
    """A warehouse by its URL, closed in the end; or what is open already, which stays so."""
    if isinstance(warehouse, str):
        return comparison.connect(warehouse)
    return nullcontext(engines.adopt(warehouse))
