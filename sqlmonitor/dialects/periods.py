"""Expressions over times and ids that source rows are placed by, as canonical SQL."""

from __future__ import annotations

# The chunk's number counts periods since Monday 1 January 1900.
EPOCH = "timestamp '1900-01-01'"
PERIOD_NUMBER = {
    "hour": f"date_diff('hour', {EPOCH}, row_time)",
    "day": f"date_diff('day', {EPOCH}, row_time)",
    "week": f"date_diff('day', {EPOCH}, row_time) // 7",
    "month": "(year(row_time) - 1900) * 12 + month(row_time) - 1",
    "quarter": "(year(row_time) - 1900) * 4 + quarter(row_time) - 1",
    "year": "year(row_time) - 1900",
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
# Ten folds from a hash of the id, the same on every engine: ids in steps of ten, or with one ending, must not
# all be in one fold. Whole numbers are mixed by arithmetic; making text of every id costs five times as much.
FOLD_OF_INTEGER = "coalesce(cast(abs(row_id % 1000003) * 7919 % 1000003 % 10 as integer), 0)"
FOLD = (
    "coalesce(cast(abs(try_cast(cast(row_id as varchar) as bigint) % 1000003) * 7919 % 1000003 % 10 as integer), "
    "(ascii(substr(md5(cast(row_id as varchar)), 1, 1)) + 3 * ascii(substr(md5(cast(row_id as varchar)), 2, 1)) "
    "+ 7 * ascii(substr(md5(cast(row_id as varchar)), 3, 1))) % 10, 0)"
)
