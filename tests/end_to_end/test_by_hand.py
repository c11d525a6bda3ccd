"""The written SQL files, run by hand in order, store the same results as a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pandas as pd

from sqlmonitor import planner, runner
from sqlmonitor.definitions import load
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.script import script

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
COLUMNS = "select * exclude (run_id, computed_at) from sqlmonitor.latest_results order by all"


def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in ("flights_scored", "flights_outcomes"):
        file = FLIGHTS / "data" / f"{table}.parquet"
        connection.execute(f"create table {table} as select * from read_parquet('{file}')")
    return connection


def test_files_run_by_hand_give_the_results_of_a_run(tmp_path: Path) -> None:
    project = load(shutil.copy(FLIGHTS / "sqlmonitor.yml", tmp_path))
    monitor = project.monitors[0]
    files = script(planner.plan(project, monitor))
    assert [name for name, _ in files] == sorted(name for name, _ in files)
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert text.startswith("-- ")

    with warehouse() as connection:
        for file in sorted(tmp_path.glob("*.sql")):
            connection.execute(file.read_text(encoding="utf-8")).fetchall()
        by_hand = connection.execute(COLUMNS).df()
        named = connection.execute("select distinct run_id from sqlmonitor.results").fetchall()

    with warehouse() as connection:
        runner.run(project, monitor, DuckDB(connection))
        by_run = connection.execute(COLUMNS).df()

    assert named == [("by_hand",)]
    assert len(by_run) > 1000
    # Parallel sums of doubles may differ in their last digits.
    pd.testing.assert_frame_equal(by_hand, by_run, check_exact=False, rtol=1e-9, atol=1e-12)
