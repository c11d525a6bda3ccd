"""Snowflake: through its own driver, by a URL or on an open connection."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import snowflake.connector
import sqlglot
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import Error
from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.dialects.snowflake import SETTINGS, setting
from sqlmonitor.engines import snowflake_publishing
from sqlmonitor.engines.frames import frame
from sqlmonitor.engines.snowflake_errors import explained
from sqlmonitor.engines.snowflake_publishing import Publication
from sqlmonitor.errors import UnreachableError, UnsupportedError, WarehouseError

if TYPE_CHECKING:
    import pandas

# Where nobody listens to the driver, it says nothing: errors come as errors.
logging.getLogger("snowflake").addHandler(logging.NullHandler())

USUAL: dict[str, str | int] = {
    # By which whoever pays finds our statements.
    "QUERY_TAG": "sqlmonitor",
    # Seconds that one publication waits for another; Snowflake would wait for twelve hours.
    "LOCK_TIMEOUT": 600,
}
"""Of sessions that we open; the user may set others."""
NUMBERS = re.compile(r"port|\w+_(timeout|threads|frequency|seconds)")
"""Parameters of the driver that are whole numbers; others are text, or true or false."""
CAPITALS = re.compile(r"[A-Z_][A-Z0-9_]*")
TYPES = (
    *("NUMBER", "FLOAT", "VARCHAR", "DATE", "TIMESTAMP", "VARIANT"),
    # With a zone of the session, of its own, and none.
    *("TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
    *("OBJECT", "ARRAY", "BINARY", "TIME", "BOOLEAN", "GEOGRAPHY", "GEOMETRY", "VECTOR"),
)
"""By the driver's number of a type, source: its manual, *type_code*."""


class Snowflake:
    """The verbs of ``Engine`` over one connection of Snowflake's driver.

    Args:
        connection: open, outside of a transaction; it commits every statement from now on.
        url: what it was opened with, whose password no message shows.
        is_set: True where the session has our settings already.
        read_only: True where nothing will be written but temporary tables.
    """

    dialect = "snowflake"

    def __init__(
        self,
        connection: snowflake.connector.SnowflakeConnection,
        *,
        url: str = "",
        is_set: bool = False,
        read_only: bool = False,
    ) -> None:
        self.connection = connection
        self.url = url
        self.read_only = read_only
        self.publication: Publication | None = None
        self.temporary: set[str] = set()
        self.is_lost = False
        if not is_set:
            self.refuse_open_transaction()
            for name, value in SETTINGS.items():
                self.execute_own(setting(name, value))

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> Snowflake:
        """Opens ``snowflake://user:password@account/database/schema?warehouse=name&role=name``.

        Further parameters are the driver's, such as ``authenticator`` and ``private_key_file``; with
        ``connection_name`` the driver reads its own file ``connections.toml``.

        Args:
            url: a driver after a plus is left out.
            read_only: True where nothing will be written; Snowflake has no such sessions, so we refuse it.

        Raises:
            WarehouseError: where the account cannot be reached or refuses the user.
        """
        given = parameters(url)
        given |= {"autocommit": True, "session_parameters": {**SETTINGS, **USUAL}}
        try:
            with warnings.catch_warnings():
                # What later versions of the driver will do is nothing that a user of ours can mend.
                for kind in (FutureWarning, DeprecationWarning):
                    warnings.simplefilter("ignore", kind)
                connection = snowflake.connector.connect(**given)
        except (Error, OSError, ValueError, TypeError) as error:
            raise explained(error, url) from None
        return cls(connection, url=url, is_set=True, read_only=read_only)

    def __enter__(self) -> Snowflake:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        with suppress(Error, OSError):
            self.connection.close()

    def execute(self, statement: str | exp.Expr) -> None:
        """Runs one statement."""
        tree = _tree(statement).copy()
        if self.read_only:
            raise WarehouseError("the warehouse was opened to be read only", remedy="open it for writing")
        if isinstance(tree, exp.Create) and tree.kind == "SCHEMA":
            self._create_schema(tree)
        elif self.publication is not None:
            self.publication.execute(tree)
        else:
            self.execute_own(self.translated(tree))

    def execute_own(self, text: str) -> None:
        """Runs a statement that is Snowflake's already."""
        self._fetched(text)

    def query(self, statement: str | exp.Expr) -> pandas.DataFrame:
        """Runs one SELECT and fetches its (small) result."""
        return frame(*self._asked(statement))

    def first(self, statement: str | exp.Expr) -> dict[str, Any] | None:
        """The first row of a SELECT by column name, or None."""
        columns, rows = self._asked(statement, most=1)
        return dict(zip((name for name, _ in columns), rows[0], strict=True)) if rows else None

    def answer(self, text: str, most: int | None = None) -> list[tuple[Any, ...]]:
        """The rows of a SELECT in Snowflake's own words: all of them, or so many at most."""
        return self._fetched(text, most)[1]

    def describe(self, relation: str | exp.Expr) -> dict[str, str]:
        """Column names of a relation with their types; no warehouse is needed for that."""
        if isinstance(relation, str):
            relation = exp.to_table(relation, dialect=self.dialect)
        aliased = exp.alias_(relation.copy(), "described", table=True)
        text = self.translated(exp.select("*").from_(aliased).limit(0))
        with self._cursor() as cursor:
            return {one.name: _type(one) for one in cursor.describe(text)}

    def materialize(self, table: str, select: str | exp.Expr) -> None:
        """Makes a temporary table of a SELECT's rows, in the session's current schema."""
        form = dialects.dialect(self.dialect).temporary
        self.execute_own(form.format(table=table, select=self.translated(select)))
        self.temporary.add(table)

    def drop(self, table: str) -> None:
        """Drops a temporary table; one of the user's under its name is left alone."""
        if table in self.temporary and not self.is_lost:
            self.execute_own(f"drop table if exists {table}")
        self.temporary.discard(table)

    @contextmanager
    def in_one_order(self) -> Iterator[None]:
        """Snowflake cannot be told; last bits may differ between runs."""
        yield

    own_settings = frozenset(map(str.casefold, SETTINGS))

    def configure(self, name: str, value: str | int | float | bool) -> None:
        """Sets a parameter of the session."""
        if not re.fullmatch(r"\w+", name):
            raise WarehouseError(
                f"'{name}' is no parameter of a session", remedy="write one such as QUERY_TAG"
            )
        self.execute_own(setting(name, value))

    def use_threads(self, count: int) -> None:
        """The size of the warehouse decides."""
        raise UnsupportedError(
            "Snowflake cannot be told how many threads to take",
            remedy="leave --threads out, and name a warehouse of another size",
        )

    def finish_publication(self, schema: str) -> None:
        """A killed transaction has left nothing but, at most, tables that nothing names."""
        if not self.read_only:
            snowflake_publishing.sweep(self, schema)

    def refuse_open_transaction(self) -> None:
        """Ours would end one that is open on the user's connection."""
        ((transaction,),) = self.answer("select current_transaction()")
        if transaction is not None:
            raise WarehouseError(
                "the connection has an open transaction", remedy="commit it or roll it back first"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none; the later of two is refused where it knows of the earlier."""
        self.publication = publication = Publication(self)
        try:
            yield
        finally:
            self.publication = None
        publication.publish()

    def has_table(self, place: exp.Table) -> bool:
        """Whether there is such a table."""
        try:
            self.describe(place)
        except UnreachableError:
            raise
        except WarehouseError:
            return False
        return True

    def translated(self, statement: str | exp.Expr) -> str:
        """A statement in Snowflake's words."""
        return dialects.translated(statement, self.dialect)

    def _create_schema(self, tree: exp.Create) -> None:
        """Makes a schema that is not there, which needs a right on the database, and leaves the current one current."""
        name = exp.Literal.string(tree.this.db).sql(dialects.CANONICAL)
        found = self.translated(
            f"select 1 as one from information_schema.schemata where schema_name = {name}"
        )
        if self.answer(found):
            return
        former = self.connection.schema
        self.execute_own(self.translated(tree))
        if former:
            self.execute_own(f"use schema {exp.to_identifier(former, quoted=True).sql(self.dialect)}")

    def _asked(
        self, statement: str | exp.Expr, most: int | None = None
    ) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        """What is fetched of a SELECT; a publication asks it again at its end."""
        text = self.translated(statement)
        columns, rows = self._fetched(text, most)
        if self.publication is not None:
            self.publication.answered(text, most, rows)
        return columns, rows

    def _fetched(
        self, text: str, most: int | None = None
    ) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        """Columns with their types, and rows: all of them, or so many at most."""
        with self._cursor() as cursor:
            cursor.execute(text)
            columns = [(_shown(one.name), _type(one)) for one in cursor.description or ()]
            rows = cursor.fetchall() if most is None else cursor.fetchmany(most)
            return columns, [tuple(row) for row in rows]

    @contextmanager
    def _cursor(self) -> Iterator[SnowflakeCursor]:
        """A cursor of our own kind: the user's connection may make dictionaries of rows."""
        try:
            with self.connection.cursor(SnowflakeCursor) as cursor:
                yield cursor
        except (Error, OSError) as error:
            found = explained(error, self.url)
            self.is_lost = self.is_lost or isinstance(found, UnreachableError)
            raise found from None


def parameters(url: str) -> dict[str, Any]:
    """What a URL says, as the driver takes it.

    Args:
        url: ``snowflake://user:password@account/database/schema?parameter=value``; every part may be missing.
    """
    place, _, query = url.partition("://")[2].partition("?")
    login, _, rest = place.rpartition("@")
    account, *path = rest.split("/")
    user, _, password = login.partition(":")
    named = {"user": user, "password": password, "account": account}
    named |= dict(zip(("database", "schema"), path, strict=False))
    given: dict[str, Any] = {name: unquote(value) for name, value in named.items() if value}
    for name, value in parse_qsl(query):
        given[name] = int(value) if NUMBERS.fullmatch(name) and value.isdigit() else value
        if value.casefold() in ("true", "false"):
            given[name] = value.casefold() == "true"
    return given


def _tree(statement: str | exp.Expr) -> exp.Expr:
    return (
        sqlglot.parse_one(statement, dialect=dialects.CANONICAL) if isinstance(statement, str) else statement
    )


def _shown(name: str) -> str:
    """A column of a result: our own names are small everywhere."""
    return name.lower() if CAPITALS.fullmatch(name) else name


def _type(column: Any) -> str:
    """A column's type in Snowflake's words."""
    written = TYPES[column.type_code] if column.type_code < len(TYPES) else "OTHER"
    return f"{written}({column.precision}, {column.scale})" if written == "NUMBER" else written
