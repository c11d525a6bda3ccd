"""`sqlmonitor run` as a scheduler sees it: a line of JSON, exit codes, time-outs, attempts and settings."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

import sqlmonitor
from sqlmonitor.cli import attempts
from sqlmonitor.cli.entry import main
from sqlmonitor.errors import ConfigurationError, TimeUpError, UnreachableError, WarehouseError

MONITOR: dict[str, Any] = {
    "name": "loans",
    "task": "none",
    "predictions": "scored",
    "id": "id",
    "timestamp": "happened",
    "reference": "happened < timestamp '2024-03-01'",
    "chunks": "month",
    "lookback": 0,
    "features": {"numeric": ["amount"]},
    "metrics": {"drift": [], "quality": [], "summary": ["mean"]},
}
SLOW = {
    "sql": "select scored.* from scored where id < (select count(*) from range(2000000) as a (one), range(2000000) as b (two) where one * two % 7 = 3)"
}
KEYS = {
    *("monitor", "seconds", "outcome", "run_id", "fit_id", "chunks", "rows", "all_rows", "reading", "alerts"),
    *("not_computed", "exit_code", "error"),
}


class Shop:
    """A project of half a year's rows, run by the command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.monitors: list[dict[str, Any]] = [MONITOR]
        self.more: dict[str, Any] = {}
        self.said = ""
        with duckdb.connect(str(folder / "shop.duckdb")) as connection:
            connection.execute(
                "create table scored as select number as id, timestamp '2024-01-01' + number * interval '6 hours' "
                "as happened, number % 50 as amount from range(720) as numbers (number)"
            )

    def write(self) -> str:
        file = self.folder / "sqlmonitor.yml"
        project = {"version": 1, "warehouse": "duckdb:///shop.duckdb", "monitors": self.monitors} | self.more
        file.write_text(json.dumps(project))
        return str(file)

    def run(self, *arguments: str) -> tuple[object, list[dict[str, Any]]]:
        """The exit code and the lines of a run."""
        with pytest.raises(SystemExit) as stopped:
            main(["run", "-c", self.write(), "--log-format", "json", *arguments])
        out, self.said = self.capsys.readouterr()
        return stopped.value.code, [json.loads(line) for line in out.splitlines()]

    def stored(self) -> list[Any]:
        with duckdb.connect(str(self.folder / "shop.duckdb")) as connection:
            return connection.execute(
                "select chunk, metric, column_name, value from sqlmonitor.results order by all"
            ).fetchall()


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(tmp_path, capsys)


def test_a_line_for_every_monitor(shop: Shop) -> None:
    shop.monitors = [MONITOR, MONITOR | {"name": "others", "where": "id % 2 = 0"}]
    code, lines = shop.run()
    assert code == 0
    assert [line["monitor"] for line in lines] == ["loans", "others"]
    assert all(set(line) == KEYS for line in lines)
    # Six months and a row a quarter of a day.
    assert [(line["chunks"], line["rows"], line["all_rows"]) for line in lines] == [
        (6, 720, 720),
        (6, 360, 360),
    ]
    assert {line["outcome"] for line in lines} == {"complete"}
    _, again = shop.run("loans")
    (line,) = again
    assert (line["chunks"], line["rows"]) == (1, 720 - (31 + 29 + 31 + 30 + 31) * 4)
    assert line["reading"] == "from 2024-06-01 on"
    assert line["run_id"] != lines[0]["run_id"]
    assert line["fit_id"] == lines[0]["fit_id"]
    assert line["seconds"] > 0


def test_alerts_are_told_by_the_line_and_the_code(shop: Shop) -> None:
    shop.monitors = [MONITOR | {"thresholds": [{"metric": "mean", "constant": {"upper": 1}}]}]
    code, (line,) = shop.run("--fail-on-alert")
    # Four months after the reference.
    assert (code, line["exit_code"], line["alerts"]) == (1, 1, 4)
    code, (line,) = shop.run()
    assert (code, line["exit_code"], line["alerts"]) == (0, 0, 4)


def test_failures_have_a_kind(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    code, (line,) = shop.run("nobody")
    assert code == line["exit_code"] == 2
    assert line["outcome"] == "failed"
    assert line["error"]["kind"] == "ConfigurationError"
    assert "no monitor is named 'nobody'" in line["error"]["message"]
    assert "no monitor is named 'nobody'" in shop.said
    shop.monitors = [MONITOR, MONITOR | {"name": "lost", "predictions": "nowhere"}]
    code, (first, second) = shop.run()
    assert code == 2
    assert (first["outcome"], first["monitor"]) == ("complete", "loans")
    assert (second["outcome"], second["monitor"]) == ("failed", "lost")
    assert second["error"]["kind"] == "ConfigurationError"
    assert shop.run("--since", "soon")[1][0]["error"]["kind"] == "ConfigurationError"
    monkeypatch.setattr("sqlmonitor.runner.run", lambda *_, **__: 1 / 0)
    code, (line,) = shop.run("loans")
    assert code == line["exit_code"] == 3
    assert line["error"] == {
        "kind": "InternalError",
        "message": "ZeroDivisionError: division by zero",
        "remedy": None,
    }


def test_time_is_up(shop: Shop) -> None:
    shop.run()
    before = shop.stored()
    shop.monitors = [MONITOR | {"predictions": SLOW}]
    began = time.monotonic()
    code, (line,) = shop.run("--timeout", "2")
    assert time.monotonic() - began < 30
    assert code == line["exit_code"] == 2
    assert line["error"]["kind"] == "TimeUpError"
    assert "stopped after 2 seconds" in shop.said
    assert shop.stored() == before
    shop.monitors = [MONITOR]
    assert shop.run("--timeout", "600")[0] == 0
    assert shop.stored() == before


def test_ctrl_c_stops_a_statement(shop: Shop) -> None:
    shop.run()
    before = shop.stored()
    shop.monitors = [MONITOR | {"predictions": SLOW}]
    # A process of its own: servers of other engines, which tests have in this one, end at the signal too.
    program = "from sqlmonitor.cli.entry import main; main()"
    command = [sys.executable, "-c", program, "run", "-v", "-c", shop.write(), "--log-format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = next(line for line in process.stderr if line.startswith("-- "))
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        told, printed = process.stderr.read(), process.stdout.read()
        assert process.wait(60) == 130, said + told
    assert printed == ""
    assert told.splitlines()[-1].startswith("stopped"), told
    assert shop.stored() == before


def test_time_is_up_although_a_driver_swallows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "REMINDER", 0.2)

    def driver() -> None:
        for left in (2, 1, 0):
            try:
                time.sleep(5)
            except KeyboardInterrupt:
                if not left:
                    raise

    with pytest.raises(TimeUpError), attempts.deadline(0.1):
        driver()
    # Nobody is interrupted afterwards, and what Ctrl-C does is as before.
    time.sleep(0.5)
    with pytest.raises(KeyboardInterrupt), attempts.deadline(60):
        raise KeyboardInterrupt
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


HOLD = """
import sys, time, duckdb
with duckdb.connect(sys.argv[1]):
    print("open", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def held(shop: Shop, seconds: float) -> subprocess.Popen[bytes]:
    """Another process that has the warehouse open."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(shop.folder / "shop.duckdb"), str(seconds)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    return process


def test_a_locked_warehouse_is_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 0.5)
    with held(shop, 60) as process:
        code, (line,) = shop.run("--retries", "1")
        assert code == 2
        assert line["error"]["kind"] == "UnreachableError"
        assert "locked by another process" in line["error"]["message"]
        process.kill()
    with held(shop, 1):
        code, (line,) = shop.run("--retries", "6")
    assert code == 0
    assert line["outcome"] == "complete"


def test_only_lost_connections_are_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr(attempts.time, "sleep", paused.append)
    failures: list[Exception] = [UnreachableError("gone")] * 7

    def work() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert attempts.persistent(work, 7) == "done"
    assert paused == [2, 4, 8, 16, 32, 60, 60]
    failures = [UnreachableError("gone")] * 3
    with pytest.raises(UnreachableError):
        attempts.persistent(work, 2)
    failures = [WarehouseError("a right is missing")]
    with pytest.raises(WarehouseError):
        attempts.persistent(work, 9)


def test_settings_reach_the_warehouse(shop: Shop) -> None:
    shop.more = {"settings": {"memory_limit": "333MB", "threads": 1, "preserve_insertion_order": False}}
    project = sqlmonitor.load(shop.write())
    asked = "select current_setting('memory_limit') as memory, current_setting('threads') as threads"
    with project.connect() as warehouse:
        first = warehouse.first(asked)
    assert first is not None
    assert (first["memory"], first["threads"]) == ("317.5 MiB", 1)
    with project.connect(threads=3) as warehouse:
        project["loans"].run(warehouse)
        # Those that must repeat to the last bit had one thread meanwhile.
        second = warehouse.first(asked)
    assert second is not None
    assert second["threads"] == 3


@pytest.mark.parametrize("name", ["timezone", "TimeZone", "enable_progress_bar"])
def test_settings_that_results_depend_on_are_refused(shop: Shop, name: str) -> None:
    shop.more = {"settings": {name: "Europe/Berlin"}}
    with pytest.raises(ConfigurationError, match="results depend on the setting") as caught:
        sqlmonitor.load(shop.write()).connect()
    assert caught.value.key == f"settings.{name}"


@pytest.mark.parametrize("name", ["memory_limits", "x = 1; drop table scored; --", "threads = 1"])
def test_settings_that_are_not_there_are_refused(shop: Shop, name: str) -> None:
    shop.more = {"settings": {name: "8GB"}}
    with pytest.raises(WarehouseError):
        sqlmonitor.load(shop.write()).connect()
    shop.more = {}
    assert shop.run()[0] == 0
