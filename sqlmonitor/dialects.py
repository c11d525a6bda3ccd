"""Every difference between engines' SQL, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sqlmonitor.errors import UnsupportedError


@dataclass(frozen=True)
class Dialect:
    """One engine's SQL.

    Args:
        name: sqlglot's name for it.
        keep_constants: statement that keeps a table's one row as constants; None where the table is joined instead.
        constants: how a statement reads that row.
    """

    name: str
    keep_constants: str | None = None
    constants: str | None = None


DIALECTS = {
    "duckdb": Dialect(
        name="duckdb",
        # As fast as literals: half a second less for 10 million rows of 10 columns than a join with the one row.
        keep_constants="set variable {table} = (select one_row from {table} as one_row)",
        constants="getvariable('{table}')",
    )
}


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


# The chunk's number counts periods since Monday 1 January 1900. An earlier time has a negative number, or none,
# and is as good as no time. Parts of a date are read a fifth faster than those of a timestamp.
EPOCH = "timestamp '1900-01-01'"
PERIOD_NUMBER = {
    "hour": f"date_diff('hour', {EPOCH}, row_time)",
    "day": f"date_diff('day', {EPOCH}, row_time)",
    "week": f"case when row_time >= {EPOCH} then date_diff('day', {EPOCH}, row_time) // 7 end",
    "month": "(year(cast(row_time as date)) - 1900) * 12 + month(cast(row_time as date)) - 1",
    "quarter": "(year(cast(row_time as date)) - 1900) * 4 + quarter(cast(row_time as date)) - 1",
    "year": "year(cast(row_time as date)) - 1900",
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
# A number from a hash of the id, the same on every engine, for folds and samples: ids in steps of ten, or with one
# ending, must not all be in one fold. Whole numbers are mixed by arithmetic; making text of every id costs five
# times as much.
NUMBER_OF_INTEGER = "coalesce(abs(row_id % 1000003) * 7919 % 1000003, 0)"
_LETTERS = " + ".join(
    f"{weight} * ascii(substr(md5(cast(row_id as varchar)), {position}, 1))"
    for position, weight in enumerate((1, 3, 7, 1021), 1)
)
NUMBER = (
    f"coalesce(abs(try_cast(cast(row_id as varchar) as bigint) % 1000003) * 7919 % 1000003, {_LETTERS}, 0)"
)

Kind = Literal["integer", "decimal", "float", "text", "boolean", "time", "other"]
"""What a column's type means for a monitor, whatever the engine calls it."""

_KINDS: tuple[tuple[str, Kind], ...] = (
    (r".*\[\d*\]", "other"),
    (r"(U?(TINY|SMALL)|BIG|U)?INT(EGER)?\d*", "integer"),
    (r"U?HUGEINT|UBIGINT", "decimal"),
    (r"(DECIMAL|NUMERIC).*", "decimal"),
    (r"FLOAT\d*|DOUBLE( PRECISION)?|REAL", "float"),
    (r"(VAR)?CHAR.*|TEXT|STRING|ENUM.*", "text"),
    (r"BOOL(EAN)?", "boolean"),
    (r"DATE.*|TIMESTAMP.*|TIME.*", "time"),
)


def kind(type_name: str) -> Kind:
    """What a column of this type can be used as.

    Args:
        type_name: as the engine describes it, such as ``DECIMAL(18,3)``.
    """
    # An enum's levels stand in its type, and may have line breaks.
    return next((kind for form, kind in _KINDS if re.fullmatch(form, type_name.upper(), re.DOTALL)), "other")
