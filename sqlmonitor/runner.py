"""Runs a plan on an engine: progress, checks, all or nothing."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from sqlmonitor import names, planner, store, templates
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.errors import DataError
from sqlmonitor.plan import Check, Plan
from sqlmonitor.source import SourceRows

if TYPE_CHECKING:
    import pandas
    from sqlglot import exp

    from sqlmonitor.engines import Engine

Progress = Callable[[str, int, int], None]
logger = logging.getLogger("sqlmonitor")
NOT_NUMBERS = ("VARCHAR", "DATE", "TIME", "BLOB", "STRUCT")


def run(
    project: Project,
    monitor: Monitor,
    engine: Engine,
    *,
    stage: Literal["run", "fit"] = "run",
    progress: Progress | None = None,
) -> pandas.DataFrame:
    """Computes a monitor and stores its results, all or none of them.

    Args:
        project: where the monitor stands.
        monitor: what to compute.
        engine: an open warehouse.
        stage: ``fit`` reads the reference only.
        progress: told each step's title, its number from 1, and how many there are.

    Returns:
        The stored results, a row for each period, chunk, segment, family, metric, column and component.

    Raises:
        DataError: where the data break a promise of the project file; nothing is stored then.
        WarehouseError: where the warehouse refuses a statement.
    """
    plan = planner.plan(project, monitor, stage=stage)
    templates.check(plan)
    started = timestamp()
    check_sources(project, monitor, engine)
    checks: dict[str, list[Check]] = {}
    for check in plan.checks:
        checks.setdefault(check.after, []).append(check)
    total = len(plan.steps) + 1
    try:
        for number, step in enumerate(plan.steps, 1):
            if progress:
                progress(step.title, number, total)
            text = templates.rendered(step)
            logger.info("-- %s\n%s;", step.title, text)
            engine.execute(f"create or replace temp table {step.table} as {text}")
            for check in checks.get(step.name, ()):
                ask(check, engine)
        if progress:
            progress("store results", total, total)
        publish(plan, engine, stage=stage, started_at=started)
    finally:
        for step in plan.steps:
            engine.execute(f"drop table if exists temp.{step.table}")
    return store.read_results(engine, project.store, monitor.name)


def timestamp() -> str:
    """The time in UTC, as SQL."""
    return f"timestamp '{datetime.now(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"


def publish(plan: Plan, engine: Engine, *, stage: str, started_at: str) -> None:
    """Puts the rows of a plan that has run into the store, in one transaction."""
    run_id = uuid.uuid4().hex[:12]
    with engine.transaction():
        for statement in store.creation(plan.schema):
            engine.execute(statement)
        for statement in store.publication(
            plan, run_id=run_id, stage=stage, started_at=started_at, now=timestamp()
        ):
            engine.execute(statement)


def ask(check: Check, engine: Engine) -> None:
    """Raises DataError where a promise about the data is broken."""
    row = engine.first(check.sql)
    if row is not None:
        # Not str.format: the user's own names in the message may have braces.
        message = re.sub(r"\{(\w+)\}", lambda found: str(row.get(found[1], found[0])), check.message)
        raise DataError(message, remedy=check.remedy)


def check_sources(project: Project, monitor: Monitor, engine: Engine) -> dict[str, str]:
    """Checks relations, columns, types and the target's key before anything runs.

    Returns:
        The predictions' columns with their types.

    Raises:
        ConfigurationError: for a column that is not there or cannot be used so.
        DataError: for ids that would multiply rows.
    """
    source = SourceRows(monitor, project.dialect, only_reference=False)
    types = engine.describe(source.predictions())
    named: list[tuple[str, str]] = [
        (key, name)
        for key, name in (("id", monitor.id), ("timestamp", monitor.timestamp))
        if name is not None
    ]
    for kind in ("numeric", "categorical"):
        named += [(f"features.{kind}[{i}]", name) for i, name in enumerate(getattr(monitor.features, kind))]
    named += [(f"segments[{i}]", name) for i, name in enumerate(monitor.segments)]
    if monitor.model is not None:
        if isinstance(monitor.model.score, str):
            named.append(("model.score", monitor.model.score))
        if monitor.model.label is not None:
            named.append(("model.label", monitor.model.label))
    target = monitor.target
    if target is not None and target.relation is None:
        named.append(("target.column", target.column))
    known = {name.casefold() for name in types}
    for key, name in named:
        if name.casefold() not in known:
            raise monitor.error(key, f"the predictions have no column '{name}'", allowed=sorted(types))
    kinds = {name.casefold(): kind for name, kind in types.items()}
    if monitor.timestamp is not None:
        kind = kinds[monitor.timestamp.casefold()]
        if not kind.startswith(("TIMESTAMP", "DATE")):
            raise monitor.error(
                "timestamp",
                f"column '{monitor.timestamp}' is {kind}, not a date or timestamp",
                remedy="cast it in `predictions: {sql: …}`",
            )
    for i, name in enumerate(monitor.features.numeric):
        kind = kinds[name.casefold()]
        if kind.startswith(NOT_NUMBERS):
            raise monitor.error(
                f"features.numeric[{i}]",
                f"column '{name}' is {kind}, not a number",
                remedy="list it as categorical",
            )
    texts = [("where", monitor.where)]
    if monitor.reference.relation is None:
        texts.append(("reference", monitor.reference.where))
    for key, written in texts:
        if written is not None:
            tree = names.condition(written, project.dialect, monitor.allow_functions)
            _check_columns(monitor, key, tree, types)
    beside: dict[str, str] = {}
    if target is not None and target.relation is not None:
        beside = _check_target(monitor, source, engine)
    if monitor.task == "regression":
        _check_regression(monitor, types, beside)
    for key, written in monitor.aggregates():
        tree = names.aggregate(written, project.dialect, monitor.allow_functions)
        _check_columns(monitor, key, tree, types | beside)
    return types


def _check_columns(monitor: Monitor, key: str, tree: exp.Expr, types: dict[str, str]) -> None:
    known = {name.casefold() for name in types}
    for name in names.columns_of(tree):
        if name.casefold() not in known:
            raise monitor.error(key, f"there is no column '{name}'", allowed=sorted(types))


def _check_regression(monitor: Monitor, types: dict[str, str], beside: dict[str, str]) -> None:
    model, target = monitor.model, monitor.target
    measured = [("model.label", model.label if model else None, types)]
    if target is not None:
        measured.append(("target.column", target.column, beside if target.relation else types))
    for key, name, found in measured:
        kind = next(
            (kind for column, kind in found.items() if column.casefold() == (name or "").casefold()), ""
        )
        if kind.startswith(NOT_NUMBERS):
            raise monitor.error(
                key, f"column '{name}' is {kind}, not a number", remedy="cast it in the source"
            )


def _check_target(monitor: Monitor, source: SourceRows, engine: Engine) -> dict[str, str]:
    target = monitor.target
    assert target is not None
    assert target.relation is not None
    relation = source.relation(target.relation)
    types = engine.describe(relation)
    key = target.on or source.join_column()
    for place, name in (("target.column", target.column), ("target.on", key)):
        if name.casefold() not in {column.casefold() for column in types}:
            raise monitor.error(place, f"{target.relation} has no column '{name}'", allowed=sorted(types))
    column = store.quoted(key)
    ask(
        Check(
            after="",
            sql=f"select {column} as example, count(*) as times from {relation.sql(dialect='duckdb')} "
            f"where {column} is not null group by {column} having count(*) > 1 order by 2 desc, 1 limit 1",
            message=f"monitor '{monitor.name}': {target.relation} has {{times}} rows with {key} = {{example}}, "
            "so a join would multiply predictions",
            remedy="make the target's relation unique on that column, as with `predictions: {sql: …}` or a view",
        ),
        engine,
    )
    return types


def validate(project: Project, monitor: Monitor, engine: Engine) -> list[str]:
    """Checks a monitor against the warehouse; computes no metric.

    Returns:
        What was found, a line each.

    Raises:
        SqlmonitorError: for what the user must mend.
    """
    templates.check(planner.plan(project, monitor))
    types = check_sources(project, monitor, engine)
    source = SourceRows(monitor, project.dialect, only_reference=False)
    counts = engine.first(
        f"select count(*) as rows, count(*) filter (where {source.condition(monitor.reference.where or 'true').sql('duckdb')}) as reference "
        f"from {source.predictions().sql('duckdb')} as prediction"
        + (f" where {source.condition(monitor.where).sql('duckdb')}" if monitor.where else "")
    )
    assert counts is not None
    lines = [f"{len(types)} columns, {counts['rows']:,} rows"]
    if monitor.reference.relation is None:
        lines.append(
            f"reference {counts['reference']:,} rows, analysis {counts['rows'] - counts['reference']:,} rows"
        )
    features = monitor.features
    lines.append(
        f"{len(features.numeric)} numeric and {len(features.categorical)} categorical features, all there"
    )
    if monitor.target is not None:
        lines.append(
            f"target {monitor.target.column}, unique on its key"
            if monitor.target.relation
            else f"target {monitor.target.column}"
        )
    return lines
