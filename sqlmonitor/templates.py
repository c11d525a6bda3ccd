"""Finds, renders and checks the SQL templates; the only user of Jinja."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import sqlglot
from sqlglot import exp

from sqlmonitor.errors import InternalError
from sqlmonitor.plan import Step

CANONICAL = "duckdb"


def folder() -> Path:
    """Where the templates stand: inside an installed package, or at the top of a checkout."""
    packaged = Path(__file__).parent / "sql_templates"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "sql_templates"


def _only_trees(value: Any) -> str:
    # A plain string cannot reach SQL: whoever wants text there must parse it first.
    if isinstance(value, exp.Expr):
        return value.sql(dialect=CANONICAL)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InternalError(f"a template was given {value!r}, which is neither a parsed tree nor an integer")


def body(template: str) -> str:
    """A template's text below its header, which describes variables in the same braces."""
    lines = (folder() / template).read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    return "\n".join(lines[first:])


@cache
def environment() -> jinja2.Environment:
    """Jinja as the templates use it: strict, no files but theirs."""
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(body),
        undefined=jinja2.ChainableUndefined,
        finalize=_only_trees,
        autoescape=False,
    )


def comment(template: str) -> str:
    """The first lines of a template's header, up to its inputs."""
    lines = []
    for line in (folder() / template).read_text(encoding="utf-8").splitlines():
        if not line.startswith("--") or line.startswith(("-- inputs", "-- grain")):
            break
        lines.append(line[2:].strip())
    return "\n".join(lines)


def tree(step: Step) -> exp.Query:
    """Renders a step into one parsed SELECT over its inputs' tables.

    Raises:
        InternalError: where the rendered text is not one SELECT.
    """
    values: dict[str, Any] = dict(step.parameters)
    for name, given in step.inputs.items():
        values[name] = [_reader(one) for one in given] if isinstance(given, list) else _reader(given)
    text = environment().get_template(step.template).render(values)
    statement = sqlglot.parse_one(text, dialect=CANONICAL)
    if not isinstance(statement, exp.Query):
        raise InternalError(f"template {step.template} is not one SELECT")
    for node in statement.walk():
        node.comments = None
    return statement


def _reader(step: Step) -> exp.Expr:
    if step.is_inline:
        return exp.Subquery(this=tree(step))
    return exp.Table(this=exp.to_identifier(step.table, quoted=False))


def sql(step: Step, dialect: str = CANONICAL) -> str:
    """The step's SELECT as formatted text."""
    return tree(step).sql(dialect=dialect, pretty=True)
