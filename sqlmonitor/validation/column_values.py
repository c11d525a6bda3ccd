"""How many values columns have in the reference, in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.source import SourceRows
from sqlmonitor.trees import put

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine

SAMPLE_ROWS = 100_000
"""Rows whose distinct values are counted; a count over all of them would hold every value in memory."""


@dataclass(frozen=True)
class ColumnValues:
    """What one column holds in the reference.

    Args:
        row_count: rows of the reference.
        value_count: those of them with a value.
        is_varying: whether there is more than one value.
        sampled_count: rows with a value among the first ``SAMPLE_ROWS``; 0 where they are not counted.
        distinct_count: different values of those.
    """

    row_count: int
    value_count: int
    is_varying: bool
    sampled_count: int
    distinct_count: int


def sampled_values(
    source: SourceRows, kinds: Mapping[str, dialects.Kind], engine: Engine
) -> dict[str, tuple[int, int]]:
    """Rows with a value, and different values, among the reference's first ``SAMPLE_ROWS`` alone.

    Args:
        source: the monitor's relations.
        kinds: the columns, with what their types mean.
        engine: an open warehouse.
    """
    if not kinds:
        return {}
    row = engine.first(_sampled(source, kinds, {name: number for number, name in enumerate(kinds)}))
    assert row is not None
    return {
        name: (row[f"sampled_count_{number}"], row[f"distinct_count_{number}"])
        for number, name in enumerate(kinds)
    }


def column_values(
    source: SourceRows, kinds: Mapping[str, dialects.Kind], counted: Collection[str], engine: Engine
) -> dict[str, ColumnValues]:
    """Reads the reference once for all columns.

    Whether a column varies is asked of every row. Distinct values are counted among the reference's first
    rows by time and id, so that the answer is the same in every run, however the warehouse orders rows.

    Args:
        source: the monitor's relations.
        kinds: the columns, with what their types mean.
        counted: the columns whose distinct values are counted.
        engine: an open warehouse.
    """
    if not kinds:
        return {}
    places = {name: number for number, name in enumerate(kinds)}
    whole = [exp.alias_(exp.Count(this=exp.Star(), big_int=True), "row_count")]
    for number in places.values():
        value = exp.column(f"value_{number}")
        whole.append(_count(value, f"value_count_{number}"))
        varies = exp.LT(this=exp.Min(this=value.copy()), expression=exp.Max(this=value.copy()))
        whole.append(exp.alias_(varies, f"is_varying_{number}"))
    rows = exp.select(
        *(exp.alias_(_value(source, name, kinds[name]), f"value_{n}") for name, n in places.items())
    )
    query = exp.select("*").from_(
        exp.select(*whole).from_(_of_reference(rows, source).subquery("source_rows")).subquery("whole")
    )
    if counted:
        sampled = _sampled(source, {name: kinds[name] for name in counted}, places)
        query = query.join(sampled.subquery("sampled"), join_type="cross")
    row = engine.first(query)
    assert row is not None
    return {
        name: ColumnValues(
            row_count=row["row_count"],
            value_count=row[f"value_count_{number}"],
            is_varying=bool(row[f"is_varying_{number}"]),
            sampled_count=row.get(f"sampled_count_{number}", 0),
            distinct_count=row.get(f"distinct_count_{number}", 0),
        )
        for name, number in places.items()
    }


def _sampled(source: SourceRows, kinds: Mapping[str, dialects.Kind], places: Mapping[str, int]) -> exp.Select:
    """Counts values and different values of these columns among the reference's first rows."""
    counts = [exp.alias_(exp.Count(this=exp.Star(), big_int=True), "sampled_rows")]
    for name in kinds:
        value = exp.column(f"value_{places[name]}")
        counts.append(_count(value, f"sampled_count_{places[name]}"))
        counts.append(_count(exp.Distinct(expressions=[value.copy()]), f"distinct_count_{places[name]}"))
    keys = [name for name in (source.monitor.timestamp, source.monitor.id) if name is not None]
    values = (exp.alias_(_value(source, name, kind), f"value_{places[name]}") for name, kind in kinds.items())
    first = _of_reference(exp.select(*values), source).limit(SAMPLE_ROWS)
    if keys:
        first = first.order_by(*(source.column(name) for name in keys))
    return exp.select(*counts).from_(first.subquery("source_rows"))


def _count(what: exp.Expr, alias: str) -> exp.Expr:
    return exp.alias_(exp.Count(this=what.copy(), big_int=True), alias)


def _value(source: SourceRows, name: str, kind: dialects.Kind) -> exp.Expr:
    """The column as it is compared: not every engine has the least of booleans, or takes NaN for the largest."""
    if kind == "float":
        return put("case when not isnan(value) then value end", value=source.column(name))
    return source.text(name) if kind in ("text", "boolean") else source.column(name)


def _of_reference(rows: exp.Select, source: SourceRows) -> exp.Select:
    monitor = source.monitor
    reference = monitor.reference
    texts = [reference.where]
    relation = source.reference() if reference.is_own else source.predictions()
    if not reference.is_own:
        texts.append(monitor.where)
    aliased = exp.alias_(relation.copy(), "prediction", table=True)
    return rows.from_(aliased).where(*(source.condition(text) for text in texts if text is not None))
