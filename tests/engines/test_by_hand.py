"""The files that `compile` writes, run by hand in order, store what a run stores."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from engine_monitors import CASES
from executed_engines import ENGINES

from sqlmonitor import planner, runner, validation
from sqlmonitor.definitions import loads
from sqlmonitor.script import script

ORDER = "order by period desc, chunk, segment_column, segment_value, family, metric, column_name, component"
OF_THE_RUN = ["run_id", "computed_at"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "postgres" else [pytest.mark.slow])
        for name in ENGINES
        if name != "duckdb"
    ],
)
def test_files_run_by_hand_give_the_results_of_a_run(opened, name, request) -> None:
    if name == "spark":
        reason = "Sail takes no insertion that leaves columns out, as Apache Spark does"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    case = CASES["hostile"]
    warehouse = opened(name)
    for table, rows in case.tables().items():
        warehouse.load(table, rows)
    project = loads(case.project(warehouse.url))
    # In a store of its own: a result that does not change keeps the run that computed it first.
    apart = loads(json.dumps(json.loads(case.project(warehouse.url)) | {"store": "by_hand"}))
    with warehouse.connect() as engine:
        by_run = runner.run(project, project.monitors[0], engine)
        # Without the types, a boolean among the numeric features would not be known for one.
        types = validation.check_sources(project, project.monitors[0], engine)
        plan = planner.plan(apart, apart.monitors[0], types=types)
        warehouse.run_script([text for _, text in script(plan, name)])
        by_hand = engine.query(f"select * from by_hand.latest_results {ORDER}")
    assert set(by_hand["run_id"]) == {"by_hand"}
    pd.testing.assert_frame_equal(
        by_hand.drop(columns=OF_THE_RUN), by_run.drop(columns=OF_THE_RUN), check_exact=False, rtol=1e-9
    )
