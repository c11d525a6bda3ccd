"""A comparison and a profile are the same on every engine, and leave nothing behind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from engine_monitors import CASES
from executed_engines import ENGINES

from sqlmonitor import comparison


def made(warehouse) -> list[pd.DataFrame]:
    """The columns of a comparison and of a profile."""
    for name, table in CASES["binned"].tables().items():
        warehouse.load(name, table)
    with warehouse.connect() as engine:
        found = comparison.compare(
            engine,
            "with early as (select * from scored /* all */) select * from early where id < 500 -- early",
            "select * from scored where id >= 500",
            where="id >= 0",
        )
        profile = comparison.profile(engine, "scored", columns=["amount", "hour", "region", "happened"])
    return [
        # Some engines make plain names large.
        frame.assign(column=frame["column"].str.lower()).drop(
            columns=["type", "first", "last", "note"], errors="ignore"
        )
        for frame in (found.columns, profile.columns)
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "postgres" else [pytest.mark.slow])
        for name in ENGINES
        if name != "duckdb"
    ],
)
def test_the_same_columns_as_on_duckdb(opened, name: str) -> None:
    for expected, found in zip(made(opened("duckdb")), made(opened(name)), strict=True):
        assert set(expected.columns) == set(found.columns)
        left, right = (frame.set_index("column").sort_index() for frame in (expected, found))
        assert list(left.index) == list(right.index)
        for key in left.columns:
            if left[key].dtype.kind == "f":
                same = np.isclose(left[key], right[key].astype(float), rtol=1e-9, atol=1e-9, equal_nan=True)
                assert same.all(), f"{key}\n{left[key]}\n{right[key]}"
            else:
                assert left[key].astype(str).tolist() == right[key].astype(str).tolist(), key


@pytest.mark.parametrize(
    "name", [name if name == "datafusion" else pytest.param(name, marks=pytest.mark.slow) for name in ENGINES]
)
def test_infinities_are_one_value_each(opened, name: str) -> None:
    warehouse = opened(name)
    values = [float("inf"), float("-inf"), *map(float, range(8))] * 30
    warehouse.load("scored", pa.table({"x": values}))
    with warehouse.connect() as engine:
        found = comparison.profile(engine, "scored").columns.iloc[0]
    assert (found["distinct_count"], found["is_distinct_exact"]) == (len(set(values)), True)


def test_columns_that_differ_by_case_alone_are_pairs(opened) -> None:
    warehouse = opened("postgres")
    for name, column in (("before", "Amount"), ("after", "AMOUNT")):
        amounts = [number % 7 for number in range(300)]
        warehouse.load(name, pa.table({column: amounts, "k": ["a", "b", "c"] * 100}))
    with warehouse.connect() as engine:
        found = comparison.compare(engine, "before", "after", where="k <> 'c'").columns
    assert dict(zip(found["column"], found["status"], strict=True)) == {"AMOUNT": "same", "k": "same"}
    assert (
        found.set_index("column").loc["AMOUNT", ["reference_mean", "mean"]]
        == np.mean([n % 7 for n in range(300) if n % 3 < 2])
    ).all()
