"""Labels and rows that arrived or changed since the last run, and the chunks they belong to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import templates
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.incremental.periods import Chunks, merged
from sqlmonitor.incremental.recount import Recount
from sqlmonitor.incremental.state import State
from sqlmonitor.incremental.statements import reduced
from sqlmonitor.source import SourceRows, Types
from sqlmonitor.trees import parse

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


@dataclass(frozen=True)
class Arrived:
    """What arrived.

    Args:
        until: the newest time at which something did; None where nothing tells when.
        chunks: of the analysis that it belongs to.
    """

    until: datetime | None = None
    chunks: tuple[Chunks, ...] = ()


NOTHING = Arrived()
EVERYTHING = (Chunks(0),)


def late_labels(
    project: Project, monitor: Monitor, types: Types, engine: Engine, *, since: datetime | None, now: str
) -> Arrived:
    """Looks for labels by `target.observed_at`.

    A label observed at the very time of the last one may be new, so its chunk is found again. Those observed
    after `now` are found by every run until that time.

    Args:
        project: where the monitor stands.
        monitor: with chunks by period.
        types: of the relations' columns.
        engine: an open warehouse.
        since: when the newest label of the last run was observed; None to look at no chunk.
        now: SQL for the time of the run.
    """
    target = monitor.target
    if target is None or target.observed_at is None:
        return NOTHING
    source = SourceRows(monitor, project.dialect, types=types)
    relation = source.predictions() if target.relation is None else source.relation(target.relation)
    alias = "prediction" if target.relation is None else "target"
    until = _newest(source.observed(), exp.alias_(relation.copy(), alias, table=True), now, engine)
    if since is None:
        return Arrived(until)
    chunks = _chunks(source, source.observed(), since, engine, reads_target=True)
    return Arrived(max(since, until) if until is not None else since, chunks)


def changed_rows(
    project: Project,
    monitor: Monitor,
    types: Types,
    engine: Engine,
    *,
    state: State,
    is_first: bool,
    now: str,
) -> Arrived:
    """Looks for rows by `updated_at`, as :func:`late_labels` does for labels.

    Args:
        project: where the monitor stands.
        monitor: with chunks by period.
        types: of the relations' columns.
        engine: an open warehouse.
        state: of the store. Where the last run did not go by this column, rows may have changed since they
            were counted whatever it says: all chunks are named.
        is_first: True where no chunk is stored, to look at none.
        now: SQL for the time of the run.
    """
    if monitor.updated_at is None:
        return NOTHING
    source = SourceRows(monitor, project.dialect, types=types)
    relation = exp.alias_(source.predictions(), "prediction", table=True)
    until = _newest(source.updated(), relation, now, engine)
    if is_first:
        return Arrived(until)
    if state.updated_column != monitor.updated_at:
        return Arrived(until, EVERYTHING)
    since = state.rows_until
    chunks = _chunks(source, source.updated(), since, engine)
    return Arrived(max((time for time in (since, until) if time is not None), default=None), chunks)


def _newest(time: exp.Expr, relation: exp.Expr, now: str, engine: Engine) -> datetime | None:
    """The newest time that is not in the future."""
    times = exp.select(exp.alias_(time, "arrived")).from_(relation)
    row = engine.first(
        templates.around(
            f"select max(arrived) as newest from {templates.INNER} as arrivals where arrived <= {now}", times
        )
    )
    return row["newest"] if row else None


def _chunks(
    source: SourceRows, time: exp.Expr, since: datetime | None, engine: Engine, *, reads_target: bool = False
) -> tuple[Chunks, ...]:
    """Chunks of the analysis with something that arrived since then; None is whatever has a time."""
    rows = source.rows(
        [{"expression": time, "alias": exp.to_identifier("arrived")}], reads_target=reads_target
    )
    analysis = replace(rows, parameters={"sources": list(rows.analysis)})
    border = "is not null" if since is None else f">= timestamp '{since.isoformat(sep=' ')}'"
    frame = engine.query(
        templates.around(
            f"select distinct chunk_number from {templates.INNER} as arrivals "
            f"where arrived {border} and chunk_number >= 0 order by chunk_number",
            templates.select(analysis, engine.dialect),
        )
    )
    numbers = (int(chunk_number) // 2 for chunk_number in frame["chunk_number"])
    return merged(Chunks(one, one) for one in numbers)


def ids_read(
    project: Project, monitor: Monitor, types: Types, recount: Recount, dialect: str
) -> exp.Query | None:
    """The SELECT of the ids of the predictions that are joined with labels; None where all are.

    Args:
        project: where the monitor stands.
        monitor: whose target has a relation of its own.
        types: of the relations' columns.
        recount: what the run reads.
        dialect: the engine's.
    """
    target = monitor.target
    if not recount.reads_some_rows or target is None or target.relation is None:
        return None
    source = SourceRows(monitor, project.dialect, types=types)
    row_id = {"expression": source.column(source.join_column()), "alias": exp.to_identifier("row_id")}
    rows = reduced(source.rows([row_id]), recount.labelled, recount.period)
    select = templates.select(rows, dialect)
    read = parse(select) if isinstance(select, str) else select
    return exp.select("row_id").from_(
        exp.Subquery(this=read, alias=exp.TableAlias(this=exp.to_identifier("predictions_read")))
    )
