"""Which aggregates follow, over merged chunks, from what chunks have each: run in DuckDB on both sides."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot

from sqlmonitor import dialects, names
from sqlmonitor.planner.parts import Parts

ROWS = "select i // 7 as chunk, i * 13 % 29 as x, i % 4 as y from range(70) as t (i)"


@pytest.mark.parametrize(
    "written",
    [
        "sum(x)",
        "count(*)",
        "avg(x)",
        "sum(x) / count(*)",
        "avg(x) filter (where y > 1) + max(x) - min(y)",
        "sum(x) filter (where y = 2) / nullif(sum(y), 0)",
        "bool_or(x > 20)",
        "case when sum(x) > 3 and not sum(y) between 1 and 2 then round(cast(sum(x) as decimal(18, 3)), 1) end",
        "length(cast(max(x) as varchar)) + count(*)",
    ],
)
def test_merged_is_as_over_all_rows(written: str) -> None:
    parts = Parts("duckdb")
    merged = parts.merged(sqlglot.parse_one(written, dialect="duckdb"))
    assert merged is not None
    listed = ", ".join(
        f"{part['expression'].sql('duckdb')} as part_{part['index']}" for part in parts.listed()
    )
    with duckdb.connect() as connection:
        ((whole,),) = connection.execute(f"select {written} from ({ROWS})").fetchall()
        ((found,),) = connection.execute(
            f"select {merged.sql('duckdb')} from (select {listed} from ({ROWS}) group by chunk)"
        ).fetchall()
    assert found == pytest.approx(whole)


@pytest.mark.parametrize(
    "written",
    [
        # Whole numbers only, or text.
        *("sum(x) & 3", "bit_count(sum(x))", "length(cast(sum(x) as varchar))", "max(x) + gcd(sum(x), 4)"),
        *("median(x)", "count(distinct x)", "sum(x) // count(*)", "sum(x) + stddev(y)"),
    ],
)
def test_what_does_not_add_up_is_said(written: str) -> None:
    parts = Parts("duckdb")
    assert parts.merged(sqlglot.parse_one(written, dialect="duckdb")) is None
    assert parts.listed() == []


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("sum(x * 2.0) + 1", "CAST((SUM(x * 2.0)) AS DOUBLE)"),
        ("avg(x * 2.0)", "CAST((SUM((x * 2.0) * 1e0)) AS DOUBLE)"),
        ("max(x) - 1", "(MAX(x))"),
        ("sum(x * 2.0) filter (where x > 0.5) / 2", "CAST((SUM(x * 2.0) FILTER(WHERE x > 0.5)) AS DOUBLE)"),
    ],
)
def test_a_part_is_in_the_users_words(written: str, part: str) -> None:
    """2.0 of our own would be a double there, and other sums than the user's."""
    parts = Parts("spark")
    assert parts.merged(names.aggregate(written, "spark")) is not None
    assert dialects.translated(parts.listed()[0]["expression"], "spark") == part
