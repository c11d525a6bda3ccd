"""Steps for ids that stand more than once: a scan of the id column, only where it is asked for."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.trees import parse

TEMPLATE = "quality/duplicates.sql"


def add_duplicates(draft: Draft) -> None:
    """Adds the metrics of the id, where the user asked for one."""
    monitor = draft.monitor
    chosen = [metric for metric in draft.metrics["quality"] if metric.template == TEMPLATE]
    if not chosen:
        return
    if monitor.id is None:
        position = (monitor.metrics.quality or ()).index(chosen[0].name)
        raise monitor.error(
            f"metrics.quality[{position}]",
            f"{chosen[0].name} counts ids, but the monitor has no id",
            remedy="add 'id:' with the column that names a row",
        )
    row_id = {"expression": draft.source.column(monitor.id), "alias": exp.to_identifier("row_id")}
    counts = draft.add(
        "id_counts",
        "count ids",
        "quality/id_counts.sql",
        rows=draft.source.rows([row_id, *draft.segment_columns()]),
        segments=draft.segments,
    )
    metrics = [
        {"name": text(metric.name), "value": parse(part.value)}
        for metric in chosen
        for part in metric.components
    ]
    draft.values.append(draft.add("duplicates", "duplicates", TEMPLATE, id_counts=counts, metrics=metrics))
