"""The smallest and largest of a user's doubles, where NaN is among them: it is larger than all others."""

from __future__ import annotations

import datetime
import math

import pyarrow as pa
import pytest
from engine_monitors import results_of
from executed_engines import ENGINES

NAN = math.nan
# What stands after NaN on the third day is larger than what stands before it.
DAYS = [[3.0, 1.0, 2.0], [7.0, 5.0, 6.0], [4.0, NAN, 9.0], [NAN, NAN, NAN], [8.0, 2.0, 6.0]]
# Worked by hand: of each day, and of the last two windows of two days; None where NaN is what it gives.
KPIS = {
    "smallest": ("min(x)", [1, 5, 4, None, 2], [4, 2]),
    "largest": ("max(x)", [3, 7, None, None, 8], [None, None]),
    "of_some": ("max(x) filter (where place < 1)", [3, 7, 4, None, 8], [None, None]),
    "span": ("max(x + 1) - min(-x)", [7, 15, None, None, 17], [None, None]),
    "of_a_case": ("min(case when place > 0 then x end)", [1, 5, 9, None, 2], [9, 2]),
    "of_text": ("length(max(word))", [2, 2, 2, 2, 2], None),
}


@pytest.mark.parametrize(
    "name", [name if name == "datafusion" else pytest.param(name, marks=pytest.mark.slow) for name in ENGINES]
)
def test_nan_is_the_largest_of_doubles(opened, name: str) -> None:
    warehouse = opened(name)
    at = [datetime.datetime(2024, 1, 1 + day) for day, rows in enumerate(DAYS) for _ in rows]
    columns = {
        "at": pa.array(at, pa.timestamp("us")),
        "x": pa.array([x for rows in DAYS for x in rows], pa.float64()),
        "place": pa.array([place for rows in DAYS for place, _ in enumerate(rows)], pa.int32()),
        "word": pa.array(["no"] * len(at), pa.string()),
    }
    warehouse.load("scored", pa.table(columns))
    results = results_of(
        warehouse,
        reference="at < timestamp '2024-01-03'",
        compare=[{"rolling": 2}],
        kpis=[{"name": key, "sql": sql} for key, (sql, _, _) in KPIS.items()],
    )
    results = results[results["family"] == "kpi"]
    for length, first in (("", 1), ("rolling 2", 4)):
        values = results[results["chunk_length"] == length].set_index(["metric", "chunk"])["value"]
        for key, (_, of_days, of_windows) in KPIS.items():
            expected = of_windows if length else of_days
            for day, value in enumerate(expected or [], first):
                found = values[key, f"2024-01-{day:02}"]
                assert (None if math.isnan(found) else found) == value, (key, length, day)
