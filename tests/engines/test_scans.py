"""How often a first run reads its source, and how many rows: by the engines' own plans and counters."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest
from executed_engines import ENGINES, Warehouse
from source_scans import Read, listening

from sqlmonitor import runner
from sqlmonitor.definitions import loads

ROWS = 24_000
"""Few enough for one row group and one granule each: nothing is pruned."""
REFERENCE = ROWS // 4
COUNTS = (3, 15)
"""Of features."""
LOOKS = "statistics"
"""The statement that looks at a few rows of the reference before it reads them all."""
STEPS = ["chunk_counts", LOOKS, LOOKS, "numeric_cells", "category_counts", "scores"]
OF_ALL_ROWS = {"chunk_counts", "numeric_cells", "category_counts", "scores"}
OF_STEPS = 200
"""Rows of steps' tables, which ClickHouse's counter takes in."""


def features(count: int) -> dict[str, list[str]]:
    """So many features, a third of them categorical."""
    kinds: dict[str, list[str]] = {"numeric": [], "categorical": []}
    for number in range(count):
        kinds["categorical" if number % 3 == 2 else "numeric"].append(f"feature_{number}")
    return kinds


def loaded(warehouse: Warehouse, count: int, rows: int = ROWS) -> None:
    listed = [
        f"case when id % {number + 17} > 0 then "
        + (f"'level ' || id * 7 % {number + 4}" if number % 3 == 2 else f"(id * {number + 37} % 101) / 7.0e0")
        + f" end as feature_{number}"
        for number in range(count)
    ]
    query = f"""
        select id, timestamp '2024-01-01' + id * interval '15 minutes' as happened, {", ".join(listed)}
            , id * 61 % 97 / 97.0e0 as score, case when id * 61 % 97 > 40 then 1 else 0 end as predicted
            , case when id * 61 % 97 + id * 29 % 53 > 70 then 1 else 0 end as actual, id % 89 / 4.0e0 as amount
        from range({rows}) as numbers (id)
    """
    with duckdb.connect() as connection:
        warehouse.load("scored", connection.sql(query).to_arrow_table())


def run(warehouse: Warehouse, count: int, **changes: Any) -> None:
    """A first run of a monitor with so many features, a score, labels and a KPI."""
    monitor = {
        "name": "wide",
        "task": "binary_classification",
        "predictions": "scored",
        "id": "id",
        "timestamp": "happened",
        "reference": f"id < {REFERENCE}",
        "chunks": "month",
        "model": {"score": "score", "label": "predicted", "positive": 1},
        "target": {"column": "actual"},
        "features": features(count),
        "kpis": [{"name": "amount_per_row", "sql": "sum(amount) / count(*)"}],
    }
    project = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": [monitor | changes]}))
    with warehouse.connect() as engine:
        runner.run(project, project.monitors[0], engine)


def first_run(warehouse: Warehouse, name: str, count: int) -> Read:
    """What a first run with so many features reads of its predictions."""
    loaded(warehouse, count)
    with pytest.MonkeyPatch.context() as patched:
        read = listening(patched, name, warehouse, ("scored",))
        run(warehouse, count)
    return read["scored"]


def check_scans(few: Read, many: Read) -> None:
    """Every row four times, and the reference once more after a look at it, whatever the number of columns."""
    assert [step for step, _ in few] == [step for step, _ in many] == STEPS
    for (step, rows), (_, of_many) in zip(few, many, strict=True):
        assert abs(rows - of_many) <= OF_STEPS, step
        # Of the reference, an engine may find the rows or look for them among all.
        assert (ROWS if step in OF_ALL_ROWS else REFERENCE) <= rows <= ROWS + OF_STEPS, step


NO_PLANS = pytest.mark.xfail(
    strict=True, reason="the stand-in's plans are DuckDB's, and say nothing of Snowflake"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=NO_PLANS if name == "snowflake" else ()) for name in ENGINES]
)
def test_scans_do_not_grow_with_columns(opened, name: str) -> None:
    check_scans(*(first_run(opened(name), name, count) for count in COUNTS))


@pytest.mark.slow
def test_a_look_ends_after_as_many_rows_as_it_needs(opened, monkeypatch) -> None:
    """20,000 rows of a tenth: of a reference of 360,000 rows, 200,000 and what a scan reads at once."""
    warehouse = opened("duckdb")
    loaded(warehouse, 3, rows=400_000)
    read = listening(monkeypatch, "duckdb", warehouse, ("scored",))
    run(warehouse, 3, reference="id >= 40000")
    few, reference = sorted(rows for step, rows in read["scored"] if step == LOOKS)
    assert 200_000 <= few <= 300_000
    assert 360_000 <= reference <= 400_000


@pytest.mark.slow
def test_what_else_a_first_run_may_read(opened, monkeypatch) -> None:
    """Checks of the data, `features: all`, a reference and labels in relations of their own, duplicates, a join."""
    warehouse = opened("duckdb")
    loaded(warehouse, 3)
    for made in (
        "create table outcomes as select id, actual, happened as known_at from scored",
        "create table branches as select id, id % 7 as branch from scored",
        "alter table scored drop actual",
        f"create table history as select * from scored where id < {REFERENCE}",
        f"delete from scored where id < {REFERENCE}",
    ):
        warehouse.run(made)
    read = listening(monkeypatch, "duckdb", warehouse, ("scored", "history", "outcomes", "branches"))
    run(
        warehouse,
        3,
        reference={"relation": "history"},
        features="all",
        target={"relation": "outcomes", "column": "actual", "on": "id", "observed_at": "known_at"},
        metrics={"quality": ["missing", "duplicates"]},
        kpis=[
            {
                "name": "branch",
                "sql": "sum(b.branch) / count(*)",
                "join": {"relation": "branches", "on": ["id"], "alias": "b"},
            }
        ],
    )
    of_both = ["chunk_counts", "numeric_cells", "category_counts", "scores", "id_counts"]
    steps = {table: [step for step, _ in scans] for table, scans in read.items()}
    # No row is in both periods.
    assert steps["scored"] == ["a check", *of_both]
    # `features: all` asks of all rows whether columns vary, and of the first ones how many values they have.
    assert sorted(steps["history"]) == sorted(["a check"] * 3 + [LOOKS, LOOKS] + of_both)
    # Keys are unique. The newest label's time is in DuckDB's statistics, and costs others a scan. Rows of two
    # relations are joined with labels separately.
    assert steps["outcomes"] == ["a check", "scores", "scores"]
    assert steps["branches"] == ["a check", "chunk_counts", "chunk_counts"]
