"""Several classes: what is refused, by how many rows and which one, and what still works."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pandas as pd
import pytest

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import ConfigurationError, DataError

ROWS = """
select
    number as id
    , number * 37 % 100 / 100.0e0 as p_red
    , (100 - number * 37 % 100) * 0.006e0 as p_green
    , (100 - number * 37 % 100) * 0.004e0 as p_blue
    , ['red', 'green', 'blue'][1 + number * 7 % 3] as predicted
    , ['red', 'green', 'blue'][1 + number * 11 // 4 % 3] as actual
    , number % 10 as amount
    , ['north', 'south'][1 + number % 2] as region
from range(400) as numbers (number)
"""
MONITOR: dict[str, Any] = {
    "name": "colours",
    "task": "multiclass_classification",
    "predictions": "scored",
    "id": "id",
    "reference": "id < 200",
    "chunks": {"size": 50},
    "model": {"score": {"red": "p_red", "green": "p_green", "blue": "p_blue"}, "label": "predicted"},
    "target": {"column": "actual"},
    "features": {"numeric": ["amount"], "categorical": ["region"]},
    "kpis": [{"name": "amount_by_score", "sql": "sum(amount * p_red) / count(*)"}],
}


def run(changes: dict[str, Any] | None = None, update: str = "") -> pd.DataFrame:
    monitor = MONITOR | (changes or {})
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]}))
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as {ROWS}")
        if update:
            connection.execute(update)
        return runner.run(project, project.monitors[0], DuckDB(connection))


def test_data_parts_and_figures_work_beside_performance() -> None:
    results = run()
    assert set(results["family"]) == {"drift", "quality", "summary", "kpi", "estimated", "realized"}
    assert results.loc[results["family"] == "kpi", "value"].notna().all()


def test_running_twice_gives_the_same_rows() -> None:
    first, second = (run({"resolution": "binned"}).drop(columns=["run_id", "computed_at"]) for _ in range(2))
    # Means over few numbers may add them up in another order.
    pd.testing.assert_frame_equal(first, second, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("update", "count", "shown"),
    [
        ("update scored set p_red = p_red + 0.2 where id in (7, 300)", 2, "id = 7"),
        ("update scored set p_red = p_red - 2, p_blue = p_blue + 2 where id = 5", 1, "id = 5"),
        ("update scored set p_red = 'infinity' where id = 12", 1, "id = 12"),
    ],
)
def test_scores_that_do_not_sum_to_one_are_refused(update: str, count: int, shown: str) -> None:
    with pytest.raises(DataError) as caught:
        run(update=update)
    text = str(caught.value)
    assert f"{count} rows" in text
    assert shown in text
    assert "0.01" in text


def test_rounded_scores_are_accepted() -> None:
    results = run(
        update="update scored set p_red = round(p_red, 2), p_green = round(p_green, 2), p_blue = round(p_blue, 2)"
    )
    assert results.loc[results["family"] == "estimated", "value"].notna().any()


def test_a_missing_score_is_counted_and_no_error() -> None:
    update = "update scored set p_red = case when id = 201 then 'nan'::double end where id in (201, 202)"
    results = run(update=update)
    row = results[
        (results["family"] == "estimated") & (results["metric"] == "f1") & (results["component"] == "")
    ].query("period == 'analysis'")
    assert row["unused_count"].tolist() == [2, 0, 0, 0]
    assert row["row_count"].tolist() == [48, 50, 50, 50]


def test_classes_that_no_label_has_are_refused() -> None:
    model = {"score": {"Red": "p_red", "Green": "p_green", "Blue": "p_blue"}, "label": "predicted"}
    with pytest.raises(DataError, match="no label of the reference in 'actual' is one of the classes Red"):
        run({"model": model})


def test_labels_may_be_numbers() -> None:
    update = (
        "create or replace table scored as select * replace ("
        "case predicted when 'red' then 1 when 'green' then 2 else 3 end as predicted"
        ", case actual when 'red' then 1 when 'green' then 2 else 3 end as actual) from scored"
    )
    model = {"score": {"1": "p_red", "2": "p_green", "3": "p_blue"}, "label": "predicted"}
    keys = ["family", "metric", "chunk"]
    numbers = run({"model": model}, update)
    names = run()
    chosen = [
        frame[frame["family"].isin(["estimated", "realized"]) & (frame["component"] == "")]
        .set_index(keys)["value"]
        .sort_index()
        for frame in (numbers, names)
    ]
    pd.testing.assert_series_equal(*chosen)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model": {"score": {"red": "p_red", "green": "nothing"}, "label": "predicted"}},
            "no column 'nothing'",
        ),
        ({"model": {"score": {"red": "p_red", "green": "region"}, "label": "predicted"}}, "not a number"),
        ({"metrics": {"performance": ["mae"]}}, "'mae' does not fit the task"),
        (
            {"metrics": {"performance": ["f1"]}, "model": {"score": MONITOR["model"]["score"]}},
            "need model.label",
        ),
        (
            {"metrics": {"performance": ["f1"]}, "model": {"label": "predicted"}},
            "score column of every class",
        ),
    ],
)
def test_what_the_file_has_wrong_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        run(changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"metrics": {"performance": []}},
        {"model": {"label": "predicted"}},
        {"model": {"score": MONITOR["model"]["score"]}},
        {"target": None},
        {"id": None, "timestamp": "at", "chunks": "day"},
        {"metrics": {"performance": [{"confusion_matrix": {"normalize": "true"}}]}},
        {"metrics": {"performance": ["roc_auc"]}},
        {"metrics": {"performance": ["accuracy"]}},
        {"metrics": {"performance": ["positive_rate"]}},
    ],
    ids=str,
)
def test_parts_that_are_left_out_leave_the_rest_working(changes: dict[str, Any]) -> None:
    update = "create or replace table scored as select *, timestamp '2024-01-01' + id // 50 * interval '1 day' as at from scored"
    results = run(changes, update)
    assert (results["family"] == "drift").any()


def test_the_matrix_as_shares_of_the_true_class_sums_to_one() -> None:
    results = run({"metrics": {"performance": [{"confusion_matrix": {"normalize": "true"}}]}})
    cells = results[results["metric"] == "confusion_matrix"]
    true = cells["component"].str.extract(r"true=(\w+),")[0]
    sums = cells.groupby([cells["family"], cells["chunk"], cells["period"], true])["value"].sum()
    assert len(sums) == 2 * 8 * 3
    assert (sums - 1).abs().max() < 1e-9


def test_label_coverage_counts_each_row_once() -> None:
    results = run({"segments": ["region"]}, "update scored set actual = null where id in (200, 202, 203)")
    found = results[(results["metric"] == "label_coverage") & (results["period"] == "analysis")]
    found = found.set_index(["segment_value", "chunk"])["value"]
    assert found["", "000000"] == 47 / 50
    assert found["north", "000000"] == 23 / 25
    assert (found.xs("000001", level="chunk") == 1).all()


def test_without_labels_estimates_are_of_the_scores() -> None:
    results = run({"target": None})
    estimated = results[(results["family"] == "estimated") & (results["metric"] == "positive_rate")]
    sums = estimated.groupby(["period", "chunk"])["value"].sum()
    assert (sums - 1).abs().max() < 1e-9
    realized = results[results["family"] == "realized"]
    assert realized["value"].isna().all()
