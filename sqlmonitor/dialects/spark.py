"""Spark SQL, in ANSI mode: where it differs from DuckDB's."""

from __future__ import annotations

from functools import cache

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects import shared
from sqlmonitor.dialects.dialect import KIND, Dialect

WORDS = {"sample"}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
LENGTHS = {"hour": "hour", "minute": "minute", "second": "second"}
"""Parts of a time that borders are counted of, and what a time is cut to before."""


@cache
def _form(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect="spark")


def _written(form: str, **trees: exp.Expr) -> exp.Expr:
    """Spark's own text with the named columns replaced by trees."""

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name in trees:
            return exp.paren(trees[node.name].copy())
        return node

    return exp.paren(_form(form).copy().transform(replace), copy=False)


def _called(form: str, **trees: exp.Expr) -> exp.Expr:
    """As ``_written``, for a call, which needs no parentheses around it."""
    return _written(form, **trees).unnest()


def word_in_quotes(node: exp.Expr) -> exp.Expr:
    """Names that are words of the language.

    DuckDB, Spark: sample can be a name. Sail: not without quotes.
    Remedy: quotes.
    """
    if isinstance(node, exp.Identifier) and node.name.lower() in WORDS:
        node.set("quoted", True)
    return node


def added_months(node: exp.Expr) -> exp.Expr:
    """Multiples of months.

    DuckDB: t + n * interval '3 months'. Spark: n must be an int; Sail: only days and shorter can be multiplied.
    Remedy: make_ym_interval.
    """
    product = node.expression
    if not isinstance(product, exp.Mul) or not isinstance(product.expression, exp.Interval):
        return node
    interval = product.expression
    unit = interval.args["unit"].name.lower().removesuffix("s")
    if unit not in MONTHS:
        return node
    months = int(interval.this.name) * MONTHS[unit]
    made = _written(
        f"make_ym_interval(0, cast(number_of_intervals * {months} as int))", number_of_intervals=product.this
    )
    return exp.Add(this=node.this, expression=made)


def borders(node: exp.Expr) -> exp.Expr:
    """Borders between two times.

    DuckDB: date_diff('hour', '1899-12-31 23:30', '1900-01-01') = 1. Spark: timestampdiff counts whole hours, so 0.
    Remedy: times cut to the unit first; days by dates.
    """
    later, earlier, unit = node.this, node.expression, node.args["unit"].name.lower()
    if unit == "day":
        return _called("datediff(cast(later as date), cast(earlier as date))", later=later, earlier=earlier)
    length = LENGTHS[unit]
    return _called(
        f"timestampdiff({unit}, date_trunc('{length}', earlier), date_trunc('{length}', later))",
        later=later,
        earlier=earlier,
    )


def time_in_java_form(node: exp.Expr) -> exp.Expr:
    """As ``postgres.time_as_text``. Databricks: date_format, in whose forms text stands in single quotes."""
    form = node.args["format"].name
    for written, pattern in {
        "%Y": "yyyy",
        "%m": "MM",
        "%d": "dd",
        "%H": "HH",
        "%M": "mm",
        "T": "'T'",
    }.items():
        form = form.replace(written, pattern)
    return exp.Anonymous(this="date_format", expressions=[node.this, exp.Literal.string(form)])


def joined_levels(node: exp.Expr) -> exp.Expr:
    """Distinct texts in one.

    DuckDB: string_agg(distinct x, ', ' order by x). Spark: listagg from 4.0 on, in another form.
    Remedy: the sorted set.
    """
    distinct = node.this
    if isinstance(distinct, exp.Order):
        distinct = distinct.this
    if not isinstance(distinct, exp.Distinct):
        return node
    separator = node.args.get("separator") or exp.Literal.string(",")
    text = distinct.expressions[0]
    if isinstance(text, exp.Order):
        text = text.this
    return _called("array_join(array_sort(collect_set(one)), separator)", one=text, separator=separator)


TEXT_OF_DOUBLE = """
case
    when typeof(value) not in ('double', 'float') then text
    when lower(text) = 'nan' then 'nan'
    when lower(text) like '%inf%' then replace(lower(text), 'infinity', 'inf')
    when number = 0 or abs(number) between 1e-4 and 9999999999999998e0
        then case
            when number = floor(number) then concat(if(number = 0 and text like '-%', '-', ''), cast(cast(number as bigint) as string), '.0')
            else trim(trailing '0' from cast(try_cast(text as decimal(38, 21)) as string))
        end
    when not contains(lower(text), 'e')
        then concat(trim(both '.' from trim(trailing '0' from cast(try_cast(text as decimal(24, 22)) * 100000 as string))), 'e-05')
    else concat(
        replace(substring_index(lower(text), 'e', 1), '.0', '')
        , 'e', if(abs(number) < 1, '-', '+')
        , if(abs(exponent) < 10, '0', ''), cast(abs(exponent) as string)
    )
end
"""


def text_of_double(node: exp.Expr) -> exp.Expr:
    """Doubles as text, where a column may be one.

    DuckDB: '1.0', 'nan', 'inf', '1e+20', '10000000.5'. Spark: '1.0', 'NaN', 'Infinity', '1.0E20', '1.00000005E7';
    Sail: '1.0', 'NaN', 'inf', '1e20', '10000000.5'.
    Remedy: from the parts of the text, by the type that the column has when the statement runs.
    """
    if not node.args["to"].is_type("text", "varchar"):
        return node
    value = node.this
    if not isinstance(value.unnest(), exp.Column) or node.meta.get(KIND, "other") not in ("float", "other"):
        return node
    number = _written("try_cast(text as double)", text=node)
    exponent = _written("try_cast(substring_index(lower(text), 'e', -1) as int)", text=node)
    return _written(TEXT_OF_DOUBLE, value=value, text=node, number=number, exponent=exponent)


def item(node: exp.Expr) -> exp.Expr:
    """Items of lists.

    DuckDB: list[3] of two items is NULL. Spark: raises; Sail: too, even of a list that is long enough, in a branch
    of CASE that none of the rows at hand takes.
    Remedy: get, which counts from 0, as the tree does.
    """
    index = node.expressions[0] if len(node.expressions) == 1 else None
    if not isinstance(index, exp.Literal) or not index.is_int:
        return node
    return exp.Anonymous(this="get", expressions=[node.this, index])


def quantile_list(node: exp.Expr) -> exp.Expr:
    """Several exact quantiles.

    DuckDB: quantile_disc(x, [a, b]). Spark: percentile_disc takes one share, and keeps a map of all values for each,
    which fills an executor; Sail: none.
    Remedy: the values in order, and DuckDB's own place in them; they are of a sample, so the list is short.
    """
    shares = [float(share.name) for share in node.expression.expressions]
    places = (
        f"get(array_sort(collect_list(x)), cast(count(x) - floor(count(x) - {share!r}D * count(x)) as int) - 1)"
        for share in shares
    )
    return _called(f"array({', '.join(places)})", x=node.this)


SPARK = Dialect(
    name="spark",
    proof="executed",
    schemes=("sc", "spark"),
    extra="spark",
    address="sc://host:15002",
    session="set time zone 'UTC'",
    # Plain tables of the current schema: a temporary view would read the source anew in every step.
    temporary="drop table if exists {table};\ncreate table {table} as\n{select}",
    begin="",
    clone="create table {copy} as select * from {table}",
    exchange="insert overwrite {table} select * from {copy}",
    path_schemas=shared.PATH_SCHEMAS,
    quotient="above * cast(1 as double) / nullif(below, 0)",
    averaged="given * 1e0",
    smallest=shared.SMALLEST,
    largest=shared.LARGEST,
    rewrites=(
        ((exp.Identifier,), word_in_quotes),
        ((exp.Bracket,), item),
        ((exp.PercentileDisc,), quantile_list),
        ((exp.Select,), shared.condition_of_one_row),
        ((exp.Literal,), shared.number_as_double),
        ((exp.Order,), shared.order_by_all),
        ((exp.IsNan,), shared.equals_nan),
        ((exp.IntDiv,), shared.whole_quotient),
        ((exp.Div,), shared.quotient),
        ((exp.Add,), added_months),
        ((exp.DateDiff,), borders),
        ((exp.TimeToStr,), time_in_java_form),
        ((exp.GroupConcat,), joined_levels),
        ((exp.Cast,), text_of_double),
        ((exp.ColumnDef,), shared.column_without_key),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
