"""A step's SELECT for a run that reads some chunks: fresh rows and kept ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlglot import exp

from sqlmonitor import templates
from sqlmonitor.incremental.columns import WIDE, kept_rows, of_columns, whole_row
from sqlmonitor.incremental.periods import Chunks, start
from sqlmonitor.incremental.recount import Reading, Recount
from sqlmonitor.incremental.state import State
from sqlmonitor.plan import Rows, Step
from sqlmonitor.store import quoted
from sqlmonitor.trees import parse

# Chunks are named, and their ends are told, by all of them.
OF_ALL_CHUNKS = ("chunk_counts",)
ORDER = re.compile(r"\norder by ([^\n]+)\s*\Z")


def statement(step: Step, recount: Recount, state: State, schema: str, *, dialect: str) -> str | exp.Expr:
    """The SELECT whose rows become the step's temporary table, as an engine takes it.

    Args:
        step: to be run.
        recount: what this run reads.
        state: what the store keeps.
        schema: the store's.
        dialect: the engine's.

    Returns:
        What gives the rows of the step's own SELECT, in its order.
    """
    reading = recount.reading(step)
    if step.name in recount.values:
        kept = f"{quoted(schema)}.{state.steps[step.name].table}"
        chosen = chunk_condition(recount.values[step.name])
        is_fresh = f"chunk_number % 2 = 1 or ({chosen})"
        grain = templates.header(step.template).grain
        return _with_kept(templates.select(step, dialect), is_fresh, kept, f"not ({chosen})", grain)
    if reading is Reading.ALL:
        return templates.select(step, dialect)
    if reading is Reading.COLUMNS:
        return _by_column(step, recount, schema, dialect)
    kept = f"{quoted(schema)}.{state.steps[step.name].table}"
    if reading is Reading.NOTHING:
        return f"select * from {kept}"
    ranges = recount.of(step) if reading is Reading.CHUNKS else None
    chosen = chunk_condition(ranges)
    others = f"not ({chosen})"
    if recount.values and step.name not in OF_ALL_CHUNKS:
        others += f" and (chunk_number % 2 = 1 or ({chunk_condition(recount.needed)}))"
    fresh = templates.select(_of_chunks(step, ranges, recount.period), dialect)
    return _with_kept(fresh, chosen, kept, others, _order(step.template))


def _of_chunks(step: Step, ranges: tuple[Chunks, ...] | None, period: str) -> Step:
    """The step over some chunks of the analysis; None is all of them."""
    return restricted(step, lambda rows: None if ranges is None else time_condition(rows, ranges, period))


@cache
def _order(template: str) -> str:
    """What the rows of a template's SELECT are ordered by."""
    found = ORDER.search(templates.body(template))
    return found[1] if found else templates.header(template).grain


def _by_column(step: Step, recount: Recount, schema: str, dialect: str) -> str | exp.Expr:
    """Kept rows of some columns beside all rows of others, in the order of the step's own SELECT."""
    columns = recount.columns[step.name]
    added = [templates.select(of_columns(step, columns.added), dialect)] if columns.added else []
    if step.template in WIDE:
        return templates.around(whole_row(step, columns, schema, templates.INNER), *added)
    chosen = chunk_condition(recount.chunks)
    fresh = _of_chunks(of_columns(step, columns.kept), recount.chunks, recount.period)
    parts = [
        f"select * from {templates.INNER} as fresh where {chosen}",
        *kept_rows(step, columns, schema, f"not ({chosen})"),
        *(f"select * from {templates.INNER} as added" for _ in added),
    ]
    text = "\nunion all\n".join(parts) + f"\norder by {_order(step.template)}"
    return templates.around(text, templates.select(fresh, dialect), *added)


def _with_kept(fresh: str | exp.Expr, is_fresh: str, kept: str, is_kept: str, order: str) -> str | exp.Expr:
    inner = templates.INNER
    return templates.around(
        f"select * from {inner} as fresh where {is_fresh}\n"
        f"union all\nselect * from {kept} as kept where {is_kept}\norder by {order}",
        fresh,
    )


def chunk_condition(ranges: tuple[Chunks, ...] | None) -> str:
    """Says of a ``chunk_number`` whether it is one of these chunks of the analysis; None is all of them."""
    is_analysis = "chunk_number % 2 = 0"
    if ranges is None:
        return is_analysis
    within = [
        f"chunk_number >= {2 * one.first}"
        if one.last is None
        else f"chunk_number between {2 * one.first} and {2 * one.last}"
        for one in ranges
    ]
    return f"{is_analysis} and ({' or '.join(within)})"


def restricted(step: Step, condition: Callable[[Rows], exp.Expr | None]) -> Step:
    """The step with its source's rows, however deep inside its statement, reduced to some of the analysis.

    Args:
        step: that reads the source.
        condition: on the rows of the analysis; None takes all of them.
    """
    inputs: dict[str, Step | list[Step]] = {}
    for name, given in step.inputs.items():
        if isinstance(given, Rows):
            inputs[name] = _where(given, condition(given))
        elif isinstance(given, Step) and given.is_inline:
            inputs[name] = restricted(given, condition)
        else:
            inputs[name] = given
    return replace(step, inputs=inputs)


def reduced(rows: Rows, ranges: tuple[Chunks, ...] | None, period: str) -> Rows:
    """The rows of some chunks of the analysis; None is all of them."""
    return _where(rows, None if ranges is None else time_condition(rows, ranges, period))


def _where(rows: Rows, condition: exp.Expr | None) -> Rows:
    sources: list[dict[str, Any]] = []
    for source in rows.analysis:
        parts = [part for part in (source.get("condition"), condition) if part is not None]
        sources.append(
            source | {"condition": exp.and_(*(part.copy() for part in parts))} if parts else source
        )
    return replace(rows, parameters={"sources": sources})


def time_condition(rows: Rows, ranges: tuple[Chunks, ...], period: str) -> exp.Expr:
    """Compares the timestamp as it stands, so that partitions and row groups are left out."""
    borders = [
        (start(period, one.first), None if one.last is None else start(period, one.last + 1))
        for one in ranges
    ]
    conditions = [exp.and_(*_parts(rows, first, end)) for first, end in borders]
    if len(conditions) == 1:
        return conditions[0]
    # Engines prune by one range; of several, the whole stretch is said as well.
    ends = [end for _, end in borders]
    last = None if None in ends else max(end for end in ends if end is not None)
    stretch = _parts(rows, borders[0][0], last)
    return exp.and_(*stretch, exp.paren(exp.or_(*conditions)))


def _parts(rows: Rows, first: datetime | None, end: datetime | None) -> list[exp.Expr]:
    parts: list[exp.Expr] = []
    if first is not None:
        parts.append(exp.GTE(this=rows.time_column.copy(), expression=_literal(first, rows.time_type)))
    if end is not None:
        if rows.time_type.upper() == "DATE" and end != datetime(end.year, end.month, end.day):
            end += timedelta(days=1)
        parts.append(exp.LT(this=rows.time_column.copy(), expression=_literal(end, rows.time_type)))
    return parts


def _literal(time: datetime, type_name: str) -> exp.Expr:
    """A time in the column's own type: a column that is cast cannot be pruned by."""
    name = type_name.upper()
    if name == "DATE":
        return parse(f"cast('{time:%Y-%m-%d}' as date)")
    if name in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"):
        return parse(f"cast('{time:%Y-%m-%d %H:%M:%S}+00:00' as timestamptz)")
    literal = f"cast('{time:%Y-%m-%d %H:%M:%S}' as timestamp)"
    return parse(literal if name in ("", "TIMESTAMP") else f"cast({literal} as {type_name})")
