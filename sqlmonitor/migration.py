"""Brings a store that an older version wrote to this version's tables, or refuses one that a newer version wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmonitor import store
from sqlmonitor.errors import StoreError
from sqlmonitor.store import TABLES, VERSION, literal, quoted

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


def version(engine: Engine, schema: str) -> int | None:
    """The version of a store's tables; None where there is no store. That of sqlmonitor 0.1 is 1.

    Args:
        engine: an open warehouse.
        schema: the store's.
    """
    frame = engine.query(
        f"select table_name from information_schema.tables where table_schema = {literal(schema)}"
    )
    tables = set(frame["table_name"])
    if "store_version" not in tables:
        return 1 if {"results", "runs"} <= tables else None
    row = engine.first(f"select max(version) as version from {quoted(schema)}.store_version")
    return 1 if row is None or row["version"] is None else int(row["version"])


def refuse_newer(engine: Engine, schema: str) -> int | None:
    """Refuses a store whose tables mean something that this version does not know.

    Returns:
        The store's version; None where there is no store.

    Raises:
        StoreError: where a newer version of sqlmonitor wrote it.
    """
    found = version(engine, schema)
    if found is not None and found > VERSION:
        raise StoreError(
            f"the store '{schema}' has version {found}, and this sqlmonitor knows versions up to {VERSION}",
            remedy="install the sqlmonitor that wrote it or a newer one, or name another `store`",
        )
    return found


def migrate(engine: Engine, schema: str) -> bool:
    """Adds what an older store lacks, in one transaction; its results stay as they are.

    Returns:
        True where something was added.

    Raises:
        StoreError: where a newer version wrote it.
    """
    found = refuse_newer(engine, schema)
    if found is None or found == VERSION:
        return False
    with engine.transaction():
        for statement in statements(engine, schema):
            engine.execute(statement)
    return True


def statements(engine: Engine, schema: str) -> list[str]:
    """What makes the tables of any older version this version's, for one transaction."""
    place = quoted(schema)
    frame = engine.query(
        "select table_name, column_name from information_schema.columns "
        f"where table_schema = {literal(schema)}"
    )
    there = set(zip(frame["table_name"], frame["column_name"], strict=True))
    tables = {table for table, _ in there}
    added = [
        f"alter table {place}.{table} add column {column} {kind}"
        for table, columns in TABLES.items()
        if table in tables
        for column, kind in columns.items()
        if (table, column) not in there
    ]
    # A view over a table is in the way of changing it.
    views = [f"drop view if exists {place}.{view}" for view in ("open_alerts", "latest_results")]
    return [*views, *added, f"drop table if exists {place}.store_version", *store.creation(schema)]
