"""What the planner collects: steps, checks, and where values stand."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sqlmonitor import __version__
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.metrics import CATALOGUE, Metric
from sqlmonitor.metrics.performance import normalized
from sqlmonitor.plan import Check, Step, digest
from sqlmonitor.source import SourceRows

FAMILIES = ("drift", "performance", "quality", "summary")


def text(value: str) -> exp.Expr:
    """A string literal."""
    return exp.Literal.string(value)


def chosen(monitor: Monitor) -> dict[str, list[Metric]]:
    """The metrics of each family: the user's, or all that fit the task.

    Raises:
        ConfigurationError: for a metric that is unknown or does not fit the task.
    """
    metrics: dict[str, list[Metric]] = {}
    for family in FAMILIES:
        asked = monitor.metrics.names(family)
        fitting = [
            metric
            for metric in CATALOGUE.values()
            if metric.family == family and (not metric.tasks or monitor.task in metric.tasks)
        ]
        allowed = sorted(metric.name for metric in fitting)
        for position, name in enumerate(asked or ()):
            if name in allowed:
                continue
            known = CATALOGUE.get(name)
            if known is None:
                problem = f"unknown metric '{name}'"
            elif known.family != family:
                problem = f"'{name}' belongs under metrics.{known.family}"
            else:
                problem = f"'{name}' does not fit the task {monitor.task}"
            raise monitor.error(
                f"metrics.{family}[{position}]",
                problem,
                allowed=allowed,
                remedy="`sqlmonitor metrics` lists what fits which task",
            )
        metrics[family] = [
            normalized(metric, monitor.metrics.normalize)
            for metric in fitting
            if asked is None or metric.name in asked
        ]
    return metrics


class Draft:
    """Collects the steps of one monitor."""

    def __init__(self, project: Project, monitor: Monitor, *, only_reference: bool) -> None:
        self.project = project
        self.monitor = monitor
        self.source = SourceRows(monitor, project.dialect, only_reference=only_reference)
        self.metrics = chosen(monitor)
        self.steps: list[Step] = []
        self.checks: list[Check] = []
        self.stored: dict[str, Step] = {}
        self.values: list[Step] = []
        self.segments = [
            {"index": number, "name": text(name)} for number, name in enumerate(monitor.segments)
        ]
        self.numeric = self._listed(monitor.features.numeric)
        self.categorical = self._listed(monitor.features.categorical)
        if monitor.features.all:
            raise monitor.error("features", "features: all is not supported yet", remedy="list the columns")
        if monitor.task == "regression":
            raise monitor.error(
                "task",
                f"{monitor.task} is not supported yet",
                allowed=["binary_classification", "multiclass_classification", "none"],
            )

    @staticmethod
    def _listed(columns: tuple[str, ...]) -> list[dict[str, Any]]:
        return [{"index": number, "name": text(name), "column": name} for number, name in enumerate(columns)]

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def add(self, name: str, title: str, template: str, /, **given: Any) -> Step:
        """Adds a step; steps among what is given are its inputs, all else its parameters."""
        inputs: dict[str, Any] = {}
        parameters: dict[str, Any] = {}
        for key, value in given.items():
            is_step = isinstance(value, Step) or (
                isinstance(value, list) and value != [] and isinstance(value[0], Step)
            )
            (inputs if is_step else parameters)[key] = value
        step = Step(name=name, title=title, template=template, inputs=inputs, parameters=parameters)
        self.steps.append(step)
        return step

    def fit_id(self) -> str:
        """Hash of everything that determines the fitted reference state."""
        monitor = self.monitor
        parts = (monitor.predictions, monitor.where, monitor.reference, monitor.chunks, monitor.model)
        more = (monitor.target, monitor.features, monitor.segments, monitor.resolution, monitor.calibration)
        return digest(monitor.name, __version__.rpartition(".")[0], *(repr(part) for part in parts + more))

    def segment_columns(self) -> list[dict[str, exp.Expr]]:
        """The segment columns as text, segment_0 and on."""
        return [
            {"expression": self.source.text(name), "alias": exp.to_identifier(f"segment_{number}")}
            for number, name in enumerate(self.monitor.segments)
        ]
