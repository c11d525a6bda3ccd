"""Canonical SQL in an engine's words."""

from __future__ import annotations

from typing import TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel
from sqlglot.errors import UnsupportedError as Inexpressible

from sqlmonitor.dialects.dialect import KIND, Dialect
from sqlmonitor.dialects.kinds import Kind
from sqlmonitor.errors import UnsupportedError

CANONICAL = "duckdb"
"""The dialect of the templates and of every statement that is written outside of the engines."""

USERS = "sqlmonitor_users"


Tree = TypeVar("Tree", bound=exp.Expr)


def of_user(tree: Tree) -> Tree:
    """Marks a tree as the user's words, which are in the engine's dialect already and stay as they are."""
    tree.meta[USERS] = True
    return tree


def is_of_user(tree: exp.Expr) -> bool:
    """Whether a tree was marked as the user's words; not whether it stands in one that was."""
    return bool(tree.meta.get(USERS))


def of_kind(tree: Tree, kind: Kind) -> Tree:
    """Notes that a cast is of a column of the source, and the column's kind; ``other`` where it is not known."""
    tree.meta[KIND] = kind
    return tree


def rewritten(tree: exp.Expr, dialect: Dialect) -> exp.Expr:
    """The tree with the dialect's rewrites applied, from the leaves up; the tree given is used up."""
    root = tree
    # Not by recursion: a rule for every threshold of every column makes trees of a thousand levels.
    nodes = list(tree.dfs(prune=is_of_user))
    for node in reversed(nodes):
        if is_of_user(node):
            continue
        current = node
        for kinds, rewrite in dialect.rewrites:
            if type(current) not in kinds:
                continue
            parent, key, place = current.parent, current.arg_key, current.index
            new = rewrite(current)
            if new is current:
                continue
            if parent is None or key is None:
                root = new
                new.parent = None
            else:
                parent.set(key, new, index=place)
            current = new
    return root


def translation(statement: str | exp.Expr, dialect: Dialect, *, pretty: bool = False) -> str:
    """A statement's text in a dialect.

    Args:
        statement: canonical text, or a tree in which the user's parts are marked.
        dialect: whose words are wanted.
        pretty: True for people.

    Raises:
        UnsupportedError: where the dialect cannot say it.
    """
    if dialect.name == CANONICAL:
        return statement if isinstance(statement, str) else statement.sql(dialect=CANONICAL, pretty=pretty)
    tree = sqlglot.parse_one(statement, dialect=CANONICAL) if isinstance(statement, str) else statement.copy()
    for node in tree.walk():
        node.comments = None
    try:
        return rewritten(tree, dialect).sql(
            dialect=dialect.name, unsupported_level=ErrorLevel.RAISE, pretty=pretty
        )
    except Inexpressible as error:
        raise UnsupportedError(
            f"{dialect.name} cannot say this: {error}", remedy="leave out the metric that needs it"
        ) from error
