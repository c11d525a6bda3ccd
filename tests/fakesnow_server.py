"""fakesnow's server, with what it lacks of Snowflake bridged; run by the Python that has fakesnow.

fakesnow is DuckDB inside. Each bridge below is something that Snowflake has and fakesnow 0.12 does not; none makes
it accept what Snowflake refuses. What it shows is that the driver, the types, the translation's names and the
publication's steps fit together; it is no proof that Snowflake itself takes a statement.

Usage: python fakesnow_server.py PORT
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import threading
import time
from string import Template
from typing import Any

import duckdb
import fakesnow
import fakesnow.cursor as cursors
import fakesnow.rowtype as rowtypes
import pyarrow as pa
from fakesnow import arrow, info_schema, transforms
from snowflake.connector import errors
from sqlglot import exp
from starlette.responses import JSONResponse
from starlette.routing import Route

start = fakesnow.server
# From here on the package's attribute is the module of that name.
server = importlib.import_module("fakesnow.server")
SUCCESS = transforms.transforms.SUCCESS_NOP


def settings_of_sessions() -> None:
    """``alter session set`` of parameters that fakesnow does not know: taken, and without effect."""
    own = transforms.alter_session

    def altered(node: exp.Expr) -> exp.Expr:
        try:
            return own(node)
        except NotImplementedError:
            return SUCCESS.copy()

    transforms.alter_session = altered


def views_in_the_catalogue() -> None:
    """``information_schema.tables`` has views too."""
    whole = info_schema.SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW.template
    columns = "database_name, schema_name, table_name, estimated_size"
    both = (
        f"(select {columns}, 'BASE TABLE' as table_type from duckdb_tables "
        "union all select database_name, schema_name, view_name, 0, 'VIEW' from duckdb_views) as tables"
    )
    info_schema.SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW = Template(
        whole.replace("from duckdb_tables tables", f"from {both}").replace(
            "'BASE TABLE' AS", "tables.table_type AS"
        )
    )


def lists() -> None:
    """Arrays are DuckDB's lists, which hold infinities; fakesnow's JSON does not."""
    of_arrays, of_indices = transforms.array_construct_etc, transforms.indices_to_json_extract

    def constructed(node: exp.Expr) -> exp.Expr:
        return node if isinstance(node, exp.Array) else of_arrays(node)

    def indexed(node: exp.Expr) -> exp.Expr:
        is_place = isinstance(node, exp.Bracket) and not node.expressions[0].is_string
        return node if is_place else of_indices(node)

    transforms.array_construct_etc, transforms.indices_to_json_extract = constructed, indexed
    rowtypes.duckdb_to_sf_type["DOUBLE[]"] = "array"
    whole = server.to_sf

    def written(table: pa.Table, described: Any) -> pa.Table:
        """Arrays come as texts."""
        for place, field in enumerate(table.schema):
            if pa.types.is_list(field.type):
                texts = [None if one is None else json.dumps(one) for one in table.column(place).to_pylist()]
                table = table.set_column(place, field.name, pa.array(texts, pa.string()))
        return whole(table, described)

    server.to_sf = written


def times_that_are_null() -> None:
    """A time that is NULL is sent as NULL, not as the first second of 1970."""
    whole = arrow.timestamp_to_sf_struct

    def written(times: pa.Array | pa.ChunkedArray) -> pa.Array:
        parts = whole(times)
        times = times.combine_chunks() if isinstance(times, pa.ChunkedArray) else times
        filled = [part.fill_null(0) for part in parts.flatten()]
        return pa.StructArray.from_arrays(filled, fields=list(parts.type), mask=times.is_null())

    arrow.timestamp_to_sf_struct = written


def one_order() -> None:
    """One thread, so that sums of doubles repeat to the last bit; on Snowflake itself they may not."""
    server.shared_fs.duck_conn.execute("set threads = 1")


def transactions() -> None:
    """DDL commits an open transaction; ``current_transaction()`` tells whether one is open."""
    whole, inline = cursors.FakeSnowflakeCursor._execute, cursors.FakeSnowflakeCursor._inline_variables

    def executed(self: Any, transformed: exp.Expr, params: Any = None) -> None:
        connection = self._conn
        if isinstance(transformed, (exp.Create, exp.Drop, exp.Alter)) and getattr(
            connection, "is_open", False
        ):
            self._duck_conn.commit()
            connection.is_open = False
        try:
            whole(self, transformed, params)
        except duckdb.TransactionException as error:
            # Snowflake would have waited for the other transaction's lock; DuckDB has none.
            raise errors.ProgrammingError(
                msg=f"another transaction has locked table: {error}", errno=625, sqlstate="57014"
            ) from error
        except duckdb.Error as error:
            raise errors.ProgrammingError(msg=str(error), errno=100000, sqlstate="22000") from error
        if isinstance(transformed, (exp.Transaction, exp.Commit, exp.Rollback)):
            connection.is_open = isinstance(transformed, exp.Transaction)

    def inlined(self: Any, text: str) -> str:
        answer = "'1'" if getattr(self._conn, "is_open", False) else "null"
        return inline(self, text.replace("current_transaction()", answer))

    cursors.FakeSnowflakeCursor._execute = executed
    cursors.FakeSnowflakeCursor._inline_variables = inlined


def deep_statements() -> None:
    """Continued fractions of 25 levels; it parses by recursion, in threads."""
    sys.setrecursionlimit(20_000)
    threading.stack_size(512 * 1024 * 1024)


def names_with_quotes() -> None:
    """Names of any signs: fakesnow notes texts' lengths in statements that it writes without escapes."""
    transforms.extract_text_length = lambda node: node


def sessions_at_once() -> None:
    """Two sessions may make tables of one name: fakesnow notes both in one row of a table of its own."""
    transforms.extract_comment_on_table = lambda node: node


def later_drivers() -> None:
    """The driver's version 5 asks for a master token, too, with which it would renew its session."""
    whole = server.login_request

    async def logged_in(request: Any) -> JSONResponse:
        answer = json.loads((await whole(request)).body)
        answer["data"] |= {"masterToken": "none", "masterValidityInSeconds": 14400, "sessionId": 1}
        return JSONResponse(answer)

    for place, route in enumerate(server.app.router.routes):
        if route.endpoint is whole:
            server.app.router.routes[place] = Route(route.path, logged_in, methods=["POST"])


def files() -> None:
    """A comment loads a file for the tests: fakesnow's own COPY needs a stage, and its VALUES are slow."""
    whole = cursors.FakeSnowflakeCursor.execute

    def executed(self: Any, command: str, *given: Any, **named: Any) -> Any:
        found = re.fullmatch(r"select 'loaded' as status /\* (\S+) into (.+) \*/", command)
        if found is not None:
            self._duck_conn.execute(f"insert into {found[2]} select * from read_parquet('{found[1]}')")
        return whole(self, command, *given, **named)

    cursors.FakeSnowflakeCursor.execute = executed


if __name__ == "__main__":
    for bridge in (
        settings_of_sessions,
        views_in_the_catalogue,
        lists,
        times_that_are_null,
        one_order,
        transactions,
        deep_statements,
        names_with_quotes,
        sessions_at_once,
        later_drivers,
        files,
    ):
        bridge()
    with start(port=int(sys.argv[1])):
        print("ready", flush=True)
        # Nobody reads what follows: a full pipe would stop the server.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        # It ends with the tests, also where they are killed.
        parent = os.getppid()
        while os.getppid() == parent:
            time.sleep(1)
