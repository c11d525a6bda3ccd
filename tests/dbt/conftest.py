"""A small dbt project with a manifest that dbt itself made, beside a warehouse as dbt would have filled it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_manifests import HERE, LATER, LOANS, Shop, changed


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Makes the project's folder: ``shop(manifest="1.11", warehouse=False, change=None)``."""
    for name in ("DBT_PROFILES_DIR", "DBT_TARGET", "DBT_TARGET_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def make(
        manifest: str = "1.11",
        *,
        warehouse: bool = False,
        change: Callable[[dict[str, Any]], object] | None = None,
    ) -> Path:
        folder = tmp_path / "shop"
        shutil.copytree(HERE / "shop", folder)
        file = folder / "target" / "manifest.json"
        file.parent.mkdir()
        shutil.copy(HERE / "manifests" / f"{manifest}.json", file)
        changed(file, lambda data: data["metadata"].update(generated_at=LATER))
        if change is not None:
            changed(file, change)
        if warehouse:
            with duckdb.connect(str(folder / "shop.duckdb")) as connection:
                connection.execute(LOANS)
        return folder

    return make
