"""Labels and the positive value are of one type, whatever types the columns have; engines run them in tests/engines."""

from __future__ import annotations

import json

import duckdb
import pytest

from sqlmonitor.definitions import loads
from sqlmonitor.source import SourceRows, Types


@pytest.mark.parametrize(
    ("predicted", "actual", "positive", "is_claim"),
    [
        ("BOOLEAN", "BOOLEAN", True, True),
        ("BOOLEAN", "BOOLEAN", 1, False),
        ("INTEGER", "BOOLEAN", 1, False),
        ("BOOLEAN", "BIGINT", True, False),
        ("INTEGER", "DOUBLE", True, False),
        ("INTEGER", "INTEGER", 1, False),
    ],
)
def test_one_type(predicted: str, actual: str, positive: int | bool, is_claim: bool) -> None:
    monitor = {
        "name": "m",
        "task": "binary_classification",
        "predictions": "scored",
        "id": "id",
        "reference": "id < 5",
        "chunks": {"size": 5},
        "model": {"score": "score", "label": "predicted", "positive": positive},
        "target": {"column": "actual"},
    }
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]}))
    types = Types({"predicted": predicted, "actual": actual})
    source = SourceRows(project.monitors[0], "duckdb", types=types)
    trees = (source.label("predicted"), source.actual(), source.label_value(positive))
    listed = ", ".join(
        f"typeof({tree.sql('duckdb')}), cast({tree.sql('duckdb')} as double)" for tree in trees
    )
    with duckdb.connect() as connection:
        connection.execute(f"create table prediction (predicted {predicted}, actual {actual})")
        connection.execute("insert into prediction values (true, true)")
        row = connection.execute(f"select {listed} from prediction").fetchone()
    assert row is not None
    assert [name == "BOOLEAN" for name in row[::2]] == [is_claim] * 3
    assert row[1::2] == (1, 1, 1)
