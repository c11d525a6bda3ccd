"""ref and source against manifests that several versions of dbt made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dbt_manifests import VERSIONS, Shop

from sqlmonitor.cli.entry import main
from sqlmonitor.dbt.manifest import Manifest
from sqlmonitor.dbt.project import DbtProject
from sqlmonitor.dbt.references import Found, resolve, with_package
from sqlmonitor.definitions.dbt_call import DbtCall, read_call
from sqlmonitor.errors import ConfigurationError

LOANS = '"shop"."raw"."loans_2024"'
# As `dbt compile` prints the model's relation, or the SQL that stands in its file with the source put in.
RELATIONS = {
    "ref('scored_loans')": Found(relation='"shop"."main"."scored_loans_now"'),
    "ref('scored_loans', v=2)": Found(relation='"shop"."main"."scored_loans_now"'),
    "ref('scored_loans', version='1')": Found(relation='"shop"."main"."scored_loans_before"'),
    'ref("shop", "scored_loans", v=1)': Found(relation='"shop"."main"."scored_loans_before"'),
    "ref('outcomes')": Found(relation='"shop"."main_labels"."loan_outcomes"'),
    "ref('risk', 'limits')": Found(relation='"shop"."main"."limits"'),
    "ref('limits')": Found(relation='"shop"."main"."limits"'),
    "source('bank', 'loans')": Found(relation=LOANS),
    "ref('stg_loans')": Found(sql=f"select loan_id, asked_at, amount, grade, score, predicted from {LOANS}"),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_dbt_gives_the_same_relations(shop: Shop, version: str) -> None:
    manifest = Manifest.of(DbtProject(shop(version)))
    assert manifest.data["metadata"]["dbt_version"].startswith(f"{version}.")
    for text, expected in RELATIONS.items():
        assert resolve(read_call(text), manifest, takes_query=True) == expected, text


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("ref('scored_loan')", "dbt's project has no model 'scored_loan'", "did you mean 'scored_loans'?"),
        ("ref('risc', 'limits')", "no package 'risc'", "did you mean 'risk'?"),
        ("ref('risk', 'outcomes')", "package 'risk' has no model 'outcomes'", "allowed: limits"),
        ("ref('scored_loans', v=3)", "model 'scored_loans' has no version 3", "allowed: 1, 2"),
        ("ref('outcomes', v=1)", "model 'outcomes' has no version 1", "write ref('outcomes')"),
        ("ref('switched_off')", "model 'switched_off' is disabled", "enable it"),
        ("source('bnk', 'loans')", "no source 'bnk'", "did you mean 'bank'?"),
        ("source('bank', 'loan')", "source 'bank' has no table 'loan'", "did you mean 'loans'?"),
        ("source('bank', 'loans_2024')", "has no table 'loans_2024'", "allowed: loans"),
    ],
)
def test_a_wrong_name_says_what_there_is(shop: Shop, text: str, message: str, hint: str) -> None:
    manifest = Manifest.of(DbtProject(shop()))
    with pytest.raises(ConfigurationError) as found:
        resolve(read_call(text), manifest, takes_query=True)
    assert message in found.value.message
    assert hint in "\n".join(found.value.hints())


def test_an_ephemeral_model_needs_compiled_sql_and_a_place_for_a_query(shop: Shop) -> None:
    manifest = Manifest.of(DbtProject(shop("parsed")))
    with pytest.raises(ConfigurationError, match="no compiled SQL") as found:
        resolve(DbtCall("ref", "stg_loans"), manifest, takes_query=True)
    assert found.value.remedy is not None
    assert "dbt compile --select stg_loans" in found.value.remedy
    with pytest.raises(ConfigurationError, match="is ephemeral") as found:
        resolve(DbtCall("ref", "stg_loans"), manifest, takes_query=False)
    assert found.value.remedy == "materialize it as view or table"


def test_a_package_comes_after_the_root_project(shop: Shop) -> None:
    def beside(data: dict[str, Any]) -> None:
        own = data["nodes"]["model.risk.limits"] | {"package_name": "shop", "relation_name": '"own"."limits"'}
        data["nodes"]["model.shop.limits"] = own

    manifest = Manifest.of(DbtProject(shop(change=beside)))
    assert resolve(read_call("ref('limits')"), manifest, takes_query=True).relation == '"own"."limits"'
    assert resolve(read_call("ref('risk', 'limits')"), manifest, takes_query=True).relation == (
        '"shop"."main"."limits"'
    )


@pytest.mark.parametrize("text", RELATIONS)
def test_a_call_is_written_as_it_is_read(text: str) -> None:
    call = read_call(text)
    assert read_call(str(call)) == call


@pytest.mark.parametrize(
    "text",
    [
        "scored_loans",
        "ref()",
        "ref('')",
        "ref(scored_loans)",
        "ref('a', 'b', 'c')",
        "ref('a', x=1)",
        "ref('a', v=1, version=2)",
        "ref('a', v=[1])",
        "ref('a', **{})",
        "ref(*['a'])",
        "ref('a').name",
        "source('a')",
        "source('a', 'b', v=1)",
        "config('a')",
        "ref('a') or ref('b')",
        "ref('a'); drop table x",
        "ref(__import__('os').name)",
        "ref('a' + 'b')",
        "ref(" * 50_000,
        "ref('a\0')\0",
    ],
)
def test_anything_else_is_no_call(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a dbt reference"):
        read_call(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ref('scored_loans')", "ref('shop', 'scored_loans')"),
        ("ref('scored_loans', v=1)", "ref('shop', 'scored_loans', v=1)"),
        ("ref('limits')", "ref('risk', 'limits')"),
        ("ref('risk', 'limits')", "ref('risk', 'limits')"),
        ("source('bank', 'loans')", "source('bank', 'loans')"),
    ],
)
def test_a_call_gets_the_package_of_what_it_finds(shop: Shop, text: str, expected: str) -> None:
    manifest = Manifest.of(DbtProject(shop()))
    assert str(with_package(read_call(text), manifest)) == expected


def test_an_export_names_models_with_their_project(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the dbt project that the file names: its profile, and what the manifest gave for its calls."""
    folder = shop(warehouse=True)
    monitor = {
        "name": "rows",
        "task": "none",
        "predictions": {"dbt": "ref('scored_loans')"},
        "timestamp": "asked_at",
        "reference": "asked_at < timestamp '2024-03-01'",
        "chunks": "month",
        "features": {"numeric": [], "categorical": ["grade"]},
        "metrics": {"drift": [], "quality": [], "summary": ["row_count"]},
    }
    text = {
        "version": 1,
        "warehouse": {"dbt_profile": "shop"},
        "dbt": {"project": "shop"},
        "monitors": [monitor],
    }
    file = folder.parent / "sqlmonitor.yml"
    file.write_text(json.dumps(text), encoding="utf-8")
    for options, expected in (
        ([], "{{ ref('shop', 'scored_loans') }}"),
        (["--sources"], "{{ source('monitored_shop_main', 'scored_loans_now') }}"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["-c", str(file), "dbt", "export", str(folder.parent / "watch"), *options])
        said = capsys.readouterr()
        assert stopped.value.code == 0, said.err
        assert "profile shop" in said.out
        models = folder.parent / "watch" / "models"
        assert f"FROM {expected} AS prediction" in (
            models / "rows" / "counts" / "rows__category_counts.sql"
        ).read_text(encoding="utf-8")
