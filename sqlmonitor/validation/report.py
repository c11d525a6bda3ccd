"""What `sqlmonitor validate` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import planner, store, templates
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.errors import DataError
from sqlmonitor.source import SourceRows
from sqlmonitor.trees import put
from sqlmonitor.validation.every_feature import resolve_features
from sqlmonitor.validation.sources import check_sources

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


def validate(project: Project, monitor: Monitor, engine: Engine) -> list[str]:
    """Checks a monitor against the warehouse; computes no metric.

    Returns:
        What was found, a line each.

    Raises:
        SqlmonitorError: for what the user must mend.
    """
    store.check_place(engine, project.store)
    types = check_sources(project, monitor, engine)
    resolved = resolve_features(project, monitor, types, engine)
    monitor = resolved.monitor
    templates.check(planner.plan(project, monitor, types=types))
    source = SourceRows(monitor, project.dialect)
    inside = exp.true() if monitor.reference.where is None else source.condition(monitor.reference.where)
    if not monitor.reference.is_own:
        rows, reference, timeless, undecided = _counted(
            source, source.predictions(), monitor.where, inside, engine
        )
        analysis = rows - reference
    else:
        analysis, _, timeless, undecided = _counted(
            source, source.predictions(), monitor.where, exp.false(), engine
        )
        reference, _, more, _ = _counted(
            source, source.reference(), monitor.reference.where, exp.false(), engine
        )
        rows, timeless = analysis + reference, timeless + more
    if reference == 0:
        raise DataError(
            f"monitor '{monitor.name}': the reference has no rows",
            remedy="check `reference`, `where` and the timestamp column",
        )
    lines = [f"{len(types.predictions)} columns, {rows + timeless:,} rows"]
    if timeless:
        lines.append(f"{timeless:,} rows have no {monitor.order_column} and are left out")
    if undecided:
        lines.append(f"{undecided:,} rows are taken for analysis, as `reference` gives NULL for them")
    lines.append(f"reference {reference:,} rows, analysis {analysis:,} rows")
    features = monitor.features
    lines.append(
        f"{len(features.numeric)} numeric and {len(features.categorical)} categorical features, all there"
    )
    lines += resolved.lines()
    if monitor.target is not None:
        lines.append(
            f"target {monitor.target.column}, unique on its key"
            if monitor.target.relation
            else f"target {monitor.target.column}"
        )
    return lines


def _counted(
    source: SourceRows, relation: exp.Expr, where: str | None, inside: exp.Expr, engine: Engine
) -> tuple[int, int, int, int]:
    """Rows with a chunk, those of them inside the reference, rows without a time (or id) for a chunk, and
    rows with one for which it is NULL whether they are inside."""
    monitor = source.monitor
    placed: exp.Expr = exp.true()
    if monitor.order_column is not None:
        placed = put("at is not null", at=source.column(monitor.order_column))
    counted = exp.select(
        put("count(*) filter (where placed) as placed", placed=placed),
        put("count(*) filter (where placed and inside) as inside", placed=placed, inside=inside),
        put("count(*) filter (where not placed) as timeless", placed=placed),
        put("count(*) filter (where placed and inside is null) as undecided", placed=placed, inside=inside),
    ).from_(exp.alias_(relation.copy(), "prediction", table=True))
    if where:
        counted = counted.where(source.condition(where))
    counts = engine.first(counted)
    assert counts is not None
    return counts["placed"], counts["inside"], counts["timeless"], counts["undecided"]
