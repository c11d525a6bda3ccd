"""Our own canonical SQL as trees, and trees in the places of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects import CANONICAL

__all__ = ["parse", "put", "replaced"]


@lru_cache(1024)
def _parsed(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect=CANONICAL)


def parse(text: str) -> exp.Expr:
    """Our own canonical SQL as a tree."""
    return _parsed(text).copy()


def put(text: str, **trees: exp.Expr) -> exp.Expr:
    """Our own canonical SQL with the named columns replaced by trees."""
    return replaced(parse(text), trees)


def replaced(tree: exp.Expr, trees: Mapping[str, exp.Expr]) -> exp.Expr:
    """The tree with other trees in the places of some columns; itself where it has none of these."""

    def is_place(node: exp.Expr) -> bool:
        return isinstance(node, exp.Column) and not node.table and node.name in trees

    if not any(map(is_place, tree.find_all(exp.Column))):
        return tree
    copy = tree.copy()
    for node in filter(is_place, list(copy.find_all(exp.Column))):
        new = exp.paren(trees[node.name].copy(), copy=False)
        if node is copy:
            return new
        node.replace(new)
    return copy
