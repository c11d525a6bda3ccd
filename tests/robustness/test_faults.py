"""What goes wrong around a run: a full disk, a store that cannot be written, clocks and time zones."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from incremental.flights import DOUBLED, Flights, same

import sqlmonitor
from sqlmonitor.api import Monitor
from sqlmonitor.definitions import loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import WarehouseError

LEAN = {
    "features": {"numeric": ["temp"]},
    "metrics": {"drift": ["jensen_shannon"], "performance": ["f1"], "quality": [], "summary": ["row_count"]},
    "kpis": [],
}
RUN = "import sys; from sqlmonitor.cli import main; main(['run', '-c', sys.argv[1]])"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project file beside a warehouse file."""
    monitor = {
        "name": "loans",
        "task": "none",
        "predictions": "scored",
        "id": "id",
        "timestamp": "happened",
        "reference": "happened < timestamp '2024-03-01'",
        "chunks": "week",
        "features": {"numeric": ["amount"], "categorical": ["place"]},
    }
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(
            "create table scored as select number as id, timestamp '2024-01-01' + number * interval '1 hour' as happened, "
            "hash(number) % 1000 as amount, 'place ' || number % 700 as place from range(4000) as numbers (number)"
        )
    file = tmp_path / "sqlmonitor.yml"
    file.write_text(json.dumps({"version": 1, "warehouse": "duckdb:///shop.duckdb", "monitors": [monitor]}))
    return file


def stored(project: Path) -> pd.DataFrame:
    """The results, without what differs between runs."""
    loaded = sqlmonitor.load(project)
    with loaded.connect(read_only=True) as warehouse:
        frame = loaded["loans"].results(warehouse).to_pandas()
    return frame.drop(columns=["run_id", "computed_at"])


def test_a_disk_that_fills_up(project: Path) -> None:
    """A file may grow no further than a little beyond its size, which is what a full disk does to it."""
    process = [sys.executable, "-c", RUN, str(project)]
    size = (project.parent / "shop.duckdb").stat().st_size

    def limit() -> None:
        most = size + 100_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    full = subprocess.run(process, capture_output=True, text=True, preexec_fn=limit, check=False)
    assert full.returncode == 2, full.stderr
    assert "the disk is full" in full.stderr
    assert "Traceback" not in full.stderr
    with duckdb.connect(str(project.parent / "shop.duckdb")) as connection:
        schemas = connection.execute("select schema_name from information_schema.schemata").fetchall()
    assert ("sqlmonitor",) not in schemas
    assert subprocess.run(process, capture_output=True, check=False).returncode == 0
    first = stored(project)
    assert subprocess.run(process, capture_output=True, check=False).returncode == 0
    pd.testing.assert_frame_equal(first, stored(project))


@pytest.mark.slow
def test_no_room_for_what_does_not_fit_into_memory(project: Path) -> None:
    """A statement that must write beside its memory, and may not."""
    with duckdb.connect(str(project.parent / "shop.duckdb")) as connection:
        connection.execute(
            "create or replace table scored as select number as id, timestamp '2024-01-01' + number % 4000 * interval '1 hour' "
            "as happened, hash(number) % 1000 as amount, md5(cast(number as varchar)) as place "
            "from range(600000) as numbers (number)"
        )
    text = json.loads(project.read_text())
    settings = {"memory_limit": "40MB", "max_temp_directory_size": "1MB", "threads": 1}
    project.write_text(json.dumps(text | {"settings": settings}))
    loaded = sqlmonitor.load(project)
    with loaded.connect() as warehouse, pytest.raises(WarehouseError) as refused:
        loaded["loans"].run(warehouse)
    assert refused.value.remedy
    project.write_text(json.dumps(text))
    loaded = sqlmonitor.load(project)
    with loaded.connect() as warehouse:
        assert len(loaded["loans"].run(warehouse))


def test_a_store_that_cannot_be_written(project: Path) -> None:
    loaded = sqlmonitor.load(project)
    with (
        loaded.connect(read_only=True) as warehouse,
        pytest.raises(WarehouseError, match="read-only") as refused,
    ):
        loaded["loans"].run(warehouse)
    assert "write access" in str(refused.value)
    with loaded.connect() as warehouse:
        first = loaded["loans"].run(warehouse).to_pandas().drop(columns=["run_id", "computed_at"])
    with loaded.connect(read_only=True) as warehouse, pytest.raises(WarehouseError, match="read-only"):
        loaded["loans"].run(warehouse)
    pd.testing.assert_frame_equal(first, stored(project))


@pytest.mark.slow
def test_a_clock_that_jumps_ahead_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=60)
    world.monitor |= LEAN
    world.arrive(date(2013, 3, 12))
    world.run()
    # One run thinks that it is two years later, when every label is there that ever will be.
    true = world.now
    world.now = datetime(2015, 3, 12)
    same(world.run(), world.full())
    world.now = true
    for night in (13, 14, 20):
        world.arrive(date(2013, 3, night))
        same(world.run(), world.full())
    # No run is older than the one before it, so the newest results are the last ones.
    times = world.connection.execute("select finished_at from sqlmonitor.runs order by rowid").fetchall()
    assert times == sorted(times)
    assert world.engine.first(DOUBLED) is None


ZONES = ("America/New_York", "Asia/Kolkata", "Pacific/Auckland")


def test_a_time_zone_that_changes_between_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the machine's nor the session's changes where rows belong."""
    world = Flights(monkeypatch, every=60)
    world.connection.execute(
        "create view timed as select * replace (cast(scheduled_at as timestamptz) as scheduled_at) from scored"
    )
    world.monitor |= LEAN | {
        "predictions": "timed",
        "reference": "scheduled_at < timestamptz '2013-03-01 00:00:00+00'",
        "chunks": "day",
    }
    for night, zone in zip((10, 11, 13), ZONES, strict=True):
        world.arrive(date(2013, 3, night))
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        world.connection.execute(f"set timezone = '{zone}'")
        # A session that is opened is in UTC from then on.
        world.engine = DuckDB(world.connection)
        found = world.run()
    world.connection.execute("set timezone = 'UTC'")
    same(found, world.full())
    monkeypatch.delenv("TZ")
    time.tzset()


@pytest.mark.parametrize("chunks", ["hour", pytest.param("day", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("month", "hours"), [("2013-03", 743), ("2013-11", 721)])
def test_a_month_in_which_clocks_change(chunks: str, month: str, hours: int) -> None:
    """An hour that is twice on New York's clocks is two, and one that is not there is none."""
    first = pd.Timestamp(month, tz="America/New_York")
    after = first + pd.offsets.MonthBegin(1)
    times = pd.date_range(first, after, freq="20min", inclusive="left")
    assert len(times) == 3 * hours
    frame = pd.DataFrame({"id": range(len(times)), "happened": times, "amount": range(len(times))})
    monitor: dict[str, Any] = {
        "name": "clocks",
        "task": "none",
        "predictions": "clocks",
        "id": "id",
        "timestamp": "happened",
        "reference": f"happened < timestamptz '{month}-02 00:00:00+00'",
        "chunks": chunks,
        "features": {"numeric": ["amount"]},
        "metrics": {"drift": [], "quality": [], "summary": ["row_count", "mean"]},
    }
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]}))
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'America/New_York'")
        connection.register("frame", frame)
        connection.execute(
            "create table clocks as select * replace (cast(happened as timestamptz) as happened) from frame"
        )
        engine = DuckDB(connection)
        # As a nightly run has it: first what there is before clocks change, then the rest.
        border = f"{month}-{'10' if month.endswith('03') else '03'} 05:30:00+00"
        connection.execute(f"create table later as from clocks where happened >= timestamptz '{border}'")
        connection.execute(f"delete from clocks where happened >= timestamptz '{border}'")
        made = Monitor(project, project.monitors[0])
        made.run(engine)
        connection.execute("insert into clocks from later")
        results = made.run(engine).filter(metric=["row_count", "mean"]).to_pandas()
    form = "%Y-%m-%dT%H:00" if chunks == "hour" else "%Y-%m-%d"
    expected = frame.assign(chunk=frame["happened"].dt.tz_convert("UTC").dt.strftime(form)).groupby("chunk")[
        "amount"
    ]
    for metric, values in (("row_count", expected.count()), ("mean", expected.mean())):
        found = results[results["metric"] == metric].set_index("chunk")["value"]
        assert found.sort_index().to_dict() == pytest.approx(values.to_dict())
    starts = results["chunk_start"].drop_duplicates().sort_values()
    steps = starts.diff().dropna().unique()
    assert list(steps) == [pd.Timedelta(1, "h" if chunks == "hour" else "D")]
