"""Looks after a store: how large it is, what may go, and copies of it as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmonitor.engines.frames import write_parquet
from sqlmonitor.errors import ConfigurationError, StoreError
from sqlmonitor.store import COUNTED, FITTED, TABLES, literal, quoted, refuse_newer

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


@dataclass(frozen=True)
class Size:
    """One table of a store.

    Args:
        table: its name.
        row_count: how many rows it has.
        column_count: how many columns.
    """

    table: str
    row_count: int
    column_count: int


def sizes(engine: Engine, schema: str) -> list[Size]:
    """Every table of a store with its size, the largest first; what else stands in its schema is left out.

    Raises:
        StoreError: where there is no store, or a newer version wrote it.
    """
    if refuse_newer(engine, schema) is None:
        raise StoreError(f"there is no store '{schema}' yet", remedy="run `sqlmonitor run` first")
    frame = engine.query(
        f"select table_name from information_schema.tables where table_schema = {literal(schema)}"
    )
    there, ours = set(frame["table_name"]), set(TABLES)
    if "kept" in there:
        ours |= set(engine.query(f"select distinct table_name from {quoted(schema)}.kept")["table_name"])
    found = []
    for table in there & ours:
        place = f"{quoted(schema)}.{quoted(table)}"
        row = engine.first(f"select count(*) as rows from {place}")
        found.append(Size(table, int(row["rows"]) if row else 0, len(engine.describe(place))))
    return sorted(found, key=lambda size: (-size.row_count, size.table))


def prune(engine: Engine, schema: str, before: datetime) -> int:
    """Forgets what was superseded before a time, all or nothing; results and kept counts stay.

    Gone are results that other ones had replaced by then, and the histograms and fitted state of fits that no run
    has used since. Views as of times before it are refused from then on.

    Args:
        engine: an open warehouse, whose store has this version's tables or none.
        schema: the store's.
        before: a time in UTC.

    Returns:
        How many rows are gone.

    Raises:
        StoreError: where there is no store, or a newer version wrote it.
    """
    engine.finish_publication(schema)
    there = {size.table for size in sizes(engine, schema)}
    place = quoted(schema)
    time = f"timestamp '{before.isoformat(sep=' ')}'"
    used = f"(select fit_id from {place}.runs where finished_at >= {time})"
    newest = f"(select fit_id from {place}.latest_results)"
    conditions = dict.fromkeys((*FITTED, *COUNTED), f"fit_id not in {used} and fit_id not in {newest}")
    conditions["results_history"] = f"valid_to < {time}"
    gone = 0
    with engine.transaction():
        for table, condition in conditions.items():
            if table not in there:
                continue
            row = engine.first(f"select count(*) as rows from {place}.{table} where {condition}")
            gone += int(row["rows"]) if row else 0
            engine.execute(f"delete from {place}.{table} where {condition}")
        # From the newest run on nothing is superseded, so these views stay whole.
        row = engine.first(f"select max(finished_at) as newest from {place}.runs")
        if row is not None and row["newest"] is not None:
            forgotten = f"timestamp '{min(before, row['newest']).isoformat(sep=' ')}'"
            engine.execute(
                f"update {place}.monitors set pruned_before = {forgotten} "
                f"where pruned_before is null or pruned_before < {forgotten}"
            )
    return gone


def export(engine: Engine, schema: str, folder: Path) -> list[Path]:
    """Writes every table of a store as a Parquet file.

    Args:
        engine: an open warehouse.
        schema: the store's.
        folder: made where it is not there; files of the same names are written over.

    Returns:
        The files.

    Raises:
        StoreError: where there is no store, or a newer version wrote it.
        ConfigurationError: where the folder cannot be made.
    """
    tables = sizes(engine, schema)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"cannot make the folder {folder}: {error.strerror}", remedy="name another"
        ) from None
    files = []
    for size in tables:
        file = folder / f"{size.table}.parquet"
        write_parquet(engine.query(f"select * from {quoted(schema)}.{quoted(size.table)}"), file)
        files.append(file)
    return files
