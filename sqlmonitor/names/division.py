"""Division in the user's aggregates: the same number on every engine."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects import DIALECTS

__all__ = ["with_fractions"]


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
