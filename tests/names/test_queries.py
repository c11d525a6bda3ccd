"""Queries as analysts write them: CTEs, comments and the engine's own functions mean what they meant."""

from __future__ import annotations

import duckdb
import pytest

from sqlmonitor import names
from sqlmonitor.dialects import FUNCTIONS
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.names.refusals import VOLATILE_FUNCTIONS, is_dangerous

QUERIES = [
    "with recent as (select * from scored where carrier <> 'ZZ') select * from recent",
    "-- what the team scores\nwith a as (\n select *, /* the */ id + 1 as later -- */ one more\n from scored) select * from a",
    "select * from scored; -- a comment; after the end",
    "select * from scored ; /* a; b */ ;",
    "from scored select * where id > 3",
    "select * from scored qualify row_number() over (partition by carrier order by id) = 1",
    "select * from scored where carrier = 'it''s -- not; a comment' or id > 2",
    "(select * from scored) union all by name (select * from scored where false)",
    "with recursive t (n) as (select 1 union all select n + 1 from t where n < 3) select scored.*, n from scored, t",
    "select *, list_aggregate([1, 2], 'sum') as a, jaccard('ab', 'bc') as b, isodow(date '2024-01-01') as c from scored",
    "select * exclude (id) replace (upper(carrier) as carrier) from scored",
]


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_gives_the_rows_that_its_author_sees(text: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table scored as select i as id, 'c' || i % 3 as carrier from range(9) as t (i)"
        )
        expected = connection.execute(text).fetchall()
        ours = names.query(text).sql("duckdb")
        assert sorted(connection.execute(f"select * from ({ours}) as rows").fetchall()) == sorted(expected)


def test_a_comment_cannot_end_the_query() -> None:
    text = names.query("select 1 as a -- */ ; drop table x; /*").sql("duckdb")
    with duckdb.connect() as connection:
        connection.execute("create table x as select 1 as a")
        assert connection.execute(f"select * from ({text}) as rows").fetchall() == [(1,)]
        assert connection.execute("from x").fetchall() == [(1,)]
    with pytest.raises(ConfigurationError, match="more than one statement"):
        names.query("select 1 as a; drop table x -- ;")


@pytest.mark.parametrize("dialect", FUNCTIONS)
def test_functions_of_engines_are_harmless(dialect: str) -> None:
    listed = {name.casefold() for name in FUNCTIONS[dialect]}
    assert not listed & VOLATILE_FUNCTIONS
    assert not [name for name in listed if is_dangerous(name)]


def test_functions_of_duckdb_give_the_same_in_every_run() -> None:
    with duckdb.connect() as connection:
        known = connection.execute(
            "select lower(function_name), function_type, stability from duckdb_functions()"
        ).fetchall()
    stable = {
        name for name, kind, one in known if kind in ("scalar", "aggregate", "macro") and one != "VOLATILE"
    }
    reading = {name for name, kind, one in known if kind in ("table", "table_macro") or one == "VOLATILE"}
    listed = {name.casefold() for name in FUNCTIONS["duckdb"]}
    assert listed <= stable
    assert not listed & reading
