"""The relations that a monitor names: their columns, types and keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import dialects, names
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.plan import Check
from sqlmonitor.source import SourceRows, Types
from sqlmonitor.trees import put
from sqlmonitor.validation.asking import ask
from sqlmonitor.validation.described import check_columns, described, type_of
from sqlmonitor.validation.figures import check_figures
from sqlmonitor.validation.joins import CAST, are_comparable, check_joined, join_checks
from sqlmonitor.validation.overlap import overlap
from sqlmonitor.validation.reference import check_reference

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine

NUMBERS = ("integer", "decimal", "float", "boolean")
TIME_OF_DAY = re.compile(r"TIME(TZ|_NS)?(\(\d+\))?( WITH(OUT)? TIME ZONE)?", re.IGNORECASE)
"""Types of a time without a date, which is in no chunk."""


def check_sources(project: Project, monitor: Monitor, engine: Engine, *, reads_rows: bool = True) -> Types:
    """Checks relations, columns, types, the target's key and the reference before anything runs.

    Args:
        project: where the monitor stands.
        monitor: the definition.
        engine: an open warehouse.
        reads_rows: False to leave out :func:`check_rows`.

    Returns:
        The columns of the predictions and of the target's relation with their types.

    Raises:
        ConfigurationError: for a relation or column that is not there or cannot be used so.
        DataError: for ids that would multiply rows, and rows that are reference and analysis at once.
    """
    source = SourceRows(monitor, project.dialect)
    key = "predictions.sql" if monitor.predictions.sql else "predictions"
    types = described(monitor, key, source.predictions(), engine)
    named = _named_columns(monitor)
    # A reference of its own is read once, whenever it was written.
    since = [("updated_at", monitor.updated_at)] if monitor.updated_at is not None else []
    for key, name in [*named, *since]:
        if names.matched(name, types, project.dialect) is None:
            raise monitor.error(
                key,
                f"the predictions have no column '{name}'",
                allowed=sorted(types),
                remedy=names.out_of_reach(name, types, project.dialect),
            )
    _check_each_once(monitor, types)
    _check_types(monitor, types, project.dialect)
    texts = [("where", monitor.where)]
    if not monitor.reference.is_own:
        texts.append(("reference", monitor.reference.where))
    for key, written in texts:
        if written is not None:
            tree = names.condition(written, project.dialect, monitor.allow_functions)
            check_columns(monitor, key, tree, types, project.dialect)
    reference = None
    if monitor.reference.is_own:
        reference = check_reference(source, named, types, engine)
    beside: dict[str, str] = {}
    if monitor.target is not None and monitor.target.relation is not None:
        sides = {"the predictions": types}
        if reference is not None:
            sides[monitor.reference.shown] = reference
        beside = _check_target(monitor, source, sides, engine)
    if monitor.task == "regression":
        _check_regression(monitor, types, beside, project.dialect)
    else:
        if monitor.model is not None and monitor.model.label is not None:
            _check_label(monitor, monitor.model.label, types, project.dialect)
        if monitor.target is not None:
            _check_label(monitor, monitor.target.column, beside or types, project.dialect)
    joined = check_joined(source, types, reference, engine)
    found = Types(types, beside, joined)
    check_figures(SourceRows(monitor, project.dialect, types=found), reference, engine)
    if reads_rows:
        check_rows(project, monitor, engine)
    return found


def check_rows(project: Project, monitor: Monitor, engine: Engine, *, among: exp.Query | None = None) -> None:
    """Checks what only rows can tell: that labels multiply no predictions, and that no row is in both periods.

    Args:
        project: where the monitor stands.
        monitor: the definition.
        engine: an open warehouse.
        among: a SELECT of the ids of the predictions that are read, where all others were checked when they
            were; None for all. Rows in both periods are looked for by runs that read all.

    Raises:
        DataError: for ids that would multiply rows, and rows that are reference and analysis at once.
    """
    for check in row_checks(project, monitor, among=among):
        ask(check, engine)


def row_checks(project: Project, monitor: Monitor, *, among: exp.Query | None = None) -> list[Check]:
    """The promises that :func:`check_rows` asks about."""
    source = SourceRows(monitor, project.dialect)
    target = monitor.target
    checks: list[Check] = []
    if target is not None and target.relation is not None:
        key = target.on or source.join_column()
        column = exp.column(exp.to_identifier(key, quoted=True))
        read = [] if among is None else [exp.In(this=column.copy(), query=exp.Subquery(this=among))]
        counted = (
            exp.select(exp.alias_(column.copy(), "example"), "count(*) as times")
            .from_(source.relation(target.relation))
            .where(put("key is not null", key=column), *read)
            .group_by(column.copy())
            .having("count(*) > 1")
            .order_by("2 desc", "1")
            .limit(1)
        )
        message = (
            f"monitor '{monitor.name}': {target.relation} has {{times}} rows with {key} = {{example}}, "
            "so a join would multiply predictions"
        )
        remedy = "make the target's relation unique on that column, as with `predictions: {sql: …}` or a view"
        checks.append(Check(after="", sql=counted, message=message, remedy=remedy))
    checks += join_checks(source)
    found = None
    if monitor.reference.is_own and among is None:
        found = overlap(monitor, source)
    return checks if found is None else [*checks, found]


def _named_columns(monitor: Monitor) -> list[tuple[str, str]]:
    """Every column that the predictions must have, with the key that names it."""
    model, target = monitor.model, monitor.target
    named: list[tuple[str, str | None]] = [("id", monitor.id), ("timestamp", monitor.timestamp)]
    for kind in ("numeric", "categorical"):
        listed = getattr(monitor.features, kind)
        named += [(f"features.{kind}[{i}]", name) for i, name in enumerate(listed)]
    named += [(f"segments[{i}]", name) for i, name in enumerate(monitor.segments)]
    if model is not None:
        named += [("model.score", column) for column in _score_columns(monitor)]
        named.append(("model.label", model.label))
    if target is not None and target.relation is None:
        named += [("target.column", target.column), ("target.observed_at", target.observed_at)]
    if target is not None and target.relation is not None and monitor.id is None:
        named.append(("target.on", target.on))
    return [(key, name) for key, name in named if name is not None]


def _check_each_once(monitor: Monitor, types: dict[str, str]) -> None:
    """Checks that no two names of a list are one column; whether case tells columns apart, the types say."""
    features = {
        f"features.{kind}[{index}]": name
        for kind in ("numeric", "categorical")
        for index, name in enumerate(getattr(monitor.features, kind))
    }
    segments = {f"segments[{index}]": name for index, name in enumerate(monitor.segments)}
    for listed in (features, segments):
        seen: dict[str, str] = {}
        for key, name in listed.items():
            other = seen.setdefault(name.casefold(), name)
            is_one = sum(one.casefold() == name.casefold() for one in types) == 1
            if other != name and is_one:
                raise monitor.error(
                    key, f"'{name}' is the same column as '{other}'", remedy="keep one of them"
                )


def _score_columns(monitor: Monitor) -> list[str]:
    """The columns of the model's scores: one, one per class, or none."""
    score = monitor.model.score if monitor.model else None
    if isinstance(score, dict):
        return list(score.values())
    return [] if score is None else [score]


def _check_types(monitor: Monitor, types: dict[str, str], dialect: str) -> None:
    for key, column in (("timestamp", monitor.timestamp), ("updated_at", monitor.updated_at)):
        if column is None:
            continue
        kind = type_of(column, types, dialect) or ""
        if dialects.kind(kind) != "time" or TIME_OF_DAY.fullmatch(kind):
            raise monitor.error(
                key,
                f"column '{column}' is {kind}, not a date or timestamp",
                remedy="cast it in `predictions: {sql: …}`",
            )
    numbers = [
        (f"features.numeric[{i}]", name, "list it as categorical")
        for i, name in enumerate(monitor.features.numeric)
    ]
    numbers += [
        ("model.score", name, "cast it in `predictions: {sql: …}`") for name in _score_columns(monitor)
    ]
    for key, name, remedy in numbers:
        kind = type_of(name, types, dialect) or ""
        if dialects.kind(kind) not in NUMBERS:
            raise monitor.error(key, f"column '{name}' is {kind}, not a number", remedy=remedy)


def _check_regression(monitor: Monitor, types: dict[str, str], beside: dict[str, str], dialect: str) -> None:
    model, target = monitor.model, monitor.target
    measured = [("model.label", model.label if model else None, types)]
    if target is not None:
        measured.append(("target.column", target.column, beside or types))
    for key, name, found in measured:
        kind = type_of(name or "", found, dialect) or ""
        if dialects.kind(kind) not in NUMBERS:
            raise monitor.error(
                key, f"column '{name}' is {kind}, not a number", remedy="cast it in `predictions: {sql: …}`"
            )


def _check_label(monitor: Monitor, name: str, types: dict[str, str], dialect: str) -> None:
    """Text and numbers are not compared: the warehouse would fail on the first value that is no number."""
    if monitor.model is None or monitor.task != "binary_classification":
        return
    kind = type_of(name, types, dialect) or ""
    is_text = dialects.kind(kind) == "text"
    for key, value in (("positive", monitor.model.positive), ("negative", monitor.model.negative)):
        if value is None or isinstance(value, str) == is_text:
            continue
        raise monitor.error(
            f"model.{key}",
            f"label column '{name}' is {kind}, but the {key} value {value!r} is "
            + ("text" if isinstance(value, str) else "no text"),
            remedy=f"write it in quotes, as the column has it: {key}: '{value}'"
            if is_text
            else "write the value without quotes, as the column has it",
        )


def _check_target(
    monitor: Monitor, source: SourceRows, sides: dict[str, dict[str, str]], engine: Engine
) -> dict[str, str]:
    target = monitor.target
    assert target is not None
    assert target.relation is not None
    relation = source.relation(target.relation)
    types = described(monitor, "target.relation", relation, engine)
    key = target.on or source.join_column()
    for place, name in (
        ("target.column", target.column),
        ("target.on", key),
        ("target.observed_at", target.observed_at),
    ):
        if name is not None and names.matched(name, types, source.dialect) is None:
            raise monitor.error(place, f"{target.relation} has no column '{name}'", allowed=sorted(types))
    there = type_of(key, types, source.dialect) or ""
    own = source.join_column()
    for title, known in sides.items():
        here = type_of(own, known, source.dialect) or ""
        kinds = dialects.kind(here), dialects.kind(there)
        # Types of no kind, such as UUIDs, are the warehouse's to compare.
        if "other" not in kinds and not are_comparable(*kinds):
            raise monitor.error(
                "target.relation",
                f"column '{own}' of {title} is {here}, but '{key}' of {target.relation} is {there}",
                remedy=CAST,
            )
    return types
