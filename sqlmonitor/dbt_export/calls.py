"""Nodes of a statement's tree in whose places calls of dbt will stand."""

from __future__ import annotations

from typing import TypeVar

from sqlglot import exp

from sqlmonitor.dbt_export.jinja import Calls

CALL = "sqlmonitor_call"
"""Where a node keeps its call."""
THIS = "{{ this }}"
"""The model's own table."""

Node = TypeVar("Node", bound=exp.Expr)


def marked(node: Node, call: str) -> Node:
    """Notes the call that will stand in a node's place."""
    node.meta[CALL] = call
    return node


def put_marked(tree: exp.Expr, calls: Calls) -> None:
    """Puts the calls in the places of the nodes that are marked."""
    for node in [node for node in tree.walk() if CALL in node.meta]:
        name = calls.placed(node.meta[CALL])
        if isinstance(node, exp.Table):
            put_name(node, name)
        else:
            node.replace(exp.Column(this=name))


def put_name(table: exp.Table, name: exp.Identifier) -> None:
    """Gives a table in a statement another name; columns still find it by the former one."""
    if not table.alias:
        table.set("alias", exp.TableAlias(this=table.this.copy()))
    for key in ("db", "catalog"):
        table.set(key, None)
    table.set("this", name)
