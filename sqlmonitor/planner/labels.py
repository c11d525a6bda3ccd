"""Steps over the labels themselves: how many there are, and how long they took."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.metrics import Metric
from sqlmonitor.metrics.labels import SHARES
from sqlmonitor.plan import Step
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.rules import result_families
from sqlmonitor.trees import parse


def delays(draft: Draft) -> list[Metric]:
    """The chosen metrics of how long labels take.

    Raises:
        ConfigurationError: where one is asked for and nothing says when labels became known.
    """
    return [metric for metric in _chosen(draft) if metric.needs_observed_at]


def delay_column(draft: Draft) -> dict[str, exp.Expr]:
    """The column of the delays, where they are to be counted."""
    return {"label_delay": draft.source.label_delay()} if delays(draft) else {}


def labels(draft: Draft, counted: Step, *, by_delay: exp.Expr, **columns: exp.Expr) -> None:
    """Adds the share of rows with a label, and how long labels took, where the monitor has labels at all.

    Args:
        draft: what the planner collects.
        counted: rows by label, and rows by the delay of their label.
        by_delay: which of them count each row once by the delay of its label.
        columns: ``all_count`` and ``label_count`` of one of them, and ``by_label``, which count each row once.
    """
    for metric in _chosen(draft):
        if not metric.needs_observed_at:
            draft.values.append(
                draft.add(metric.name, "label coverage", metric.template, counted=counted, **columns)
            )
    found = delays(draft)
    if found:
        draft.values.append(
            draft.add(
                "label_delays",
                "delays of labels",
                found[0].template,
                counted=counted,
                by_delay=by_delay,
                all_count=columns["all_count"],
                metrics=[
                    {"name": text(metric.name), "share": parse(f"{SHARES[metric.name]!r}e0")}
                    for metric in found
                ],
            )
        )


def partly_labelled(draft: Draft, counted: Step, **columns: exp.Expr) -> dict[str, Step]:
    """The chunks whose outcomes are blended, where the monitor asks for that.

    Args:
        draft: what the planner collects.
        counted: rows by label.
        columns: ``all_count`` and ``label_count`` of one of them, and ``by_label``, which count each row once.
    """
    if not draft.monitor.blended:
        return {}
    title = "chunks with part of their labels"
    of_analysis = parse("chunk_number % 2 = 0")
    step = draft.add(
        "partly_labelled",
        title,
        "cells/partly_labelled.sql",
        counted=counted,
        of_analysis=of_analysis,
        **columns,
    )
    return {"partly_labelled": step}


def _chosen(draft: Draft) -> list[Metric]:
    """The chosen metrics of labels that the monitor can have; one that was asked for and cannot be is an error."""
    monitor = draft.monitor
    chosen = [metric for metric in draft.metrics["performance"] if metric.needed == ("scores",)]
    possible = [metric for metric in chosen if result_families(monitor, metric)]
    asked = monitor.metrics.names("performance")
    for metric in chosen if asked is not None else ():
        if metric in possible:
            continue
        lacking = "a target" if monitor.target is None else "target.observed_at and a timestamp"
        raise monitor.error(
            f"metrics.performance[{asked.index(metric.name)}]" if asked else "metrics.performance",
            f"{metric.name} needs {lacking}",
            remedy=f"add {'it' if monitor.target else repr('target:')} or leave it out",
        )
    return possible
