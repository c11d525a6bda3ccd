"""Which of the stored values `show` puts on a screen, and what it says of the others."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import pandas as pd

from sqlmonitor.cli.figures import Row
from sqlmonitor.metrics import CATALOGUE
from sqlmonitor.results import comparison_of

__all__ = ["MOST_CHUNKS", "Hidden", "Series", "narrowed", "series_of"]

MOST_CHUNKS = 12
FAMILIES = ("estimated", "realized", "kpi", "drift", "quality", "summary")
NAMES = ["family", "metric", "component", "column_name", "segment", "comparison"]
RANKS = {name: rank for rank, name in enumerate(CATALOGUE)}

Chunk = tuple[str, str]
"""Period and name: a reference of its own may have chunks of the same names."""


@dataclass(frozen=True)
class Hidden:
    """Values that are not shown.

    Args:
        what: how many of which kind.
        option: what shows them.
    """

    what: str
    option: str

    def __str__(self) -> str:
        return f"{self.what} ({self.option})"


@dataclass(frozen=True)
class Series:
    """One metric of one column, component and segment, chunk by chunk.

    Args:
        family: as stored, such as ``realized``.
        metric: its name.
        component: a class or a confusion cell; mostly empty.
        column: the feature; empty for metrics of the model.
        segment: such as ``origin=EWR``; empty for all rows.
        comparison: such as ``week``; empty for the monitor's own chunks.
        rows: a row of results for each chunk that there is.
    """

    family: str
    metric: str
    component: str
    column: str
    segment: str
    comparison: str
    rows: dict[Chunk, Row]

    @property
    def detail(self) -> str:
        """What tells it from other series of its metric."""
        return " ".join(part for part in (self.column, self.component, self.segment, self.comparison) if part)


def narrowed(
    frame: pd.DataFrame, *, has_period: bool, has_segment: bool, has_chunk: bool, has_comparison: bool
) -> tuple[pd.DataFrame, list[Hidden]]:
    """Leave out comparisons, the reference, segments and old chunks, where the user did not ask for them.

    Args:
        frame: rows of results of one monitor.
        has_period: the user named a period.
        has_segment: the user named segments.
        has_chunk: the user named chunks.
        has_comparison: the user named comparisons.

    Returns:
        The rows that are left, and what was left out. Nothing is, where nothing else would be left.
    """
    hidden: list[Hidden] = []

    def keep(wanted: pd.Series, what: str, option: str) -> None:
        nonlocal frame
        left = int((~wanted).sum())
        if left and wanted.any():
            frame = frame[wanted]
            hidden.append(Hidden(f"{left:,} {what}", option))

    if not has_comparison:
        names = comparison_of(frame)
        others = " ".join(f"--compare {shlex.quote(one)}" for one in sorted(set(names) - {""}))
        keep(names == "", "of comparisons", others)
    if not has_segment:
        columns = sorted(set(frame["segment_column"]) - {""})
        keep(frame["segment_column"] == "", "in segments", " ".join(f"--segment {one}" for one in columns))
    if not has_period and not has_chunk:
        keep(frame["period"] == "analysis", "of the reference", "--period reference")
    chunks = sorted(set(frame["chunk"]))
    if not has_chunk and len(chunks) > MOST_CHUNKS:
        older = chunks[-MOST_CHUNKS - 1]
        keep(frame["chunk"] > older, "in older chunks", f"--chunk {older}")
    return frame, hidden


def series_of(frame: pd.DataFrame) -> tuple[list[Series], dict[Chunk, str]]:
    """Put the values of one monitor in order.

    Args:
        frame: rows of results.

    Returns:
        The series, as people look for them, and the chunks in order with what is to be said of
        each: ``reference``, ``partial`` or nothing.
    """
    found = frame.assign(
        segment=(frame["segment_column"] + "=" + frame["segment_value"]).where(
            frame["segment_column"] != "", ""
        ),
        is_alert=frame["is_alert"].fillna(False).astype("bool"),
        comparison=comparison_of(frame),
    )
    by_name: dict[tuple[str, ...], Series] = {}
    for row in found.to_dict("records"):
        family, metric, component, column, segment, comparison = names = tuple(
            str(row[name]) for name in NAMES
        )
        if names not in by_name:
            by_name[names] = Series(family, metric, component, column, segment, comparison, {})
        by_name[names].rows[str(row["period"]), str(row["chunk"])] = row
    series = list(by_name.values())
    series.sort(key=_order)
    chunks: dict[Chunk, str] = {}
    # The reference comes first, whatever its chunks are called.
    for period in ("reference", "analysis"):
        for name, rows in found[found["period"] == period].groupby("chunk", sort=True):
            partial = "partial" if rows["is_partial"].all() else ""
            chunks[period, str(name)] = "reference" if period == "reference" else partial
    return series, chunks


def _order(one: Series) -> tuple[object, ...]:
    family = FAMILIES.index(one.family) if one.family in FAMILIES else len(FAMILIES)
    rank = RANKS.get(one.metric, len(RANKS))
    return (family, rank, one.metric, one.column, one.component, one.segment, one.comparison)
