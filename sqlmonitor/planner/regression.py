"""Steps over the errors of a regression: one scan for their sums, and formulas over these."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.planner.labels import delay_column, delays, labels
from sqlmonitor.trees import parse


def add_regression(draft: Draft) -> None:
    """Adds the realized metrics of a regression, where the monitor has a target."""
    monitor = draft.monitor
    chosen = draft.metrics["performance"]
    if not chosen or monitor.model is None or monitor.model.label is None:
        return
    if monitor.target is None:
        if monitor.metrics.performance is not None:
            raise monitor.error(
                "metrics.performance",
                "performance of a regression is realized from targets, but the monitor has no target",
                remedy="add 'target:' with the column of the actual value",
            )
        return
    columns = {
        "prediction": draft.source.number(monitor.model.label),
        "target": draft.source.measured(),
        **delay_column(draft),
    }
    sums = draft.add(
        "error_sums",
        "sum errors",
        "error/sums.sql",
        True,
        rows=draft.source.rows(
            [
                *({"expression": tree, "alias": exp.to_identifier(name)} for name, tree in columns.items()),
                *draft.segment_columns(),
            ],
            reads_target=True,
        ),
        segments=draft.segments,
        **({"has_delays": parse("1")} if delays(draft) else {}),
    )
    labels(
        draft,
        sums,
        all_count=parse("all_count"),
        label_count=parse("label_count"),
        by_label=parse("delay_cell is null"),
        by_delay=parse("delay_cell is not null"),
    )
    formulas: list[dict[str, Any]] = [
        {
            "name": text(metric.name),
            "component": text(part.name),
            "value": parse(part.value),
            "standard_error": parse(part.standard_error),
            "undefined": parse(part.undefined),
            "undefined_note": text(f" {part.undefined_note}"),
        }
        for metric in chosen
        for part in metric.components
    ]
    if formulas:
        title = "metrics of the errors"
        draft.values.append(
            draft.add("error_metrics", title, "error/metrics.sql", sums=sums, metrics=formulas)
        )
