"""Faults that once gave wrong numbers without a word, lost rows, or ended a run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest

from sqlmonitor import runner, store
from sqlmonitor.engines import connect
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import ConfigurationError, DataError, UnreachableError, WarehouseError
from sqlmonitor.results import Results

KEYS = ["period", "chunk", "segment_column", "segment_value", "family", "metric", "column_name", "component"]


def test_an_open_transaction_is_left_alone(world: Any) -> None:
    world.sql("begin transaction")
    world.sql("create table mine as select 1 as one")
    with pytest.raises(WarehouseError, match="open transaction"):
        world.run()
    world.sql("commit")
    assert world.sql("from mine") == [(1,)]
    assert not world.run().empty


def test_a_fit_keeps_what_a_run_made_of_the_analysis(world: Any) -> None:
    project, monitor = world.definition()
    before = world.run()
    runner.run(project, monitor, world.engine, stage="fit")
    after = store.read_results(world.engine, project.store, monitor.name)
    after = after.drop(columns=["run_id", "computed_at"]).sort_values(KEYS, ignore_index=True)
    assert set(after["period"]) == {"reference", "analysis"}
    pd.testing.assert_frame_equal(before, after, check_exact=False, rtol=1e-12)
    of_runs = [frame[frame["period"] == "analysis"] for frame in (before, after)]
    pd.testing.assert_frame_equal(*of_runs, check_exact=True)


def test_ids_in_steps_of_ten_are_in_all_folds(world: Any) -> None:
    world.sql("update scored set id = id * 10")
    world.sql("update outcomes set id = id * 10")
    world.run()
    folds = world.sql(
        "select distinct fold from sqlmonitor.score_histograms where period = 'reference' order by 1"
    )
    assert folds == [(number,) for number in range(10)]


def test_predicted_labels_other_than_two_are_an_error(world: Any) -> None:
    world.sql("update scored set predicted = 7 where id = 5")
    with pytest.raises(DataError, match="label 'predicted' has other labels than two"):
        world.run()


def test_a_text_that_stands_for_missing_values_is_an_error(world: Any) -> None:
    world.sql("update scored set vehicle = case when id % 2 = 0 then '(missing)' end where id % 5 = 0")
    with pytest.raises(DataError, match="'vehicle' has both missing values and the text"):
        world.run()


@pytest.mark.parametrize("value", ["1e200", "1e308", "-1e150"])
def test_a_huge_value_in_the_reference_ends_no_run(world: Any, value: str) -> None:
    world.sql(f"update scored set amount = {value} where id = 7")
    results = world.run()
    assert results.loc[results["metric"].eq("jensen_shannon"), "value"].notna().any()


def test_times_before_1900_have_no_chunk(world: Any) -> None:
    world.sql("update scored set happened = timestamp '1899-05-05' where id < 5")
    assert world.run()["chunk"].min() > "2023"


@pytest.mark.parametrize(("period", "time"), [("week", "11949-06-01"), ("month", "55841-05-05")])
def test_times_too_late_for_a_number_have_no_chunk(
    world: Any, other_world: Any, caplog: pytest.LogCaptureFixture, period: str, time: str
) -> None:
    """Milliseconds that were read as seconds: their chunk once had rows, business figures and no drift."""
    world.monitor["chunks"] = other_world.monitor["chunks"] = period
    world.sql(f"update scored set happened = timestamp '{time}' where id >= 350")
    other_world.sql("delete from scored where id >= 350")
    pd.testing.assert_frame_equal(world.run(), other_world.run(), check_exact=False, rtol=1e-12)
    # A command of another test may have asked for statements too.
    warned = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warned == ["monitor 'loans': 50 rows have no happened and are left out"]
    stored = "select max(chunk), sum(row_count) from sqlmonitor.histograms where column_name = 'hour'"
    assert world.sql(stored) == other_world.sql(stored)


def test_without_a_reference_nothing_is_out_of_its_range(world: Any) -> None:
    world.sql("update scored set amount = null where happened < timestamp '2024-05-01'")
    results = world.run()
    found = results[results["metric"].eq("out_of_range") & results["column_name"].eq("amount")]
    assert len(found)
    assert found["value"].isna().all()
    assert set(found["note"].str.split(";").str[0]) == {"the reference has no values"}
    others = results[results["metric"].eq("out_of_range") & results["column_name"].ne("amount")]
    assert others["value"].notna().all()


def test_a_newest_chunk_without_labels_hides_no_alert(world: Any) -> None:
    world.monitor["target"].pop("maturity", None)
    world.sql(
        "delete from outcomes where id in (select id from scored where happened >= timestamp '2024-07-01')"
    )
    newest = Results(runner.run(*world.definition(), world.engine)).newest_complete_chunk().to_pandas()
    chunks = newest[newest["family"].eq("realized")].groupby("metric")["chunk"].max()
    assert chunks["label_coverage"] == "2024-07-01"
    assert chunks["roc_auc"] == "2024-06-01"


def test_a_word_in_the_data_is_no_second_run(world: Any) -> None:
    world.sql("alter table scored add column status varchar default 'conflict'")
    world.monitor["kpis"] = [{"name": "statuses", "sql": "sum(cast(status as integer))"}]
    with pytest.raises(WarehouseError, match="Could not convert string 'conflict'"):
        world.run()


def test_a_connection_lost_after_the_commit_is_said_as_it_is(world: Any, monkeypatch) -> None:
    whole = type(world.engine).transaction

    @contextmanager
    def lost(engine: Any) -> Iterator[None]:
        with whole(engine):
            yield
        raise UnreachableError("the connection is gone")

    monkeypatch.setattr(type(world.engine), "transaction", lost)
    with pytest.raises(UnreachableError):
        world.run()
    monkeypatch.undo()
    assert world.sql("select count(*) from sqlmonitor.runs") == [(1,)]


def test_settings_that_results_depend_on_are_made(world: Any) -> None:
    world.sql("set default_order = 'desc'")
    DuckDB(world.connection)
    assert world.sql("select current_setting('default_order')")[0][0].lower().startswith("asc")
    with pytest.raises(ConfigurationError, match="default_order"):
        connect("duckdb://", settings={"default_order": "desc"})
