"""The metrics that users add, as entries like the catalogue's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from sqlglot import exp

from sqlmonitor import contract, names, rules
from sqlmonitor.definitions import Monitor, Project
from sqlmonitor.definitions.business import CustomMetric
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.metrics import BOTH_SIDES, CATALOGUE, UPPER_SIDE, Metric
from sqlmonitor.metrics.metric import Need
from sqlmonitor.plan import Origin

DERIVED = "result/derived.sql"
OF_PERFORMANCE = set(rules.PERFORMANCE)


def add_custom(
    project: Project, monitor: Monitor, metrics: dict[str, list[Metric]]
) -> dict[str, tuple[Metric, Origin]]:
    """Adds the user's metrics to the chosen ones of each family.

    Args:
        project: where the monitor stands; templates are relative to its file.
        monitor: with the user's metrics.
        metrics: the chosen metrics by family; gets the user's.

    Returns:
        The metrics with a template of the user, by name, and where it was named.

    Raises:
        ConfigurationError: for a name that the catalogue has, a template whose header is wrong, or a
            formula that names no result.
    """
    templates: dict[str, tuple[Metric, Origin]] = {}
    derived: list[Metric] = []
    known = results_by_name(monitor, metrics)
    for index, custom in enumerate(monitor.custom_metrics):
        if custom.name in CATALOGUE:
            raise monitor.error(
                f"custom_metrics[{index}].name",
                f"'{custom.name}' is a metric of the catalogue",
                remedy="give yours another name",
            )
        if custom.sql is not None:
            metrics["summary"].append(_metric(custom, "summary", "kpi/values.sql", custom.sql))
            known[custom.name] = ["summary"]
        elif custom.template is not None:
            metric, origin = _distance(project, monitor, index, custom)
            metrics["drift"].append(metric)
            templates[metric.name] = (metric, origin)
    for index, custom in enumerate(monitor.custom_metrics):
        if custom.derived is not None:
            families = families_of(project, monitor, index, known)
            metric = _metric(custom, "performance" if families else "summary", DERIVED, custom.derived)
            derived.append(replace(metric, families=families) if families else metric)
    for metric in derived:
        metrics[metric.family].append(metric)
    return templates


def results_by_name(monitor: Monitor, metrics: dict[str, list[Metric]]) -> dict[str, list[str]]:
    """The results of the model that a formula may name, each with the families that it has."""
    in_parts = {
        metric.name
        for chosen in metrics.values()
        for metric in chosen
        if metric.components and all(part.name for part in metric.components)
    }
    known: dict[str, list[str]] = {}
    for one in rules.series(monitor, metrics):
        if one.column == "" and one.metric not in in_parts:
            known.setdefault(one.metric, []).append(one.family)
    return known


def families_of(
    project: Project, monitor: Monitor, index: int, known: dict[str, list[str]]
) -> tuple[str, ...]:
    """The families of performance that a formula is of: those that all results have which it names without one.

    Empty where it names none of performance so.

    Raises:
        ConfigurationError: for a name that no result has.
    """
    key = f"custom_metrics[{index}].derived"
    families: list[str] | None = None
    written = monitor.custom_metrics[index].derived or ""
    for column in names.formula(written).find_all(exp.Column):
        name, family = column.name, column.table
        if name not in known:
            is_derived = any(other.name == name for other in monitor.custom_metrics)
            raise monitor.error(
                key,
                f"a formula cannot name another derived metric, '{name}'"
                if is_derived
                else f"no result of this monitor is named '{name}'",
                allowed=sorted(known),
                word=name,
                remedy="name metrics of the model or KPIs; those of single columns have no place here",
            )
        if family and family not in known[name]:
            raise monitor.error(
                key, f"'{name}' is not in the family {family}", allowed=known[name], word=family
            )
        if not family and set(known[name]) <= OF_PERFORMANCE:
            families = [one for one in families or known[name] if one in known[name]]
    # Few chunks have blended values; a formula names them where it wants them.
    return tuple(one for one in families or () if one != "blended")


def _metric(custom: CustomMetric, family: str, template: str, formula: str) -> Metric:
    return Metric(
        name=custom.name,
        family="performance" if family == "performance" else "summary",
        template=template,
        formula=formula,
        unit=custom.unit or "",
        default_threshold=BOTH_SIDES,
    )


def _distance(project: Project, monitor: Monitor, index: int, custom: CustomMetric) -> tuple[Metric, Origin]:
    key = f"custom_metrics[{index}].template"
    path = (project.path or Path()).absolute().parent / (custom.template or "")
    columns = custom.columns or "both"
    features = monitor.features
    listed = {"numeric": features.numeric, "categorical": features.categorical}
    if not features.all and not listed.get(columns, (*features.numeric, *features.categorical)):
        kind = "" if columns == "both" else f"{columns} "
        raise monitor.error(
            f"custom_metrics[{index}].columns",
            f"the monitor has no {kind}features to compute '{custom.name}' for",
            remedy="add them under 'features:'",
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise monitor.error(
            key, f"{path} cannot be read: {why}", remedy="write the path relative to the project file"
        ) from error
    try:
        needs = contract.check_own(contract.read_header(text, path.stem), columns)
    except ConfigurationError as error:
        line = f", line {error.line}" if error.line else ""
        raise monitor.error(
            key,
            f"{custom.template}{line}: {error.message}",
            allowed=error.allowed,
            word=error.word or "",
            remedy=error.remedy,
        ) from error
    place = monitor.error(key, "")
    metric = Metric(
        name=custom.name,
        family="drift",
        template=str(path),
        formula=custom.description or f"as {custom.template} has it",
        unit=custom.unit or "",
        columns=columns,
        needs=cast(Need, needs),
        default_threshold=UPPER_SIDE,
    )
    return metric, Origin(place.file, place.line, place.key, monitor.allow_functions)
