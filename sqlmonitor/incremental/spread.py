"""Which merged chunks change with a chunk, and which chunks' counts are needed to compute them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmonitor.definitions import Comparison
from sqlmonitor.incremental.periods import Chunks, merged, number, start
from sqlmonitor.planner.comparisons import A_YEAR_AGO


@dataclass(frozen=True)
class Spread:
    """What chunks that are read again change.

    Args:
        changed: merged chunks of the analysis, by the number of their own length or of their last chunk.
        needed: the monitor's own chunks that they are computed from; more than these does no harm.
    """

    changed: tuple[Chunks, ...]
    needed: tuple[Chunks, ...]


def spread(comparison: Comparison, period: str, read: Sequence[Chunks], stored: Sequence[int]) -> Spread:
    """What changes of a comparison.

    Args:
        comparison: one of the monitor's.
        period: of the monitor's own chunks.
        read: own chunks of the analysis that are read again; none before the first stored one.
        stored: numbers of the own chunks of the analysis that the store has, in order.
    """
    if comparison.rolling is not None:
        reach = comparison.rolling - 1
        changed = merged(Chunks(one.first, _moved(one.last, reach)) for one in read)
        return Spread(changed, merged(Chunks(max(one.first - reach, 0), one.last) for one in changed))
    longer = comparison.chunks
    if longer is not None:
        read = merged(
            Chunks(_number(longer, period, one.first), _last(longer, period, one.last)) for one in read
        )
        stored = sorted({_number(longer, period, one) for one in stored})
    changed, needed = _moving(comparison, longer or period, read, stored)
    if longer is not None:
        needed = merged(_own(period, longer, one) for one in needed)
    return Spread(changed, needed)


def _moving(
    comparison: Comparison, period: str, read: Sequence[Chunks], stored: Sequence[int]
) -> tuple[tuple[Chunks, ...], tuple[Chunks, ...]]:
    """Chunks whose reference changes, or which change themselves, and all that they are computed from."""
    reference = comparison.reference
    if reference is None:
        return tuple(read), tuple(read)
    if reference.which == "last_year":
        year = A_YEAR_AGO[period]
        changed = merged([*read, *(Chunks(one.first + year, _moved(one.last, year)) for one in read)])
        before = (
            Chunks(max(one.first - year, 0), _moved(one.last, -year))
            for one in changed
            if one.last is None or one.last >= year
        )
        return changed, merged([*changed, *before])
    count = reference.last or 1
    changed = merged(Chunks(one.first, _nth_after(stored, one.last, count)) for one in read)
    return changed, merged(Chunks(_nth_before(stored, one.first, count), one.last) for one in changed)


def _nth_after(stored: Sequence[int], chunk: int | None, count: int) -> int | None:
    if chunk is None:
        return None
    place = bisect_right(stored, chunk) + count - 1
    return stored[place] if place < len(stored) else None


def _nth_before(stored: Sequence[int], chunk: int, count: int) -> int:
    place = bisect_left(stored, chunk) - count
    return stored[place] if place >= 0 else 0


def _moved(chunk: int | None, by: int) -> int | None:
    return None if chunk is None else chunk + by


def _number(longer: str, period: str, chunk: int) -> int:
    time = start(period, chunk)
    # Beyond the last year that there is, everything is in one longer chunk.
    return number(longer, time) if time is not None else 10**9


def _last(longer: str, period: str, chunk: int | None) -> int | None:
    return None if chunk is None else _number(longer, period, chunk)


def _own(period: str, longer: str, chunks: Chunks) -> Chunks:
    first = start(longer, chunks.first)
    end = None if chunks.last is None else start(longer, chunks.last + 1)
    return Chunks(
        number(period, first) if first is not None else 10**9,
        None if end is None else number(period, end) - 1,
    )


def needed_of(spreads: Iterable[Spread], read: Sequence[Chunks]) -> tuple[Chunks, ...]:
    """Every chunk whose counts a run needs: those that are read, and those that comparisons need."""
    return merged([*read, *(one for each in spreads for one in each.needed)])
