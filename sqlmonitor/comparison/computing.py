"""A comparison as a monitor without a model: one reference, one chunk, and no store."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from sqlmonitor import dialects, names, planner, runner, validation
from sqlmonitor.comparison.given import Given
from sqlmonitor.comparison.schemas import FeatureKind, Schemas
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.incremental import Recount, State
from sqlmonitor.metrics import CATALOGUE
from sqlmonitor.plan import Check, Plan, Step
from sqlmonitor.source import SourceRows, Types

if TYPE_CHECKING:
    import pandas

    from sqlmonitor.engines import Engine

Progress = Callable[[str, int, int], None]

EVERY: Mapping[str, tuple[str, ...]] = {
    family: tuple(metric.name for metric in CATALOGUE.values() if metric.family == family and not metric.cost)
    for family in ("drift", "quality", "summary")
}
"""Every metric of columns that needs no scan of its own."""
QUICK: Mapping[str, tuple[str, ...]] = {
    **EVERY,
    "summary": tuple(
        metric.name for metric in CATALOGUE.values() if metric.family == "summary" and not metric.keeps
    ),
}
"""Those that need no more than rows and sums of cells: spreads and extremes cost half as much again to count."""

IDENTIFIES: Mapping[dialects.Kind, float] = {"text": 0.95, "integer": 1.0}
"""Share of different values from which a column names rows, by what its type means."""
NAMED_LIKE_ONE = re.compile(r"(^|.*[_\W])(id|key|no|nr|number|code|index|row)$", re.IGNORECASE)
"""Whole numbers that all differ may be amounts, so their column's name must say that they name rows."""
TABLES = ("values", "chunks", "level_counts", "quantiles", "bars", "bins")
"""The steps whose rows are shown; thresholds are not among them."""
PERIODS = ("reference", "analysis")
FEWEST_ROWS = 100
"""Fewer rows do not tell a column that names them."""


@dataclass(frozen=True)
class Counts:
    """What the steps of a comparison gave.

    Args:
        values: a row for each chunk, metric and column; chunk_number is 1 for the reference, 0 for the analysis.
        row_counts: rows of the reference and of the analysis.
        levels: the levels that stand out, by column.
        quantiles: of numeric columns, by chunk and column.
        bars: their small histograms, by chunk and column.
        bins: the bins of numeric columns on both sides.
    """

    values: pandas.DataFrame
    row_counts: tuple[int, int]
    levels: pandas.DataFrame
    quantiles: pandas.DataFrame
    bars: pandas.DataFrame
    bins: pandas.DataFrame


def monitored(
    engine: Engine,
    analysis: Given,
    reference: Mapping[str, str],
    where: str | None,
    metrics: Mapping[str, tuple[str, ...]],
) -> tuple[Project, Monitor]:
    """The monitor that compares: every row of the reference with every other row.

    Args:
        engine: whose dialect the user's words are in.
        analysis: the rows that are compared with the reference.
        reference: what stands under ``reference``.
        where: a condition on the rows of both sides.
        metrics: names by family.

    Raises:
        ConfigurationError: for a condition that is none.
    """
    dialect = engine.dialect
    for argument, text in (("--where", where), ("--reference", reference.get("where"))):
        if text is not None:
            try:
                names.condition(text, dialect)
            except ConfigurationError as error:
                raise ConfigurationError(error.message, key=argument, remedy=error.remedy) from error
    definition: dict[str, Any] = {
        "name": "comparison",
        "task": "none",
        "predictions": analysis.definition(),
        "reference": dict(reference),
        "chunks": {"count": 1},
        "metrics": {family: list(names) for family, names in metrics.items()},
    }
    if where is not None:
        definition["where"] = where
        if "where" not in reference:
            definition["reference"]["where"] = where
    # The address only says the dialect: the connection is open.
    address = f"{dialects.dialect(dialect).schemes[0]}://"
    project = Project.model_validate({"version": 1, "warehouse": address, "monitors": [definition]})
    return project, project.monitors[0]


def check_conditions(project: Project, monitor: Monitor, types: Mapping[str, str]) -> None:
    """Checks that conditions name columns that are there.

    Raises:
        ConfigurationError: for one that is not.
    """
    for argument, text in (("--where", monitor.where), ("--reference", monitor.reference.where)):
        for name in names.columns_of(names.condition(text, project.dialect), types) if text else ():
            if names.matched(name, types, project.dialect) is None:
                raise ConfigurationError(
                    f"there is no column '{name.name}'",
                    key=argument,
                    allowed=sorted(types),
                    word=name.name,
                    remedy=names.spelling(name, types, project.dialect),
                )


def identifiers(project: Project, monitor: Monitor, schemas: Schemas, engine: Engine) -> dict[str, str]:
    """Columns that name rows, by a sample of the reference, with why; their values recur on no other side."""
    kinds = {
        name: kind
        for name in schemas.kinds
        if (kind := dialects.kind(schemas.reference[name])) in IDENTIFIES
        and (kind == "text" or NAMED_LIKE_ONE.match(name))
        and dialects.kind(schemas.analysis[name]) == kind
    }
    found = {}
    sampled = validation.sampled_values(SourceRows(monitor, project.dialect), kinds, engine)
    for name, (rows, values) in sampled.items():
        if rows >= FEWEST_ROWS and values / rows >= IDENTIFIES[kinds[name]]:
            found[name] = f"an identifier: {values:,} values in {rows:,} rows"
    return found


def counted(
    project: Project,
    monitor: Monitor,
    kinds: Mapping[str, FeatureKind],
    types: Types,
    engine: Engine,
    *,
    titles: Sequence[str],
    stage: Literal["run", "fit"] = "run",
    progress: Progress | None = None,
) -> Counts:
    """Runs the monitor's plan in temporary tables, and takes what they hold.

    Args:
        project: as :func:`monitored` made it.
        monitor: the same.
        kinds: the columns to compare; at least one.
        types: of both sides.
        engine: an open warehouse.
        titles: what people call the reference and, where it is read, the analysis.
        stage: ``fit`` reads the reference only.
        progress: told each step's title, its number from 1, and how many there are.

    Raises:
        DataError: where a side has no rows.
        WarehouseError: where the warehouse refuses a statement.
    """
    lists = {
        kind: tuple(name for name, of in kinds.items() if of == kind) for kind in ("numeric", "categorical")
    }
    # Not validated anew: the warehouse has names that a user may not write, such as a blank.
    features = monitor.features.model_copy(update=lists)
    monitor = monitor.model_copy(update={"features": features})
    plan = _reduced(planner.plan(project, monitor, stage=stage, types=types, with_details=True))
    plan = replace(
        plan, checks=tuple(has_rows(title, period) for title, period in zip(titles, PERIODS, strict=False))
    )
    engine.refuse_open_transaction()
    try:
        runner.execute(plan, Recount(), State(), engine, progress)
        there = {step.name for step in plan.steps}
        tables = {
            name: engine.query(f"select * from {plan[name].table}") if name in there else None
            for name in TABLES
        }
    finally:
        for step in plan.steps:
            engine.drop(step.table)
    return _counts(tables)


def _reduced(plan: Plan) -> Plan:
    """The plan without the steps that none of ``TABLES`` needs."""
    needed: dict[str, Step] = {}

    def take(step: Step) -> None:
        if step.name not in needed:
            needed[step.name] = step
            for parent in step.tables():
                take(parent)

    for step in plan.steps:
        if step.name in TABLES:
            take(step)
    return replace(plan, steps=tuple(step for step in plan.steps if step.name in needed))


def has_rows(title: str, period: str) -> Check:
    """That a side has rows at all."""
    return Check(
        after="chunks",
        sql=f"select 1 as one having (select count(*) from sqlmonitor_chunks where period = '{period}') = 0",
        message=f"{title}: no rows",
        remedy="check the query, and the conditions by which rows are chosen",
    )


def _counts(tables: Mapping[str, pandas.DataFrame | None]) -> Counts:
    import pandas

    def table(name: str) -> pandas.DataFrame:
        found = tables[name]
        return pandas.DataFrame() if found is None else found

    chunks = table("chunks")
    rows = chunks.groupby("period")["row_count"].sum()
    return Counts(
        values=table("values"),
        row_counts=(int(rows.get("reference", 0)), int(rows.get("analysis", 0))),
        levels=table("level_counts"),
        quantiles=table("quantiles"),
        bars=table("bars"),
        bins=table("bins"),
    )
