"""Longer chunks from merged counts are those of a monitor that reads them from the source."""

from __future__ import annotations

from typing import Any

import every_plan
import pytest
from comparisons.world import World, of, same

from sqlmonitor.results import Results

FEW = {
    "drift": ["jensen_shannon", "kolmogorov_smirnov", "wasserstein", "l_infinity", "chi_square"],
    "performance": ["roc_auc", "f1", "log_loss", "calibration_error", "confusion_matrix", "label_coverage"],
    "quality": ["missing", "unseen", "out_of_range"],
    "summary": ["mean", "std", "sum", "min", "max", "median", "distinct_count", "row_count"],
}
KPIS: list[dict[str, Any]] = [
    {"name": "amount_per_row", "sql": "sum(amount) / count(*)"},
    {"name": "usual", "sql": "2 * avg(amount) filter (where hour > 3) + 1"},
    {"name": "most", "sql": "max(amount) - min(amount) + count_if(actual = 1) * 1.0 / count(actual)"},
    {"name": "any", "sql": "case when bool_or(actual = 1) and not bool_and(hour > 3) then 1 else 0 end"},
]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize("resolution", ["binned", pytest.param("exact", marks=pytest.mark.slow)])
def test_weeks_and_months_are_those_of_the_source(resolution: str) -> None:
    world = World(where="id < 1100")
    changes: dict[str, Any] = {"metrics": FEW, "kpis": KPIS, "resolution": resolution}
    periods = ["week"] if resolution == "binned" else ["week", "month"]
    merged = world.run("days", compare=periods, **changes)
    if resolution == "exact":
        same(of(merged), world.run("own", **changes))
    for period in periods:
        same(of(merged, period), world.run(period, chunks=period, **changes))


@pytest.mark.slow
@pytest.mark.parametrize("resolution", ["binned", "exact"])
@pytest.mark.parametrize("variant", ["binned", "classes", "regression"])
def test_every_metric_of_quarters_is_that_of_the_source(variant: str, resolution: str) -> None:
    world = World(every_plan_rows())
    made = every_plan.MONITOR | every_plan.VARIANTS[variant]
    changes = made | {"resolution": resolution, "metrics": every_plan.every(made["task"])}
    changes["custom_metrics"] = [
        one for one in made["custom_metrics"] if variant == "binned" or "template" not in one
    ]
    merged = world.run("months", **changes | {"chunks": "month", "compare": "quarter"})
    direct = world.run("quarters", **changes | {"chunks": "quarter"})
    same(of(merged, "quarter"), direct, without=("duplicates", "duplicate_count"))


def every_plan_rows() -> str:
    """Rows with the column that only these monitors have."""
    from comparisons.world import SCORED

    return f"select *, case when id % 11 > 0 then exp(amount / 3) end as income from ({SCORED})"


def test_a_regression_of_quarters_is_that_of_the_source(world: World) -> None:
    changes: dict[str, Any] = {
        "task": "regression",
        "model": {"label": "score"},
        "kpis": [],
        "metrics": {"performance": ["rmse", "mae", "mape", "rmsle", "r_squared", "mean_error"]},
    }
    merged = world.run("months", chunks="month", compare="quarter", **changes)
    same(of(merged, "quarter"), world.run("quarters", chunks="quarter", **changes))


def test_equal_targets_have_no_deviation_after_merging(world: World) -> None:
    changes: dict[str, Any] = {
        "task": "regression",
        "predictions": {"sql": "select *, 0.1 as third from scored"},
        "target": {"column": "third"},
        "model": {"label": "score"},
        "kpis": [],
        "metrics": {"performance": ["r_squared"]},
    }
    merged = of(world.run("equal", chunks="month", compare="quarter", **changes), "quarter")
    found = merged[merged["metric"] == "r_squared"]
    assert len(found) > 3
    assert found["value"].isna().all()
    assert found["note"].str.contains("equal").all(), set(found["note"])


def test_what_does_not_merge_has_a_note_and_no_value(world: World) -> None:
    kpis = [
        *KPIS[:1],
        {"name": "middle", "sql": "median(amount) + 1"},
        {"name": "hours", "sql": "count(distinct hour)"},
    ]
    metrics = {
        "drift": [],
        "performance": [],
        "quality": ["duplicates"],
        "summary": ["median", "distinct_count"],
    }
    results = Results(world.run("unmerged", kpis=kpis, metrics=metrics, chunks="month", compare="quarter"))
    quarters = results.filter(compare="quarter", period="analysis")
    table = quarters.to_pandas().groupby("metric")
    assert table["value"].count()[["middle", "hours", "duplicates"]].eq(0).all()
    assert (
        table["value"]
        .apply(lambda values: values.notna().all())[["amount_per_row", "median", "distinct_count"]]
        .all()
    )
    notes = table["note"].first()
    assert notes["middle"] == "aggregates of merged chunks: this one does not follow from each chunk's"
    assert notes["duplicates"].startswith("ids of merged chunks are not compared")
    assert table["row_count"].first()["duplicates"] > 0
    # It is known beforehand, so it is no failure.
    assert len(quarters.failed()) == 0
    assert results.filter(compare="").to_pandas()["value"].notna().all()


def test_a_week_on_the_border_of_the_reference_is_two_partial_chunks(world: World) -> None:
    metrics: dict[str, Any] = {"drift": [], "performance": [], "quality": [], "summary": ["row_count"]}
    merged = of(world.run("border", compare="week", metrics=metrics, kpis=[], segments=[]), "week")
    border = merged[(merged["chunk"] == "2024-04-29") & (merged["metric"] == "row_count")]
    rows = border[border["segment_column"] == ""].set_index("period")
    assert rows["value"].to_dict() == {"reference": 16, "analysis": 32}
    assert rows["is_partial"].all()
