"""What the planner collects: steps, checks, and where values stand."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sqlmonitor import __version__
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.metrics import CATALOGUE, Metric
from sqlmonitor.metrics.performance import normalized
from sqlmonitor.plan import Check, Origin, Step, digest
from sqlmonitor.planner.custom import add_custom
from sqlmonitor.source import NOT_ASKED, SourceRows, Types

FAMILIES = ("drift", "performance", "quality", "summary")


def text(value: str) -> exp.Expr:
    """A string literal."""
    return exp.Literal.string(value)


def chosen(monitor: Monitor) -> dict[str, list[Metric]]:
    """The metrics of each family: the user's, or the default ones that fit the task.

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
            if (metric.is_default if asked is None else metric.name in asked)
        ]
    return metrics


class Draft:
    """Collects the steps of one monitor."""

    def __init__(
        self,
        project: Project,
        monitor: Monitor,
        *,
        only_reference: bool,
        types: Types = NOT_ASKED,
    ) -> None:
        self.project = project
        self.monitor = monitor
        self.only_reference = only_reference
        self.source = SourceRows(monitor, project.dialect, only_reference=only_reference, types=types)
        self.metrics = chosen(monitor)
        self.own_templates = add_custom(project, monitor, self.metrics)
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
            raise monitor.error(
                "features",
                "features: all needs the warehouse, which knows the columns",
                remedy="list the columns, as `sqlmonitor validate` prints them",
            )

    @staticmethod
    def _listed(columns: tuple[str, ...]) -> list[dict[str, Any]]:
        return [{"index": number, "name": text(name), "column": name} for number, name in enumerate(columns)]

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def add(self, name: str, title: str, template: str, adds_doubles: bool = False, /, **given: Any) -> Step:
        """Adds a step; steps among what is given are its inputs, all else its parameters."""
        inputs: dict[str, Any] = {}
        parameters: dict[str, Any] = {}
        for key, value in given.items():
            is_step = isinstance(value, Step) or (
                isinstance(value, list) and value != [] and isinstance(value[0], Step)
            )
            (inputs if is_step else parameters)[key] = value
        metric, origin = self.own_templates.get(name, (None, None))
        if metric is not None and metric.template == template:
            return self._add_own(metric, origin, inputs, parameters)
        step = Step(
            name=name,
            title=title,
            template=template,
            inputs=inputs,
            parameters=parameters,
            adds_doubles=adds_doubles,
        )
        self.steps.append(step)
        return step

    def inline(self, name: str, title: str, template: str, /, **given: Any) -> Step:
        """A step whose SELECT stands inside the statement that reads it, row by row of the source."""
        inputs: dict[str, Any] = {key: value for key, value in given.items() if isinstance(value, Step)}
        parameters = {key: value for key, value in given.items() if key not in inputs}
        return Step(name, title, template, inputs, parameters, is_inline=True)

    def _add_own(
        self, metric: Metric, origin: Origin | None, inputs: dict[str, Any], parameters: dict[str, Any]
    ) -> Step:
        # A prefix, lest a table of ours is replaced by a metric that is named like it.
        name, template = metric.name, metric.template
        step = Step(f"own_{name}", name, template, inputs, parameters, origin=origin)
        self.steps.append(step)
        grain = "chunk_number, segment_column, segment_value, column_name, component"
        self.checks.append(
            Check(
                after=step.name,
                sql=f"select column_name, count(*) as times from {step.table} group by {grain} having count(*) > 1",
                message=f"{template}: the SELECT gives {{times}} rows for the same chunk, segment, column ({{column_name}}) and component",
                remedy="group by chunk_number, segment_column, segment_value and column_name",
            )
        )
        listed = {"numeric": self.numeric, "categorical": self.categorical}
        columns = listed.get(metric.columns, [*self.numeric, *self.categorical])
        return self.add(
            f"ownvalues_{name}", name, "result/own.sql", own=step, metric=text(name), columns=columns
        )

    def fit_id(self) -> str:
        """Hash of everything that determines the fitted reference state."""
        monitor = self.monitor
        parts = (monitor.predictions, monitor.where, monitor.reference, monitor.chunks, monitor.model)
        more = (monitor.target, monitor.features, monitor.segments, monitor.resolution, monitor.calibration)
        parts_of_fit = (*parts, *more, monitor.max_levels)
        return digest(monitor.name, __version__.rpartition(".")[0], *(repr(part) for part in parts_of_fit))

    def segment_columns(self) -> list[dict[str, exp.Expr]]:
        """The segment columns as text, segment_0 and on."""
        return [
            {"expression": self.source.text(name), "alias": exp.to_identifier(f"segment_{number}")}
            for number, name in enumerate(self.monitor.segments)
        ]
