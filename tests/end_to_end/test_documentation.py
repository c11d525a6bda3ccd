"""Links in the documentation lead somewhere, and what it writes of a project file is accepted."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sqlmonitor.definitions import loads

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    chain(
        (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        (ROOT / "docs").glob("*.md"),
        (ROOT / "examples").rglob("*.md"),
        (ROOT / "benchmarks").glob("*.md"),
    )
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
YAML_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FRAGMENTS = [
    pytest.param(text, id=f"{page.stem}_{number}")
    for page in (ROOT / "docs/metrics.md", ROOT / "docs/comparisons.md", ROOT / "README.md")
    for number, text in enumerate(YAML_BLOCK.findall(page.read_text(encoding="utf-8")))
    if "version: 1" not in text
]
MONITOR: dict[str, Any] = {
    "name": "flights",
    "task": "binary_classification",
    "predictions": "flights_scored",
    "id": "flight_id",
    "timestamp": "scheduled_at",
    "reference": "scheduled_at < timestamp '2013-05-01'",
    "chunks": "month",
    "model": {"score": "p_late", "label": "predicted_late", "positive": 1},
    "target": {"column": "late"},
    "features": {"numeric": ["temp"], "categorical": ["carrier"]},
    "segments": ["origin"],
}
SEVERAL_CLASSES = {
    "task": "multiclass_classification",
    "model": {"score": {name: f"p_{name}" for name in ("cat", "dog", "bird")}, "label": "predicted"},
    "target": {"column": "actual"},
}


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as they are linked."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {one.strip().replace(" ", "-") for one in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for place, anchor in LINK.findall(BLOCK.sub("", page.read_text(encoding="utf-8"))):
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), place
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{place}#{anchor}"


@pytest.mark.parametrize("text", FRAGMENTS)
def test_fragments_of_a_project_file_are_accepted(text: str, tmp_path: Path) -> None:
    keys = YAML(typ="safe").load(text)
    project: dict[str, Any] = {"version": 1, "warehouse": "duckdb://"}
    if "settings" in keys:
        project |= keys
        keys = {}
    if "cat:" in text:
        keys |= SEVERAL_CLASSES
    (tmp_path / "shift.sql").write_text("select 1", encoding="utf-8")
    project["monitors"] = [MONITOR | keys]
    file = tmp_path / "sqlmonitor.yml"
    with file.open("w", encoding="utf-8") as out:
        YAML(typ="safe").dump(project, out)
    (monitor,) = loads(file.read_text(encoding="utf-8"), path=file).monitors
    assert monitor.name == "flights"
