"""Spark's catalog as the standard's information schema, which Spark does not have."""

from __future__ import annotations

from typing import Any

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects import CANONICAL

COLUMNS = {
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "columns": ("table_catalog", "table_schema", "table_name", "column_name"),
}


def tables(session: Any, schema: str) -> list[str]:
    """Names of a schema's tables and views, temporary ones left out."""
    return [str(row[1]) for row in _shown(session, f"show tables in {_quoted(schema)}") if not row[2]]


def with_information_schema(statement: exp.Expr, session: Any) -> exp.Expr:
    """The statement with the rows that it asks for in the places of ``information_schema.tables`` and ``.columns``.

    Spark: none, but statements that list. Remedy: the rows of those schemas and tables that the statement names.

    Args:
        statement: canonical; one that does not read them is returned as it is.
        session: of Spark.
    """
    places = [node for node in statement.find_all(exp.Table) if node.db.lower() == "information_schema"]
    if not places:
        return statement
    tree = statement.copy()
    named = {node.name.lower() for node in tree.find_all(exp.Literal) if node.is_string}
    rows: dict[str, list[tuple[str, ...]]] = {"tables": [], "columns": []}
    for schema in (str(row[0]) for row in _shown(session, "show schemas")):
        if schema.lower() not in named:
            continue
        views = {
            str(row[0] if len(row) > 4 else row[1])
            for row in _shown(session, f"show views in {_quoted(schema)}")
        }
        for table in tables(session, schema):
            if table.lower() not in named:
                continue
            rows["tables"].append((schema, table, "VIEW" if table in views else "BASE TABLE"))
            columns = session.table(f"{_quoted(schema)}.{_quoted(table)}").columns
            rows["columns"] += [(schema, table, column) for column in columns]
    for place in [node for node in tree.find_all(exp.Table) if node.db.lower() == "information_schema"]:
        name = place.name.lower()
        alias = place.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
        joins = place.args.get("joins")
        place.replace(exp.Subquery(this=_select(COLUMNS[name], rows[name]), alias=alias, joins=joins))
    return tree


def _select(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> exp.Expr:
    listed = [
        ", ".join(
            [
                f"current_database() as {columns[0]}",
                *(
                    f"{exp.Literal.string(value).sql(CANONICAL)} as {name}"
                    for name, value in zip(columns[1:], row, strict=True)
                ),
            ]
        )
        for row in rows
    ]
    nothing = ", ".join(f"cast(null as varchar) as {name}" for name in columns)
    text = " union all ".join([f"select {nothing} where 0 = 1", *(f"select {row}" for row in listed)])
    return sqlglot.parse_one(text, dialect=CANONICAL)


def _shown(session: Any, text: str) -> list[list[Any]]:
    return [list(row.values()) for row in session.sql(text).toArrow().to_pylist()]


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="spark")
