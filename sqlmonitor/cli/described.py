"""A metric in words, all of them read from the catalogue and from its template."""

from __future__ import annotations

import re
from typing import Any

from sqlmonitor.metrics import DefaultThreshold, Metric
from sqlmonitor.metrics.multiclass import MULTICLASS, combined

__all__ = ["described", "in_words", "scope", "value_range"]

WITH_CLASSES = {
    "mean": "mean of the classes, each against all others, and a value of each class",
    "overall": "one value over all classes",
    "correlation": "one value over all classes, and a value of each class against all others",
    "true_class": "one value over all classes, and a value of each class against all others",
    "each": "a value of each class",
    "matrix": "a value for each true and predicted class",
}
SCOPES = {"both": "any column", "numeric": "numeric", "categorical": "categorical"}
TASKS = {"binary_classification": "binary", MULTICLASS: "multiclass"}
NO_VALUE = ("null", "cast(null as double)")
EXTRAS = {"standard_error": "standard error", "noise_floor": "noise floor", "p_value": "p-value"}


def described(metric: Metric) -> dict[str, Any]:
    """Everything that is declared about a metric, as plain values.

    Args:
        metric: an entry of the catalogue.

    Returns:
        Texts, numbers, booleans and lists of texts by name, in the order in which they are read.
    """
    carried = _carried(metric)
    return {
        "name": metric.name,
        "family": metric.family,
        "is_default": metric.is_default,
        "tasks": list(metric.tasks),
        "columns": metric.columns,
        "formula": metric.formula,
        "lower_limit": metric.lower_limit,
        "upper_limit": metric.upper_limit,
        "unit": metric.unit,
        "null_when": metric.null_when,
        "components": [part.name for part in metric.components if part.name],
        "classes": _classes(metric),
        "default_threshold": threshold(metric.default_threshold),
        **{f"has_{extra}": extra in carried for extra in EXTRAS},
        "cost": metric.cost,
        "source": metric.source,
        "template": f"sql_templates/{metric.template}",
    }


def in_words(metric: Metric) -> dict[str, str]:
    """The same for people: what there is to say, by what it is about."""
    facts = described(metric)
    tasks = ", ".join(metric.tasks) or "any"
    beside = [EXTRAS[extra] for extra in _carried(metric)]
    words = {
        "metric": metric.name,
        "family": metric.family,
        "computed": "by default" if metric.is_default else f"on request: {_request(metric)}",
        "tasks": tasks,
        "columns": {"both": "numeric and categorical", "none": ""}.get(metric.columns, metric.columns),
        "formula": metric.formula,
        "range": value_range(metric),
        "unit": metric.unit,
        "components": ", ".join(facts["components"]),
        "several classes": facts["classes"],
        "NULL when": metric.null_when,
        "default threshold": facts["default_threshold"],
        "beside the value": ", ".join(beside) or "nothing",
        "cost": metric.cost or "nothing beyond the counts of every run",
        "source": metric.source,
        "template": facts["template"],
    }
    return {about: text for about, text in words.items() if text}


def scope(metric: Metric) -> str:
    """What a metric is for, in one or two words: kinds of column, or tasks."""
    if metric.columns != "none":
        return SCOPES[metric.columns]
    if {*TASKS, "regression"} <= set(metric.tasks):
        return "any model"
    if set(TASKS) <= set(metric.tasks):
        return "classification"
    return ", ".join(TASKS.get(task, task) for task in metric.tasks) or "any task"


def value_range(metric: Metric) -> str:
    """The values that are possible, as an interval."""
    lower, upper = metric.lower_limit, metric.upper_limit
    if lower is None and upper is None:
        return "any"
    if upper is None:
        return f"at least {lower:g}"
    return f"at most {upper:g}" if lower is None else f"[{lower:g}, {upper:g}]"


def threshold(default: DefaultThreshold) -> str:
    """When a value alerts where the user sets no threshold."""
    if default.kind == "p_value":
        return "alerts where the p-value is below 0.05"
    if default.lower is None and default.upper is None:
        return "none: never alerts"
    if default.kind == "constant":
        sides = ((default.lower, "below"), (default.upper, "above"))
        return "alerts " + " or ".join(f"{side} {limit:g}" for limit, side in sides if limit is not None)
    if default.lower == default.upper:
        where = f"{default.upper:g} standard deviations from"
    else:
        sides = ((default.lower, "below"), (default.upper, "above"))
        where = " or ".join(
            f"{count:g} standard deviations {side}" for count, side in sides if count is not None
        )
    return f"alerts more than {where} the mean of the reference's chunks"


def _request(metric: Metric) -> str:
    return f"metrics: {{{metric.family}: [{metric.name}]}}"


def _classes(metric: Metric) -> str:
    if MULTICLASS not in metric.tasks:
        return ""
    how = combined(metric)
    if how.kind == "mean" and how.value:
        return "a mean over the classes"
    return WITH_CLASSES[how.kind]


def _carried(metric: Metric) -> list[str]:
    """Which of ``EXTRAS`` the metric's values have, by its template's columns and its own formulas."""
    from sqlmonitor import templates

    text = templates.body(metric.template)
    formulas = [part.standard_error for part in metric.components]
    formulas += [value for name, value in metric.parameters if name == "standard_error"]
    has_error = not formulas or any(formula not in NO_VALUE for formula in formulas)
    return [
        extra
        for extra in EXTRAS
        if re.search(rf"\b{extra}\b", text)
        and not re.search(rf"cast\(null as double\) as {extra}\b", text)
        and (extra != "standard_error" or has_error)
    ]
