"""Columns that no histogram is made of, such as times: how many values are missing, the first and the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import dialects, templates
from sqlmonitor.source import SourceRows

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine

ORDERED: tuple[dialects.Kind, ...] = ("time", "text", "integer", "decimal", "float")


@dataclass(frozen=True)
class Range:
    """What a column holds.

    Args:
        missing: share of rows without a value.
        first: the smallest value as the engine writes it; empty where the type has no order.
        last: the largest.
    """

    missing: float
    first: str
    last: str


def ranges(source: SourceRows, types: Mapping[str, str], engine: Engine) -> dict[str, Range]:
    """Reads columns of the reference once, in one statement.

    Args:
        source: whose reference is read.
        types: the columns, with the engine's own words for their types.
        engine: an open warehouse.
    """
    if not types:
        return {}
    places = list(enumerate(types))
    columns = [
        {"expression": source.column(name), "alias": exp.to_identifier(f"value_{number}")}
        for number, name in places
    ]
    parts = ["count(*) as row_count"]
    for number, name in places:
        parts.append(f"count(value_{number}) as value_count_{number}")
        if dialects.kind(types[name]) in ORDERED:
            parts.append(f"cast(min(value_{number}) as varchar) as first_{number}")
            parts.append(f"cast(max(value_{number}) as varchar) as last_{number}")
    rows = source.rows(columns, only_reference=True, is_chunked=False)
    select = templates.select(rows, engine.dialect)
    row = engine.first(
        templates.around(f"select {', '.join(parts)} from {templates.INNER} as source_rows", select)
    )
    assert row is not None
    return {
        name: Range(
            missing=1 - row[f"value_count_{number}"] / row["row_count"] if row["row_count"] else 0.0,
            first=str(row.get(f"first_{number}") or ""),
            last=str(row.get(f"last_{number}") or ""),
        )
        for number, name in places
    }
