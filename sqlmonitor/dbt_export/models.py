"""A step as a model: its SELECT with `ref()` and `source()` in place of relations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlglot
from sqlglot import exp

from sqlmonitor import dialects, templates
from sqlmonitor.dbt_export.calls import THIS, put_marked, put_name
from sqlmonitor.dbt_export.incremental import NOTHING, is_incremental, newest
from sqlmonitor.dbt_export.jinja import Calls, called, escaped, quoted, written
from sqlmonitor.dbt_export.names import comment, plain
from sqlmonitor.dbt_export.relations import OF_USER, Relations
from sqlmonitor.definitions import Monitor
from sqlmonitor.incremental import content_hash, is_kept_whole, is_of_reference
from sqlmonitor.plan import Check, Plan, Step
from sqlmonitor.slots import Slots

READ_ONCE = "var('sqlmonitor_read_once', 'table')"
"""What is made of a step that one statement reads once. Tables keep the order of rows, and so the last bits of sums."""
ONCE = {"materialized": "'incremental'", "incremental_strategy": "'append'"}
BY_CHUNK = {
    "materialized": "'incremental'",
    "incremental_strategy": "'delete+insert'",
    "unique_key": "'chunk_number'",
}

Folder = Literal["reference", "counts", "metrics"]


@dataclass(frozen=True)
class Model:
    """One file.

    Args:
        name: the model's, and the file's without its ending.
        folder: below the monitor's.
        sql: the whole text.
        step: whose rows it has.
    """

    name: str
    folder: Folder
    sql: str
    step: Step


def model_name(monitor: str, step: Step) -> str:
    """A model's name: the monitor's and the step's."""
    return f"{plain(monitor, 24)}__{plain(step.name, 30)}"


def models(plan: Plan, monitor: Monitor, relations: Relations, dialect: str) -> list[Model]:
    """A model for every step, in order.

    Args:
        plan: of the monitor.
        monitor: what it computes.
        relations: the user's, which are added to.
        dialect: whose words are wanted.
    """
    readers = Counter(parent.name for step in plan.steps for parent in step.tables())
    stored = {step.name for step in plan.stored.values()}
    known: dict[str, str] = {}
    made = []
    for step in plan.steps:
        whole = _select(step, plan, relations, dialect)
        name = model_name(plan.monitor, step)
        # What one statement reads once costs nothing twice as a view.
        is_read_once = not (step.reads_source or step.name in stored)
        is_read_once &= readers[step.name] == 1 and _times_read(step, plan) == 1
        if is_incremental(step, monitor, dialect):
            # Under another name where it counts something else: rows of both must not be mixed.
            alias = f"{name}_{content_hash(step, monitor, known)[:8]}"
            is_fitted = is_kept_whole(step)
            more = NOTHING if is_fitted else _select(newest(step, monitor), plan, relations, dialect)
            how = {"alias": quoted(alias)} | (ONCE if is_fitted else BY_CHUNK)
            text = f"{{% if is_incremental() %}}\n{more}\n{{% else %}}\n{whole}\n{{% endif %}}"
        else:
            how = {"materialized": READ_ONCE if is_read_once else quoted("table")}
            text = whole
        folder: Folder = (
            "reference" if is_of_reference(step) else "counts" if step.reads_source else "metrics"
        )
        made.append(Model(name, folder, f"{header(step)}{config(dialect, **how)}\n{text}\n", step))
    return made


def _select(step: Step, plan: Plan, relations: Relations, dialect: str) -> str:
    tree = tree_of(step, relations)
    return written(tree, lambda one, calls: put_calls(one, calls, plan, relations), dialect)


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
    slots.trees = {name: relations.marked(tree) for name, tree in slots.trees.items()}
    return slots.filled(text)


def put_calls(tree: exp.Expr, calls: Calls, plan: Plan, relations: Relations) -> None:
    """Puts calls in the place of the relations' names: the user's, and those of the plan's steps."""
    put_marked(tree, calls)
    names = {step.table: model_name(plan.monitor, step) for step in plan.steps}
    for table in list(tree.find_all(exp.Table)):
        is_relation = table.meta.get(OF_USER)
        if is_relation:
            relations.place(table, calls)
        elif is_relation is None and len(table.parts) == 1 and table.name in names:
            put_name(table, calls.placed(called("ref", names[table.name])))


def header(step: Step) -> str:
    """What the model computes, as comments."""
    return escaped(comment(templates.comment(step.template)))


def config(dialect: str, **how: str) -> str:
    """How dbt makes it.

    Args:
        dialect: whose tables are made.
        how: keys of dbt's `config`, each a text or a call as Jinja has it.
    """
    after = dialects.dialect(dialect).after_table
    hook = {"post_hook": quoted(after.format(table=THIS))} if after else {}
    return f"{{{{ config({', '.join(f'{key}={value}' for key, value in (how | hook).items())}) }}}}"


def checks(plan: Plan, of_rows: Sequence[Check], relations: Relations, dialect: str) -> dict[str, str]:
    """A test for every promise about the data: it has rows only where the promise is broken.

    Args:
        plan: of a monitor.
        of_rows: promises about the user's relations, beside those of the plan.
        relations: the user's, which are added to.
        dialect: whose words are wanted.

    Returns:
        Texts by name.
    """
    monitor = plain(plan.monitor, 24)
    asked = {f"{monitor}__rows_{number}": (check, True) for number, check in enumerate(of_rows, 1)}
    asked |= {
        f"{model_name(plan.monitor, plan[check.after])}_{number}": (check, False)
        for number, check in enumerate(plan.checks, 1)
    }
    made: dict[str, str] = {}
    for name, (check, is_of_user) in asked.items():
        tree = (
            sqlglot.parse_one(check.sql, dialect=dialects.CANONICAL)
            if isinstance(check.sql, str)
            else check.sql.copy()
        )
        tree = relations.marked(tree) if is_of_user else tree
        sql = written(tree, lambda one, calls: put_calls(one, calls, plan, relations), dialect)
        made[name] = f"{escaped(comment(check.message))}{escaped(comment(check.remedy))}{sql}\n"
    return made
