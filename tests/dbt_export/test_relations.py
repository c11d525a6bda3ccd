"""A user's relation is a model or a source to dbt, or stays in the SQL where dbt cannot say its name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import sqlglot
from dbt_rendering import models_of
from ruamel.yaml import YAML

from sqlmonitor import dbt_export, planner
from sqlmonitor.dbt_export import Package
from sqlmonitor.dbt_export.relations import OF_USER, Relations
from sqlmonitor.definitions import loads
from sqlmonitor.errors import UnsupportedError

MONITOR = {
    "name": "rows",
    "task": "none",
    "predictions": "scored",
    "timestamp": "at",
    "reference": "at < timestamp '2024-03-01'",
    "chunks": "month",
    "features": {"categorical": ["region"]},
    "metrics": {"drift": [], "quality": [], "summary": ["row_count"]},
}


def exported(
    changes: Mapping[str, Any],
    calls: Mapping[str, str] | None = None,
    *,
    warehouse: str = "duckdb://",
) -> Package:
    """A package of the monitor; calls are dbt's, by what the manifest gave for them."""
    text = json.dumps({"version": 1, "warehouse": warehouse, "monitors": [MONITOR | changes]})
    project = loads(text)
    monitor = project.monitors[0]
    plan = planner.plan(project, monitor)
    return dbt_export.package(project, [(monitor, plan)], name="watched", calls=calls or {})


def counting(package: Package) -> str:
    """The text of a model that reads the predictions."""
    return models_of(package)["rows__category_counts"]


def sources(package: Package) -> list[dict[str, Any]]:
    text = package.files.get("models/sources.yml", "sources: []")
    return list(YAML(typ="safe").load(text)["sources"])


@pytest.mark.parametrize(
    ("relation", "source", "schema", "identifier"),
    [
        ("scored", "monitored", "{{ var('sqlmonitor_source_schema', target.schema) }}", "scored"),
        ("shop.scored", "monitored_shop", "shop", "scored"),
        ("lake.shop.scored", "monitored_lake_shop", "shop", "scored"),
        (
            '"my scored rows"',
            "monitored",
            "{{ var('sqlmonitor_source_schema', target.schema) }}",
            "my scored rows",
        ),
    ],
)
def test_a_plain_name_is_a_source(relation: str, source: str, schema: str, identifier: str) -> None:
    package = exported({"predictions": relation})
    (declared,) = sources(package)
    (table,) = declared["tables"]
    assert (declared["name"], declared["schema"], table["identifier"]) == (source, schema, identifier)
    assert declared.get("database") == ("lake" if relation.startswith("lake") else None)
    assert f"{{{{ source('{source}', '{table['name']}') }}}} AS prediction" in counting(package)


@pytest.mark.parametrize(
    "name",
    ['a""b', "{{ x }}", *(pytest.param(name, marks=pytest.mark.slow) for name in ("semi;colon", "quo'te"))],
)
def test_a_name_that_dbt_would_put_into_sql_unread_stays_in_the_sql(name: str) -> None:
    shown = name.replace("{{", "{{ '{{' }}")
    package = exported({"predictions": f'"{shown}"'})
    assert sources(package) == []
    written = f'FROM "{name}" AS prediction'.replace("{", "{{ '{' }}")
    assert written in counting(package)


def test_names_fold_as_the_engine_folds_them() -> None:
    package = exported({"predictions": 'Shop."Scored"'}, warehouse="postgresql://host/shop")
    (declared,) = sources(package)
    assert declared["schema"] == "shop"
    assert declared["tables"][0]["identifier"] == "Scored"


def test_what_dbt_names_is_named_so() -> None:
    relation = '"shop"."main"."scored"'
    package = exported({"predictions": relation}, {relation: "ref('risk', 'scored', v=2)"})
    assert "{{ ref('risk', 'scored', v=2) }} AS prediction" in counting(package)
    assert sources(package) == []
    assert "In that project" in package.files["README.md"]
    alone = exported({"predictions": relation})
    assert "ref('risk'" not in "".join(alone.files.values())
    (declared,) = sources(alone)
    assert (declared["database"], declared["schema"]) == ("shop", "main")
    assert "In that project" not in alone.files["README.md"]


def test_an_ephemeral_model_is_named_and_not_copied() -> None:
    query = "with raw as (select * from main.raw) select *, 'copied' as mark from raw"
    package = exported({"predictions": {"sql": query}}, {query: "ref('shop', 'ephemeral')"})
    text = counting(package)
    assert "{{ ref('shop', 'ephemeral') }} AS prediction" in text
    assert "copied" not in text
    assert sources(package) == []


def test_relations_in_a_query_are_sources_and_its_own_parts_are_not() -> None:
    query = (
        "with scored as (select * from shop.scored where region in (select name from regions)) "
        "select scored.* from scored left join read_csv('/data/more.csv') as more on true"
    )
    package = exported({"predictions": {"sql": query}})
    text = counting(package)
    assert "{{ source('monitored_shop', 'scored') }} AS scored" in text
    assert "{{ source('monitored', 'regions') }} AS regions" in text
    assert "FROM scored" in text
    assert "'/data/more.csv'" in text


@pytest.mark.parametrize(
    ("query", "tables", "parts"),
    [
        ("with t as (select * from t as one) select * from t as two", "one", "two"),
        ("with recursive t as (select * from t as one) select * from t as two", "", "one two"),
        ("with t as (select * from u as one), u as (select * from t as two) select 1", "one", "two"),
        ("select * from (with t as (select 1) select * from t as one) join t as two on true", "two", "one"),
        (
            "with t as (select 1) select (select 1 from T as one) union all select * from s.t as two",
            "two",
            "one",
        ),
        ("with a as (with t as (select 1) select * from t as one) select * from t as two", "two", "one"),
    ],
)
def test_a_table_is_told_from_a_part_of_the_query_with_its_name(query: str, tables: str, parts: str) -> None:
    """By the rules of SQL: a part that is not recursive sees neither itself nor one that comes later."""
    tree = Relations("duckdb").marked(sqlglot.parse_one(query, dialect="duckdb"))
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for table in tree.find_all(sqlglot.exp.Table):
        found[table.meta[OF_USER]].add(table.alias)
    assert found == {True: set(tables.split()), False: set(parts.split())}


def test_two_places_are_two_sources_though_their_names_run_together() -> None:
    query = "select one.* from a_b.c.t as one cross join a.b_c.t as two cross join a.b_c.u as three"
    package = exported({"predictions": {"sql": query}})
    declared = {
        source["name"]: (
            source["database"],
            source["schema"],
            [one["identifier"] for one in source["tables"]],
        )
        for source in sources(package)
    }
    assert sorted(declared.values()) == [("a", "b_c", ["t", "u"]), ("a_b", "c", ["t"])]
    called = re.findall(r"source\('(\w+)', '(\w+)'\) \}\} AS (one|two|three)", counting(package))
    assert {alias: declared[name][:2] for name, _, alias in called} == {
        "one": ("a_b", "c"),
        "two": ("a", "b_c"),
        "three": ("a", "b_c"),
    }


def test_a_part_of_the_query_is_not_taken_for_one_of_our_steps() -> None:
    query = "with sqlmonitor_chunk_counts as (select * from scored) select * from sqlmonitor_chunk_counts"
    text = counting(exported({"predictions": {"sql": query}}))
    assert "FROM sqlmonitor_chunk_counts" in text
    assert "ref('rows__chunk_counts')" not in text


@pytest.mark.parametrize(
    "predictions", ["'scores.parquet'", {"sql": "select * from read_csv(['/a.csv', 'data/b.csv.gz'])"}]
)
def test_a_file_by_a_path_from_here_is_refused(predictions: str | dict[str, str]) -> None:
    """dbt runs elsewhere."""
    with pytest.raises(UnsupportedError, match="is a file by a path from the folder where sqlmonitor runs"):
        exported({"predictions": predictions})


def test_what_dbt_has_no_adapter_for_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="dbt has no adapter for datafusion"):
        exported({}, warehouse="datafusion:///lake")


def test_models_are_in_folders_by_what_they_read() -> None:
    folders = {
        path.split("/")[2]
        for path in exported({}).files
        if path.startswith("models/rows/") and path.count("/") == 3
    }
    assert folders == {"reference", "counts", "metrics"}


def test_hostile_names_of_monitors_and_stores_are_plain_names_of_files() -> None:
    package = exported({"name": '../../\'; drop table x; -- "ü"'})
    assert all(".." not in path and path.isascii() and " " not in path for path in package.files)
    names = [
        path.rpartition("/")[2].partition(".")[0] for path in package.files if path.startswith("models/")
    ]
    assert max(map(len, names)) <= 55
