"""Steps for the metrics that users derive from other results."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sqlmonitor import names, rules
from sqlmonitor.plan import Step
from sqlmonitor.planner.custom import DERIVED, results_by_name
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.trees import parse, put


def add_derived(draft: Draft, values: Step) -> Step:
    """Adds the derived metrics, if there are any, to the values.

    Args:
        draft: with the metrics.
        values: every other value.

    Returns:
        The step that has all values.
    """
    formulas = {metric.name: metric for chosen in draft.metrics.values() for metric in chosen}
    written = [
        (custom.name, custom.derived) for custom in draft.monitor.custom_metrics if custom.derived is not None
    ]
    if not written:
        return values
    known = results_by_name(draft.monitor, draft.metrics)
    inputs: dict[tuple[str, str], int] = {}
    listed: list[dict[str, Any]] = []
    for name, formula in written:
        for family in rules.result_families(draft.monitor, formulas[name]):
            tree = names.formula(formula)
            own: dict[tuple[str, str], int] = {}
            for column in tree.find_all(exp.Column):
                key = (column.table or meant(known[column.name], family), column.name)
                own[key] = inputs.setdefault(key, len(inputs))
            listed.append(
                {
                    "index": len(listed),
                    "family": text(family),
                    "name": text(name),
                    "expression": guarded(numbered(tree, own, known, family)),
                    "inputs": [
                        {"index": number, "note": text(f"{family_of} {metric} has no value")}
                        for (family_of, metric), number in own.items()
                    ],
                }
            )
    derived = draft.add(
        "derived",
        "derived metrics",
        DERIVED,
        values=values,
        inputs=[
            {"index": number, "family": text(family), "metric": text(metric)}
            for (family, metric), number in inputs.items()
        ],
        formulas=listed,
    )
    return draft.add("all_values", "collect derived values", "result/values.sql", parts=[values, derived])


def meant(families: list[str], family: str) -> str:
    """The family of a result that a formula names without one: the formula's own where it can be."""
    return family if family in families else families[0]


def numbered(
    tree: exp.Expr, own: dict[tuple[str, str], int], known: dict[str, list[str]], family: str
) -> exp.Expr:
    """The formula over input_0 and on, in place of the results' names."""

    def number(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            return exp.column(f"input_{own[node.table or meant(known[node.name], family), node.name]}")
        return node

    return tree.transform(number)


def guarded(tree: exp.Expr) -> exp.Expr:
    """The formula with double numbers, and NULL in place of what an engine may refuse to compute."""

    def guard(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Literal) and node.arg_key != "decimals":
            return parse(f"cast({node.name} as double)")
        if isinstance(node, (exp.Div, exp.Mod)):
            node.set("expression", put("nullif(denominator, 0)", denominator=node.expression))
        if isinstance(node, exp.Ln):
            node.set("this", put("case when argument > 0 then argument end", argument=node.this))
        if isinstance(node, exp.Sqrt):
            node.set("this", put("case when argument >= 0 then argument end", argument=node.this))
        return node

    return tree.transform(guard)
