"""Bad input gets a clear answer and stores nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sqlmonitor import validation
from sqlmonitor.engines import DuckDB
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


def without_id(world: Any) -> None:
    """Lets the target name the column to join on."""
    del world.monitor["id"]
    world.monitor["target"]["on"] = "id"


# What is bad, and the words that the answer must have: the place, then the remedy.
BAD: dict[str, tuple[Change, list[str]]] = {
    "score outside [0, 1]": (
        sql("update scored set score = 1.5 where id in (3, 7)"),
        ["loans", "'score'", "outside [0, 1] in 2 rows, such as 1.5 where id = 3", "`where`"],
    ),
    "score outside [0, 1] in both directions": (
        sql("update scored set score = case id when 3 then 1.5 when 7 then -0.5 end where id in (3, 7)"),
        ["'score'", "2 rows, such as 1.5 where id = 3"],
    ),
    "score outside [0, 1] in the reference's relation": (
        lambda world: (
            world.move_reference(),
            world.sql("update history set score = 70 where id = 100"),
        ),
        ["'score'", "1 rows, such as 70.0 where id = 100"],
    ),
    "score outside [0, 1] without an id": (
        lambda world: (
            without_id(world),
            world.sql("update scored set score = 1.5 where id = 3"),
        ),
        ["'score'", "outside [0, 1] in 1 rows, such as 1.5\n"],
    ),
    "text as a score": (
        sql("alter table scored alter score type varchar"),
        ["model.score", "'score' is VARCHAR, not a number", "cast it"],
    ),
    "infinite score": (
        sql("update scored set score = 'inf'::double where id = 3"),
        ["'score'", "outside [0, 1]", "1 rows, such as inf where id = 3"],
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
    "a number for labels that are text": (
        sql(
            "alter table outcomes alter actual type varchar using case actual when 1 then 'yes' else 'no' end"
        ),
        ["model.positive", "'actual' is VARCHAR", "positive value 1 is no text", "in quotes"],
    ),
    "text for labels that are numbers": (
        put("model.positive", "yes"),
        ["model.positive", "'predicted' is INTEGER", "positive value 'yes' is text", "without quotes"],
    ),
    "duplicate ids": (
        sql("insert into outcomes (id, actual) values (5, 1), (5, 0)"),
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
    "unknown relation": (
        put("predictions", "scores"),
        ["line", "predictions", "scores does not exist", "scored", "check the name"],
    ),
    "unknown relation of the reference": (
        put("reference", {"relation": "histories"}),
        ["reference.relation", "histories does not exist", "check the name"],
    ),
    "unknown relation of the target": (
        put("target.relation", "outcome"),
        ["target.relation", "outcome does not exist", "outcomes", "check the name"],
    ),
    "unknown time of the target": (
        put("target.observed_at", "when"),
        ["target.observed_at", "outcomes has no column 'when'", "allowed: actual, id"],
    ),
    "unknown column in where": (
        put("where", "ammount > 0"),
        ["where", "no column 'ammount'", "allowed", "amount"],
    ),
    "unknown column in the reference's condition": (
        put("reference", {"relation": "scored", "where": "hapened < timestamp '2024-05-01'"}),
        ["reference.where", "no column 'hapened'", "happened"],
    ),
    "a reference without the predictions' columns": (
        lambda world: (world.move_reference(), world.sql("alter table history drop score")),
        ["reference.relation", "history has no column 'score'", "it has amount, happened"],
    ),
    "an empty reference in a relation of its own": (
        lambda world: (world.move_reference(), world.sql("delete from history")),
        ["the reference has no rows", "`reference`"],
    ),
    "overlap in one relation": (
        put("reference", {"relation": "scored", "where": "happened < timestamp '2024-05-01'"}),
        ["loans", "207 rows are in the reference and in the analysis, such as id = 0", "`where`"],
    ),
    "overlap in one relation in other letters": (
        put("reference", {"relation": "SCORED", "where": "happened < timestamp '2024-05-01'"}),
        ["207 rows are in the reference and in the analysis"],
    ),
    "overlap in one relation without an id": (
        lambda world: (
            without_id(world),
            put("where", "happened >= timestamp '2024-04-30'")(world),
            put("reference", {"relation": "scored", "where": "happened < timestamp '2024-05-01'"})(world),
        ),
        ["1 rows are in the reference and in the analysis\n", "`where`"],
    ),
    "overlap of ids": (
        lambda world: (
            world.move_reference(),
            world.sql("insert into scored select * from history where id in (5, 6)"),
        ),
        ["2 rows are in the reference and in the analysis, such as id = 5"],
    ),
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


@pytest.mark.parametrize("has_run", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["new", "again"])
@pytest.mark.parametrize("name", BAD)
def test_bad_input(world: Any, name: str, has_run: bool) -> None:
    if has_run:
        world.run()
    before = world.stored_rows()
    change, words = BAD[name]
    change(world)
    # Some of the rows are in chunks that only a full run reads again.
    with pytest.raises(SqlmonitorError) as raised:
        world.run(full=has_run)
    assert raised.value.exit_code == 2
    said = str(raised.value)
    assert not [word for word in words if word not in said], said
    assert raised.value.hints() or "does not fit" in said, f"no remedy in: {said}"
    assert world.stored_rows() == before
    assert world.temporary_tables() == []
    assert world.sql("select count(*) from scored") != [(0,)]


@pytest.mark.parametrize("name", BAD)
def test_bad_input_on_the_command_line(
    world_on_file: Any,
    name: str,
    tmp_path: Path,
    command_line: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    change, words = BAD[name]
    change(world_on_file)
    (tmp_path / "sqlmonitor.yml").write_text(world_on_file.text("duckdb:///shop.duckdb"), encoding="utf-8")
    world_on_file.connection.close()
    code, out, err = command_line("run")
    assert (code, out) == (2, ""), err
    assert not [word for word in words if word not in err], err
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 4
    with duckdb.connect("shop.duckdb") as connection:
        stored = "select count(*) from information_schema.tables where table_schema = 'sqlmonitor'"
        assert connection.execute(stored).fetchall() == [(0,)]


def test_validate_names_overlap_and_an_empty_reference(world: Any) -> None:
    project, monitor = world.definition()
    assert "reference 207 rows, analysis 193 rows" in validation.validate(project, monitor, world.engine)
    world.monitor["reference"] = "happened < timestamp '1999-01-01'"
    with pytest.raises(SqlmonitorError, match="the reference has no rows"):
        validation.validate(*world.definition(), world.engine)
    world.monitor["reference"] = {"relation": "scored"}
    with pytest.raises(SqlmonitorError, match="400 rows are in the reference and in the analysis"):
        validation.validate(*world.definition(), world.engine)


def test_an_example_is_looked_for_only_where_a_promise_is_broken(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    whole = DuckDB.first

    def first(engine: DuckDB, sql: str) -> dict[str, Any] | None:
        asked.append(sql)
        return whole(engine, sql)

    monkeypatch.setattr(DuckDB, "first", first)
    world.run()
    assert not [text for text in asked if "scored" in text]


def test_the_file_and_the_line_are_named(world: Any) -> None:
    world.monitor["features"]["numeric"] = ["ammount"]
    text = json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [world.monitor]}, indent=1)
    line = 1 + next(n for n, said in enumerate(text.splitlines()) if "ammount" in said)
    with pytest.raises(SqlmonitorError, match=rf"sqlmonitor\.yml, line {line}, monitors\[0\]\.features"):
        world.run()
