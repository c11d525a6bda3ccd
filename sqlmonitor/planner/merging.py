"""The steps of longer chunks, windows and other references: those of the monitor's own chunks, over merged counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlmonitor.errors import InternalError
from sqlmonitor.plan import Step
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.planner.parts import DOES_NOT_MERGE

MERGED = {
    "chunk/chunk_counts.sql": "chunk_counts",
    "error/sums.sql": "error_sums",
    "histogram/category_counts.sql": "category_counts",
    "histogram/class_outcomes.sql": "class_outcomes",
    "histogram/numeric_cells.sql": "numeric_cells",
    "histogram/numeric_values.sql": "numeric_values",
    "histogram/scores.sql": "scores",
}
"""Templates whose counts add up over chunks → the template in ``merge`` that adds them, and its input's name."""

UNMERGED = {
    "quality/duplicates.sql": "ids of merged chunks are not compared: one may stand in several of them",
}
"""Templates of values that do not follow from what chunks have each → what is said of their merged chunks."""

FITTED = ("reference_columns", "edges", "levels", "knots", "choice")
"""Steps of the fitted reference state, which all chunks share, whatever is made of them."""


class Merged:
    """The counterparts of a monitor's steps over merged chunks, each made when it is asked for first.

    Args:
        draft: what the planner collects.
        name: of the comparison; ends the names of the counterparts.
        members: which chunks each merged chunk is made of.
        parameters: what steps are given in place of their own parameters, by template.
        counts: gives the counts to merge for a step that counts the source's rows.
    """

    def __init__(
        self,
        draft: Draft,
        name: str,
        members: Step,
        parameters: Mapping[str, dict[str, Any]] | None = None,
        counts: Callable[[Step], Step] = lambda step: step,
    ) -> None:
        self.draft = draft
        self.name = name
        self.members = members
        self.counts = counts
        self.parameters = parameters or {}
        self.made: dict[str, Step] = {}

    def step(self, own: Step) -> Step:
        """The counterpart of a step; the step itself where nothing in it is of single chunks."""
        if own.name not in self.made:
            self.made[own.name] = self._made(own)
        return self.made[own.name]

    def _made(self, own: Step) -> Step:
        if own.is_inline or own.name in FITTED:
            return own
        if own.template in MERGED:
            return self._merged(own)
        if own.template in UNMERGED:
            why = text(UNMERGED[own.template])
            return self._add(
                own, "merge/unmerged.sql", {"values": own, "members": self.members}, {"why": why}
            )
        if own.rows is not None and own.rows.analysis:
            raise InternalError(f"nothing says how the rows of {own.template} merge")
        inputs = {
            key: [self.step(one) for one in given] if isinstance(given, list) else self.step(given)
            for key, given in own.inputs.items()
        }
        parameters = self._parameters(own)
        if inputs == own.inputs and parameters == own.parameters:
            return own
        return self._add(own, own.template, inputs, parameters)

    def _merged(self, own: Step) -> Step:
        name = MERGED[own.template]
        inputs: dict[str, Step | list[Step]] = {name: self.counts(own), "members": self.members}
        parameters = {"kpis": own.parameters["kpis"]} if "kpis" in own.parameters else {}
        return self._add(own, f"merge/{name}.sql", inputs, parameters)

    def _parameters(self, own: Step) -> dict[str, Any]:
        if own.template == "kpi/values.sql":
            why = {"note": text(DOES_NOT_MERGE)}
            return {"kpis": [kpi if "merged" in kpi else kpi | why for kpi in own.parameters["kpis"]]}
        return own.parameters | self.parameters.get(own.template, {})

    def _add(
        self,
        own: Step,
        template: str,
        inputs: Mapping[str, Step | list[Step]],
        parameters: Mapping[str, Any],
    ) -> Step:
        step = replace(
            own,
            name=f"{own.name}_{self.name}",
            title=f"{own.title} ({self.name.replace('_', ' ')})",
            template=template,
            inputs=dict(inputs),
            parameters=dict(parameters),
            adds_doubles=False,
        )
        self.draft.steps.append(step)
        return step
