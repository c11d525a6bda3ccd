"""The last day that a timestamp can say, which stands for never: its chunk ends after Python's last year."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest
from engine_monitors import results_of
from executed_engines import ENGINES

# Times of ClickHouse end in 2299, and none of Snowflake's is asked here.
NAMES = [name for name in ENGINES if name not in ("clickhouse", "snowflake")]


@pytest.mark.parametrize(
    "name", [name if name == "postgres" else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
)
def test_the_last_month_is_a_chunk(opened, name: str) -> None:
    warehouse = opened(name)
    at = [datetime.datetime(2024, 1 + n % 4, 5) for n in range(40)] + [datetime.datetime(9999, 12, 31)]
    warehouse.load("scored", pa.table({"at": pa.array(at, pa.timestamp("us")), "id": range(len(at))}))
    for _ in range(2):
        results = results_of(warehouse, id="id", reference="at < timestamp '2024-03-01'", chunks="month")
    last = results[results["metric"] == "row_count"].iloc[-1]
    assert (last["chunk"], last["value"]) == ("9999-12-01", 1)
    assert np.datetime64(last["chunk_end"], "us") == np.datetime64("10000-01-01", "us")
    assert results["chunk_start"].dtype.kind == "M"
