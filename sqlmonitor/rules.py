"""Which rule sets the threshold of every metric: the most specific word of the user wins."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.definitions import Monitor, Threshold
from sqlmonitor.metrics import BOTH_SIDES, DefaultThreshold, Metric

FAMILY_OF_RESULTS = {
    "drift": ("drift",),
    "performance": ("estimated", "realized"),
    "quality": ("quality",),
    "summary": ("summary",),
}


def rules(monitor: Monitor, metrics: dict[str, list[Metric]]) -> list[dict[str, exp.Expr]]:
    """One rule for every family, metric and column of the results.

    Args:
        monitor: with the user's thresholds, in order; of two equally specific ones the later wins.
        metrics: the chosen metrics by family.

    Returns:
        Literals named as the template ``threshold/rules.sql`` takes them.
    """
    listed = []
    for family, chosen in metrics.items():
        for metric in chosen:
            for result_family in FAMILY_OF_RESULTS[family]:
                for column in columns(monitor, metric):
                    listed.append(
                        _rule(
                            monitor,
                            result_family,
                            metric.name,
                            column,
                            metric.default_threshold,
                            metric.lower_limit,
                            metric.upper_limit,
                        )
                    )
    for kpi in monitor.kpis:
        families = ("kpi",) if kpi.sql is not None else ("estimated", "realized")
        listed += [_rule(monitor, family, kpi.name, "", BOTH_SIDES, None, None) for family in families]
    return listed


def columns(monitor: Monitor, metric: Metric) -> tuple[str, ...]:
    """The columns that a metric is computed for; one empty name for metrics of the model."""
    features = monitor.features
    return {
        "none": ("",),
        "numeric": features.numeric,
        "categorical": features.categorical,
        "both": (*features.numeric, *features.categorical),
    }[metric.columns]


def _specificity(threshold: Threshold, family: str, metric: str, column: str) -> int:
    """How many of the threshold's selectors name this series; -1 where one names another."""
    families = {family, "performance"} if family in ("estimated", "realized") else {family}
    matches = (
        (threshold.family, families),
        (threshold.metric, {metric}),
        (threshold.column, {column}),
    )
    if any(word is not None and word not in named for word, named in matches):
        return -1
    return sum(word is not None for word, _ in matches)


def _rule(
    monitor: Monitor,
    family: str,
    metric: str,
    column: str,
    default: DefaultThreshold,
    lower_limit: float | None,
    upper_limit: float | None,
) -> dict[str, exp.Expr]:
    kind, lower, upper = default.kind, default.lower, default.upper
    best = 0
    for threshold in monitor.thresholds:
        specificity = _specificity(threshold, family, metric, column)
        if specificity < best:
            continue
        best = specificity
        if threshold.constant is not None:
            kind, lower, upper = "constant", threshold.constant.lower, threshold.constant.upper
        elif threshold.standard_deviation is not None:
            kind = "standard_deviation"
            lower, upper = threshold.standard_deviation.lower, threshold.standard_deviation.upper
    texts = {"family": family, "metric": metric, "column_name": column, "kind": kind}
    numbers = {"lower": lower, "upper": upper, "lower_limit": lower_limit, "upper_limit": upper_limit}
    return {name: exp.Literal.string(value) for name, value in texts.items()} | {
        name: exp.null() if value is None else exp.convert(float(value)) for name, value in numbers.items()
    }
