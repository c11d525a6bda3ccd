"""``vars`` and ``env_var`` in the project file: put in once, before anything is validated."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlmonitor.definitions.document import Document, KeyPath, read
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.masking import HIDDEN

__all__ = ["SECRET", "environment_reader", "read_overrides", "with_values"]

SECRET = "DBT_ENV_SECRET"
"""How the names of environment variables begin whose values are secrets, as in dbt."""

PLACE = "warehouse"
"""The one key that may hold secrets: no message, result or statement shows it."""

PROSE = frozenset({"name", "description", "owner", "unit", "url"})
"""Keys of a monitor whose text is for people, and never part of SQL."""

REQUIRED = object()


def read_overrides(text: str, place: str = "--vars") -> dict[str, Any]:
    """Read ``--vars``, a YAML mapping such as ``{cutoff: 2025-01-01}``.

    Raises:
        ConfigurationError: it is anything else.
    """
    try:
        return dict(read(text, place).data)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"is not a mapping of names and values: {error.message}",
            key=place,
            remedy=f"write it as YAML: {place} '{{cutoff: 2025-01-01}}'",
        ) from error


def environment_reader(hidden: set[str], *, takes_secrets: bool) -> Callable[..., Any]:
    """The function ``env_var`` of expressions.

    Args:
        hidden: takes every value of the environment that was given out.
        takes_secrets: False to refuse variables whose names begin as ``SECRET`` says.

    Returns:
        A function of a variable's name and what it is where it is not set.
    """

    def env_var(name: str, default: Any = REQUIRED) -> Any:
        if str(name).startswith(SECRET) and not takes_secrets:
            raise ConfigurationError(
                f"{name} is a secret and may stand under '{PLACE}' only",
                remedy=f"for a value that everybody may see, give the variable a name without {SECRET}",
            )
        if name in os.environ:
            hidden.add(os.environ[name])
            return os.environ[name]
        if default is REQUIRED:
            raise ConfigurationError(
                f"environment variable {name} is not set",
                remedy=f"set it, or write a default: {{{{ env_var('{name}', '…') }}}}",
            )
        return default

    return env_var


def with_values(document: Document, overrides: Mapping[str, Any] | None = None) -> Document:
    """The document with its expressions replaced by what they give.

    Args:
        document: the project file.
        overrides: values of ``vars`` in place of the file's, or beside them.

    Raises:
        ConfigurationError: with file and line.
    """
    given = dict(overrides or {})
    if not given and "vars" not in document.data and not _has_expression(document.data):
        return document
    hidden: set[str] = set()
    declared = document.data.get("vars")
    if declared is not None and not isinstance(declared, dict):
        raise document.error(
            ("vars",), "must be a mapping of names and values", remedy="such as {cutoff: 2025-01-01}"
        )
    reader = environment_reader(set(), takes_secrets=False)
    values = {
        name: _resolved(value, ("vars", name), {"env_var": reader}, document)
        for name, value in (declared or {}).items()
        if name not in given
    } | given
    for name, value in values.items():
        if isinstance(value, (dict, list)):
            raise document.error(
                ("vars", name), f"variable '{name}' must be one value", remedy="text, a number, true or false"
            )
    asked: set[str] = set()

    def var(name: str, default: Any = REQUIRED) -> Any:
        asked.add(name)
        if name in values:
            return values[name]
        if default is REQUIRED:
            raise ConfigurationError(
                f"there is no variable '{name}'",
                allowed=sorted(values) or None,
                word=str(name),
                remedy=f"add it under 'vars:', or write a default: {{{{ var('{name}', '…') }}}}",
            )
        return default

    masked: set[str] = set()

    def secret_var(name: str, default: Any = REQUIRED) -> Any:
        value = var(name, default)
        # What stands in the file is no secret; what was typed, or came from the environment, may be one.
        if name in given or "{{" in str((declared or {}).get(name)):
            hidden.add(str(value))
            masked.add(name)
        return value

    data: dict[str, Any] = {}
    for key, value in document.data.items():
        if key == "vars":
            continue
        functions = {"var": var, "env_var": reader}
        if key == PLACE:
            functions = {"var": secret_var, "env_var": environment_reader(hidden, takes_secrets=True)}
        data[key] = _resolved(value, (key,), functions, document)
    unknown = [name for name in given if name not in asked and name not in (declared or {})]
    if unknown:
        known = sorted(asked | set(declared or {}))
        raise ConfigurationError(
            f"the file has no variable '{unknown[0]}'", key="--vars", allowed=known or None, word=unknown[0]
        )
    # Where 'vars' stood, for whoever shows the file.
    values |= dict.fromkeys(masked, HIDDEN)
    shown = {key: values if key == "vars" else data[key] for key in document.data}
    return replace(document, data=shown, hidden=document.hidden | hidden)


def _has_expression(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_has_expression(part) for part in parts)


def _resolved(
    value: Any, path: KeyPath, functions: Mapping[str, Callable[..., Any]], document: Document
) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(one, (*path, key), functions, document) for key, one in value.items()}
    if isinstance(value, list):
        return [_resolved(one, (*path, index), functions, document) for index, one in enumerate(value)]
    if not isinstance(value, str) or "{{" not in value:
        return value
    # Jinja is loaded by files that use it.
    from sqlmonitor.definitions.expressions import rendered

    try:
        is_sql = path[0] == "monitors" and path[-1] not in PROSE
        return rendered(value, functions, is_sql=is_sql, is_address=path == (PLACE,))
    except ConfigurationError as error:
        raise document.error(
            path, error.message, allowed=error.allowed, word=error.word, remedy=error.remedy
        ) from None
