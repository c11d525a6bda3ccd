"""What the pages in docs/ show is read as they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from dbt_manifests import Shop, changed

from sqlmonitor import dbt
from sqlmonitor.definitions.document import read

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = [
    (page.name, text)
    for page in sorted(DOCS.glob("*.md"))
    for text in re.findall(
        r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
]
PROJECTS = [(page, text) for page, text in BLOCKS if text.startswith("version: 1\n")]


@pytest.mark.parametrize(("page", "text"), PROJECTS)
def test_project_files_are_valid(page: str, text: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_WATCHER", "x")
    monkeypatch.setenv("PASSWORD", "x")
    folder = shop("prod")
    (folder / "sqlmonitor.yml").write_text(text, encoding="utf-8")
    project = dbt.load(folder / "sqlmonitor.yml")
    assert project.monitors
    assert "{{" not in repr(project.monitors)


def test_the_part_about_the_dbt_project_fits_in(shop: Shop) -> None:
    text = next(text for page, text in PROJECTS if page == "dbt.md")
    (part,) = [text for _, text in BLOCKS if text.startswith("dbt:\n")]
    folder = shop("prod")
    (folder / "sqlmonitor.yml").write_text(text + part, encoding="utf-8")
    assert set(dbt.load(folder / "sqlmonitor.yml").dbt_calls.values()) >= {
        "ref('scored_loans')",
        "ref('outcomes')",
    }


def test_the_exposure_is_the_monitor_of_the_project(shop: Shop) -> None:
    (text,) = [text for _, text in BLOCKS if text.startswith("exposures:\n")]
    (written,) = read(text, "docs").data["exposures"]

    def change(data: dict[str, Any]) -> None:
        exposure = data["exposures"]["exposure.shop.loan_default"]
        meta = written["config"]["meta"]["sqlmonitor"] | {
            "thresholds": exposure["config"]["meta"]["sqlmonitor"]["thresholds"]
        }
        exposure.update({key: written[key] for key in ("name", "url", "description", "owner")})
        exposure["config"]["meta"] = exposure["meta"] = {"sqlmonitor": meta}

    folder = shop()
    expected = dbt.load(dbt=folder)["loan_default"]
    changed(folder / "target" / "manifest.json", change)
    assert dbt.load(dbt=folder)["loan_default"] == expected
