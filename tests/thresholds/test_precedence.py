"""Whose limits count: the most specific threshold's, for every metric, column and segment."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from sqlmonitor import planner, runner
from sqlmonitor.definitions import json_schema, loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import ConfigurationError, DataError

MONITOR: dict[str, Any] = {
    "name": "loans",
    "task": "binary_classification",
    "predictions": "scored",
    "id": "id",
    "reference": "id < 400",
    "chunks": {"size": 100},
    "model": {"score": "score", "label": "predicted"},
    "target": {"column": "actual"},
    "features": {"numeric": ["amount", "income"], "categorical": ["region"]},
    "segments": ["region", "vehicle"],
    "metrics": {
        "drift": ["jensen_shannon", "wasserstein", "chi_square"],
        "performance": ["f1", "accuracy"],
        "summary": ["mean"],
        "quality": ["missing"],
    },
    "kpis": [{"name": "amount_per_row", "sql": "sum(amount) / count(*)"}],
}
KEYS = ["family", "metric", "column_name", "segment_column", "segment_value"]


def text(thresholds: list[dict[str, Any]], **changes: Any) -> str:
    monitor = MONITOR | {"thresholds": thresholds} | changes
    return json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]}, indent=1)


def table() -> pd.DataFrame:
    random = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "id": range(800),
            "amount": random.normal(10, 2, 800),
            "income": random.lognormal(0, 1, 800),
            "region": random.choice(["north", "south", "it's"], 800),
            "vehicle": random.choice(["car", "bike", None], 800),
            "score": random.uniform(0, 1, 800),
            "predicted": random.integers(0, 2, 800),
            "actual": random.integers(0, 2, 800),
        }
    )


def results(thresholds: list[dict[str, Any]], **changes: Any) -> pd.DataFrame:
    project = loads(text(thresholds, **changes))
    with duckdb.connect() as connection:
        connection.register("frame", table())
        connection.execute("create table scored as from frame")
        return runner.run(project, project.monitors[0], DuckDB(connection))


def uppers(thresholds: list[dict[str, Any]]) -> pd.Series:
    """The constant upper limit of every series; no value where it has none."""
    frame = results([{"standard_deviation": {"upper": 3}}, *thresholds])
    series = frame.drop_duplicates(KEYS).set_index(KEYS)["upper_threshold"]
    return series[series.isin([limit["constant"]["upper"] for limit in thresholds])]


def at(upper: float, **selectors: Any) -> dict[str, Any]:
    return selectors | {"constant": {"upper": upper}}


DRIFT = {"family": "drift"}
DISTANCE = {"metric": "jensen_shannon"}
AMOUNT = {"column": "amount"}
VEHICLE = {"segment": "vehicle"}
CAR = {"segment": {"vehicle": "car"}}
OF_AMOUNT = ("drift", "jensen_shannon", "amount")
WHOLE, IN_CAR, IN_BIKE, IN_NORTH = ("", ""), ("vehicle", "car"), ("vehicle", "bike"), ("region", "north")


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ({}, DRIFT),
        (DRIFT, DISTANCE),
        (DRIFT, AMOUNT),
        (DISTANCE, DRIFT | DISTANCE),
        (DISTANCE, DISTANCE | AMOUNT),
        (DRIFT | DISTANCE, DISTANCE | AMOUNT),
        (DISTANCE | AMOUNT, DRIFT | DISTANCE | AMOUNT),
        (VEHICLE, CAR),
        (DISTANCE | VEHICLE, DISTANCE | CAR),
        (DISTANCE | AMOUNT, DISTANCE | AMOUNT | VEHICLE),
        (DRIFT | DISTANCE | AMOUNT, DRIFT | DISTANCE | AMOUNT | CAR),
    ],
    ids=str,
)
def test_the_more_specific_wins_wherever_it_stands(weaker, stronger) -> None:
    for listed in ([at(101, **weaker), at(102, **stronger)], [at(102, **stronger), at(101, **weaker)]):
        assert uppers(listed)[(*OF_AMOUNT, *IN_CAR)] == 102


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (DISTANCE, DISTANCE),
        (DISTANCE, AMOUNT),
        (AMOUNT, VEHICLE),
        (DISTANCE | CAR, AMOUNT | CAR),
        (DRIFT | VEHICLE, CAR),
    ],
    ids=str,
)
def test_of_equals_the_later_wins(one, other) -> None:
    assert uppers([at(101, **one), at(102, **other)])[(*OF_AMOUNT, *IN_CAR)] == 102
    assert uppers([at(102, **other), at(101, **one)])[(*OF_AMOUNT, *IN_CAR)] == 101


def test_a_segments_threshold_is_for_that_segment_only() -> None:
    found = uppers([at(100, **DISTANCE), at(101, **DISTANCE, **VEHICLE), at(102, **DISTANCE, **CAR)])
    expected = {WHOLE: 100, IN_NORTH: 100, IN_BIKE: 101, ("vehicle", "(missing)"): 101, IN_CAR: 102}
    for segment, upper in expected.items():
        assert found[(*OF_AMOUNT, *segment)] == upper


def test_missing_and_hostile_segments_can_be_named() -> None:
    found = uppers(
        [
            at(101, **DISTANCE, segment={"vehicle": None}),
            at(102, **DISTANCE, segment={"region": "it's"}),
        ]
    )
    assert set(found.index.to_frame()["segment_value"]) == {"(missing)", "it's"}


def test_families_of_performance() -> None:
    found = uppers([at(101, family="performance"), at(102, family="realized"), at(103, metric="f1")])
    for family, metric, upper in (
        ("estimated", "accuracy", 101),
        ("realized", "accuracy", 102),
        ("estimated", "f1", 103),
        ("realized", "f1", 103),
    ):
        assert found[(family, metric, "", *WHOLE)] == upper
    # As specific, and later.
    found = uppers([at(102, family="realized"), at(101, family="performance")])
    assert found[("realized", "f1", "", *WHOLE)] == 101


def test_kpis_and_summaries_have_thresholds_too() -> None:
    found = uppers([at(101, family="kpi"), at(102, metric="mean", column="income", segment="region")])
    assert found[("kpi", "amount_per_row", "", *WHOLE)] == 101
    assert found[("summary", "mean", "income", *IN_NORTH)] == 102
    assert ("summary", "mean", "income", *WHOLE) not in found.index


def test_standard_deviations_are_fitted_on_the_segments_own_chunks() -> None:
    frame = results(
        [
            {"metric": "mean", "standard_deviation": {"lower": 1, "upper": 2}},
            {"metric": "mean", "segment": {"vehicle": "car"}, "standard_deviation": {"upper": 4}},
        ]
    )
    rows = table()
    rows["chunk"] = rows["id"] // 100
    frame = frame[(frame["metric"] == "mean") & (frame["column_name"] == "amount")]
    cases = {WHOLE: (1, 2), IN_BIKE: (1, 2), IN_CAR: (None, 4), IN_NORTH: (1, 2)}
    for (column, value), (below, above) in cases.items():
        own = rows[(rows["id"] < 400) & ((rows[column] == value) if column else True)]
        means = own.groupby("chunk")["amount"].mean()
        found = frame[(frame["segment_column"] == column) & (frame["segment_value"] == value)].iloc[0]
        assert found["upper_threshold"] == pytest.approx(means.mean() + above * means.std(ddof=0), rel=1e-9)
        if below is None:
            assert np.isnan(found["lower_threshold"])
        else:
            assert found["lower_threshold"] == pytest.approx(
                means.mean() - below * means.std(ddof=0), rel=1e-9
            )


def test_chi_square_alerts_by_p_value_unless_a_threshold_is_set() -> None:
    def alerts(thresholds: list[dict[str, Any]]) -> pd.DataFrame:
        frame = results(thresholds)
        return frame[frame["metric"] == "chi_square"]

    plain = alerts([at(0.1, **DISTANCE)])
    assert (plain["is_alert"].astype(bool) == (plain["p_value"] < 0.05)).all()
    assert plain["upper_threshold"].isna().all()
    constant = alerts([at(1.5, metric="chi_square")])
    assert (constant["is_alert"].astype(bool) == (constant["value"] > 1.5)).all()
    assert constant["is_alert"].any()
    mixed = alerts([at(1.5, metric="chi_square", **CAR)])
    is_car = (mixed["segment_column"] == "vehicle") & (mixed["segment_value"] == "car")
    expected = np.where(is_car, mixed["value"] > 1.5, mixed["p_value"] < 0.05)
    assert (mixed["is_alert"].astype(bool) == expected).all()


def test_results_stay_one_row_each_when_segments_have_thresholds() -> None:
    plain, ruled = results([]), results([at(1, **VEHICLE), at(2, **CAR)])
    assert len(plain) == len(ruled)
    pd.testing.assert_series_equal(plain["lower_bound"], ruled["lower_bound"], rtol=1e-9)


@pytest.mark.parametrize(
    ("threshold", "key", "message", "hint"),
    [
        (at(1, metric="jensen_shanon"), "metric", "'jensen_shanon' matches no metric", "did you mean 'jensen_shannon'?"),
        (at(1, metric="roc_auc"), "metric", "'roc_auc' matches no metric of this monitor", "allowed: accuracy"),
        (at(1, column="amont"), "column", "'amont' matches no metric", "did you mean 'amount'?"),
        (at(1, column="vehicle"), "column", "'vehicle' matches no metric", "allowed: amount, income, region"),
        (at(1, segment="vehicles"), "segment", "not among its segments", "did you mean 'vehicle'?"),
        (at(1, segment={"vehicles": "car"}), "segment", "not among its segments", "did you mean 'vehicle'?"),
        (at(1, metric="mean", family="drift"), "", "none has family drift, metric mean together", "correct it"),
        (at(1, metric="mean", column="region"), "", "none has metric mean, column region together", ""),
    ],
    ids=str,
)  # fmt: skip
def test_a_threshold_that_matches_nothing_is_an_error(threshold, key, message, hint) -> None:
    written = text([at(1), threshold])
    project = loads(written, "shop.yml")
    with pytest.raises(ConfigurationError) as caught:
        planner.plan(project, project.monitors[0])
    shown = str(caught.value)
    assert message in shown
    assert hint in shown
    assert caught.value.file == "shop.yml"
    assert caught.value.key == "monitors[0].thresholds[1]" + (f".{key}" if key else "")
    line = caught.value.line or 0
    at_line = written.splitlines()[line - 1]
    assert f'"{key}"' in at_line if key else "{" in at_line


def test_a_family_without_metrics_matches_nothing() -> None:
    project = loads(text([at(1, family="kpi")], kpis=[]))
    with pytest.raises(ConfigurationError, match="family 'kpi' matches no metric"):
        planner.plan(project, project.monitors[0])


def test_a_regression_has_no_estimates_to_limit() -> None:
    changes = {"task": "regression", "model": {"label": "score"}, "metrics": {}}
    project = loads(text([at(1, family="estimated")], **changes))
    with pytest.raises(ConfigurationError, match="family 'estimated' matches no metric"):
        planner.plan(project, project.monitors[0])


def test_a_value_that_no_row_has_is_an_error_of_the_run() -> None:
    with pytest.raises(DataError) as caught:
        results([at(1), at(2, segment={"vehicle": "cat"})])
    shown = str(caught.value)
    assert "monitors[0].thresholds[1].segment: matches no segment: no row has vehicle = 'cat'" in shown
    assert "line " in shown
    assert "(missing), bike, car" in shown


@pytest.mark.parametrize(
    ("segment", "message"),
    [
        ({}, "exactly one segment column"),
        ({"vehicle": "car", "region": "north"}, "exactly one segment column"),
        ({"vehicle": ["car"]}, "must be the segment's value"),
        (3, "must be text"),
    ],
    ids=str,
)
def test_a_segment_is_a_column_or_one_value_of_it(segment, message) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        loads(text([at(1, segment=segment)]))
    assert "thresholds[0].segment" in (caught.value.key or "")


def test_values_that_are_not_text_are_compared_as_text() -> None:
    written = [at(1, segment={"weekday": value}) for value in (1, True, 2.5)]
    project = loads(text(written, segments=["weekday"]))
    assert [threshold.segment_value for threshold in project.monitors[0].thresholds] == ["1", "true", "2.5"]


def test_the_schema_explains_which_threshold_wins() -> None:
    described = json_schema()["$defs"]["Threshold"]
    assert "the most points" in " ".join(described["description"].split())
    assert {"JFK"} <= {
        value
        for example in described["properties"]["segment"]["examples"]
        if isinstance(example, dict)
        for value in example.values()
    }
