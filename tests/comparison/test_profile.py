"""Profiles against pandas and NumPy."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from two_sides import side

from sqlmonitor import comparison
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import SqlmonitorError
from sqlmonitor.planner.details import SHARES


@pytest.fixture(scope="module")
def found(files: list[str]) -> pd.DataFrame:
    with DuckDB(duckdb.connect()) as opened:
        return comparison.profile(opened, files[0]).columns.set_index("column")


def test_numbers(found: pd.DataFrame) -> None:
    rows = side(0)
    for name in ("amount", "steady", "zip"):
        values = rows[name].dropna()
        row = found.loc[name]
        assert [row["min"], row["max"]] == pytest.approx([values.min(), values.max()], abs=1e-8)
        assert [row["mean"], row["std"], row["sum"]] == pytest.approx(
            [values.mean(), values.std(), values.sum()]
        )
        quantiles = [row[f"quantile_{share:g}"] for share in SHARES]
        width = (values.max() - values.min()) / 1000
        assert quantiles == pytest.approx(list(np.quantile(values, SHARES)), abs=width)
        assert row["missing"] == pytest.approx(rows[name].isna().mean())
        assert sum(row["bars"]) == len(values)
    assert (found.loc["steady", "distinct_count"], found.loc["steady", "is_distinct_exact"]) == (5, True)
    # A cell with two different values counts for two; there may be more.
    assert 1000 < found.loc["amount", "distinct_count"] <= rows["amount"].nunique()


def test_quantiles_of_few_values_are_numpys(engine: DuckDB) -> None:
    engine.connection.execute(
        "create table few as select * from (values (1.5), (2.0), (4.0), (10.0)) as t (x)"
    )
    row = comparison.profile(engine, "few").columns.iloc[0]
    expected = np.quantile([1.5, 2, 4, 10], SHARES)
    assert [row[f"quantile_{share:g}"] for share in SHARES] == pytest.approx(list(expected), abs=1e-7)
    assert (row["distinct_count"], row["is_distinct_exact"]) == (4, True)
    # Twelve bars of 0.692 from the 1 % quantile, 1.515, to the 99 % one, 9.82.
    assert list(row["bars"]) == [2, 0, 0, 1] + [0] * 7 + [1]


def test_levels(found: pd.DataFrame) -> None:
    counts = side(0)["colour"].value_counts()
    assert dict(found.loc["colour", "levels"]) == counts.to_dict()
    assert [count for _, count in found.loc["colour", "levels"]] == sorted(counts, reverse=True)
    assert found.loc["colour", "distinct_count"] == 3
    assert dict(found.loc["flag", "levels"]) == {
        str(level).lower(): count for level, count in side(0)["flag"].value_counts().items()
    }


def test_columns_without_a_histogram(found: pd.DataFrame) -> None:
    assert found.loc["at", "first"].startswith("2024-01-01 00:00:00")
    assert found.loc["at", "last"].startswith(str(side(0)["at"].max()))
    assert found.loc["row_id", "note"] == "an identifier: 1,200 values in 1,200 rows"
    assert found.loc["row_id", "first"] == min(side(0)["row_id"])


def test_odd_columns(engine: DuckDB) -> None:
    query = """
        select
            i, null::double as never, null::varchar as nothing, 'inf'::double as endless, 7 as same
            , [i] as listed, case when i > 5 then 'nan'::double else 1 end as sometimes
        from range(10) as t (i)
    """
    found = comparison.profile(engine, query, where="i < 8")
    assert found.row_count == 8
    table = found.columns.set_index("column")
    assert list(table.index) == ["i", "never", "nothing", "endless", "same", "listed", "sometimes"]
    assert (table.loc["never", "missing"], table.loc["nothing", "missing"]) == (1, 1)
    assert table.loc["sometimes", "missing"] == pytest.approx(0.25)
    assert table.loc["same", "distinct_count"] == 1
    assert table.loc["listed", "missing"] == 0
    with pytest.raises(SqlmonitorError, match="no rows"):
        comparison.profile(engine, query, where="i > 10")
