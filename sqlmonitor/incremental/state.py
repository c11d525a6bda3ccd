"""What the store keeps of a monitor, as a run finds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmonitor.incremental.columns import KeptColumn
from sqlmonitor.store import literal, quoted

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


@dataclass(frozen=True)
class Kept:
    """The kept rows of one step.

    Args:
        table: in the store's schema.
        content_hash: of the step that made them.
        has_analysis: True where they hold every chunk of the analysis, False for the reference alone.
    """

    table: str
    content_hash: str
    has_analysis: bool


@dataclass(frozen=True)
class State:
    """A monitor in the store.

    Args:
        run_id: of the run that published last; empty where there is none.
        fit_id: of the fit whose histograms are those of the kept counts; empty where they must be written anew.
        finished_at: when it published, in UTC.
        labels_until: labels observed until then have been counted; None where none were looked for.
        updated_column: by which changed rows were looked for; empty for none.
        rows_until: rows that changed until then have been counted.
        steps: what is kept, by the step's name.
        columns: what is kept of single columns, by what names the content.
    """

    run_id: str = ""
    fit_id: str = ""
    finished_at: datetime | None = None
    labels_until: datetime | None = None
    updated_column: str = ""
    rows_until: datetime | None = None
    steps: Mapping[str, Kept] = field(default_factory=dict)
    columns: Mapping[str, KeptColumn] = field(default_factory=dict)

    def newest_chunk(self, engine: Engine, schema: str, limit: int) -> int | None:
        """Number of the newest chunk of the analysis that is stored; None where none is.

        Args:
            engine: an open warehouse.
            schema: the store's.
            limit: chunks with a higher number are not looked at.
        """
        counted = self.steps.get("chunk_counts")
        if counted is None or not counted.has_analysis:
            return None
        row = engine.first(
            f"select max(chunk_number) as newest from {quoted(schema)}.{counted.table} "
            f"where chunk_number % 2 = 0 and chunk_number <= {2 * limit}"
        )
        return None if row is None or row["newest"] is None else int(row["newest"]) // 2

    def chunks(self, engine: Engine, schema: str) -> list[int]:
        """Numbers of the chunks of the analysis that are stored, in order.

        Args:
            engine: an open warehouse.
            schema: the store's.
        """
        counted = self.steps.get("chunk_counts")
        if counted is None or not counted.has_analysis:
            return []
        frame = engine.query(
            f"select distinct chunk_number from {quoted(schema)}.{counted.table} "
            "where chunk_number % 2 = 0 order by chunk_number"
        )
        return [int(chunk_number) // 2 for chunk_number in frame["chunk_number"]]


def read_state(engine: Engine, schema: str, monitor: str) -> State:
    """Asks the store what it keeps of a monitor; kept tables that are gone count as not kept.

    Args:
        engine: an open warehouse, whose store has this version's tables or none.
        schema: the store's.
        monitor: its name.
    """
    frame = engine.query(
        f"select table_name from information_schema.tables where table_schema = {literal(schema)}"
    )
    tables = set(frame["table_name"])
    if not {"kept", "monitors"} <= tables:
        return State()
    place = quoted(schema)
    row = engine.first(
        "select run_id, fit_id, finished_at, labels_until, coalesce(updated_column, '') as updated_column, rows_until "
        f"from {place}.monitors where monitor = {literal(monitor)}"
    )
    if row is None:
        return State()
    kept = engine.query(
        f"select step, table_name, content_hash, has_analysis, coalesce(column_place, -1) as column_place from {place}.kept "
        f"where monitor = {literal(monitor)}"
    )
    kept = kept[kept["table_name"].isin(tables)]
    steps = kept[kept["column_place"] < 0].drop(columns="column_place").set_index("step")
    columns = kept[kept["column_place"] >= 0].set_index("content_hash")
    return State(
        run_id=row["run_id"],
        fit_id=row["fit_id"],
        finished_at=row["finished_at"],
        labels_until=row["labels_until"],
        updated_column=row["updated_column"],
        rows_until=row["rows_until"],
        steps={
            step: Kept(table, content, bool(has_analysis))
            for step, table, content, has_analysis in steps.itertuples()
        },
        columns={
            content: KeptColumn(table, int(number), bool(has_analysis))
            for content, table, has_analysis, number in columns[
                ["table_name", "has_analysis", "column_place"]
            ].itertuples()
        },
    )
