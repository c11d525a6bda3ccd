"""Engines without transactions: what a killed run leaves, and what two at once do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from executed_engines import Warehouse
from shop import LEAN
from watched_store import AFTER, BEFORE, PUBLICATION, afresh, filled, publish, seen

from sqlmonitor import engines, runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines import publication
from sqlmonitor.engines.clickhouse import ClickHouse
from sqlmonitor.engines.datafusion import DataFusion
from sqlmonitor.engines.spark import Spark
from sqlmonitor.errors import StoreError, WarehouseError

NAMES = ("clickhouse", "spark", "datafusion")
ENGINES: dict[str, type[Any]] = {"clickhouse": ClickHouse, "spark": Spark, "datafusion": DataFusion}
WRITING: dict[str, tuple[tuple[Any, str], ...]] = {
    "clickhouse": ((ClickHouse, "execute_own"),),
    "spark": ((Spark, "execute_own"),),
    "datafusion": ((DataFusion, "execute_own"), (os, "fsync"), (os, "link")),
}
"""What a publication is made of, and is killed before; reading changes nothing."""


class KilledError(Exception):
    """The process is gone."""


class Death:
    """Lets so many writings of an engine pass, and no further one."""

    def __init__(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        self.count = 0
        for owner, method in WRITING[name]:
            monkeypatch.setattr(owner, method, self.mortal(getattr(owner, method)))

    def mortal(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*given: Any, **named: Any) -> Any:
            self.count += 1
            if self.left is not None:
                if self.left <= 0:
                    raise KilledError
                self.left -= 1
            return method(*given, **named)

        return dying


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return str(request.param)


@pytest.fixture
def death(name, monkeypatch) -> Death:
    return Death(name, monkeypatch)


@pytest.fixture
def at_once(monkeypatch) -> None:
    """What a killed run has left is taken for that at once, not after a while."""
    monkeypatch.setattr(publication, "PATIENCE", 0)
    monkeypatch.setattr(publication, "AGE", -1)


def left_of_clickhouse(warehouse: Any, schema: str) -> list[str]:
    listed = warehouse.run(f"select name from system.tables where database = '{schema}'")
    return [one for (one,) in listed if one.startswith("sqlmonitor_")]


def left_of_spark(warehouse: Any, schema: str) -> list[str]:
    """Its copies are the tables that its views show, whose comments say so."""
    listed = warehouse.session.catalog.listTables(schema)
    shown = {table.description for table in listed}
    return [
        table.name for table in listed if table.name.startswith("sqlmonitor_") and table.name not in shown
    ]


def left_of_datafusion(warehouse: Any, schema: str) -> list[str]:
    """Files are kept for an hour, as tests of its own say."""
    return []


LEFT = {"clickhouse": left_of_clickhouse, "spark": left_of_spark, "datafusion": left_of_datafusion}


@pytest.mark.parametrize("pace", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_a_publication_killed_at_any_moment_is_none_or_is_finished(
    opened, name, death, at_once, pace
) -> None:
    """At every third of its moments on most days, and at each of them now and then."""
    found: list[bool] = []
    for last in range(0, 200, pace):
        if not found or found[-1]:
            warehouse = filled(opened(name))
            with warehouse.connect() as engine:
                # An empty table is made at once; where it is there, as later on, there are fewer moments.
                publish(engine, "create table if not exists watched.later (value bigint)")
        with warehouse.connect() as engine:
            death.left = last
            try:
                publish(engine, PUBLICATION)
                is_killed = False
            except (KilledError, WarehouseError):
                is_killed = True
            death.left = None
        with warehouse.connect() as engine:
            # Every table is as before or as after, also before anything is repaired.
            for there, before, after in zip(seen(engine)[:2], BEFORE, AFTER, strict=False):
                assert there in (before, after), last
            engine.finish_publication("watched")
            there = seen(engine)
            assert there in (BEFORE, AFTER), last
            found.append(there == AFTER)
        assert not LEFT[name](warehouse, "watched")
        if not is_killed:
            break
    # Once it is decided, it stays decided.
    assert found == sorted(found)
    assert 3 / pace < sum(found) < len(found)
    assert not is_killed


def test_the_later_of_two_publications_is_refused(opened, name) -> None:
    warehouse = filled(opened(name))
    with warehouse.connect() as one, warehouse.connect() as other:

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


def test_an_error_inside_leaves_nothing(opened, name, at_once) -> None:
    warehouse = filled(opened(name))
    wrong = (
        "delete from watched.results; insert into watched.runs (monitor) select monitor from watched.nowhere"
    )
    with warehouse.connect() as engine:
        with pytest.raises(WarehouseError, match="nowhere"):
            publish(engine, wrong)
        assert seen(engine) == BEFORE
        engine.finish_publication("watched")
    assert afresh(warehouse) == BEFORE
    assert not LEFT[name](warehouse, "watched")


WATCHED = LEAN | {"metrics": {"drift": ["jensen_shannon"], "quality": [], "summary": ["mean"]}}
FETCHED = {"clickhouse": 1500, "spark": 250}
"""Rows beside the results that a run fetches at most: those about tables and columns."""


@pytest.fixture
def world(opened, tables, name) -> Warehouse:
    warehouse: Warehouse = opened(name)
    for table, rows in tables.items():
        warehouse.load(table, rows)
    return warehouse


def run(
    engine: engines.Engine, url: str, progress: Any = None, store: str = "sqlmonitor", **changes: Any
) -> pd.DataFrame:
    monitor = WATCHED | changes
    made = loads(json.dumps({"version": 1, "warehouse": url, "store": store, "monitors": [monitor]}))
    frame = runner.run(made, made.monitors[0], engine, progress=progress)
    return frame.drop(columns=["run_id", "computed_at"])


def add_a_month(world: Any, name: str) -> None:
    """Rows of a new month."""
    if name == "datafusion":
        scored = pq.read_table(world.folder / "scored.parquet").to_pandas()
        more = scored[scored["id"] < 200]
        more = more.assign(id=more["id"] + 10_000, happened=pd.Timestamp("2024-09-05") + pd.to_timedelta(more["id"], unit="h"))  # fmt: skip
        world.load("scored", pa.Table.from_pandas(pd.concat([scored, more]), preserve_index=False))
        return
    at = {
        "clickhouse": "toDateTime64('2024-09-05 00:00:00', 6) + toIntervalHour(id)",
        "spark": "timestamp_ntz '2024-09-05 00:00:00' + make_dt_interval(0, cast(id as int))",
    }[name]
    world.run(
        f"insert into scored select id + 10000, {at}, amount, hour, region, vehicle, score, predicted "
        "from scored where id < 200"
    )


def counting(monkeypatch: pytest.MonkeyPatch, name: str) -> Callable[[], int]:
    """How many rows the engine has fetched since."""
    fetched = 0
    method = ENGINES[name]._fetched

    def counted(engine: Any, *given: Any, **named: Any) -> Any:
        nonlocal fetched
        found = method(engine, *given, **named)
        fetched += len(found[1]) if name == "clickhouse" else found.num_rows
        return found

    monkeypatch.setattr(ENGINES[name], "_fetched", counted)
    return lambda: fetched


# A share of a first run's writings: among its steps, and about where it is decided.
SHARES = [
    pytest.param(name, share, marks=[] if (name, share) == ("datafusion", 0.75) else [pytest.mark.slow])
    for name in NAMES
    for share in (0.3, 0.75)
]


@pytest.mark.parametrize(("name", "share"), SHARES)
def test_a_killed_run_leaves_what_was_there_and_the_next_reads_what_is_new(
    world, name, death, at_once, share, monkeypatch
) -> None:
    fetched = counting(monkeypatch, name)
    with world.connect() as engine:
        before = run(engine, world.url)
    writings = death.count
    assert name not in FETCHED or len(before) <= fetched() <= len(before) + FETCHED[name]
    assert not [one for one in LEFT[name](world, "sqlmonitor") if "step" in one]
    add_a_month(world, name)
    with world.connect() as engine:
        death.left = int(writings * share)
        with pytest.raises((KilledError, WarehouseError)):
            run(engine, world.url)
        death.left = None
    with world.connect() as engine:
        assert len(engine.query("select * from sqlmonitor.latest_results")) >= len(before)
        after = run(engine, world.url)
        assert engine.first("select count(*) as rows from sqlmonitor.latest_results") == {"rows": len(after)}
        reading = engine.query("select reading, recounted_chunks from sqlmonitor.runs order by finished_at")
        # Groups come in an order that depends on all of them, so a last bit may differ from that of fewer chunks.
        moved = engine.first(
            "select count(*) as rows from sqlmonitor.results_history as former "
            "inner join sqlmonitor.results as result on former.period = result.period "
            "and former.chunk = result.chunk and former.segment_value = result.segment_value "
            "and former.family = result.family and former.metric = result.metric "
            "and former.column_name = result.column_name and former.component = result.component "
            "where abs(former.value - result.value) > 1e-9 or former.row_count <> result.row_count"
        )
        # As a run that was never killed, in a store of its own.
        expected = run(engine, world.url, store="apart")
    assert moved == {"rows": 0}
    assert reading["reading"].str.startswith("from 2024-").tolist() in ([False, True], [False, True, True])
    assert reading["recounted_chunks"].iloc[-1] < reading["recounted_chunks"].iloc[0]
    assert after["row_count"].sum() > before["row_count"].sum()
    pd.testing.assert_frame_equal(after, expected, rtol=1e-9)
    assert not [one for one in LEFT[name](world, "sqlmonitor") if "publication" in one]


@pytest.mark.slow
def test_the_second_run_of_a_monitor_is_refused(world) -> None:
    with world.connect() as engine, world.connect() as other:

        def overtake(title: str, *_: int) -> None:
            if title == "store results":
                run(other, world.url)

        with pytest.raises(StoreError, match="another run"):
            run(engine, world.url, overtake)
        assert engine.first("select count(*) as rows from sqlmonitor.runs") == {"rows": 1}
