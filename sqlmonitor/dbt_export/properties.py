"""What the package's YAML says of its models: descriptions, types and tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from sqlmonitor import dialects, store, templates
from sqlmonitor.dbt_export.jinja import escaped
from sqlmonitor.dbt_export.models import Model
from sqlmonitor.dbt_export.published import ABOUT, OPEN_ALERTS
from sqlmonitor.trees import parse

RESULT_COLUMNS = {
    "monitor": "Its name.",
    "fit_id": "Names the fitted reference that the value goes by.",
    "run_id": "The invocation of dbt that computed it.",
    "period": "reference or analysis.",
    "chunk": "ISO start of the period of time, or a number with leading zeros where chunks are sizes or counts.",
    "chunk_start": "First moment of the chunk, UTC.",
    "chunk_end": "First moment after the chunk, UTC.",
    "is_partial": "True where rows or labels of the chunk are still to come.",
    "segment_column": "Empty for the whole population.",
    "segment_value": "Empty for the whole population.",
    "family": "Kind of metric.",
    "metric": "The metric's name, or the KPI's.",
    "column_name": "The feature; empty for metrics of the model.",
    "component": "A class or a cell of the confusion matrix; empty for plain metrics.",
    "value": "NULL where it cannot be computed, as `note` says.",
    "standard_error": "Of the value.",
    "lower_bound": "Three standard errors below the value, within the metric's range.",
    "upper_bound": "Three standard errors above the value, within the metric's range.",
    "noise_floor": "What the value would be without any drift, by chance alone.",
    "p_value": "Where the metric has a test.",
    "lower_threshold": "Values below it alert.",
    "upper_threshold": "Values above it alert.",
    "is_alert": "True outside the thresholds; NULL where there is no value or no threshold.",
    "row_count": "Rows that the value is of.",
    "unused_count": "Rows that could not be used.",
    "note": "Why there is no value, or what is to be known of it.",
    "computed_at": "When, UTC.",
    "chunk_length": "Of a comparison, what its chunks are: week, rolling 7; empty for the monitor's own chunks.",
    "compared_with": "Of a comparison, its reference: previous, last 7; empty for the monitor's own reference.",
}
SEVERITY = "{{ var('sqlmonitor_alert_severity', 'warn') }}"
KEY = (
    *("monitor", "period", "chunk", "segment_column", "segment_value"),
    *("family", "metric", "column_name", "component", "chunk_length", "compared_with"),
)
PERIODS = ("reference", "analysis")
FAMILIES = ("drift", "estimated", "realized", "blended", "quality", "summary", "kpi", "insight")
ACCEPTED = {"period": PERIODS, "family": FAMILIES}


def text_of(content: Any) -> str:
    """YAML of plain lists, mappings and scalars."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    yaml.allow_unicode = True
    out = StringIO()
    yaml.dump(content, out)
    return out.getvalue()


def of_models(models: Iterable[Model], dialect: str) -> dict[str, Any]:
    """The properties of a monitor's models: what each computes, its columns, and that its grain is there."""
    return {"version": 2, "models": [_of_model(model, dialect) for model in models]}


def _of_model(model: Model, dialect: str) -> dict[str, Any]:
    head = templates.header(model.step.template)
    # What a label is, and columns with no row, depend on the user's data: counts and keys always have a value.
    never_null = {"row_count"} & head.output.keys()
    return {
        "name": model.name,
        "description": escaped(templates.comment(model.step.template)),
        "columns": [
            {"name": name, "data_type": type_name(kind, dialect)}
            | ({"data_tests": ["not_null"]} if name in never_null else {})
            for name, kind in head.output.items()
        ],
    }


def of_published(names: Iterable[str], about: Mapping[str, str | None], dialect: str) -> dict[str, Any]:
    """The properties of the models that stand for the store's tables.

    Args:
        names: of the models.
        about: each monitor's name with its description.
        dialect: for the columns' types.
    """
    monitors = "; ".join(f"{name}: {said}" if said else name for name, said in about.items())
    made = []
    for name in names:
        table = "results" if name == OPEN_ALERTS else name.removeprefix("sqlmonitor_")
        said = "results that are outside their thresholds" if name == OPEN_ALERTS else ABOUT[table]
        columns = [
            {"name": column, "data_type": type_name(kind, dialect), **_said(table, name, column)}
            for column, kind in store.TABLES[table].items()
        ]
        model: dict[str, Any] = {"name": name, "description": escaped(f"{said}\n\nMonitors: {monitors}")}
        if name == "sqlmonitor_results":
            model["data_tests"] = [
                {"sqlmonitor_unique_together": {"arguments": {"columns": list(KEY)}}},
                {"sqlmonitor_no_open_alerts": {"config": {"severity": SEVERITY}}},
            ]
        made.append(model | {"columns": columns})
    return {"version": 2, "models": made}


def _said(table: str, name: str, column: str) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if table == "results":
        said["description"] = RESULT_COLUMNS[column]
    if name != OPEN_ALERTS and (
        column in (*store.KEYS, *store.CHUNK) or (table == "results" and column in KEY)
    ):
        said["data_tests"] = ["not_null"]
        if column in ACCEPTED:
            said["data_tests"].append({"accepted_values": {"arguments": {"values": list(ACCEPTED[column])}}})
    return said


@cache
def type_name(kind: str, dialect: str) -> str:
    """A type in the dialect's words."""
    cast = dialects.translated(parse(f"cast(null as {kind})"), dialect)
    return cast.removeprefix("CAST(NULL AS ").removesuffix(")")
