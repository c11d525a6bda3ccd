"""The further relations of KPIs: are they there, and has each at most one row for a prediction?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.definitions import Joined, Monitor, Project
from sqlmonitor.plan import Check
from sqlmonitor.source import SourceRows
from sqlmonitor.validation.asking import ask
from sqlmonitor.validation.described import described, type_of

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine

EXACT: tuple[dialects.Kind, ...] = ("integer", "decimal")
"""Kinds of numbers that are compared without rounding."""
CAST = "give both the same type: cast one in a view, or in `predictions: {sql: …}`"


def check_joined(
    source: SourceRows, types: Mapping[str, str], reference: Mapping[str, str] | None, engine: Engine
) -> dict[str, Mapping[str, str]]:
    """Checks the joined relations and the columns that join them; reads no row.

    Args:
        source: the monitor's relations.
        types: the predictions' columns.
        reference: those of a reference in a relation of its own; None where it has none.
        engine: an open warehouse.

    Returns:
        Their columns with their types, by the names they have where rows are read.

    Raises:
        ConfigurationError: for a relation or column that is not there, and columns that cannot be compared.
    """
    monitor = source.monitor
    found: dict[str, Mapping[str, str]] = {}
    for joined in monitor.joined:
        relation = joined.join.relation
        columns = described(monitor, f"{joined.key}.relation", source.relation(relation), engine)
        for own, other in joined.join.on.items():
            key = f"{joined.key}.on"
            sides = [("the predictions", own, types), (relation, other, columns)]
            if reference is not None:
                sides.append((monitor.reference.shown, own, reference))
            for title, name, known in sides:
                if type_of(name, known, source.dialect) is None:
                    raise monitor.error(
                        key, f"{title}: there is no column '{name}'", allowed=sorted(known), word=name
                    )
            there = type_of(other, columns, source.dialect) or ""
            for title, name, known in sides:
                here = type_of(name, known, source.dialect) or ""
                if not are_comparable(dialects.kind(here), dialects.kind(there)):
                    raise monitor.error(
                        key,
                        f"column '{name}' of {title} is {here}, but '{other}' of {relation} is {there}",
                        remedy=CAST,
                    )
        found[joined.name] = columns
    return found


def check_joins(project: Project, monitor: Monitor, engine: Engine) -> None:
    """Checks that no joined relation has two rows for a key.

    Raises:
        DataError: naming the relation, its key, the key with most rows, and how many keys there are.
    """
    for check in join_checks(SourceRows(monitor, project.dialect)):
        ask(check, engine)


def join_checks(source: SourceRows) -> list[Check]:
    """The promises that :func:`check_joins` asks about."""
    return [_is_unique(source, joined) for joined in source.monitor.joined]


def _is_unique(source: SourceRows, joined: Joined) -> Check:
    keys = list(joined.join.on.values())
    columns = [exp.column(exp.to_identifier(name, quoted=True)) for name in keys]
    counted = (
        exp.select(*(exp.alias_(column.copy(), f"example_{n}") for n, column in enumerate(columns)))
        .select("count(*) as times", "count(*) over () as key_count")
        .from_(source.relation(joined.join.relation))
        .where(*(column.copy().is_(exp.null()).not_() for column in columns))
        .group_by(*(column.copy() for column in columns))
        .having("count(*) > 1")
        .order_by("times desc", *(f"example_{number}" for number in range(len(columns))))
        .limit(1)
    )
    example = " and ".join(f"{name} = {{example_{number}}}" for number, name in enumerate(keys))
    monitor, relation = source.monitor, joined.join.relation
    kpi = next(one.name for one in monitor.kpis if any(joined.is_of(join) for join in one.join))
    return Check(
        after="",
        sql=counted,
        message=f"monitor '{monitor.name}', KPI '{kpi}': the join with {relation} would multiply predictions: "
        f"{{key_count}} values of {', '.join(keys)} are in several rows of it, such as {example} in {{times}}",
        remedy=f"make {relation} unique on {', '.join(keys)}, as a view can, or add a column to 'on:'",
    )


def are_comparable(own: dialects.Kind, other: dialects.Kind) -> bool:
    """Whether keys that differ still differ when columns of two kinds are compared.

    A whole number beside a float becomes a float itself, which tells whole numbers apart up to 2^53 only: a key
    that is unique in its relation would meet a prediction several times.
    """
    return own == other or (own in EXACT and other in EXACT)
