"""Apache DataFusion: where its SQL differs from DuckDB's."""

from __future__ import annotations

from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import NormalizationStrategy
from sqlglot.dialects.duckdb import DuckDB

from sqlmonitor.dialects import postgres, shared
from sqlmonitor.dialects.dialect import KIND, Dialect

SETTINGS = {
    "datafusion.execution.time_zone": "UTC",
    # Fractions within fractions, and rules for thresholds.
    "datafusion.sql_parser.recursion_limit": "2000",
    "datafusion.catalog.information_schema": "true",
    # Parquet's statistics leave NaN out, and a column whose smallest and largest are equal is taken for constant.
    "datafusion.execution.collect_statistics": "false",
}
"""Of the session, each for a difference of meaning or a limit; another value gives other results."""
LONG_UNION = 50
"""SELECTs in one, from which on they are united in halves."""
SECONDS = {"hour": 3600, "minute": 60, "second": 1, "day": 86400}


class DataFusion(DuckDB):
    """Its words for sqlglot, which has none: DuckDB's, but names without quotes are small, and NULL is the largest."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.LOWERCASE
    NULL_ORDERING = "nulls_are_large"
    SUPPORTS_ORDER_BY_ALL = False
    TYPED_DIVISION = True


@cache
def _form(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect="datafusion")


def _written(form: str, **trees: exp.Expr) -> exp.Expr:
    """DataFusion's own text with the named columns replaced by trees."""
    root = _form(form).copy()
    for column in list(root.find_all(exp.Column)):
        if not column.table and column.name in trees:
            column.replace(exp.paren(trees[column.name].copy(), copy=False))
    return root


def time_in_microseconds(node: exp.Expr) -> exp.Expr:
    """The type of times.

    DuckDB: timestamp, in microseconds. DataFusion 55: in nanoseconds, which end in 2262.
    Remedy: timestamp(6).
    """
    if node.this not in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ) or node.expressions:
        return node
    return exp.DataType(this=exp.DType.TIMESTAMP, expressions=[exp.DataTypeParam(this=exp.Literal.number(6))])


def multiplied_interval(node: exp.Expr) -> exp.Expr:
    """Multiples of an interval.

    DuckDB: n * interval '3 months'. DataFusion 55: an interval cannot be multiplied.
    Remedy: an interval from its text.
    """
    interval = node.expression
    if not isinstance(interval, exp.Interval):
        return node
    unit = interval.args["unit"].name.lower().removesuffix("s")
    return _written(
        f"cast(concat(cast(cast(multiple * {int(interval.this.name)} as bigint) as varchar), ' {unit}s') as interval)",
        multiple=node.this,
    )


def borders(node: exp.Expr) -> exp.Expr:
    """Borders between two times.

    DuckDB: date_diff('hour', a, b). DataFusion 55: none.
    Remedy: the difference of their seconds since 1970, each cut to the unit first.
    """
    unit = node.args["unit"].name.lower()
    form = (
        f"cast((date_part('epoch', date_trunc('{unit}', cast(later as timestamp(6))))"
        f" - date_part('epoch', date_trunc('{unit}', cast(earlier as timestamp(6))))) / {SECONDS[unit]} as bigint)"
    )
    return _written(form, later=node.this, earlier=node.expression)


def time_as_text(node: exp.Expr) -> exp.Expr:
    """Times as text. DuckDB: strftime(t, '%Y'). DataFusion 55: to_char, with the same forms."""
    return exp.Anonymous(this="to_char", expressions=[node.this, node.args["format"]])


def quantile_list(node: exp.Expr) -> exp.Expr:
    """Several exact quantiles.

    DuckDB: quantile_disc(x, [a, b]). DataFusion 55: percentile_cont only, which lies between two values.
    Remedy: the values in order, and DuckDB's own place in them; they are of a sample, so the list is short.
    """
    shares = [float(share.name) for share in node.expression.expressions]
    places = (
        "array_element(array_sort(array_agg(x) filter (where x is not null)), "
        f"cast(count(x) - floor(count(x) - {share!r} * count(x)) as bigint))"
        for share in shares
    )
    return _written(f"make_array({', '.join(places)})", x=node.this)


def column_once(node: exp.Expr) -> exp.Expr:
    """One column twice.

    DuckDB: select x, x. DataFusion 55: every column needs a name of its own.
    Remedy: an alias for the second, which nothing can name.
    """
    found: set[str] = set()
    for place, one in enumerate(list(node.expressions)):
        if isinstance(one, exp.Alias) or one.is_star:
            continue
        written = one.sql()
        if written in found:
            one.replace(exp.alias_(one.copy(), f"repeated_{place}"))
        found.add(written)
    return node


def comparison_in_parentheses(node: exp.Expr) -> exp.Expr:
    """What binds how tightly.

    DuckDB: a is not distinct from b and c is (a is not distinct from b) and c. DataFusion 55: b and c goes first.
    Remedy: parentheses.
    """
    return node if isinstance(node.parent, exp.Paren) else exp.paren(node, copy=False)


def few_rows_first(node: exp.Expr) -> exp.Expr:
    """The speed of a cross join.

    DuckDB: from many cross join one. DataFusion 55: a batch for each of the many rows, which takes minutes.
    Remedy: from one cross join many. In templates the second relation is the one with few rows.
    """
    joins = node.args.get("joins") or []
    source = node.args.get("from_")
    if source is None or len(joins) != 1 or joins[0].args.get("kind") != "CROSS":
        return node
    first, second = source.this, joins[0].this
    if not first.args.get("joins") and not any(isinstance(one, exp.Star) for one in node.expressions):
        source.set("this", second)
        joins[0].set("this", first)
    return node


def balanced_union(node: exp.Expr) -> exp.Expr:
    """Many SELECTs in one.

    DuckDB: thousands of them. DataFusion 55: reads them as levels, so 4,000 end the process, and 1,500 take 2 s.
    Remedy: halves of halves; 4,000 take half a second.
    """
    if isinstance(node.parent, exp.Union) and node.arg_key == "this":
        return node
    selects: list[exp.Expr] = []
    level = node
    while (
        isinstance(level, exp.Union)
        and not level.args.get("distinct")
        and (level is node or not _is_ended(level))
    ):
        selects.append(level.expression)
        level = level.this
    if len(selects) < LONG_UNION:
        return node
    halves = [level, *reversed(selects)]
    while len(halves) > 2:
        pairs = [halves[place : place + 2] for place in range(0, len(halves), 2)]
        halves = [_united(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    node.set("this", halves[0])
    node.set("expression", halves[1])
    return node


def _is_ended(union: exp.Expr) -> bool:
    """Whether an order, a limit or common tables are of this union alone."""
    return any(union.args.get(key) for key in ("order", "limit", "offset", "with_"))


def _united(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.Subquery(this=exp.Union(this=left, expression=right, distinct=False))


def joined_levels(node: exp.Expr) -> exp.Expr:
    """Distinct texts in one.

    DuckDB: string_agg(distinct x, ', ' order by x), which sqlglot writes as listagg. DataFusion 55: no listagg.
    Remedy: the sorted list.
    """
    text = node.this
    while isinstance(text, (exp.Order, exp.Distinct)):
        text = text.this or text.expressions[0]
    return _written(
        "array_to_string(array_sort(array_agg(distinct one) filter (where one is not null)), separator)",
        one=text,
        separator=node.args["separator"],
    )


TEXT_OF_DOUBLE = r"""
case
    when arrow_typeof(value) not in ('Float64', 'Float32', 'Float16') then plain
    when plain = 'NaN' then 'nan'
    when plain like '%e%'
        then regexp_replace(regexp_replace(plain, 'e([0-9])', 'e+\1'), 'e-([0-9])$', 'e-0\1')
    when plain like '0.0000%' or plain like '-0.0000%'
        then concat(
            regexp_replace(regexp_replace(plain, '^(-?)0[.]0000([0-9])([0-9]*)$', '\1\2.\3'), '[.]$', '')
            , 'e-05'
        )
    else plain
end
"""


def text_of_double(node: exp.Expr) -> exp.Expr:
    """Doubles as text, where a column may be one.

    DuckDB: 'nan', '1e+20', '1e-07', '1.5e-05'. DataFusion 55: 'NaN', '1e20', '1e-7', '0.000015'.
    Remedy: from the parts of the text, by the type that the column has when the statement runs.
    """
    inner = node.this.unnest()
    may_be_double = isinstance(inner, exp.Column) and node.meta.get(KIND, "other") in ("float", "other")
    if not node.args["to"].is_type("text", "varchar") or not may_be_double:
        return node
    return exp.paren(_written(TEXT_OF_DOUBLE, value=inner, plain=node), copy=False)


DATAFUSION = Dialect(
    name="datafusion",
    proof="executed",
    schemes=("datafusion",),
    extra="datafusion",
    address="datafusion:///path/to/folder",
    session=";\n".join(f"set {name} = '{value}'" for name, value in SETTINGS.items()),
    # In memory, and of this session alone, as all of its tables are.
    temporary="create or replace table {table} as\n{select}",
    begin="",
    clone="create table {copy} as select * from {table}",
    # A view keeps to the table that it was made over, so that must stay.
    exchange="delete from {table};\ninsert into {table} select * from {copy}",
    quotient="above * cast(1 as double) / nullif(below, 0)",
    averaged="given * 1e0",
    smallest=shared.SMALLEST,
    largest=shared.LARGEST,
    rewrites=(
        ((exp.DataType,), time_in_microseconds),
        ((exp.PercentileDisc,), quantile_list),
        ((exp.Select,), shared.condition_of_one_row),
        ((exp.Select,), column_once),
        ((exp.Union,), balanced_union),
        ((exp.Select,), few_rows_first),
        ((exp.NullSafeEQ, exp.NullSafeNEQ), comparison_in_parentheses),
        ((exp.Order,), shared.order_by_all),
        ((exp.EQ,), shared.one_catalogue),
        ((exp.IntDiv,), shared.whole_quotient),
        ((exp.Div,), shared.safe_quotient),
        ((exp.Mul,), multiplied_interval),
        ((exp.Year, exp.Month, exp.Quarter), postgres.quarter),
        ((exp.DateDiff,), borders),
        ((exp.TimeToStr,), time_as_text),
        ((exp.GroupConcat,), joined_levels),
        ((exp.Cast,), shared.zero_without_sign),
        ((exp.Cast,), text_of_double),
        ((exp.ColumnDef,), shared.column_without_key),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
