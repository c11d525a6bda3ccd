"""What only DataFusion does: a folder as a warehouse, and a store of files that one manifest publishes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import small_world
from datafusion import SessionContext
from executed_engines import DataFusionWarehouse

from sqlmonitor import dialects, engines, runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines import datafusion_store
from sqlmonitor.engines.datafusion import DataFusion
from sqlmonitor.errors import StoreError, WarehouseError

STORE = """
create schema watched;
create table watched.results (monitor varchar, value bigint);
create table watched.runs (monitor varchar, run_id varchar);
create table watched.kept_1 (value bigint);
insert into watched.results (monitor, value) values ('a', 1), ('a', 2), ('b', 1);
insert into watched.runs (monitor, run_id) values ('a', 'first'), ('b', 'first')
"""
PUBLICATION = """
delete from watched.results as former where former.monitor = 'a' and value < 2;
insert into watched.results (monitor, value) select 'a' as monitor, 3 as value;
delete from watched.results where monitor = 'a' and value = 2;
update watched.runs set run_id = 'second' where monitor = 'a';
drop table if exists watched.kept_1;
create table watched.kept_2 as select value from watched.results;
create table if not exists watched.later (value bigint);
alter table watched.later add column name varchar;
create or replace view watched.latest as select * from watched.results
"""
BEFORE = ([("a", 1), ("a", 2), ("b", 1)], [("a", "first"), ("b", "first")], ["kept_1", "results", "runs"])
AFTER = (
    [("a", 3), ("b", 1)],
    [("a", "second"), ("b", "first")],
    ["kept_2", "later", "latest", "results", "runs"],
)


class KilledError(Exception):
    """The process is gone."""


def publish(engine: engines.Engine, text: str) -> None:
    with engine.transaction():
        for statement in text.split(";"):
            engine.execute(statement)


def seen(engine: engines.Engine) -> tuple[list[Any], ...]:
    def rows(sql: str) -> list[Any]:
        return sorted(engine.query(sql).itertuples(index=False, name=None))

    tables = rows("select table_name from information_schema.tables where table_schema = 'watched'")
    return (
        rows("select monitor, value from watched.results"),
        rows("select monitor, run_id from watched.runs"),
        [name for (name,) in tables],
    )


def afresh(warehouse: DataFusionWarehouse) -> tuple[list[Any], ...]:
    with warehouse.connect() as engine:
        return seen(engine)


def test_a_publication_killed_at_any_moment_is_all_or_nothing(opened, monkeypatch) -> None:
    found = []
    for last in range(200):
        warehouse = opened("datafusion")
        with warehouse.connect() as engine:
            publish(engine, STORE)
        left = last

        def mortal(own):
            def dying(*arguments: Any, **named: Any) -> Any:
                nonlocal left
                if left <= 0:
                    raise KilledError
                left -= 1
                return own(*arguments, **named)

            return dying

        with monkeypatch.context() as patched, warehouse.connect() as engine:
            patched.setattr(DataFusion, "execute_own", mortal(DataFusion.execute_own))
            patched.setattr(os, "fsync", mortal(os.fsync))
            patched.setattr(os, "link", mortal(os.link))
            try:
                publish(engine, PUBLICATION)
                is_killed = False
            except (KilledError, WarehouseError):
                is_killed = True
        there = afresh(warehouse)
        assert there in (BEFORE, AFTER), last
        found.append(there == AFTER)
        if not is_killed:
            break
    # Once it is decided, it stays decided.
    assert found == sorted(found)
    assert 3 < sum(found) < len(found)
    assert last < 199


def test_the_later_of_two_publications_is_refused(opened) -> None:
    warehouse = opened("datafusion")
    with warehouse.connect() as one, warehouse.connect() as other:
        publish(one, STORE)

        def overtaken() -> None:
            with one.transaction():
                one.execute("delete from watched.results where value = 1")
                publish(other, PUBLICATION)
                assert one.first("select count(*) as rows from watched.results") == {"rows": 1}

        with pytest.raises(WarehouseError, match="conflict"):
            overtaken()
        # Its session shows what the other has published.
        assert seen(one) == AFTER
    assert afresh(warehouse) == AFTER


def test_of_two_manifests_at_the_same_moment_one_is_refused(tmp_path, monkeypatch) -> None:
    datafusion_store.publish(tmp_path, 0, {}, {})
    # Both have looked before either writes.
    monkeypatch.setattr(datafusion_store, "read", lambda _: datafusion_store.Manifest())
    with pytest.raises(WarehouseError, match="conflict"):
        datafusion_store.publish(tmp_path, 0, {"results": "other"}, {})
    monkeypatch.undo()
    assert datafusion_store.read(tmp_path) == datafusion_store.Manifest(1, {}, {})
    assert [file.name for file in tmp_path.iterdir()] == ["manifest_0000000001.json"]


def test_an_error_inside_leaves_nothing(opened) -> None:
    warehouse = opened("datafusion")
    with warehouse.connect() as engine:
        publish(engine, STORE)
        with pytest.raises(WarehouseError, match="nowhere"):
            publish(engine, "delete from watched.results; insert into watched.runs (monitor) select monitor from watched.nowhere")  # fmt: skip
        assert seen(engine) == BEFORE
    assert afresh(warehouse) == BEFORE


def test_files_go_an_hour_after_nothing_names_them(opened) -> None:
    warehouse = opened("datafusion")
    with warehouse.connect() as engine:
        publish(engine, STORE)
        publish(engine, PUBLICATION)
        folder: Path = warehouse.folder / "watched"
        (folder / "of_the_user.parquet").touch()
        engine.finish_publication("watched")
        assert len(list(folder.glob("manifest_*"))) == 2
        for file in folder.iterdir():
            os.utime(file, (0, 0))
        engine.finish_publication("watched")
    kept = {file.name for file in folder.iterdir()}
    named = set(datafusion_store.read(folder).tables.values())
    assert kept == named | {"manifest_0000000002.json", "of_the_user.parquet"}
    assert afresh(warehouse) == AFTER


def test_a_folder_with_files_of_the_user_is_no_place_for_a_store(world) -> None:
    folder: Path = world.folder / "sqlmonitor"
    folder.mkdir()
    for name in ("p", "q"):
        pq.write_table(pa.table({"value": [1]}), folder / f"{name}.parquet")
    with (
        world.connect() as engine,
        pytest.raises(
            WarehouseError, match=r"folder 'sqlmonitor' has files .*: p\.parquet and 1 more"
        ) as found,
    ):
        run(world, engine, **LITTLE)
    assert "a schema of its own" in str(found.value)
    assert sorted(file.name for file in folder.iterdir()) == ["p.parquet", "q.parquet"]


def test_what_a_killed_publication_left_is_not_published(opened) -> None:
    warehouse = opened("datafusion")
    folder: Path = warehouse.folder / "watched"
    datafusion_store.write_table(folder, "results", pa.table({"value": [1]}))
    with warehouse.connect() as engine:
        publish(engine, STORE.replace("create schema", "create schema if not exists"))
    assert datafusion_store.read(folder).tables.keys() == {"results", "runs", "kept_1"}
    assert afresh(warehouse) == BEFORE


def run(warehouse: DataFusionWarehouse, engine: engines.Engine, progress: Any = None, **changes: Any) -> Any:
    monitor = small_world.MONITOR | changes
    made = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": [monitor]}))
    return runner.run(made, made.monitors[0], engine, progress=progress)


LITTLE = {"segments": [], "kpis": [], "metrics": {"drift": ["jensen_shannon"], "quality": ["missing"]}}
"""Few statements."""
OF_THE_RUN = ["run_id", "computed_at"]


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as {small_world.rows(1000, 9)}")
        return {
            "scored": connection.table("scored").to_arrow_table(),
            "outcomes": connection.sql(small_world.OUTCOMES).to_arrow_table(),
        }


@pytest.fixture
def world(opened, tables) -> DataFusionWarehouse:
    warehouse: DataFusionWarehouse = opened("datafusion")
    for name, table in tables.items():
        warehouse.load(name, table)
    return warehouse


@pytest.mark.slow
def test_runs_repeat_and_read_only_what_is_new(world, opened) -> None:
    with world.connect() as engine:
        first = run(world, engine, **LITTLE)
        pd.testing.assert_frame_equal(
            first.drop(columns=OF_THE_RUN),
            run(world, engine, **LITTLE).drop(columns=OF_THE_RUN),
            rtol=1e-9,
        )
    scored = pq.read_table(world.folder / "scored.parquet")
    newest = scored.slice(0, 100).to_pandas()
    newest["id"] += 10_000_000
    newest["happened"] = pd.Timestamp("2025-03-20")
    more = pa.concat_tables(
        [scored, pa.Table.from_pandas(newest, schema=scored.schema, preserve_index=False)]
    )
    world.load("scored", more)
    with world.connect() as engine:
        third = run(world, engine, **LITTLE)
        reading = engine.query("select reading from sqlmonitor.runs order by finished_at")["reading"]
    assert reading.str.startswith("from 2024-").tolist() == [False, True, True]
    assert len(third) > len(first)
    fresh = opened("datafusion")
    fresh.load("scored", more)
    fresh.load("outcomes", pq.read_table(world.folder / "outcomes.parquet"))
    with fresh.connect() as engine:
        whole = run(fresh, engine, **LITTLE)
    pd.testing.assert_frame_equal(whole.drop(columns=OF_THE_RUN), third.drop(columns=OF_THE_RUN), rtol=1e-9)


@pytest.mark.slow
def test_the_second_run_of_a_monitor_is_refused(world) -> None:
    with world.connect() as engine, world.connect() as other:

        def overtake(title: str, *_: int) -> None:
            if title == "store results":
                run(world, other, **LITTLE)

        with pytest.raises(StoreError, match="another run"):
            run(world, engine, overtake, **LITTLE)
        assert engine.first("select count(*) as rows from sqlmonitor.runs") == {"rows": 1}


def test_results_are_files_that_anything_reads(world) -> None:
    with world.connect() as engine:
        results = run(world, engine, **LITTLE)
    manifest = datafusion_store.read(world.folder / "sqlmonitor")
    assert pq.read_table(world.folder / "sqlmonitor" / manifest.tables["results"]).num_rows == len(results)


@pytest.mark.slow
def test_an_open_session_keeps_the_store_in_memory(tables) -> None:
    session = SessionContext()
    for name, table in tables.items():
        session.register_record_batches(name, [table.to_batches()])
    warehouse = DataFusionWarehouse(Path("nowhere"))
    with engines.adopt(session) as engine:
        first = run(warehouse, engine, **LITTLE)
        again = run(warehouse, engine, **LITTLE)
    pd.testing.assert_frame_equal(first.drop(columns=OF_THE_RUN), again.drop(columns=OF_THE_RUN), rtol=1e-9)
    with engines.adopt(session) as engine:
        stored = engine.first("select count(*) as rows from sqlmonitor.latest_results")
    assert stored == {"rows": len(first)}


def test_a_folder_is_a_warehouse(tmp_path: Path) -> None:
    rows = pa.table({"value": [1.0, float("nan")]})
    pq.write_table(rows, tmp_path / "plain.parquet")
    (tmp_path / "in parts.parquet").mkdir()
    for part in (1, 2):
        pq.write_table(rows, tmp_path / "in parts.parquet" / f"part_{part}.parquet")
    (tmp_path / "Shop's").mkdir()
    pq.write_table(rows, tmp_path / "Shop's" / 'a "b".parquet')
    (tmp_path / "_hidden").mkdir()
    with engines.connect("datafusion:///" + tmp_path.name, directory=tmp_path.parent) as engine:
        counts = {
            name: engine.first(f"select count(*) as rows, max(value) as largest from {name}")
            for name in ("plain", '"in parts"', '"Shop\'s"."a ""b"""')
        }
    assert [row and row["rows"] for row in counts.values()] == [2, 4, 2]
    # The files' statistics leave it out.
    assert all(row is not None and row["largest"] != row["largest"] for row in counts.values())


def test_what_is_no_warehouse_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"no folder .*nowhere"):
        engines.connect(f"datafusion:///{tmp_path}/nowhere")
    (tmp_path / "public").mkdir()
    with pytest.raises(WarehouseError, match="'public' is the folder itself"):
        engines.connect(f"datafusion:///{tmp_path}")
    (tmp_path / "public").rmdir()
    (tmp_path / "broken.parquet").write_bytes(b"not one")
    with pytest.raises(WarehouseError, match=r"broken\.parquet cannot be read: .*Parquet"):
        engines.connect(f"datafusion:///{tmp_path}")


def test_a_read_only_warehouse_publishes_nothing(world) -> None:
    with (
        engines.connect(world.url, read_only=True) as engine,
        pytest.raises(WarehouseError, match="read only"),
        engine.transaction(),
    ):
        pass


def test_a_full_disk_leaves_the_store_as_it_was(opened, monkeypatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    warehouse = opened("datafusion")
    with warehouse.connect() as engine:
        publish(engine, STORE)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(WarehouseError, match="disk is full"):
            publish(engine, PUBLICATION)
        assert seen(engine) == BEFORE


def test_a_rule_for_each_of_many_columns_is_one_statement(opened) -> None:
    # So many, one behind the other, end the process.
    selects = [f"select {number} as number, 'x' as name" for number in range(4000)]
    with opened("datafusion").connect() as engine:
        listed = " union all ".join(selects)
        row = engine.first(f"select count(*) as rows, sum(number) as total from ({listed}) as listed")
        ordered = engine.query(" union all ".join(reversed(selects[:77])) + " order by all limit 2")
    assert row == {"rows": 4000, "total": 4000 * 3999 / 2}
    assert ordered["number"].tolist() == [0, 1]


TYPES: dict[str, tuple[pa.Array, str, str]] = {
    "small": (pa.array([5, None], pa.int8()), "integer", "Int64"),
    "unsigned": (pa.array([5, 6], pa.uint64()), "decimal", "float64"),
    "price": (pa.array([1, 2], pa.int64()).cast(pa.decimal128(38, 2)), "decimal", "float64"),
    "score": (pa.array([0.5, None], pa.float32()), "float", "float64"),
    "code": (pa.array(["x", None]), "text", "str"),
    "long": (pa.array(["x", "y"], pa.large_string()), "text", "str"),
    "level": (pa.array(["x", "y"]).dictionary_encode(), "text", "str"),
    "flag": (pa.array([True, None]), "boolean", "boolean"),
    "at": (pa.array([0, 1], pa.timestamp("ns")), "time", "datetime64[us]"),
    "zoned": (pa.array([0, 1], pa.timestamp("us", tz="Europe/Berlin")), "time", "datetime64[us]"),
    "day": (pa.array([0, 1], pa.date32()), "time", "datetime64[us]"),
    "several": (pa.array([[1], []], pa.list_(pa.int64())), "other", "object"),
}


def test_kinds_and_frames(opened) -> None:
    warehouse = opened("datafusion")
    warehouse.load("odd", pa.table({name: values for name, (values, _, _) in TYPES.items()}))
    with warehouse.connect() as engine:
        described = engine.describe("odd")
        rows = engine.query("select * from odd")
    kinds = {name: dialects.kind(written) for name, written in described.items()}
    assert kinds == {name: kind for name, (_, kind, _) in TYPES.items()}
    assert {name: str(dtype) for name, dtype in rows.dtypes.items()} == {
        name: dtype for name, (_, _, dtype) in TYPES.items()
    }
    assert re.match("1970-01-01 00:00", str(rows["zoned"][0]))
