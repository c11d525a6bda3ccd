"""Business figures and metrics that users write as aggregates."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sqlmonitor import names
from sqlmonitor.planner.draft import Draft, text

Column = dict[str, exp.Expr]


def reads_target(columns: list[Column]) -> bool:
    """True where a column may stand in the target's relation."""
    return any(not column["expression"].args.get("table") for column in columns)


def figures(draft: Draft) -> tuple[list[dict[str, Any]], list[Column]]:
    """The figures as the templates take them, and the columns that their expressions read.

    They are aggregates over the chunk's rows, so the statement that counts the rows computes them.
    """
    written = [
        (figure.name, family, figure.sql)
        for family, figures in (("kpi", draft.monitor.kpis), ("summary", draft.monitor.custom_metrics))
        for figure in figures
        if figure.sql is not None
    ]
    trees = {
        name: names.aggregate(sql, draft.project.dialect, draft.monitor.allow_functions)
        for name, _, sql in written
    }
    used = sorted({name for tree in trees.values() for name in names.columns_of(tree)})
    aliases = {name: f"input_{number}" for number, name in enumerate(used)}

    def rename(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            return exp.column(aliases[node.name])
        return node

    kpis = [
        {
            "index": number,
            "name": text(name),
            "family": text(family),
            "expression": trees[name].transform(rename),
        }
        for number, (name, family, _) in enumerate(written)
    ]
    columns = [
        {"expression": figure_column(draft, name), "alias": exp.to_identifier(alias)}
        for name, alias in aliases.items()
    ]
    return kpis, columns


def figure_column(draft: Draft, name: str) -> exp.Expr:
    """A column that an expression names, bound to the predictions where it is known to be theirs."""
    monitor = draft.monitor
    model = monitor.model
    own = {monitor.id, monitor.timestamp, *monitor.features.numeric, *monitor.features.categorical}
    if model is not None:
        scores = model.score.values() if isinstance(model.score, dict) else (model.score,)
        own |= {model.label, *scores}
    own |= set(draft.source.types.predictions)
    return names.column(name, "prediction") if name in own else names.column(name)
