"""The same metrics for several classes: each class against all others, and one value for all.

A metric that is one formula over the confusion cells has a value per class and their mean, without
a word here; what differs is listed below.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from sqlmonitor.definitions import Normalize
from sqlmonitor.metrics.metric import Component, Metric
from sqlmonitor.metrics.performance import CELLS, RECALL

MULTICLASS = "multiclass_classification"


@dataclass(frozen=True, kw_only=True)
class Combined:
    """How a metric combines the classes.

    Args:
        kind: ``mean`` of the classes' values, ``overall`` from the cells of all classes in one,
            ``correlation`` from all cells of true by predicted class, ``true_class`` from each row's
            true class, ``each`` for a row per class alone, ``matrix`` of true by predicted class.
        value: formula of which the mean is taken, where it is not the metric's own; then classes have
            no rows of their own.
        formula: for people, where what is said of the kind is not all there is to say.
        source: where that formula comes from.
    """

    kind: Literal["mean", "overall", "correlation", "true_class", "each", "matrix"] = "mean"
    value: str = ""
    formula: str = ""
    source: str = ""


COMBINED = {
    # The share of rows that are right; a mean over the classes would count the others' true negatives.
    "accuracy": Combined(kind="overall"),
    # As it is known for several classes: mean recall of the classes that are there.
    "balanced_accuracy": Combined(value=RECALL),
    "confusion_matrix": Combined(kind="matrix"),
    # Its mean is one over the number of classes, whatever the model does.
    "positive_rate": Combined(kind="each"),
    "matthews_correlation": Combined(
        kind="correlation",
        formula="R_K = (right · n - Σ true · predicted) / sqrt(Σ true (n - true) · Σ predicted (n - predicted)), "
        "sums over the classes' rows",
        source="Gorodkin 2004",
    ),
    "log_loss": Combined(
        kind="true_class",
        formula="mean of -ln(score of the row's class), at least 1e-15; labels that are no class are unused; "
        "a class's own is that of the class against all others",
    ),
    "brier_score": Combined(
        formula="mean of the classes' scores, each against all others; Brier's own sum over the classes is "
        "that times their number",
    ),
    "calibration_error": Combined(formula="mean of the classes' errors, each against all others"),
    "label_coverage": Combined(kind="overall"),
    "label_delay_median": Combined(kind="overall"),
    "label_delay_90_percent": Combined(kind="overall"),
}


@dataclass(frozen=True, kw_only=True)
class OverClasses:
    """How the value over all classes is computed of a metric over scores.

    Args:
        template: relative to ``sql_templates``.
        reads: steps that it reads: ``by_class`` the metric of every class, ``score_cells``, ``usage``,
            ``class_outcomes``.
        parameters: SQL that it takes, by name.
    """

    template: str
    reads: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...] = ()


def ranked(number: int) -> OverClasses:
    """A metric over ranks, with the number that ``ranking/influences.sql`` has for its influences."""
    return OverClasses(
        template="ranking/macro.sql",
        reads=("by_class", "class_outcomes"),
        parameters=(("squares", f"squares_{number}"), ("total_squares", f"total_squares_{number}")),
    )


OVER_CLASSES = {
    "roc_auc": ranked(0),
    "average_precision": ranked(1),
    "log_loss": OverClasses(template="scoring/class_log_loss.sql", reads=("score_cells", "usage")),
    "brier_score": OverClasses(template="scoring/macro_brier.sql", reads=("by_class", "class_outcomes")),
    "calibration_error": OverClasses(template="scoring/macro_calibration.sql", reads=("by_class",)),
}


def combined(metric: Metric) -> Combined:
    """How a metric combines the classes."""
    return COMBINED.get(metric.name, Combined())


def with_classes(metric: Metric) -> Metric:
    """The metric, also for several classes where it is defined for them."""
    fits = metric.template == CELLS or bool({"score_cells", "scores"} & set(metric.needed))
    if not fits or "binary_classification" not in metric.tasks:
        return metric
    over = combined(metric)
    return replace(
        metric,
        tasks=(*metric.tasks, MULTICLASS),
        formula=f"{metric.formula}; several classes: {over.formula}" if over.formula else metric.formula,
        source="; ".join(filter(None, (metric.source, over.source))),
    )


TOTALS = {"all": "used", "true": "true_total", "predicted": "predicted_total"}


def matrix_cell(normalize: Normalize | None) -> Component:
    """A cell of the matrix, over ``cell_count, used, true_total, predicted_total``.

    Args:
        normalize: what the cell is a share of; None for counts.
    """
    if normalize is None:
        return Component(
            value="cell_count", standard_error="sqrt(cell_count * greatest(1 - cell_count / used, 0))"
        )
    total = f"nullif({TOTALS[normalize]}, 0)"
    share = f"coalesce(cell_count / {total}, 0)"
    return Component(value=share, standard_error=f"sqrt(greatest({share} * (1 - {share}), 0) / {total})")
