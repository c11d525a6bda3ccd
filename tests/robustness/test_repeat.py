"""The same run twice gives the same results; a run that dies leaves the former ones as they were."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from sqlmonitor import planner, runner, store
from sqlmonitor.engines.duckdb import DuckDB


class KilledError(Exception):
    """What ends a run."""


class Dying:
    """Counts statements and dies before one of them.

    Args:
        dies_at: number of the statement from 1; 0 for never.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, dies_at: int) -> None:
        self.count = 0
        self.texts: list[str] = []
        whole = DuckDB.execute

        def execute(engine: DuckDB, sql: str) -> None:
            self.count += 1
            self.texts.append(sql)
            if self.count == dies_at:
                raise KilledError(sql)
            whole(engine, sql)

        monkeypatch.setattr(DuckDB, "execute", execute)


def former(world: Any) -> tuple[pd.DataFrame, dict[str, int]]:
    world.run()
    project, monitor = world.definition()
    return store.read_results(world.engine, project.store, monitor.name), world.stored_rows()


def statements(world: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    with monkeypatch.context() as patched:
        dying = Dying(patched, 0)
        world.run()
    return dying.texts


@pytest.mark.parametrize("resolution", ["binned", "exact"])
def test_twice_gives_equal_results(world: Any, resolution: str) -> None:
    world.monitor["resolution"] = resolution
    first = world.run()
    rows = world.stored_rows()
    pd.testing.assert_frame_equal(first, world.run(), check_exact=True)
    assert {"realized", "estimated", "drift", "quality", "summary", "kpi"} == set(first["family"])
    after = world.stored_rows()
    assert after.pop("runs") == rows.pop("runs") + 1
    assert after == rows


MANY_ROWS = """
create or replace table scored as
select
    id + 400 * copy as id
    , happened
    , amount * (1 + copy / 3000.0e0) + sqrt(copy) as amount
    , hour
    , region
    , vehicle
    , (score + copy / 400.0e0) / 2 as score
    , predicted
from scored, range(400) as copies (copy);
create or replace table outcomes as select id, actual from outcomes cross join range(0)
union all select id, case when id % 7 * score > 1.5 then 1 else 0 end from scored;
set threads = 4
"""


@pytest.mark.slow
def test_many_rows_on_many_threads_repeat_to_the_last_bit(world: Any, other_world: Any) -> None:
    for one in (world, other_world):
        one.monitor["kpis"][1]["sql"] = "sum(predicted) / count(*)"
        one.sql(MANY_ROWS)
    first = world.run()
    assert first["value"].notna().sum() > 500
    pd.testing.assert_frame_equal(first, world.run(), check_exact=True)
    # Not even the order of the source's rows matters, as long as the user adds no doubles.
    other_world.sql("create or replace table scored as select * from scored order by hash(id)")
    pd.testing.assert_frame_equal(first, other_world.run(), check_exact=True)


@pytest.mark.slow
def test_sums_that_the_user_wrote_repeat_to_the_last_bit(world: Any) -> None:
    world.monitor["kpis"] = [{"name": "amount", "sql": "sum(amount * score) / count(*)"}]
    world.sql(MANY_ROWS)
    first = world.run()
    for _ in range(2):
        pd.testing.assert_frame_equal(first, world.run(), check_exact=True)


# Shares of the way through: the first statement, some steps, and every statement of publishing.
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_a_step_that_dies_leaves_the_former_results(
    world: Any, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    project, monitor = world.definition()
    count = len(planner.plan(project, monitor).steps)
    check(world, monkeypatch, 1 + round(share * (count - 1)))


@pytest.mark.slow
def test_publishing_that_dies_leaves_the_former_results(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run()
    texts = statements(world, monkeypatch)
    begin = texts.index("begin transaction")
    commit = texts.index("commit")
    assert any("delete from" in text for text in texts[begin:commit])
    for number in range(begin + 2, commit + 1, 5):
        check(world, monkeypatch, number)


def check(world: Any, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    before, rows = former(world)
    world.sql("update scored set amount = amount + 1 where happened > timestamp '2024-06-01'")
    project, monitor = world.definition()
    with monkeypatch.context() as patched:
        Dying(patched, number)
        with pytest.raises(KilledError):
            runner.run(project, monitor, world.engine)
    after = store.read_results(world.engine, project.store, monitor.name)
    pd.testing.assert_frame_equal(before, after, check_exact=True)
    assert world.stored_rows() == rows
    assert world.temporary_tables() == []


def test_a_run_that_dies_before_the_first_results_stores_nothing(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = statements(world, monkeypatch)
    world.sql("drop schema sqlmonitor cascade")
    with monkeypatch.context() as patched:
        Dying(patched, texts.index("commit"))
        with pytest.raises(KilledError):
            world.run()
    assert world.stored_rows() == {}
    assert not world.run().empty


def test_a_changed_definition_replaces_the_latest_results(world: Any) -> None:
    world.run()
    world.monitor["chunks"] = "quarter"
    assert set(world.run()["chunk"]) == {"2024-01-01", "2024-04-01", "2024-07-01"}
