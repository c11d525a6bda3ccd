"""Every difference between engines' SQL, as data."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmonitor.errors import UnsupportedError


@dataclass(frozen=True)
class Dialect:
    """One engine's SQL.

    Args:
        name: sqlglot's name for it.
    """

    name: str


DIALECTS = {"duckdb": Dialect(name="duckdb")}


def dialect(name: str) -> Dialect:
    """Looks a dialect up.

    Raises:
        UnsupportedError: where statements in it were never run by a test.
    """
    if name not in DIALECTS:
        raise UnsupportedError(
            f"dialect '{name}' is not supported yet", remedy=f"supported: {', '.join(sorted(DIALECTS))}"
        )
    return DIALECTS[name]


# The chunk's number counts periods since Monday 1 January 1900.
EPOCH = "timestamp '1900-01-01'"
PERIOD_NUMBER = {
    "hour": f"date_diff('hour', {EPOCH}, row_time)",
    "day": f"date_diff('day', {EPOCH}, row_time)",
    "week": f"date_diff('day', {EPOCH}, row_time) // 7",
    "month": f"date_diff('month', {EPOCH}, row_time)",
    "quarter": f"date_diff('quarter', {EPOCH}, row_time)",
    "year": f"date_diff('year', {EPOCH}, row_time)",
}
PERIOD_START = {
    "hour": f"{EPOCH} + sequence * interval '1 hour'",
    "day": f"{EPOCH} + sequence * interval '1 day'",
    "week": f"{EPOCH} + sequence * interval '7 days'",
    "month": f"{EPOCH} + sequence * interval '1 month'",
    "quarter": f"{EPOCH} + sequence * interval '3 months'",
    "year": f"{EPOCH} + sequence * interval '1 year'",
}
PERIOD_NAME = dict.fromkeys(PERIOD_NUMBER, "strftime({start}, '%Y-%m-%d')") | {
    "hour": "strftime({start}, '%Y-%m-%dT%H:%M')"
}
# Ten folds from the last character of the id: the same on every engine, and even for whole numbers.
FOLD = "coalesce(ascii(right(cast(row_id as varchar), 1)) % 10, 0)"
