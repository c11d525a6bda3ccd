"""What ClickHouse's errors mean for the user."""

from __future__ import annotations

import re

from clickhouse_connect.driver.exceptions import ProgrammingError

from sqlmonitor.engines import address
from sqlmonitor.engines.remedies import SEE, UP
from sqlmonitor.errors import UnreachableError, WarehouseError

RIGHTS = (
    "grant it: a run needs SELECT on the sources, CREATE TEMPORARY TABLE, "
    "and CREATE, SELECT, INSERT, DROP and ALTER DELETE on the store's database"
)
REMEDIES: dict[int, tuple[str, str]] = {
    497: ("a right is missing", RIGHTS),
    164: ("the warehouse is read-only", "open it with write access to the store's database"),
    452: ("a setting is not allowed", "let the user's profile change the settings that README lists"),
    516: ("the server refused the user", "check the user and the password in `warehouse`"),
    81: ("there is no such database", "check the database in `warehouse`"),
    159: (
        "a statement took too long",
        "raise max_execution_time, or run when the server is less busy; nothing was stored",
    ),
    394: ("a statement was cancelled", "run again; nothing was stored"),
    241: ("the server is out of memory", "raise max_memory_usage, or run when the server is less busy"),
    243: ("the server's disk is full", "make room on it; nothing was stored"),
    153: ("an expression of yours divides by zero", "write nullif(…, 0) below the line"),
    76: (
        "the folder is open in another process",
        "close it there, or wait for its run to end: chDB has one process for a folder",
    ),
}
"""By the server's number of the error: what it is, and what to do."""
PASSING = (76, 202, 209, 210)
"""What may be over a moment later: an open folder, too many queries at once, a socket's time-out, the network."""
LASTING_STATUS = re.compile(r"HTTP status 4(?!08|29)\d\d")
"""What stands in front of the server, or in its place, refuses for good."""


def explained(error: Exception, url: str) -> WarehouseError:
    """The driver's error as ours, without the URL's password.

    Args:
        error: of the driver.
        url: what the client was opened with.
    """
    text = address.without_secrets(str(error), url)
    code = re.search(r"Code: (\d+)", text)
    said = re.sub(r"^.*?DB::Exception: ", "", " ".join(text.split()))
    said = re.split(r": In scope | \(version |: while executing | \(CANNOT_OPEN_FILE", said)[0].strip()
    if code is None and isinstance(error, ProgrammingError):
        # The driver's own, such as of a setting that the user may not change.
        return WarehouseError(said, remedy=REMEDIES[452][1])
    if code is None:
        said = address.without_secrets(_of_connection(error), url)
        passes = not LASTING_STATUS.search(said)
        return (UnreachableError if passes else WarehouseError)(
            f"the connection to ClickHouse failed: {said}",
            remedy=UP,
        )
    meaning, remedy = REMEDIES.get(int(code[1]), ("", SEE))
    kind = UnreachableError if int(code[1]) in PASSING else WarehouseError
    return kind(f"{meaning}: {said}" if meaning else said, remedy=remedy)


def _of_connection(error: Exception) -> str:
    """What urllib3 says, without the request's URL, which has every setting in it."""
    cause = error.__cause__ or error
    reason = getattr(cause, "reason", None)
    reason = reason if isinstance(reason, Exception) else cause
    if reason.args and isinstance(reason.args[-1], Exception):
        reason = reason.args[-1]
    said = re.sub(r"HTTPS?Connection(Pool)?\(host='(.*?)', port='?(\d+)'?\)", r"\2:\3", str(reason))
    return " ".join(said.split())
