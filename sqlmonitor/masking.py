"""The one mask: what is hidden, and how it is taken out of errors, of logged statements and of any other text."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl, unquote

__all__ = ["HIDDEN", "hiding", "secrets_of", "without"]

HIDDEN = "***"
SHORT = 3
"""Up to this length a hidden value is looked for as a word of its own, and not inside of others."""
SECRET_KEYS = frozenset(
    """
    password passwd pwd token access_token motherduck_token secret passfile sslpassword passcode
    private_key_passphrase private_key_file_pwd private_key_password oauth_client_secret proxy_password
    """.split()
)
"""Parameters of a URL that are secret."""
GIVEN = re.compile(
    r"[\w.-]*(?:password|passwd|secret|token|api-?key|authorization)[\w.-]*\s*=\s*([^&;]*)", re.IGNORECASE
)
"""Those whose names say so, such as a header of Spark Connect, or words of libpq in the place of a URL."""

_active: ContextVar[tuple[Collection[str], ...]] = ContextVar("hidden", default=())


def secrets_of(url: str) -> frozenset[str]:
    """What is secret in a URL: its password, and parameters whose names say so; as written and without escapes."""
    # Not by urlsplit: it refuses some of the URLs that are complained of here.
    place, _, query = url.partition("://")[2].partition("?")
    found = {place.rpartition("@")[0].partition(":")[2]}
    # Some write their parameters behind semicolons.
    given = parse_qsl(query) + [pair.partition("=")[::2] for pair in url.split(";")[1:]]
    found |= {value for key, value in given if key.casefold() in SECRET_KEYS}
    # A sign that should have been escaped may have moved the password's end.
    # So may too few slashes.
    found |= {url.partition(":")[2].lstrip("/").rpartition("@")[0].partition(":")[2]}
    found |= {word.strip("'") for value in GIVEN.findall(url) for word in (value, value.partition(" ")[0])}
    return frozenset(form for secret in found for form in (secret, unquote(secret)) if form.strip())


def without(text: str, hidden: Collection[str]) -> str:
    """The text with stars in place of hidden values, in either case, and as URLs, SQL and JSON escape them."""
    forms = {form for one in hidden for form in (one, one.strip(), unquote(one)) if form.strip()}
    for form in sorted(forms, key=len, reverse=True):
        sought = "".join(map(_sought, form))
        if len(form) <= SHORT:
            sought = rf"(?<!\w){sought}(?!\w)"
        text = re.sub(sought, HIDDEN, text, flags=re.IGNORECASE)
    return text


def _sought(sign: str) -> str:
    """A sign of a hidden value as a pattern."""
    in_url = "".join(f"%{byte:02x}" for byte in sign.encode(errors="surrogateescape"))
    plain = re.escape(sign)
    if sign.isascii() and sign.isalnum():
        return f"(?:{plain}|{in_url})"
    in_json = re.escape(json.dumps(sign)[1:-1])
    doubled = f"{plain}{{1,2}}" if sign in "'\"`\\" else plain
    as_plus = "|[+]" if sign == " " else ""
    return rf"(?:\\?{doubled}|{in_json}|{in_url}{as_plus})"


@contextmanager
def hiding(hidden: Collection[str]) -> Iterator[None]:
    """Takes hidden values out of what is logged inside, of errors that leave the block, and of what those came from.

    Args:
        hidden: values that no message shows; read when a message comes.
    """
    token = _active.set((*_active.get(), hidden))
    try:
        yield
    except Exception as error:
        _hide(error, hidden)
        raise
    finally:
        _active.reset(token)


class _Mask(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Masks a record; keeps all of them."""
        hidden = {value for values in _active.get() for value in values}
        if hidden:
            record.msg, record.args = without(record.getMessage(), hidden), ()
        return True


# A filter of the logger, and so before whatever handlers there are.
logging.getLogger("sqlmonitor").addFilter(_Mask())


def _hide(error: BaseException, hidden: Collection[str]) -> None:
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left and hidden:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        left += [one.__cause__, one.__context__]
        one.args = tuple(_masked(part, hidden) for part in one.args)
        # Of our own errors: the remedy, what is allowed, and what the user wrote.
        own = getattr(one, "__dict__", {})
        own |= {name: _masked(value, hidden) for name, value in own.items()}
        if isinstance(one, OSError):
            one.filename = _masked(one.filename, hidden)


def _masked(value: Any, hidden: Collection[str]) -> Any:
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return type(value)(_masked(part, hidden) for part in value)
    return without(value, hidden) if isinstance(value, str) else value
