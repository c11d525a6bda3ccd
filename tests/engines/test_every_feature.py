"""``features: all`` chooses the same columns on every engine, also where NaN is among their values."""

from __future__ import annotations

import datetime
import json
import math

import pyarrow as pa
import pytest
from executed_engines import ENGINES

from sqlmonitor import validation
from sqlmonitor.definitions import loads


@pytest.mark.parametrize(
    "name", [name if name == "clickhouse" else pytest.param(name, marks=pytest.mark.slow) for name in ENGINES]
)
def test_nan_is_no_value_of_a_column(opened, name: str) -> None:
    warehouse = opened(name)
    # Of fewer than a hundred rows of the reference, nothing is told.
    count = 240
    at = [datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=n) for n in range(count)]
    columns = {
        "id": pa.array(range(count), pa.int64()),
        "at": pa.array(at, pa.timestamp("us")),
        "some_nan": pa.array([math.nan if n % 5 == 0 else float(n % 7) for n in range(count)], pa.float64()),
        "one_value_and_nan": pa.array([math.nan if n % 5 == 0 else 3.0 for n in range(count)], pa.float64()),
        "only_nan": pa.array([math.nan] * count, pa.float64()),
    }
    warehouse.load("scored", pa.table(columns))
    monitor = {
        "name": "m",
        "task": "none",
        "predictions": "scored",
        "id": "id",
        "timestamp": "at",
        "reference": "at < timestamp '2024-01-06'",
        "chunks": "day",
        "features": "all",
    }
    project = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": [monitor]}))
    with warehouse.connect() as engine:
        types = validation.check_sources(project, project.monitors[0], engine, reads_rows=False)
        found = validation.resolve_features(project, project.monitors[0], types, engine)
    # Snowflake has plain names in capitals.
    assert [column.lower() for column in found.monitor.features.numeric] == ["some_nan"]
    left_out = found.lines()[-1].lower()
    assert "one_value_and_nan (one value in the reference)" in left_out
    assert "only_nan (no values in the reference)" in left_out
