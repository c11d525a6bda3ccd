"""Rewrites that several engines need, each as claim / value per engine / remedy."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.errors import UnsupportedError

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
