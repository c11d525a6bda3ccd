"""Brings a store that an older version wrote to this version's tables, or refuses one that a newer version wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmonitor import store
from sqlmonitor.store import TABLES, VERSION, literal, quoted, refuse_newer

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


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
        f"select table_name from information_schema.tables where table_schema = {literal(schema)}"
    )
    tables = {str(name).lower() for name in frame["table_name"]}
    added = []
    for table in [name for name in TABLES if name in tables]:
        there = {name.lower() for name in engine.describe(f"{place}.{table}")}
        added += [
            f"alter table {place}.{table} add column {column} {kind}"
            for column, kind in TABLES[table].items()
            if column not in there
        ]
    # A view over a table is in the way of changing it.
    views = [f"drop view if exists {place}.{view}" for view in ("open_alerts", "latest_results")]
    return [*views, *added, f"drop table if exists {place}.store_version", *store.creation(schema)]
