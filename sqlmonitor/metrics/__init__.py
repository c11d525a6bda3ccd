"""The catalogue: every metric, in one place."""

from sqlmonitor.metrics import distance, performance, quality, summary
from sqlmonitor.metrics.metric import BOTH_SIDES, Component, DefaultThreshold, Metric
from sqlmonitor.metrics.multiclass import with_classes

CATALOGUE: dict[str, Metric] = {
    metric.name: with_classes(metric)
    for module in (distance, performance, quality, summary)
    for metric in module.METRICS
}

__all__ = ["BOTH_SIDES", "CATALOGUE", "Component", "DefaultThreshold", "Metric"]
