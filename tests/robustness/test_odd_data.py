"""Odd but honest data give results: what cannot be computed has a note, and nothing is silent."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sqlmonitor import validation


def pick(frame: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Rows of the results with these keys, without segments."""
    keys = {"segment_column": "", "component": ""} | wanted
    for column, value in keys.items():
        frame = frame[frame[column] == value]
    assert not frame.empty, wanted
    return frame


def nothing_is_infinite(frame: pd.DataFrame) -> None:
    for column in ("value", "standard_error", "lower_bound", "upper_bound", "lower_threshold"):
        assert not [value for value in frame[column].dropna() if math.isinf(value)], column


ODD: dict[str, str] = {
    "missing score": "update scored set score = null where id % 5 = 0",
    "NaN score": "update scored set score = 'nan'::double where id % 5 = 0",
    "missing label": "update outcomes set actual = null where id % 5 = 0",
    "missing prediction": "update scored set predicted = null where id % 5 = 0",
    "NaN feature": "update scored set amount = 'nan'::double where id % 5 = 0",
    "infinite feature": "update scored set amount = case id % 10 when 0 then 'inf' else '-inf' end::double where id % 5 = 0",
    "constant column": "update scored set amount = 3",
    "all-NULL column": "update scored set amount = null",
    "all-NULL category": "update scored set region = null",
    "a chunk with one class": "update outcomes set actual = 1 where id >= 350",
    "an empty month between": "delete from scored where happened >= timestamp '2024-06-01' and happened < timestamp '2024-07-01'",
    "a one-row chunk": "delete from scored where happened >= timestamp '2024-06-01' and happened < timestamp '2024-07-01' and id <> 300",
    "no row with a time": "update scored set happened = null where id % 50 = 0",
}


@pytest.mark.parametrize("resolution", ["binned", "exact"])
@pytest.mark.parametrize("name", ODD)
def test_odd_data_give_results(world: Any, name: str, resolution: str) -> None:
    world.monitor["resolution"] = resolution
    world.sql(ODD[name])
    frame = world.run()
    nothing_is_infinite(frame)
    assert frame["value"].notna().any()
    unexplained = frame[frame["value"].isna() & frame["note"].isna()]
    assert unexplained.empty, unexplained[["family", "metric", "column_name", "component", "chunk"]]


def test_scores_and_labels_that_miss_are_unused(world: Any) -> None:
    world.sql(
        "update scored set score = case id % 10 when 0 then null else 'nan'::double end where id % 5 = 0"
    )
    frame = world.run()
    rows = pick(frame, family="summary", metric="row_count")["value"].sum()
    estimated = pick(frame, family="estimated", metric="roc_auc")
    assert estimated["row_count"].sum() == rows - 80
    assert estimated["unused_count"].sum() == 80


@pytest.mark.parametrize("value", ["null", "'nan'::double"])
def test_missing_and_nan_features_are_missing(world: Any, value: str) -> None:
    world.sql("update scored set hour = 1; alter table scored alter hour type double")
    world.sql(f"update scored set hour = {value} where id >= 300")
    shares = pick(world.run(), family="quality", metric="missing", column_name="hour")
    assert shares["value"].iloc[0] == 0
    assert shares.sort_values("chunk")["value"].iloc[-1] == 1


def test_infinite_features_are_out_of_range_and_have_no_mean(world: Any) -> None:
    world.sql("update scored set amount = 'inf'::double where id = 390")
    frame = world.run()
    last = pick(frame, family="summary", metric="mean", column_name="amount").sort_values("chunk").iloc[-1]
    assert math.isnan(last["value"])
    assert last["note"] == "infinite values"
    outside = pick(frame, family="quality", metric="out_of_range", column_name="amount")
    assert outside.sort_values("chunk")["value"].iloc[-1] > 0


def test_one_class_has_no_roc_auc(world: Any) -> None:
    world.sql("update outcomes set actual = 1 where id >= 300")
    areas = pick(world.run(), family="realized", metric="roc_auc").sort_values("chunk")
    assert areas["note"].iloc[-1] == "one class only"
    assert math.isnan(areas["value"].iloc[-1])
    assert areas["is_alert"].iloc[-1] is None or pd.isna(areas["is_alert"].iloc[-1])


def test_a_month_without_rows_has_no_chunk(world: Any) -> None:
    world.sql(ODD["an empty month between"])
    assert "2024-06-01" not in set(world.run()["chunk"])


def test_one_row_is_a_chunk(world: Any) -> None:
    world.sql(
        ODD["a one-row chunk"].replace(
            "300", "(select min(id) from scored where happened >= timestamp '2024-06-01')"
        )
    )
    counts = pick(world.run(), family="summary", metric="row_count", chunk="2024-06-01")
    assert list(counts["value"]) == [1]


def test_constant_column_has_no_distance(world: Any) -> None:
    world.sql("update scored set amount = 3")
    frame = world.run()
    for metric in ("jensen_shannon", "kolmogorov_smirnov", "wasserstein"):
        assert set(pick(frame, family="drift", metric=metric, column_name="amount")["value"]) == {0}


def test_all_null_column_has_notes(world: Any) -> None:
    world.sql("update scored set amount = null")
    rows = pick(world.run(), family="drift", metric="jensen_shannon", column_name="amount")
    assert rows["value"].isna().all()
    assert set(rows["note"]) == {"the reference has no values"}


@pytest.mark.parametrize("where", [None, "happened >= timestamp '2024-05-01'"], ids=["apart", "same"])
def test_a_reference_that_does_not_overlap_gives_the_same_results(
    world: Any, other_world: Any, where: str | None
) -> None:
    if where is None:
        world.move_reference()
    else:
        world.monitor["where"] = where
        world.monitor["reference"] = {"relation": "scored", "where": "happened < timestamp '2024-05-01'"}
    project, monitor = world.definition()
    assert "reference 207 rows, analysis 193 rows" in validation.validate(project, monitor, world.engine)
    pd.testing.assert_frame_equal(
        world.run().drop(columns="fit_id"),
        other_world.run().drop(columns="fit_id"),
        check_exact=False,
        rtol=1e-12,
        atol=1e-14,
    )


@pytest.mark.parametrize("chunks", ["month", {"size": 100}], ids=str)
def test_rows_without_a_time_are_told(world: Any, chunks: Any, caplog: pytest.LogCaptureFixture) -> None:
    world.monitor["chunks"] = chunks
    world.sql("update scored set happened = null where id % 50 = 0")
    said = validation.validate(*world.definition(), world.engine)
    assert "8 columns, 400 rows" in said
    told = "8 rows have no happened and are left out"
    frame = world.run()
    counted = pick(frame, family="summary", metric="row_count")["value"].sum()
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told in said
    assert warnings == [f"monitor 'loans': {told}"]
    assert counted == 392


def test_rows_without_a_time_are_told_on_standard_error(world_on_file: Any, tmp_path: Path) -> None:
    world_on_file.sql("update scored set happened = null where id % 50 = 0")
    (tmp_path / "sqlmonitor.yml").write_text(world_on_file.text("duckdb:///shop.duckdb"), encoding="utf-8")
    world_on_file.connection.close()
    # In a process of its own, as pytest handles what is logged in this one.
    done = subprocess.run(
        [sys.executable, "-c", "from sqlmonitor.cli import main; main(['run'])"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "monitor 'loans': 8 rows have no happened and are left out\n"
    assert "left out" not in done.stdout
