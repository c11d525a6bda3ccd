"""Division in the user's aggregates: the same number on every engine."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects import DIALECTS

__all__ = ["with_decimals", "with_fractions"]


def with_fractions(tree: exp.Expr, dialect: str) -> exp.Expr:
    """The tree with each ``/`` such that whole numbers have a quotient with decimals, and by zero there is none.

    Args:
        tree: of the user, in the engine's dialect; used up.
        dialect: sqlglot's name of the dialect.
    """
    form = DIALECTS[dialect].quotient if dialect in DIALECTS else ""
    if not form:
        return tree
    root = exp.paren(tree, copy=False)
    for node in reversed(list(root.find_all(exp.Div))):
        quotient = sqlglot.parse_one(form, dialect=dialect)
        places = {column.name: column for column in quotient.find_all(exp.Column)}
        for name, side in (("above", node.this), ("below", node.expression)):
            is_one = not isinstance(side, exp.Binary)
            places[name].replace(side if is_one else exp.paren(side, copy=False))
        node.replace(quotient)
    whole: exp.Expr = root.this
    whole.parent = None
    return whole


def with_decimals(tree: exp.Expr, dialect: str) -> exp.Expr:
    """The tree with each mean as a double, where the engine cuts that of decimals to a few digits.

    Args:
        tree: of the user, in the engine's dialect; used up.
        dialect: sqlglot's name of the dialect.
    """
    form = DIALECTS[dialect].averaged if dialect in DIALECTS else ""
    for node in tree.find_all(exp.Avg) if form else ():
        given = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
        averaged = sqlglot.parse_one(form, dialect=dialect)
        is_one = not isinstance(given, exp.Binary)
        # A copy, as the tree still holds what is replaced.
        own = given.copy() if is_one else exp.paren(given)
        next(column for column in averaged.find_all(exp.Column) if column.name == "given").replace(own)
        given.replace(averaged)
    return tree
