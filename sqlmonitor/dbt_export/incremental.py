"""Models that read only what is new, as `sqlmonitor run` does: by chunk, and the reference once."""

from __future__ import annotations

import math
from datetime import timedelta

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.dbt_export.calls import THIS, marked
from sqlmonitor.definitions import Monitor
from sqlmonitor.incremental import is_kept_by_chunk, is_kept_whole, restricted
from sqlmonitor.plan import Rows, Step
from sqlmonitor.trees import parse, put

LOOKBACK = "sqlmonitor_lookback"
LABEL_LOOKBACK = "sqlmonitor_label_lookback"
SHORTEST = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=28),
    "quarter": timedelta(days=90),
    "year": timedelta(days=365),
}
NOTHING = "select * from {{ this }} where 1 = 0"


def is_incremental(step: Step, monitor: Monitor, dialect: str) -> bool:
    """True where a later build need not read all of the source for the step."""
    can = dialects.dialect(dialect).replaces_chunks and monitor.chunks.period is not None
    return can and (is_kept_whole(step) or is_kept_by_chunk(step))


def lookback(step: Step, monitor: Monitor) -> tuple[str, int]:
    """The variable that says how many chunks before the newest are read again, and its default.

    Labels come later than rows: a statement that reads them looks as far back as they take.
    """
    rows, target, period = step.rows, monitor.target, monitor.chunks.period
    assert period is not None
    if rows is None or not rows.reads_target or target is None:
        return LOOKBACK, monitor.lookback
    more = math.ceil(target.maturity / SHORTEST[period]) if target.maturity else 0
    return LABEL_LOOKBACK, monitor.lookback + more


def newest(step: Step, monitor: Monitor) -> Step:
    """The step over the rows of the analysis from the newest chunks on that its own table has."""
    name, default = lookback(step, monitor)
    period = monitor.chunks.period
    assert period is not None
    # A wrong time in the future must not hide the rows that come until then.
    now = put(dialects.PERIOD_NUMBER[period], row_time=parse("cast(current_timestamp as timestamp)"))
    first = put(
        "(select greatest(coalesce(max(kept.chunk_number) // 2, 0) - back, 0) from this_table as kept"
        " where kept.chunk_number % 2 = 0 and kept.chunk_number <= 2 * now)",
        back=marked(exp.column("back"), f"{{{{ var('{name}', {default}) | int }}}}"),
        now=now,
    )
    for table in first.find_all(exp.Table):
        marked(table, THIS)
    border = put(dialects.PERIOD_START[period], sequence=first)

    def condition(rows: Rows) -> exp.Expr:
        type_name = rows.time_type or "timestamp"
        time = exp.cast(exp.paren(border.copy()), exp.DataType.build(type_name, dialect=dialects.CANONICAL))
        return exp.GTE(this=rows.time_column.copy(), expression=time)

    return restricted(step, condition)
