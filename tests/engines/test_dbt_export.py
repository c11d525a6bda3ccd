"""The dbt package of a monitor, built by dbt, has the results of a run: row by row, value by value."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from dbt_projects import build, connection, needs_dbt, write_profiles
from dbt_rendering import exported, write
from engine_monitors import CASES

from sqlmonitor import runner
from sqlmonitor.definitions import loads

ENGINES = ("duckdb", "postgres")
CHOSEN = ("hostile", "extreme", "car_price", "credit_card", "binned", "exact")
"""Every template is in one of them."""
ORDER = "order by period desc, chunk, segment_column, segment_value, family, metric, column_name, component"
OF_THE_RUN = ["run_id", "computed_at"]
STORED = {
    "histograms": "period desc, chunk, column_name, bin, lower_edge",
    "score_histograms": "period desc, chunk, class, predicted_label, actual_label, fold, cell",
    "edges": "column_name, piece",
    "levels": "column_name, level",
    "calibration": "fit, knot",
    "thresholds": "family, metric, column_name, component, segment_column, segment_value",
}


def equal(found: pd.DataFrame, expected: pd.DataFrame, *, is_exact: bool) -> None:
    """The same rows in the same order; not exact where an engine adds doubles in any order."""
    assert len(expected) > 0
    tolerance = {"check_exact": True} if is_exact else {"check_exact": False, "rtol": 1e-9, "atol": 1e-12}
    pd.testing.assert_frame_equal(
        found.drop(columns=OF_THE_RUN, errors="ignore"),
        expected.drop(columns=OF_THE_RUN, errors="ignore"),
        **tolerance,
    )


@needs_dbt
@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("case", CHOSEN)
def test_build_gives_the_results_of_a_run(opened, name: str, case: str, tmp_path: Path) -> None:
    warehouse = opened(name)
    for table, rows in CASES[case].tables().items():
        warehouse.load(table, rows)
    project = loads(CASES[case].project(warehouse.url))
    with warehouse.connect() as engine:
        expected = runner.run(project, project.monitors[0], engine)
        stored = {
            table: engine.query(f"select * from sqlmonitor.{table} order by {order}")
            for table, order in STORED.items()
        }
        write(exported(project, engine), tmp_path)
    write_profiles(tmp_path, watched=connection(warehouse.url))
    build(tmp_path)
    # With one thread, as tests' profiles have it, DuckDB adds in one order.
    is_exact = name == "duckdb"
    place = f"{connection(warehouse.url)['schema']}_sqlmonitor"
    with warehouse.connect() as engine:
        results = engine.query(f"select * from {place}.sqlmonitor_results {ORDER}")
        equal(results, expected, is_exact=is_exact)
        for table, order in STORED.items():
            if len(stored[table]):
                found = engine.query(f"select * from {place}.sqlmonitor_{table} order by {order}")
                equal(found, stored[table], is_exact=is_exact)
