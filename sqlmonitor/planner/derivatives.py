"""Derivatives of SQL formulas: what the delta method needs, from the formula itself."""

from __future__ import annotations

from sqlglot import exp


def derivative(tree: exp.Expr, column: str) -> exp.Expr:
    """The derivative of a formula by one of its columns.

    Args:
        tree: numbers, columns, ``+ - * /``, ``nullif(x, 0)``, ``coalesce``, ``sqrt`` and ``power`` with a
            number as exponent.
        column: the column's name.

    Returns:
        A formula that is NULL where the formula's own value is; 0 where the column is not in it.

    Raises:
        ValueError: for anything else.
    """
    if not any(node.name == column for node in tree.find_all(exp.Column)):
        return exp.Literal.number(0)
    if isinstance(tree, exp.Column):
        return exp.Literal.number(1)
    if isinstance(tree, (exp.Paren, exp.Nullif)):
        # nullif only takes the value away, and the divisor it guards is still in the derivative.
        return derivative(tree.this, column)
    if isinstance(tree, exp.Neg):
        return exp.Neg(this=exp.paren(derivative(tree.this, column)))
    if isinstance(tree, exp.Coalesce):
        return _of_coalesce(tree, column)
    if isinstance(tree, exp.Sqrt):
        return exp.Div(
            this=exp.paren(derivative(tree.this, column)),
            expression=exp.paren(exp.Mul(this=exp.Literal.number(2), expression=tree.copy())),
        )
    if isinstance(tree, exp.Pow) and isinstance(tree.expression, exp.Literal):
        lowered = exp.Pow(
            this=tree.this.copy(), expression=exp.Literal.number(float(tree.expression.name) - 1)
        )
        return _product(_product(tree.expression, lowered), derivative(tree.this, column))
    if not isinstance(tree, (exp.Add, exp.Sub, exp.Mul, exp.Div)):
        raise ValueError(f"no derivative of {tree.sql()}")
    left, right = tree.this, tree.expression
    left_slope, right_slope = derivative(left, column), derivative(right, column)
    if isinstance(tree, (exp.Add, exp.Sub)):
        return type(tree)(this=exp.paren(left_slope), expression=exp.paren(right_slope))
    if isinstance(tree, exp.Mul):
        return exp.Add(this=_product(left_slope, right), expression=_product(left, right_slope))
    numerator = exp.Sub(
        this=exp.paren(left_slope),
        expression=_product(tree, right_slope),
    )
    return exp.Div(this=exp.paren(numerator), expression=exp.paren(right.copy()))


def _product(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.Mul(this=exp.paren(left.copy()), expression=exp.paren(right.copy()))


def _of_coalesce(tree: exp.Coalesce, column: str) -> exp.Expr:
    """The derivative of the first value that is not NULL."""
    case = exp.Case()
    for value in (tree.this, *tree.expressions):
        case = case.when(value.copy().is_(exp.null()).not_(), derivative(value, column))
    return case
