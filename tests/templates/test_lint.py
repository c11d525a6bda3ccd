"""Every template, rendered, is well formed and in the house's style, as the linter sees it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from every_plan import TEMPLATES, VARIANTS, plan
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

from sqlmonitor import templates
from sqlmonitor.plan import Step

ROOT = Path(__file__).parents[2]
# A list that a loop of Jinja writes has its commas where the loop puts them.
WRITTEN_BY_LOOPS = {("grid/reference_columns.sql", "LT04")}
# What else a template may be given, so that every branch of it is linted.
CHANGES: list[tuple[str, dict[str, Any]]] = [
    *((variant, {"min_rows": 10}) for variant in VARIANTS),
    ("exact", {"segments": []}),
    ("binned", {"chunks": {"size": 100}, "calibration": "none"}),
    ("binned", {"chunks": {"count": 7}}),
]


def written(value: Any) -> Any:
    """Trees in small letters: the templates' own text is what is linted."""
    return templates.Rendered(value.sql("duckdb").lower()) if isinstance(value, exp.Expr) else value


def text(step: Step) -> str:
    """The template over its inputs' tables, without the lines that hold only a tag of Jinja."""
    values: dict[str, Any] = dict(step.parameters)
    for name, given in step.inputs.items():
        tables = [templates.Rendered(one.table) for one in (given if isinstance(given, list) else [given])]
        values[name] = tables if isinstance(given, list) else tables[0]
    made = templates.environment().overlay(finalize=written).get_template(step.template).render(values)
    return "".join(f"{line.rstrip()}\n" for line in made.splitlines() if line.strip())


@cache
def rendered() -> dict[str, list[str]]:
    """Each template's different texts."""
    texts: dict[str, list[str]] = {template: [] for template in TEMPLATES}
    for variant, changes in CHANGES:
        for step in plan(variant, **changes).steps:
            if step.origin is not None:
                continue
            for one in (step, *step.inlined()):
                made = text(one)
                if made not in texts[one.template]:
                    texts[one.template].append(made)
    return texts


@cache
def linter() -> Linter:
    return Linter(config=FluffConfig.from_path(str(ROOT)))


# Two are enough for both sides of a branch, and parsing is what takes the time.
@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1], ids=["one", "two"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_template_is_in_the_house_style(template: str, number: int) -> None:
    texts = rendered()[template]
    assert texts, "no plan uses it"
    for made in texts[number : number + 1]:
        found = [
            f"line {one.line_no}: {one.rule_code()} {one.desc()}"
            for one in linter().lint_string(made).get_violations()
            if (template, one.rule_code()) not in WRITTEN_BY_LOOPS
        ]
        assert not found, "\n".join([*found, made])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("select\n    a,\n    b\nfrom t\n", "LT04"),
        ("SELECT a\nfrom t\n", "CP01"),
        ("select a b\nfrom t\n", "AL02"),
        ("select a\nfrom\n", "PRS"),
    ],
)
def test_the_linter_sees(text: str, code: str) -> None:
    assert code in {one.rule_code() for one in linter().lint_string(text).get_violations()}
