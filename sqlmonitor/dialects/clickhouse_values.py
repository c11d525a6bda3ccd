"""ClickHouse: types, functions and aggregates that differ from DuckDB's."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects.dialect import KIND

WHOLE = (exp.Count, exp.CountIf, exp.RowNumber, exp.Ntile, exp.Grouping)
"""What counts."""


def written(text: str, **trees: exp.Expr) -> exp.Expr:
    """ClickHouse's own words as a tree, with trees in the places of these names."""
    root = sqlglot.parse_one(text, dialect="clickhouse")
    for column in list(root.find_all(exp.Column)):
        if column.name in trees:
            column.replace(trees[column.name].copy())
    return root


def is_whole(node: exp.Expr) -> bool:
    """Whether an aggregate's filter and window are part of the node, so that something can be put around it."""
    return not (isinstance(node.parent, (exp.Window, exp.Filter)) and node.arg_key == "this")


def innermost(node: exp.Expr) -> exp.Expr:
    """The aggregate in a filter and a window."""
    while isinstance(node, (exp.Window, exp.Filter)):
        node = node.this
    return node


def count_as_bigint(node: exp.Expr) -> exp.Expr:
    """The type of what is counted.

    DuckDB: bigint. ClickHouse: UInt64, which has no type in common with Int64.
    Remedy: a cast, around the whole aggregate.
    """
    if isinstance(innermost(node), WHOLE) and is_whole(node) and not isinstance(node.parent, exp.Cast):
        return exp.Cast(this=node, to=exp.DataType.build("bigint", nullable=False))
    return node


def time_with_parts(node: exp.Expr) -> exp.Expr:
    """The type of times.

    DuckDB: timestamp, in microseconds. ClickHouse: DateTime holds seconds from 1970 to 2106.
    Remedy: DateTime64(6), from 1900 to 2299.
    """
    if node.this not in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ):
        return node
    parts = exp.DataTypeParam(this=exp.Literal.number(6))
    return exp.DataType(this=exp.DType.DATETIME64, expressions=[parts])


def time_in_utc(node: exp.Expr) -> exp.Expr:
    """The zone of times of the source.

    DuckDB: cast(t as timestamp) is the session's time, UTC. ClickHouse: stays in the column's own zone, so that
    days and hours are those of New York.
    Remedy: the zone in the type.
    """
    to = node.args["to"]
    inner = node.this.unnest()
    if to.this != exp.DType.DATETIME64 or not isinstance(inner, exp.Column) or not inner.table:
        return node
    if len(to.expressions) == 1:
        to.append("expressions", exp.DataTypeParam(this=exp.Literal.string("UTC")))
    return node


def date_of_any_year(node: exp.Expr) -> exp.Expr:
    """The type of dates. DuckDB: date. ClickHouse: Date begins in 1970. Remedy: Date32, from 1900."""
    return exp.DataType(this=exp.DType.DATE32) if node.this == exp.DType.DATE else node


def added_interval(node: exp.Expr) -> exp.Expr:
    """Multiples of an interval.

    DuckDB: n * interval '3 months'. ClickHouse: an interval cannot be multiplied.
    Remedy: toIntervalMonth(n * 3).
    """
    interval = node.expression
    if not isinstance(interval, exp.Interval):
        return node
    unit = interval.args["unit"].name.lower().removesuffix("s").capitalize()
    count = exp.Mul(this=exp.Paren(this=node.this), expression=exp.Literal.number(interval.this.name))
    return exp.Anonymous(this=f"toInterval{unit}", expressions=[count])


def time_as_text(node: exp.Expr) -> exp.Expr:
    """Times as text.

    DuckDB: strftime(t, '%H:%M'). ClickHouse: formatDateTime, where %M is the month's name.
    Remedy: %i, the minute.
    """
    form = exp.Literal.string(node.args["format"].name.replace("%M", "%i"))
    return exp.Anonymous(this="formatDateTime", expressions=[node.this, form])


def rounding_cast(node: exp.Expr) -> exp.Expr:
    """Broken numbers as whole ones.

    DuckDB: cast(2.7 as bigint) = 3, to the even one between two. ClickHouse: 2; and where a row is NULL, the NaN
    that may stand behind it raises.
    Remedy: round, which goes to the even one too, and accurateCastOrNull.
    """
    inner = node.this.unnest()
    to = node.args["to"]
    if not to.is_type("bigint", "int") or isinstance(inner, (exp.Null, exp.Literal, *WHOLE)):
        return node
    if node.meta.get(KIND) in ("integer", "boolean", "text"):
        return node
    is_rounded = isinstance(inner, (exp.Floor, exp.Ceil, exp.Round))
    # Whole numbers beyond 2^53 stay what they are, as round of an integer is one.
    rounded = inner if is_rounded else exp.Anonymous(this="round", expressions=[inner])
    type_name = exp.Literal.string("Int64" if to.is_type("bigint") else "Int32")
    return exp.Anonymous(this="accurateCastOrNull", expressions=[rounded, type_name])


def tried_cast(node: exp.Expr) -> exp.Expr:
    """Casts that give NULL where they fail. DuckDB: try_cast. ClickHouse: toInt64OrNull, of text."""
    if not node.args["to"].is_type("bigint"):
        return node
    return exp.Anonymous(this="toInt64OrNull", expressions=[node.this])


def text_of_number(node: exp.Expr) -> exp.Expr:
    """Doubles and decimals as text, where a column may be one.

    DuckDB: 1e0 is '1.0', 1e20 is '1e+20', 1e-5 is '1e-05'; 1.5 of a decimal(10, 2) is '1.50'.
    ClickHouse: '1', '100000000000000000000', '0.00001', and '1.5' whatever its settings.
    Remedy: by the type that the column has when the statement runs, and the number's size; zeros up to a
    decimal's scale, which Decimal(10, 0) and whole numbers have none of.
    """
    inner = node.this.unnest()
    may_be_one = isinstance(inner, exp.Column) and node.meta.get(KIND, "other") in (
        "float",
        "decimal",
        "other",
    )
    if not node.args["to"].is_type("text", "varchar") or not may_be_one:
        return node
    return written(
        "if(match(toTypeName(x), 'Float'), multiIf("
        # 12345000000000000000 is 1.2345e+19.
        "match(plain, '^-?[0-9]{17,}$'), concat("
        "replaceRegexpOne(replaceRegexpOne(plain, '^(-?[0-9])([0-9]*?)0*$', '\\\\1.\\\\2'), '[.]$', ''), "
        "'e+', toString(length(replaceOne(plain, '-', '')) - 1)), "
        "match(plain, '^-?[0-9]+$'), concat(plain, '.0'), "
        # 0.0000123 is 1.23e-05.
        "match(plain, '^-?0[.]0000'), concat("
        "replaceRegexpOne(replaceRegexpOne(plain, '^(-?)0[.]0*([1-9])([0-9]*)$', '\\\\1\\\\2.\\\\3'), '[.]$', ''), "
        "'e-0', toString(length(replaceRegexpOne(plain, '^-?0[.](0*).*$', '\\\\1')) + 1)), "
        "replaceRegexpOne(replaceRegexpOne(plain, 'e([0-9])', 'e+\\\\1'), 'e-([0-9])$', 'e-0\\\\1')), "
        "if(match(toTypeName(x), 'Decimal[(][0-9]+, [1-9]'), rightPad("
        "if(position(plain, '.') > 0, plain, concat(plain, '.')), "
        "position(concat(plain, '.'), '.') + toUInt8OrZero(extract(toTypeName(x), 'Decimal[(][0-9]+, ([0-9]+)')), "
        "'0'), plain))",
        x=inner,
        plain=node,
    )


def largest_with_nan(node: exp.Expr) -> exp.Expr:
    """The largest of several.

    DuckDB: max(1, NaN) = NaN, which is above all numbers. ClickHouse: 1.
    Remedy: one that does not equal itself, where there is one. Windows are over what has no NaN.
    """
    inner = innermost(node)
    if not isinstance(inner, exp.Max) or not is_whole(node) or isinstance(node, exp.Window):
        return node
    argument = inner.this
    if isinstance(argument, exp.Case):
        return node
    if isinstance(node, exp.Filter):
        condition = node.expression.this
        nan = written("anyIf(x, x <> x and (y))", x=argument, y=condition)
    else:
        nan = written("anyIf(x, x <> x)", x=argument)
    return exp.Coalesce(this=nan, expressions=[node])


def picked_value(node: exp.Expr) -> exp.Expr:
    """The one value of several rows that is wanted.

    DuckDB: max(case when piece = 2 then list end). ClickHouse: a list cannot be NULL, so such a case has no type.
    Remedy: maxIf, which needs no NULL. An empty list has NULL at every place.
    """
    case = node.this
    if not isinstance(case, exp.Case) or case.this or case.args.get("default") or len(case.args["ifs"]) != 1:
        return node
    (only,) = case.args["ifs"]
    return exp.Anonymous(this="maxIf", expressions=[only.args["true"], only.this])


def any_true(node: exp.Expr) -> exp.Expr:
    """Whether any is true. DuckDB: bool_or(x). ClickHouse: none. Remedy: max(x), of which NULL is no part."""
    return exp.Max(this=node.this)


def stable_deviation(node: exp.Expr) -> exp.Expr:
    """The standard deviation.

    DuckDB: by Welford's method. ClickHouse: stddevPop from sums of squares, where digits are lost.
    Remedy: stddevPopStable and stddevSampStable.
    """
    name = "stddevPopStable" if isinstance(node, exp.StddevPop) else "stddevSampStable"
    return exp.Anonymous(this=name, expressions=[node.this])


def quantile_list(node: exp.Expr) -> exp.Expr:
    """Several exact quantiles.

    DuckDB: quantile_disc(x, [q]) is the value at ceil(q n), a list of NULLs where n = 0.
    ClickHouse: quantilesExact(q)(x) is the one at floor(q n) + 1, and 0 where n = 0.
    Remedy: q less 1e-12, which is another place only where q n is whole; NULL where nothing is counted.
    """
    shares = ", ".join(f"{max(float(share.name) - 1e-12, 0):.15g}" for share in node.expression.expressions)
    return written(
        f"arrayMap(one -> if(count(x) > 0, one, NULL), quantilesExact({shares})(x))",
        x=node.this,
    )


def joined_levels(node: exp.Expr) -> exp.Expr:
    """Texts in one.

    DuckDB: string_agg(distinct x, ', ' order by x). ClickHouse: no order in groupConcat.
    Remedy: a sorted array, and NULL where it is empty.
    """
    argument = node.this
    while isinstance(argument, (exp.Order, exp.Distinct)):
        argument = argument.this or argument.expressions[0]
    return written(
        "nullIf(arrayStringConcat(arraySort(groupUniqArray(x)), separator), '')",
        x=argument,
        separator=node.args["separator"],
    )


def md5_of_text(node: exp.Expr) -> exp.Expr:
    """Hashes. DuckDB: md5(text), hexadecimal digits. ClickHouse: MD5, bytes. Remedy: hex, in lower case."""
    return written("lower(hex(MD5(x)))", x=node.this)
