"""Steps of the isotonic fit, for one score or for each class's."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.plan import Step
from sqlmonitor.planner.draft import Draft
from sqlmonitor.trees import parse

HULL_ROUNDS = ((32, 0), (32, 16), (32, 8), (None, None))


def isotonic_fit(draft: Draft, labelled: Step) -> Step:
    """Adds the fits of every class: over the whole reference, and without each fold.

    Args:
        draft: what the planner collects.
        labelled: ``class_number, fold, cell, row_count, positive_count, score_sum``.

    Returns:
        The knots, by ``fit``: 11 · class over all rows, and the next ten without fold 0 to 9.
    """
    points = draft.add("points", "cumulative diagram", "calibration/points.sql", labelled_scores=labelled)
    hull = points
    for number, (size, offset) in enumerate(HULL_ROUNDS, 1):
        given = {} if size is None else {"group_size": size, "offset": offset}
        hull = draft.add(
            f"hull_{number}", "thin to the convex hull", "calibration/hull.sql", points=hull, **given
        )
    return draft.add("knots", "isotonic fit", "calibration/knots.sql", points=points, hull=hull)


def choose(
    draft: Draft, applied: Step, *, is_labelled: exp.Expr, is_positive: exp.Expr, class_count: int = 0
) -> Step:
    """Adds the choice whether to calibrate, by the user or by the calibration error.

    Args:
        draft: what the planner collects.
        applied: cells with ``position, isotonic, row_count``.
        is_labelled: the condition for labelled rows of the reference.
        is_positive: the condition for positives among them.
        class_count: how many classes have a fit of their own; 0 where there is one score.
    """
    calibration = draft.monitor.calibration
    forced = (
        {} if calibration == "auto" else {"forced": parse("true" if calibration == "isotonic" else "false")}
    )
    return draft.add(
        "choice",
        "choose calibration",
        "calibration/choice.sql",
        applied=applied,
        is_labelled=is_labelled,
        is_positive=is_positive,
        class_number=parse("class_number" if class_count else "0"),
        classes=list(range(max(class_count, 1))),
        **forced,
    )
