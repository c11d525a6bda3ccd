"""A year of real flights that arrives night by night, with labels that come late and rows that are corrected."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from sqlmonitor import runner, store
from sqlmonitor.definitions import Monitor, Project, loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.incremental import Asked

DATA = Path(__file__).parents[2] / "examples" / "flights" / "data"
KEYS = [
    *("chunk_length", "compared_with", "period", "chunk", "segment_column", "segment_value"),
    *("family", "metric", "column_name", "component"),
]
DOUBLED = (
    "select 1 as one from (select monitor, fit_id, {0}, valid_to from sqlmonitor.results_history union all "
    "select monitor, fit_id, {0}, null from sqlmonitor.results) as believed "
    "group by monitor, fit_id, {0}, valid_to having count(*) > 1 limit 1"
).format(", ".join(KEYS))
"""Gives a row where results are stored twice."""

MONITOR: dict[str, Any] = {
    "name": "late_flights",
    "task": "binary_classification",
    "predictions": "scored",
    "id": "flight_id",
    "timestamp": "scheduled_at",
    "reference": "scheduled_at < timestamp '2013-03-01'",
    "chunks": "week",
    "model": {"score": "p_late", "label": "predicted_late", "positive": 1},
    "target": {
        "column": "late",
        "relation": "outcomes",
        "on": "flight_id",
        "observed_at": "known_at",
        "maturity": "2 days",
    },
    "features": {"numeric": ["temp", "distance"], "categorical": ["carrier"]},
    "segments": ["origin"],
    "metrics": {
        "drift": ["jensen_shannon", "kolmogorov_smirnov"],
        "performance": ["roc_auc", "f1", "label_coverage", "label_delay_90_percent"],
        "quality": ["missing", "unseen", "out_of_range"],
        "summary": ["row_count", "mean"],
    },
    "kpis": [{"name": "delay", "sql": "sum(arr_delay) / count(*)"}],
}
# A label is known on landing, but for one flight in 13 three weeks after it. On the day of the flight one
# row in 17 has a temperature that is wrong, which is corrected the day after. Both begin after the reference.
SETUP = f"""
create table all_scored as
select * from '{DATA}/flights_scored.parquet' where flight_id % {{every}} = 0 order by scheduled_at, flight_id;
create table all_outcomes as
select
    outcomes.*
    , landed_at + case
        when flight_id % 13 = 0 and landed_at >= timestamp '2013-03-02' then interval '21 days'
        else interval '0 days'
    end as known_at
from '{DATA}/flights_outcomes.parquet' as outcomes where flight_id % {{every}} = 0 order by flight_id;
create table scored as select * from all_scored limit 0;
create table outcomes as select * from all_outcomes limit 0
"""


class Flights:
    """A warehouse that has what was known on a night.

    Args:
        monkeypatch: sets the runs' clock.
        every: one flight in so many.
        file: of the warehouse; None for one in memory.
        now: the night of a file that is there already; None for a new warehouse.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        every: int = 1,
        file: Path | None = None,
        now: datetime | None = None,
    ) -> None:
        self.connection = duckdb.connect(str(file or ":memory:"))
        self.engine = DuckDB(self.connection)
        if now is None:
            self.connection.execute(SETUP.format(every=every))
        self.monitor: dict[str, Any] = json.loads(json.dumps(MONITOR))
        self.now = now or datetime(2013, 1, 1)
        monkeypatch.setattr(runner, "clock", lambda: self.now)

    def arrive(self, night: date) -> None:
        """Adds what is known at the end of a day, and corrects what was wrong of the day before."""
        end = datetime.combine(night, datetime.min.time()) + timedelta(days=1)
        before = self.now if self.now > datetime(2013, 1, 1) else datetime(2012, 1, 1)
        self.connection.execute(
            "update scored set temp = all_scored.temp from all_scored "
            "where scored.temp > 300 and all_scored.flight_id = scored.flight_id"
        )
        self.connection.execute(
            "insert into scored select * replace (case when flight_id % 17 = 0 "
            f"and scheduled_at >= timestamp '{max(end - timedelta(days=1), datetime(2013, 3, 1))}' "
            "then temp + 340 else temp end as temp) "
            f"from all_scored where scheduled_at >= timestamp '{before}' and scheduled_at < timestamp '{end}'"
        )
        self.connection.execute(
            "insert into outcomes select * from all_outcomes "
            f"where known_at >= timestamp '{before}' and known_at < timestamp '{end}'"
        )
        self.now = end

    def definition(self) -> tuple[Project, Monitor]:
        """The project and its monitor."""
        project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [self.monitor]}))
        return project, project.monitors[0]

    def run(self, stage: Any = "run", **asked: Any) -> pd.DataFrame:
        """Runs the monitor and gives its results, ordered by their keys."""
        return ordered(runner.run(*self.definition(), self.engine, stage=stage, asked=Asked(**asked)))

    def full(self) -> pd.DataFrame:
        """What a first run over the same rows gives, in a store of its own."""
        self.connection.execute("drop schema if exists other cascade")
        project, monitor = self.definition()
        return ordered(runner.run(project.model_copy(update={"store": "other"}), monitor, self.engine))

    def as_of(self, time: datetime) -> pd.DataFrame:
        """What was believed at a time."""
        return ordered(store.read_results(self.engine, "sqlmonitor", "late_flights", as_of=time))

    def last_run(self) -> dict[str, Any]:
        """The newest row of `runs`."""
        row = self.engine.first("select * from sqlmonitor.runs order by finished_at desc limit 1")
        assert row is not None
        return row


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Results in the order of their keys, without what differs between runs."""
    return frame.drop(columns=["run_id", "computed_at"]).sort_values(KEYS, ignore_index=True)


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Asserts that two results are equal to the last bit."""
    pd.testing.assert_frame_equal(left, right, check_exact=True)
