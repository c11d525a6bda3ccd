"""The catalogue: every metric, in one place."""

from sqlmonitor.metrics import distance, performance, quality, regression, summary
from sqlmonitor.metrics.metric import BOTH_SIDES, UPPER_SIDE, Component, DefaultThreshold, Metric

CATALOGUE: dict[str, Metric] = {
    metric.name: metric
    for module in (distance, performance, regression, quality, summary)
    for metric in module.METRICS
}

__all__ = ["BOTH_SIDES", "CATALOGUE", "UPPER_SIDE", "Component", "DefaultThreshold", "Metric"]
