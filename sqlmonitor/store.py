"""The package's own tables in the warehouse: create, replace rows, read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import __version__, destination, history
from sqlmonitor.errors import StoreError
from sqlmonitor.plan import Plan

if TYPE_CHECKING:
    import pandas

    from sqlmonitor.engines import Engine

VERSION = 6
"""Of the store's tables; raised with every change to them, and `migration` says how to get there."""

KEYS = {"monitor": "varchar", "fit_id": "varchar"}
CHUNK = {
    "period": "varchar",
    "chunk": "varchar",
    "segment_column": "varchar",
    "segment_value": "varchar",
}
RESULT = KEYS | {
    "run_id": "varchar",
    "period": "varchar",
    "chunk": "varchar",
    "chunk_start": "timestamp",
    "chunk_end": "timestamp",
    "is_partial": "boolean",
    "segment_column": "varchar",
    "segment_value": "varchar",
    "family": "varchar",
    "metric": "varchar",
    "column_name": "varchar",
    "component": "varchar",
    "value": "double",
    "standard_error": "double",
    "lower_bound": "double",
    "upper_bound": "double",
    "noise_floor": "double",
    "p_value": "double",
    "lower_threshold": "double",
    "upper_threshold": "double",
    "is_alert": "boolean",
    "row_count": "bigint",
    "unused_count": "bigint",
    "note": "varchar",
    "computed_at": "timestamp",
    "chunk_length": "varchar",
    "compared_with": "varchar",
}
SINCE_VERSION_4 = ("chunk_length", "compared_with")
"""Columns of keys that older stores lack; their rows are all of the monitor's own chunks, where these are empty."""
TABLES: dict[str, dict[str, str]] = {
    "results": RESULT,
    "histograms": KEYS
    | CHUNK
    | {
        "column_name": "varchar",
        "bin": "bigint",
        "lower_edge": "double",
        "level": "varchar",
        "row_count": "bigint",
        "value_sum": "double",
    },
    "score_histograms": KEYS
    | CHUNK
    | {
        "class": "varchar",
        "predicted_label": "varchar",
        "actual_label": "varchar",
        "fold": "integer",
        "cell": "double",
        "row_count": "bigint",
        "score_sum": "double",
    },
    "edges": KEYS
    | {
        "column_name": "varchar",
        "piece": "integer",
        "lower_edge": "double",
        "upper_edge": "double",
        "cell_count": "bigint",
    },
    "levels": KEYS | {"column_name": "varchar", "level": "varchar", "bin": "bigint", "row_count": "bigint"},
    "calibration": KEYS | {"fit": "integer", "knot": "bigint", "score": "double", "calibrated": "double"},
    "thresholds": KEYS
    | {
        "family": "varchar",
        "metric": "varchar",
        "column_name": "varchar",
        "component": "varchar",
        "segment_column": "varchar",
        "segment_value": "varchar",
        "kind": "varchar",
        "lower_threshold": "double",
        "upper_threshold": "double",
        "chunk_count": "bigint",
        "chunk_length": "varchar",
        "compared_with": "varchar",
    },
    "runs": KEYS
    | {
        "run_id": "varchar",
        "version": "varchar",
        "stage": "varchar",
        "started_at": "timestamp",
        "finished_at": "timestamp",
        "row_count": "bigint",
        "outcome": "varchar",
        "recounted_chunks": "bigint",
        "recounted_rows": "bigint",
        "reading": "varchar",
    },
    "results_history": RESULT | {"valid_from": "timestamp", "valid_to": "timestamp"},
    "monitors": {
        "monitor": "varchar primary key",
        "fit_id": "varchar",
        "run_id": "varchar",
        "finished_at": "timestamp",
        "labels_until": "timestamp",
        "owner": "varchar",
        "url": "varchar",
        "updated_column": "varchar",
        "rows_until": "timestamp",
        "pruned_before": "timestamp",
    },
    "kept": {
        "monitor": "varchar",
        "step": "varchar",
        "table_name": "varchar",
        "content_hash": "varchar",
        "has_analysis": "boolean",
        "column_place": "integer",
    },
    "store_version": {"version": "integer", "written_by": "varchar"},
}
FITTED = ("edges", "levels", "calibration", "thresholds")
COUNTED = ("histograms", "score_histograms")


def quoted(name: str) -> str:
    """An identifier in quotes."""
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")


def literal(value: str) -> str:
    """A string literal."""
    return exp.Literal.string(value).sql(dialect="duckdb")


VIEWS = ("latest_results", "open_alerts")
"""Over the table ``results``, with its columns."""


def check_place(engine: Engine, schema: str) -> None:
    """Checks that nothing of the user's stands in the store's schema under a name of ours.

    An object is ours where it is of our kind and has our columns, which nobody else's has by chance; an older
    version's has some of them.

    Raises:
        StoreError: naming it; tables would take our rows, and views would be replaced.
    """
    kinds = dict.fromkeys(TABLES, "BASE TABLE") | dict.fromkeys(VIEWS, "VIEW")
    listed = ", ".join(literal(name) for name in kinds)
    found = engine.query(
        "select lower(tables.table_name) as name, tables.table_type as kind, columns.column_name as column_name "
        "from information_schema.tables as tables inner join information_schema.columns as columns "
        "on tables.table_catalog = columns.table_catalog and tables.table_schema = columns.table_schema "
        "and tables.table_name = columns.table_name where tables.table_catalog = current_database() "
        f"and lower(tables.table_schema) = lower({literal(schema)}) and lower(tables.table_name) in ({listed}) "
        "order by all"
    )
    columns: dict[tuple[str, str], set[str]] = {}
    for name, kind, column in zip(found["name"], found["kind"], found["column_name"], strict=True):
        columns.setdefault((str(name), str(kind)), set()).add(str(column))
    for (name, kind), there in columns.items():
        declared = set(TABLES.get(name, RESULT))
        if kind == kinds[name] and there <= declared and there >= (declared & KEYS.keys() or declared):
            continue
        raise StoreError(
            f"the schema '{schema}' has a {'view' if kind == 'VIEW' else 'table'} '{name}' that is not sqlmonitor's, "
            "or of another version",
            remedy="give the store a schema of its own, such as `store: sqlmonitor`, or rename what is there",
        )


def creation(schema: str) -> list[str]:
    """Statements that make the schema, its tables and views where they are not there."""
    place = quoted(schema)
    statements = [f"create schema if not exists {place}"]
    for table, columns in TABLES.items():
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        statements.append(f"create table if not exists {place}.{table} ({listed})")
    statements.append(
        f"insert into {place}.store_version (version, written_by) select {VERSION}, {literal(__version__)} "
        f"where not exists (select 1 from {place}.store_version)"
    )
    return [*statements, *views(schema)]


def views(schema: str) -> list[str]:
    """Statements that make the views anew."""
    place = quoted(schema)
    latest = (
        f"select monitor, fit_id from {place}.runs "
        "qualify row_number() over (partition by monitor order by finished_at desc, run_id) = 1"
    )
    return [
        f"create or replace view {place}.latest_results as select results.* from {place}.results as results "
        f"inner join ({latest}) as latest on results.monitor = latest.monitor and results.fit_id = latest.fit_id",
        f"create or replace view {place}.open_alerts as select * from {place}.latest_results "
        "where period = 'analysis' and is_alert",
    ]


def rows(plan: Plan, name: str) -> tuple[str, list[str], str]:
    """What a stored step's rows are in the store, but for those of ``results``.

    Args:
        plan: whose steps have run.
        name: of the step among the plan's stored ones.

    Returns:
        The store's table, those of its columns that have values, and the SELECT of them over the steps' tables.
    """
    keys = f"{literal(plan.monitor)} as monitor, {literal(plan.fit_id)} as fit_id"
    table = destination.DESTINATION[name][0]
    columns = [column for column in TABLES[table] if column not in KEYS]
    written, select = destination.rows(name, plan.stored[name].table, columns, chunk=CHUNK, keys=keys)
    return table, [*KEYS, *written], select


def publication(
    plan: Plan,
    *,
    run_id: str,
    stage: str,
    started_at: str,
    now: str,
    recounted: str | None = None,
    reading: str = "all rows",
) -> list[str]:
    """Statements that replace the monitor's rows by the plan's, for one transaction.

    Args:
        plan: whose steps have run.
        run_id: the run's name.
        stage: ``run`` or ``fit``.
        started_at: SQL for when the run began.
        now: SQL for the time of publication.
        recounted: condition on the ``chunk_number`` of chunks whose histograms are written, where those of
            all others are in the store as they are; None where all are written.
        reading: what was read and why, for people.
    """
    place = quoted(plan.schema)
    own = f"monitor = {literal(plan.monitor)} and fit_id = {literal(plan.fit_id)}"
    keys = f"{literal(plan.monitor)} as monitor, {literal(plan.fit_id)} as fit_id"
    # A fit replaces what it makes, the reference's rows; what a run made of the analysis stays.
    part = own + (" and period = 'reference'" if stage == "fit" else "")
    statements = [f"delete from {place}.{table} where {own}" for table in FITTED]
    counted = part
    if recounted is not None:
        counted = (
            f"{own} and period = 'analysis' and (chunk in (select chunk from sqlmonitor_chunks where {recounted}) "
            "or chunk not in (select chunk from sqlmonitor_chunks where period = 'analysis'))"
        )
    statements += [f"delete from {place}.{table} where {counted}" for table in COUNTED]
    for name in plan.stored:
        if name == "results":
            continue
        table, columns, select = rows(plan, name)
        if recounted is not None and table in COUNTED:
            select += f" and rows_of_step.chunk_number in (select chunk_number from sqlmonitor_chunks where {recounted})"
        statements.append(f"insert into {place}.{table} ({', '.join(columns)}) {select}")
    statements += history.replacement(
        place,
        plan.stored["results"].table,
        RESULT,
        own=[
            f"monitor = {literal(plan.monitor)}",
            f"fit_id = {literal(plan.fit_id)}",
            *(["period = 'reference'"] if stage == "fit" else []),
        ],
        run_id=literal(run_id),
        now=now,
    )
    chosen = "" if recounted is None else f" where {recounted}"
    statements.append(
        f"insert into {place}.runs ({', '.join(TABLES['runs'])}) "
        f"select {keys}, {literal(run_id)}, {literal(__version__)}, {literal(stage)}, "
        f"{started_at}, {now}, (select cast(sum(row_count) as bigint) from sqlmonitor_chunks), 'complete', "
        f"(select count(*) from sqlmonitor_chunks{chosen}), "
        f"(select cast(coalesce(sum(row_count), 0) as bigint) from sqlmonitor_chunks{chosen}), {literal(reading)}"
    )
    return statements


def version(engine: Engine, schema: str) -> int | None:
    """The version of a store's tables; None where there is no store. That of sqlmonitor 0.1 is 1.

    Args:
        engine: an open warehouse.
        schema: the store's.
    """
    frame = engine.query(
        f"select table_name from information_schema.tables where table_schema = {literal(schema)}"
    )
    tables = set(frame["table_name"])
    place = exp.table_("store_version", db=schema, quoted=True)
    # One of the user's is found where all are looked through.
    if "store_version" not in tables or "version" not in map(str.casefold, engine.describe(place)):
        return 1 if {"results", "runs"} <= tables else None
    row = engine.first(f"select max(version) as version from {quoted(schema)}.store_version")
    return 1 if row is None or row["version"] is None else int(row["version"])


def refuse_newer(engine: Engine, schema: str) -> int | None:
    """Refuses a store whose tables mean something that this version does not know.

    Returns:
        The store's version; None where there is no store.

    Raises:
        StoreError: where a newer version of sqlmonitor wrote it.
    """
    found = version(engine, schema)
    if found is not None and found > VERSION:
        raise StoreError(
            f"the store '{schema}' has version {found}, and this sqlmonitor knows versions up to {VERSION}",
            remedy="install the sqlmonitor that wrote it or a newer one, or name another `store`",
        )
    return found


def read_results(
    engine: Engine, schema: str, monitor: str, *, as_of: datetime | None = None
) -> pandas.DataFrame:
    """The results of the monitor's newest run, in the order of their keys.

    Args:
        engine: an open warehouse.
        schema: the store's.
        monitor: its name.
        as_of: a time in UTC, for the results as they were then; None for now.

    Raises:
        StoreError: where the monitor has not run yet.
    """
    place = quoted(schema)
    # A store that is only read is not migrated.
    found = refuse_newer(engine, schema) or VERSION
    is_older = found < 4
    columns = [name for name in RESULT if not (is_older and name in SINCE_VERSION_4)]
    table = "latest_results" if as_of is None else "results_history"
    there = engine.first(
        "select count(*) as tables from information_schema.tables "
        f"where table_schema = {literal(schema)} and table_name = {literal(table)}"
    )
    when = "yet" if as_of is None else f"as of {as_of.isoformat(sep=' ')}"
    missing = StoreError(f"monitor '{monitor}' has no results {when}", remedy="run `sqlmonitor run` first")
    if not there or not there["tables"]:
        raise missing
    rows = f"select * from {place}.latest_results where monitor = {literal(monitor)}"
    if as_of is not None:
        if found >= 6:
            _refuse_pruned(engine, place, monitor, as_of)
        time = f"timestamp '{as_of.isoformat(sep=' ')}'"
        rows = history.as_of(place, columns, monitor=literal(monitor), time=time)
        missing.remedy = "choose a later time: `runs` in the store says when it ran"
    frame = engine.query(
        f"select * from ({rows}) as results order by {'' if is_older else 'chunk_length, compared_with, '}"
        "period desc, chunk, segment_column, segment_value, family, metric, column_name, component"
    )
    if frame.empty:
        raise missing
    return frame.assign(**dict.fromkeys(SINCE_VERSION_4, "")) if is_older else frame


def _refuse_pruned(engine: Engine, place: str, monitor: str, as_of: datetime) -> None:
    """Refuses a view of which only those results are left that were never superseded.

    Raises:
        StoreError: where results superseded since then have been pruned.
    """
    row = engine.first(f"select pruned_before from {place}.monitors where monitor = {literal(monitor)}")
    before = row["pruned_before"] if row else None
    if before is not None and as_of < before:
        raise StoreError(
            f"results of monitor '{monitor}' as of {as_of.isoformat(sep=' ')} are forgotten: "
            "`sqlmonitor store prune` has taken what was superseded since",
            remedy=f"choose a time from {before.isoformat(sep=' ')} on",
        )
