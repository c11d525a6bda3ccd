"""Validation errors to errors with a file, a line and a key."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from sqlmonitor.definitions.definition import VARIANT
from sqlmonitor.definitions.document import Document, KeyPath, written_key
from sqlmonitor.errors import ConfigurationError

__all__ = ["first_error"]

SECRET_KEYS = frozenset({"warehouse"})
"""Top-level keys whose values never appear in a message."""

KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys",
    "finite_number": "a finite number",
}


def first_error(error: ValidationError, document: Document) -> ConfigurationError:
    """Take the problem nearest the top of the file.

    Args:
        error: what pydantic found.
        document: the file it found it in.

    Returns:
        The error to raise, with file, line, key and what is allowed.
    """
    found = [_one(details, document) for details in error.errors(include_url=False)]
    return min(found, key=lambda one: one.line or 0)


def _one(details: Any, document: Document) -> ConfigurationError:
    location: KeyPath = tuple(part for part in details["loc"] if not str(part).startswith(VARIANT))
    kind: str = details["type"]
    context: dict[str, Any] = details.get("ctx") or {}
    if kind == "complaint":
        location = (*location, *context["at"])
        path = document.nearest(location)
        return document.error(
            path,
            context["message"],
            allowed=context["allowed"],
            word=context["word"],
            remedy=context["remedy"],
        )
    if kind == "missing":
        path = document.nearest(location[:-1])
        # One mapping may stand for a list of one.
        missing = written_key(tuple(part for part in location[len(path) :] if isinstance(part, str)))
        return document.error(path, f"key '{missing}' is missing", remedy=f"add '{missing}:'")
    path = document.nearest(location)
    value = document.value(path)
    shown = "" if path and path[0] in SECRET_KEYS else _shown(value)
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        word = value if isinstance(value, str) else None
        return document.error(path, f"unknown value{shown}", allowed=allowed, word=word)
    if value is None and kind in KINDS:
        return document.error(path, f"must be {KINDS[kind]}, but is empty")
    if kind in KINDS:
        return document.error(path, f"must be {KINDS[kind]}, not{shown}", remedy=_remedy(kind, value))
    if kind in ("string_too_short", "too_short"):
        return document.error(path, "must not be empty")
    message = str(details["msg"])
    message = message.removeprefix("Input should be ")
    return document.error(path, f"must be {message}, not{shown}" if shown else message)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " a mapping of keys"
    if isinstance(value, list):
        return " a list"
    if isinstance(value, bool):
        return f" {str(value).lower()}"
    text = repr(value) if isinstance(value, (str, int, float)) else f"'{value}'"
    return f" {text}" if len(text) <= 60 else f" {text[:57]}…"


def _remedy(kind: str, value: Any) -> str | None:
    if kind == "tuple_type" and isinstance(value, str):
        return f"write it as a list: [{value}]"
    if kind == "string_type" and not isinstance(value, (dict, list)):
        return f"quote it: '{value}'"
    return None
