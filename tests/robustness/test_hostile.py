"""Names and values that try to break out of SQL give the results of the same data under plain ones."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from sqlmonitor import planner
from sqlmonitor.errors import DataError
from sqlmonitor.script import script

NAMES = ["order", 'a "quoted" name', "Überprüfung", "'; drop table x --", "{score} {{ x }} {% if %}"]
PLACES = ["id", "happened", "amount", "region", "vehicle", "score", "predicted", "actual"]
VALUES = {
    "north": "it's",
    "south": "'; drop table outcomes; --",
    "east": 'a "b" \\ %s {x} {{ y }}',
    "west": "(Überprüfung)\n--",
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def renamed(world: Any, old: str, new: str) -> None:
    """Gives one column another name, in the tables and wherever the monitor says it."""
    monitor = world.monitor
    for table in ("outcomes",) if old == "actual" else ("scored", "outcomes") if old == "id" else ("scored",):
        world.sql(f"alter table {table} rename column {old} to {quoted(new)}")
    for key in ("id", "timestamp"):
        monitor[key] = new if monitor[key] == old else monitor[key]
    monitor["model"] = {key: new if value == old else value for key, value in monitor["model"].items()}
    monitor["target"]["column"] = new if old == "actual" else "actual"
    for lists in (monitor["features"], monitor):
        for key in ("numeric", "categorical", "segments"):
            if key in lists:
                lists[key] = [new if name == old else name for name in lists[key]]
    if old == "happened":
        monitor["reference"] = f"{quoted(new)} < timestamp '2024-05-01'"
    if old == "amount":
        monitor["kpis"][1]["sql"] = f"sum({quoted(new)}) / count(*)"


def told(frame: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Results with plain names in place of the hostile ones."""
    plain = frame.drop(columns=["monitor", "fit_id"])
    for column in ("segment_column", "segment_value", "metric", "column_name"):
        plain[column] = plain[column].map(lambda value: names.get(value, value))
    keys = [
        *("period", "chunk", "segment_column", "segment_value"),
        *("family", "metric", "column_name", "component"),
    ]
    return plain.sort_values(keys, ignore_index=True)


def check(world: Any, other_world: Any, names: dict[str, str]) -> None:
    hostile, plain = told(world.run(), names), told(other_world.run(), {})
    pd.testing.assert_frame_equal(hostile, plain, check_exact=False, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("place", "name"), [(place, NAMES[number % len(NAMES)]) for number, place in enumerate(PLACES)]
)
def test_hostile_column(world: Any, other_world: Any, place: str, name: str) -> None:
    renamed(world, place, name)
    check(world, other_world, {name: place})


@pytest.mark.parametrize(
    "name", [*NAMES[:2], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[2:])]
)
def test_hostile_tables(world: Any, other_world: Any, name: str) -> None:
    for key, table in (("predictions", "scored"), ("target", "outcomes")):
        hostile = f"{name} {key}"
        world.sql(f"alter table {table} rename to {quoted(hostile)}")
        if key == "target":
            world.monitor["target"]["relation"] = quoted(hostile)
        else:
            world.monitor["predictions"] = quoted(hostile)
    check(world, other_world, {})


@pytest.mark.parametrize("column", ["region", "vehicle"])
def test_hostile_levels_and_segments(world: Any, other_world: Any, column: str) -> None:
    values = VALUES if column == "region" else {"car": VALUES["north"], "bike": VALUES["south"]}
    for plain, hostile in values.items():
        world.sql(f"update scored set {column} = {literal(hostile)} where {column} = {literal(plain)}")
    # Levels are numbered by their counts and then their text, which these metrics do not see.
    check(world, other_world, {hostile: plain for plain, hostile in values.items()})


def test_hostile_labels(world: Any, other_world: Any) -> None:
    yes, no = 'it\'s a "yes"; --', "{no}'"
    for table, column in (("scored", "predicted"), ("outcomes", "actual")):
        world.sql(
            f"alter table {table} alter {column} type varchar "
            f"using case when {column} = 1 then {literal(yes)} else {literal(no)} end"
        )
    world.monitor["model"] |= {"positive": yes, "negative": no}
    check(world, other_world, {})


@pytest.mark.parametrize(
    "name", [*NAMES[:2], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[2:])]
)
def test_hostile_kpi_and_monitor(world: Any, other_world: Any, name: str) -> None:
    world.monitor["name"] = name
    world.monitor["kpis"][0]["name"] = name
    world.monitor["kpis"][1]["name"] = f"{name} 2"
    check(world, other_world, {name: "worth", f"{name} 2": "amount_per_row"})


@pytest.mark.parametrize(
    "name", [NAMES[-1], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[:-1])]
)
def test_hostile_names_in_the_written_files(world: Any, name: str) -> None:
    world.monitor["name"] = name
    renamed(world, "amount", name)
    by_run = world.run().drop(columns=["monitor"])
    columns = "select * exclude (monitor, run_id, computed_at) from sqlmonitor.latest_results order by all"
    before = world.connection.execute(columns).df()
    for _, text in script(planner.plan(*world.definition())):
        world.connection.execute(text).fetchall()
    pd.testing.assert_frame_equal(world.connection.execute(columns).df(), before, rtol=1e-12, atol=1e-14)
    assert len(before) == len(by_run)
    assert world.sql("select count(*) from outcomes") == [(400,)]


def test_braces_in_names_survive_in_messages(world: Any) -> None:
    renamed(world, "score", "{score}")
    world.sql('update scored set "{score}" = 2 where id = 3')
    with pytest.raises(DataError, match=r"score '\{score\}' is outside \[0, 1\] in 1 rows"):
        world.run()
