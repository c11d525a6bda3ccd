"""Monitor → plan: which steps are needed, each once, in order."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

from sqlglot import exp

from sqlmonitor import __version__, dialects, names
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.metrics import CATALOGUE, Component, Metric
from sqlmonitor.metrics.distance import complementary_error_function
from sqlmonitor.metrics.performance import value_matrix
from sqlmonitor.plan import Check, Plan, Step, digest
from sqlmonitor.rules import rules
from sqlmonitor.source import SourceRows, parse, put

FAMILIES = ("drift", "performance", "quality", "summary")
HULL_ROUNDS = ((32, 0), (32, 16), (32, 8), (None, None))


def text(value: str) -> exp.Expr:
    """A string literal."""
    return exp.Literal.string(value)


def plan(project: Project, monitor: Monitor, *, stage: Literal["run", "fit"] = "run") -> Plan:
    """Compiles a monitor.

    Args:
        project: where it stands.
        monitor: what to compute.
        stage: ``fit`` reads the reference only.

    Raises:
        ConfigurationError: for a metric that is unknown or does not fit.
    """
    return Planner(project, monitor, only_reference=stage == "fit").plan()


def chosen(monitor: Monitor) -> dict[str, list[Metric]]:
    """The metrics of each family: the user's, or all that fit the task.

    Raises:
        ConfigurationError: for a metric that is unknown or does not fit the task.
    """
    metrics: dict[str, list[Metric]] = {}
    for family in FAMILIES:
        asked = getattr(monitor.metrics, family)
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
        metrics[family] = [metric for metric in fitting if asked is None or metric.name in asked]
    return metrics


class Planner:
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
        if monitor.task not in ("binary_classification", "none"):
            raise monitor.error(
                "task",
                f"{monitor.task} is not supported yet",
                allowed=["binary_classification", "none"],
            )

    @staticmethod
    def _listed(columns: tuple[str, ...]) -> list[dict[str, Any]]:
        return [{"index": number, "name": text(name), "column": name} for number, name in enumerate(columns)]

    def plan(self) -> Plan:
        """All steps, in the order in which each finds what it reads."""
        monitor = self.monitor
        self._chunks()
        self._features()
        if monitor.model is not None and isinstance(monitor.model.score, str):
            self._performance(monitor.model.score)
        self._expressions()
        fit_id = self._fit_id()
        values = self._add("values", "collect values", "result/values.sql", parts=self.values)
        rule_step = self._add(
            "rules", "threshold rules", "threshold/rules.sql", rules=rules(monitor, self.metrics)
        )
        thresholds = self._add(
            "thresholds",
            "fit thresholds",
            "threshold/thresholds.sql",
            values=values,
            chunks=self["chunks"],
            rules=rule_step,
        )
        maturity = monitor.target.maturity if monitor.target else None
        results = self._add(
            "results",
            "write results",
            "result/results.sql",
            values=values,
            chunks=self["chunks"],
            thresholds=thresholds,
            rules=rule_step,
            monitor=text(monitor.name),
            fit_id=text(fit_id),
            minimum_coverage=parse(repr(float(monitor.min_label_coverage))),
            **(
                {"maturity": parse(f"interval '{int(maturity.total_seconds())} seconds'")} if maturity else {}
            ),
        )
        self.stored |= {"thresholds": thresholds, "results": results}
        return Plan(
            monitor=monitor.name,
            fit_id=fit_id,
            steps=tuple(self.steps),
            checks=tuple(self.checks),
            stored=self.stored,
            schema=self.project.store,
        )

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def _add(self, name: str, title: str, template: str, /, **given: Any) -> Step:
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

    def _fit_id(self) -> str:
        monitor = self.monitor
        parts = (monitor.predictions, monitor.where, monitor.reference, monitor.chunks, monitor.model)
        more = (monitor.target, monitor.features, monitor.segments, monitor.resolution, monitor.calibration)
        return digest(monitor.name, __version__.rpartition(".")[0], *(repr(part) for part in parts + more))

    def _segment_columns(self) -> list[dict[str, exp.Expr]]:
        return [
            {"expression": self.source.text(name), "alias": exp.to_identifier(f"segment_{number}")}
            for number, name in enumerate(self.monitor.segments)
        ]

    def _chunks(self) -> None:
        chunks = self.monitor.chunks
        time = {"expression": self.source.time(), "alias": exp.to_identifier("row_time")}
        counts = self._add(
            "chunk_counts",
            "count rows by chunk",
            "chunk/chunk_counts.sql",
            rows=self.source.rows([time, *self._segment_columns()]),
            segments=self.segments,
        )
        if chunks.period is not None:
            start = parse(dialects.PERIOD_START[chunks.period])
            named = {
                "chunk_start": start,
                "chunk_end": put(dialects.PERIOD_START[chunks.period], sequence=parse("sequence + 1")),
                "chunk_name": parse(
                    dialects.PERIOD_NAME[chunks.period].format(start=dialects.PERIOD_START[chunks.period])
                ),
            }
        else:
            named = {
                "chunk_start": parse("first_time"),
                "chunk_end": parse("last_time"),
                "chunk_name": parse("lpad(cast(sequence as varchar), 6, '0')"),
            }
            named |= {"full_size": parse(str(chunks.size))} if chunks.size else {"is_by_count": parse("1")}
        step = self._add("chunks", "name chunks", "chunk/chunks.sql", chunk_counts=counts, **named)
        self.checks.append(
            Check(
                after=step.name,
                sql=f"select 1 as one having (select count(*) from {step.table} where period = 'reference') = 0",
                message=f"monitor '{self.monitor.name}': the reference has no rows",
                remedy="check `reference`, `where` and the timestamp column",
            )
        )
        if any(metric.name == "row_count" for metric in self.metrics["summary"]):
            self.values.append(
                self._add("row_count", "row_count", CATALOGUE["row_count"].template, chunk_counts=counts)
            )

    def _features(self) -> None:
        inputs: dict[str, Step] = {}
        if self.numeric:
            inputs |= self._exact() if self.monitor.resolution == "exact" else self._binned()
        if self.categorical:
            inputs |= self._categories()
        if not inputs:
            return
        bins = self._add("bins", "compare bins with the reference", "histogram/bins.sql", **inputs)
        functions = None
        for metric in [*self.metrics["drift"], *self.metrics["quality"], *self.metrics["summary"]]:
            if metric.name == "row_count" or (metric.columns == "numeric" and not self.numeric):
                continue
            if metric.columns == "categorical" and not self.categorical:
                continue
            given: dict[str, Any] = {"bins": bins}
            if metric.name in ("kolmogorov_smirnov", "wasserstein"):
                functions = functions or self._add(
                    "distribution_functions",
                    "compare distribution functions",
                    "histogram/distribution_functions.sql",
                    numeric=inputs["numeric"],
                )
                given = {"distribution_functions": functions}
            elif metric.name == "mean":
                given = {"numeric": inputs["numeric"]}
            elif metric.name == "chi_square":
                given |= {
                    "term_count": self.monitor.max_levels // 2 + 2,
                    "erfc": parse(complementary_error_function("root")),
                }
            elif metric.count:
                given |= {"name": text(metric.name), "count": parse(metric.count)}
                given |= {"condition": parse(metric.condition)} if metric.condition else {}
            self.values.append(self._add(metric.name, metric.name, metric.template, **given))

    def _numeric_columns(self) -> list[dict[str, exp.Expr]]:
        return [
            {
                "expression": self.source.number(column["column"]),
                "alias": exp.to_identifier(f"value_{column['index']}"),
            }
            for column in self.numeric
        ]

    def _binned(self) -> dict[str, Step]:
        fold = {"expression": self.source.fold(), "alias": exp.to_identifier("fold")}
        sample = self._add(
            "sample_size",
            "size the sample that places cells",
            "grid/sample_size.sql",
            rows=self.source.rows([fold], only_reference=True, is_chunked=False),
        )
        wide = self._add(
            "statistics",
            "measure the reference's numeric columns",
            "grid/statistics.sql",
            rows=self.source.rows([fold, *self._numeric_columns()], only_reference=True, is_chunked=False),
            sample_size=sample,
            columns=self.numeric,
        )
        statistics = self._add(
            "statistics_by_column",
            "one row per column",
            "grid/statistics_by_column.sql",
            statistics=wide,
            columns=self.numeric,
        )
        reference = self._reference_columns(statistics)
        edges = self._add("edges", "fit edges", "grid/edges.sql", reference_columns=reference)
        parameters = self._add(
            "parameters",
            "cells' parameters",
            "grid/parameters.sql",
            reference_columns=reference,
            edges=edges,
            columns=self.numeric,
        )
        cells = self._add(
            "numeric_cells",
            "count numeric columns",
            "histogram/numeric_cells.sql",
            rows=self.source.rows([*self._numeric_columns(), *self._segment_columns()]),
            parameters=parameters,
            columns=self.numeric,
            segments=self.segments,
        )
        numeric = self._add(
            "numeric",
            "numeric histograms",
            "histogram/numeric_binned.sql",
            numeric_cells=cells,
            reference_columns=reference,
            edges=edges,
        )
        self.stored |= {"edges": edges, "numeric_histograms": numeric}
        return {"numeric": numeric, "reference_columns": reference}

    def _exact(self) -> dict[str, Step]:
        counts = self._add(
            "numeric_values",
            "count numeric values",
            "histogram/numeric_values.sql",
            rows=self.source.rows([*self._numeric_columns(), *self._segment_columns()]),
            columns=self.numeric,
            segments=self.segments,
        )
        statistics = self._add(
            "statistics_by_column",
            "measure the reference's numeric columns",
            "grid/statistics_of_values.sql",
            value_counts=counts,
            columns=self.numeric,
        )
        reference = self._reference_columns(statistics)
        numeric = self._add(
            "numeric",
            "numeric histograms",
            "histogram/numeric_exact.sql",
            value_counts=counts,
            reference_columns=reference,
        )
        edges = self._add("edges", "fit edges", "grid/edges.sql", reference_columns=reference)
        self.stored |= {"edges": edges, "numeric_histograms": numeric}
        return {"numeric": numeric, "reference_columns": reference}

    def _reference_columns(self, statistics: Step) -> Step:
        shares = (0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999)
        bounds = [
            (0.0, "minimum"),
            *((share, f"quantile_{n}") for n, share in enumerate(shares, 1)),
            (1.0, "maximum"),
        ]
        steps = [
            {
                "share": parse(f"{upper[0] - lower[0]:.6f}e0"),
                "lower": parse(lower[1]),
                "upper": parse(upper[1]),
            }
            for lower, upper in pairwise(bounds)
        ]
        return self._add(
            "reference_columns",
            "fit ranges and bins",
            "grid/reference_columns.sql",
            statistics=statistics,
            density_steps=steps,
        )

    def _categories(self) -> dict[str, Step]:
        columns = [
            {
                "expression": self.source.text(column["column"]),
                "alias": exp.to_identifier(f"level_{column['index']}"),
            }
            for column in self.categorical
        ]
        counts = self._add(
            "category_counts",
            "count categorical columns",
            "histogram/category_counts.sql",
            rows=self.source.rows([*columns, *self._segment_columns()]),
            columns=self.categorical,
            segments=self.segments,
        )
        levels = self._add(
            "levels",
            "fit levels",
            "grid/levels.sql",
            category_counts=counts,
            columns=self.categorical,
            max_levels=self.monitor.max_levels,
        )
        categorical = self._add(
            "categorical",
            "categorical histograms",
            "histogram/categorical.sql",
            category_counts=counts,
            levels=levels,
            columns=self.categorical,
        )
        self.stored |= {"levels": levels, "categorical_histograms": categorical}
        return {"categorical": categorical}

    def _performance(self, score: str) -> None:
        monitor = self.monitor
        assert monitor.model is not None
        positive = exp.convert(monitor.model.positive)
        label = monitor.model.label
        columns = {
            "score": self.source.number(score),
            "predicted_label": self.source.column(label) if label else parse("null"),
            "actual_label": self.source.actual(),
            "fold": self.source.fold(),
        }
        scores = self._add(
            "scores",
            "count scores and labels",
            "histogram/scores.sql",
            rows=self.source.rows(
                [
                    *(
                        {"expression": tree, "alias": exp.to_identifier(name)}
                        for name, tree in columns.items()
                    ),
                    *self._segment_columns(),
                ],
                reads_target=True,
            ),
            segments=self.segments,
            **({"is_exact": parse("1")} if monitor.resolution == "exact" else {}),
        )
        self._score_checks(scores, score, positive)
        labelled = self._add(
            "labelled_scores",
            "labelled reference rows",
            "calibration/labelled_scores.sql",
            scores=scores,
            positive=positive,
        )
        points = self._add("points", "cumulative diagram", "calibration/points.sql", labelled_scores=labelled)
        hull = points
        for number, (size, offset) in enumerate(HULL_ROUNDS, 1):
            given = {} if size is None else {"group_size": size, "offset": offset}
            hull = self._add(
                f"hull_{number}", "thin to the convex hull", "calibration/hull.sql", points=hull, **given
            )
        knots = self._add("knots", "isotonic fit", "calibration/knots.sql", points=points, hull=hull)
        applied = self._add(
            "applied", "calibrate scores", "calibration/applied.sql", scores=scores, knots=knots
        )
        choice = self._add(
            "choice",
            "choose calibration",
            "calibration/choice.sql",
            applied=applied,
            positive=positive,
            **(
                {"forced": parse("true" if monitor.calibration == "isotonic" else "false")}
                if monitor.calibration != "auto"
                else {}
            ),
        )
        outcomes = self._add(
            "outcomes",
            "expected and realized outcomes",
            "calibration/outcomes.sql",
            applied=applied,
            choice=choice,
            positive=positive,
        )
        self.stored |= {"calibration": knots, "score_histograms": scores}
        self._cells(outcomes, has_labels=label is not None)
        self._ranking(outcomes)

    def _score_checks(self, scores: Step, score: str, positive: exp.Expr) -> None:
        self.checks += [
            Check(
                after=scores.name,
                sql=f"select cast(sum(row_count) as bigint) as rows, max(score_sum / row_count) as example "
                f"from {scores.table} where segment_column = '' and cell = 1e9 having sum(row_count) > 0",
                message=f"monitor '{self.monitor.name}': score '{score}' is outside [0, 1] in {{rows}} rows, such as {{example}}",
                remedy="a binary score is the probability of the positive label; map it, or leave the rows out with `where`",
            )
        ]
        if self.monitor.target is None:
            return
        negative = self.monitor.model.negative if self.monitor.model else None
        others = "count(distinct actual_label) > 1"
        if negative is not None:
            others = f"bool_or(actual_label <> {exp.convert(negative).sql('duckdb')})"
        self.checks += [
            Check(
                after=scores.name,
                sql=f"select string_agg(distinct cast(actual_label as varchar), ', ') as labels from {scores.table} "
                f"where actual_label is not null and actual_label <> {positive.sql('duckdb')} having {others}",
                message=f"monitor '{self.monitor.name}': target '{self.monitor.target.column}' has other labels than two: "
                f"{positive.sql('duckdb')}, {{labels}}",
                remedy="set model.positive and model.negative, or leave the rows out with `where`",
            ),
            Check(
                after="labelled_scores",
                sql="select 1 as one having (select count(*) from sqlmonitor_labelled_scores) = 0",
                message=f"monitor '{self.monitor.name}': no row of the reference has a label and a score",
                remedy="estimates are calibrated on the reference: choose a period whose labels are there",
            ),
        ]

    def _cells(self, outcomes: Step, *, has_labels: bool) -> None:
        listed: list[dict[str, Any]] = []
        for metric in self.metrics["performance"]:
            listed += [self._component(metric.name, part) for part in metric.components]
        for kpi in self.monitor.kpis:
            if kpi.value_matrix is not None:
                values = dict(kpi.value_matrix.items())
                listed += [self._component(kpi.name, part) for part in value_matrix(values)]
        if not listed:
            return
        if not has_labels:
            if self.monitor.metrics.performance is not None or self.monitor.kpis:
                raise self.monitor.error(
                    "model", "metrics over confusion cells need model.label, the predicted label's column"
                )
            return
        confusion = self._add("confusion", "confusion cells", "cells/confusion.sql", outcomes=outcomes)
        self.values.append(
            self._add(
                "cell_metrics",
                "metrics of the confusion cells",
                "cells/metrics.sql",
                confusion=confusion,
                metrics=listed,
            )
        )

    @staticmethod
    def _component(name: str, part: Component) -> dict[str, exp.Expr]:
        return {
            "name": text(name),
            "component": text(part.name),
            "value": parse(part.value),
            "standard_error": parse(part.standard_error),
        }

    def _ranking(self, outcomes: Step) -> None:
        ranking = [metric for metric in self.metrics["performance"] if metric.template.startswith("ranking/")]
        if not ranking:
            return
        cells = self._add("score_cells", "rank score cells", "ranking/score_cells.sql", outcomes=outcomes)
        usage = self._add("usage", "rows that can be ranked", "ranking/usage.sql", outcomes=outcomes)
        for metric in ranking:
            self.values.append(
                self._add(metric.name, metric.name, metric.template, score_cells=cells, usage=usage)
            )

    def _expressions(self) -> None:
        written = [kpi for kpi in self.monitor.kpis if kpi.sql is not None]
        if not written:
            return
        trees = {
            kpi.name: names.aggregate(kpi.sql or "", self.project.dialect, self.monitor.allow_functions)
            for kpi in written
        }
        used = sorted({name for tree in trees.values() for name in names.columns_of(tree)})
        aliases = {name: f"input_{number}" for number, name in enumerate(used)}

        def rename(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column):
                return exp.column(aliases[node.name])
            return node

        kpis = [
            {"index": number, "name": text(kpi.name), "expression": trees[kpi.name].transform(rename)}
            for number, kpi in enumerate(written)
        ]
        columns = [
            {"expression": self._kpi_column(name), "alias": exp.to_identifier(alias)}
            for name, alias in aliases.items()
        ]
        expressions = self._add(
            "expressions",
            "business figures",
            "kpi/expressions.sql",
            rows=self.source.rows([*columns, *self._segment_columns()], reads_target=True),
            kpis=kpis,
            segments=self.segments,
        )
        self.values.append(
            self._add(
                "kpi_values", "business figures as rows", "kpi/values.sql", expressions=expressions, kpis=kpis
            )
        )

    def _kpi_column(self, name: str) -> exp.Expr:
        monitor = self.monitor
        model = monitor.model
        own = {monitor.id, monitor.timestamp, *monitor.features.numeric, *monitor.features.categorical}
        if model is not None:
            own |= {model.label, model.score if isinstance(model.score, str) else None}
        return names.column(name, "prediction") if name in own else names.column(name)
