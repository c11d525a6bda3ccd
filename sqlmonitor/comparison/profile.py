"""The result of a query, a file or a table, described column by column."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlmonitor.comparison.comparison import described
from sqlmonitor.comparison.computing import (
    EVERY,
    Counts,
    Progress,
    check_conditions,
    counted,
    identifiers,
    monitored,
)
from sqlmonitor.comparison.given import given
from sqlmonitor.comparison.ranges import Range, ranges
from sqlmonitor.comparison.schemas import Schemas, schemas
from sqlmonitor.planner.details import BAR_COUNT, SHARES
from sqlmonitor.source import SourceRows, Types

if TYPE_CHECKING:
    import pandas

    from sqlmonitor.engines import Engine

MOST_LEVELS = 10


@dataclass(frozen=True)
class Profile:
    """What one side holds.

    Args:
        source: what the user called it.
        schemas: its columns.
        counts: what was counted.
        others: columns of which no histogram is made.
        where: the condition that its rows fit; None for all rows.
    """

    source: str
    schemas: Schemas
    counts: Counts
    others: Mapping[str, Range]
    where: str | None = None

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return self.counts.row_counts[0]

    @cached_property
    def columns(self) -> pandas.DataFrame:
        """A row for each column, in the source's order.

        ``distinct_count`` of numbers is exact where ``is_distinct_exact``, else there are at least so many.
        ``levels`` are the most frequent ones with their rows, ``bars`` a histogram's rows between the first
        and the last of the quantiles.
        """
        import pandas

        rows = [self._row(name) for name in self.schemas.analysis if name in self._chosen]
        return pandas.DataFrame(rows, columns=list(dict.fromkeys(key for row in rows for key in row)))

    def to_pandas(self) -> pandas.DataFrame:
        """The same as ``columns``, as a frame of its own."""
        return self.columns.copy()

    @cached_property
    def _chosen(self) -> set[str]:
        return {*self.schemas.kinds, *self.schemas.left_out}

    @cached_property
    def _values(self) -> dict[tuple[str, str], float]:
        values = self.counts.values
        if values.empty:
            return {}
        names = zip(values["column_name"], values["metric"], strict=True)
        return dict(zip(names, values["value"], strict=True))

    def _row(self, name: str) -> dict[str, Any]:
        row: dict[str, Any] = {"column": name, "type": self.schemas.analysis[name]}
        kind = self.schemas.kinds.get(name)
        if kind is None:
            found = self.others[name]
            why = self.schemas.left_out[name]
            return row | {
                "kind": "other",
                "missing": found.missing,
                "first": found.first,
                "last": found.last,
                "note": "" if why.startswith("a time") else why,
            }
        row |= {"kind": kind, "missing": self._values.get((name, "missing"), math.nan)}
        if kind == "categorical":
            levels = self.counts.levels[self.counts.levels["column_name"] == name]
            levels = levels.sort_values(["reference_count", "level"], ascending=[False, True])
            return row | {
                "distinct_count": int(self._values.get((name, "distinct_count"), 0)),
                "is_distinct_exact": True,
                "levels": tuple(
                    (str(level), int(count))
                    for level, count in zip(levels["level"], levels["reference_count"], strict=True)
                )[:MOST_LEVELS],
            }
        for metric in ("mean", "std", "min", "max", "sum"):
            row[metric] = self._values.get((name, metric), math.nan)
        return row | self._shape(name)

    def _shape(self, name: str) -> dict[str, Any]:
        """Quantiles, different values and bars of a numeric column; nothing where it has no values."""
        quantiles = self.counts.quantiles[self.counts.quantiles["column_name"] == name]
        if quantiles.empty:
            return {"distinct_count": 0, "is_distinct_exact": True, "bars": ()}
        first = quantiles.iloc[0]
        bars = self.counts.bars[self.counts.bars["column_name"] == name].set_index("bar")["row_count"]
        return {
            "distinct_count": int(first["distinct_count"]),
            "is_distinct_exact": bool(first["is_exact"]),
            **{
                f"quantile_{share:g}": float(first[f"quantile_{number}"])
                for number, share in enumerate(SHARES)
            },
            "bars": tuple(int(bars.get(place, 0)) for place in range(BAR_COUNT)),
        }


def profile(
    engine: Engine,
    source: str,
    *,
    where: str | None = None,
    columns: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Profile:
    """Describes one side column by column.

    Args:
        engine: an open warehouse; nothing is written but temporary tables.
        source: ``SELECT …``, a file, or a table or view.
        where: SQL that the rows fit.
        columns: the ones to describe; None for all.
        progress: told each step's title, its number from 1, and how many there are.

    Raises:
        SqlmonitorError: for what the user must mend.
    """
    side = given(source, engine.dialect, "argument")
    project, monitor = monitored(engine, side, side.definition(), where, EVERY)
    rows = SourceRows(monitor, project.dialect)
    types = described(engine, rows.predictions(), side)
    check_conditions(project, monitor, types)
    found = schemas(types, types, columns)
    if columns is None:
        # Numbers have a histogram whatever they name; text would have a level for each row.
        named = identifiers(project, monitor, found, engine)
        found = found.without({name: why for name, why in named.items() if found.kinds[name] != "numeric"})
    counts = counted(
        project,
        monitor,
        found.kinds,
        Types(types),
        engine,
        stage="fit",
        progress=progress,
        titles=(side.title,),
    )
    others = ranges(rows, {name: types[name] for name in found.left_out}, engine)
    return Profile(side.title, found, counts, others, where)
