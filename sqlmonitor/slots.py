"""Trees in a template without a detour through text: each stands as a name of its own until the text is parsed."""

from __future__ import annotations

from typing import Any

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects import CANONICAL
from sqlmonitor.errors import InternalError

PREFIX = "sqlmonitor_slot_"

# What binds at least as tightly as anything that a template may write beside it.
CLOSED = (
    exp.Column,
    exp.Literal,
    exp.Paren,
    exp.Func,
    exp.Cast,
    exp.Case,
    exp.Subquery,
    exp.Null,
    exp.Boolean,
    exp.Identifier,
    exp.Tuple,
    exp.Interval,
)


class Slots:
    """The trees of one statement, each under the name that holds its place in the text."""

    def __init__(self) -> None:
        self.trees: dict[str, exp.Expr] = {}

    def placed(self, value: Any) -> Any:
        """The value with every tree in it replaced by a name; integers, texts and what is empty stay."""
        if isinstance(value, exp.Expr):
            name = f"{PREFIX}{len(self.trees)}"
            self.trees[name] = value
            return exp.to_identifier(name)
        if isinstance(value, dict):
            return {key: self.placed(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.placed(one) for one in value]
        return value

    def filled(self, text: str) -> exp.Expr:
        """The text as a tree, with the trees in their places.

        Args:
            text: canonical SQL.

        Raises:
            InternalError: where a tree cannot stand in the place that the template gives it.
        """
        root = sqlglot.parse_one(text, dialect=CANONICAL)
        for found in list(root.find_all(exp.Identifier)):
            tree = self.trees.get(found.name)
            if tree is not None:
                place, new = _place(found, tree.copy())
                place.replace(new)
        return root


def _place(found: exp.Identifier, tree: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """The node that the tree replaces, and the tree as it stands there."""
    parent = found.parent
    if isinstance(tree, exp.Identifier) or (isinstance(parent, exp.Column) and len(parent.parts) > 1):
        return found, tree if isinstance(tree, exp.Identifier) else tree.this
    if isinstance(parent, exp.Column):
        is_closed = isinstance(tree, CLOSED) and not isinstance(tree, exp.Connector)
        return parent, tree if is_closed else exp.Paren(this=tree)
    if isinstance(parent, exp.Table) and isinstance(tree, (exp.Table, exp.Subquery)):
        if parent.args.get("alias"):
            tree.set("alias", parent.args["alias"].copy())
        # Joins hang on the first relation in some statements.
        if parent.args.get("joins"):
            tree.set("joins", parent.args["joins"])
        return parent, tree
    raise InternalError(f"a {type(tree).__name__} stands where a template has a {type(parent).__name__}")
