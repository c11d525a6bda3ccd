"""What a run reads: new chunks, those that may have changed, and nothing for what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from every_plan import every
from incremental.flights import Flights, same

from sqlmonitor.engines.duckdb import DuckDB


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with ten weeks of flights that have been counted once."""
    file = tmp_path_factory.mktemp("counted") / "flights.duckdb"
    with pytest.MonkeyPatch.context() as patched:
        made = Flights(patched, every=20, file=file)
        made.arrive(date(2013, 3, 12))
        made.run()
        made.connection.close()
    return file


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, counted: Path) -> Iterator[Flights]:
    """A copy of these flights."""
    file = tmp_path / "flights.duckdb"
    copyfile(counted, file)
    made = Flights(monkeypatch, file=file, now=datetime(2013, 3, 13))
    yield made
    made.connection.close()


class Texts:
    """The statements that make temporary tables from the source.

    Args:
        monkeypatch: to listen with.
        counted: what names the scans that are counted in each of them.
        count: counts them.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        counted: str = "",
        count: Callable[[DuckDB, str, str], Any] | None = None,
    ) -> None:
        self.read: dict[str, str] = {}
        self.scanned: dict[str, Any] = {}
        whole = DuckDB.execute

        def execute(engine: DuckDB, sql: str) -> None:
            if sql.startswith("create or replace temp table") and " as prediction" in sql:
                table = sql.split()[5]
                self.read[table] = sql
                if count is not None:
                    self.scanned[table] = count(engine, sql.partition(" as\n")[2], counted)
            whole(engine, sql)

        monkeypatch.setattr(DuckDB, "execute", execute)


def profiles(engine: DuckDB, sql: str, word: str) -> Iterator[dict[str, Any]]:
    """The engine's own counters of each scan of some relations."""
    engine.execute("set enable_profiling = 'no_output'")
    ((_, text),) = engine.connection.execute(f"explain (analyze, format json) {sql}").fetchall()
    engine.execute("pragma disable_profiling")
    nodes = [json.loads(text)]
    while nodes:
        node = nodes.pop()
        if node.get("type") == "TABLE_SCAN" and word in json.dumps(node["extra_info"]):
            yield node
        nodes += [*node.get("children", []), *node.get("operator", [])]


def scans(engine: DuckDB, sql: str, word: str) -> list[tuple[int, set[str]]]:
    """Rows that each scan of some relations gave, and of which columns: of Parquet only those that fit its filters."""
    found = []
    for node in profiles(engine, sql, word):
        columns = node["extra_info"].get("Projections", [])
        found.append((node["rows_scanned"], {columns} if isinstance(columns, str) else set(columns)))
    return found


def share_of_row_groups(engine: DuckDB, sql: str, word: str) -> float:
    """The part of a relation's row groups that a scan has read."""
    (scan,) = profiles(engine, sql, word)
    return float(scan["row_groups_scanned"] / scan["total_row_groups_to_scan"])


@pytest.mark.parametrize("kind", ["native", "parquet"])
def test_old_row_groups_are_not_scanned(
    monkeypatch: pytest.MonkeyPatch, world: Flights, tmp_path: Path, kind: str
) -> None:
    # A native table has row groups of 122,880 rows; the Parquet file has smaller ones.
    copies = 300
    world.connection.execute(
        f"create table many as select scored.* from scored cross join range({copies}) order by scheduled_at"
    )
    file = tmp_path / "many.parquet"
    world.connection.execute(f"copy many to '{file}' (row_group_size 10000)")
    world.monitor["predictions"] = "many" if kind == "native" else {"sql": f"select * from '{file}'"}
    world.run()
    # Labels of a chunk in the past, beside the newest chunks.
    world.connection.execute(
        "insert into outcomes select flight_id, scheduled_at, 1, 1, timestamp '2013-03-12 23:59:00' from scored "
        "where scheduled_at >= timestamp '2013-03-01' and flight_id not in (select flight_id from outcomes) limit 1"
    )
    texts = Texts(monkeypatch, counted="many", count=share_of_row_groups)
    world.run()
    assert len(texts.read) == 4
    for table, read in texts.scanned.items():
        assert 0 < read < (0.5 if kind == "native" else 1 / 3), (table, read)


def test_nothing_is_read_of_a_reference_that_is_fitted(
    monkeypatch: pytest.MonkeyPatch, world: Flights
) -> None:
    texts = Texts(monkeypatch)
    world.run()
    assert set(texts.read) == {
        f"sqlmonitor_{name}" for name in ("chunk_counts", "numeric_cells", "category_counts", "scores")
    }
    assert all('"scheduled_at" >= ' in text for text in texts.read.values())
    run = world.last_run()
    assert run["reading"] == "from 2013-03-04 on"
    assert run["recounted_chunks"] == 2


def test_adding_a_distance_reads_what_every_run_reads(
    monkeypatch: pytest.MonkeyPatch, world: Flights
) -> None:
    world.monitor["metrics"]["drift"].append("hellinger")
    texts = Texts(monkeypatch)
    results = world.run()
    assert all('"scheduled_at" >= ' in text for text in texts.read.values())
    assert world.last_run()["reading"] == "from 2013-03-04 on"
    assert "hellinger" in set(results["metric"])
    same(results, world.full())


def test_adding_a_figure_reads_all_for_its_statement(world: Flights) -> None:
    world.monitor["kpis"].append({"name": "miles", "sql": "sum(distance)"})
    results = world.run()
    assert world.last_run()["reading"] == "from 2013-03-04 on; all rows for chunk_counts"
    same(results, world.full())


def test_blended_values_read_nothing_more_and_delays_the_labels(world: Flights) -> None:
    fit = world.last_run()["fit_id"]
    world.monitor["blended"] = True
    results = world.run()
    assert "blended" in set(results["family"])
    assert world.last_run()["reading"] == "from 2013-03-04 on"
    same(results, world.full())
    world.monitor["metrics"]["performance"].append("label_delay_median")
    results = world.run()
    # The other quantile is counted already.
    assert world.last_run()["reading"] == "from 2013-03-04 on"
    same(results, world.full())
    for name in ("label_delay_median", "label_delay_90_percent"):
        world.monitor["metrics"]["performance"].remove(name)
    world.run()
    assert world.last_run()["reading"] == "from 2013-03-04 on; all rows for scores"
    assert world.last_run()["fit_id"] == fit


def test_a_changed_reference_is_fitted_and_the_old_fit_stays(world: Flights) -> None:
    before = world.last_run()["fit_id"]
    world.monitor["reference"] = "scheduled_at < timestamp '2013-02-15'"
    results = world.run()
    assert world.last_run()["reading"].startswith("all rows")
    after = world.last_run()["fit_id"]
    assert after != before
    same(results, world.full())
    for table in ("edges", "levels", "thresholds", "results", "histograms"):
        fits = world.connection.execute(f"select distinct fit_id from sqlmonitor.{table}").fetchall()
        assert {fit for (fit,) in fits} == {before, after}, table


@pytest.mark.slow
def test_a_definition_that_returns_is_counted_anew(world: Flights) -> None:
    world.monitor["features"]["numeric"].append("dewp")
    world.run()
    world.arrive(date(2013, 4, 2))
    world.monitor["features"]["numeric"].remove("dewp")
    same(world.run(), world.full())
    world.monitor["features"] = {"categorical": ["carrier"]}
    world.run()
    world.arrive(date(2013, 4, 30))
    world.run()
    world.monitor["features"] = {"numeric": ["temp", "distance"], "categorical": ["carrier"]}
    same(world.run(), world.full())


def test_an_empty_day_and_a_lost_one(world: Flights) -> None:
    before = world.run()
    same(world.run(), before)
    run = world.last_run()
    history = world.engine.first("select count(*) as rows from sqlmonitor.results_history")
    assert history == {"rows": 0}
    assert run["recounted_chunks"] == 2
    # Rows of the newest chunk may go, and with them the chunk.
    world.connection.execute("delete from scored where scheduled_at >= timestamp '2013-03-11'")
    after = world.run()
    assert after["chunk"].max() < before["chunk"].max()
    same(after, world.full())
    lost = world.connection.execute(
        "select count(*) from sqlmonitor.histograms where chunk >= '2013-03-11'"
    ).fetchone()
    assert lost == (0,)


@pytest.mark.slow
def test_since_counts_the_past_again(world: Flights) -> None:
    world.arrive(date(2013, 4, 30))
    world.run()
    world.connection.execute(
        "update scored set temp = 50 where scheduled_at between '2013-03-20' and '2013-03-22'"
    )
    stale = world.run()
    truth = world.full()
    assert not stale.equals(truth)
    same(world.run(since=datetime(2013, 3, 20), until=datetime(2013, 3, 21)), truth)
    assert world.last_run()["recounted_chunks"] < 6
    world.connection.execute("update scored set temp = 51 where scheduled_at < '2013-03-22'")
    assert not world.run().equals(world.full())
    same(world.run(full=True), world.full())
    assert world.last_run()["reading"] == "all rows, as asked for"


def test_lookback_is_how_many_chunks_are_read_again(world: Flights) -> None:
    world.arrive(date(2013, 4, 30))
    world.run()
    world.connection.execute("update scored set temp = 50 where scheduled_at >= '2013-03-20'")
    world.monitor["lookback"] = 0
    assert not world.run().equals(world.full())
    world.monitor["lookback"] = 6
    same(world.run(), world.full())


def test_a_fit_reads_the_reference_and_nothing_else(world: Flights) -> None:
    before = world.run()
    world.run(stage="fit")
    # The reference is as it was, so the counts of the analysis are still good.
    same(world.run(), before)
    assert world.last_run()["reading"] == "from 2013-03-04 on"
    world.connection.execute("update scored set temp = temp + 10 where scheduled_at < '2013-02-01'")
    same(world.run(), before)
    world.run(stage="fit")
    results = world.run()
    assert world.last_run()["reading"].endswith("all of the analysis for numeric_cells")
    same(results, world.full())
    same(world.run(), results)


def test_a_first_fit_then_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Flights(monkeypatch, every=20)
    world.arrive(date(2013, 3, 12))
    world.run(stage="fit")
    results = world.run()
    assert world.last_run()["reading"].startswith("from 1900-01-01 on; all of the analysis for chunk_counts")
    same(results, world.full())


def test_chunks_by_size_are_all_read(world: Flights) -> None:
    world.monitor["chunks"] = {"size": 200}
    for _ in range(2):
        same(world.run(), world.full())
        assert world.last_run()["reading"].startswith("all rows: borders of chunks by size")


def test_a_reference_of_its_own_is_not_read_again(monkeypatch: pytest.MonkeyPatch, world: Flights) -> None:
    world.connection.execute("create table past as select * from scored where scheduled_at < '2013-03-01'")
    world.connection.execute("delete from scored where scheduled_at < '2013-03-01'")
    world.monitor["reference"] = {"relation": "past"}
    world.run()
    world.arrive(date(2013, 3, 20))
    texts = Texts(monkeypatch)
    results = world.run()
    assert not any("past" in text for text in texts.read.values())
    same(results, world.full())


@pytest.mark.slow
def test_several_classes_and_regressions(world: Flights) -> None:
    for changes in (
        {
            "task": "multiclass_classification",
            "model": {"score": {"1": "p_late", "0": "p_soon"}, "label": "predicted_late"},
            "predictions": {"sql": "select *, 1 - p_late as p_soon from scored"},
        },
        {"task": "regression", "model": {"label": "p_late"}, "predictions": "scored"},
        {"resolution": "exact", "features": {"numeric": ["temp"], "categorical": ["carrier", "origin"]}},
    ):
        world.monitor |= changes
        world.monitor["metrics"].pop("performance", None)
        world.monitor["metrics"]["quality"] = ["missing", "duplicates"]
        world.run()
        world.arrive(world.now.date())
        same(world.run(), world.full())


@pytest.mark.slow
@pytest.mark.parametrize("resolution", ["binned", pytest.param("exact", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "task", ["binary_classification", pytest.param("regression", marks=pytest.mark.slow)]
)
def test_every_metric(world: Flights, resolution: str, task: str) -> None:
    """Values that are kept are, to the last bit, those that a full run computes beside all other chunks."""
    world.monitor |= {"task": task, "resolution": resolution, "metrics": every(task)}
    world.monitor["custom_metrics"] = [{"name": "thousands", "derived": "row_count / 1000"}]
    if task == "regression":
        world.monitor["model"] = {"label": "p_late"}
    world.run()
    for night in (13, 25):
        world.arrive(date(2013, 3, night))
        world.monitor["lookback"] = 2
        same(world.run(), world.full())


TIMES = {
    "date": ("cast(scheduled_at as date)", "date"),
    "with_zone": ("cast(scheduled_at as timestamptz)", "timestamptz"),
    "milliseconds": ("cast(scheduled_at as timestamp_ms)", "timestamp_ms"),
}


@pytest.mark.parametrize(
    ("kind", "chunks"),
    [
        ("date", "day"),
        ("with_zone", "hour"),
        pytest.param("milliseconds", "day", marks=pytest.mark.slow),
        pytest.param("date", "hour", marks=pytest.mark.slow),
        pytest.param("with_zone", "day", marks=pytest.mark.slow),
        pytest.param("milliseconds", "hour", marks=pytest.mark.slow),
    ],
)
def test_times_of_every_type(world: Flights, kind: str, chunks: str) -> None:
    expression, type_name = TIMES[kind]
    world.connection.execute(
        f"create view timed as select * replace ({expression} as scheduled_at) from scored "
        "where scheduled_at >= timestamp '2013-02-20'"
    )
    literal = f"cast(timestamp '2013-03-05' as {type_name})"
    world.monitor |= {"predictions": "timed", "reference": f"scheduled_at < {literal}", "chunks": chunks}
    # Rows are corrected a day after they came.
    world.monitor["lookback"] = 30 if chunks == "hour" else 1
    world.monitor["features"] = {"numeric": ["temp"]}
    del world.monitor["segments"]
    world.run()
    # The night in which New York's clocks went forward was 10 March 2013.
    world.arrive(date(2013, 3, 14))
    world.engine.execute("set timezone = 'UTC'")
    same(world.run(), world.full())
    assert world.last_run()["reading"].startswith("from ")


def test_a_time_in_the_future_hides_nothing(world: Flights) -> None:
    world.connection.execute(
        "insert into scored select * replace (-1 as flight_id, timestamp '2031-01-01' as scheduled_at) "
        "from scored limit 1"
    )
    world.run()
    world.arrive(date(2013, 3, 20))
    same(world.run(), world.full())


def test_a_clock_that_jumps_back(world: Flights) -> None:
    first = world.now
    world.now = datetime(2013, 3, 20)
    world.run()
    world.now = datetime(2001, 1, 1)
    world.connection.execute("update scored set temp = 20 where scheduled_at >= '2013-03-11'")
    results = world.run()
    same(results, world.full())
    # Still the newest, since no run is older than the one before it.
    same(world.as_of(datetime(2013, 3, 21)), results)
    assert not world.as_of(first).equals(results)


def test_other_chunks_read_all_rows(world: Flights) -> None:
    for chunks in ("day", "week"):
        world.monitor["chunks"] = chunks
        same(world.run(), world.full())
        # The fitted grid is the same; the numbers of former chunks mean other times.
        assert world.last_run()["reading"] == "all rows: nothing is kept of this definition"
