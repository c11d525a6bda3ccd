"""A manifest that is missing, broken, of an unknown schema, stale or of another target is said so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dbt_manifests import Shop, changed

from sqlmonitor import dbt
from sqlmonitor.dbt.manifest import Manifest
from sqlmonitor.dbt.project import DbtProject
from sqlmonitor.errors import ConfigurationError

TEXT = """\
version: 1
warehouse: {dbt_profile: shop}
monitors:
  - name: loans
    task: none
    predictions: {dbt: "ref('scored_loans')"}
    timestamp: asked_at
    reference: "asked_at < timestamp '2024-03-01'"
    chunks: month
"""


def written(folder: Path, text: str = TEXT) -> Path:
    file = folder / "sqlmonitor.yml"
    file.write_text(text, encoding="utf-8")
    return file


def fails(file: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as found:
        dbt.load(file)
    return found.value


def test_a_missing_manifest_says_how_to_make_it(shop: Shop) -> None:
    folder = shop()
    (folder / "target" / "manifest.json").unlink()
    error = fails(written(folder))
    assert (error.file, error.message) == (
        str(folder / "target" / "manifest.json"),
        "dbt's manifest is missing",
    )
    assert error.remedy is not None
    assert "dbt parse" in error.remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not readable as JSON"),
        ('{"metadata": {', "is not readable as JSON"),
        ("[" * 100_000, "is not readable as JSON"),
        ("[]", "is no manifest of dbt's"),
        ('{"nodes": {}, "sources": {}}', "is no manifest of dbt's"),
        ('{"metadata": {"dbt_schema_version": 12}, "nodes": {}, "sources": {}}', "is no manifest of dbt's"),
        (
            '{"metadata": {"dbt_schema_version": "x/manifest/v12.json"}, "nodes": [], "sources": {}}',
            "is no manifest",
        ),
    ],
)
def test_what_is_no_manifest_is_refused(shop: Shop, text: str, message: str) -> None:
    folder = shop()
    (folder / "target" / "manifest.json").write_text(text, encoding="utf-8")
    error = fails(written(folder))
    assert message in error.message
    assert error.remedy == "make it anew: dbt parse"


@pytest.mark.parametrize(("schema", "dbt_version"), [("v11", "1.7.19"), ("v20", "2.0.0-preview")])
def test_an_unknown_schema_is_named(shop: Shop, schema: str, dbt_version: str) -> None:
    folder = shop()
    found = {
        "dbt_schema_version": f"https://schemas.getdbt.com/dbt/manifest/{schema}.json",
        "dbt_version": dbt_version,
    }
    changed(folder / "target" / "manifest.json", lambda data: data["metadata"].update(found))
    error = fails(written(folder))
    assert error.message == f"the manifest has schema {schema}, of dbt {dbt_version}, which is not known here"
    assert error.remedy is not None
    assert "v12 (dbt 1.8 to 1.12)" in error.remedy


@pytest.mark.parametrize("version", ["1.11", "1.12"])
def test_a_stale_manifest_names_what_changed(
    shop: Shop, caplog: pytest.LogCaptureFixture, version: str
) -> None:
    """The two hash a text in different ways."""
    folder = shop(version)
    made_at = "2026-01-01T00:00:00Z"
    changed(folder / "target" / "manifest.json", lambda data: data["metadata"].update(generated_at=made_at))
    for path in folder.rglob("*.*"):
        os.utime(path, (0, 0))
    manifest = Manifest.of(DbtProject(folder))
    assert manifest.newer_files() == []
    # Written again as it was, as by a checkout: the manifest has the text's hash.
    (folder / "models" / "outcomes.sql").touch()
    assert manifest.newer_files() == []
    (folder / "models" / "amounts.sql").write_text("select 1 as loan_id", encoding="utf-8")
    (folder / "models" / "exposures.yml").touch()
    assert manifest.newer_files() == [str(Path("models/amounts.sql")), str(Path("models/exposures.yml"))]
    dbt.load(written(folder))
    (said,) = [record.getMessage() for record in caplog.records]
    assert "is older than models/amounts.sql, models/exposures.yml" in said
    assert said.endswith("make it anew: dbt parse --target dev")


def test_models_outside_of_the_project_are_not_walked(shop: Shop, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "new.sql").touch()
    folder = shop()
    project = folder / "dbt_project.yml"
    places = f'["{elsewhere}", "{os.path.relpath(elsewhere, folder)}", "{folder / "models"}"]'
    text = project.read_text(encoding="utf-8").replace("[models]", places)
    project.write_text(text, encoding="utf-8")
    made_at = "2026-01-01T00:00:00Z"
    changed(folder / "target" / "manifest.json", lambda data: data["metadata"].update(generated_at=made_at))
    for path in folder.rglob("*.*"):
        os.utime(path, (0, 0))
    (folder / "models" / "amounts.sql").write_text("select 1 as loan_id", encoding="utf-8")
    manifest = Manifest.of(DbtProject(folder))
    assert manifest.newer_files() == [str(Path("models/amounts.sql"))]
    manifest = Manifest.of(DbtProject(Path(os.path.relpath(folder))))
    assert manifest.newer_files() == [str(Path("models/amounts.sql"))]


def test_a_manifest_of_another_target_is_refused(shop: Shop) -> None:
    folder = shop("prod")
    error = fails(written(folder))
    assert error.message == (
        "the manifest was made for another target than 'dev': model 'amounts' stands in schema 'analytics', "
        "where 'dev' has 'main'"
    )
    assert error.remedy == "make it for this one: dbt parse --target dev"
    project = dbt.load(written(folder, TEXT.replace("shop}", "shop, target: prod}")))
    assert project.monitors[0].predictions.relation == '"shop"."analytics"."scored_loans_now"'


def test_a_hidden_file_is_not_in_the_error(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shop("prod")
    monkeypatch.setenv("SHOP_FILE", str(folder / "tops3cret.duckdb"))
    error = fails(written(folder, TEXT.replace("shop}", "shop, target: prod}")))
    assert "stands in database 'shop', where 'prod' has '***'" in error.message
    assert "tops3cret" not in str(error)


def test_the_target_of_the_file_is_checked_where_the_warehouse_is_a_url(shop: Shop) -> None:
    text = TEXT.replace("{dbt_profile: shop}", "duckdb:///shop.duckdb")
    folder = shop("prod")
    relation = dbt.load(written(folder, text)).monitors[0].predictions.relation
    assert relation == '"shop"."analytics"."scored_loans_now"'
    error = fails(written(folder, f"{text}dbt: {{target: dev}}\n"))
    assert "another target than 'dev'" in error.message


def test_a_project_that_names_schemas_itself_is_not_compared(shop: Shop) -> None:
    folder = shop("prod")
    changed(
        folder / "target" / "manifest.json",
        lambda data: data["macros"].update({"macro.shop.generate_schema_name": {}}),
    )
    assert dbt.load(written(folder)).monitors[0].predictions.relation is not None


def test_two_targets_are_one_too_many(shop: Shop) -> None:
    text = TEXT.replace("shop}", "shop, target: dev}") + "dbt: {target: prod}\n"
    error = fails(written(shop(), text))
    assert (error.line, error.key) == (10, "dbt.target")
    assert error.message == "is 'prod', but the warehouse has target 'dev'"


def test_a_manifest_of_another_adapter_is_refused(shop: Shop) -> None:
    error = fails(written(shop("postgres")))
    assert (error.line, error.key) == (2, "warehouse")
    assert error.message == "dbt's manifest is of adapter postgres, but the warehouse speaks duckdb"


def test_without_a_project_the_place_is_named(tmp_path: Path) -> None:
    text = TEXT.replace("{dbt_profile: shop}", "duckdb://")
    error = fails(written(tmp_path, text))
    assert (error.line, error.key) == (6, "monitors[0].predictions")
    assert error.remedy is not None
    assert "--dbt DIR" in error.remedy
    error = fails(written(tmp_path, f"{text}dbt: {{project: nowhere}}\n"))
    assert (error.line, error.key) == (10, "dbt.project")
    assert "there is no dbt_project.yml in" in error.message


def test_the_project_is_found_from_the_file_or_named(shop: Shop, tmp_path: Path) -> None:
    folder = shop()
    inside = folder / "models" / "staging"
    beside = tmp_path / "monitoring"
    beside.mkdir()
    expected = '"shop"."main"."scored_loans_now"'
    assert dbt.load(written(inside)).monitors[0].predictions.relation == expected
    project = dbt.load(written(beside, f"{TEXT}dbt: {{project: ../shop}}\n"))
    assert project.monitors[0].predictions.relation == expected
    assert dbt.load(written(beside), dbt=folder).monitors[0].predictions.relation == expected
    assert project.warehouse == f"duckdb:///{(folder / 'shop.duckdb')}"


def test_a_wrong_name_has_its_line_and_what_stands_for_a_call_is_kept(shop: Shop) -> None:
    folder = shop()
    target = """    target: {column: defaulted, relation: {dbt: "ref('outcomes')"}, on: loan_id}\n    id: loan_id\n"""
    project = dbt.load(written(folder, TEXT + target))
    assert project.dbt_calls == {
        '"shop"."main"."scored_loans_now"': "ref('scored_loans')",
        '"shop"."main_labels"."loan_outcomes"': "ref('outcomes')",
    }
    error = fails(written(folder, TEXT + target.replace("outcomes", "outcome")))
    assert (error.line, error.key) == (10, "monitors[0].target.relation.dbt")
    assert "did you mean 'outcomes'?" in str(error)
    error = fails(written(folder, TEXT.replace("scored_loans')", "scored_loans'")))
    assert (error.line, error.key) == (6, "monitors[0].predictions.dbt")
    assert "is not a dbt reference" in error.message
