"""Commands that describe the package itself: metrics, schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from sqlmonitor.cli.settings import global_options

if TYPE_CHECKING:
    from sqlmonitor.metrics import DefaultThreshold, Metric

__all__ = ["metrics", "schema"]


@click.command(epilog="Example: sqlmonitor metrics jensen_shannon")
@click.argument("name", required=False)
@global_options
def metrics(name: str | None) -> None:
    """List every metric with its range, formula and source, or describe one."""
    from rich.text import Text

    from sqlmonitor.cli.summary import console, plain_table
    from sqlmonitor.errors import ConfigurationError
    from sqlmonitor.metrics import CATALOGUE

    if name is not None:
        if name not in CATALOGUE:
            raise ConfigurationError(f"unknown metric '{name}'", allowed=CATALOGUE, word=name)
        for key, text in _described(CATALOGUE[name]).items():
            click.echo(f"{key:<18}{text}")
        return
    table = plain_table("metric", "family", "range", "formula", "source")
    for metric in CATALOGUE.values():
        cells = (metric.name, metric.family, _range(metric), metric.formula, metric.source)
        table.add_row(*(Text(cell or "") for cell in cells))
    console().print(table)


@click.command(epilog="Example: sqlmonitor schema > sqlmonitor.schema.json")
@global_options
def schema() -> None:
    """Print the JSON Schema of the project file, for editors."""
    from sqlmonitor.definitions import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def _described(metric: Metric) -> dict[str, str]:
    described = {
        "metric": metric.name,
        "family": metric.family,
        "columns": metric.columns,
        "range": _range(metric),
        "unit": metric.unit,
        "formula": metric.formula,
        "source": metric.source,
        "NULL when": metric.null_when,
        "default threshold": _threshold(metric.default_threshold),
    }
    return {key: text for key, text in described.items() if text}


def _range(metric: Metric) -> str:
    lower, upper = metric.lower_limit, metric.upper_limit
    if lower is None and upper is None:
        return "any"
    below = "(-inf" if lower is None else f"[{lower:g}"
    return f"{below}, {'inf)' if upper is None else f'{upper:g}]'}"


def _threshold(threshold: DefaultThreshold | None) -> str:
    if threshold is None:
        return "none"
    if threshold.kind == "p_value":
        return "p-value below 0.05"
    sides = [
        f"{side} {limit:g}"
        for side, limit in (("lower", threshold.lower), ("upper", threshold.upper))
        if limit is not None
    ]
    return f"{threshold.kind.replace('_', ' ')}: {', '.join(sides)}" if sides else "none"
