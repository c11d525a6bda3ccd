"""The README's tables of metrics are those of the catalogue; run as a script, this file rewrites them."""

from __future__ import annotations

from pathlib import Path

from sqlmonitor.cli.page import markdown
from sqlmonitor.metrics import CATALOGUE

README = Path(__file__).parents[2] / "README.md"
COMMAND = "python tests/end_to_end/test_readme_metrics.py"
BEGIN = f"<!-- metrics: begin, made from the catalogue by: {COMMAND} -->\n"
END = "<!-- metrics: end -->"


def rewritten(text: str) -> str:
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{markdown(list(CATALOGUE.values()))}{END}{after}"


def test_readme_has_the_catalogue() -> None:
    text = README.read_text(encoding="utf-8")
    assert rewritten(text) == text, f"README.md is out of date; rewrite its tables with: {COMMAND}"


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
