"""ClickHouse: through clickhouse-connect, on a server or in this process (chDB)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import clickhouse_connect
import sqlglot
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error
from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.dialects.clickhouse import SETTINGS
from sqlmonitor.engines import address
from sqlmonitor.engines.clickhouse_errors import explained
from sqlmonitor.engines.clickhouse_publishing import Publication, finish
from sqlmonitor.engines.frames import frame
from sqlmonitor.engines.publication import publishing
from sqlmonitor.errors import WarehouseError

if TYPE_CHECKING:
    import pandas

# It warns beside what it raises; whoever wants that in a log still gets it there.
logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())

TIMES = (("DateTime", "TIMESTAMP"), ("Date", "DATE"))
WRAPPERS = ("Nullable(", "LowCardinality(")
"""Types around a type, which change nothing for a monitor."""


class ClickHouse:
    """The verbs of ``Engine`` over one clickhouse-connect client, which is one session of the server.

    Args:
        client: open; the settings of its session are changed to those that results depend on.
        url: what it was opened with, whose password no message shows.
    """

    dialect = "clickhouse"

    def __init__(self, client: Client, *, url: str = "") -> None:
        self.client = client
        self.url = url
        self.publication: Publication | None = None
        try:
            for name, value in SETTINGS.items():
                client.set_client_setting(name, value)
        except Error as error:
            raise self._explained(error) from None

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> ClickHouse:
        """Opens ``clickhousedb://user:password@host:8443/database?secure=true``, or ``chdb:///absolute/folder``.

        Args:
            url: a driver after a plus is left out; what stands after the question mark is given to
                ``clickhouse_connect.get_client``.
            read_only: True where nothing will be written; the server then refuses it.

        Raises:
            WarehouseError: where the server cannot be reached or refuses the user.
        """
        try:
            client = clickhouse_connect.get_client(**_arguments(url))
        except (Error, OSError, ValueError) as error:
            raise explained(error, url) from None
        engine = cls(client, url=url)
        if read_only:
            # 2: settings may still be changed, and sources read.
            client.set_client_setting("readonly", 2)
        return engine

    def __enter__(self) -> ClickHouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the client; the server drops the session's temporary tables."""
        self.client.close()

    def execute(self, statement: str | exp.Expr) -> None:
        """Runs one statement."""
        tree = _tree(statement)
        # Making one that is there needs a right on all of the server, which a run should not need.
        if isinstance(tree, exp.Create) and tree.kind == "SCHEMA" and self._has_database(tree.this.db):
            return
        if self.publication is not None:
            self.publication.execute(tree.copy())
        else:
            self.execute_own(self.translated(tree))

    def execute_own(self, text: str) -> None:
        """Runs a statement that is ClickHouse's already."""
        try:
            self.client.command(text)
        except Error as error:
            raise self._explained(error) from None

    def query(self, statement: str | exp.Expr) -> pandas.DataFrame:
        """Runs one SELECT and fetches its (small) result."""
        columns, rows = self._fetched(self._reading(statement))
        return frame(columns, rows)

    def first(self, statement: str | exp.Expr) -> dict[str, Any] | None:
        """The first row of a SELECT by column name, or None."""
        columns, rows = self._fetched(self._reading(statement))
        return dict(zip((name for name, _ in columns), rows[0], strict=True)) if rows else None

    def describe(self, relation: str | exp.Expr) -> dict[str, str]:
        """Column names of a relation with their types, without Nullable and LowCardinality around them."""
        if isinstance(relation, str):
            relation = exp.to_table(relation, dialect=self.dialect)
        aliased = exp.alias_(relation.copy(), "described", table=True)
        text = self.translated(dialects.of_user(exp.select("*").from_(aliased)))
        _, rows = self._fetched(f"describe ({text})")
        return {str(row[0]): _unwrapped(str(row[1])) for row in rows}

    def materialize(self, table: str, select: str | exp.Expr) -> None:
        """Makes a temporary table of a SELECT's rows; replaces one that is there."""
        form = dialects.dialect(self.dialect).temporary
        self.execute_own(form.format(table=table, select=self.translated(select)))

    def drop(self, table: str) -> None:
        """Drops a temporary table, if it is there."""
        self.execute_own(f"drop temporary table if exists {table}")

    @contextmanager
    def in_one_order(self) -> Iterator[None]:
        """Statements inside are run by one thread, so that sums of doubles repeat to the last bit."""
        before = self.client.get_client_setting("max_threads")
        self.client.set_client_setting("max_threads", 1)
        try:
            yield
        finally:
            # 0 is as many as there are cores.
            self.client.set_client_setting("max_threads", before or 0)

    own_settings = frozenset(SETTINGS)

    def configure(self, name: str, value: str | int | float | bool) -> None:
        """Sets a setting of the client's session."""
        try:
            self.client.set_client_setting(name, value)
        except Error as error:
            raise self._explained(error) from None

    def use_threads(self, count: int) -> None:
        """Threads of all statements but those whose sums must repeat to the last bit."""
        self.configure("max_threads", count)

    def refuse_open_transaction(self) -> None:
        """ClickHouse has none that could be open."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none, by copies that take their tables' places at the end."""
        with publishing(Publication(self)) as publication:
            self.publication = publication
            try:
                yield
            finally:
                self.publication = None
        publication.show()

    def finish_publication(self, schema: str) -> None:
        """Finishes a publication that was killed, and drops the copies that killed runs left."""
        if self._has_database(schema):
            finish(self, schema)

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """What a SELECT in ClickHouse's own words gives."""
        return self._fetched(text)[1]

    def _has_database(self, name: str) -> bool:
        quoted = exp.Literal.string(name).sql(dialect=self.dialect)
        return bool(self.rows(f"select 1 from system.databases where name = {quoted}"))

    def _reading(self, statement: str | exp.Expr) -> str:
        """A SELECT's text; inside of a publication, of the copies that it has made."""
        if self.publication is None:
            return self.translated(statement)
        return self.translated(self.publication.staging.reading(_tree(statement).copy()))

    def translated(self, statement: str | exp.Expr) -> str:
        """A statement in ClickHouse's words."""
        return dialects.translated(statement, self.dialect)

    def _fetched(self, text: str) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        """Columns with their types, and rows."""
        try:
            result = self.client.query(text)
            if result.column_names:
                types = [_unwrapped(one.name) for one in result.column_types]
                return list(zip(result.column_names, types, strict=True)), [
                    tuple(row) for row in result.result_rows
                ]
            # Without rows, the server sends no names either.
            described = self.client.query(f"describe ({text})").result_rows
        except Error as error:
            raise self._explained(error) from None
        return [(str(row[0]), _unwrapped(str(row[1]))) for row in described], []

    def _explained(self, error: Exception) -> WarehouseError:
        return explained(error, self.url)


def _tree(statement: str | exp.Expr) -> exp.Expr:
    return (
        sqlglot.parse_one(statement, dialect=dialects.CANONICAL) if isinstance(statement, str) else statement
    )


def _unwrapped(written: str) -> str:
    """A type's name; times are all of one kind, whatever parts and zone they have."""
    for wrapper in WRAPPERS * 2:
        if written.startswith(wrapper):
            written = written.removeprefix(wrapper).removesuffix(")")
    return next((name for start, name in TIMES if written.startswith(start)), written)


def _arguments(url: str) -> dict[str, Any]:
    """A URL's parts as the driver takes them."""
    plain = address.without_driver(url)
    if address.scheme(url) == "chdb":
        return {"dsn": plain}
    parts = urlsplit(plain)
    query = dict(parse_qsl(parts.query))
    named = {"secure", "interface", "path", "access_token"}
    given = {name: query.pop(name) for name in list(query) if name in named}
    # Some write these behind the question mark; the URL's own places go first.
    username, user = query.pop("username", None), query.pop("user", None)
    password, database = query.pop("password", ""), query.pop("database", None)
    return given | {
        "host": parts.hostname,
        "port": parts.port,
        "username": unquote(parts.username) if parts.username else username or user,
        "password": unquote(parts.password or "") or password,
        "database": unquote(parts.path.removeprefix("/")) or database,
        # Names of the driver's options, and of settings.
        "generic_args": query,
    }
