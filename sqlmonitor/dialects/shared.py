"""Rewrites that several engines need, each as claim / value per engine / remedy."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.dialects.dialect import KIND
from sqlmonitor.errors import UnsupportedError

PATH_SCHEMAS = frozenset(
    "text binaryfile csv json parquet orc avro xml delta iceberg hudi image libsvm".split()
)
"""File formats in the place of a schema, source: Spark's guide, *Run SQL on files directly*."""
SMALLEST = """
case
    when count(nullif(given, cast('NaN' as double))) = 0 and count(given) > 0 then cast('NaN' as double)
    else min(nullif(given, cast('NaN' as double)))
end
"""
LARGEST = """
case
    when count(nullif(given, cast('NaN' as double))) < count(given) then cast('NaN' as double)
    else max(nullif(given, cast('NaN' as double)))
end
"""
"""On DataFusion 55, and Sail over it, what comes after NaN in a group is the smallest and the largest anew."""
SUMMING = (exp.Sum, exp.Avg, exp.StddevPop, exp.StddevSamp, exp.Stddev)


def double(node: exp.Expr) -> exp.Expr:
    """The node as a double."""
    return exp.Cast(this=node, to=exp.DataType.build("double"))


def double_literal(text: str) -> exp.Expr:
    """A number as a double."""
    return double(exp.Literal.number(text))


def greatest(node: exp.Expr, number: int) -> exp.Expr:
    """The node, or the number where it is larger."""
    return exp.Greatest(this=node, expressions=[exp.Literal.number(number)], ignore_nulls=True)


def number_as_double(node: exp.Expr) -> exp.Expr:
    """The type of a number with an exponent or a point.

    DuckDB: 2e0 is a double. PostgreSQL, Spark, ClickHouse: some of them are decimals.
    Remedy: a cast, which the engine folds.
    """
    if node.is_string or node.name.isdigit() or isinstance(node.parent, exp.Cast):
        return node
    return double(node)


def order_by_all(node: exp.Expr) -> exp.Expr:
    """An order by every column.

    DuckDB: order by all. Others: none.
    Remedy: the columns' positions.

    Raises:
        UnsupportedError: where the columns are a star.
    """
    keys = node.expressions
    if len(keys) != 1 or not isinstance(keys[0].this, exp.Var) or keys[0].this.name.upper() != "ALL":
        return node
    select = node.parent
    while isinstance(select, exp.SetOperation):
        select = select.left
    if not isinstance(select, exp.Select) or select.is_star:
        raise UnsupportedError("an order by all columns needs their list")
    count = len(select.selects)
    return exp.Order(
        expressions=[
            exp.Ordered(this=exp.Literal.number(place), nulls_first=False) for place in range(1, count + 1)
        ]
    )


def equals_nan(node: exp.Expr) -> exp.Expr:
    """Whether a number is NaN.

    DuckDB: isnan(x). PostgreSQL: none, but NaN = NaN. Remedy: compare.
    """
    return exp.Paren(this=exp.EQ(this=node.this, expression=double(exp.Literal.string("NaN"))))


def safe_quotient(node: exp.Expr) -> exp.Expr:
    """Division by zero, and of whole numbers.

    DuckDB: 1 / 2 = 0.5, 1 / 0 = inf. PostgreSQL, Spark: 1e0 / 0 raises; PostgreSQL: 1 / 2 = 0.
    Remedy: NULL by nullif, and a double above, both only where the text does not show that it is one.
    """
    above, below = node.this, node.expression
    number = below.unnest()
    if isinstance(number, exp.Cast):
        number = number.this
    is_number = isinstance(number, exp.Literal) and not number.is_string and float(number.name) != 0
    if not is_number and not isinstance(below.unnest(), exp.Nullif):
        below = exp.Nullif(this=below.unnest(), expression=exp.Literal.number(0))
    if not above.is_type("double"):
        above = double(above.unnest())
    return exp.Div(this=above, expression=below, typed=True, safe=False)


def quotient(node: exp.Expr) -> exp.Expr:
    """Division by zero, and of whole numbers.

    DuckDB: 1e0 / 0 = inf. Spark, Snowflake: raise. Sail, fakesnow: nullif writes what is below the line several
    times, so that a continued fraction of 25 levels takes hours to read.
    Remedy: as elsewhere; but a division by a sum that ends in a quotient, which is a level of a continued
    fraction, multiplies by the power of -1. All its terms are positive.
    """
    below = node.expression.unnest()
    if isinstance(below, exp.Add) and below.expression.unnest().find(exp.Div, exp.Pow):
        inverse = exp.Pow(this=below, expression=exp.Literal.number(-1))
        return exp.paren(
            exp.Mul(this=exp.paren(node.this.unnest(), copy=False), expression=inverse), copy=False
        )
    return safe_quotient(node)


def sum_as_double(node: exp.Expr) -> exp.Expr:
    """The type of a sum.

    DuckDB: sum(bigint) is a hugeint, avg(bigint) a double. PostgreSQL: both are numeric, which Python reads as Decimal.
    Remedy: a cast to double, which holds whole numbers up to 2^53. It stands around the whole aggregate.
    """
    inner = node
    while isinstance(inner, (exp.Window, exp.Filter)):
        inner = inner.this
    is_whole = not (isinstance(node.parent, (exp.Window, exp.Filter)) and node.arg_key == "this")
    if isinstance(inner, SUMMING) and is_whole and not isinstance(node.parent, exp.Cast):
        return double(node)
    return node


def whole_quotient(node: exp.Expr) -> exp.Expr:
    """Division of whole numbers.

    DuckDB: 7 // 2 = 3. Others: their own words for it, or none.
    Remedy: floor of the quotient; all of them are positive.
    """
    quotient = exp.Div(this=double(node.this.unnest()), expression=node.expression, typed=True, safe=False)
    return exp.cast(exp.Floor(this=quotient), "bigint")


def over_nulls(node: exp.Expr) -> exp.Expr:
    """The largest of several.

    DuckDB: greatest(null, 1) = 1. Trino, BigQuery: NULL.
    Remedy: without those that are NULL, two at a time.
    """
    result: exp.Expr = node.this
    others: list[exp.Expr] = node.expressions
    for other in others:
        pair = type(node)(this=result.copy(), expressions=[other.copy()])
        result = exp.Coalesce(this=pair, expressions=[result, other])
    return result


def nulls_last_by_key(node: exp.Expr) -> exp.Expr:
    """The order of NULL.

    DuckDB: last. BigQuery: first, and no NULLS LAST in windows with a frame.
    Remedy: whether it is NULL as a key of its own.
    """
    keys = []
    for key in node.expressions:
        is_null = exp.Paren(this=exp.Is(this=key.this.copy(), expression=exp.null()))
        is_falling = bool(key.args.get("desc"))
        keys += [
            exp.Ordered(this=is_null, nulls_first=True),
            exp.Ordered(this=key.this, desc=is_falling, nulls_first=not is_falling),
        ]
    node.set("expressions", keys)
    return node


def condition_of_one_row(node: exp.Expr) -> exp.Expr:
    """A condition on nothing.

    DuckDB: select 1 having (select count(*) from t) = 0. Sail, DataFusion: no aggregate in sight, so an error.
    Remedy: where, which is the same without a relation.
    """
    having = node.args.get("having")
    if having is not None and not node.args.get("from_") and not node.args.get("group"):
        node.set("having", None)
        node.set("where", exp.Where(this=having.this))
    return node


def column_without_key(node: exp.Expr) -> exp.Expr:
    """Keys of tables.

    DuckDB: a second row of one primary key is an error. Spark: keys in some catalogs only, and kept in none; DataFusion: not in
    files. Remedy: left out; of two publications, the later is refused.
    """
    node.set("constraints", None)
    return node


def one_catalogue(node: exp.Expr) -> exp.Expr:
    """The catalogue.

    DuckDB: table_catalog = current_database() of an attached file. ClickHouse: table_catalog repeats the schema;
    DataFusion: no current_database().
    Remedy: always true, as there is one catalogue.
    """
    return exp.true() if node.find(exp.CurrentDatabase) else node


def zero_without_sign(node: exp.Expr) -> exp.Expr:
    """Zero with a sign.

    DuckDB: -0.0 and 0.0 are one group, and are joined. ClickHouse, DataFusion: equal, and two groups.
    Remedy: the source's numbers plus zero, which has no sign.
    """
    kind = node.meta.get(KIND)
    if kind is None or kind in ("integer", "boolean", "text") or not node.args["to"].is_type("double"):
        return node
    return exp.Paren(this=exp.Add(this=node, expression=exp.Literal.number(0)))
