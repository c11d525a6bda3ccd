"""Monitors that stand in dbt's own files: what they mean, where their mistakes are, and the file they make."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_manifests import VERSIONS, Shop, changed

import sqlmonitor
from sqlmonitor import dbt, definitions
from sqlmonitor.cli.entry import main
from sqlmonitor.errors import ConfigurationError

EXPOSURE = "exposure.shop.loan_default"
SCORED = "model.shop.scored_loans.v2"
PLAIN = """\
version: 1
warehouse: duckdb:///shop.duckdb
monitors:
  - name: loan_default
    description: Will a loan not be paid back?
    owner: Risk team <risk@example.com>
    url: https://models.example.com/loan_default
    task: binary_classification
    predictions: '"shop"."main"."scored_loans_now"'
    id: loan_id
    timestamp: asked_at
    reference: "asked_at < timestamp '2024-03-01'"
    chunks: month
    model: {score: score, label: predicted, positive: 1}
    target: {column: defaulted, relation: '"shop"."main_labels"."loan_outcomes"', on: loan_id}
    features: {numeric: [amount], categorical: [grade]}
    thresholds:
      - {family: drift, metric: jensen_shannon, constant: {upper: 0.2}}
  - name: amounts
    description: What is asked for
    task: none
    predictions: '"shop"."main"."amounts"'
    id: loan_id
    timestamp: asked_at
    reference: "asked_at < timestamp '2024-03-01'"
    chunks: month
    features: {numeric: [amount]}
"""


def of_meta(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    """Changes the exposure's own meta, wherever the manifest has it."""

    def apply(data: dict[str, Any]) -> None:
        exposure = data["exposures"][EXPOSURE]
        for holder in (exposure, exposure["config"]):
            if "meta" in holder:
                change(holder["meta"]["sqlmonitor"])

    return apply


def of_columns(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    return lambda data: change(data["nodes"][SCORED]["columns"])


def monitor(folder: Path) -> definitions.Monitor:
    return dbt.load(dbt=folder)["loan_default"]


def fails(folder: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as found:
        dbt.load(dbt=folder)
    return found.value


@pytest.mark.parametrize("version", VERSIONS)
def test_an_exposure_and_a_model_are_monitors(shop: Shop, version: str) -> None:
    """All that is not said comes from the exposure: relations, description, owner, url, kinds of features."""
    project = dbt.load(dbt=shop(version))
    expected = definitions.loads(PLAIN)
    assert project.monitors == expected.monitors
    assert project.dbt_calls['"shop"."main"."scored_loans_now"'] == "ref('scored_loans', v=2)"


def test_every_command_takes_the_project_and_gives_what_a_file_gives(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop(warehouse=True)
    monkeypatch.chdir(folder)
    file = folder / "plain.yml"
    file.write_text(PLAIN.replace("monitors:", "store: plain\nmonitors:", 1), encoding="utf-8")
    project = sqlmonitor.load(file)
    with project.connect() as warehouse:
        project["loan_default"].run(warehouse)
    codes = {}
    said = {}
    for name in ("validate", "run", "show", "check", "compile"):
        with pytest.raises(SystemExit) as stopped:
            main([name, "loan_default", "--dbt", str(folder)])
        codes[name] = stopped.value.code
        said[name] = capsys.readouterr().out
    assert codes == {"validate": 0, "run": 0, "show": 0, "check": 1, "compile": 0}
    owner = "Risk team <risk@example.com> · https://models.example.com/loan_default"
    assert owner in said["run"]
    assert f"Next: sqlmonitor --dbt {folder} show loan_default --alerts" in said["run"]
    assert said["check"].endswith(f"  {owner}\n")
    assert '"main"."scored_loans_now"' in said["compile"]
    columns = "* exclude (run_id, computed_at)"
    with duckdb.connect("shop.duckdb") as connection:
        for one, other in (("plain", "sqlmonitor"), ("sqlmonitor", "plain")):
            differing = (
                f"select {columns} from {one}.results except all select {columns} from {other}.results"
            )
            assert connection.sql(differing).fetchall() == []
        assert connection.sql("select 1 from plain.results where is_alert").fetchall() != []
        owned = connection.sql("select monitor, owner, url from sqlmonitor.monitors").fetchall()
        page = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text(encoding="utf-8")
        (query,) = re.findall(r"```sql\n(select.*?)```", page, re.DOTALL)
        alerts = connection.sql(query).fetchall()
    assert {(row[0], row[1]) for row in alerts} == {("loan_default", "Risk team <risk@example.com>")}
    assert owned == [
        ("loan_default", "Risk team <risk@example.com>", "https://models.example.com/loan_default")
    ]


def test_the_imported_file_says_the_same(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shop()
    with pytest.raises(SystemExit) as stopped:
        main(["dbt", "import", "--dbt", str(folder)])
    said = capsys.readouterr().out
    assert stopped.value.code == 0
    file = folder / "sqlmonitor.yml"
    assert said.startswith(f"wrote {file}: loan_default, amounts\n")
    text = file.read_text(encoding="utf-8")
    assert """predictions: {dbt: "ref('scored_loans', v=2)"}""" in text
    assert "- grade  # The bank's own grade, 1 is best" in text
    imported = dbt.load(file)
    assert imported.monitors == dbt.load(dbt=folder).monitors
    assert imported.warehouse == f"duckdb:///{folder / 'shop.duckdb'}"
    with pytest.raises(SystemExit) as stopped:
        main(["dbt", "import", "--dbt", str(folder)])
    assert stopped.value.code == 2
    assert "is there already" in capsys.readouterr().err


def test_a_mistake_has_its_place_in_dbts_file(shop: Shop) -> None:
    folder = shop()
    file = folder / "models" / "exposures.yml"
    text = file.read_text(encoding="utf-8")
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "chunks: month" in one)
    file.write_text(text.replace("chunks: month", "chunks: mnth"), encoding="utf-8")
    changed(folder / "target" / "manifest.json", of_meta(lambda meta: meta.update(chunks="mnth")))
    error = fails(folder)
    assert (error.file, error.line) == (str(file), line)
    assert error.key == "exposures[0].meta.sqlmonitor.chunks"
    assert "did you mean 'month'?" in str(error)


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        (lambda meta: meta.update(tsk="none"), "tsk", "unknown key 'tsk'"),
        (lambda meta: meta.pop("task"), "", "key 'task' is missing"),
        (lambda meta: meta.update(where="1; drop table x"), "where", "cannot have a semicolon"),
        (lambda meta: meta.update(predictions={"dbt": "ref('x')"}), "predictions.dbt", "has no model 'x'"),
        (lambda meta: meta.update(target="x"), "target", "must be a mapping"),
        (lambda meta: meta.update(model=3), "model", "must be a mapping"),
    ],
)
def test_mistakes_of_every_kind_name_the_exposure(
    shop: Shop, change: Callable[[dict[str, Any]], object], key: str, message: str
) -> None:
    folder = shop(change=of_meta(change))
    error = fails(folder)
    assert error.file == str(folder / "models" / "exposures.yml")
    assert error.key is not None
    assert error.key == "exposures[0].meta.sqlmonitor" + (f".{key}" if key else "")
    assert error.line is not None
    assert error.line > 10
    assert message in error.message


@pytest.mark.parametrize("meta", [True, "x", ["a"]])
def test_meta_that_is_no_mapping_is_refused(shop: Shop, meta: Any) -> None:
    def change(data: dict[str, Any]) -> None:
        exposure = data["exposures"][EXPOSURE]
        exposure["meta"] = exposure["config"]["meta"] = {"sqlmonitor": meta}

    assert "must be a mapping of a monitor's keys" in fails(shop(change=change)).message


def test_config_meta_goes_before_meta(shop: Shop) -> None:
    def change(data: dict[str, Any]) -> None:
        exposure = data["exposures"][EXPOSURE]
        exposure["meta"] = {"sqlmonitor": {"task": "none"}}

    assert monitor(shop(change=change)).task == "binary_classification"


def test_what_meta_says_goes_before_the_exposure(shop: Shop) -> None:
    said = {
        **{"name": "loans", "owner": "me", "url": "http://x", "description": "d"},
        **{"predictions": "ref('scored_loans', v=1)", "features": {"numeric": ["amount"]}},
    }
    project = dbt.load(dbt=shop(change=of_meta(lambda meta: meta.update(said))))
    found = project["loans"]
    assert (found.owner, found.url, found.description) == ("me", "http://x", "d")
    assert found.predictions.relation == '"shop"."main"."scored_loans_before"'
    assert found.features.numeric == ("amount",)
    assert found.target is not None
    assert found.target.relation == '"shop"."main_labels"."loan_outcomes"'


def test_relations_that_are_not_clear_are_asked_for(shop: Shop) -> None:
    folder = shop(change=of_columns(lambda columns: columns.clear()))
    error = fails(folder)
    assert error.key == "exposures[0].meta.sqlmonitor.predictions"
    assert "ref('scored_loans', v=2), ref('outcomes')" in error.message
    changed(
        folder / "target" / "manifest.json",
        lambda data: data["exposures"][EXPOSURE]["depends_on"].update(nodes=[]),
    )
    assert "depends_on has no relation" in fails(folder).message
    # One relation is the predictions, documented or not.
    changed(
        folder / "target" / "manifest.json",
        lambda data: data["exposures"][EXPOSURE]["depends_on"].update(nodes=[SCORED]),
    )
    said = {"features": {"numeric": ["amount"]}, "target": {"column": "defaulted"}}
    changed(folder / "target" / "manifest.json", of_meta(lambda meta: meta.update(said)))
    found = monitor(folder)
    assert found.predictions.relation == '"shop"."main"."scored_loans_now"'
    assert found.target is not None
    assert found.target.relation is None


def test_features_are_typed_by_dbts_columns(shop: Shop) -> None:
    folder = shop(change=of_meta(lambda meta: meta.update(features=["amount", "GRADE"])))
    assert monitor(folder).features.categorical == ("GRADE",)
    manifest = folder / "target" / "manifest.json"
    changed(manifest, of_columns(lambda columns: columns["amount"].update(data_type=None)))
    error = fails(folder)
    assert error.key == "exposures[0].meta.sqlmonitor.features[0]"
    assert "column 'amount' is numeric or categorical is not known: it has no data_type" in error.message
    changed(manifest, of_columns(lambda columns: columns["amount"].update(data_type="timestamp")))
    assert "is of type timestamp, which is neither" in fails(folder).message
    changed(manifest, of_meta(lambda meta: meta.pop("features")))
    assert monitor(folder).features == definitions.Features(categorical=("grade",))
    changed(manifest, of_meta(lambda meta: meta.update(features="all")))
    assert monitor(folder).features == definitions.Features(all=True, categorical=("grade",))
    changed(
        manifest,
        of_columns(lambda columns: columns["amount"]["config"].update(meta={"sqlmonitor": "exclude"})),
    )
    assert monitor(folder).features.exclude == ("amount",)
    changed(
        manifest,
        of_columns(lambda columns: columns["amount"]["config"].update(meta={"sqlmonitor": "numerc"})),
    )
    assert "did you mean 'numeric'?" in str(fails(folder))


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        *(
            ("bigint", "numeric"),
            ("INT64", "numeric"),
            ("numeric(10, 2)", "numeric"),
            ("NUMBER(38,0)", "numeric"),
        ),
        *(("float64", "numeric"), ("double precision", "numeric"), ("string", "categorical")),
        *(("character varying(20)", "categorical"), ("boolean", "categorical"), ("text", "categorical")),
    ],
)
def test_types_of_several_warehouses_are_known(shop: Shop, type_: str, kind: str) -> None:
    features = monitor(
        shop(change=of_columns(lambda columns: columns["amount"].update(data_type=type_)))
    ).features
    assert "amount" in getattr(features, kind)


def test_the_shallow_merge_is_explained(shop: Shop) -> None:
    folder = shop("trap")
    error = fails(folder)
    assert error.message == (
        "meta.sqlmonitor of model 'watched_loans' is written 2 times, and dbt kept one of them whole; "
        "lost: reference, task"
    )
    assert error.file == str(folder / "models" / "models.yml")
    text = (folder / "models" / "models.yml").read_text(encoding="utf-8").splitlines()
    assert error.line is not None
    assert text[error.line - 1].strip() == "sqlmonitor:"
    assert error.remedy is not None
    assert "dbt merges only the first keys of meta" in error.remedy
    assert f"config(meta=…) in {Path('models/watched_loans.sql')}" in error.remedy


def test_a_merge_with_the_projects_own_meta_is_explained_too(shop: Shop) -> None:
    folder = shop()
    file = folder / "dbt_project.yml"
    settings = "    +materialized: view\n    amounts: {+meta: {sqlmonitor: {segments: [grade]}}}\n"
    file.write_text(file.read_text().replace("    +materialized: view\n", settings), encoding="utf-8")
    error = fails(folder)
    assert "meta.sqlmonitor of model 'amounts' is written 2 times" in error.message
    assert "lost: segments" in error.message
    assert "dbt_project.yml, models.shop.amounts.+meta.sqlmonitor" in str(error)


@pytest.mark.parametrize(
    ("sql", "is_found"),
    [
        ("{{ config(meta={'sqlmonitor': {'chunks': 'day'}}) }} select 1", True),
        ('{{- config(tags=f("x"), meta = {"a": 1, "sqlmonitor": {}}) }} select 1', True),
        ("{{ config(\n  meta=dict(sqlmonitor=dict(a=1))) }} select 1", True),
        ("{{ config(meta={'owner': 'x'}) }} select sqlmonitor from x", False),
        ("select '{{ meta }}', sqlmonitor: 1", False),
        ("-- config(meta={'sqlmonitor': 1})", False),
    ],
)
def test_config_in_sql_is_recognized(shop: Shop, sql: str, is_found: bool) -> None:
    folder = shop(change=lambda data: data["nodes"]["model.shop.amounts"].update(raw_code=sql))
    if is_found:
        assert "is written 2 times" in fails(folder).message
    else:
        assert dbt.load(dbt=folder)["amounts"].task == "none"


def test_a_project_without_monitors_says_where_they_go(shop: Shop) -> None:
    def change(data: dict[str, Any]) -> None:
        data["exposures"] = {}
        data["nodes"].pop("model.shop.amounts")

    error = fails(shop(change=change))
    assert "no exposure of type ml and no model has meta.sqlmonitor" in error.message


def test_other_exposures_and_packages_are_left_alone(shop: Shop) -> None:
    def change(data: dict[str, Any]) -> None:
        data["exposures"][EXPOSURE]["type"] = "dashboard"
        hostile = {"sqlmonitor": {"task": "none", "predictions": {"sql": "select 1"}}}
        data["nodes"]["model.risk.limits"]["config"]["meta"] = hostile

    assert [one.name for one in dbt.load(dbt=shop(change=change)).monitors] == ["amounts"]


def test_the_store_is_a_variable_of_the_project(shop: Shop) -> None:
    folder = shop()
    file = folder / "dbt_project.yml"
    file.write_text(f"{file.read_text()}vars: {{sqlmonitor_store: monitoring}}\n", encoding="utf-8")
    assert dbt.load(dbt=folder).store == "monitoring"


def test_groups_own_models(shop: Shop) -> None:
    def change(data: dict[str, Any]) -> None:
        data["nodes"]["model.shop.amounts"]["group"] = "risk"
        data["groups"] = {
            "group.shop.risk": {"name": "risk", "owner": {"name": None, "email": ["a@b", "c@d"]}}
        }

    assert dbt.load(dbt=shop(change=change))["amounts"].owner == "a@b, c@d"


def test_a_file_that_cannot_be_read_again_costs_only_the_line(shop: Shop) -> None:
    folder = shop(change=of_meta(lambda meta: meta.update(chunks="mnth")))
    (folder / "models" / "exposures.yml").write_text("a: 1\na: !x 2\n", encoding="utf-8")
    error = fails(folder)
    assert error.file == str(folder / "models" / "exposures.yml")
    assert re.search("mnth", error.message)


def test_variables_need_a_file(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["validate", "--dbt", str(shop()), "--vars", json.dumps({"a": 1})])
    assert stopped.value.code == 2
    assert "name it: -c PATH" in capsys.readouterr().err
