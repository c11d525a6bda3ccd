"""Steps for the business figures that are written as SQL."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor import names
from sqlmonitor.planner.draft import Draft, text


def add_figures(draft: Draft) -> None:
    """Adds the figures written as aggregate expressions, in one scan."""
    written = [kpi for kpi in draft.monitor.kpis if kpi.sql is not None]
    if not written:
        return
    trees = {
        kpi.name: names.aggregate(kpi.sql or "", draft.project.dialect, draft.monitor.allow_functions)
        for kpi in written
    }
    used = sorted({name for tree in trees.values() for name in names.columns_of(tree)})
    aliases = {name: f"input_{number}" for number, name in enumerate(used)}

    def rename(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            return exp.column(aliases[node.name])
        return node

    kpis = [
        {"index": number, "name": text(kpi.name), "expression": trees[kpi.name].transform(rename)}
        for number, kpi in enumerate(written)
    ]
    columns = [
        {"expression": kpi_column(draft, name), "alias": exp.to_identifier(alias)}
        for name, alias in aliases.items()
    ]
    expressions = draft.add(
        "expressions",
        "business figures",
        "kpi/expressions.sql",
        rows=draft.source.rows([*columns, *draft.segment_columns()], reads_target=True),
        kpis=kpis,
        segments=draft.segments,
    )
    draft.values.append(
        draft.add(
            "kpi_values", "business figures as rows", "kpi/values.sql", expressions=expressions, kpis=kpis
        )
    )


def kpi_column(draft: Draft, name: str) -> exp.Expr:
    """A column that an expression names, bound to the predictions where it is known to be theirs."""
    monitor = draft.monitor
    model = monitor.model
    own = {monitor.id, monitor.timestamp, *monitor.features.numeric, *monitor.features.categorical}
    if model is not None:
        scores = model.score.values() if isinstance(model.score, dict) else (model.score,)
        own |= {model.label, *scores}
    return names.column(name, "prediction") if name in own else names.column(name)
