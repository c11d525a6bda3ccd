"""The warehouse's address: environment variables, and the dialect it speaks.

An address may hold a password, so no message here shows more of it than a variable's name.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import quote

from pydantic_core import PydanticCustomError

from sqlmonitor.definitions.definition import complaint
from sqlmonitor.dialects import CANONICAL, SCHEMES
from sqlmonitor.masking import secrets_of

__all__ = ["PROFILE_KEYS", "check", "dialect_of", "expand", "hidden_in", "in_address"]

PROFILE_KEYS = ("dbt_profile", "target")

BEFORE_HOST = re.compile(r"[^:/?#@]+://[^/?#@]*")
TO_HOST = re.compile(r"[^/?#@]*@")
ENDS_LOGIN = re.compile(r"[/?#@\[\]]")
"""Signs after which a user and a password would be over."""
SAYS_SECRET = re.compile(
    r"(?:passw(?:or)?d|passphrase|pwd|secrets?|tokens?|cred(?:ential)?s?|(?<![a-z])pass|(?:(?<![a-z])|api|access|private)keys?)"
    r"(?![a-z])",
    re.IGNORECASE,
)
"""Names of variables whose values are hidden wherever they stand in an address."""
VARIABLE = re.compile(r"\$\{([^}]*)\}")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9]*)(\+[A-Za-z0-9_]+)?:")


def expand(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Replace each ``${NAME}`` by the environment variable's value, escaped where it is part of a login.

    Args:
        text: the address as written.
        environment: where variables are looked up; the process's own by default.

    Returns:
        The address with its values.

    Raises:
        PydanticCustomError: a variable is not set or has no name.
    """
    known = os.environ if environment is None else environment
    expanded, end = "", 0

    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        if not name:
            raise complaint("'${}' names no environment variable")
        if name not in known:
            raise complaint(
                f"environment variable {name} is not set",
                remedy=f"set it before running, such as: export {name}=…",
            )
        return known[name]

    for found in VARIABLE.finditer(text):
        expanded += text[end : found.start()]
        end = found.end()
        expanded += in_address(expanded, value(found), VARIABLE.sub("", text[end:]))
    return expanded + text[end:]


def in_address(before: str, value: str, after: str) -> str:
    """A value as it is put into a URL: one that stands before the host is escaped, as a name or a password is.

    Args:
        before: the URL up to the value.
        value: from the environment, or a variable; ``%`` in it is the beginning of an escape already.
        after: what is written behind it.
    """
    if not BEFORE_HOST.fullmatch(before) or not TO_HOST.match(after):
        return value
    return ENDS_LOGIN.sub(lambda sign: quote(sign[0], safe=""), value)


def hidden_in(warehouse: object) -> frozenset[str]:
    """What no message shows of an address as it is written: its secrets, and the variables that they came from.

    Args:
        warehouse: what stands under ``warehouse``; anything that is no address hides nothing.
    """
    if not isinstance(warehouse, str):
        return frozenset()
    as_written = secrets_of(warehouse)
    given = {found[0]: os.environ.get(found[1].strip(), "") for found in VARIABLE.finditer(warehouse)}
    named = {value for name, value in given.items() if SAYS_SECRET.search(name)}
    parts = {value for name, value in given.items() if any(name in secret for secret in as_written)}
    try:
        secrets = secrets_of(expand(warehouse, defaultdict(str, os.environ)))
    except PydanticCustomError:
        # A variable without a name, of which the check of the address complains.
        secrets = as_written
    return frozenset(value for value in {*secrets, *named, *parts} if value.strip())


def check(warehouse: object) -> str | dict[str, str]:
    """Validate and expand what stands under ``warehouse``.

    Args:
        warehouse: a URL, or a mapping of ``PROFILE_KEYS``.

    Returns:
        The same with its environment variables expanded.

    Raises:
        PydanticCustomError: it is neither, or a variable is not set.
    """
    if isinstance(warehouse, str):
        return _check_url(warehouse)
    if not isinstance(warehouse, dict):
        raise complaint(
            "must be a URL or a mapping {dbt_profile: …, target: …}",
            remedy="such as duckdb:///flights.duckdb",
        )
    for key, value in warehouse.items():
        if key not in PROFILE_KEYS:
            raise complaint(f"unknown key '{key}'", allowed=PROFILE_KEYS, word=key, at=(key,))
        if not isinstance(value, str) or not value.strip():
            raise complaint("must be text", at=(key,))
    if "dbt_profile" not in warehouse:
        raise complaint("key 'dbt_profile' is missing", remedy="add 'dbt_profile:'")
    return {key: expand(value) for key, value in warehouse.items()}


def dialect_of(warehouse: str | dict[str, str]) -> str:
    """Sqlglot's name of the warehouse's dialect; duckdb where a dbt profile decides later."""
    found = SCHEME.match(warehouse) if isinstance(warehouse, str) else None
    return SCHEMES.get(found[1].casefold(), CANONICAL) if found else CANONICAL


def _check_url(text: str) -> str:
    url = expand(text)
    remedy = "write a URL such as duckdb:///flights.duckdb"
    found = SCHEME.match(url)
    if found is None:
        raise complaint("must be a URL that starts with its engine", remedy=remedy)
    if found[1].casefold() not in SCHEMES:
        hidden = "${" in text
        raise complaint(
            "the URL's engine is unknown" if hidden else f"unknown engine '{found[1]}'",
            allowed=SCHEMES,
            word=None if hidden else found[1],
        )
    return url
