"""The dbt package of monitors, built by dbt, has the results of their runs: row by row, value by value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import every_plan
import pandas as pd
import pytest
from dbt_projects import build, connection, needs_dbt, write_profiles
from dbt_rendering import exported, write
from engine_monitors import CASES, Case, in_words_of, of_small_world
from small_world import in_file

from sqlmonitor import dialects, runner
from sqlmonitor.definitions import loads
from sqlmonitor.results import Results

# Longer chunks, windows and a reference that moves, with labels that are to come and a KPI with a join.
COMPARED: dict[str, Any] = every_plan.MONITOR | {
    "name": "compared",
    "compare": ["quarter", {"rolling": 2}, "previous"],
    "features": {"numeric": ["amount"], "categorical": ["region"]},
    "segments": [],
    "kpis": [kpi for kpi in every_plan.MONITOR["kpis"] if kpi["name"] in ("worth", "joined")],
    "custom_metrics": [],
    "metrics": {"drift": ["jensen_shannon"], "performance": ["f1"], "quality": [], "summary": ["mean"]},
}
CLASSES: dict[str, Any] = (
    every_plan.MONITOR
    | every_plan.SEVERAL_CLASSES
    | {
        "name": "classes",
        "compare": ["quarter"],
        "features": {"categorical": ["region"]},
        "segments": [],
        "custom_metrics": [],
        "metrics": every_plan.every("multiclass_classification")
        | {"drift": ["jensen_shannon"], "quality": [], "summary": []},
    }
)
SMALL = {
    made["name"]: Case(of_small_world("exact").queries, lambda made=made: made)
    for made in (COMPARED, CLASSES)
}
WATCHED = {
    # All metrics of each task are in one of them, at both resolutions.
    "duckdb": ("hostile", "compared", "exact", "classes", "merged_regression"),
    # What is PostgreSQL's own is its types, quotes, names' lengths, `delete+insert`: the SQL is that of a run.
    "postgres": ("hostile", "compared"),
}
ORDER = (
    "monitor, period desc, chunk, segment_column, segment_value, family, metric, column_name, component, "
    "chunk_length, compared_with"
)
OF_THE_RUN = ["run_id", "computed_at"]
STORED = {
    "results": ORDER,
    "histograms": "monitor, period desc, chunk, column_name, bin, lower_edge",
    "score_histograms": "monitor, period desc, chunk, class, predicted_label, actual_label, fold, cell",
    "edges": "monitor, column_name, piece",
    "levels": "monitor, column_name, level",
    "calibration": "monitor, fit, knot",
    "thresholds": "monitor, family, metric, column_name, component, segment_column, segment_value, chunk_length, "
    "compared_with",
}


def equal(found: pd.DataFrame, expected: pd.DataFrame, *, is_exact: bool) -> None:
    """The same rows in the same order; not exact where an engine adds doubles in any order."""
    tolerance = {"check_exact": True} if is_exact else {"check_exact": False, "rtol": 1e-9, "atol": 1e-12}
    pd.testing.assert_frame_equal(
        found.drop(columns=OF_THE_RUN, errors="ignore"),
        expected.drop(columns=OF_THE_RUN, errors="ignore"),
        **tolerance,
    )


@needs_dbt
@pytest.mark.slow
@pytest.mark.parametrize("name", WATCHED)
def test_build_gives_the_results_of_a_run(opened, name: str, tmp_path: Path) -> None:
    """One package of all monitors: dbt takes longer to begin than to make a model."""
    warehouse = opened(name)
    cases = {case: SMALL.get(case) or CASES[case] for case in WATCHED[name]}
    for table, rows in {k: v for case in cases.values() for k, v in case.tables().items()}.items():
        warehouse.load(table, rows)
    dialect = dialects.SCHEMES[warehouse.url.partition(":")[0]]
    monitors = [
        in_file(in_words_of(dialect, made if made["name"] != "loans" else made | {"name": case}))
        for case, made in ((case, one.monitor()) for case, one in cases.items())
    ]
    project = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": monitors}))
    with warehouse.connect() as engine:
        for monitor in project.monitors:
            runner.run(project, monitor, engine)
        stored = {
            table: engine.query(f"select * from sqlmonitor.{table} order by {order}")
            for table, order in STORED.items()
        }
        write(exported(project, engine), tmp_path)
    write_profiles(tmp_path, watched=connection(warehouse.url))
    said = build(tmp_path)
    newest = [
        Results(rows).newest_complete_chunk().alerts() for _, rows in stored["results"].groupby("monitor")
    ]
    assert f"Got {sum(map(len, newest))} results, configured to warn" in said
    # With one thread, as tests' profiles have it, DuckDB adds in one order.
    is_exact = name == "duckdb"
    place = f"{connection(warehouse.url)['schema']}_sqlmonitor"
    assert stored["results"]["monitor"].nunique() == len(monitors)
    assert {"", "quarter", "rolling 2"} <= set(stored["results"]["chunk_length"])
    assert "previous" in set(stored["results"]["compared_with"])
    assert {"blended", "kpi"} <= set(stored["results"]["family"])
    with warehouse.connect() as engine:
        for table, order in STORED.items():
            found = engine.query(f"select * from {place}.sqlmonitor_{table} order by {order}")
            equal(found, stored[table], is_exact=is_exact)
