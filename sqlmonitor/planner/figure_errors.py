"""Standard errors of aggregates that users write: sums, counts, means and arithmetic over them.

An aggregate f of sums S over n rows moves by f'(S) · z where one row with the terms z comes or goes. With n
fixed, its variance is n times the variance of that among the rows: n/(n - 1) Σ_jk f'_j f'_k (Σ z_j z_k - S_j S_k / n).
Source: the delta method, Cramér 1946.
"""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.planner.derivatives import derivative
from sqlmonitor.trees import parse, put

MOST_TERMS = 6
"""More sums than this would need more than 21 sums of products."""
NUMBERS = (*exp.DataType.FLOAT_TYPES, *exp.DataType.REAL_TYPES, exp.DataType.Type.DECIMAL)
BINARY = (exp.Add, exp.Sub, exp.Mul)
EVERY_ROW = put("coalesce(term, 0e0)", term=parse("1e0"))
"""What a row adds to count(*), which has no error of its own where n is fixed, and varies with nothing."""
COUNT = parse("cast(count(*) as double)")


class InexpressibleError(Exception):
    """The aggregate is no arithmetic over sums."""


def standard_error(figure: exp.Expr) -> exp.Expr | None:
    """An aggregate's standard error, as an aggregate over the same rows.

    Args:
        figure: in the user's words, over columns of the rows.

    Returns:
        Canonical SQL in which the user's words are marked; None where it is not made of sums, counts and means
        by arithmetic, of more than ``MOST_TERMS`` of them, or of count(*) alone.
    """
    terms: list[exp.Expr] = []
    try:
        formula = _over_sums(figure, terms)
        slopes = [derivative(formula, f"sum_{number}") for number in range(len(terms))]
    except (InexpressibleError, ValueError):
        return None
    varying = [number for number, term in enumerate(terms) if term != EVERY_ROW]
    if len(terms) > MOST_TERMS or not varying:
        return None
    sums = {
        f"sum_{number}": COUNT.copy() if term == EVERY_ROW else put("sum(term)", term=term)
        for number, term in enumerate(terms)
    }
    parts: list[exp.Expr] = []
    for place, one in enumerate(varying):
        slope = slopes[one]
        for other in varying[place:]:
            spread = put(
                f"sum(one * other) - sum_{one} * sum_{other} / count(*)",
                one=terms[one],
                other=terms[other],
                **sums,
            )
            both = put("slope * other", slope=slope, other=slopes[other])
            twice = 1 if one == other else 2
            parts.append(put(f"{twice} * both * spread", both=put_sums(both, sums), spread=spread))
    total = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    # Not greatest(): engines differ in what that makes of NULL.
    variance = put("case when total < 0 then 0e0 else total end", total=total)
    return put("sqrt(variance * count(*) / nullif(cast(count(*) as double) - 1, 0))", variance=variance)


def put_sums(formula: exp.Expr, sums: dict[str, exp.Expr]) -> exp.Expr:
    """The formula with each sum in its place."""
    return formula.transform(
        lambda node: (
            exp.paren(sums[node.name].copy()) if isinstance(node, exp.Column) and node.name in sums else node
        )
    )


def _over_sums(node: exp.Expr, terms: list[exp.Expr]) -> exp.Expr:
    """The figure as a canonical formula over ``sum_0`` and on; what each sums up is added to the terms."""
    if isinstance(node, exp.Paren):
        return exp.paren(_over_sums(node.this, terms))
    if isinstance(node, exp.Literal) and not node.is_string:
        return exp.cast(exp.Literal.number(node.this), "double")
    if isinstance(node, exp.Neg):
        return exp.Neg(this=exp.paren(_over_sums(node.this, terms)))
    if isinstance(node, exp.Cast) and node.to.this in NUMBERS:
        return _over_sums(node.this, terms)
    if isinstance(node, BINARY):
        left, right = (exp.paren(_over_sums(side, terms)) for side in (node.this, node.expression))
        return type(node)(this=left, expression=right)
    if isinstance(node, exp.Div):
        left, right = (exp.paren(_over_sums(side, terms)) for side in (node.this, node.expression))
        return exp.Div(this=left, expression=exp.Nullif(this=right, expression=exp.Literal.number(0)))
    # These change nothing that matters here: a value that is NULL has no error, and digits cut off are few.
    if isinstance(node, (exp.Nullif, exp.Coalesce, exp.Round)):
        return _over_sums(node.this, terms)
    if isinstance(node, exp.Filter):
        return _aggregate(node.this, terms, node.expression.this)
    return _aggregate(node, terms, None)


def _aggregate(node: exp.Expr, terms: list[exp.Expr], condition: exp.Expr | None) -> exp.Expr:
    """A sum, a count or a mean as columns; each row's part in it is added to the terms."""
    of = node.this
    if (
        not isinstance(node, (exp.Sum, exp.Count, exp.Avg))
        or isinstance(of, exp.Distinct)
        or node.expressions
    ):
        raise InexpressibleError
    if isinstance(node, exp.Sum):
        return _sum(_value(of), condition, terms)
    is_every = isinstance(of, exp.Star) or of is None
    one = parse("1e0") if is_every else put("case when given is not null then 1e0 end", given=_marked(of))
    if isinstance(node, exp.Count):
        return _sum(one, condition, terms)
    total = _sum(_value(of), condition, terms)
    count = _sum(one, condition, terms)
    return exp.Div(this=total, expression=exp.Nullif(this=count, expression=exp.Literal.number(0)))


def _value(of: exp.Expr) -> exp.Expr:
    # A product of two of them must not be too large for a double.
    value = put("cast(given as double)", given=_marked(of))
    return put("case when abs(value) < 1e100 then value end", value=value)


def _sum(term: exp.Expr, condition: exp.Expr | None, terms: list[exp.Expr]) -> exp.Expr:
    if condition is not None:
        term = put("case when chosen then term end", chosen=_marked(condition), term=term)
    term = put("coalesce(term, 0e0)", term=term)
    if term not in terms:
        terms.append(term)
    return exp.column(f"sum_{terms.index(term)}")


def _marked(tree: exp.Expr) -> exp.Expr:
    return dialects.of_user(tree.copy())
