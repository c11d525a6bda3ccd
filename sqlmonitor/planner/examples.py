"""Which row breaks a promise: one more read, and only where it is broken."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sqlmonitor.plan import Check, Step
from sqlmonitor.planner.draft import Draft
from sqlmonitor.trees import put

OUTSIDE = "(score < 0 or score > 1) and not isnan(score)"


def with_examples(draft: Draft) -> list[Check]:
    """The checks, with the id of a row where a score is outside its range.

    Without an id the score alone is shown.
    """
    model = draft.monitor.model
    if model is None or not isinstance(model.score, str):
        return draft.checks
    example = score_outside(draft, model.score)
    shown = "{example}" if draft.monitor.id is None else f"{{example}} where {draft.monitor.id} = {{row_id}}"
    return [
        replace(check, message=check.message.replace("{example}", shown), example=example)
        if check.after == "scores" and "outside [0, 1]" in check.message
        else check
        for check in draft.checks
    ]


def score_outside(draft: Draft, score: str) -> Step:
    """The rows whose score is no probability, with their ids."""
    columns = [{"expression": draft.source.number(score), "alias": exp.to_identifier("example")}]
    if draft.monitor.id is not None:
        row_id = {"expression": draft.source.column(draft.monitor.id), "alias": exp.to_identifier("row_id")}
        columns.insert(0, row_id)
    filters = [put(OUTSIDE, score=draft.source.number(score))]
    if draft.monitor.chunks.period is not None:
        # A row without a time has no chunk, so its score was not counted.
        filters.append(put("row_time is not null", row_time=draft.source.time()))
    return draft.source.rows(columns, is_chunked=False, filters=tuple(filters))
