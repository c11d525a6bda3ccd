"""The store's tables as models: what dashboards read, over the rows of all monitors of the package."""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
from sqlglot import exp

from sqlmonitor import dialects, store
from sqlmonitor.dbt_export.calls import marked
from sqlmonitor.dbt_export.jinja import quoted, written
from sqlmonitor.dbt_export.models import config, put_calls
from sqlmonitor.dbt_export.relations import Relations
from sqlmonitor.destination import DESTINATION
from sqlmonitor.plan import Plan

PUBLISHED = ("results", *store.COUNTED, *store.FITTED)
OPEN_ALERTS = "sqlmonitor_open_alerts"
INVOCATION = "'{{ invocation_id }}'"
INVOKED = "sqlmonitor_invocation"
ABOUT = {
    "results": "every value with its chunk, band, thresholds and alert",
    "histograms": "the counts behind every distance: rows by chunk, column and bin, of the whole population",
    "score_histograms": "the counts behind every estimate: rows by chunk, label and cell of the score",
    "edges": "the grid of every numeric column, fitted on the reference",
    "levels": "the levels of every categorical column, fitted on the reference",
    "calibration": "the steps of the calibrated score, fitted on the reference",
    "thresholds": "the limits of every value, given or fitted on the reference",
}


def published(plans: Sequence[Plan], relations: Relations, dialect: str) -> dict[str, str]:
    """Texts of models by name; what no monitor has is left out.

    Args:
        plans: one for each monitor.
        relations: of the user, none of which these read.
        dialect: whose words are wanted.
    """
    made: dict[str, str] = {}
    for table in PUBLISHED:
        parts = [
            _part(plan, select, relations, table, dialect)
            for plan in plans
            for select in _selects(plan, table)
        ]
        if parts:
            head = f"-- {table}: {ABOUT[table]}\n{config(dialect, materialized=quoted('table'))}\n"
            made[f"sqlmonitor_{table}"] = head + "\nunion all\n".join(parts) + "\n"
    made[OPEN_ALERTS] = (
        "-- open_alerts: the results of the analysis that are outside their thresholds\n"
        "{{ config(materialized='view') }}\n"
        "select *\nfrom {{ ref('sqlmonitor_results') }}\nwhere period = 'analysis' and is_alert\n"
    )
    return made


def _selects(plan: Plan, table: str) -> list[str]:
    """Canonical SQL of a monitor's rows of one of the store's tables, with all columns of it."""
    if table == "results":
        now = "cast(current_timestamp as timestamp)"
        given = {"run_id": INVOKED, "computed_at": now}
        return [_whole(table, plan.stored["results"].table, list(store.RESULT), given)]
    made = []
    for name in plan.stored:
        if name != "results" and DESTINATION[name][0] == table:
            _, columns, select = store.rows(plan, name)
            made.append(_whole(table, f"({select})", columns, {}))
    return made


def _whole(table: str, rows: str, there: Sequence[str], given: dict[str, str]) -> str:
    chosen = [
        f"cast({given.get(column, f'one.{column}') if column in there else 'null'} as {kind}) as {column}"
        for column, kind in store.TABLES[table].items()
    ]
    return f"select {', '.join(chosen)} from {rows} as one"


def _part(plan: Plan, select: str, relations: Relations, table: str, dialect: str) -> str:
    tree = sqlglot.parse_one(select, dialect=dialects.CANONICAL)
    for column in tree.find_all(exp.Column):
        if column.name == INVOKED:
            marked(column, INVOCATION)
    return written(tree, lambda one, calls: put_calls(one, calls, plan, relations), dialect)
