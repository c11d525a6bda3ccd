"""Bad input gets a clear answer and stores nothing; odd but honest data get results."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from sqlmonitor.engines import connect
from sqlmonitor.errors import SqlmonitorError

Change = Callable[[Any], object]


def put(path: str, value: Any) -> Change:
    """Sets a key of the monitor, such as ``features.numeric``."""

    def change(world: Any) -> None:
        *parents, last = path.split(".")
        place = world.monitor
        for parent in parents:
            place = place[parent]
        place[last] = value

    return change


def sql(text: str) -> Change:
    """Changes the data."""
    return lambda world: world.sql(text)


# What is bad, and the words that the answer must have: the place, then the remedy.
BAD: dict[str, tuple[Change, list[str]]] = {
    "score outside [0, 1]": (
        sql("update scored set score = 1.5 where id in (3, 7)"),
        ["loans", "'score'", "outside [0, 1]", "2 rows", "1.5", "`where`"],
    ),
    "infinite score": (
        sql("update scored set score = 'inf'::double where id = 3"),
        ["'score'", "outside [0, 1]", "1 rows"],
    ),
    "three labels": (
        sql("update outcomes set actual = 2 where id = 5"),
        ["loans", "'actual'", "other labels than two", "2", "model.positive"],
    ),
    "another label than the declared two": (
        lambda world: (
            put("model.negative", 0)(world),
            sql("update outcomes set actual = 7 where actual = 0")(world),
        ),
        ["'actual'", "other labels than two", "7", "model.negative"],
    ),
    "duplicate ids": (
        sql("insert into outcomes values (5, 1), (5, 0)"),
        ["loans", "outcomes", "3 rows with id = 5", "multiply", "unique"],
    ),
    "empty reference": (
        put("reference", "happened < timestamp '1999-01-01'"),
        ["loans", "the reference has no rows", "`reference`"],
    ),
    "reference without labels": (
        sql("update outcomes set actual = null where id < 250"),
        ["loans", "no row of the reference has a label", "choose a period"],
    ),
    "unknown numeric column": (
        put("features.numeric", ["ammount"]),
        ["features.numeric[0]", "no column 'ammount'", "did you mean 'amount'?"],
    ),
    "unknown score": (put("model.score", "scor"), ["model.score", "'scor'", "did you mean 'score'?"]),
    "unknown segment": (put("segments", ["vehicel"]), ["segments[0]", "did you mean 'vehicle'?"]),
    "unknown target column": (
        put("target.column", "actuall"),
        ["target.column", "outcomes", "did you mean 'actual'?"],
    ),
    "unknown relation": (put("predictions", "scores"), ["scores"]),
    "unknown column in a KPI": (
        put("kpis", [{"name": "k", "sql": "sum(ammount)"}]),
        ["ammount", "amount"],
    ),
    "unknown column in the reference": (
        put("reference", "hapened < timestamp '2024-05-01'"),
        ["hapened", "happened"],
    ),
    "unknown metric": (
        put("metrics", {"drift": ["wassertein"]}),
        ["metrics.drift[0]", "unknown metric 'wassertein'", "did you mean 'wasserstein'?"],
    ),
    "metric of another task": (
        lambda world: (
            put("task", "none")(world),
            world.monitor.pop("model"),
            put("kpis", [])(world),
            put("metrics", {"performance": ["roc_auc"]})(world),
        ),
        ["metrics.performance[0]", "does not fit the task none"],
    ),
    "text timestamp": (
        sql("alter table scored alter happened type varchar"),
        ["timestamp", "'happened' is VARCHAR", "cast it"],
    ),
    "text as a number": (
        put("features", {"numeric": ["region"]}),
        ["features.numeric[0]", "not a number", "categorical"],
    ),
    "KPI without aggregate": (
        put("kpis", [{"name": "k", "sql": "amount + 1"}]),
        ["kpis[0].sql", "aggregate", "sum(amount)"],
    ),
    "two KPI expressions": (
        put("kpis", [{"name": "k", "sql": "sum(amount), 1"}]),
        ["kpis[0].sql", "sum(amount)"],
    ),
    "a second statement": (
        put("predictions", {"sql": "select * from scored; drop table scored"}),
        ["predictions.sql", "more than one statement", "write one SELECT"],
    ),
}


@pytest.mark.parametrize("has_run", [False, True], ids=["new", "again"])
@pytest.mark.parametrize("name", BAD)
def test_bad_input(world: Any, name: str, has_run: bool) -> None:
    if has_run:
        world.run()
    before = world.stored_rows()
    change, words = BAD[name]
    change(world)
    with pytest.raises(SqlmonitorError) as raised:
        world.run()
    assert raised.value.exit_code == 2
    said = str(raised.value)
    assert not [word for word in words if word not in said], said
    assert raised.value.hints() or "does not fit" in said, f"no remedy in: {said}"
    assert world.stored_rows() == before
    assert world.temporary_tables() == []
    assert world.sql("select count(*) from scored") == [(400,)]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SqlmonitorError, match=r"(?s)no DuckDB file gone\.duckdb.*warehouse") as raised:
        connect("duckdb:///gone.duckdb", directory=tmp_path)
    assert raised.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_foreign_file(tmp_path: Path) -> None:
    (tmp_path / "notes.duckdb").write_text("not a database " * 1000, encoding="utf-8")
    with pytest.raises(SqlmonitorError) as raised:
        connect("duckdb:///notes.duckdb", directory=tmp_path)
    assert raised.value.exit_code == 2


def test_locked_file(tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"
    code = (
        f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(SqlmonitorError, match=r"(?s)shop\.duckdb is locked.*close") as raised:
            connect("duckdb:///shop.duckdb", directory=tmp_path)
        other.communicate()
    assert raised.value.exit_code == 2


def test_read_only_file(tmp_path: Path, world: Any) -> None:
    from sqlmonitor import runner

    file = tmp_path / "shop.duckdb"
    world.sql(f"attach '{file}' as shop")
    for table in ("scored", "outcomes"):
        world.sql(f"create table shop.{table} as select * from {table}")
    world.sql("detach shop")
    with (
        connect("duckdb:///shop.duckdb", directory=tmp_path, read_only=True) as engine,
        pytest.raises(SqlmonitorError, match=r"(?s)read-only.*write access") as raised,
    ):
        runner.run(*world.definition(), engine)
    assert raised.value.exit_code == 2
    with duckdb.connect(str(file)) as connection:
        assert connection.execute(
            "select count(*) from duckdb_schemas() where schema_name = 'sqlmonitor'"
        ).fetchall() == [(0,)]


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


def test_the_file_and_the_line_are_named(world: Any) -> None:
    world.monitor["features"]["numeric"] = ["ammount"]
    text = json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [world.monitor]}, indent=1)
    line = 1 + next(n for n, said in enumerate(text.splitlines()) if "ammount" in said)
    with pytest.raises(SqlmonitorError, match=rf"sqlmonitor\.yml, line {line}, monitors\[0\]\.features"):
        world.run()
