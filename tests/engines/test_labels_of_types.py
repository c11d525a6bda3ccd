"""Labels of two classes may be true or false in one column and numbers in another."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pyarrow as pa
import pytest
from executed_engines import ENGINES
from sklearn.metrics import f1_score

from sqlmonitor import runner
from sqlmonitor.definitions import loads

NUMBERS = range(96)
PREDICTED = [number * 61 % 97 > 48 for number in NUMBERS]
ACTUAL = [number * 61 % 97 + number * 29 % 53 > 70 for number in NUMBERS]
MIXTURES = [(pa.bool_(), pa.bool_(), 1), (pa.int32(), pa.bool_(), 1), (pa.bool_(), pa.int64(), True), (pa.int32(), pa.float64(), True)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_mixtures_are_compared_as_numbers(opened, name: str) -> None:
    warehouse = opened(name)
    start = datetime.datetime(2024, 1, 1)
    columns: dict[str, Any] = {
        "id": pa.array(NUMBERS, pa.int64()),
        "happened": pa.array([start + datetime.timedelta(hours=n) for n in NUMBERS], pa.timestamp("us")),
        "score": pa.array([number * 61 % 97 / 97 for number in NUMBERS]),
    }
    for place, (predicted, actual, _) in enumerate(MIXTURES):
        columns[f"predicted_{place}"] = pa.array(PREDICTED).cast(predicted)
        columns[f"actual_{place}"] = pa.array(ACTUAL).cast(pa.int32()).cast(actual)
    warehouse.load("scored", pa.table(columns))
    monitors = [
        {
            "name": str(place),
            "task": "binary_classification",
            "predictions": "scored",
            "id": "id",
            "timestamp": "happened",
            "reference": "happened < timestamp '2024-01-03'",
            "chunks": "day",
            "model": {"score": "score", "label": f"predicted_{place}", "positive": positive},
            "target": {"column": f"actual_{place}"},
            "metrics": {"drift": [], "quality": [], "summary": [], "performance": ["f1"]},
        }
        for place, (_, _, positive) in enumerate(MIXTURES)
    ]
    with warehouse.connect() as engine:
        project = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": monitors}))
        for monitor in project.monitors:
            found = runner.run(project, monitor, engine)
            found = found[(found["family"] == "realized") & (found["metric"] == "f1")]
            expected = [
                f1_score(ACTUAL[start : start + 24], PREDICTED[start : start + 24]) for start in NUMBERS[::24]
            ]
            assert found.sort_values("chunk")["value"].tolist() == pytest.approx(expected), monitor.name
