"""Steps over the scores of several classes: both reads, and the calibration between them."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.plan import Check, Step
from sqlmonitor.planner.calibration import choose, isotonic_fit
from sqlmonitor.planner.class_metrics import cells, ranks
from sqlmonitor.planner.class_names import class_name, class_number
from sqlmonitor.planner.draft import Draft
from sqlmonitor.planner.labels import delay_column, delays, labels, partly_labelled
from sqlmonitor.source import Column
from sqlmonitor.trees import parse, put

BINNED_CELL = "floor(score * 2000) + floor(250 * ln(greatest(score, 1e-9) / greatest(1 - score, 1e-9)))"
TOLERANCE = "0.010000001e0"
"""How far a row's scores may sum from 1: scores of two decimals do, by 0.01 and an error of rounding."""


def add_multiclass(draft: Draft) -> None:
    """Adds both reads of the scores, the calibration between them and the metrics over what was read.

    Raises:
        ConfigurationError: where performance is asked for and classes have no score columns.
    """
    monitor = draft.monitor
    scores = monitor.model.score if monitor.model else None
    has_values = any(kpi.value_matrix is not None for kpi in monitor.kpis)
    if not draft.metrics["performance"] and not has_values:
        return
    if not isinstance(scores, dict):
        if monitor.metrics.performance is not None:
            raise monitor.error(
                "model",
                "performance over several classes needs the score column of every class",
                remedy="write score as a mapping {class: column, …}",
            )
        return
    cell = "score" if monitor.resolution == "exact" else BINNED_CELL
    classes = [
        {"number": number, "cell": put(cell, score=exp.column(f"score_{number}"))}
        for number in range(len(scores))
    ]
    tolerance = parse(TOLERANCE)
    has_delays = {"has_delays": parse("1")} if delays(draft) else {}
    is_exact = {"is_exact": parse("1")} if monitor.resolution == "exact" else {}
    class_scores = draft.add(
        "class_scores",
        "count the scores of every class",
        "histogram/class_scores.sql",
        cells=draft.inline(
            "class_cells",
            "cells of every score",
            "histogram/class_cells.sql",
            rows=draft.source.rows(columns(draft, scores), reads_target=True),
            classes=classes,
            segments=[],
            tolerance=tolerance,
        ),
        classes=classes,
        **is_exact,
    )
    draft.stored["class_score_histograms"] = draft.add(
        "class_score_histograms",
        "score histograms",
        "result/class_score_histograms.sql",
        class_scores=class_scores,
        class_name=class_name(scores),
    )
    all_scores = draft.add(
        "all_class_scores",
        "scores of all chunks",
        "calibration/all_class_scores.sql",
        class_scores=class_scores,
        **is_exact,
    )
    draft.checks += score_checks(draft, scores, class_scores)
    lookup = calibration(draft, all_scores, scores)
    cells_of_rows = draft.inline(
        "class_cells",
        "cells of every score",
        "histogram/class_cells.sql",
        rows=draft.source.rows(
            [
                *columns(draft, scores),
                predicted(draft, scores),
                *(
                    {"expression": tree, "alias": exp.to_identifier(name)}
                    for name, tree in delay_column(draft).items()
                ),
                *draft.segment_columns(),
            ],
            reads_target=True,
        ),
        classes=classes,
        segments=draft.segments,
        prediction=exp.column("predicted_class"),
        tolerance=tolerance,
        **has_delays,
    )
    chances = draft.inline(
        "class_chances",
        "calibrate every row",
        "calibration/class_chances.sql",
        cells=cells_of_rows,
        class_lookup=lookup,
        classes=classes,
        segments=draft.segments,
        **has_delays,
    )
    outcomes = draft.add(
        "class_outcomes",
        "count expected and realized classes",
        "histogram/class_outcomes.sql",
        class_rows=draft.inline(
            "class_rows",
            "every class of every row",
            "calibration/class_rows.sql",
            chances=chances,
            classes=classes,
            segments=draft.segments,
            **has_delays,
        ),
        segments=draft.segments,
        **is_exact,
        **has_delays,
    )
    by_label = {
        "all_count": parse("row_count"),
        "label_count": parse("case when is_positive is not null then row_count else 0 end"),
        "by_label": parse("class_number = 0 and not is_by_cell"),
    }
    partly = partly_labelled(draft, outcomes, **by_label)
    cells(draft, outcomes, list(scores), partly)
    ranks(draft, outcomes, list(scores), partly)
    labels(draft, outcomes, by_delay=parse("class_number = 0 and delay_cell is not null"), **by_label)


def columns(draft: Draft, scores: dict[str, str]) -> list[Column]:
    """The columns that both reads need; labels as the numbers of their classes."""
    trees = {
        f"score_{number}": put("case when not isnan(score) then score end", score=draft.source.number(column))
        for number, column in enumerate(scores.values())
    }
    actual = draft.source.actual() if draft.monitor.target else None
    trees["actual_class"] = class_number(actual, scores)
    trees["fold"] = draft.source.fold()
    return [{"expression": tree, "alias": exp.to_identifier(name)} for name, tree in trees.items()]


def predicted(draft: Draft, scores: dict[str, str]) -> Column:
    """The number of the predicted class."""
    label = draft.monitor.model.label if draft.monitor.model else None
    tree = class_number(draft.source.column(label) if label else None, scores)
    return {"expression": tree, "alias": exp.to_identifier("predicted_class")}


def calibration(draft: Draft, class_scores: Step, scores: dict[str, str]) -> Step:
    """Adds the fit of every class, and what each cell of its score then stands for."""
    labelled = draft.add(
        "labelled_class_scores",
        "labelled reference rows",
        "calibration/labelled_class_scores.sql",
        class_scores=class_scores,
    )
    draft.checks += label_checks(draft, scores, labelled)
    knots = isotonic_fit(draft, labelled)
    interpolated = draft.add(
        "interpolated",
        "calibrate distinct scores",
        "calibration/interpolated.sql",
        scores=class_scores,
        knots=knots,
        fit=parse("class_number * 11 + fold + 1"),
    )
    applied = draft.add(
        "applied_classes",
        "calibrate scores",
        "calibration/applied_classes.sql",
        class_scores=class_scores,
        interpolated=interpolated,
    )
    choice = choose(
        draft,
        applied,
        is_labelled=parse("fold >= 0 and is_positive is not null"),
        is_positive=parse("is_positive"),
        class_count=len(scores),
    )
    draft.stored["calibration"] = knots
    return draft.add(
        "class_lookup",
        "what scores stand for",
        "calibration/class_lookup.sql",
        applied_classes=applied,
        choice=choice,
        influences=draft.add(
            "influences",
            "what a row moves",
            "ranking/influences.sql",
            labelled_class_scores=labelled,
        ),
    )


def score_checks(draft: Draft, scores: dict[str, str], class_scores: Step) -> list[Check]:
    """What must hold of scores."""
    monitor = draft.monitor
    trees = {f"score_{number}": draft.source.number(column) for number, column in enumerate(scores.values())}
    total = put(" + ".join(trees), **trees)
    inside = put(
        f"abs(total - 1) <= {TOLERANCE} and {' and '.join(f'{name} >= 0' for name in trees)}",
        total=total,
        **trees,
    )
    # NaN is above every number, and its row has no scores.
    wrong = put("not inside and not isnan(total)", inside=inside, total=total)
    example: list[Column] = [{"expression": total, "alias": exp.to_identifier("example")}]
    shown = "such as one with the sum {example}"
    if monitor.id is not None:
        example.insert(
            0, {"expression": draft.source.column(monitor.id), "alias": exp.to_identifier("row_id")}
        )
        shown = f"such as the one where {monitor.id} = {{row_id}}, with the sum {{example}}"
    filters = [wrong]
    if monitor.chunks.period is not None:
        filters.append(put("row_time is not null", row_time=draft.source.time()))
    return [
        Check(
            after=class_scores.name,
            sql=f"select cast(sum(row_count) as bigint) as rows from {class_scores.table} "
            "where cell = 1e9 and class_number = 0 having sum(row_count) > 0",
            message=f"monitor '{monitor.name}': the scores of {{rows}} rows are no probabilities that sum to 1, {shown}",
            remedy="scores are at least 0 and sum to 1 within 0.01; list every class in model.score, or leave the rows out with `where`",
            example=draft.source.rows(example, is_chunked=False, filters=tuple(filters)),
        )
    ]


def label_checks(draft: Draft, scores: dict[str, str], labelled: Step) -> list[Check]:
    """What must hold of the reference's labels, where there are any."""
    monitor = draft.monitor
    if monitor.target is None:
        return []
    return [
        Check(
            after=labelled.name,
            sql=f"select 1 as one having (select count(*) from {labelled.table}) = 0",
            message=f"monitor '{monitor.name}': no row of the reference has a label and scores",
            remedy="estimates are calibrated on the reference: choose a period whose labels are there",
        ),
        Check(
            after=labelled.name,
            sql=f"select 1 as one from {labelled.table} having sum(positive_count) = 0",
            message=f"monitor '{monitor.name}': no label of the reference in '{monitor.target.column}' is one of the classes "
            f"{', '.join(scores)}",
            remedy="write the classes in model.score as the labels are written",
        ),
    ]
