"""Brings a store that an older version wrote to this version's tables, or refuses one that a newer version wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmonitor import store
from sqlmonitor.store import SINCE_VERSION_4, TABLES, VERSION, VIEWS, literal, quoted, refuse_newer

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


def migrate(engine: Engine, schema: str) -> bool:
    """Adds what an older store lacks; its results stay as they are.

    In two transactions, as not every engine fills a column in the one that adds it: columns first, which the
    older version's store can have, then what they hold, and the version.

    Returns:
        True where something was added.

    Raises:
        StoreError: where a newer version wrote it.
    """
    found = refuse_newer(engine, schema)
    if found is None or found == VERSION:
        return False
    for statements in (columns, contents):
        with engine.transaction():
            for statement in statements(engine, schema):
                engine.execute(statement)
    return True


def columns(engine: Engine, schema: str) -> list[str]:
    """What gives the tables of any older version the columns of this version's."""
    place = quoted(schema)
    added = []
    for table in _tables(engine, schema):
        there = {name.lower() for name in engine.describe(f"{place}.{table}")}
        added += [
            f"alter table {place}.{table} add column {column} {kind}"
            for column, kind in TABLES[table].items()
            if column not in there
        ]
    if not added:
        return []
    # A view over a table is in the way of changing it.
    dropped = [f"drop view if exists {place}.{view}" for view in reversed(VIEWS)]
    return [*dropped, *added, *store.views(schema)]


def contents(engine: Engine, schema: str) -> list[str]:
    """What fills those columns, and makes the tables that are not there."""
    place = quoted(schema)
    filled = [
        f"update {place}.{table} set {column} = '' where {column} is null"
        for table in _tables(engine, schema)
        for column in SINCE_VERSION_4
        if column in TABLES[table]
    ]
    return [*filled, f"drop table if exists {place}.store_version", *store.creation(schema)]


def _tables(engine: Engine, schema: str) -> list[str]:
    """Those of our tables that are there."""
    frame = engine.query(
        f"select table_name from information_schema.tables where table_schema = {literal(schema)}"
    )
    there = {str(name).lower() for name in frame["table_name"]}
    return [name for name in TABLES if name in there]
