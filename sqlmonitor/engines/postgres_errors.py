"""What PostgreSQL's errors mean for the user."""

from __future__ import annotations

import re

import psycopg
from psycopg import errors

from sqlmonitor.engines import address
from sqlmonitor.engines.remedies import AGAIN, SEE, UP
from sqlmonitor.errors import UnreachableError, WarehouseError

REMEDIES: tuple[tuple[type[psycopg.Error], str, str], ...] = (
    (
        errors.InsufficientPrivilege,
        "a right is missing",
        "grant it: a run needs SELECT on the sources, TEMPORARY on the database, and USAGE and CREATE on the store's schema, whose tables it must own",
    ),
    (
        errors.ReadOnlySqlTransaction,
        "the warehouse is read-only",
        "open it with write access to the store's schema",
    ),
    (
        errors.QueryCanceled,
        "a statement was cancelled",
        "raise statement_timeout, or run when the server is less busy; nothing was stored",
    ),
    (errors.DiskFull, "the server's disk is full", "make room on it; nothing was stored"),
    (errors.LockNotAvailable, "another session holds a lock", "wait for it to end"),
    (errors.DivisionByZero, "an expression of yours divides by zero", "write nullif(…, 0) below the line"),
    (errors.NumericValueOutOfRange, "a value is out of its type's range", "leave such rows out with `where`"),
    (errors.AdminShutdown, "the connection was ended by the server", AGAIN),
    (
        errors.TooManyConnections,
        "the server has no connection left",
        "run when the server is less busy; nothing was stored",
    ),
    (errors.CrashShutdown, "the connection was ended by the server", AGAIN),
)
"""The first whose class fits: what it is, and what to do."""
PASSING = (errors.AdminShutdown, errors.CrashShutdown, errors.TooManyConnections)
"""What may be over a moment later."""
PASSING_WORDS = re.compile(
    "starting up|not (yet |currently )?accepting|shutting down|in recovery mode|too many (clients|connections)|connection slots|terminating"
)
"""The same, where the server says it to a new connection; others of its refusals are for good."""


def explained(error: Exception, url: str) -> WarehouseError:
    """The driver's error as ours, without the URL's password.

    Args:
        error: of the driver.
        url: what the connection was opened with.
    """
    said = " ".join(line.strip() for line in str(error).splitlines()[:1])
    diagnosis = getattr(error, "diag", None)
    if diagnosis is not None and diagnosis.message_primary:
        said = diagnosis.message_primary
        if diagnosis.message_hint:
            said += f" ({diagnosis.message_hint})"
    said = address.without_secrets(said, url)
    for kind, meaning, remedy in REMEDIES:
        if isinstance(error, kind):
            is_passing = issubclass(kind, PASSING)
            return (UnreachableError if is_passing else WarehouseError)(f"{meaning}: {said}", remedy=remedy)
    if isinstance(error, psycopg.OperationalError) and getattr(error, "sqlstate", None) is None:
        is_refused = "FATAL:" in str(error) and not PASSING_WORDS.search(str(error))
        return (WarehouseError if is_refused else UnreachableError)(
            f"the connection to PostgreSQL failed: {said}",
            remedy=UP,
        )
    return WarehouseError(said, remedy=SEE)
