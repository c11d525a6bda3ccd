"""Dialects that no test runs: every statement is one that sqlglot reads back, or is refused with a remedy."""

from __future__ import annotations

import every_plan
import pytest
import sqlglot
from sqlglot import exp

from sqlmonitor import dialects, script
from sqlmonitor.dialects import DIALECTS
from sqlmonitor.dialects.compiled import COMPILED, REFUSED
from sqlmonitor.errors import UnsupportedError

NAMES = [*(dialect.name for dialect in COMPILED), "snowflake"]
"""With Snowflake, whose stand-in takes what it would refuse."""
BINNED = ("snowflake", "databricks")
"""Those that have exact quantiles and lists."""
KNOWN = {
    *("dateadd", "div", "pg_typeof", "to_char", "date_format", "format_datetime", "datetime_diff"),
    *("to_utf8", "codepoint", "percentile_disc", "rtrim", "get"),
}
"""Functions that sqlglot does not know and the dialects' files write on purpose."""


EVERYDAY = ("snowflake", "exact")
PAIRS = [
    pytest.param(name, variant, marks=[] if (name, variant) == EVERYDAY else [pytest.mark.slow])
    for name in NAMES
    for variant in every_plan.VARIANTS
]


@pytest.mark.parametrize(("name", "variant"), PAIRS)
def test_every_statement_is_read_back(name: str, variant: str, deep_statements) -> None:
    plan = every_plan.plan(variant)
    is_binned = any(step.name == "statistics" for step in plan.steps)
    if is_binned and name not in BINNED:
        with pytest.raises(UnsupportedError, match=r"no exact quantiles|no lists") as caught:
            script.script(plan, name)
        assert "resolution: exact" in (caught.value.remedy or "")
        return
    for file, text in script.script(plan, name):
        for tree in sqlglot.parse(text, dialect=name):
            assert tree is not None
            strange = {node.name.lower() for node in tree.find_all(exp.Anonymous)} - KNOWN
            assert not strange, file
            # Understood, not passed through.
            assert not isinstance(tree, exp.Command) or text.startswith("-- session"), (file, text)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_dialect_says_why(name: str) -> None:
    with pytest.raises(UnsupportedError, match=REFUSED[name]) as caught:
        script.script(every_plan.plan("exact"), name)
    assert "executed: " in (caught.value.remedy or "")


def test_every_dialect_says_how_it_is_tested() -> None:
    assert {one.proof for one in DIALECTS.values()} <= {"executed", "stand-in", "compiled"}
    assert all(
        one.extra or one.name == dialects.CANONICAL for one in DIALECTS.values() if one.proof != "compiled"
    )
