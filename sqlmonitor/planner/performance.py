"""Steps over the score: calibration, confusion cells, ranks and losses, estimated and realized."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sqlmonitor.definitions import ValueMatrix
from sqlmonitor.metrics import Component, Metric
from sqlmonitor.metrics.performance import value_matrix
from sqlmonitor.plan import Check, Step
from sqlmonitor.planner.calibration import choose, isotonic_fit
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.planner.labels import delay_column, delays, labels, partly_labelled
from sqlmonitor.trees import parse, put

ONE_CLASS = exp.Literal.number(0)


def add_performance(draft: Draft, score: str) -> None:
    """Adds score counts, calibration and the metrics over them."""
    monitor = draft.monitor
    assert monitor.model is not None
    positive = draft.source.label_value(monitor.model.positive)
    label = monitor.model.label
    columns = {
        "score": draft.source.number(score),
        "predicted_label": draft.source.label(label) if label else parse("null"),
        "actual_label": draft.source.actual(),
        "fold": draft.source.fold(),
        **delay_column(draft),
    }
    scores = draft.add(
        "scores",
        "count scores and labels",
        "histogram/scores.sql",
        rows=draft.source.rows(
            [
                *({"expression": tree, "alias": exp.to_identifier(name)} for name, tree in columns.items()),
                *draft.segment_columns(),
            ],
            reads_target=True,
        ),
        segments=draft.segments,
        **({"is_exact": parse("1")} if monitor.resolution == "exact" else {}),
        **({"has_delays": parse("1")} if delays(draft) else {}),
    )
    labelled = draft.add(
        "labelled_scores",
        "labelled reference rows",
        "calibration/labelled_scores.sql",
        scores=scores,
        positive=positive,
    )
    score_checks(draft, scores, labelled, score, positive)
    knots = isotonic_fit(draft, labelled)
    interpolated = draft.add(
        "interpolated",
        "calibrate distinct scores",
        "calibration/interpolated.sql",
        scores=scores,
        knots=knots,
        fit=parse("fold + 1"),
    )
    applied = draft.add(
        "applied", "calibrate scores", "calibration/applied.sql", scores=scores, interpolated=interpolated
    )
    choice = choose(
        draft,
        applied,
        is_labelled=parse("chunk_number % 2 = 1 and segment_column = '' and actual_label is not null"),
        is_positive=put("actual_label = positive", positive=positive),
    )
    by_label = {
        "all_count": parse("row_count"),
        "label_count": parse("case when actual_label is not null then row_count else 0 end"),
        "by_label": parse("delay_cell is null"),
    }
    outcomes = draft.add(
        "outcomes",
        "expected and realized outcomes",
        "calibration/outcomes.sql",
        applied=applied,
        choice=choice,
        positive=positive,
        **partly_labelled(draft, scores, **by_label),
    )
    draft.stored |= {"calibration": knots, "score_histograms": scores}
    cells(draft, outcomes, has_labels=label is not None)
    over_scores(draft, outcomes, choice)
    labels(draft, scores, by_delay=parse("delay_cell is not null"), **by_label)


def score_checks(draft: Draft, scores: Step, labelled: Step, score: str, positive: exp.Expr) -> None:
    """Adds what must hold of scores and labels."""
    draft.checks += [
        Check(
            after=scores.name,
            sql=f"select cast(sum(row_count) as bigint) as rows, max(score_sum / row_count) as example "
            f"from {scores.table} where segment_column = '' and cell = 1e9 having sum(row_count) > 0",
            message=f"monitor '{draft.monitor.name}': score '{score}' is outside [0, 1] in {{rows}} rows, such as {{example}}",
            remedy="a binary score is the probability of the positive label; map it, or leave the rows out with `where`",
        )
    ]
    model = draft.monitor.model
    if model is not None and model.label is not None:
        what = f"label '{model.label}'"
        draft.checks.append(two_labels(draft, scores, "predicted_label", what, positive))
    if draft.monitor.target is None:
        return
    what = f"target '{draft.monitor.target.column}'"
    draft.checks += [
        two_labels(draft, scores, "actual_label", what, positive),
        Check(
            after=labelled.name,
            sql=f"select 1 as one having (select count(*) from {labelled.table}) = 0",
            message=f"monitor '{draft.monitor.name}': no row of the reference has a label and a score",
            remedy="estimates are calibrated on the reference: choose a period whose labels are there",
        ),
    ]


def two_labels(draft: Draft, scores: Step, column: str, what: str, positive: exp.Expr) -> Check:
    """That a column of labels has the positive value and one other: the negative one, where it is declared."""
    negative = draft.monitor.model.negative if draft.monitor.model else None
    others = f"count(distinct {column}) > 1"
    if negative is not None:
        others = f"bool_or({column} <> {draft.source.label_value(negative).sql('duckdb')})"
    return Check(
        after=scores.name,
        sql=f"select string_agg(distinct cast({column} as varchar), ', ') as labels from {scores.table} "
        f"where {column} is not null and {column} <> {positive.sql('duckdb')} having {others}",
        message=f"monitor '{draft.monitor.name}': {what} has other labels than two: "
        f"{positive.sql('duckdb')}, {{labels}}",
        remedy="set model.positive and model.negative, or leave the rows out with `where`",
    )


def cells(draft: Draft, outcomes: Step, *, has_labels: bool) -> None:
    """Adds the metrics over confusion cells, value matrices among them."""
    listed: list[dict[str, Any]] = []
    for metric in draft.metrics["performance"]:
        listed += [component(metric.name, part) for part in metric.components]
    for kpi in draft.monitor.kpis:
        if isinstance(kpi.value_matrix, ValueMatrix):
            values = dict(kpi.value_matrix.items())
            listed += [component(kpi.name, part) for part in value_matrix(values)]
    if not listed:
        return
    if not has_labels:
        if draft.monitor.metrics.performance is not None or draft.monitor.kpis:
            raise draft.monitor.error(
                "model", "metrics over confusion cells need model.label, the predicted label's column"
            )
        return
    confusion = draft.add("confusion", "confusion cells", "cells/confusion.sql", outcomes=outcomes)
    draft.values.append(
        draft.add(
            "cell_metrics",
            "metrics of the confusion cells",
            "cells/metrics.sql",
            confusion=confusion,
            metrics=listed,
        )
    )


def component(name: str, part: Component) -> dict[str, exp.Expr]:
    """One formula as the template takes it."""
    return {
        "name": text(name),
        "component": text(part.name),
        "value": parse(part.value),
        "standard_error": parse(part.standard_error),
    }


def over_scores(draft: Draft, outcomes: Step, choice: Step) -> None:
    """Adds the metrics over ranks and scores."""
    metrics = [metric for metric in draft.metrics["performance"] if "score_cells" in metric.needed]
    if not metrics:
        return
    cells = draft.add("score_cells", "rank score cells", "ranking/score_cells.sql", outcomes=outcomes)
    usage = draft.add("usage", "rows that can be ranked", "ranking/usage.sql", outcomes=outcomes)
    parts = [score_metric(draft, metric, {"score_cells": cells, "choice": choice}) for metric in metrics]
    measured(draft, "score_metrics", parts, usage, metrics)


def score_metric(
    draft: Draft, metric: Metric, tables: dict[str, Step], class_number: exp.Expr = ONE_CLASS
) -> Step:
    """Adds a metric over ranks or scores, of every class where there are several.

    Args:
        draft: what the planner collects.
        metric: what to add.
        tables: what it may need, by name.
        class_number: the number of the class in a row's component.
    """
    given: dict[str, Any] = {name: tables[name] for name in metric.needed}
    if "choice" in given:
        given["class_number"] = class_number
    given |= {name: parse(sql) for name, sql in metric.parameters}
    return draft.add(metric.name, metric.name, metric.template, **given)


def measured(
    draft: Draft,
    name: str,
    parts: list[Step],
    usage: Step,
    metrics: list[Metric],
    *,
    over_classes: bool = False,
    needs: str = "score",
) -> None:
    """Adds the rows of metrics that have one value per chunk, segment and component.

    Args:
        draft: what the planner collects.
        name: of the step.
        parts: values, standard errors and notes of the metrics.
        usage: how many rows were used.
        metrics: those that are among the parts.
        over_classes: True where the values are of all classes in one.
        needs: what a row must have beside a label to count, a score or a prediction.
    """
    unscored = "no row with a score" if needs == "score" else f"no row with a score and a {needs}"
    draft.values.append(
        draft.add(
            name,
            "rows of these metrics",
            "result/measured.sql",
            parts=parts,
            usage=usage,
            metrics=[text(metric.name) for metric in metrics],
            component=text("") if over_classes else exp.column("component"),
            unlabelled=text(f"no row with a label and a {needs}"),
            unscored=text(unscored),
        )
    )
