"""Labels that arrived since the last run, and the chunks they belong to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import templates
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.incremental.recount import Recount
from sqlmonitor.incremental.statements import reduced
from sqlmonitor.source import SourceRows, Types
from sqlmonitor.trees import parse

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


@dataclass(frozen=True)
class Labels:
    """What arrived.

    Args:
        until: when the newest label was observed; None where no label tells when.
        chunks: numbers of the chunks of the analysis that labels arrived for.
    """

    until: datetime | None = None
    chunks: tuple[int, ...] = ()


def late_labels(
    project: Project, monitor: Monitor, types: Types, engine: Engine, *, since: datetime | None, now: str
) -> Labels:
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
        return Labels()
    source = SourceRows(monitor, project.dialect, types=types)
    is_beside = target.relation is not None
    relation = source.predictions() if target.relation is None else source.relation(target.relation)
    observed = source.observed()
    alias = "target" if is_beside else "prediction"
    times = exp.select(exp.alias_(observed.copy(), "observed")).from_(
        exp.alias_(relation.copy(), alias, table=True)
    )
    newest = engine.first(
        templates.around(
            f"select max(observed) as newest from {templates.INNER} as labels where observed <= {now}", times
        )
    )
    until = newest["newest"] if newest else None
    if since is None:
        return Labels(until=until)
    border = f"timestamp '{since.isoformat(sep=' ')}'"
    rows = source.rows([{"expression": observed, "alias": exp.to_identifier("observed")}], reads_target=True)
    analysis = replace(rows, parameters={"sources": list(rows.analysis)})
    frame = engine.query(
        templates.around(
            f"select distinct chunk_number from {templates.INNER} as labelled "
            f"where observed >= {border} and chunk_number >= 0 order by chunk_number",
            templates.select(analysis, engine.dialect),
        )
    )
    chunks = tuple(int(chunk_number) // 2 for chunk_number in frame["chunk_number"])
    return Labels(until=max(since, until) if until is not None else since, chunks=chunks)


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
