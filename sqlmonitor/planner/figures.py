"""Business figures and metrics that users write as aggregates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from sqlmonitor import dialects, names
from sqlmonitor.definitions import Joined
from sqlmonitor.definitions.business import CustomMetric, Kpi
from sqlmonitor.dialects import of_user
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.planner.extremes import with_nan_as_largest
from sqlmonitor.planner.figure_errors import standard_error
from sqlmonitor.planner.parts import Parts
from sqlmonitor.source import SourceRows
from sqlmonitor.trees import parse, put

Column = dict[str, exp.Expr]
CLAIMS = (exp.Predicate, exp.Connector, exp.Not, exp.LogicalOr, exp.LogicalAnd)
PREDICTION = names.identifier("prediction")
TARGET = names.identifier("target")


def reads_target(columns: list[Column]) -> bool:
    """True where a column may stand in the target's relation: a bare one may."""
    return any(column.args.get("table") in (None, TARGET) for column in _read(columns))


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
    aliases: dict[exp.Column, str] = {}
    for name, _, key, _ in written:
        for column in list(trees[name].find_all(exp.Column)):
            alias = aliases.setdefault(bound(draft.source, key, column), f"input_{len(aliases)}")
            column.replace(exp.column(alias))
    floats = {alias for column, alias in aliases.items() if _is_float(draft.source, column)}
    trees = {name: with_nan_as_largest(tree, draft.project.dialect, floats) for name, tree in trees.items()}
    parts = Parts(draft.project.dialect)
    kpis = [
        {"index": number, "name": text(name), "family": text(family)} | computed(trees[name], parts)
        for number, (name, family, _, _) in enumerate(written)
    ]
    columns: list[Column] = [
        {"expression": in_double(draft.source, column), "alias": exp.to_identifier(alias)}
        for column, alias in aliases.items()
    ]
    return kpis, parts.listed(), columns


def computed(tree: exp.Expr, parts: Parts) -> dict[str, exp.Expr]:
    """A figure and its standard error, over a chunk's rows and, where they add up, over merged chunks' parts."""
    error = standard_error(tree)
    tree = number(tree)
    forms = {"expression": tree, "standard_error": error or parse("cast(null as double)")}
    for name, form in (("merged", tree), ("merged_error", error)):
        merged = parts.merged(form) if form is not None else None
        if merged is not None:
            forms[name] = merged
    return forms


def number(tree: exp.Expr) -> exp.Expr:
    """A figure that is true or false as 1 or 0, which not every engine makes of it by a cast."""
    inner = tree.unnest()
    while isinstance(inner, exp.Filter):
        inner = inner.this
    return (
        put("case when claim then 1e0 when not claim then 0e0 end", claim=tree)
        if isinstance(inner, CLAIMS)
        else tree
    )


def bound(source: SourceRows, key: str, column: exp.Column) -> exp.Column:
    """A column of an aggregate, bound to the relation that has it.

    Args:
        source: the monitor's relations; where the warehouse was not asked for their columns, a name that
            the monitor does not say is the predictions' stays as it is.
        key: where the aggregate stands.
        column: as the user wrote it, alone or as ``prediction.x``, ``target.x`` or with a joined relation's name.

    Raises:
        ConfigurationError: for another prefix, a column that is not there, and one that several relations have.
    """
    monitor, name, prefix = source.monitor, column.name, column.table.casefold()
    sides = relations(source, key)
    target = monitor.target
    if prefix == "target" and target is not None and prefix not in sides:
        raise monitor.error(
            key,
            f"'target.{name}' needs a relation of the target's own",
            remedy=f"the target is in the predictions: write {name}",
        )
    if column.args.get("db") or (prefix and prefix not in sides):
        written = ".".join(part.name for part in column.parts)
        raise monitor.error(
            key,
            f"'{written}' names no relation of this {'KPI' if len(sides) > 2 else 'monitor'}",
            remedy=f"write {_either(sides, name)}",
        )
    if not source.types.predictions:
        is_own = not prefix and names.folded(column.this, source.dialect) in _named(source)
        alias = "prediction" if is_own else sides[prefix].alias if prefix else None
        own_name = of_user(column.this.copy())
        return exp.Column(this=own_name, table=names.identifier(alias) if alias else None)
    asked = [sides[prefix]] if prefix else list(sides.values())
    spelled = {side.prefix: names.matched(column.this, side.columns, source.dialect) for side in asked}
    found = [side for side in asked if spelled[side.prefix] is not None]
    if not found:
        known = sorted({one for side in asked for one in side.columns})
        raise monitor.error(
            key,
            f"there is no column '{name}'",
            allowed=known,
            word=name,
            remedy=names.spelling(column.this, known, source.dialect),
        )
    own = spelled[found[0].prefix]
    assert own is not None
    others = [side for side in found[1:] if names.folded(own, source.dialect) not in side.shared]
    if others and len(found) > 1:
        raise monitor.error(
            key,
            f"column '{name}' is in {found[0].title} and in {' and in '.join(side.title for side in others)}",
            remedy=f"write {_either({side.prefix: side for side in (found[0], *others)}, name)}",
        )
    return names.exact_column(own, found[0].alias)


@dataclass(frozen=True)
class Side:
    """A relation that an aggregate may read.

    Args:
        prefix: what the user writes before its columns.
        alias: its name where rows are read.
        title: what messages call it.
        columns: with their types; empty where the warehouse was not asked.
        shared: columns, as the engine compares names, that join it with the predictions' column of the same
            name, so that both have one value.
    """

    prefix: str
    alias: str
    title: str
    columns: Mapping[str, str]
    shared: frozenset[str] = frozenset()


def relations(source: SourceRows, key: str) -> dict[str, Side]:
    """The relations that the aggregate at a key may read, by their prefixes in lower case.

    Args:
        source: the monitor's relations.
        key: such as ``kpis[0].sql``; a KPI's joined relations are its own.
    """
    monitor, target = source.monitor, source.monitor.target
    sides = [Side("prediction", "prediction", "the predictions", source.types.predictions)]
    if target is not None and target.relation is not None:
        own = source.join_column()
        shared = _alike({own: target.on or own}, source.dialect)
        sides.append(Side("target", "target", "the target's relation", source.types.target, shared))
    kpi = next((one for index, one in enumerate(monitor.kpis) if key == f"kpis[{index}].sql"), None)
    for join in kpi.join if kpi else ():
        alias = next(joined.name for joined in monitor.joined if joined.is_of(join))
        shared = _alike(join.on, source.dialect)
        columns = source.types.joined.get(alias, {})
        sides.append(Side(join.prefix, alias, join.relation, columns, shared))
    return {side.prefix.casefold(): side for side in sides}


def joins_read(source: SourceRows, columns: list[Column]) -> tuple[Joined, ...]:
    """The joined relations that have a column among these."""
    read = {column.table for column in _read(columns)}
    return tuple(joined for joined in source.monitor.joined if joined.name in read)


def _read(columns: list[Column]) -> list[exp.Column]:
    return [found for column in columns for found in column["expression"].find_all(exp.Column)]


def _is_float(source: SourceRows, column: exp.Column) -> bool:
    return dialects.kind(source.types.read(column.name, column.table)) == "float"


def in_double(source: SourceRows, column: exp.Column) -> exp.Expr:
    """A column of an aggregate, as a double where it is a single.

    PostgreSQL sums singles in singles, which have seven digits, and DuckDB subtracts them so; others do not.
    """
    is_single = dialects.is_single(source.types.read(column.name, column.table))
    return exp.cast(column, "double") if is_single else column


def _either(sides: Mapping[str, Side], name: str) -> str:
    return " or ".join(f"{side.prefix}.{name}" for side in sides.values())


def _alike(on: Mapping[str, str], dialect: str) -> frozenset[str]:
    """The names that both sides of a join have."""
    pairs = (tuple(names.folded_column(name, dialect) for name in pair) for pair in on.items())
    return frozenset(own for own, other in pairs if own == other)


def _named(source: SourceRows) -> set[str]:
    """The predictions' columns, as far as the monitor itself tells and as the engine compares names."""
    monitor, model = source.monitor, source.monitor.model
    own = {monitor.id, monitor.timestamp, *monitor.features.numeric, *monitor.features.categorical}
    if model is not None:
        scores = model.score.values() if isinstance(model.score, dict) else (model.score,)
        own |= {model.label, *scores}
    return {names.folded_column(name, source.dialect) for name in own if name is not None}
