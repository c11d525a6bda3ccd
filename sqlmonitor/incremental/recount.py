"""What a run reads again, decided before its first statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from sqlmonitor.definitions import Monitor
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.incremental.columns import Columns, column_hashes, column_names, kept_columns
from sqlmonitor.incremental.hashing import (
    content_hash,
    final_values,
    is_counted_by_chunk,
    is_kept_whole,
    kept_steps,
)
from sqlmonitor.incremental.periods import Chunks, merged, number, start
from sqlmonitor.incremental.spread import needed_of, spread
from sqlmonitor.incremental.state import State
from sqlmonitor.plan import Plan, Step


class Reading(Enum):
    """How a statement over the source is run."""

    ALL = "reads reference and analysis"
    ANALYSIS = "reads the analysis; the reference's rows are kept"
    CHUNKS = "reads some chunks; all other rows are kept"
    COLUMNS = "reads all rows of some columns, and some chunks of the others; all other rows are kept"
    NOTHING = "all rows are kept"


@dataclass(frozen=True)
class Asked:
    """What the user asks to be read again.

    Args:
        full: True for everything, the reference too.
        since: chunks with this time in UTC and later ones; None for all.
        until: chunks before this time; None for all.

    Raises:
        ConfigurationError: where no time lies between the two.
    """

    full: bool = False
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ConfigurationError(
                f"no chunk is from {self.since} on and before {self.until}",
                key="--until",
                remedy="name a time after --since",
            )


AS_USUAL = Asked()


@dataclass(frozen=True)
class Recount:
    """What a run reads again.

    Args:
        readings: by the name of every step whose rows are kept.
        hashes: their contents' hashes.
        columns: of the steps that read all rows of some columns.
        chunks: of the analysis that every statement reads.
        labelled: those that a statement over labels reads.
        period: of the chunks; empty where they are sizes or counts.
        values: chunks whose values are computed, by the name of the step that has them, where those of all other
            chunks are kept, so that only the reference's counts and those of `needed` take part.
        needed: chunks whose counts these values are computed from.
        reason: why, for people.
    """

    readings: Mapping[str, Reading] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Columns] = field(default_factory=dict)
    chunks: tuple[Chunks, ...] = ()
    labelled: tuple[Chunks, ...] = ()
    period: str = ""
    values: Mapping[str, tuple[Chunks, ...]] = field(default_factory=dict)
    needed: tuple[Chunks, ...] = ()
    reason: str = ""

    def of(self, step: Step) -> tuple[Chunks, ...]:
        """The chunks that a statement reads where it does not read all."""
        return self.labelled if step.rows is not None and step.rows.reads_target else self.chunks

    def reading(self, step: Step) -> Reading:
        """How a step is run."""
        return self.readings.get(step.name, Reading.ALL)

    @property
    def is_partial(self) -> bool:
        """True where every kept statement reads some chunks only: the values of all others stay."""
        return self.reads_some_rows and not self.columns

    @property
    def reads_some_rows(self) -> bool:
        """The same, or also new columns of all rows: rows that were read before are as they were checked then."""
        return bool(self.readings) and not set(self.readings.values()) & {Reading.ALL, Reading.ANALYSIS}


def decide(
    plan: Plan,
    monitor: Monitor,
    state: State,
    *,
    asked: Asked = AS_USUAL,
    newest: int | None = None,
    updated: Iterable[Chunks] = (),
    labelled: Iterable[Chunks] = (),
    stored: Sequence[int] = (),
    stage: Literal["run", "fit"] = "run",
) -> Recount:
    """Decides what is read again.

    Args:
        plan: of a whole run.
        monitor: what it computes.
        state: what the store keeps.
        asked: what the user asks for.
        newest: number of the newest stored chunk of the analysis.
        updated: chunks with rows that changed since the last run.
        labelled: those with labels that arrived since.
        stored: numbers of the stored chunks of the analysis, in order, where the monitor has comparisons.
        stage: ``fit`` reads all of the reference.

    Raises:
        ConfigurationError: for chunks asked for by time where they are sizes or counts.
    """
    period = monitor.chunks.period
    if period is None:
        if asked.since is not None or asked.until is not None:
            raise monitor.error(
                "chunks",
                "chunks by size or count cannot be read again by time",
                remedy="leave --since and --until out: every run reads all rows",
            )
        return Recount(reason="all rows: borders of chunks by size or count move with every row")
    known: dict[str, str] = {}
    values = final_values(plan)
    hashes = {step.name: content_hash(step, monitor, known) for step in [*kept_steps(plan), *values.values()]}
    if stage == "fit":
        return Recount(hashes=hashes, period=period, reason="the reference")
    chosen = merged([*chunks_to_read(period, monitor.lookback, newest, asked), *updated])
    late = merged([*chosen, *labelled])
    steps = {step.name: step for step in kept_steps(plan)}
    readings = {
        name: Reading.ALL if asked.full else _reading(step, hashes[name], state)
        for name, step in steps.items()
    }
    columns = {} if asked.full else _beside(steps, readings, state)
    readings |= dict.fromkeys(columns, Reading.COLUMNS)
    added = [name for step, one in columns.items() for name in column_names(steps[step], one.added)]
    reason = _reason(readings, chosen, late, period, asked, sorted(set(added)))
    recount = Recount(readings, hashes, columns, chosen, late, period, reason=reason)
    kept = {step.name: state.steps.get(step.name) for step in values.values()}
    takes_values = (
        recount.is_partial
        and is_counted_by_chunk(plan)
        and state.fit_id == plan.fit_id
        and all(one is not None and one.content_hash == hashes[name] for name, one in kept.items())
        # Another beginning of the analysis changes what chunks far from it are compared with: an earlier one,
        # or a later one where the first chunk's rows are gone.
        and (not monitor.compare or bool(stored and late[0].first > stored[0]))
    )
    if not takes_values:
        return recount
    spreads = {one.name: spread(one, period, late, stored) for one in monitor.compare}
    changed = {"": late} | {name: one.changed for name, one in spreads.items()}
    return replace(
        recount,
        values={step.name: changed[name] for name, step in values.items()},
        needed=needed_of(spreads.values(), late),
    )


def _reading(step: Step, content: str, state: State) -> Reading:
    kept = state.steps.get(step.name)
    if kept is None or kept.content_hash != content:
        return Reading.ALL
    if is_kept_whole(step):
        return Reading.NOTHING
    return Reading.CHUNKS if kept.has_analysis else Reading.ANALYSIS


def _beside(steps: Mapping[str, Step], readings: Mapping[str, Reading], state: State) -> dict[str, Columns]:
    """The columns of statements of which some are kept, though not all together."""
    known: dict[str, str] = {}
    found = {
        name: kept_columns(step, column_hashes(step, known), state.columns)
        for name, step in steps.items()
        if readings[name] is Reading.ALL and state.columns
    }
    return {name: one for name, one in found.items() if one is not None}


def chunks_to_read(period: str, lookback: int, newest: int | None, asked: Asked) -> tuple[Chunks, ...]:
    """The newest stored chunk, as many before it as `lookback` says, new ones, and those asked for."""
    chosen = [Chunks(0 if newest is None else max(newest - lookback, 0))]
    if asked.since is not None or asked.until is not None:
        first = 0 if asked.since is None else max(number(period, asked.since), 0)
        last = None if asked.until is None else number(period, asked.until - timedelta(microseconds=1))
        if last is None or last >= first:
            chosen.append(Chunks(first, last))
    return merged(chosen)


def _reason(
    readings: Mapping[str, Reading],
    chosen: tuple[Chunks, ...],
    late: tuple[Chunks, ...],
    period: str,
    asked: Asked,
    added: Sequence[str],
) -> str:
    if asked.full:
        return "all rows, as asked for"
    # What is fitted may stay where chunks do not.
    if set(readings.values()) - {Reading.NOTHING} == {Reading.ALL}:
        return "all rows: nothing is kept of this definition"
    parts = [_worded(chosen, period)]
    if late != chosen:
        parts.append(f"labels of chunks {_worded(late, period)}")
    whole = [name for name, reading in readings.items() if reading is Reading.ALL]
    if whole:
        parts.append(f"all rows for {', '.join(whole)}")
    if added:
        parts.append(f"all rows of {', '.join(added)}")
    analysis = [name for name, reading in readings.items() if reading is Reading.ANALYSIS]
    if analysis:
        parts.append(f"all of the analysis for {', '.join(analysis)}")
    return "; ".join(parts)


def _worded(ranges: tuple[Chunks, ...], period: str) -> str:
    words = []
    for one in ranges:
        first = _day(period, one.first)
        if one.last is None:
            words.append(f"from {first} on")
        else:
            words.append(first if one.last == one.first else f"{first} to {_day(period, one.last)}")
    return ", ".join(words)


def _day(period: str, sequence: int) -> str:
    time = start(period, sequence)
    form = "%Y-%m-%dT%H:%M" if period == "hour" else "%Y-%m-%d"
    return "?" if time is None else time.strftime(form)
