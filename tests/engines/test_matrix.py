"""The same rows on every engine: results and everything that is stored, beside DuckDB's."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from engine_monitors import CASES, EVERYDAY, has_duckdbs_words
from executed_engines import ENGINES, Warehouse

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.store import TABLES

TOLERANCE = 1e-9
"""Relative and absolute, for every metric on every engine."""
OF_THE_RUN = ["run_id", "computed_at"]
OF_THE_SQL = ["fit_id"]
"""A hash of the project's SQL, too, which may have other quotes."""
# Names and times of runs, and hashes over the engine's own types.
COMPARED = [name for name in TABLES if name not in ("runs", "monitors", "kept")]

Stored = dict[str, pd.DataFrame]


def stored(warehouse: Warehouse, case: str) -> Stored:
    """Runs a case and reads everything that it has put into the store."""
    for name, table in CASES[case].tables().items():
        warehouse.load(name, table)
    project = loads(CASES[case].project(warehouse.url))
    with warehouse.connect() as engine:
        frame = runner.run(project, project.monitors[0], engine)
        tables = {name: engine.query(f"select * from sqlmonitor.{name}") for name in COMPARED}
        assert len(frame) == len(tables["results"])
    return tables


@pytest.fixture(scope="session")
def expected(opened):
    """What DuckDB stores, by case."""
    return cache(lambda case: stored(opened("duckdb"), case))


def difference(expected: pd.DataFrame, found: pd.DataFrame) -> str:
    """What differs between two tables, in whatever order their rows are; empty where they are equal."""
    expected, found = (frame.drop(columns=OF_THE_RUN, errors="ignore") for frame in (expected, found))
    if list(expected.columns) != list(found.columns):
        return f"columns {list(found.columns)}"
    if len(expected) != len(found):
        return f"{len(found)} rows, not {len(expected)}"
    kinds = {name: expected[name].dtype.kind for name in expected}
    # By what must be equal first, then by doubles, rounded so that a last bit changes no order.
    exact = [name for name, kind in kinds.items() if kind != "f" and name != "is_alert"]
    keys = [*exact, *(name for name, kind in kinds.items() if kind == "f")]
    compared = [*keys, *(name for name in kinds if name == "is_alert")]
    rounded = (
        frame.assign(
            **{name: frame[name].map(lambda x: float(f"{x:.7g}")) for name in keys if kinds[name] == "f"}
        )
        for frame in (expected, found)
    )
    ordered = [
        frame.iloc[copy.reset_index(drop=True).sort_values(keys, kind="stable").index].reset_index(drop=True)
        for frame, copy in zip((expected, found), rounded, strict=True)
    ]
    for name in compared:
        left, right = (frame[name] for frame in ordered)
        if kinds[name] == "f":
            same = np.isclose(left, right, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        else:
            same = ((left == right) | (left.isna() & right.isna())).fillna(False).to_numpy(dtype=bool)
        if name == "is_alert":
            # A value on its threshold, to the last bit, may fall to either side.
            near = [
                np.isclose(ordered[0]["value"], ordered[0][limit], rtol=1e-12, atol=1e-12)
                for limit in ("lower_threshold", "upper_threshold")
            ]
            same = same | near[0] | near[1]
        if not same.all():
            first = int(np.flatnonzero(~same)[0])
            shown = [frame.iloc[first].to_dict() for frame in ordered]
            return f"{name}: {(~same).sum()} rows\n{shown[0]}\n{shown[1]}"
    return ""


def compared(expected: Stored, found: Stored, name: str) -> str:
    """What differs between DuckDB's store and an engine's; empty where they are equal."""
    beside = [] if has_duckdbs_words(name) else OF_THE_SQL
    for table, rows in expected.items():
        left, right = (frame.drop(columns=beside, errors="ignore") for frame in (rows, found[table]))
        told = difference(left, right)
        if told:
            return f"{table}: {told}"
    return ""


PAIRS = [
    pytest.param(case, name, marks=[] if case == EVERYDAY else [pytest.mark.slow], id=f"{case}-{name}")
    for name in ENGINES
    for case in CASES
    if name != "duckdb"
]


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_every_row_is_as_on_duckdb(case, name, opened, expected) -> None:
    found = stored(opened(name), case)
    assert not compared(expected(case), found, name)
    results = found["results"]
    assert results["value"].notna().mean() > 0.5
