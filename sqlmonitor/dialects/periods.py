"""Expressions over times and ids that source rows are placed by, as canonical SQL."""

from __future__ import annotations

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
# times as much. The products of four-byte ids need eight.
NUMBER_OF_INTEGER = "coalesce(abs(row_id % 1000003) * cast(7919 as bigint) % 1000003, 0)"
_LETTERS = " + ".join(
    f"{weight} * ascii(substr(md5(cast(row_id as varchar)), {position}, 1))"
    for position, weight in enumerate((1, 3, 7, 1021), 1)
)
# Engines differ in what else they read as a whole number, such as 17.000, 1e3 or 19 digits: only text that is
# written as it is counts as one.
_WHOLE = "try_cast(cast(row_id as varchar) as bigint)"
NUMBER = (
    f"coalesce(case when cast({_WHOLE} as varchar) = cast(row_id as varchar) "
    f"and {_WHOLE} between -999999999999999999 and 999999999999999999 "
    f"then abs({_WHOLE} % 1000003) * 7919 % 1000003 end, {_LETTERS}, 0)"
)
