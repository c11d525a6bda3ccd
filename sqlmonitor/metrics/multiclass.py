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
            ``each`` for a row per class alone, ``matrix`` of true by predicted class, ``never`` where
            a mean over classes is not what the metric is known to be.
        value: formula of which the mean is taken, where it is not the metric's own; then classes have
            no rows of their own.
    """

    kind: Literal["mean", "overall", "each", "matrix", "never"] = "mean"
    value: str = ""


COMBINED = {
    # The share of rows that are right; a mean over the classes would count the others' true negatives.
    "accuracy": Combined(kind="overall"),
    # As it is known for several classes: mean recall of the classes that are there.
    "balanced_accuracy": Combined(value=RECALL),
    "confusion_matrix": Combined(kind="matrix"),
    # Its mean is one over the number of classes, whatever the model does.
    "positive_rate": Combined(kind="each"),
    # For several classes these are not means over the classes (Gorodkin 2004; log loss of the true class).
    "matthews_correlation": Combined(kind="never"),
    "log_loss": Combined(kind="never"),
    "brier_score": Combined(kind="never"),
    "calibration_error": Combined(kind="never"),
    "label_coverage": Combined(kind="overall"),
}


INFLUENCES = ("roc_auc", "average_precision")
"""Metrics over ranks in the order of the influences that ``ranking/influences.sql`` has for them."""


def combined(metric: Metric) -> Combined:
    """How a metric combines the classes."""
    return COMBINED.get(metric.name, Combined())


def with_classes(metric: Metric) -> Metric:
    """The metric, also for several classes where it is defined for them."""
    fits = metric.template == CELLS or metric.needs in ("score_cells", "scores")
    if not fits or "binary_classification" not in metric.tasks or combined(metric).kind == "never":
        return metric
    return replace(metric, tasks=(*metric.tasks, MULTICLASS))


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
