"""Chunks by period as numbers, and ranges of them; the numbers are those of `dialects.PERIOD_NUMBER`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

EPOCH = datetime(1900, 1, 1)
LENGTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, order=True)
class Chunks:
    """Chunks of the analysis that follow each other.

    Args:
        first: number of the first, in periods since 1900.
        last: number of the last; None for all later ones.
    """

    first: int
    last: int | None = None


def number(period: str, time: datetime) -> int:
    """The number of the chunk that a time in UTC belongs to.

    Args:
        period: ``hour`` to ``year``.
        time: without a time zone.
    """
    if period in LENGTHS:
        return (time - EPOCH) // LENGTHS[period]
    return ((time.year - EPOCH.year) * 12 + time.month - 1) // MONTHS[period]


def start(period: str, sequence: int) -> datetime | None:
    """When a chunk begins; None beyond the year 9999.

    Args:
        period: ``hour`` to ``year``.
        sequence: the chunk's number.
    """
    try:
        if period in LENGTHS:
            return EPOCH + sequence * LENGTHS[period]
        months = sequence * MONTHS[period]
        return datetime(EPOCH.year + months // 12, months % 12 + 1, 1)
    except (OverflowError, ValueError):
        return None


def merged(ranges: Iterable[Chunks]) -> tuple[Chunks, ...]:
    """The same chunks in as few ranges as there can be, in order."""
    found: list[Chunks] = []
    for one in sorted(ranges, key=lambda chunks: chunks.first):
        before = found[-1] if found else None
        if before is None or (before.last is not None and one.first > before.last + 1):
            found.append(one)
        elif before.last is not None:
            last = None if one.last is None else max(before.last, one.last)
            found[-1] = Chunks(before.first, last)
    return tuple(found)
