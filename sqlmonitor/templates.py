"""Finds, renders and checks the SQL templates; the only user of Jinja."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import jinja2
import sqlglot
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlglot import exp

from sqlmonitor import contract, dialects
from sqlmonitor.dialects import CANONICAL
from sqlmonitor.errors import ConfigurationError, InternalError, SqlmonitorError
from sqlmonitor.plan import Plan, Step
from sqlmonitor.slots import Slots

# What rendering a template that we did not write may raise.
OWN_ERRORS = (
    jinja2.TemplateError,
    SqlmonitorError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def folder() -> Path:
    """Where the templates stand: inside an installed package, or at the top of a checkout."""
    packaged = Path(__file__).parent / "sql_templates"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "sql_templates"


class Rendered(str):
    """Text that a template has made; the only text that may stand in another."""

    __slots__ = ()


def _only_trees(value: Any) -> str:
    # A plain string cannot reach SQL: whoever wants text there must parse it first.
    if isinstance(value, Rendered):
        return value
    if isinstance(value, exp.Expr):
        return value.sql(dialect=CANONICAL)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InternalError(f"a template was given {value!r}, which is neither a parsed tree nor an integer")


def body(template: str) -> str:
    """A template's text below its header, which describes variables in the same braces."""
    lines = (folder() / template).read_text(encoding="utf-8-sig").splitlines()
    first = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return "\n".join(lines[first:])


def variables(text: str) -> set[str]:
    """The variables that a template's body takes."""
    return meta.find_undeclared_variables(environment().parse(text)) - {"range", "loop"}


@cache
def environment() -> jinja2.Environment:
    """Jinja as the templates use it: strict, no files but theirs."""
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(body),
        undefined=jinja2.ChainableUndefined,
        finalize=_only_trees,
        autoescape=False,
    )


@cache
def sandbox() -> jinja2.Environment:
    """Jinja as a user's own templates use it: no files, no attributes of Python, nothing to change."""
    return ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, finalize=_only_trees, autoescape=False
    )


def comment(template: str) -> str:
    """The first lines of a template's header, up to its inputs."""
    lines = []
    for line in (folder() / template).read_text(encoding="utf-8-sig").splitlines():
        if not line.startswith("--") or line.startswith(("-- inputs", "-- grain")):
            break
        lines.append(line[2:].strip())
    return "\n".join(lines)


def rendered(step: Step, slots: Slots | None = None) -> Rendered:
    """The step's SELECT over its inputs' tables, in canonical SQL, as the template wrote it.

    Args:
        step: whose template it is.
        slots: takes the trees, for which names stand in the text; without it they are written out.
    """
    if slots is not None:
        return _rendered(step, slots)
    # It is asked for to name its content, and again to be run.
    if step not in _texts:
        _texts[step] = _rendered(step, None)
    return _texts[step]


_texts: WeakKeyDictionary[Step, Rendered] = WeakKeyDictionary()


def _rendered(step: Step, slots: Slots | None) -> Rendered:
    values: dict[str, Any] = slots.placed(step.parameters) if slots else dict(step.parameters)
    for name, given in step.inputs.items():
        if isinstance(given, list):
            values[name] = [_reader(one, slots) for one in given]
        else:
            values[name] = _reader(given, slots)
    if step.origin is not None:
        return _rendered_own(step, values)
    return Rendered(environment().get_template(step.template).render(values))


def check(plan: Plan) -> None:
    """Renders and checks the templates that users wrote, before anything runs.

    Raises:
        ConfigurationError: for one that is not a SELECT from its input alone.
    """
    for step in plan.steps:
        if step.origin is not None:
            rendered(step)


def header(template: str) -> contract.Header:
    """What a template says of itself."""
    path = folder() / template
    return contract.read_header(path.read_text(encoding="utf-8-sig"), path.stem)


def _check_inputs(step: Step) -> None:
    for name, text in header(step.template).inputs.items():
        parent = step.inputs.get(name)
        there = header(parent.template).output if isinstance(parent, Step) else {}
        for column, kind in contract.declared_columns(text).items():
            if there.get(column) != kind:
                raise ConfigurationError(
                    f"the header names a column of {name} that is not there: {column} {kind}",
                    remedy=f"{name} has " + ", ".join(f"{key} {of}" for key, of in there.items()),
                )


def _rendered_own(step: Step, values: dict[str, Any]) -> Rendered:
    origin = step.origin
    assert origin is not None
    line: int | None = None
    try:
        text = body(step.template)
        tables = {parent.table: header(parent.template).output for parent in step.parents()}
        _check_inputs(step)
        given = {name for name, value in step.inputs.items() if isinstance(value, Step)}
        strange = sorted(variables(text) - given)
        if strange:
            raise ConfigurationError(
                f"the body has variables that the header does not name: {', '.join(strange)}"
            )
        made = sandbox().from_string(text).render(values)
        contract.check_select(
            made,
            tables=tables,
            columns=contract.RESULT_COLUMNS,
            allowed_functions=origin.allowed_functions,
        )
        return Rendered(made)
    except OWN_ERRORS as error:
        if isinstance(error, jinja2.TemplateSyntaxError):
            whole = (folder() / step.template).read_text(encoding="utf-8-sig").splitlines()
            line = error.lineno + len(whole) - len(body(step.template).splitlines())
        place = f"{step.template}, line {line}" if line else step.template
        raise ConfigurationError(
            f"{place}: {error.args[0] if error.args else error}",
            file=origin.file,
            line=origin.line,
            key=origin.key,
            remedy=getattr(error, "remedy", None),
        ) from error


def statement(step: Step) -> str:
    """What makes the step's temporary table, in canonical SQL."""
    return f"create or replace temp table {step.table} as\n{rendered(step)}"


def _reader(step: Step, slots: Slots | None = None) -> Rendered:
    return Rendered(f"({rendered(step, slots)})" if step.is_inline else step.table)


def select(step: Step, dialect: str = CANONICAL) -> str | exp.Expr:
    """The step's SELECT as an engine takes it.

    Returns:
        The text as the template wrote it where the engine speaks that; else a tree, in which what the user
        wrote has never been text of another dialect.
    """
    if dialect == CANONICAL:
        return rendered(step)
    slots = Slots()
    return slots.filled(rendered(step, slots))


INNER = "\0"
"""Stands for a SELECT in the text around it; no name holds it."""


def around(text: str, *selects: str | exp.Expr) -> str | exp.Expr:
    """Canonical SQL around SELECTs as an engine takes them.

    Args:
        text: has ``INNER`` where a relation stands, once for each SELECT.
        selects: in the order of their places, as :func:`select` gives them.
    """
    slots = Slots()
    before, *after = text.split(INNER)
    made = before
    for one, rest in zip(selects, after, strict=True):
        name = f"(\n{one}\n)" if isinstance(one, str) else slots.placed(exp.Subquery(this=one)).sql()
        made += name + rest
    return made if all(isinstance(one, str) for one in selects) else slots.filled(made)


def sql(step: Step, dialect: str = CANONICAL) -> str:
    """The step's SELECT as formatted text for people, in any dialect.

    Raises:
        InternalError: where the rendered text is not one SELECT.
        UnsupportedError: where the dialect cannot say it.
    """
    slots = Slots()
    tree = slots.filled(rendered(step, slots)) if dialect != CANONICAL else _parsed(step)
    if not isinstance(tree, exp.Query):
        raise InternalError(f"template {step.template} is not one SELECT")
    return dialects.translated(tree, dialect, pretty=True)


def _parsed(step: Step) -> exp.Expr:
    tree: exp.Expr = sqlglot.parse_one(rendered(step), dialect=CANONICAL)
    for node in tree.walk():
        node.comments = None
    return tree
