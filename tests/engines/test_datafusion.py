"""What only DataFusion does: a folder as a warehouse, and a store of files that one manifest publishes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from datafusion import SessionContext
from executed_engines import DataFusionWarehouse
from shop import LEAN
from watched_store import AFTER, BEFORE, PUBLICATION, afresh, filled, publish, seen

from sqlmonitor import dialects, engines, runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines import datafusion_store
from sqlmonitor.errors import WarehouseError


def test_of_two_manifests_at_the_same_moment_one_is_refused(tmp_path, monkeypatch) -> None:
    datafusion_store.publish(tmp_path, 0, {}, {})
    # Both have looked before either writes.
    monkeypatch.setattr(datafusion_store, "read", lambda _: datafusion_store.Manifest())
    with pytest.raises(WarehouseError, match="conflict"):
        datafusion_store.publish(tmp_path, 0, {"results": "other"}, {})
    monkeypatch.undo()
    assert datafusion_store.read(tmp_path) == datafusion_store.Manifest(1, {}, {})
    assert [file.name for file in tmp_path.iterdir()] == ["manifest_0000000001.json"]


def test_files_go_an_hour_after_nothing_names_them(opened) -> None:
    warehouse = filled(opened("datafusion"))
    with warehouse.connect() as engine:
        publish(engine, PUBLICATION)
        folder: Path = warehouse.folder / "watched"
        (folder / "of_the_user.parquet").touch()
        engine.finish_publication("watched")
        assert len(list(folder.glob("manifest_*"))) == 3
        for file in folder.iterdir():
            os.utime(file, (0, 0))
        engine.finish_publication("watched")
    kept = {file.name for file in folder.iterdir()}
    named = set(datafusion_store.read(folder).tables.values())
    assert kept == named | {"manifest_0000000003.json", "of_the_user.parquet"}
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
        run(world, engine)
    assert "a schema of its own" in str(found.value)
    assert sorted(file.name for file in folder.iterdir()) == ["p.parquet", "q.parquet"]


@pytest.mark.parametrize("written", ["{", '{"tables": {}, "format": 2}', "[]"])
def test_a_manifest_that_is_none_is_named(opened, written: str) -> None:
    place: Path = opened("datafusion").folder / "shop"
    place.mkdir()
    (place / "manifest_0000000001.json").write_text(written)
    with pytest.raises(
        WarehouseError, match=r"shop/manifest_0000000001\.json is not the manifest of a store"
    ):
        engines.connect(f"datafusion:///{place.parent}")


def test_what_a_killed_publication_left_is_not_published(opened) -> None:
    warehouse = opened("datafusion")
    folder: Path = warehouse.folder / "watched"
    datafusion_store.write_table(folder, "results", pa.table({"value": [1]}))
    filled(warehouse)
    assert datafusion_store.read(folder).tables.keys() == {"results", "runs", "kept_1"}
    assert afresh(warehouse) == BEFORE


def run(warehouse: DataFusionWarehouse, engine: engines.Engine) -> Any:
    made = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": [LEAN]}))
    return runner.run(made, made.monitors[0], engine)


OF_THE_RUN = ["run_id", "computed_at"]


@pytest.fixture
def world(opened, tables) -> DataFusionWarehouse:
    warehouse: DataFusionWarehouse = opened("datafusion")
    for name, table in tables.items():
        warehouse.load(name, table)
    return warehouse


def test_results_are_files_that_anything_reads(world) -> None:
    with world.connect() as engine:
        results = run(world, engine)
    manifest = datafusion_store.read(world.folder / "sqlmonitor")
    assert pq.read_table(world.folder / "sqlmonitor" / manifest.tables["results"]).num_rows == len(results)


def test_an_open_session_keeps_the_store_in_memory(tables) -> None:
    session = SessionContext()
    for name, table in tables.items():
        session.register_record_batches(name, [table.to_batches()])
    warehouse = DataFusionWarehouse(Path("nowhere"))
    with engines.adopt(session) as engine:
        first = run(warehouse, engine)
        again = run(warehouse, engine)
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


def test_a_division_by_zero_says_what_to_do(world) -> None:
    with world.connect() as engine, pytest.raises(WarehouseError, match="divides by zero") as caught:
        engine.query(
            dialects.of_user(
                sqlglot.parse_one("select sum(id / (id - id)) from scored", dialect="datafusion")
            )
        )
    assert "nullif" in str(caught.value)


def test_a_full_disk_leaves_the_store_as_it_was(opened, monkeypatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    warehouse = filled(opened("datafusion"))
    with warehouse.connect() as engine:
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
