"""Every function that templates use, on every engine, against values known beforehand."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import every_plan
import pyarrow as pa
import pytest
import sqlglot
from executed_engines import ENGINES
from sqlglot import exp

from sqlmonitor import dialects, store, templates
from sqlmonitor.dialects import shared
from sqlmonitor.dialects.dialect import Dialect

NAN, INFINITY = math.nan, math.inf
NUMBER_OF_TEXT = f"select {dialects.NUMBER.replace('row_id', '{0}')} as found"
NUMBER_OF_ID = dialects.NUMBER_OF_INTEGER.replace("row_id", "cast(999000 as {kind})")
IDS = ("17", "-17", "17.000", "1e3", "007", " 17", "1_000", "", "9" * 18, "9" * 19)
"""Texts of ids, some of which one engine or another takes for a whole number."""


def number_of_text(text: str) -> int:
    """The number by which an id is in a fold: whole numbers of 18 digits at most by arithmetic, all others by a hash."""
    if text.removeprefix("-").isdigit() and str(int(text)) == text and len(text.removeprefix("-")) <= 18:
        return abs(int(text)) % 1000003 * 7919 % 1000003
    digits = hashlib.md5(text.encode()).hexdigest()
    return sum(weight * ord(digit) for weight, digit in zip((1, 3, 7, 1021), digits, strict=False))


NUMBERS = pa.table(
    {
        "id": pa.array([1, 2, 3, 4, 5, 6], pa.int64()),
        "number": pa.array([1.0, 2.5, -3.0, 0.0, None, NAN], pa.float64()),
        "whole": pa.array([7, -7, 0, None, 1, 9007199254740993], pa.int64()),
        "name": pa.array(["b", "B", "ä", "a", None, ""], pa.string()),
        "flag": pa.array([True, False, None, True, False, True], pa.bool_()),
        "code": pa.array([1.0, 2.0, 0.5, NAN, None, 1e20], pa.float64()),
        "price": pa.array(
            [
                Decimal(text) if text else None
                for text in ("1.50", "2", "-0.05", "0", None, "1234567890123.10")
            ],
            pa.decimal128(15, 2),
        ),
        "moment": pa.array(
            [
                datetime.fromisoformat(text) if text else None
                for text in (
                    "2024-02-29T23:59:59",
                    "1900-01-01T00:00:00",
                    "2024-12-31T12:30:00.5",
                    None,
                    "1970-01-01",
                    "2038-01-19T03:14:08",
                )
            ],
            pa.timestamp("us"),
        ),
    }
)
# One row of `numbers` by its id.
OF_ROW: list[tuple[str, int, Any]] = [
    # division: a double, and nothing finite below zero
    ("whole / 2", 1, 3.5),
    ("1 / 2", 1, 0.5),
    ("number / 4", 2, 0.625),
    ("number / nullif(whole, 0)", 3, None),
    ("case when abs(number / 0e0) <= 1e300 then 1 else 0 end", 1, 0),
    ("case when abs(number / number) <= 1e300 then 1 else 0 end", 4, 0),
    ("whole // 2", 1, 3),
    ("whole // 2", 4, None),
    ("whole % 3", 1, 1),
    ("whole % 3", 3, 0),
    ("5e0 % 3", 1, 2),
    ("cast(floor(34359738368.5e0) % 262144 as bigint)", 1, 0),
    ("abs(whole % 3)", 2, 1),
    # comparison, NaN and NULL
    ("isnan(number)", 6, True),
    ("isnan(number)", 1, False),
    ("isnan(number)", 5, None),
    ("case when not isnan(number) then number end", 6, None),
    ("number between 1 and 2", 1, True),
    ("number between 1 and 2", 5, None),
    ("number is null", 6, False),
    ("number <> 1", 2, True),
    ("number >= 0", 4, True),
    ("flag and number > 0", 3, False),
    ("flag or number < 0", 3, True),
    ("not flag", 2, True),
    ("number is not distinct from null and flag is not distinct from false", 5, True),
    ("coalesce(number, 9)", 5, 9),
    ("greatest(number, 0)", 3, 0),
    ("greatest(number, 0)", 5, 0),
    ("least(number, 0)", 5, 0),
    ("greatest(number, 1, 2)", 2, 2.5),
    # rounding
    ("floor(number)", 3, -3),
    ("floor(number)", 2, 2),
    ("ceil(number)", 2, 3),
    ("round(number)", 3, -3),
    ("round(0.3e0 * 1099511627776)", 1, 329853488333),
    ("cast(number as bigint)", 3, -3),
    ("cast(floor(number) as integer)", 2, 2),
    ("abs(number)", 3, 3),
    # powers and logarithms
    ("sqrt(number)", 2, 2.5**0.5),
    ("sqrt(number)", 4, 0),
    ("power(number, 2)", 3, 9),
    ("power(number, 6)", 2, 2.5**6),
    ("ln(number)", 2, math.log(2.5)),
    ("ln(number)", 5, None),
    ("case when abs(ln(number)) <= 1e300 then 1 else 0 end", 4, 0),
    ("case when number > 0 then ln(number) end", 3, None),
    ("exp(number)", 3, math.exp(-3)),
    ("exp(number)", 5, None),
    ("exp(number - 1000)", 1, 0),
    ("case when exp(number + 1000) > 1e300 then 1 else 0 end", 1, 1),
    ("pi()", 1, math.pi),
    ("0.1e0 + 0.2e0", 1, 0.1 + 0.2),
    ("1e0 / 3", 1, 1 / 3),
    ("2e0 * number", 2, 5),
    ("-1e9", 1, -1e9),
    # text
    ("substr(name, 1, 1)", 1, "b"),
    ("ascii(substr(md5(name), 1, 1))", 1, ord("9")),
    ("md5(cast(whole as varchar))", 1, "8f14e45fceea167a5a36dedd4bea2543"),
    ("name || '!'", 3, "ä!"),
    ("name || '!'", 5, None),
    ("name = ''", 6, True),
    ("name < 'a'", 2, True),
    ("lpad(cast(whole as varchar), 6, '0')", 1, "000007"),
    ("cast(whole as varchar)", 2, "-7"),
    ("cast(flag as varchar)", 1, "true"),
    ("cast(code as varchar)", 1, "1.0"),
    ("cast(code as varchar)", 3, "0.5"),
    ("cast(code as varchar)", 4, "nan"),
    ("cast(code as varchar)", 6, "1e+20"),
    ("cast(price as varchar)", 1, "1.50"),
    ("cast(price as varchar)", 2, "2.00"),
    ("cast(price as varchar)", 3, "-0.05"),
    ("cast(price as varchar)", 4, "0.00"),
    ("cast(price as varchar)", 5, None),
    ("cast(price as varchar)", 6, "1234567890123.10"),
    ("try_cast(cast(whole as varchar) as bigint)", 2, -7),
    ("try_cast(name as bigint)", 1, None),
    ("try_cast(name as bigint)", 6, None),
    # times
    ("year(moment)", 1, 2024),
    ("month(moment)", 1, 2),
    ("quarter(moment)", 3, 4),
    ("year(moment)", 4, None),
    ("date_diff('hour', timestamp '1900-01-01', moment)", 2, 0),
    ("date_diff('hour', timestamp '1900-01-01', moment)", 5, 613608),
    ("date_diff('day', timestamp '1900-01-01', moment)", 1, 45349),
    ("date_diff('second', timestamp '2024-12-31', moment)", 3, 45000),
    ("strftime(moment, '%Y-%m-%d')", 1, "2024-02-29"),
    ("strftime(moment, '%Y-%m-%dT%H:%M')", 3, "2024-12-31T12:30"),
    ("strftime(timestamp '1900-01-01' + whole * interval '1 month', '%Y-%m-%d')", 1, "1900-08-01"),
    ("strftime(timestamp '1900-01-01' + whole * interval '3 months', '%Y-%m-%d')", 1, "1901-10-01"),
    ("strftime(timestamp '1900-01-01' + whole * interval '1 hour', '%Y-%m-%dT%H:%M')", 1, "1900-01-01T07:00"),
    ("moment < timestamp '2024-03-01'", 1, True),
    ("moment < current_timestamp", 1, True),
    # types
    ("cast(null as double)", 1, None),
    ("cast(null as varchar)", 1, None),
    ("case when flag then 1 when not flag then 0 end", 3, None),
    ("[1.5e0, number][2]", 2, 2.5),
]
# A SELECT of one value over the whole table.
OF_TABLE: list[tuple[str, Any]] = [
    ("select count(*) as found from numbers", 6),
    ("select count(number) as found from numbers", 5),
    ("select count(distinct flag) as found from numbers", 2),
    ("select count(*) filter (where flag) as found from numbers", 3),
    ("select sum(number) as found from numbers where number < 5", 0.5),
    ("select sum(number) as found from numbers", NAN),
    ("select sum(number) as found from numbers where id > 9", None),
    ("select max(number) as found from numbers where id > 9", None),
    ("select avg(whole) as found from numbers where id > 9", None),
    ("select count(*) as found from numbers where id > 9", 0),
    ("select cast(sum(whole) as bigint) as found from numbers where id < 6", 1),
    ("select avg(whole) as found from numbers where id < 4", 0),
    ("select avg(whole) / 2 as found from numbers where id in (1, 5)", 2),
    ("select sum(whole) / 2 as found from numbers where id in (1, 3)", 3.5),
    ("select stddev_pop(number) as found from numbers where id in (1, 2)", 0.75),
    ("select stddev_pop(number) as found from numbers where id > 9", None),
    ("select max(number) as found from numbers", NAN),
    ("select min(number) as found from numbers", -3),
    ("select min(name) as found from numbers where id < 6", "B"),
    ("select max(name) as found from numbers", "ä"),
    ("select bool_or(flag) as found from numbers where id in (2, 3)", False),
    ("select string_agg(distinct name, ', ' order by name) as found from numbers where id in (1, 2, 4)", "B, a, b"),
    ("select quantiles[2] as found from (select quantile_disc(number, [0.25, 0.5, 0.999]) as quantiles from numbers where id < 5) as one", 0),
    ("select quantiles[1] as found from (select quantile_disc(number, [0.25, 0.5, 0.999]) as quantiles from numbers where id > 9) as one", None),
    ("select count(*) as found from (select flag from numbers group by grouping sets ((flag), ())) as sets", 4),
    ("select max(of_all) as found from (select grouping(flag) as of_all from numbers group by grouping sets ((flag), ())) as sets", 1),
    ("select max(total) as found from (select sum(whole) over (order by id rows between unbounded preceding and current row) as total from numbers where id < 6) as sums", 7),
    ("select name as found from (select name, row_number() over (order by name desc) as place from numbers) as placed where place = 1", "ä"),
    ("select name as found from (select name, row_number() over (order by number) as place from numbers) as placed where place = 1", "ä"),
    ("select id as found from (select id, row_number() over (order by number desc) as place from numbers) as placed where place = 6", 5),
    ("select sum(place) as found from (select dense_rank() over (partition by id < 6 order by whole < 0) as place from numbers where id <> 4) as placed", 6),
    ("select max(number_after) as found from (select lead(number) over (order by id) as number_after from numbers where id < 4) as ahead", 2.5),
    ("select count(*) as found from (select ntile(4) over (order by id) as part from numbers) as parts where part = 1", 2),
    ("select id as found from numbers qualify row_number() over (order by id desc) = 1", 6),
    ("select id as found from numbers where 0 = 1 union all select 3 as id", 3),
    ("select count(*) as found from (select distinct flag from numbers) as flags", 3),
    ("select count(*) as found from numbers as a left join numbers as b on a.number = b.number where b.id is null", 1),
    ("select b.name as found from numbers as a left join numbers as b on a.id + 100 = b.id where a.id = 1", None),
    ("select count(*) as found from numbers cross join (select 1 as one union all select 2 as one) as two", 12),
    ("select id, name as found from numbers order by all limit 1", "b"),
    ("select count(*) as found from numbers as a where exists (select 1 from numbers as b where b.id = a.id and b.name is not distinct from a.name)", 6),
    ("select count(*) as found from numbers as a where not exists (select 1 from numbers as b where b.id = a.id and b.name = a.name)", 1),
    ("select max(id) as found from (select 1 as id, 2 as place having (select count(*) from numbers) = 6) as none_or_one", 1),
    *((f"select {NUMBER_OF_ID.format(kind=kind)} as found", 999000 * 7919 % 1000003) for kind in ("integer", "bigint")),
    *((NUMBER_OF_TEXT.format(f"'{text}'"), number_of_text(text)) for text in IDS),
    (f"{NUMBER_OF_TEXT.format('price')} from numbers where id = 1", number_of_text("1.50")),
]  # fmt: skip
BY_TABLE = [(f"select {text} as found from numbers where id = {row}", value) for text, row, value in OF_ROW]
PROBES = [*BY_TABLE, *OF_TABLE]
# Nodes that are no operation of their own.
STRUCTURE = (exp.If, exp.Connector)


@pytest.fixture(scope="module", params=ENGINES)
def engine(request, opened):
    """Each engine with the table of numbers."""
    warehouse = opened(request.param)
    warehouse.load("numbers", NUMBERS)
    with warehouse.connect() as connected:
        yield connected


@pytest.mark.parametrize(("sql", "expected"), PROBES, ids=[sql for sql, _ in PROBES])
def test_value(engine, sql: str, expected: Any) -> None:
    row = engine.first(sql)
    assert row is not None
    found = row["found"]
    if expected is None or isinstance(expected, (bool, str)):
        assert found == expected
        assert (found is None) == (expected is None)
    else:
        assert float(found) == pytest.approx(expected, rel=1e-15, abs=1e-300, nan_ok=True)


def test_decimals_of_a_type_are_known(engine) -> None:
    described = {name.lower(): written for name, written in engine.describe("numbers").items()}
    assert dialects.scale(described["price"]) == 2
    assert {name for name, written in described.items() if dialects.scale(written) is not None} == {"price"}


def operations(tree: exp.Expr) -> set[type[exp.Expr]]:
    """The functions, operators and clauses of a statement."""
    kinds = (exp.Func, exp.Binary, exp.Unary, exp.Window, exp.Filter, exp.Between, exp.Distinct, exp.GroupingSets, exp.Qualify)  # fmt: skip
    return {type(node) for node in tree.walk() if isinstance(node, kinds) and not isinstance(node, STRUCTURE)}


@pytest.mark.slow
def test_every_function_of_the_templates_and_the_store_is_probed() -> None:
    probed = set().union(*(operations(sqlglot.parse_one(sql, dialect="duckdb")) for sql, _ in PROBES))
    used = set()
    for variant in every_plan.VARIANTS:
        plan = every_plan.plan(variant)
        times = {"started_at": "current_timestamp", "now": "current_timestamp"}
        published = store.publication(plan, run_id="one", stage="run", **times)
        for statement in [*store.creation("place"), *published]:
            used |= operations(sqlglot.parse_one(statement, dialect="duckdb"))
        for step in plan.steps:
            tree = templates.select(step, "postgres")
            assert isinstance(tree, exp.Expr)
            used |= operations(tree)
    assert used <= probed, used - probed


PORTABLE = Dialect(
    name="duckdb",
    proof="compiled",
    schemes=(),
    rewrites=(
        ((exp.Literal,), shared.number_as_double),
        ((exp.Order,), shared.order_by_all),
        ((exp.Order,), shared.nulls_last_by_key),
        ((exp.Greatest, exp.Least), shared.over_nulls),
        ((exp.IsNan,), shared.equals_nan),
        ((exp.IntDiv,), shared.whole_quotient),
        ((exp.Div,), shared.safe_quotient),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
"""What the dialects that are only compiled are made of, written for an engine that is here."""


# An order inside of distinct takes its argument only.
REWRITTEN = [(sql, value) for sql, value in PROBES if "distinct name" not in sql]


@pytest.mark.parametrize(("sql", "expected"), REWRITTEN, ids=[sql for sql, _ in REWRITTEN])
def test_shared_rewrites_keep_the_value(sql: str, expected: Any) -> None:
    tree = dialects.rewritten(sqlglot.parse_one(sql, dialect="duckdb"), PORTABLE)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("numbers", NUMBERS)
        text = tree.sql(dialect="duckdb")
        description = connection.execute(text).description
        row = connection.fetchone()
    assert description is not None
    assert row is not None
    found = dict(zip((column[0] for column in description), row, strict=True))["found"]
    if expected is None or isinstance(expected, (bool, str)):
        assert found == expected
    else:
        assert float(found) == pytest.approx(expected, rel=1e-15, abs=1e-300, nan_ok=True)
