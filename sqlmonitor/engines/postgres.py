"""PostgreSQL: through psycopg 3, by a URL or on an open connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy
import psycopg
import sqlglot
from psycopg.abc import Buffer
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from psycopg.types.datetime import TimestampLoader
from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.engines import address
from sqlmonitor.engines.frames import frame
from sqlmonitor.engines.postgres_errors import explained
from sqlmonitor.errors import WarehouseError

if TYPE_CHECKING:
    import pandas

SETTINGS = {
    "timezone": "UTC",
    # Off, a backslash in a text would end it early.
    "standard_conforming_strings": "on",
    # Less, and 0.1 + 0.2 is 0.3 where it is fetched, and as a level.
    "extra_float_digits": "1",
    # On, a scan begins where another is, and sums of doubles come in another order.
    "synchronize_seqscans": "off",
    "client_min_messages": "warning",
    "jit": "off",
}
WORKERS = "max_parallel_workers_per_gather"
LONGEST_NAME = 63
"""Bytes of an identifier; longer ones would be cut without a word, and two of them become one."""

PUBLICATION_LOCK = "select pg_advisory_xact_lock(hashtext('sqlmonitor'))"


class LateTimestampLoader(TimestampLoader):
    """Times, also after the year 9999, such as the end of its last month, which Python has none of."""

    def load(self, data: Buffer) -> Any:
        """As NumPy has it, where it is such a time."""
        try:
            return super().load(data)
        except psycopg.DataError:
            text = bytes(data).decode()
            if not re.fullmatch(r"\d{5,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", text):
                raise
            return numpy.datetime64(text.replace(" ", "T"), "us")


class Postgres:
    """The verbs of ``Engine`` over one psycopg connection.

    Args:
        connection: open, outside of a transaction; it commits every statement from now on.
        url: what it was opened with, whose password no message shows.
    """

    dialect = "postgres"

    def __init__(self, connection: psycopg.Connection[Any], *, url: str = "") -> None:
        self.connection = connection
        self.url = url
        self.workers = ""
        self.refuse_open_transaction()
        try:
            connection.autocommit = True
            for name, value in SETTINGS.items():
                self._cursor("select set_config(%s, %s, false)", (name, value))
        except psycopg.Error as error:
            raise self._explained(error) from None

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> Postgres:
        """Opens ``postgresql://user:password@host:5432/database?sslmode=require``, as libpq has it.

        Args:
            url: a driver after a plus is left out.
            read_only: True where nothing will be written; the server then refuses it.

        Raises:
            WarehouseError: where the server cannot be reached or refuses the user.
        """
        plain = address.without_driver(url)
        try:
            connection = psycopg.connect(plain, autocommit=True)
        except (psycopg.Error, UnicodeError, ValueError) as error:
            raise explained(error, plain) from None
        engine = cls(connection, url=plain)
        if read_only:
            engine.execute_own("set default_transaction_read_only = on")
        return engine

    def __enter__(self) -> Postgres:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()

    def execute(self, statement: str | exp.Expr) -> None:
        """Runs one statement."""
        tree = (
            sqlglot.parse_one(statement, dialect=dialects.CANONICAL)
            if isinstance(statement, str)
            else statement
        )
        # Making one that is there needs a right on the whole database, which a run should not need.
        if isinstance(tree, exp.Create) and tree.kind == "SCHEMA" and self._has_schema(tree.this.db):
            return
        self.execute_own(self._translated(tree))

    def execute_own(self, text: str) -> None:
        """Runs text that is PostgreSQL's already; several statements in it are one transaction."""
        try:
            self._cursor(text)
        except psycopg.Error as error:
            raise self._explained(error) from None

    def query(self, statement: str | exp.Expr) -> pandas.DataFrame:
        """Runs one SELECT and fetches its (small) result."""
        columns, rows = self._fetched(self._translated(statement))
        return frame(columns, rows)

    def first(self, statement: str | exp.Expr) -> dict[str, Any] | None:
        """The first row of a SELECT by column name, or None."""
        columns, rows = self._fetched(self._translated(statement), most=1)
        return dict(zip((name for name, _ in columns), rows[0], strict=True)) if rows else None

    def describe(self, relation: str | exp.Expr) -> dict[str, str]:
        """Column names of a relation with their types; an enumeration is ``enum``."""
        if isinstance(relation, str):
            relation = exp.to_table(relation, dialect=self.dialect)
        aliased = exp.alias_(relation.copy(), "described", table=True)
        columns, _ = self._fetched(self._translated(exp.select("*").from_(aliased).limit(0)))
        return dict(columns)

    def materialize(self, table: str, select: str | exp.Expr) -> None:
        """Makes a temporary table of a SELECT's rows; replaces one that is there."""
        _refuse_long(table, "give the metric a shorter name")
        form = dialects.dialect(self.dialect).temporary
        self.execute_own(form.format(table=table, select=self._translated(select)))

    def drop(self, table: str) -> None:
        """Drops a temporary table, if it is there; a lost connection has dropped it."""
        if not self.connection.closed:
            self.execute_own(f"drop table if exists pg_temp.{table}")

    @contextmanager
    def in_one_order(self) -> Iterator[None]:
        """Statements inside are run by one process, so that sums of doubles repeat to the last bit."""
        self.execute_own(f"set {WORKERS} = 0")
        try:
            yield
        finally:
            if not self.connection.closed:
                self.execute_own(f"set {WORKERS} = {self.workers}" if self.workers else f"reset {WORKERS}")

    own_settings = frozenset(SETTINGS)

    def configure(self, name: str, value: str | int | float | bool) -> None:
        """Sets a setting of the session."""
        try:
            self._cursor("select set_config(%s, %s, false)", (name, str(value)))
        except psycopg.Error as error:
            raise self._explained(error) from None
        if name.casefold() == WORKERS:
            self.workers = str(int(value))

    def use_threads(self, count: int) -> None:
        """One process leads, the others are its workers."""
        self.configure(WORKERS, count - 1)

    def finish_publication(self, schema: str) -> None:
        """A killed transaction has left nothing; refuses a schema whose name would be cut."""
        _refuse_long(schema, "give the store's schema a shorter name: `store: sqlmonitor`")

    def refuse_open_transaction(self) -> None:
        """Ours would end one that is open on the user's connection, or undo it."""
        status = self.connection.info.transaction_status
        if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            raise WarehouseError(
                "the connection has an open transaction", remedy="commit it or roll it back first"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none; a second one waits until the first has ended."""
        self.execute_own("begin")
        try:
            # Before the first statement reads anything: its rows would be those from before the other run.
            self.execute_own(PUBLICATION_LOCK)
            yield
            self.execute_own("commit")
        except BaseException:
            if not self.connection.closed:
                self.execute_own("rollback")
            raise

    def _has_schema(self, name: str) -> bool:
        found = self._cursor("select 1 from pg_namespace where nspname = %s", (name,))
        return found.fetchone() is not None

    def _cursor(self, text: str, values: tuple[str, ...] | None = None) -> psycopg.Cursor[tuple[Any, ...]]:
        # Of our own kind: the user's connection may make dictionaries of rows.
        cursor = self.connection.cursor(row_factory=tuple_row)
        cursor.adapters.register_loader("timestamp", LateTimestampLoader)
        return cursor.execute(text.encode(), values)

    def _translated(self, statement: str | exp.Expr) -> str:
        return dialects.translated(statement, self.dialect)

    def _fetched(
        self, text: str, most: int | None = None
    ) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        """Columns with their types, and rows: all of them, or so many at most."""
        try:
            cursor = self._cursor(text)
            columns = [(column.name, column.type_display) for column in cursor.description or ()]
            rows = cursor.fetchall() if most is None else cursor.fetchmany(most)
            return [(name, self._type(written)) for name, written in columns], rows
        except psycopg.Error as error:
            raise self._explained(error) from None

    def _type(self, written: str) -> str:
        """The type's name; the driver has only a number for those that it does not know, such as enumerations."""
        if not written.isdigit():
            return written
        found = self._cursor(
            "select case typtype when 'e' then 'enum' else typname end from pg_type where oid = %s::oid",
            (written,),
        )
        row = found.fetchone()
        return str(row[0]) if row else written

    def _explained(self, error: psycopg.Error) -> WarehouseError:
        return explained(error, self.url)


def _refuse_long(name: str, remedy: str) -> None:
    if len(name.encode()) > LONGEST_NAME:
        raise WarehouseError(
            f"the name {name} is longer than the {LONGEST_NAME} bytes that PostgreSQL keeps", remedy=remedy
        )
