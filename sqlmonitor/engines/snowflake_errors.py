"""What Snowflake's errors mean for the user."""

from __future__ import annotations

import re

from snowflake.connector.errors import Error

from sqlmonitor.engines import address
from sqlmonitor.engines.remedies import AGAIN, SEE, UP
from sqlmonitor.errors import UnreachableError, WarehouseError

RIGHTS = (
    "grant it: a run needs USAGE on its warehouse, databases and schemas, SELECT on the sources, and the store's "
    "schema as its own (or CREATE TABLE and CREATE VIEW in it)"
)
IN_USE = "check `user`, `password`, `authenticator` and `role` in `warehouse`"
REMEDIES: tuple[tuple[str, str, str], ...] = (
    (r"^0*3001\b|insufficient privileges", "a right is missing", RIGHTS),
    (
        r"^0*2043\b|^0*2003\b|does not exist or not authorized",
        "there is no such object, or a right is missing",
        RIGHTS,
    ),
    (
        r"^0*606\b|no active warehouse",
        "the session has no warehouse to reckon in",
        "name one: snowflake://…?warehouse=NAME, and grant USAGE on it",
    ),
    (
        r"^0*90073\b|resource monitor|cannot be resumed",
        "the warehouse cannot be started",
        "ask who looks after its quota, or name another warehouse; nothing was stored",
    ),
    (
        r"^0*9010[56]\b|does not have a current (database|schema)",
        "the session has no current schema, in which temporary tables are made",
        "name one: snowflake://user@account/database/schema",
    ),
    (
        r"^0*630\b|reached its (statement|warehouse)\b.*timeout",
        "a statement took too long",
        "raise STATEMENT_TIMEOUT_IN_SECONDS, or take a larger warehouse; nothing was stored",
    ),
    (r"^0*604\b|execution canceled", "a statement was cancelled", "run again; nothing was stored"),
    (
        r"^0*625\b|has locked table|lock timeout",
        "another session holds a lock",
        "wait for it to end, or raise LOCK_TIMEOUT; nothing was stored",
    ),
    (
        r"^100051\b|division by zero",
        "an expression of yours divides by zero",
        "write nullif(…, 0) below the line",
    ),
    (
        r"^100132\b|invalid floating point operation",
        "a value has no logarithm, root or power",
        "leave such rows out with `where`",
    ),
    (
        r"^29040[34]\b|404 not found",
        "there is no such account",
        "check the account in `warehouse`, such as orgname-name",
    ),
    (
        r"incorrect username or password|^39010[01]\b|jwt token is invalid|^39014[0-9]\b",
        "the server refused the user",
        IN_USE,
    ),
    (r"^25100[0-9]\b|configuration (error|validation)", "the address is not complete", IN_USE),
)
"""The first whose pattern fits the number and the message: what it is, and what to do."""
ENDED = re.compile(r"^3901(11|12|14|95)\b|session no longer exists|authentication token has expired")
"""A session that is over: the next run logs in anew."""
OF_ADDRESS = (FileNotFoundError, PermissionError, ValueError, TypeError)
"""What the driver lets through of a key that cannot be read, or a parameter of another type."""
OF_CONNECTION = re.compile(
    r"^25000[0-9]\b|^2510(11|12)\b|^2520(07|10)\b|^290(408|429|5\d\d)\b|^26100\d\b|login timed out|http request failed"
)
"""The driver's own numbers, or its words from version 5 on, for a network or a server that does not answer."""


def explained(error: Exception, url: str) -> WarehouseError:
    """The driver's error as ours, without the URL's password.

    Args:
        error: of the driver.
        url: what the connection was opened with.
    """
    number = getattr(error, "errno", None)
    text = str(getattr(error, "msg", None) or error)
    said = address.without_secrets(_without_numbers(text), url)
    sought = f"{number if isinstance(number, int) and number >= 0 else ''} {text}".strip().casefold()
    if isinstance(error, OF_ADDRESS):
        return WarehouseError(f"the address cannot be used: {said}", remedy=IN_USE)
    if ENDED.search(sought):
        return UnreachableError(f"the session was ended by the server: {said}", remedy=AGAIN)
    for pattern, meaning, remedy in REMEDIES:
        if re.search(pattern, sought):
            return WarehouseError(f"{meaning}: {said}", remedy=remedy)
    if OF_CONNECTION.search(sought) or not isinstance(error, Error):
        return UnreachableError(f"the connection to Snowflake failed: {said}", remedy=UP)
    return WarehouseError(said, remedy=SEE)


def _without_numbers(text: str) -> str:
    """The message in one line, without the numbers of the error and of the query, and without a request's URL."""
    line = " ".join(text.split())
    line = re.sub(r"^(\d{5,6} \([0-9A-Z]{5}\): |\d{5,6}: )?([0-9a-f-]{36}: )?", "", line)
    line = re.sub(r"Max retries exceeded with url: \S+ ", "", line)
    return re.sub(r"HTTPS?Connection(?:Pool)?\(host='(.*?)', port='?(\d+)'?\)", r"\1:\2", line)
