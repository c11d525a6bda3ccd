"""The command line and Python: what to read again, and what was known when."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pytest

import sqlmonitor
from sqlmonitor.cli.entry import main
from sqlmonitor.errors import ConfigurationError, StoreError
from sqlmonitor.times import utc

MONITOR = {
    "name": "loans",
    "task": "none",
    "predictions": "scored",
    "id": "id",
    "timestamp": "happened",
    "reference": "happened < timestamp '2024-02-01'",
    "chunks": "month",
    "lookback": 0,
    "features": {"numeric": ["amount"]},
    "metrics": {"drift": [], "quality": [], "summary": ["mean"]},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project file beside a warehouse with half a year of rows."""
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(
            "create table scored as select number as id, timestamp '2024-01-01' + number * interval '6 hours' as happened, "
            "number % 50 as amount from range(720) as numbers (number)"
        )
    file = tmp_path / "sqlmonitor.yml"
    file.write_text(json.dumps({"version": 1, "warehouse": "duckdb:///shop.duckdb", "monitors": [MONITOR]}))
    return file


def command(*arguments: str) -> object:
    """Runs the command line; gives its exit code."""
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    return stopped.value.code


def mean(project: Path, as_of: datetime | None = None, chunk: str = "2024-02") -> float:
    """The stored mean of a month, February's by default."""
    loaded = sqlmonitor.load(project)
    with loaded.connect() as warehouse:
        results = loaded["loans"].results(warehouse, as_of=as_of)
    rows = results.filter(metric="mean", chunk=chunk).to_pandas()
    return float(rows["value"].iloc[0])


def test_what_is_read_again_and_what_was_known(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("run", "-c", str(project)) == 0
    first = mean(project)
    known = datetime.now(UTC).replace(tzinfo=None)
    with duckdb.connect(str(project.parent / "shop.duckdb")) as connection:
        connection.execute("update scored set amount = 49 where month(happened) = 2")
    assert command("run", "-c", str(project)) == 0
    assert mean(project) == first
    assert command("run", "-c", str(project), "--since", "2024-02-10", "--until", "2024-02-11") == 0
    assert mean(project) == pytest.approx(49)
    assert mean(project, as_of=known) == first
    capsys.readouterr()
    arguments = ("show", "-c", str(project), "--metric", "mean", "--chunk", "2024-02", "--format", "json")
    assert command(*arguments, "--as-of", known.isoformat()) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["value"] == first
    assert command(*arguments) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["value"] == pytest.approx(49)
    assert command(*arguments, "--as-of", "2001-01-01") == 2
    assert "has no results as of 2001-01-01" in capsys.readouterr().err
    assert command("run", "-c", str(project), "--full") == 0
    assert command("run", "-c", str(project), "--since", "soon") == 2
    assert command("run", "-c", str(project), "--since", "2024-02-11", "--until", "2024-02-11") == 2
    assert "'soon' is no date or time" in capsys.readouterr().err


def test_the_store_is_looked_after(project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    at = ("-c", str(project))
    assert command("store", "info", *at) == 2
    assert "there is no store 'sqlmonitor' yet" in capsys.readouterr().err
    assert command("run", *at) == 0
    first = datetime.now(UTC).replace(tzinfo=None)
    with duckdb.connect(str(project.parent / "shop.duckdb")) as connection:
        connection.execute("update scored set amount = 49 where month(happened) = 6")
    assert command("run", *at) == 0
    capsys.readouterr()
    assert command("store", "info", *at) == 0
    said = capsys.readouterr().out
    assert re.search(r"^results_history +1 rows +31 columns$", said, re.MULTILINE), said
    before = mean(project)
    known = datetime.now(UTC).replace(tzinfo=None)
    june = {time: mean(project, time, chunk="2024-06") for time in (first, known)}
    # The 152 days before June have 608 rows, one every six hours.
    assert june == {first: pytest.approx(np.mean(np.arange(608, 720) % 50)), known: pytest.approx(49)}
    assert command("store", "prune", *at, "--before", "2001-01-01") == 0
    assert "0 rows are gone" in capsys.readouterr().out
    assert {time: mean(project, time, chunk="2024-06") for time in june} == june
    assert command("store", "prune", *at, "--before", "2101-01-01") == 0
    assert "1 rows are gone" in capsys.readouterr().out
    assert mean(project) == before
    # A view of which a part is gone is none.
    with pytest.raises(StoreError, match="are forgotten"):
        mean(project, first)
    assert mean(project, known, chunk="2024-06") == june[known]
    assert command("store", "export", str(tmp_path / "copy"), *at) == 0
    with duckdb.connect(str(project.parent / "shop.duckdb")) as connection:
        copied = connection.execute(f"select count(*) from '{tmp_path}/copy/results.parquet'").fetchone()
        assert connection.execute("select count(*) from sqlmonitor.results").fetchone() == copied
    assert command("run", *at) == 0


def test_python_runs_what_is_asked_for(project: Path) -> None:
    loaded = sqlmonitor.load(project)
    with loaded.connect() as warehouse:
        loaded["loans"].run(warehouse)
        with pytest.raises(StoreError):
            loaded["loans"].results(warehouse, as_of=date(2001, 1, 1))
        warehouse.execute("update scored set amount = 49 where month(happened) = 2")
        results = loaded["loans"].run(warehouse, since=date(2024, 2, 1), until="2024-03-01")
        assert results.filter(metric="mean", chunk="2024-02").to_pandas()["value"].iloc[0] == pytest.approx(
            49
        )
        run = warehouse.first("select * from sqlmonitor.runs order by finished_at desc limit 1")
        assert run is not None
        assert run["reading"] == "2024-02-01, from 2024-06-01 on"
        assert run["recounted_chunks"] == 2


def test_times_are_in_utc() -> None:
    assert utc("2024-02-01", "since") == datetime(2024, 2, 1)
    assert utc("2024-02-01T01:00+02:00", "since") == datetime(2024, 1, 31, 23)
    assert utc(date(2024, 2, 1), "as_of", is_end=True) == datetime(2024, 2, 1, 23, 59, 59, 999999)
    assert utc(datetime(2024, 2, 1), "as_of", is_end=True) == datetime(2024, 2, 1)
    with pytest.raises(ConfigurationError, match="'soon' is no date or time"):
        utc("soon", "since")
