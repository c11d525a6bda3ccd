"""A step as a model: its SELECT with `ref()` and `source()` in place of relations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import sqlglot
from sqlglot import exp

from sqlmonitor import dialects, templates
from sqlmonitor.dbt_export.jinja import Calls, called, escaped, quoted, written
from sqlmonitor.dbt_export.names import comment, plain
from sqlmonitor.dbt_export.relations import OF_USER, Relations, put_name
from sqlmonitor.incremental import is_of_reference
from sqlmonitor.plan import Check, Plan, Step
from sqlmonitor.slots import Slots

Folder = Literal["reference", "counts", "metrics"]


@dataclass(frozen=True)
class Model:
    """One file.

    Args:
        name: the model's, and the file's without its ending.
        folder: below the monitor's.
        materialized: what dbt makes of it.
        sql: the whole text.
        step: whose rows it has.
    """

    name: str
    folder: Folder
    materialized: Literal["table", "view"]
    sql: str
    step: Step


def model_name(monitor: str, step: Step) -> str:
    """A model's name: the monitor's and the step's."""
    return f"{plain(monitor, 24)}__{plain(step.name, 30)}"


def models(plan: Plan, relations: Relations, dialect: str) -> list[Model]:
    """A model for every step, in order.

    Args:
        plan: of a monitor.
        relations: the user's, which are added to.
        dialect: whose words are wanted.
    """
    readers = Counter(parent.name for step in plan.steps for parent in step.tables())
    stored = {step.name for step in plan.stored.values()}
    made = []
    for step in plan.steps:
        trees = tree_of(step, relations)
        times = _times_read(step, plan)
        # A view that one statement reads once costs nothing twice; constants and counts are read often.
        is_table = (
            step.reads_source
            or step.is_parameters
            or step.name in stored
            or readers[step.name] != 1
            or times != 1
        )
        materialized: Literal["table", "view"] = "table" if is_table else "view"
        sql = written(trees, lambda tree, calls: put_calls(tree, calls, plan, relations), dialect)
        folder: Folder = (
            "reference" if is_of_reference(step) else "counts" if step.reads_source else "metrics"
        )
        made.append(
            Model(
                name=model_name(plan.monitor, step),
                folder=folder,
                materialized=materialized,
                sql=f"{header(step)}{config(materialized, dialect)}\n{sql}\n",
                step=step,
            )
        )
    return made


def _times_read(step: Step, plan: Plan) -> int:
    return sum(
        templates.rendered(reader).count(step.table)
        for reader in plan.steps
        if step.name in {parent.name for parent in reader.tables()}
    )


def tree_of(step: Step, relations: Relations) -> exp.Expr:
    """A step's SELECT as a tree in which the user's words and relations are marked."""
    slots = Slots()
    text = templates.rendered(step, slots)
    for tree in slots.trees.values():
        relations.mark(tree)
    return slots.filled(text)


def put_calls(tree: exp.Expr, calls: Calls, plan: Plan, relations: Relations) -> None:
    """Puts calls in the place of the relations' names: the user's, and those of the plan's steps."""
    names = {step.table: model_name(plan.monitor, step) for step in plan.steps}
    for table in list(tree.find_all(exp.Table)):
        if table.meta.get(OF_USER):
            relations.place(table, calls)
        elif len(table.parts) == 1 and table.name in names:
            put_name(table, calls.placed(called("ref", names[table.name])))


def header(step: Step) -> str:
    """What the model computes, as comments."""
    return escaped(comment(templates.comment(step.template)))


def config(materialized: str, dialect: str) -> str:
    """How dbt makes it."""
    after = dialects.dialect(dialect).after_table
    hook = (
        f", post_hook={quoted(after.format(table='{{ this }}'))}" if after and materialized != "view" else ""
    )
    return f"{{{{ config(materialized={quoted(materialized)}{hook}) }}}}"


def checks(plan: Plan, relations: Relations, dialect: str) -> dict[str, str]:
    """A test for every promise about the data: it has rows only where the promise is broken.

    Returns:
        Texts by name.
    """
    made: dict[str, str] = {}
    for number, check in enumerate(plan.checks, 1):
        name = f"{model_name(plan.monitor, plan[check.after])}_{number}"
        tree = _tree_of_check(check, relations)
        sql = written(tree, lambda one, calls: put_calls(one, calls, plan, relations), dialect)
        made[name] = f"{escaped(comment(f'{check.message}{chr(10)}{check.remedy}'))}{sql}\n"
    return made


def _tree_of_check(check: Check, relations: Relations) -> exp.Expr:
    return (
        sqlglot.parse_one(check.sql, dialect=dialects.CANONICAL)
        if isinstance(check.sql, str)
        else check.sql.copy()
    )
