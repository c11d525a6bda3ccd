"""Steps of what a monitor compares besides: which chunks are merged, and what is compared with what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlmonitor import dialects
from sqlmonitor.definitions import Comparison
from sqlmonitor.plan import Step
from sqlmonitor.planner.chunking import by_period
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.planner.merging import Merged
from sqlmonitor.rules import rules
from sqlmonitor.trees import parse

A_YEAR_AGO = {"hour": 52 * 7 * 24, "day": 52 * 7, "week": 52, "month": 12, "quarter": 4, "year": 1}
"""Chunks from one to the same one a year before: days of the week meet, where chunks tell them apart."""

PAIR_LENGTH = 10
"""Digits that stand before a segment's value where each chunk has a reference of its own."""

RESULTS, THRESHOLDS = "result/results.sql", "threshold/thresholds.sql"


def add_comparisons(draft: Draft, values: Step) -> dict[str, Step]:
    """Adds the results and limits of every comparison to those of the monitor's own chunks.

    Args:
        draft: with all steps of the monitor's own chunks.
        values: the step with every value of these.

    Returns:
        The steps with all results and with all limits, by the names of their tables in the store.

    Raises:
        ConfigurationError: for a moving reference where no distance is computed.
    """
    own = {name: draft[name] for name in ("results", "thresholds")}
    parts = {name: [step] for name, step in own.items()}
    lengths: dict[str, Merged] = {}
    for index, comparison in enumerate(draft.monitor.compare):
        length = comparison.chunk_length
        if length and length not in lengths:
            lengths[length] = longer(draft, comparison, values)
        if comparison.reference is None:
            merged = lengths[length]
        else:
            chunked = lengths[length].step if length else as_it_is
            merged = compared(draft, index, comparison, values, chunked)
        if any(threshold.compare is not None for threshold in draft.monitor.thresholds):
            merged.made["rules"] = draft.add(
                f"rules_{comparison.name}",
                f"threshold rules ({comparison.words})",
                "threshold/rules.sql",
                rules=rules(draft.monitor, draft.metrics, comparison),
            )
        for name, step in own.items():
            parts[name].append(merged.step(step))
    if not draft.monitor.compare:
        return own
    return {
        "thresholds": draft.add(
            "all_thresholds", "collect thresholds", "threshold/all_thresholds.sql", parts=parts["thresholds"]
        ),
        "results": draft.add(
            "all_results", "collect results", "result/all_results.sql", parts=parts["results"]
        ),
    }


def as_it_is(step: Step) -> Step:
    """The steps over the monitor's own chunks."""
    return step


def longer(draft: Draft, comparison: Comparison, values: Step) -> Merged:
    """The steps over longer chunks or windows.

    Args:
        draft: what the planner collects.
        comparison: what is asked for.
        values: the step with every value of the monitor's own chunks.
    """
    period, chunks = draft.monitor.chunks.period, draft["chunks"]
    assert period is not None
    length = comparison.chunk_length
    name = length.replace(" ", "_")
    given: dict[str, dict[str, Any]] = {
        template: {"chunk_length": text(length), "compared_with": text("")}
        for template in (RESULTS, THRESHOLDS)
    }
    if comparison.chunks is not None:
        members = draft.add(
            f"members_{name}",
            f"chunks of each {length}",
            "merge/longer.sql",
            chunks=chunks,
            longer_number=parse(dialects.PERIOD_NUMBER[comparison.chunks]),
        )
        return Merged(draft, name, members, given | {"chunk/chunks.sql": by_period(comparison.chunks)})
    assert comparison.rolling is not None
    members = draft.add(
        f"members_{name}",
        "chunks of each window",
        "merge/rolling.sql",
        chunks=chunks,
        backs=list(range(comparison.rolling)),
    )
    # A window has twice the number of its last chunk, that of a reference's included.
    given["cells/partly_labelled.sql"] = {"of_analysis": parse("chunk_number % 4 = 0")}
    merged = Merged(draft, name, members, given)
    merged.made["chunks"] = draft.add(
        f"chunks_{name}",
        f"name windows ({length})",
        "merge/windows.sql",
        chunks=chunks,
        members=members,
        length=comparison.rolling,
        window_start=parse(dialects.PERIOD_START[period]),
    )
    merged.made[values.name] = draft.add(
        f"unpaired_{name}",
        f"values of the windows ({length})",
        "merge/unpaired.sql",
        values=merged.step(values),
        first=1,
    )
    return merged


def compared(
    draft: Draft, index: int, comparison: Comparison, values: Step, chunked: Callable[[Step], Step]
) -> Merged:
    """The steps over chunks that are each compared with chunks before them: distances, and what is made of them.

    Args:
        draft: what the planner collects.
        index: of the comparison in the monitor.
        comparison: with a moving reference.
        values: the step with every value of the monitor's own chunks.
        chunked: gives the step over the chunks that are compared for one over the monitor's own.

    Raises:
        ConfigurationError: where the monitor has no distance.
    """
    reference, period = comparison.reference, comparison.chunks or draft.monitor.chunks.period
    assert reference is not None
    assert period is not None
    distances = drift(draft)
    if not distances:
        raise draft.monitor.error(
            f"compare[{index}]",
            "another reference is for drift, but the monitor computes no distance",
            remedy="add features and metrics.drift, or leave it out",
        )
    chunks = chunked(draft["chunks"])
    by_calendar = reference.which == "last_year"
    count = reference.last or 1
    members = draft.add(
        f"members_{comparison.name}",
        f"which chunks are compared ({comparison.words})",
        "merge/references.sql",
        chunks=chunks,
        backs=[A_YEAR_AGO[period]] if by_calendar else list(range(1, count + 1)),
        **({"by_calendar": parse("1")} if by_calendar else {}),
    )
    named = {"chunk_length": text(comparison.chunk_length), "compared_with": text(comparison.compared_with)}
    merged = Merged(draft, comparison.name, members, dict.fromkeys((RESULTS, THRESHOLDS), named), chunked)
    collected = draft["values"]
    found = replace(
        collected,
        name=f"{collected.name}_{comparison.name}",
        title=f"{collected.title} ({comparison.words})",
        inputs=collected.inputs | {"parts": [merged.step(one) for one in distances]},
    )
    draft.steps.append(found)
    merged.made["chunks"] = draft.add(
        f"chunks_{comparison.name}",
        f"name chunks ({comparison.words})",
        "merge/compared_chunks.sql",
        chunks=chunks,
        members=members,
        length=count,
    )
    merged.made[values.name] = draft.add(
        f"unpaired_{comparison.name}",
        f"values of the chunks ({comparison.words})",
        "merge/unpaired.sql",
        values=found,
        members=members,
        first=PAIR_LENGTH + 1,
    )
    return merged


def drift(draft: Draft) -> list[Step]:
    """The steps with distances from the reference."""
    names = [metric.name for metric in draft.metrics["drift"]]
    of_drift = {*names, *(f"ownvalues_{name}" for name in names)}
    return [step for step in draft.values if step.name in of_drift]
