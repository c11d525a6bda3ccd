"""Business figures and metrics that users write as aggregates."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sqlmonitor import names
from sqlmonitor.definitions import Monitor
from sqlmonitor.definitions.business import CustomMetric, Kpi
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.planner.parts import Parts
from sqlmonitor.source import SourceRows

Column = dict[str, exp.Expr]
PREDICTION = names.identifier("prediction")
SIDES = ("prediction", "target")
"""What a column's prefix may be; the aliases of both relations where rows are read."""


def reads_target(columns: list[Column]) -> bool:
    """True where a column may stand in the target's relation."""
    return any(column["expression"].args.get("table") != PREDICTION for column in columns)


def figures(draft: Draft) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[Column]]:
    """The figures as the templates take them, what they are made of, and the columns that they read.

    They are aggregates over the chunk's rows, so the statement that counts the rows computes them.
    """
    written: list[tuple[str, str, str, str]] = []
    for family, key, listed in (
        ("kpi", "kpis", draft.monitor.kpis),
        ("summary", "custom_metrics", draft.monitor.custom_metrics),
    ):
        figures_of_family: tuple[Kpi | CustomMetric, ...] = listed
        written += [
            (figure.name, family, f"{key}[{index}].sql", figure.sql)
            for index, figure in enumerate(figures_of_family)
            if figure.sql is not None
        ]
    trees = {
        name: names.aggregate(sql, draft.project.dialect, draft.monitor.allow_functions)
        for name, _, _, sql in written
    }
    aliases: dict[exp.Expr, str] = {}
    for name, _, key, _ in written:
        for column in list(trees[name].find_all(exp.Column)):
            alias = aliases.setdefault(bound(draft.source, key, column), f"input_{len(aliases)}")
            column.replace(exp.column(alias))
    parts = Parts()
    kpis = [
        {"index": number, "name": text(name), "family": text(family), "expression": trees[name]}
        | ({"merged": merged} if (merged := parts.merged(trees[name])) is not None else {})
        for number, (name, family, _, _) in enumerate(written)
    ]
    columns = [{"expression": column, "alias": exp.to_identifier(alias)} for column, alias in aliases.items()]
    return kpis, parts.listed(), columns


def bound(source: SourceRows, key: str, column: exp.Column) -> exp.Column:
    """A column of an aggregate, bound to the relation that has it.

    Args:
        source: the monitor's relations; where the warehouse was not asked for their columns, a name that
            the monitor does not say is the predictions' stays as it is.
        key: where the aggregate stands.
        column: as the user wrote it, alone or as ``prediction.x`` or ``target.x``.

    Raises:
        ConfigurationError: for another prefix, a column that is not there, and one that both relations have.
    """
    monitor, name, prefix = source.monitor, column.name, column.table.casefold()
    target = monitor.target
    has_relation = target is not None and target.relation is not None
    both = f"prediction.{name} or target.{name}" if has_relation else f"prediction.{name}"
    if column.args.get("db") or prefix not in ("", *SIDES):
        written = ".".join(part.name for part in column.parts)
        raise monitor.error(key, f"'{written}' names no relation of this monitor", remedy=f"write {both}")
    if prefix == "target" and not has_relation:
        raise monitor.error(
            key,
            f"'target.{name}' needs a relation of the target's own",
            remedy=f"the target is in the predictions: write {name}",
        )
    if not source.types.predictions:
        is_own = prefix == "prediction" or (not prefix and name in _named(monitor))
        return names.column(name, "prediction" if is_own else prefix or None)
    columns = dict(zip(SIDES, (source.types.predictions, source.types.target), strict=True))
    sides = [prefix] if prefix else list(SIDES)
    found = [side for side in sides if name.casefold() in {one.casefold() for one in columns[side]}]
    if not found:
        known = sorted({one for side in sides for one in columns[side]})
        raise monitor.error(key, f"there is no column '{name}'", allowed=known, word=name)
    if len(found) > 1 and not _joins(source, name):
        raise monitor.error(
            key,
            f"column '{name}' is in the predictions and in the target's relation",
            remedy=f"write {both}",
        )
    return names.column(name, found[0])


def _joins(source: SourceRows, name: str) -> bool:
    """True for the column by which both relations are joined, which has one value for both."""
    target = source.monitor.target
    assert target is not None
    own = source.join_column()
    return name.casefold() == own.casefold() == (target.on or own).casefold()


def _named(monitor: Monitor) -> set[str | None]:
    """The predictions' columns, as far as the monitor itself tells."""
    model = monitor.model
    own = {monitor.id, monitor.timestamp, *monitor.features.numeric, *monitor.features.categorical}
    if model is not None:
        scores = model.score.values() if isinstance(model.score, dict) else (model.score,)
        own |= {model.label, *scores}
    return own
