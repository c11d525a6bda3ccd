"""Runs a plan on an engine: progress, all or nothing."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from sqlmonitor import dialects, planner, store, templates, validation
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.plan import Check, Plan

if TYPE_CHECKING:
    import pandas

    from sqlmonitor.engines import Engine

Progress = Callable[[str, int, int], None]
logger = logging.getLogger("sqlmonitor")


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
    started = timestamp()
    engine.refuse_open_transaction()
    store.check_place(engine, project.store)
    types = validation.check_sources(project, monitor, engine)
    resolved = validation.resolve_features(project, monitor, types, engine)
    monitor = resolved.monitor
    if resolved.is_all:
        logger.info("-- monitor '%s': %s", monitor.name, "\n-- ".join(resolved.lines()))
    plan = planner.plan(project, monitor, stage=stage, types=types)
    templates.check(plan)
    checks: dict[str, list[Check]] = {}
    for check in plan.checks:
        checks.setdefault(check.after, []).append(check)
    total = len(plan.steps) + 1
    dialect = dialects.dialect(engine.dialect)
    try:
        for number, step in enumerate(plan.steps, 1):
            if progress:
                progress(step.title, number, total)
            select = templates.select(step, engine.dialect)
            if logger.isEnabledFor(logging.INFO):
                logger.info("-- %s\n%s;", step.title, dialects.translated(select, engine.dialect))
            with engine.in_one_order() if step.depends_on_order else nullcontext():
                engine.materialize(step.table, select)
            if step.is_parameters and dialect.keep_constants is not None:
                engine.execute(dialect.keep_constants.format(table=step.table))
            for check in checks.get(step.name, ()):
                validation.ask(check, engine)
        warn_of_left_out_rows(monitor, plan, engine)
        if progress:
            progress("store results", total, total)
        publish(plan, engine, stage=stage, started_at=started)
    finally:
        for step in plan.steps:
            engine.drop(step.table)
    return store.read_results(engine, project.store, monitor.name)


def warn_of_left_out_rows(monitor: Monitor, plan: Plan, engine: Engine) -> None:
    """Logs how many rows have no chunk, as they have no time (or id, where rows go by it), and how many are
    analysis because the reference's condition is NULL for them: warnings, as the other results are fine."""
    row = engine.first(
        "select cast(coalesce(sum(case when chunk_number is null then row_count end), 0) as bigint) as lost"
        ", cast(coalesce(sum(case when chunk_number is not null then undecided_count end), 0) as bigint) as undecided"
        f" from {plan['chunk_counts'].table} where segment_column = ''"
    )
    assert row is not None
    if row["lost"]:
        logger.warning(
            "monitor '%s': %s rows have no %s and are left out",
            monitor.name,
            f"{row['lost']:,}",
            monitor.order_column,
        )
    if row["undecided"]:
        logger.warning(
            "monitor '%s': %s rows are taken for analysis, as `reference` gives NULL for them",
            monitor.name,
            f"{row['undecided']:,}",
        )


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
