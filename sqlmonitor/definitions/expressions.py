"""Jinja in the values of a YAML file: ``{{ var('x') }}`` and ``{{ env_var('X', 'default') }}``, and no more.

Two walls: only the nodes of ``ALLOWED`` may stand in an expression (no attribute, index, loop, assignment,
arithmetic or call of anything but the functions that are given), and what is left runs in Jinja's sandbox, which
has no loader, so there is no file to include. YAML is parsed before, so that a value is a scalar whatever it holds.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sqlmonitor.definitions.warehouse import in_address
from sqlmonitor.errors import ConfigurationError

__all__ = ["Functions", "Scalar", "rendered", "written"]

Scalar = str | int | float | bool | None
Functions = Mapping[str, Callable[..., Any]]

LONGEST = 1000
"""Characters of one expression; longer ones are refused before they are parsed."""

# fmt: off
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Call, nodes.Keyword,
    nodes.Filter, nodes.Concat, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Neg,
)
# fmt: on

LITERAL = re.compile(r"\s*'[^'\\]*'\s*")


def _as_bool(value: Any) -> bool:
    text = str(value).strip().casefold()
    if text not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError(f"'{value}' is neither true nor false")
    return text in ("true", "1", "yes")


def _as_number(value: Any) -> int | float:
    number = float(value)
    return int(number) if number.is_integer() and not re.search(r"[.eE]", str(value)) else number


FILTERS: dict[str, Callable[..., Any]] = {
    "as_bool": _as_bool,
    "as_number": _as_number,
    "as_native": lambda value: value,
    "as_text": str,
    "bool": _as_bool,
    "default": lambda value, otherwise="": otherwise if value is None else value,
    "float": float,
    "int": int,
    "lower": lambda value: str(value).lower(),
    "string": str,
    "trim": lambda value: str(value).strip(),
    "upper": lambda value: str(value).upper(),
}


def rendered(text: str, functions: Functions, *, is_sql: bool = False, is_address: bool = False) -> Scalar:
    """A value with its expressions replaced.

    Args:
        text: a scalar of a YAML file. One that is a single expression takes the type of what it gives; in any
            other, what expressions give is put in as text.
        functions: what may be called, such as ``var``.
        is_sql: True where the text around is SQL, or a name in it: what is put in may then not reach beyond the
            quotes it stands in, and is one word or number where it stands in none.
        is_address: True for a URL: what is put in before its host is escaped, as a name or a password is.

    Raises:
        ConfigurationError: an expression has more than it may, or gives no scalar.
    """
    try:
        parts = _parts(text)
        if len(parts) == 1 and parts[0][0]:
            return _scalar(_result(parts[0][1], functions), parts[0][1])
        found = ""
        for index, (is_expression, part) in enumerate(parts):
            if not is_expression:
                found += part
                continue
            value = written(_scalar(_result(part, functions), part))
            # A literal is the file's own text, such as {{ '{{' }} for two braces.
            if is_sql and not LITERAL.fullmatch(part):
                _check_inserted(value, found, part)
            after = "".join(text for is_more, text in parts[index + 1 :] if not is_more)
            found += in_address(found, value, after) if is_address else value
    except jinja2.TemplateError as error:
        raise ConfigurationError(f"{{{{ … }}}} cannot be read: {error.message}", remedy=_REMEDY) from error
    except (ArithmeticError, TypeError, ValueError):
        # Without Python's own words, which show the value: it may be a secret.
        raise ConfigurationError(
            "{{ … }} cannot be computed: its value is not what the filter or function takes", remedy=_REMEDY
        ) from None
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise ConfigurationError("{{ … }} is nested too deeply", remedy=_REMEDY) from error
    return found


def written(value: Scalar) -> str:
    """A scalar as YAML and SQL write it."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


_REMEDY = "write {{ var('name') }} or {{ env_var('NAME', 'default') }}, with filters such as | int"


def _environment() -> jinja2.Environment:
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    environment.globals.clear()
    environment.filters = dict(FILTERS)
    environment.tests.clear()
    return environment


def _parts(text: str) -> list[tuple[bool, str]]:
    """The text cut into what stands as it is (False) and expressions (True)."""
    environment = _environment()
    parts: list[tuple[bool, str]] = []
    expression: list[str] | None = None
    for _, kind, value in environment.lex(text):
        if kind in ("block_begin", "linestatement_begin"):
            raise ConfigurationError("{% … %} is not allowed in a value", remedy=_REMEDY)
        if kind == "variable_begin":
            expression = []
        elif kind == "variable_end":
            parts.append((True, "".join(expression or [])))
            expression = None
        elif expression is not None:
            expression.append(value)
        elif kind in ("data", "raw_data"):
            parts.append((False, value))
    if expression is not None:
        raise ConfigurationError("{{ … is never closed", remedy=_REMEDY)
    # Blanks around a single expression are the user's layout.
    worded = [part for part in parts if part[0] or part[1].strip()]
    return worded if len(worded) == 1 and worded[0][0] else parts


def _result(source: str, functions: Functions) -> Any:
    if len(source) > LONGEST:
        raise ConfigurationError(f"{{{{ … }}}} is longer than {LONGEST} characters", remedy=_REMEDY)
    environment = _environment()
    tree = environment.parse("{{" + source + "}}")
    found = list(tree.find_all(nodes.Node))
    for node in found:
        if not isinstance(node, ALLOWED):
            raise ConfigurationError(
                f"{{{{{source}}}}} has more than may stand there ({type(node).__name__.lower()})",
                remedy=_REMEDY,
            )
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise ConfigurationError(f"unknown filter '{node.name}'", allowed=sorted(FILTERS), word=node.name)
    called = {id(node.node) for node in found if isinstance(node, nodes.Call)}
    for node in found:
        if isinstance(node, nodes.Call) and not isinstance(node.node, nodes.Name):
            raise ConfigurationError("only a function's name can be called", remedy=_REMEDY)
        if isinstance(node, nodes.Name) and (node.name not in functions or id(node) not in called):
            raise _unknown(node.name, functions)
    return environment.compile_expression(source, undefined_to_none=False)(**functions)


def _unknown(name: str, functions: Functions) -> ConfigurationError:
    remedy = "vars are read by {{ var('name') }}" if "var" in functions else None
    if name in ("ref", "source"):
        remedy = f'write it without braces: {{dbt: "{name}(…)"}}'
    what = "is a function, and must be called" if name in functions else "is not known here"
    return ConfigurationError(f"'{name}' {what}", allowed=sorted(functions), word=name, remedy=remedy)


def _scalar(value: Any, source: str) -> Scalar:
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat(sep=" ") if isinstance(value, datetime.datetime) else value.isoformat()
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    kind = {"dict": "a mapping", "list": "a list", "tuple": "a list"}.get(
        type(value).__name__, "no plain value"
    )
    raise ConfigurationError(
        f"{{{{{source}}}}} gives {kind}, but stands for one value", remedy="write the list or mapping out"
    )


def _check_inserted(value: str, before: str, source: str) -> None:
    quote = _open_quote(before)
    where = f"inside {quote}…{quote}" if quote else "outside of quotes"
    if quote and not re.search(r"['\"`\\\x00-\x1f]", value):
        return
    if not quote and re.fullmatch(r"(-?\w+(\.\w+)*)?", value):
        return
    raise ConfigurationError(
        f"what {{{{{source}}}}} gives cannot stand {where} in this text, as it could change what is around it",
        remedy="put in a word, a name or a number; inside quotes any text without quotes and backslashes; "
        "or let the expression be the whole value",
    )


def _open_quote(text: str) -> str:
    quote = ""
    for sign in text:
        if quote == sign:
            quote = ""
        elif not quote and sign in "'\"`":
            quote = sign
    return quote
