"""What PostgreSQL's types are to a monitor, and what they become in a frame."""

from __future__ import annotations

import json

import pytest
from executed_engines import Warehouse

from sqlmonitor import dialects, engines, runner, store
from sqlmonitor.cli import main
from sqlmonitor.definitions import loads

TYPES = {
    "id": ("bigint", "7", "integer", "int64"),
    "small": ("smallint", "7", "integer", "int64"),
    "price": ("numeric(10,2)", "1.5", "decimal", "float64"),
    "score": ("double precision", "0.5", "float", "float64"),
    "ratio": ("real", "0.5", "float", "float64"),
    "code": ("varchar(5)", "'x'", "text", "str"),
    "fixed": ("char(3)", "'x'", "text", "str"),
    "mood": ("mood", "'glad'", "text", "str"),
    "cents": ("cents", "5", "integer", "int64"),
    "flag": ("boolean", "true", "boolean", "bool"),
    "at": ("timestamptz", "'2024-05-01 10:00+02'", "time", "datetime64[us]"),
    "naive": ("timestamp", "'2024-05-01 10:00'", "time", "datetime64[us]"),
    "day": ("date", "'2024-05-01'", "time", "datetime64[us]"),
    "hour": ("time", "'10:00'", "time", "object"),
    "key": ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "other", "object"),
    "several": ("integer[]", "array[1]", "other", "object"),
}


@pytest.fixture
def world(opened) -> Warehouse:
    warehouse = opened("postgres")
    warehouse.run("create type mood as enum ('glad', 'sad')")
    warehouse.run("create domain cents as integer")
    columns = ", ".join(f'"{name}" {written}' for name, (written, *_) in TYPES.items())
    warehouse.run(f'create table "Odd types" ({columns})')
    values = ", ".join(value for _, value, *_ in TYPES.values())
    warehouse.run(f'insert into "Odd types" values ({values})')
    return warehouse


def test_kinds_and_frames(world) -> None:
    with engines.connect(world.url) as engine:
        described = engine.describe('"Odd types"')
        row = engine.query('select * from "Odd types"')
        nulls = engine.query('select * from "Odd types" union all select null' + ", null" * (len(TYPES) - 1))
    assert {name: dialects.kind(written) for name, written in described.items()} == {
        name: kind for name, (_, _, kind, _) in TYPES.items()
    }
    assert {name: str(dtype) for name, dtype in row.dtypes.items()} == {
        name: dtype for name, (_, _, _, dtype) in TYPES.items()
    }
    assert str(row["at"][0]) == "2024-05-01 08:00:00"
    assert nulls.iloc[1].isna().all()
    assert str(nulls["id"].dtype) == "Int64"


def test_init_writes_a_file_for_a_table(world, tmp_path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["init", str(tmp_path), "--warehouse", world.url, "--table", '"Odd types"'])
    assert not caught.value.code
    written = (tmp_path / "sqlmonitor.yml").read_text()
    assert "score: score" in written
    assert "timestamp '2024-" in written


CASED = """
version: 1
warehouse: {url}
monitors:
  - name: m
    task: none
    predictions: cased
    timestamp: {time}
    reference: "AT < timestamp '2024-01-02'"
    chunks: day
    where: '"Amount" < 30 and AMOUNT < 30'
    kpis: [{{name: both, sql: 'sum(AMOUNT) - max("Amount")'}}]
"""


def test_columns_that_differ_by_case_alone(world, tmp_path, capsys) -> None:
    world.run('create table cased ("Amount" numeric, amount bigint, "At" text, "at" timestamp)')
    world.run(
        "insert into cased select n, 10 * n, 'x', timestamp '2024-01-01' + n * interval '1 day' from generate_series(0, 3) as n"
    )

    def outcome(time: str, *command: str) -> tuple[int | str | None, str]:
        (tmp_path / "sqlmonitor.yml").write_text(CASED.format(url=world.url, time=time))
        with pytest.raises(SystemExit) as caught:
            main([command[0], "-c", str(tmp_path / "sqlmonitor.yml"), *command[1:]])
        return caught.value.code, capsys.readouterr().err

    assert outcome("at", "run") == (0, "")
    rows = world.run("select chunk, value from sqlmonitor.results where metric = 'both' order by chunk")
    assert rows == [("2024-01-01", 0.0), ("2024-01-02", 9.0), ("2024-01-03", 18.0)]
    code, said = outcome("AT", "validate")
    assert code == 2
    assert "no column 'AT'" in said
    code, said = outcome("At", "validate")
    assert "'At' is text" in said


def test_text_of_the_store_is_in_the_order_of_bytes(world) -> None:
    with engines.connect(world.url) as engine:
        for statement in store.creation("watch"):
            engine.execute(statement)
    collations = world.run(
        "select distinct c.collname from pg_attribute as a join pg_class as t on t.oid = a.attrelid "
        "join pg_namespace as n on n.oid = t.relnamespace join pg_collation as c on c.oid = a.attcollation "
        "where n.nspname = 'watch'"
    )
    assert collations == [("C",)]


def test_a_time_that_never_comes_is_none(opened) -> None:
    warehouse = opened("postgres")
    warehouse.run(
        "create table scored as select n as id, timestamp '2024-01-01' + n * interval '1 hour' as at, n > 3 as late, "
        "n % 2 = 0 as predicted, n % 10 / 10.0 as score, timestamptz '2024-01-03' + n * interval '1 hour' as known "
        "from generate_series(0, 95) as numbers (n)"
    )
    never = "true, true, 0.5, 'infinity'"
    warehouse.run(f"insert into scored values (96, 'infinity', {never}), (97, '-infinity', {never})")
    warehouse.run("update scored set known = 'infinity' where id = 95")
    monitor = {
        "name": "m",
        "task": "binary_classification",
        "predictions": "scored",
        "id": "id",
        "timestamp": "at",
        "reference": "at < timestamp '2024-01-03'",
        "model": {"score": "score", "label": "predicted", "positive": True},
        "target": {"column": "late", "observed_at": "known"},
    }
    for chunks in ("hour", "day", "week", "month"):
        text = {
            "version": 1,
            "warehouse": warehouse.url,
            "store": chunks,
            "monitors": [monitor | {"chunks": chunks}],
        }
        project = loads(json.dumps(text))
        with warehouse.connect() as engine:
            for _ in range(2):
                results = runner.run(project, project.monitors[0], engine)
        assert results.loc[results["metric"] == "row_count", "value"].sum() == 96
