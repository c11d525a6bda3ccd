"""KPIs over further relations on every engine: the values of a join by pandas, and keys that are close or doubled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from engine_monitors import results_of
from executed_engines import ENGINES, Warehouse

from sqlmonitor.errors import DataError

ROWS = 60
LARGE = 2**53
"""From here on, a whole number and the one after it are one double."""
SCORED = pd.DataFrame(
    {
        "id": np.arange(ROWS) + LARGE,
        "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) // 20, unit="D"),
        "carrier": np.array(["AA", "UA", "ZZ"])[np.arange(ROWS) * 7 % 3],
        "day": np.arange(ROWS) % 4,
        "amount": (np.arange(ROWS) * 37 % 101) / 7,
    }
)
FARES = pd.DataFrame({"id": np.arange(0, ROWS, 2) + LARGE, "fare": (np.arange(0, ROWS, 2) * 61 % 97) / 3})
TIERS = pd.DataFrame(
    [(code, day, ord(code[0]) + day) for code in ("AA", "UA") for day in range(4)],
    columns=["code", "day", "tier"],
)
ON_ID = {"relation": "fares", "on": "id"}
ON_BOTH = {"relation": "tiers", "on": {"carrier": "code", "day": "day"}, "alias": "t"}
KPIS: list[dict[str, Any]] = [
    {"name": "fare", "sql": "sum(fare) / count(*)", "join": ON_ID},
    {"name": "tier", "sql": "avg(t.tier)", "join": ON_BOTH},
    {"name": "both", "sql": "sum(fare * tier) / count(prediction.id)", "join": [ON_ID, ON_BOTH]},
]


def run(warehouse: Warehouse) -> pd.DataFrame:
    return results_of(
        warehouse, id="id", reference="at < timestamp '2024-01-02'", segments=["carrier"], kpis=KPIS
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_joined_columns_by_chunk_and_segment(opened, name) -> None:
    warehouse = opened(name)
    for table, rows in {"scored": SCORED, "fares": FARES, "tiers": TIERS}.items():
        warehouse.load(table, pa.Table.from_pandas(rows, preserve_index=False))
    results = run(warehouse)
    found = results.set_index(["metric", "chunk", "segment_value"])["value"]
    joined = SCORED.merge(FARES, on="id", how="left")
    joined = joined.merge(TIERS, left_on=["carrier", "day"], right_on=["code", "day"], how="left")
    assert len(joined) == ROWS
    for day, of_day in joined.groupby(joined["at"].dt.strftime("%Y-%m-%d")):
        for segment, rows in [("", of_day), *of_day.groupby("carrier")]:
            assert found["fare", day, segment] == pytest.approx(rows["fare"].sum() / len(rows))
            # No tier has that carrier: a mean and a sum of nothing.
            expected = rows["tier"].mean()
            assert found["tier", day, segment] == pytest.approx(expected, nan_ok=True)
            expected = np.nan if segment == "ZZ" else (rows["fare"] * rows["tier"]).sum() / len(rows)
            assert found["both", day, segment] == pytest.approx(expected, nan_ok=True)
    doubled = pd.concat([TIERS, TIERS.iloc[:1]])
    other = opened(name)
    for table, rows in {"scored": SCORED, "fares": FARES, "tiers": doubled}.items():
        other.load(table, pa.Table.from_pandas(rows, preserve_index=False))
    with pytest.raises(DataError, match="such as code = AA and day = 0 in 2"):
        run(other)
