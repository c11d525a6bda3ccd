"""What users write as aggregates: its columns are there, and it gives a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import dialects, names
from sqlmonitor.errors import WarehouseError
from sqlmonitor.planner.figures import PREDICTION, bound
from sqlmonitor.source import SourceRows

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine

NUMBERS = ("integer", "decimal", "float", "boolean")


def check_figures(source: SourceRows, reference: Mapping[str, str] | None, engine: Engine) -> None:
    """Checks every aggregate of the monitor against the warehouse; reads no row.

    Args:
        source: the monitor's relations, with their columns' types.
        reference: the columns of a reference in a relation of its own; None where it has none.
        engine: an open warehouse.

    Raises:
        ConfigurationError: for a column that is not there or stands in both relations, an expression
            that the warehouse refuses, and one that gives anything but a number.
    """
    monitor = source.monitor
    for key, written in monitor.aggregates():
        tree = names.aggregate(written, source.dialect, monitor.allow_functions)
        for column in list(tree.find_all(exp.Column)):
            own = bound(source, key, column)
            if (
                reference is not None
                and own.args.get("table") == PREDICTION
                and names.matched(own.this, reference, source.dialect) is None
            ):
                raise monitor.error(
                    key,
                    f"{monitor.reference.shown} has no column '{own.name}', which is needed for the reference",
                    remedy=f"add it there; it has {', '.join(sorted(reference))}",
                )
            column.replace(own)
        try:
            (kind,) = engine.describe(exp.Subquery(this=_over_rows(source, tree))).values()
        except WarehouseError as error:
            raise monitor.error(key, error.message, remedy="correct the expression") from None
        if dialects.kind(kind) not in NUMBERS:
            raise monitor.error(
                key,
                f"the expression gives {kind}, not a number",
                remedy="write one aggregate that gives a number, such as 'sum(amount) / count(*)'",
            )


def _over_rows(source: SourceRows, figure: exp.Expr) -> exp.Select:
    """The aggregate over the rows that it is for; the warehouse describes it without running it."""
    target = source.monitor.target
    query = exp.select(exp.alias_(figure, "figure")).from_(
        exp.alias_(source.predictions(), "prediction", table=True)
    )
    if target is not None and target.relation is not None:
        # How rows are joined does not change the types.
        beside = exp.alias_(source.relation(target.relation), "target", table=True)
        query = query.join(beside, on=exp.true(), join_type="left")
    for joined in source.monitor.joined:
        further = exp.alias_(source.relation(joined.join.relation), joined.name, table=True)
        query = query.join(further, on=exp.true(), join_type="left")
    return query
