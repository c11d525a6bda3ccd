"""What may be written under compare, what is said of the rest, and whose limits are whose."""

from __future__ import annotations

import json
from typing import Any

import pytest
import small_world
from comparisons.world import World, of

from sqlmonitor import planner
from sqlmonitor.definitions import Monitor, json_schema, loads
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.plan import Plan
from sqlmonitor.results import Results


def monitor(**changes: Any) -> Monitor:
    """The small world's monitor by days, with some changes."""
    whole = small_world.MONITOR | {"chunks": "day"} | changes
    text = json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [whole]})
    return loads(text).monitors[0]


def planned(**changes: Any) -> Plan:
    """Its plan."""
    whole = small_world.MONITOR | {"chunks": "day"} | changes
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [whole]}))
    return planner.plan(project, project.monitors[0])


@pytest.mark.parametrize(
    ("written", "chunk_length", "compared_with"),
    [
        ("week", "week", ""),
        ({"rolling": 7}, "rolling 7", ""),
        ("previous", "", "previous"),
        ({"reference": "last_year"}, "", "last_year"),
        ({"reference": {"last": 28}}, "", "last 28"),
        ({"chunks": "month", "reference": "previous"}, "month", "previous"),
    ],
)
def test_one_or_a_list(written: Any, chunk_length: str, compared_with: str) -> None:
    for compare in (written, [written]):
        (one,) = monitor(compare=compare).compare
        assert (one.chunk_length, one.compared_with) == (chunk_length, compared_with)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"compare": "wek"}, "did you mean 'week'"),
        ({"compare": ["hour"]}, "chunks by day cannot be merged into chunks by hour"),
        ({"compare": "month", "chunks": "week"}, "weeks make up nothing longer"),
        ({"compare": "week", "chunks": {"size": 100}}, "compare is for chunks by period"),
        ({"compare": ["week", {"chunks": "week"}]}, "'week' stands twice"),
        ({"compare": {"rolling": 7, "reference": "previous"}}, "leave out one of rolling and reference"),
        ({"compare": {"rolling": 1}}, "greater than or equal to 2"),
        ({"compare": {"rolling": 400}}, "less than or equal to 366"),
        ({"compare": {"reference": "next"}}, "allowed: previous, last_year"),
        ({"compare": {"weeks": 2}}, "unknown key 'weeks'"),
        ({"compare": {}}, "needs at least one of chunks, rolling and reference"),
        (
            {"compare": "week", "thresholds": [{"compare": "month", "constant": {"upper": 1}}]},
            "'month' is no comparison of this monitor",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        monitor(**changes)
    assert said in str(refused.value)
    assert "compare" in str(refused.value.key)
    assert refused.value.line == 1


def test_another_reference_needs_a_distance() -> None:
    with pytest.raises(ConfigurationError, match="the monitor computes no distance"):
        planned(compare="previous", features={})


def test_the_schema_knows_comparisons() -> None:
    text = json.dumps(json_schema())
    assert '"rolling"' in text
    assert '"last_year"' in text or "last_year" in text


def test_the_fit_does_not_depend_on_comparisons() -> None:
    assert planned().fit_id == planned(compare=["week", "previous"]).fit_id


def test_every_scan_is_of_the_monitors_own_chunks() -> None:
    own, more = planned(), planned(compare=["week", {"rolling": 7}, "previous"])
    scans = [[step.name for step in plan.steps if step.reads_source] for plan in (own, more)]
    assert scans[0] == scans[1]
    assert "numeric_cells_week\n" in more.tree()
    assert "members_previous" in more.tree()


THRESHOLDS = [
    {"metric": "l_infinity", "constant": {"upper": 0.5}},
    {"metric": "l_infinity", "compare": "quarter", "constant": {"upper": 0.001}},
    {"metric": "l_infinity", "compare": "previous", "segment": "vehicle", "constant": {"upper": 0.002}},
]


def test_a_threshold_is_for_all_or_for_one_comparison() -> None:
    found = World().run(
        chunks="month",
        compare=["quarter", "previous"],
        thresholds=THRESHOLDS,
        kpis=[],
        metrics={"drift": ["l_infinity"], "performance": [], "quality": [], "summary": ["row_count"]},
    )
    limits = {
        ("", "", ""): 0.5,
        ("", "", "vehicle"): 0.5,
        ("quarter", "", ""): 0.001,
        ("quarter", "", "vehicle"): 0.001,
        ("", "previous", ""): 0.5,
        ("", "previous", "vehicle"): 0.002,
    }
    rows = found[found["metric"] == "l_infinity"]
    by_key = rows.groupby(["chunk_length", "compared_with", "segment_column"])["upper_threshold"]
    assert by_key.agg(["min", "max"]).T.to_dict("list") == {key: [one, one] for key, one in limits.items()}
    # Limits in standard deviations are fitted on chunks of the same length: two quarters, the second cut short.
    counts = of(found, "quarter")
    assert counts[counts["metric"] == "row_count"]["note"].str.startswith("fewer than two whole").all()
    months = of(found)
    assert months[months["metric"] == "row_count"]["upper_threshold"].notna().all()
    newest = Results(found).newest_complete_chunk().to_pandas()
    by_comparison = newest.groupby(["chunk_length", "compared_with"])["chunk"].max()
    assert by_comparison.to_dict() == {
        ("", ""): "2025-02-01",
        ("", "previous"): "2025-02-01",
        ("quarter", ""): "2024-10-01",
    }
