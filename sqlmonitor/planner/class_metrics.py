"""Metrics over the expected and realized rows of several classes: of each class, and of all."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sqlmonitor.definitions import Monitor
from sqlmonitor.metrics import Metric
from sqlmonitor.metrics.multiclass import OVER_CLASSES, combined, matrix_cell
from sqlmonitor.metrics.performance import CONFUSION_CELLS
from sqlmonitor.plan import Step
from sqlmonitor.planner.class_names import class_name, class_number
from sqlmonitor.planner.derivatives import derivative
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.planner.performance import component, measured, score_metric
from sqlmonitor.trees import parse


def cells(draft: Draft, class_outcomes: Step, names: list[str], partly: dict[str, Step]) -> None:
    """Adds the metrics over confusion cells."""
    chosen = [metric for metric in draft.metrics["performance"] if metric.components]
    worths = class_values(draft.monitor, names)
    if not chosen and not worths:
        return
    if draft.monitor.model is None or draft.monitor.model.label is None:
        if draft.monitor.metrics.performance is not None or worths:
            raise draft.monitor.error(
                "model", "metrics over confusion cells need model.label, the predicted label's column"
            )
        return
    confusion = draft.add(
        "confusion",
        "confusion cells of every class",
        "cells/confusion.sql",
        outcomes=one_vs_rest(draft, "predicted_outcomes", class_outcomes, names, "not is_by_cell", partly),
    )
    matrix = draft.add(
        "class_confusion",
        "true by predicted class",
        "cells/class_confusion.sql",
        class_outcomes=class_outcomes,
        **partly,
    )
    add = draft.add
    if worths:
        draft.values.append(
            add(
                "class_values",
                "values of the decisions",
                "cells/class_values.sql",
                confusion=confusion,
                class_confusion=matrix,
                kpis=worths,
            )
        )
    kinds = {metric.name: combined(metric).kind for metric in chosen}
    each = [
        component(metric.name, part) | {"component": exp.column("component")}
        for metric in chosen
        for part in metric.components
        if kinds[metric.name] != "matrix" and not combined(metric).value
    ]
    overall = [
        component(metric.name, part)
        for metric in chosen
        for part in metric.components
        if kinds[metric.name] == "overall"
    ]
    number = class_number(exp.column("component"), names)
    means = [mean(metric) for metric in chosen if kinds[metric.name] == "mean"]
    slopes: list[Step] = []
    if means:
        slopes.append(
            add(
                "class_slopes",
                "means over the classes",
                "cells/class_slopes.sql",
                confusion=confusion,
                class_number=number,
                metrics=means,
            )
        )
    if "correlation" in kinds.values():
        title = "rows of every true and predicted class"
        margins = add(
            "class_margins", title, "cells/class_margins.sql", confusion=confusion, class_number=number
        )
        title = "correlation of true and predicted class"
        slopes.append(add("class_correlation", title, "cells/class_correlation.sql", margins=margins))
    if each:
        title = "metrics of every class"
        draft.values.append(
            add("class_metrics", title, "cells/metrics.sql", confusion=confusion, metrics=each)
        )
    if overall:
        one = add("overall", "cells of all classes in one", "cells/overall.sql", confusion=confusion)
        draft.values.append(
            add("overall_metrics", "metrics of all rows", "cells/metrics.sql", confusion=one, metrics=overall)
        )
    if slopes:
        macro = add(
            "macro_cells", "values over the classes", "cells/macro.sql", slopes=slopes, class_confusion=matrix
        )
        whole = [metric for metric in chosen if kinds[metric.name] in ("mean", "correlation")]
        measured(draft, "macro_metrics", [macro], confusion, whole, over_classes=True, needs="prediction")
    if "matrix" in kinds.values():
        part = matrix_cell(draft.monitor.metrics.normalize)
        draft.values.append(
            add(
                "confusion_matrix",
                "confusion matrix",
                "cells/class_matrix.sql",
                confusion=confusion,
                class_confusion=matrix,
                cells=matrix_cells(names),
                value=parse(part.value),
                standard_error=parse(part.standard_error),
            )
        )


def class_values(monitor: Monitor, names: list[str]) -> list[dict[str, Any]]:
    """The value matrices, each with what a row is worth by the numbers of its true and predicted class."""
    found = []
    for kpi in monitor.kpis:
        if not isinstance(kpi.value_matrix, dict):
            continue
        worth = exp.Case()
        for true, values in kpi.value_matrix.items():
            for predicted, value in values.items():
                cell = f"true_class = {names.index(true)} and predicted_class = {names.index(predicted)}"
                worth = worth.when(parse(cell), parse(f"cast({value!r} as double)"))
        found.append({"name": text(kpi.name), "worth": worth.else_(parse("0e0"))})
    return found


def mean(metric: Metric) -> dict[str, exp.Expr]:
    """A formula over a class's confusion cells, with its derivatives."""
    (part,) = metric.components
    value = parse(combined(metric).value or part.value)
    return {"name": text(metric.name), "value": value} | {
        cell: derivative(value, cell) for cell in CONFUSION_CELLS
    }


def matrix_cells(names: list[str]) -> list[dict[str, Any]]:
    """Numbers and name of every cell of the matrix."""
    return [
        {"true_class": true, "predicted_class": predicted, "name": text(f"true={a},predicted={b}")}
        for true, a in enumerate(names)
        for predicted, b in enumerate(names)
    ]


def one_vs_rest(
    draft: Draft, name: str, class_outcomes: Step, names: list[str], which: str, partly: dict[str, Step]
) -> Step:
    """Adds the outcomes of every class against all others."""
    return draft.add(
        name,
        "expected and realized outcomes of every class",
        "calibration/one_vs_rest.sql",
        class_outcomes=class_outcomes,
        class_name=class_name(names),
        which=parse(which),
        **partly,
    )


def ranks(draft: Draft, class_outcomes: Step, names: list[str], partly: dict[str, Step]) -> None:
    """Adds the metrics over ranks."""
    chosen = [metric for metric in draft.metrics["performance"] if "score_cells" in metric.needed]
    if not chosen:
        return
    outcomes = one_vs_rest(draft, "ranked_outcomes", class_outcomes, names, "is_by_cell", partly)
    cells = draft.add("score_cells", "rank score cells", "ranking/score_cells.sql", outcomes=outcomes)
    usage = draft.add("usage", "rows that can be ranked", "ranking/usage.sql", outcomes=outcomes)
    steps = {
        "score_cells": cells,
        "usage": usage,
        "class_outcomes": class_outcomes,
        "choice": draft["choice"],
    }
    number = class_number(exp.column("component"), names)
    parts: list[Step] = []
    macros: dict[str, Step] = {}
    for metric in chosen:
        parts.append(score_metric(draft, metric, steps, number))
        over = OVER_CLASSES[metric.name]
        given = steps | {"by_class": parts[-1]}
        macros[metric.name] = draft.add(
            f"macro_{metric.name}",
            f"{metric.name} over the classes",
            over.template,
            **{name: given[name] for name in over.reads},
            **{name: parse(sql) for name, sql in over.parameters},
        )
    measured(draft, "score_metrics", parts, usage, chosen)
    # Log loss has its own rows used: a label that is none of the classes has no score.
    if "log_loss" in macros:
        draft.values.append(macros.pop("log_loss"))
    if macros:
        whole = [metric for metric in chosen if metric.name in macros]
        measured(draft, "macro_score_metrics", list(macros.values()), usage, whole, over_classes=True)
