"""What Spark's errors mean for the user."""

from __future__ import annotations

import re
from importlib import import_module

from pyspark.errors import PySparkException

from sqlmonitor.engines import address
from sqlmonitor.engines.remedies import AGAIN, ALIKE, ALIKE_REMEDY, SEE, UP, WHICH_ARE_ALIKE
from sqlmonitor.errors import UnreachableError, WarehouseError


def _failures() -> tuple[type[Exception], ...]:
    try:
        return (PySparkException, import_module("grpc").RpcError)
    except ModuleNotFoundError:
        # A classic session has no server to call.
        return (PySparkException,)


FAILURES = _failures()
"""What the driver raises."""

REMEDIES: tuple[tuple[str, str, str], ...] = (
    (
        "UNAVAILABLE|failed to connect|RETRIES_EXCEEDED|Connection refused|Channel closed|closed channel",
        "the connection to Spark failed",
        UP,
    ),
    (
        "INVALID_HANDLE|SESSION_CLOSED|SESSION_CHANGED|is not running",
        "the session was ended by the server",
        AGAIN,
    ),
    (
        "UNAUTHENTICATED|PERMISSION_DENIED|INSUFFICIENT_PERMISSIONS|Permission denied|AccessControl",
        "a right is missing",
        "grant it: a run needs to read the sources, and to make, write and drop tables and views in the store's schema",
    ),
    (
        "CANCELLED|OPERATION_CANCELED|DEADLINE_EXCEEDED",
        "a statement was cancelled",
        "run when the cluster is less busy; nothing was stored",
    ),
    ("No space left on device", "the warehouse's disk is full", "make room on it; nothing was stored"),
    (
        "DIVIDE_BY_ZERO|(?i:divi(de|sion) by zero)",
        "an expression of yours divides by zero",
        "write nullif(…, 0) below the line",
    ),
    (
        "CAST_INVALID_INPUT|CAST_OVERFLOW|ARITHMETIC_OVERFLOW",
        "a value is not of its type, or out of its range",
        "leave such rows out with `where`",
    ),
    (WHICH_ARE_ALIKE, ALIKE, ALIKE_REMEDY),
)
"""Forms of what is said, the first of which fits: what it is, and what to do."""
PASSING = {meaning for _, meaning, _ in REMEDIES[:2]}
"""What may be over a moment later."""


def explained(error: Exception, url: str) -> WarehouseError:
    """The driver's error as ours, without the URL's token.

    Args:
        error: of the driver.
        url: what the session was opened with.
    """
    whole = address.without_secrets(str(error), url)
    said = next((line.strip() for line in whole.splitlines() if line.strip()), type(error).__name__)
    details = re.search(r'details = "(.*?)"\s*debug_error_string', whole, re.DOTALL)
    if details:
        # Of a call of gRPC, whose first line is the name of a class.
        said = " ".join(details[1].split())
    for form, meaning, remedy in REMEDIES:
        if re.search(form, whole):
            kind = UnreachableError if meaning in PASSING else WarehouseError
            return kind(f"{meaning}: {said}", remedy=remedy)
    return WarehouseError(said, remedy=SEE)
