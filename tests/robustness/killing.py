"""Kills runs at random moments, as a process of its own: python killing.py PROJECT KILLS SEED.

The project's rows have two versions, by the number in the table `control`; the results of both are known from runs
that nobody disturbed. Before every run the rows become those of the other version. After a kill the store must have
the one results or the other, whole; which of them is told by the number of runs. Each run is a process that is forked
from this one, so that it need not import anything, and is killed by SIGKILL between its start and some time after
its end. Storing results takes a small part of a run, and is where rows could be lost, so half of the kills are counted
from its beginning, which the run tells.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from sqlmonitor import cli, load, runner
from sqlmonitor.engines import Engine

KEY = "period, chunk, segment_column, segment_value, family, metric, column_name, component"
RESULTS = f"select {KEY}, value, row_count, is_alert, lower_threshold, upper_threshold from sqlmonitor.results order by {KEY}"
DOUBLED = (
    f"select count(*) as rows from (select 1 as one from sqlmonitor.results group by monitor, fit_id, {KEY} "
    "having count(*) > 1) as doubled"
)
DOUBLED_HISTORY = (
    "select count(*) as rows from (select 1 as one from sqlmonitor.results_history "
    f"group by monitor, fit_id, {KEY}, valid_from having count(*) > 1) as doubled"
)
STORE = "select count(*) as tables from information_schema.tables where table_schema = 'sqlmonitor'"


def in_child(work: Callable[[], Any]) -> Any:
    """What a forked process gives back; this one never opens a warehouse, whose threads no fork takes along."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(answer)


class Victim:
    """A project that is run and killed.

    Args:
        file: of the project.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.version = 0

    def ask(self, work: Callable[[Engine], Any]) -> Any:
        def asked() -> Any:
            with load(self.file).connect() as engine:
                return work(engine)

        return in_child(asked)

    def forget(self) -> None:
        """Drops the store."""
        self.ask(lambda engine: engine.execute("drop schema if exists sqlmonitor cascade"))

    def stored(self) -> tuple[int, list[tuple[Any, ...]]]:
        """The number of runs, and the results; none where there is no store. Then the rows get the other version."""
        self.version = 1 - self.version

        def read(engine: Engine) -> tuple[int, list[tuple[Any, ...]]]:
            if engine.first(STORE) == {"tables": 0}:
                return 0, []
            for doubled in (DOUBLED, DOUBLED_HISTORY):
                assert engine.first(doubled) == {"rows": 0}, doubled
            runs = engine.first("select count(*) as runs from sqlmonitor.runs")
            assert runs is not None
            frame = engine.query(RESULTS).astype(object)
            rows = frame.where(frame.notna(), None).itertuples(index=False, name=None)
            return int(runs["runs"]), [tuple(row) for row in rows]

        def read_and_turn(engine: Engine) -> tuple[int, list[tuple[Any, ...]]]:
            found = read(engine)
            engine.execute(f"update control set version = {self.version}")
            return found

        answer = self.ask(read_and_turn)
        assert isinstance(answer, tuple)
        return answer

    def run(self, delay: float | None = None, *, is_aimed: bool = False) -> tuple[bool, float, float | None]:
        """Runs it.

        Args:
            delay: seconds after which it is killed; None to let it be.
            is_aimed: True to count them from when it begins to store results.

        Returns:
            Whether it was killed, how long it took, and how long it stored results; None where it did not end that.
        """
        began = time.monotonic()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            tell_of_storing(writing)
            try:
                cli.main(["run", "-c", self.file, "--log-format", "json"])
            except SystemExit as stopped:
                os._exit(stopped.code if isinstance(stopped.code, int) else 0)
            os._exit(3)
        os.close(writing)
        told = os.read(reading, 1) if is_aimed else b""
        if delay is not None:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        took = time.monotonic() - began
        with os.fdopen(reading, "rb") as pipe:
            told += pipe.read()
        stored_for = float(told[1:]) if len(told) > 1 else None
        if os.WIFSIGNALED(status):
            return True, took, stored_for
        assert os.WEXITSTATUS(status) == 0, f"a run that nobody killed ended with {os.WEXITSTATUS(status)}"
        return False, took, stored_for


def tell_of_storing(pipe: int) -> None:
    """Lets this process write into a pipe that it begins to store results, and then how long that took."""
    whole = runner.publish

    def publish(*given: Any) -> None:
        began = time.monotonic()
        os.write(pipe, b"!")
        whole(*given)
        os.write(pipe, str(time.monotonic() - began).encode())

    runner.publish = publish


def same(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> bool:
    """Whether results are equal: numbers to 1e-12, since not every engine repeats the last bit."""

    def equal(one: Any, other: Any) -> bool:
        if isinstance(one, float) and isinstance(other, float):
            return abs(one - other) <= 1e-12 * max(abs(one), abs(other), 1)
        return bool(one == other)

    return len(left) == len(right) and all(
        all(map(equal, one, other)) for one, other in zip(left, right, strict=True)
    )


def kill(file: str, count: int, seed: int) -> dict[str, int]:
    """Runs and kills until so many runs are killed; gives how many there were of which kind."""
    chance = random.Random(seed)
    victim = Victim(file)
    truth: dict[int, list[tuple[Any, ...]]] = {}
    lengths: list[tuple[float, float]] = []
    for _ in range(3):
        version = victim.version
        _, took, stored_for = victim.run()
        assert stored_for is not None
        lengths.append((took, stored_for))
        runs, results = victim.stored()
        truth[version] = results
    # The first run fits, and counts everything.
    first, usual = lengths[0], min(lengths[1:])
    assert truth[0] != truth[1]
    counts = {"killed": 0, "stored": 0, "complete": 0, "first": 0, "storing": 0}
    while counts["killed"] < count:
        is_first = chance.random() < 0.1
        if is_first:
            victim.forget()
            runs, results = 0, []
        is_aimed = chance.random() < 0.5
        length = (first if is_first else usual)[is_aimed]
        version = victim.version
        is_killed, took, stored_for = victim.run(chance.uniform(0, 1.1 * length), is_aimed=is_aimed)
        found_runs, found = victim.stored()
        if found_runs == runs:
            # Nothing was stored, or nothing could be.
            assert is_killed
            assert found == results, "a killed run changed results"
        else:
            assert found_runs == runs + 1
            assert same(found, truth[version]), (
                "a stored run has other results than one that nobody disturbed"
            )
        counts["killed"] += is_killed
        counts["complete"] += not is_killed
        counts["stored"] += found_runs != runs
        counts["first"] += is_first
        counts["storing"] += is_killed and is_aimed
        if not is_first:
            # The machine may have become faster or slower.
            usual = (usual[0] if is_killed else took, stored_for or usual[1])
        runs, results = found_runs, found
    version = victim.version
    victim.run()
    _, found = victim.stored()
    assert same(found, truth[version])
    return counts


if __name__ == "__main__":
    print(json.dumps(kill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201
