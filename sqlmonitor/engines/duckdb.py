"""DuckDB: in this process, on a file or in memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.errors import UnreachableError, UnsupportedError, WarehouseError

if TYPE_CHECKING:
    import pandas


FULL_DISK = (
    "No space left on device",
    "max_temp_directory_size",
    "Could not write file",
    "Could not write to file",
)

PAUSE = 0.1
"""Seconds until signals are looked for again, and until a statement that has not heard it is told again to stop."""

SETTINGS = {
    "timezone": "'UTC'",
    "enable_progress_bar": "false",
    "default_order": "'asc'",
    "default_null_order": "'nulls_last'",
    "integer_division": "false",
    "default_collation": "''",
}
"""What results depend on; the user's own connection has them from then on."""


class DuckDB:
    """The verbs of ``Engine`` over one DuckDB connection.

    Args:
        connection: open; it gets ``SETTINGS``, such as UTC as its time zone.
    """

    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._worker = ThreadPoolExecutor(1, "sqlmonitor_duckdb")
        for name, value in SETTINGS.items():
            self.connection.execute(f"set {name} = {value}")

    @classmethod
    def open(cls, url: str, *, read_only: bool = False, directory: Path | None = None) -> DuckDB:
        """Opens ``duckdb:///relative.duckdb``, ``duckdb:////absolute.duckdb`` or ``duckdb://`` (memory).

        Raises:
            UnsupportedError: where the path is an address of a server.
            WarehouseError: where the file is locked, foreign or not there.
        """
        path = url.partition("://")[2].removeprefix("/")
        if not path or path == ":memory:":
            return cls(duckdb.connect(":memory:"))
        file = (directory or Path()) / path
        scheme, colon, _ = path.partition(":")
        # One letter is a drive. Nothing behind the colon is shown: some have their token there.
        if colon and len(scheme) > 1 and not file.exists():
            raise UnsupportedError(
                f"'{scheme}:' is no DuckDB file of this machine; MotherDuck, DuckLake and files on servers are not opened",
                remedy="name a file, such as duckdb:///warehouse.duckdb; "
                "in Python: sqlmonitor.connect(duckdb.connect(…)), which no test of ours has run there",
            )
        if not file.exists():
            raise WarehouseError(
                f"there is no DuckDB file {path}", remedy="check `warehouse`, or create the file first"
            )
        if file.is_dir():
            raise WarehouseError(
                f"{path} is a directory, not a DuckDB file",
                remedy=f"name the file in it, such as duckdb:///{path.rstrip('/')}/warehouse.duckdb",
            )
        try:
            return cls(duckdb.connect(str(file), read_only=read_only))
        except duckdb.Error as error:
            raise _explained(error, path) from None

    def __enter__(self) -> DuckDB:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()

    def execute(self, statement: str | exp.Expr) -> None:
        """Runs one statement."""
        with _explaining():
            self._executed(statement).fetchall()

    def query(self, statement: str | exp.Expr) -> pandas.DataFrame:
        """Runs one SELECT and fetches its (small) result."""
        with _explaining():
            return self._executed(statement).df()

    def first(self, statement: str | exp.Expr) -> dict[str, Any] | None:
        """The first row of a SELECT by column name, or None."""
        with _explaining():
            cursor = self._executed(statement)
            names = [column[0] for column in cursor.description or []]
            rows = cursor.fetchall()
        return dict(zip(names, rows[0], strict=True)) if rows else None

    def describe(self, relation: str | exp.Expr) -> dict[str, str]:
        """Column names of a relation with their types."""
        text = relation if isinstance(relation, str) else relation.sql(dialect="duckdb")
        frame = self.query(f"describe select * from {text}")
        return dict(zip(frame["column_name"], frame["column_type"], strict=True))

    def materialize(self, table: str, select: str | exp.Expr) -> None:
        """Makes a temporary table of a SELECT's rows; replaces one that is there."""
        form = dialects.dialect(self.dialect).temporary
        self.execute(form.format(table=table, select=self._text(select)))

    def drop(self, table: str) -> None:
        """Drops a temporary table, if it is there."""
        self.execute(f"drop table if exists temp.{table}")

    @contextmanager
    def in_one_order(self) -> Iterator[None]:
        """Statements inside read rows in the order in which they are stored, so that sums repeat to the last bit.

        DuckDB adds doubles in the order in which its threads deliver them; one thread has one order.
        """
        (threads,) = self.connection.execute("select current_setting('threads')").fetchall()[0]
        self.connection.execute("set threads = 1")
        try:
            yield
        finally:
            self.connection.execute(f"set threads = {threads}")

    own_settings = frozenset({*SETTINGS, "null_order"})

    def configure(self, name: str, value: str | int | float | bool) -> None:
        """Sets a setting of the connection."""
        setting = exp.to_identifier(name, quoted=True).sql(dialect=self.dialect)
        with _explaining():
            self.connection.execute(f"set {setting} = {exp.convert(value).sql(dialect=self.dialect)}")

    def use_threads(self, count: int) -> None:
        """Threads of all statements but those whose sums must repeat to the last bit."""
        self.configure("threads", count)

    def finish_publication(self, schema: str) -> None:
        """A killed transaction has left nothing."""

    def refuse_open_transaction(self) -> None:
        """Ours would end one that is open on the user's connection, or undo it."""
        # Outside of a transaction, every statement is one of its own. A second begin would end the user's.
        first, second = (self.connection.execute("select txid_current()").fetchall() for _ in range(2))
        if first == second:
            raise WarehouseError(
                "the connection has an open transaction", remedy="commit it or roll it back first"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none; the later of two runs on the same rows is refused."""
        self.execute("begin transaction")
        try:
            yield
            self.execute("commit")
        except BaseException:
            self.roll_back()
            raise

    def _executed(self, statement: str | exp.Expr) -> duckdb.DuckDBPyConnection:
        """The connection, with the statement's result.

        Another thread runs it and this one waits, since Ctrl-C and timers reach Python in its main thread only:
        DuckDB lets it look for them between a statement's parts, and one part may take hours.
        """
        running = self._worker.submit(self.connection.execute, self._text(statement))
        try:
            while not running.done():
                # Not without an end: a signal may reach another thread, and does not wake this one.
                wait([running], PAUSE)
        except BaseException:
            while not running.done():
                self.connection.interrupt()
                wait([running], PAUSE)
            raise
        return running.result()

    def _text(self, statement: str | exp.Expr) -> str:
        return dialects.translated(statement, self.dialect)

    def roll_back(self) -> None:
        """Leaves the transaction, if one is open."""
        try:
            self.connection.execute("rollback")
        except duckdb.TransactionException as error:
            # A failed commit has already ended it.
            if "no transaction is active" not in str(error):
                raise


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise _explained(error) from None
    except RuntimeError as error:
        # What it makes of an exception that a signal raised, such as Ctrl-C.
        if "Query interrupted" in str(error):
            raise KeyboardInterrupt from None
        raise


def _explained(error: duckdb.Error, path: str = "") -> WarehouseError:
    message = str(error).strip()
    first = message.splitlines()[0]
    if "Conflicting lock" in message or "Could not set lock" in message:
        return UnreachableError(
            f"the DuckDB file {path} is locked by another process",
            remedy="close the other connection, or wait for its run to end",
        )
    if path and ("not a valid DuckDB database" in message or "sqlite_scanner" in message):
        return WarehouseError(
            f"{path} is not a DuckDB database",
            remedy="name a file that DuckDB made; read other files in it as `predictions: "
            "{sql: \"select * from read_parquet('…')\"}`",
        )
    if path and "version number" in message:
        return WarehouseError(
            f"{path} was made by another version of DuckDB: {first}",
            remedy="install the DuckDB that made it, or export and import the database",
        )
    if any(words in message for words in FULL_DISK):
        return WarehouseError(
            f"the disk is full: {first}",
            remedy="make room on it, or name another `temp_directory` under `settings`; nothing was stored",
        )
    if "read-only" in message:
        return WarehouseError(
            f"the warehouse is read-only: {first}", remedy="open it with write access to the store's schema"
        )
    if "different configuration" in message:
        return WarehouseError(
            f"the DuckDB file {path} is already open in this process", remedy="pass the open connection"
        )
    hints = [line for line in message.splitlines()[1:] if "Candidate" in line or "Did you mean" in line]
    return WarehouseError(" ".join([first, *hints[:1]]), remedy="run with -v to see the statement")
