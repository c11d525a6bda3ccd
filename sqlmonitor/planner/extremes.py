"""Smallest and largest values in users' aggregates, where NaN is among them."""

from __future__ import annotations

from collections.abc import Collection

import sqlglot
from sqlglot import exp

from sqlmonitor import dialects

AGGREGATES = (exp.Min, exp.Max, exp.Count)
ARITHMETIC = (
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Paren, exp.Neg, exp.Abs, exp.Round),
    *(exp.Coalesce, exp.Greatest, exp.Least),
)


def with_nan_as_largest(tree: exp.Expr, dialect: str, floats: Collection[str]) -> exp.Expr:
    """The tree with each ``min`` and ``max`` over doubles such that NaN is the largest of them, as on DuckDB.

    Args:
        tree: of the user, in the engine's dialect; used up.
        dialect: sqlglot's name of the dialect.
        floats: names of the columns in it that are singles or doubles.
    """
    known = dialects.DIALECTS.get(dialect)
    forms = {exp.Min: known.smallest, exp.Max: known.largest} if known else {}
    root = exp.paren(tree, copy=False)
    for node in list(root.find_all(exp.Min, exp.Max)):
        form = forms.get(type(node), "")
        if not form or node.expressions or not _may_be_nan(node.this, floats):
            continue
        around = node.parent if isinstance(node.parent, exp.Filter) else None
        whole = exp.paren(sqlglot.parse_one(form, dialect=dialect), copy=False)
        for place in list(whole.find_all(exp.Column)):
            place.replace(exp.paren(node.this.copy(), copy=False))
        if around is not None:
            for aggregate in list(whole.find_all(*AGGREGATES)):
                aggregate.replace(exp.Filter(this=aggregate.copy(), expression=around.expression.copy()))
        (around or node).replace(whole)
    found: exp.Expr = root.this
    found.parent = None
    return dialects.of_user(found) if dialects.is_of_user(tree) else found


def _may_be_nan(node: exp.Expr, floats: Collection[str]) -> bool:
    """Whether an expression gives doubles: what stands for a number in it is one."""
    if isinstance(node, exp.Column):
        return node.name in floats
    if isinstance(node, exp.Cast):
        return bool(node.to.is_type(*exp.DataType.FLOAT_TYPES))
    if isinstance(node, exp.Case):
        branches = [one.args["true"] for one in node.args["ifs"]]
        return any(_may_be_nan(one, floats) for one in (*branches, *filter(None, [node.args.get("default")])))
    if isinstance(node, ARITHMETIC):
        return any(_may_be_nan(part, floats) for part in node.iter_expressions())
    return False
