"""The store keeps the scores of several classes, as it does those of two."""

from __future__ import annotations

import json

import duckdb
import pytest

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines.duckdb import DuckDB

ROWS = """
select
    number as id
    , number * 37 % 100 / 100.0e0 as p_red
    , (100 - number * 37 % 100) * 0.006e0 as p_green
    , (100 - number * 37 % 100) * 0.004e0 as p_blue
    , case when number % 10 <> 0 then ['red', 'green', 'blue'][1 + number * 11 // 4 % 3] end as actual
from range(400) as numbers (number)
"""
SEVERAL = {
    "task": "multiclass_classification",
    "model": {"score": {"red": "p_red", "green": "p_green", "blue": "p_blue"}},
}
TWO = {"task": "binary_classification", "model": {"score": "p_red", "positive": "red", "label": "actual"}}


def stored(connection: duckdb.DuckDBPyConnection, monitor: dict[str, object]) -> None:
    common = {
        "name": "colours",
        "predictions": "scored",
        "id": "id",
        "reference": "id < 200",
        "chunks": {"size": 50},
        "target": {"column": "actual"},
        "metrics": {"performance": ["roc_auc"]},
    }
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [common | monitor]}))
    runner.run(project, project.monitors[0], DuckDB(connection))


@pytest.mark.parametrize("resolution", ["exact", "binned"])
def test_every_row_is_there_once_for_each_class(resolution: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as {ROWS}")
        stored(connection, SEVERAL | {"resolution": resolution})
        stored(connection, SEVERAL | {"resolution": resolution})
        found = connection.sql(
            "select class, period, chunk, sum(row_count) as rows, sum(score_sum) as total"
            ", sum(case when actual_label = class then row_count end) as positives"
            ", sum(case when actual_label is null then row_count end) as unlabelled"
            ", min(fold) as first_fold from sqlmonitor.score_histograms group by all order by all"
        ).fetchall()
        wanted = connection.sql(
            "select class, case when id < 200 then 'reference' else 'analysis' end as period"
            ", printf('%06d', id % 200 // 50) as chunk, count(*) as rows, sum(score) as total"
            ", count(*) filter (where actual = class) as positives"
            ", count(*) filter (where actual is null) as unlabelled"
            ", case when id < 200 then 0 else -1 end as first_fold from ("
            "select id, actual, 'red' as class, p_red as score from scored union all "
            "select id, actual, 'green', p_green from scored union all "
            "select id, actual, 'blue', p_blue from scored) group by all order by all"
        ).fetchall()
    assert len(found) == len(wanted) == 3 * 8
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours[:4] == theirs[:4]
        assert ours[4] == pytest.approx(theirs[4], abs=1e-9)
        assert ours[5:] == theirs[5:]


def test_two_classes_leave_the_class_empty() -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as {ROWS}")
        connection.execute("update scored set actual = 'blue' where actual = 'green'")
        stored(connection, TWO)
        found = connection.sql("select count(*), count(class) from sqlmonitor.score_histograms").fetchall()
    assert found[0][0] > 0
    assert found[0][1] == 0
