"""The catalogue: every metric, in one place."""

from sqlmonitor.metrics import distance, labels, performance, quality, regression, summary
from sqlmonitor.metrics.metric import (
    BOTH_SIDES,
    FAMILIES,
    UPPER_SIDE,
    Component,
    DefaultThreshold,
    Metric,
)
from sqlmonitor.metrics.multiclass import with_classes

CATALOGUE: dict[str, Metric] = {
    metric.name: with_classes(metric)
    for module in (distance, performance, labels, regression, quality, summary)
    for metric in module.METRICS
}

__all__ = ["BOTH_SIDES", "CATALOGUE", "FAMILIES", "UPPER_SIDE", "Component", "DefaultThreshold", "Metric"]
