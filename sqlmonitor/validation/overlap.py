"""Rows that are reference and analysis at once would be compared with themselves."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.definitions import Monitor
from sqlmonitor.plan import Check
from sqlmonitor.source import SourceRows


def overlap(monitor: Monitor, source: SourceRows) -> Check | None:
    """The promise that a reference in a relation of its own shares no row with the predictions.

    Of the same relation, rows that fit both conditions are counted; of two relations, ids that
    both have. Two relations without an id cannot be told apart, and a reference that is a
    condition on the predictions cannot overlap.

    Returns:
        None where there is nothing to ask.
    """
    reference = monitor.reference
    assert reference.relation is not None
    relation, predictions = source.relation(reference.relation), source.predictions()
    # Without regard to case, as the warehouse may have none; what differs by it has ids to compare.
    is_same = relation.sql().casefold() == predictions.sql().casefold()
    if not is_same and monitor.id is None:
        return None
    conditions = [source.condition(text) for text in (reference.where,) if text is not None]
    own = [source.condition(text) for text in (monitor.where,) if text is not None]
    chosen = exp.select(exp.Count(this=exp.Star(), big_int=True).as_("times"))
    if monitor.id is not None:
        # Text of both, as the two relations may give the id different types.
        identity = exp.cast(source.column(monitor.id), "varchar")
        chosen = chosen.select(exp.Min(this=identity.copy()).as_("example"))
        if not is_same:
            ids = exp.select(identity.copy()).from_(_aliased(predictions)).where(*own)
            own = [exp.In(this=identity.copy(), query=exp.Subquery(this=ids))]
    counted = chosen.from_(_aliased(relation)).where(*conditions, *own).having("count(*) > 0")
    example = f", such as {monitor.id} = {{example}}" if monitor.id is not None else ""
    return Check(
        after="",
        sql=counted,
        message=f"monitor '{monitor.name}': {{times}} rows are in the reference and in the analysis"
        + example,
        remedy="leave the reference's rows out of the analysis with `where`, "
        "or write `reference` as a condition on the predictions",
    )


def _aliased(relation: exp.Expr) -> exp.Expr:
    return exp.alias_(relation.copy(), "prediction", table=True)
