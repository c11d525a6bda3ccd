"""Spark's catalog: what a schema holds, also as the standard's information schema, which Spark does not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects import CANONICAL

PREFIX = "sqlmonitor_copy_"
"""Of the tables that the store's tables are views over."""
COLUMNS = {
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "columns": ("table_catalog", "table_schema", "table_name", "column_name"),
}


@dataclass(frozen=True)
class Entry:
    """A table or a view.

    Args:
        name: as it is written.
        description: its comment, or empty.
        is_view: True for a view that is not one of ours over a copy.
        is_plain: True for a table.
    """

    name: str
    description: str
    is_view: bool
    is_plain: bool


def has_schema(session: Any, name: str) -> bool:
    """Whether there is a schema of the name, in whatever case."""
    return any(schema.lower() == name.lower() for schema in _schemas(session))


def entries(session: Any, schema: str) -> list[Entry]:
    """A schema's tables and views, temporary ones left out."""
    found = []
    for table in session.catalog.listTables(quoted(schema)):
        if not table.isTemporary:
            description = table.description or ""
            is_view = table.tableType == "VIEW" and not description.startswith(PREFIX)
            found.append(Entry(table.name, description, is_view, table.tableType != "VIEW"))
    return found


def shown(session: Any, schema: str) -> dict[str, str]:
    """The store's tables, each with the copy that it is a view over."""
    return {
        entry.name: entry.description
        for entry in entries(session, schema)
        if entry.description.startswith(PREFIX)
    }


def with_information_schema(statement: exp.Expr, session: Any) -> exp.Expr:
    """The statement with the rows that it asks for in the places of ``information_schema.tables`` and ``.columns``.

    Spark: none, but its catalog. Remedy: the rows of those schemas that the statement names, and of columns those of the
    tables that it names.

    Args:
        statement: canonical; one that does not read them is returned as it is.
        session: of Spark.
    """
    if not any(_is_asked(node) for node in statement.find_all(exp.Table)):
        return statement
    tree = statement.copy()
    named = {node.name.lower() for node in tree.find_all(exp.Literal) if node.is_string}
    rows: dict[str, list[tuple[str, ...]]] = {"tables": [], "columns": []}
    for schema in _schemas(session):
        if schema.lower() not in named:
            continue
        for entry in entries(session, schema):
            kind = "VIEW" if entry.is_view else "BASE TABLE"
            rows["tables"].append((schema, entry.name, kind))
            if entry.name.lower() not in named:
                continue
            columns = session.table(f"{quoted(schema)}.{quoted(entry.name)}").columns
            rows["columns"] += [(schema, entry.name, column) for column in columns]
    for place in [node for node in tree.find_all(exp.Table) if _is_asked(node)]:
        name = place.name.lower()
        alias = place.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
        made = exp.Subquery(this=_select(COLUMNS[name], rows[name]), alias=alias)
        made.set("joins", place.args.get("joins"))
        place.replace(made)
    return tree


def quoted(name: str) -> str:
    """An identifier in Spark's quotes."""
    return exp.to_identifier(name, quoted=True).sql(dialect="spark")


def _is_asked(table: exp.Table) -> bool:
    return table.db.lower() == "information_schema" and table.name.lower() in COLUMNS


def _schemas(session: Any) -> list[str]:
    rows = session.sql("show schemas").toArrow().to_pylist()
    return [str(next(iter(row.values()))) for row in rows]


def _select(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> exp.Expr:
    """The rows as one list of values: a SELECT for each took Spark ten seconds to plan for 200 of them."""
    catalog, *named = columns
    # A list needs a row.
    listed = ", ".join(
        f"({', '.join(exp.Literal.string(value).sql(CANONICAL) for value in row)})" for row in rows
    )
    nothing = f"({', '.join('cast(null as varchar)' for _ in named)})"
    values = f"(values {listed or nothing}) as listed ({', '.join(named)})"
    return sqlglot.parse_one(
        f"select current_database() as {catalog}, {', '.join(f'listed.{name}' for name in named)} from {values}"
        f" where listed.{named[0]} is not null",
        dialect=CANONICAL,
    )
