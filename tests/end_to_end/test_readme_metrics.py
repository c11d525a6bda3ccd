"""The documentation's tables of metrics are those of the catalogue; run as a script, this file rewrites them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sqlmonitor.cli.page import families, formulas
from sqlmonitor.metrics import CATALOGUE, Metric

ROOT = Path(__file__).parents[2]
COMMAND = "python tests/end_to_end/test_readme_metrics.py"
BEGIN = f"<!-- metrics: begin, made from the catalogue by: {COMMAND} -->\n"
END = "<!-- metrics: end -->"
TABLES: dict[str, Callable[[Sequence[Metric]], str]] = {"README.md": families, "docs/metrics.md": formulas}


def rewritten(text: str, table: Callable[[Sequence[Metric]], str]) -> str:
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table(list(CATALOGUE.values()))}{END}{after}"


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_the_catalogues(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert rewritten(text, TABLES[name]) == text, f"{name} is out of date; rewrite its table with: {COMMAND}"


if __name__ == "__main__":
    for name, table in TABLES.items():
        file = ROOT / name
        file.write_text(rewritten(file.read_text(encoding="utf-8"), table), encoding="utf-8")
