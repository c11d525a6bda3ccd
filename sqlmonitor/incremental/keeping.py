"""Statements that keep a run's rows for later ones, for the transaction that publishes its results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmonitor.definitions import Monitor
from sqlmonitor.incremental.arrivals import Arrived
from sqlmonitor.incremental.columns import KeptColumn, column_hashes
from sqlmonitor.incremental.hashing import ancestors, final_values, is_kept_whole, kept_steps
from sqlmonitor.incremental.recount import Reading, Recount
from sqlmonitor.incremental.state import Kept, State
from sqlmonitor.incremental.statements import chunk_condition
from sqlmonitor.plan import Plan, Step, digest
from sqlmonitor.store import literal, quoted

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


def table_name(step: Step, monitor: str, content: str) -> str:
    """The table that keeps a step's rows.

    Each step of each monitor has one of its own: its columns and their types are the monitor's (labels are
    numbers here and text there, business figures are as many as there are), and it needs no key columns.
    """
    return f"kept_{step.name}_{digest(monitor, content)}"


def keep_run(
    plan: Plan,
    monitor: Monitor,
    recount: Recount,
    state: State,
    *,
    run_id: str,
    now: str,
    labels: Arrived,
    changed: Arrived,
) -> list[str]:
    """Statements that keep what a whole run has counted.

    Args:
        plan: whose steps have run.
        monitor: what they compute.
        recount: what was read.
        state: what the store kept before.
        run_id: the run's name.
        now: SQL for the time of publication.
        labels: that have been counted.
        changed: rows that have been.
    """
    place = quoted(plan.schema)
    kept: dict[str, Kept] = {}
    statements: list[str] = []
    for step in kept_steps(plan) if recount.hashes else []:
        content = recount.hashes[step.name]
        table = table_name(step, plan.monitor, content)
        kept[step.name] = Kept(table, content, has_analysis=not is_kept_whole(step))
        reading = recount.reading(step)
        if reading is Reading.NOTHING:
            continue
        if reading in (Reading.ALL, Reading.COLUMNS):
            chosen = "" if is_kept_whole(step) else " where chunk_number is not null"
            statements += [
                f"drop table if exists {place}.{table}",
                f"create table {place}.{table} as select * from {step.table}{chosen}",
            ]
            continue
        chosen = chunk_condition(recount.of(step) if reading is Reading.CHUNKS else None)
        statements += [
            f"delete from {place}.{table} where {chosen}",
            f"insert into {place}.{table} select * from {step.table} where {chosen}",
        ]
    for values in final_values(plan).values() if recount.hashes else []:
        content = recount.hashes[values.name]
        kept[values.name] = Kept(table_name(values, plan.monitor, content), content, has_analysis=True)
        statements += _kept_values(f"{place}.{kept[values.name].table}", values, recount)
    return [
        *statements,
        *_noted(
            plan,
            plan,
            replace(
                state,
                labels_until=labels.until,
                updated_column=monitor.updated_at or "",
                rows_until=changed.until,
            ),
            kept,
            run_id=run_id,
            fit_id=plan.fit_id,
            now=now,
        ),
    ]


def _kept_values(table: str, values: Step, recount: Recount) -> list[str]:
    if values.name in recount.values:
        chosen = chunk_condition(recount.values[values.name])
        return [
            f"delete from {table} where {chosen}",
            f"insert into {table} select * from {values.table} where {chosen}",
        ]
    return [
        f"drop table if exists {table}",
        f"create table {table} as select * from {values.table} where chunk_number % 2 = 0",
    ]


def keep_fit(
    fitted: Plan,
    whole: Plan,
    monitor: Monitor,
    recount: Recount,
    state: State,
    engine: Engine,
    *,
    run_id: str,
    now: str,
) -> list[str]:
    """Statements that keep what a fit has counted of the reference.

    Counts of the analysis that go by a fitted grid stay only where the fit has not changed.

    Args:
        fitted: the plan whose steps have run.
        whole: the plan of a whole run, whose steps' contents are kept.
        monitor: what they compute.
        recount: with the hashes of those contents.
        state: what the store kept before.
        engine: asked whether the fit has changed.
        run_id: the run's name.
        now: SQL for the time of publication.
    """
    place = quoted(fitted.schema)
    kept: dict[str, Kept] = {}
    statements: list[str] = []
    changed: set[str] = set()
    steps = {step.name: step for step in fitted.steps}
    for step in kept_steps(whole) if recount.hashes else []:
        content = recount.hashes[step.name]
        before = state.steps.get(step.name)
        table = table_name(step, fitted.monitor, content)
        made = steps[step.name].table
        is_known = before is not None and before.content_hash == content
        if is_kept_whole(step):
            if not is_known or _differ(f"{place}.{table}", made, engine):
                changed.add(step.name)
            kept[step.name] = Kept(table, content, has_analysis=False)
        else:
            stays = is_known and before is not None and before.has_analysis and not ancestors(step) & changed
            kept[step.name] = Kept(table, content, has_analysis=stays)
            if stays:
                statements += [
                    f"delete from {place}.{table} where chunk_number % 2 = 1",
                    f"insert into {place}.{table} select * from {made} where chunk_number % 2 = 1",
                ]
                continue
        chosen = "" if is_kept_whole(step) else " where chunk_number is not null"
        statements += [
            f"drop table if exists {place}.{table}",
            f"create table {place}.{table} as select * from {made}{chosen}",
        ]
    # Histograms and values of the analysis are as the former fit made them, until the next run.
    return [
        *statements,
        *_noted(fitted, whole, state, kept, run_id=run_id, fit_id="", now=now),
    ]


def _differ(before: str, after: str, engine: Engine) -> bool:
    """Whether two tables of the same columns have other rows; where columns were added, they stand in another order."""
    listed = ", ".join(engine.query(f"select * from {before} limit 0").columns)
    sides = [f"select {listed} from {table}" for table in (before, after)]
    return any(
        engine.first(f"select 1 as one from ({one} except {other}) as gone limit 1") is not None
        for one, other in (sides, sides[::-1])
    )


def _noted(
    plan: Plan,
    whole: Plan,
    state: State,
    kept: Mapping[str, Kept],
    *,
    run_id: str,
    fit_id: str,
    now: str,
) -> list[str]:
    place = quoted(plan.schema)
    monitor = literal(plan.monitor)
    used = {one.table for one in kept.values()}
    statements = [
        f"drop table if exists {place}.{one.table}" for one in state.steps.values() if one.table not in used
    ]
    statements.append(f"delete from {place}.kept where monitor = {monitor}")
    rows = [(step, one.table, one.content_hash, one.has_analysis, "null") for step, one in kept.items()]
    rows += [
        (step, one.table, content, one.has_analysis, str(one.place))
        for step, content, one in _columns(whole, state, kept)
    ]
    if rows:
        statements.append(
            f"insert into {place}.kept (monitor, step, table_name, content_hash, has_analysis, column_place) values "
            + ", ".join(
                f"({monitor}, {literal(step)}, {literal(table)}, {literal(content)}, {str(has_analysis).lower()}, {number})"
                for step, table, content, has_analysis, number in rows
            )
        )
    statements.append(
        f"update {place}.monitors set fit_id = {literal(fit_id)}, run_id = {literal(run_id)}, "
        f"finished_at = {now}, labels_until = {_time(state.labels_until)}, "
        f"updated_column = {literal(state.updated_column)}, rows_until = {_time(state.rows_until)} "
        f"where monitor = {monitor}"
    )
    return statements


def _time(time: datetime | None) -> str:
    return "cast(null as timestamp)" if time is None else f"timestamp '{time.isoformat(sep=' ')}'"


def _columns(whole: Plan, state: State, kept: Mapping[str, Kept]) -> Iterator[tuple[str, str, KeptColumn]]:
    """Steps, hashes and places of the columns in the kept tables; those of a table that stays stay as they were."""
    noted: dict[str, list[tuple[str, KeptColumn]]] = {}
    for content, column in state.columns.items():
        noted.setdefault(column.table, []).append((content, column))
    known: dict[str, str] = {}
    for step in kept_steps(whole):
        if step.name not in kept:
            continue
        one = kept[step.name]
        for content, column in noted.get(one.table, ()):
            yield step.name, content, replace(column, has_analysis=one.has_analysis)
        if one.table not in noted:
            for place, content in column_hashes(step, known).items():
                yield step.name, content, KeptColumn(one.table, place, one.has_analysis)


def described(monitor: Monitor, schema: str) -> str:
    """The statement that writes who owns a monitor's model and where it is described, beside the monitor's run.

    They stand in ``monitors`` and not in every row of ``results``: they say nothing of a value, and a new owner
    must not change old results.
    """
    columns = {"owner": monitor.owner, "url": monitor.url}
    written = ", ".join(
        f"{column} = {'cast(null as varchar)' if value is None else literal(value)}"
        for column, value in columns.items()
    )
    return f"update {quoted(schema)}.monitors set {written} where monitor = {literal(monitor.name)}"
