"""Runs a plan on an engine: progress, all or nothing."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from sqlmonitor import dialects, incremental, migration, planner, store, templates, validation
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.errors import StoreError, WarehouseError
from sqlmonitor.incremental import AS_USUAL, Arrived, Asked, Recount, State
from sqlmonitor.incremental.periods import number
from sqlmonitor.incremental.statements import chunk_condition
from sqlmonitor.plan import Check, Plan
from sqlmonitor.source import Types

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
    asked: Asked = AS_USUAL,
    progress: Progress | None = None,
) -> pandas.DataFrame:
    """Computes a monitor and stores its results, all or none of them.

    Args:
        project: where the monitor stands.
        monitor: what to compute.
        engine: an open warehouse.
        stage: ``fit`` reads the reference only.
        asked: which chunks the user wants to be read again, beside those that may have changed.
        progress: told each step's title, its number from 1, and how many there are.

    Returns:
        The stored results, a row for each period, chunk, segment, family, metric, column and component.

    Raises:
        DataError: where the data break a promise of the project file; nothing is stored then.
        StoreError: where a newer version wrote the store, or another run published meanwhile.
        WarehouseError: where the warehouse refuses a statement.
    """
    started = clock()
    engine.refuse_open_transaction()
    engine.finish_publication(project.store)
    store.refuse_newer(engine, project.store)
    store.check_place(engine, project.store)
    if migration.migrate(engine, project.store):
        logger.info("-- store '%s': tables of version %s", project.store, store.VERSION)
    state = incremental.read_state(engine, project.store, monitor.name)
    types = validation.check_sources(project, monitor, engine, reads_rows=False)
    resolved = validation.resolve_features(project, monitor, types, engine)
    monitor = resolved.monitor
    if resolved.is_all:
        logger.info("-- monitor '%s': %s", monitor.name, "\n-- ".join(resolved.lines()))
    whole = planner.plan(project, monitor, types=types)
    templates.check(whole)
    plan = whole if stage == "run" else planner.plan(project, monitor, stage=stage, types=types)
    labels, changed, recount = decided(project, monitor, whole, types, state, engine, asked, stage, started)
    logger.info("-- monitor '%s' reads %s", monitor.name, recount.reason)
    among = incremental.ids_read(project, monitor, types, recount, engine.dialect)
    if among is not None or not recount.reads_some_rows:
        validation.check_rows(project, monitor, engine, among=among)
    else:
        validation.check_joins(project, monitor, engine)
    total = len(plan.steps) + 1
    run_id = uuid.uuid4().hex[:12]
    is_publishing = False
    try:
        execute(plan, recount, state, engine, progress)
        warn_of_left_out_rows(monitor, plan, engine)
        if progress:
            progress("store results", total, total)
        now = sql_time(after(state.finished_at))
        if stage == "fit":
            kept = incremental.keep_fit(plan, whole, monitor, recount, state, engine, run_id=run_id, now=now)
        else:
            kept = incremental.keep_run(
                plan, monitor, recount, state, run_id=run_id, now=now, labels=labels, changed=changed
            )
        is_partial = recount.is_partial and state.fit_id == plan.fit_id
        statements = store.publication(
            plan,
            run_id=run_id,
            stage=stage,
            started_at=sql_time(started),
            now=now,
            recounted=chunk_condition(recount.labelled) if is_partial else None,
            reading=recount.reason,
        )
        is_publishing = True
        publish(plan, state, engine, [*statements, *kept, incremental.described(monitor, project.store)])
    except WarehouseError as error:
        refuse_second_run(project, monitor, state, engine, error, run_id if is_publishing else None)
        raise
    finally:
        for step in plan.steps:
            engine.drop(step.table)
    return store.read_results(engine, project.store, monitor.name)


def decided(
    project: Project,
    monitor: Monitor,
    whole: Plan,
    types: Types,
    state: State,
    engine: Engine,
    asked: Asked,
    stage: Literal["run", "fit"],
    started: datetime,
) -> tuple[Arrived, Arrived, Recount]:
    """What the run reads, from what the store keeps, and which labels and rows have arrived."""
    period = monitor.chunks.period
    if period is None or stage == "fit":
        return Arrived(), Arrived(), incremental.decide(whole, monitor, state, asked=asked, stage=stage)
    # A wrong time in the future must not hide the rows that come until then.
    newest = state.newest_chunk(engine, project.store, number(period, started))
    labels = incremental.late_labels(
        project,
        monitor,
        types,
        engine,
        since=None if newest is None else state.labels_until,
        now=sql_time(started),
    )
    changed = incremental.changed_rows(
        project, monitor, types, engine, state=state, is_first=newest is None, now=sql_time(started)
    )
    recount = incremental.decide(
        whole,
        monitor,
        state,
        asked=asked,
        newest=newest,
        updated=changed.chunks,
        labelled=labels.chunks,
        stored=state.chunks(engine, project.store) if monitor.compare else (),
        stage=stage,
    )
    return labels, changed, recount


def execute(plan: Plan, recount: Recount, state: State, engine: Engine, progress: Progress | None) -> None:
    """Makes every step's temporary table, and asks the checks as soon as they can be."""
    checks: dict[str, list[Check]] = {}
    for check in plan.checks:
        checks.setdefault(check.after, []).append(check)
    dialect = dialects.dialect(engine.dialect)
    total = len(plan.steps) + 1
    numbered = enumerate(plan.steps, 1)
    # An engine is told once for all statements in a row: to say it costs as much as a small statement.
    for in_one_order, stretch in groupby(numbered, key=lambda pair: pair[1].depends_on_order):
        with engine.in_one_order() if in_one_order else nullcontext():
            for position, step in stretch:
                if progress:
                    progress(step.title, position, total)
                select = incremental.statement(step, recount, state, plan.schema, dialect=dialect.name)
                if logger.isEnabledFor(logging.INFO):
                    logger.info("-- %s\n%s;", step.title, dialects.translated(select, dialect.name))
                engine.materialize(step.table, select)
                for check in checks.get(step.name, ()):
                    validation.ask(check, engine)


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


def clock() -> datetime:
    """The time in UTC, without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def after(former: datetime | None) -> datetime:
    """The time, and later than the last run's even where the clock was set back: the newest results are the last."""
    now = clock()
    return now if former is None or now > former else former + timedelta(microseconds=1)


def sql_time(time: datetime) -> str:
    """A time as SQL."""
    return f"timestamp '{time.isoformat(sep=' ')}'"


def publish(plan: Plan, state: State, engine: Engine, statements: list[str]) -> None:
    """Puts the rows of a plan that has run into the store, in one transaction.

    Raises:
        StoreError: where another run of the monitor published since this one began.
    """
    monitor = store.literal(plan.monitor)
    monitors = f"{store.quoted(plan.schema)}.monitors"
    with engine.transaction():
        for statement in store.creation(plan.schema):
            engine.execute(statement)
        row = engine.first(f"select run_id from {monitors} where monitor = {monitor}")
        if (row["run_id"] if row else "") != state.run_id:
            raise second_run(plan.monitor)
        if row is None:
            # Of two first runs, one breaks the primary key; of two later ones, both change one row.
            engine.execute(f"insert into {monitors} (monitor, fit_id, run_id) values ({monitor}, '', '')")
        for statement in statements:
            engine.execute(statement)


def second_run(monitor: str) -> StoreError:
    """What a run says that began before another one of the same monitor published."""
    return StoreError(
        f"another run of monitor '{monitor}' stored its results while this one was counting; this one stored nothing",
        remedy="its results are there; run again to count what came since",
    )


def refuse_second_run(
    project: Project,
    monitor: Monitor,
    state: State,
    engine: Engine,
    error: WarehouseError,
    publishing: str | None,
) -> None:
    """Says so where a statement failed because of another run.

    Args:
        project: where the monitor stands.
        monitor: whose run failed.
        state: of the store when the run began.
        engine: an open warehouse.
        error: what failed.
        publishing: the run's own id, where it failed while it published.

    Raises:
        StoreError: where it did.
    """
    try:
        now = incremental.read_state(engine, project.store, monitor.name)
    except WarehouseError:
        return
    if publishing is not None and now.run_id == publishing:
        # Its results are there: what failed came after.
        return
    if now.run_id != state.run_id:
        raise second_run(monitor.name) from error
    # Before that, the word may be one of the user's data.
    if publishing is not None and "onflict" in error.message:
        raise StoreError(
            f"another run wrote to the store '{project.store}' at the same moment; this one stored nothing",
            remedy="run again",
        ) from error
