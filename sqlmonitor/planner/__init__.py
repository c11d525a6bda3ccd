"""Monitor → plan: which steps are needed, each once, in order."""

from __future__ import annotations

from typing import Literal

from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.plan import Plan
from sqlmonitor.planner.chunking import add_chunks
from sqlmonitor.planner.comparisons import add_comparisons
from sqlmonitor.planner.derived import add_derived
from sqlmonitor.planner.details import add_details
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.planner.duplicates import add_duplicates
from sqlmonitor.planner.examples import with_examples
from sqlmonitor.planner.features import add_features
from sqlmonitor.planner.multiclass import add_multiclass
from sqlmonitor.planner.performance import add_performance
from sqlmonitor.planner.regression import add_regression
from sqlmonitor.rules import rules
from sqlmonitor.source import NOT_ASKED, Types
from sqlmonitor.trees import parse

__all__ = ["plan"]

OWN_CHUNKS = {"chunk_length": text(""), "compared_with": text("")}
"""What says of results that they are of the monitor's own chunks, against its own reference."""


def plan(
    project: Project,
    monitor: Monitor,
    *,
    stage: Literal["run", "fit"] = "run",
    types: Types = NOT_ASKED,
    with_details: bool = False,
) -> Plan:
    """Compiles a monitor.

    Args:
        project: where it stands.
        monitor: what to compute.
        stage: ``fit`` reads the reference only.
        types: what the warehouse said of the columns, where it was asked; without it, some expressions cost
            more, and a NaN among labels is a label.
        with_details: True to add what comparisons show beside metrics.

    Raises:
        ConfigurationError: for a metric that is unknown or does not fit.
    """
    draft = Draft(project, monitor, only_reference=stage == "fit", types=types)
    return compiled(draft, with_details=with_details)


def compiled(draft: Draft, *, with_details: bool = False) -> Plan:
    """All steps, in the order in which each finds what it reads."""
    monitor = draft.monitor
    add_chunks(draft)
    add_features(draft)
    if with_details:
        add_details(draft)
    if monitor.model is not None and isinstance(monitor.model.score, str):
        add_performance(draft, monitor.model.score)
    if monitor.task == "multiclass_classification":
        add_multiclass(draft)
    if monitor.task == "regression":
        add_regression(draft)
    add_duplicates(draft)
    fit_id = draft.fit_id()
    minimum = {"minimum_rows": monitor.min_rows} if monitor.min_rows > 1 else {}
    levels = draft.stored.get("levels")
    pooled = {"levels": levels, "max_levels": monitor.max_levels} if levels is not None else {}
    values = draft.add(
        "values", "collect values", "result/values.sql", parts=draft.values, **minimum, **pooled
    )
    values = add_derived(draft, values)
    rule_step = draft.add(
        "rules", "threshold rules", "threshold/rules.sql", rules=rules(monitor, draft.metrics)
    )
    thresholds = draft.add(
        "thresholds",
        "fit thresholds",
        "threshold/thresholds.sql",
        values=values,
        chunks=draft["chunks"],
        rules=rule_step,
        **OWN_CHUNKS,
    )
    maturity = monitor.target.maturity if monitor.target else None
    draft.add(
        "results",
        "write results",
        "result/results.sql",
        values=values,
        chunks=draft["chunks"],
        thresholds=thresholds,
        rules=rule_step,
        monitor=text(monitor.name),
        fit_id=text(fit_id),
        minimum_coverage=parse(repr(float(monitor.min_label_coverage))),
        **OWN_CHUNKS,
        **({"maturity": parse(f"interval '{int(maturity.total_seconds())} seconds'")} if maturity else {}),
    )
    draft.stored |= add_comparisons(draft, values)
    return Plan(
        monitor=monitor.name,
        fit_id=fit_id,
        steps=tuple(draft.steps),
        checks=tuple(with_examples(draft)),
        stored=draft.stored,
        schema=draft.project.store,
    )
