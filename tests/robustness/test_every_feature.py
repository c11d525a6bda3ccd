"""`features: all` is the same monitor with its columns listed, and says what it left out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sqlmonitor import planner, validation
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import ConfigurationError, DataError
from sqlmonitor.script import script
from sqlmonitor.validation import ResolvedFeatures
from sqlmonitor.validation.every_feature import written_name

NAMES = ["order", 'a "quoted" name', "Überprüfung", "'; drop table x --", "{score} {{ x }} {% if %}"]
LISTED = {"numeric": ["amount", "hour"], "categorical": ["region", "vehicle"]}

# Column, its SQL over id, and where it goes: a kind of feature, or why it is none.
COLUMNS = [
    ("tiny", "cast(id % 5 as tinyint)", "numeric"),
    ("unsigned", "cast(id % 5 as ubigint)", "numeric"),
    ("huge", "cast(id % 5 as hugeint)", "numeric"),
    ("price", "cast(id % 7 as decimal(18, 3))", "numeric"),
    ("single", "cast(id as float) / 3", "numeric"),
    ("double", "cast(id as double) / 3", "numeric"),
    ("word", "'w' || id % 3", "categorical"),
    ("flag", "id % 2 = 0", "categorical"),
    ("size", "cast(['S', 'M\nL'][1 + id % 2] as enum ('S', 'M\nL'))", "categorical"),
    ("day", "date '2024-01-01' + cast(id % 9 as integer)", "a time: DATE"),
    ("clock", "cast('10:00' as time)", "a time: TIME"),
    ("zoned", "cast(happened as timestamptz)", "a time: TIMESTAMP WITH TIME ZONE"),
    ("list", "[id % 3]", "unusable: BIGINT[]"),
    ("texts", "['a', 'b']", "unusable: VARCHAR[]"),
    ("pair", "{'a': id % 3, 'b': 'x'}", "unusable: STRUCT(a BIGINT, b VARCHAR)"),
    (
        "wide",
        f"{{{', '.join(f'field_{n}: {n}' for n in range(50))}}}",
        "unusable: STRUCT(field_0 INTEGER, field_1 INTEGER, field_2 INTEGER, …",
    ),
    ("bytes", "cast('a' as blob)", "unusable: BLOB"),
    ("wait", "interval '1 day'", "unusable: INTERVAL"),
    ("session", "'s' || id", "an identifier: 207 values in 207 rows"),
    # One value in twenty-one is missing, one in forty repeats: 192 of 198 is nearly all.
    (
        "token",
        "case when id % 21 <> 0 then 't' || case when id % 40 = 1 then 1 else id end end",
        "an identifier",
    ),
    ("account", "id * 3", "an identifier: 207 values in 207 rows"),
    ("cents", "case when id % 40 = 1 then 1 else id end * 3", "numeric"),
    ("nothing", "cast(null as varchar)", "no values in the reference"),
    ("one", "'x'", "one value in the reference"),
    (
        "later",
        "case when happened < timestamp '2024-05-01' then 0 else id % 3 end",
        "one value in the reference",
    ),
    ("no_number", "cast('nan' as double)", "no values in the reference"),
]


def resolved(world: Any) -> ResolvedFeatures:
    project, monitor = world.definition()
    types = validation.check_sources(project, monitor, world.engine)
    return validation.resolve_features(project, monitor, types, world.engine)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def add(world: Any, name: str, sql: str) -> None:
    world.sql(f"create or replace table scored as select *, {sql} as {quoted(name)} from scored")


@pytest.fixture
def everything(world: Any) -> Any:
    """A monitor of all features."""
    world.monitor["features"] = "all"
    return world


@pytest.mark.parametrize("has_own_reference", [False, True])
@pytest.mark.parametrize("resolution", ["binned", "exact"])
def test_same_as_listed(everything: Any, other_world: Any, resolution: str, has_own_reference: bool) -> None:
    other_world.monitor["features"] = LISTED
    for one in (everything, other_world):
        one.monitor["resolution"] = resolution
        if has_own_reference:
            one.move_reference()
    # The fit's id too, which is made of the columns.
    pd.testing.assert_frame_equal(everything.run(), other_world.run())


def test_another_column_is_another_fit(everything: Any) -> None:
    before = set(everything.run()["fit_id"])
    add(everything, "weight", "id % 11")
    after = everything.run()
    assert before.isdisjoint(after["fit_id"])
    assert set(after.loc[after["family"] == "drift", "column_name"]) == {
        *("amount", "hour", "weight"),
        *("region", "vehicle"),
    }


def test_every_type(everything: Any) -> None:
    for name, sql, _ in COLUMNS:
        add(everything, name, sql)
    found = resolved(everything)
    features = found.monitor.features
    assert features.numeric == ("amount", "hour", *(name for name, _, goes in COLUMNS if goes == "numeric"))
    assert features.categorical == (
        *("region", "vehicle"),
        *(name for name, _, goes in COLUMNS if goes == "categorical"),
    )
    reasons = {name: goes for name, _, goes in COLUMNS if goes not in ("numeric", "categorical")}
    left_out = dict(found.left_out)
    assert left_out.pop("token").startswith(reasons.pop("token"))
    assert left_out == reasons | {
        "id": "the id",
        "happened": "the timestamp",
        "score": "a score",
        "predicted": "the label",
    }
    assert not everything.run().empty


def test_the_users_word_wins(everything: Any) -> None:
    for name, sql in (("session", "'s' || id"), ("zip", "id % 4"), ("day", "cast(happened as date)")):
        add(everything, name, sql)
    add(everything, "is_new", "id % 2 = 0")
    everything.monitor["features"] = {
        "all": True,
        "numeric": ["IS_NEW", "score"],
        "categorical": ["Zip", "day", "session"],
        "exclude": ["HOUR"],
    }
    found = resolved(everything)
    assert found.monitor.features.numeric == ("IS_NEW", "score", "amount")
    assert found.monitor.features.categorical == ("Zip", "day", "session", "region", "vehicle")
    assert found.left_out == {
        "id": "the id",
        "happened": "the timestamp",
        "hour": "excluded",
        "predicted": "the label",
    }
    assert not everything.run().empty


def test_columns_used_otherwise_in_other_spellings(everything: Any) -> None:
    add(everything, "Actual", "predicted")
    add(everything, "Known_At", "happened + interval '1 day'")
    monitor = everything.monitor
    monitor |= {"id": "ID", "timestamp": "Happened", "model": {"score": "SCORE", "label": "Predicted"}}
    monitor["target"] = {"column": "actual", "observed_at": "known_at"}
    monitor["kpis"] = []
    found = resolved(everything)
    assert found.monitor.features.numeric == ("amount", "hour")
    assert found.left_out == {
        "id": "the id",
        "happened": "the timestamp",
        "score": "a score",
        "predicted": "the label",
        "Actual": "the target",
        "Known_At": "when the target was known",
    }


def test_the_key_of_the_target_without_an_id(everything: Any) -> None:
    del everything.monitor["id"]
    everything.monitor["target"]["on"] = "id"
    assert resolved(everything).left_out["id"] == "joins the target"


def test_scores_of_several_classes(everything: Any) -> None:
    add(everything, "other", "1 - score")
    everything.monitor |= {
        "task": "multiclass_classification",
        "model": {"score": {"1": "score", "0": "OTHER"}, "label": "predicted"},
        "kpis": [],
    }
    left_out = resolved(everything).left_out
    assert {left_out["score"], left_out["other"]} == {"a score"}


def test_a_reference_without_the_column(everything: Any) -> None:
    everything.move_reference()
    add(everything, "newer", "id % 3")
    add(everything, "level", "'l' || id % 3")
    everything.sql("alter table history add column level integer")
    everything.sql("update history set level = id % 3")
    left_out = resolved(everything).left_out
    assert left_out["newer"] == "not in the reference"
    assert left_out["level"] == "VARCHAR here, INTEGER in the reference"


def test_few_rows_tell_no_identifier(everything: Any) -> None:
    add(everything, "session", "'s' || id")
    everything.monitor["reference"] = "id < 99"
    assert "session" in resolved(everything).monitor.features.categorical
    everything.monitor["reference"] = "id < 100"
    assert "session" in resolved(everything).left_out


def test_the_condition_on_predictions_holds(everything: Any) -> None:
    everything.monitor["where"] = "vehicle = 'car'"
    assert resolved(everything).left_out["vehicle"] == "one value in the reference"


@pytest.mark.parametrize(
    ("name", "sql"),
    [(name, ["id % 7", "'a' || id % 7"][number % 2]) for number, name in enumerate([*NAMES, " ", "true"])],
)
def test_hostile_names(everything: Any, other_world: Any, name: str, sql: str) -> None:
    for world, column in ((everything, name), (other_world, "plain")):
        add(world, column, sql)
    other_world.monitor["features"] = "all"
    hostile, plain = (world.run().drop(columns="fit_id") for world in (everything, other_world))
    hostile["column_name"] = hostile["column_name"].replace(name, "plain")
    order = [
        "period",
        "chunk",
        "segment_column",
        "segment_value",
        "family",
        "metric",
        "column_name",
        "component",
    ]
    pd.testing.assert_frame_equal(
        hostile.sort_values(order, ignore_index=True), plain.sort_values(order, ignore_index=True)
    )


@pytest.mark.parametrize("name", [*NAMES, " ", "true", "123", "é", "a_b"])
def test_names_are_written_as_yaml(name: str) -> None:
    from ruamel.yaml import YAML

    assert YAML(typ="safe").load(f"[{written_name(name)}, x]") == [name, "x"]


def test_nothing_left_is_an_error(everything: Any) -> None:
    everything.sql("alter table scored drop column amount")
    everything.monitor["kpis"] = []
    everything.monitor["features"] = {"all": True, "exclude": ["hour", "region", "vehicle"]}
    with pytest.raises(ConfigurationError) as raised:
        everything.run()
    assert "features: all finds no column to watch" in raised.value.message
    assert "id (the id)" in raised.value.message
    assert "hour (excluded)" in raised.value.message
    assert raised.value.key == "monitors[0].features"
    assert raised.value.line is not None
    assert "list columns" in str(raised.value)
    assert everything.stored_rows() == {}


@pytest.mark.parametrize(
    ("features", "key", "said"),
    [
        ({"numeric": ["region"]}, "features.numeric[0]", "column 'region' is VARCHAR, not a number"),
        ({"numeric": ["amonut"]}, "features.numeric[0]", "did you mean 'amount'?"),
        ({"exclude": ["amonut"]}, "features.exclude[0]", "did you mean 'amount'?"),
        ({"numeric": ["hour", "HOUR"]}, "features.numeric[1]", "'HOUR' is the same column as 'hour'"),
        ({"categorical": ["hour"], "exclude": ["Hour"]}, "features.exclude[0]", "the same column as 'hour'"),
    ],
)
def test_a_named_column_that_cannot_be_used_is_an_error(
    everything: Any, features: dict[str, Any], key: str, said: str
) -> None:
    everything.monitor["features"] = {"all": True} | features
    with pytest.raises(ConfigurationError) as raised:
        everything.run()
    assert raised.value.key == f"monitors[0].{key}"
    assert said in str(raised.value)


def test_an_empty_reference_is_named_as_such(everything: Any) -> None:
    everything.monitor["reference"] = "happened < timestamp '1999-01-01'"
    with pytest.raises(DataError, match="the reference has no rows"):
        validation.validate(*everything.definition(), everything.engine)


def test_validate_and_run_say_what_became(everything: Any, caplog: pytest.LogCaptureFixture) -> None:
    add(everything, "a b", "id % 3")
    lines = validation.validate(*everything.definition(), everything.engine)
    said = [
        "features: all is",
        '  numeric: [amount, hour, "a b"]',
        "  categorical: [region, vehicle]",
        "  left out: id (the id), happened (the timestamp), score (a score), predicted (the label)",
    ]
    assert lines[lines.index(said[0]) :][: len(said)] == said
    with caplog.at_level(logging.INFO, logger="sqlmonitor"):
        everything.run()
    assert all(line in caplog.text for line in said)


def test_listed_features_ask_nothing(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project, monitor = world.definition()
    types = validation.check_sources(project, monitor, world.engine)
    monkeypatch.setattr(DuckDB, "first", None)
    found = validation.resolve_features(project, monitor, types, world.engine)
    assert found.monitor is monitor
    assert found.lines() == []


def test_one_statement_for_all_columns(everything: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        add(everything, f"column_{number}", "id % 3")
    project, monitor = everything.definition()
    types = validation.check_sources(project, monitor, everything.engine)
    asked: list[str] = []
    first = DuckDB.first
    monkeypatch.setattr(DuckDB, "first", lambda engine, sql: asked.append(sql) or first(engine, sql))
    validation.resolve_features(project, monitor, types, everything.engine)
    assert len(asked) == 1


def test_a_plan_alone_knows_no_columns(everything: Any) -> None:
    with pytest.raises(ConfigurationError, match="needs the warehouse") as raised:
        planner.plan(*everything.definition())
    assert "list the columns" in str(raised.value)


def test_compile_reads_the_columns(
    world_on_file: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command_line: Callable[..., tuple[object, str, str]],
) -> None:
    monkeypatch.chdir(tmp_path)
    world_on_file.connection.close()
    written = {}
    for name, features in (("all", "all"), ("listed", LISTED)):
        world_on_file.monitor["features"] = features
        Path(f"{name}.yml").write_text(world_on_file.text("duckdb:///shop.duckdb"), encoding="utf-8")
        code, written[name], err = command_line("compile", "-c", f"{name}.yml", "--plan")
        assert code == 0
        assert ("read the columns from the warehouse" in err) == (name == "all")
        assert ("left out: id (the id)" in err) == (name == "all")
    assert written["all"] == written["listed"]
    world_on_file.monitor["features"] = "all"
    Path("none.yml").write_text(world_on_file.text("duckdb:///none.duckdb"), encoding="utf-8")
    code, out, err = command_line("compile", "-c", "none.yml")
    assert (code, out) == (2, "")
    assert "features: all needs the warehouse" in err
    assert "list the columns" in err


def test_compiled_sql_is_that_of_the_listed_columns(everything: Any, other_world: Any) -> None:
    project, monitor = everything.definition()
    types = validation.check_sources(project, monitor, everything.engine)
    found = validation.resolve_features(project, monitor, types, everything.engine)
    other_world.monitor["features"] = LISTED
    listed = planner.plan(*other_world.definition(), types=types)
    assert script(planner.plan(project, found.monitor, types=types)) == script(listed)


def test_errors_of_the_resolved_monitor_name_the_line(everything: Any) -> None:
    _, monitor = everything.definition()
    error = resolved(everything).monitor.error("features.numeric[1]", "x")
    assert error.line == monitor.error("features", "x").line is not None
