"""`sqlmonitor dbt export` writes into a folder, and takes nothing away that is not its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dbt_rendering import World
from ruamel.yaml import YAML

from sqlmonitor.cli.entry import main

Outcome = tuple[object, str, str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A folder with a data set that has no model, and its project file."""
    monkeypatch.chdir(tmp_path)
    world = World("shop.duckdb")
    world.monitor |= {"task": "none", "model": None, "target": None, "kpis": [], "segments": []}
    world.monitor["features"] = {"categorical": ["region"]}
    Path("sqlmonitor.yml").write_text(world.text("duckdb:///shop.duckdb"), encoding="utf-8")
    world.connection.close()
    return world


@pytest.fixture
def export(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    def outcome(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as stopped:
            main(["dbt", "export", *arguments])
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return outcome


def test_a_package_is_written_and_written_anew(project: World, export: Callable[..., Outcome]) -> None:
    folder = Path("Shop Monitoring")
    code, out, _ = export(str(folder), "--profile", "shop")
    assert code == 0
    settings = YAML(typ="safe").load((folder / "dbt_project.yml").read_text(encoding="utf-8"))
    assert settings["name"].startswith("shop_monitoring")
    assert settings["profile"] == "shop"
    assert f"dbt package {settings['name']}" in out
    first = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"README.md", "models/loans/loans.yml", "models/sqlmonitor_results.sql"} < first
    # A file of the user's stays; a model that the monitor no longer has goes.
    own = folder / "models" / "own.sql"
    own.write_text("select 1 as one\n", encoding="utf-8")
    project.monitor["name"] = "credits"
    Path("sqlmonitor.yml").write_text(project.text("duckdb:///shop.duckdb"), encoding="utf-8")
    assert export(str(folder), "--profile", "shop")[0] == 0
    second = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert not [name for name in second if "loans" in name]
    assert len(second) == len(first) + 1
    assert own.read_text(encoding="utf-8") == "select 1 as one\n"


def test_files_of_others_are_not_replaced(project: World, export: Callable[..., Outcome]) -> None:
    folder = Path("monitoring")
    folder.mkdir()
    (folder / "dbt_project.yml").write_text("name: mine\n", encoding="utf-8")
    code, _, error = export("monitoring")
    assert code == 2
    assert "monitoring has files that are not of an export: dbt_project.yml" in error
    assert (folder / "dbt_project.yml").read_text(encoding="utf-8") == "name: mine\n"
    assert [path.name for path in folder.iterdir()] == ["dbt_project.yml"]


@pytest.mark.parametrize("link", ["models", "README.md"])
def test_nothing_is_written_through_a_link(
    project: World, export: Callable[..., Outcome], tmp_path: Path, link: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Path("monitoring").mkdir()
    (Path("monitoring") / link).symlink_to(elsewhere / ("" if link == "models" else "new.md"))
    code, _, error = export("monitoring")
    assert code == 2
    assert f"monitoring/{link} is a link" in error
    assert list(elsewhere.iterdir()) == []
    assert [path.name for path in Path("monitoring").iterdir()] == [link]


def test_a_folder_that_cannot_be_written_is_named(project: World, export: Callable[..., Outcome]) -> None:
    Path("taken").write_text("", encoding="utf-8")
    code, _, error = export("taken/monitoring")
    assert code == 2
    assert "taken/monitoring" in error
    assert "Traceback" not in error


def test_types_are_read_from_the_warehouse(project: World, export: Callable[..., Outcome]) -> None:
    project.monitor["features"] = {"categorical": ["regoin"]}
    Path("sqlmonitor.yml").write_text(project.text("duckdb:///shop.duckdb"), encoding="utf-8")
    code, _, error = export("monitoring")
    assert code == 2
    assert "region" in error
    assert not Path("monitoring").exists()
