"""Every template, rendered, is well formed and in the house's style, as the linter sees it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlfluff.core import FluffConfig, Linter

from sqlmonitor import planner, templates
from sqlmonitor.definitions import loads
from sqlmonitor.plan import Step

ROOT = Path(__file__).parents[2]
FOLDER = templates.folder()
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.sql"))
MONITOR: dict[str, Any] = {
    "name": "loans",
    "task": "binary_classification",
    "predictions": "scored",
    "id": "id",
    "timestamp": "happened",
    "reference": "happened < timestamp '2024-06-01'",
    "chunks": "month",
    "model": {"score": "score", "label": "predicted"},
    "target": {"column": "actual", "relation": "outcomes", "maturity": "2 days"},
    "features": {"numeric": ["amount", "hour"], "categorical": ["region", "vehicle"]},
    "segments": ["vehicle", "region"],
    "kpis": [{"name": "amount_per_row", "sql": "sum(amount) / count(*)"}],
    "min_rows": 10,
}
# What else a template may be given, so that every branch of it is linted.
CHANGES: list[dict[str, Any]] = [
    {},
    {"resolution": "exact", "min_rows": 1, "segments": []},
    {"chunks": {"size": 100}, "calibration": "none"},
    {"chunks": {"count": 7}},
]


def text(step: Step) -> str:
    """The template over its inputs' tables, without the lines that hold only a tag of Jinja."""
    environment = templates.environment().overlay(trim_blocks=True, lstrip_blocks=True)
    values: dict[str, Any] = dict(step.parameters)
    for name, given in step.inputs.items():
        tables = [templates.Rendered(one.table) for one in (given if isinstance(given, list) else [given])]
        values[name] = tables if isinstance(given, list) else tables[0]
    return environment.get_template(step.template).render(values) + "\n"


@cache
def rendered() -> dict[str, list[str]]:
    """Each template's different texts."""
    texts: dict[str, list[str]] = {template: [] for template in TEMPLATES}
    for changes in CHANGES:
        project = loads(
            json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [MONITOR | changes]})
        )
        for step in planner.plan(project, project.monitors[0]).steps:
            for one in (step, *(parent for parent in step.parents() if parent.is_inline)):
                made = text(one)
                if made not in texts[one.template]:
                    texts[one.template].append(made)
    return texts


@cache
def linter() -> Linter:
    return Linter(config=FluffConfig.from_path(str(ROOT)))


@pytest.mark.parametrize("template", TEMPLATES)
def test_template_is_in_the_house_style(template: str) -> None:
    texts = rendered()[template]
    assert texts, "no plan uses it"
    for made in texts[:2]:
        found = linter().lint_string(made).get_violations()
        shown = [f"{one.line_no}: {one.rule_code()} {one.desc()}" for one in found]
        assert not found, "\n".join([*shown, made])
