"""Whatever stands in names, levels, queries and descriptions, dbt renders it as it is, and calls nothing of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
from dbt_projects import build, connection, needs_dbt, write_profiles
from dbt_rendering import World, equal, exported, make, models_of, ordered, plain_text, write
from ruamel.yaml import YAML

from sqlmonitor.dbt_export import Package

NAMES = [
    "{{ env_var('HOME') }}",
    "{% set x = 1 %}'; drop table scored; --",
    "{# lost #}",
    'a "quoted" name }} {{',
    "two\nlines -- {{ 7 * 7 }}\nmore",
    "two\r\nlines -- {% 7\rmore",
    "{%- raw -%} {% endraw %}",
    "sqlmonitor_dbt_0_ sqlmonitor_dbt__1_",
]
LEVELS = {
    "north": "{{ this }}",
    "south": "{% if true %}\r'; --",
    "east": "sqlmonitor_dbt_0_",
    "west": "{'{'}#}",
}
SCORE = "a score\n-- {{ 7 * 7 }}\nmore"
DESCRIPTION = "{{ doc('x') }} {% for x in y %} {# #} \"'\\n: - | >"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def made_hostile(made: World) -> None:
    """Puts the words into a world and its monitor."""
    made.sql('alter table scored rename to "{{ x }} scored"')
    for plain, name in LEVELS.items():
        made.sql(f'update "{{{{ x }}}} scored" set region = {literal(name)} where region = {literal(plain)}')
    for number, name in enumerate(NAMES):
        made.sql(f'alter table "{{{{ x }}}} scored" add column {quoted(name)} double')
        made.sql(f'update "{{{{ x }}}} scored" set {quoted(name)} = amount + {number}')
    extra = f"score as {quoted(SCORE)}"
    monitor = made.monitor
    monitor["name"] = "{{ env_var('HOME') }}'; drop table outcomes; -- {%"
    monitor["description"] = DESCRIPTION
    monitor["predictions"] = {
        "sql": f"""
            -- {{{{ a comment }}}} of the user's
            with scored as (select *, {extra} from "{{{{ x }}}} scored")
            select *, '{{{{ this }}}}' || region as braced /* {{% raw %}} */ from scored
            where region is null or region <> '{{{{ config(materialized="x") }}}}'
        """
    }
    monitor["model"]["score"] = SCORE
    monitor["features"] = {"numeric": ["amount", *NAMES], "categorical": ["region", "braced"]}
    monitor["segments"] = ["region"]
    # Names and levels reach the same models whatever the metrics are.
    monitor["metrics"] = {
        "drift": ["jensen_shannon"],
        "performance": ["roc_auc"],
        "quality": ["missing", "unseen"],
        "summary": ["mean"],
    }
    monitor["kpis"] = [
        {"name": "{{ kpi }}", "sql": "sum(case when region = '{{ this }}' then 1 else 0 end) / count(*)"}
    ]
    monitor["where"] = "coalesce(region, '') <> '{% endif %}'"


@pytest.fixture(scope="module")
def hostile() -> Iterator[World]:
    made = World()
    made_hostile(made)
    yield made
    made.connection.close()


@pytest.fixture(scope="module")
def package(hostile: World) -> Package:
    return exported(hostile.project(), hostile.engine, profile=NAMES[0])


def test_results_are_those_of_a_run(hostile: World, package: Package) -> None:
    before = hostile.sql("select count(*) from outcomes")
    relations = make(package, hostile.sql, {"monitored.outcomes": "outcomes"})
    expected = hostile.by_run()
    equal(hostile.by_package(relations), expected)
    assert set(NAMES) < set(expected["column_name"])
    assert set(LEVELS.values()) < set(expected["segment_value"])
    assert set(expected["monitor"]) == {hostile.monitor["name"]}
    assert hostile.sql("select count(*) from outcomes") == before


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from strings(one)


def test_yaml_has_no_word_of_the_user_but_as_text(package: Package) -> None:
    allowed = {"var": lambda _, default: default, "target": {"schema": "main"}}
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    rendered = []
    for path, text in package.files.items():
        assert all(part.replace(".", "_").isidentifier() for part in path.split("/")), path
        if path.endswith(".yml"):
            rendered += [
                environment.from_string(one).render(allowed) for one in strings(YAML(typ="safe").load(text))
            ]
    assert sum(DESCRIPTION in one for one in rendered) == 8
    assert NAMES[0] in rendered


def test_what_breaks_a_promise_is_named_in_comments_only(package: Package) -> None:
    tests = {path: text for path, text in package.files.items() if path.startswith("tests/")}
    told = [text for text in tests.values() if "a score" in plain_text(text.partition("\nSELECT")[0])]
    assert told
    for text in tests.values():
        head = text.partition("\nSELECT")[0]
        assert all(line.startswith("--") for line in plain_text(head).splitlines()), head


def test_models_call_only_what_we_wrote(package: Package) -> None:
    environment = jinja2.Environment()
    called = set()
    for text in models_of(package).values():
        for call in environment.parse(text).find_all(jinja2.nodes.Call):
            called.add(call.node.name)
    assert called == {"config", "ref", "source", "var", "is_incremental"}


@needs_dbt
@pytest.mark.slow
def test_dbt_itself_renders_them_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLMONITOR_SECRET", "a-secret-8fd1")
    file = tmp_path / "shop.duckdb"
    world = World(str(file))
    made_hostile(world)
    world.monitor["description"] += " {{ env_var('SQLMONITOR_SECRET') }}"
    world.monitor["kpis"][0]["name"] = "{{ env_var('SQLMONITOR_SECRET') }}"
    expected = world.by_run()
    write(exported(world.project(), world.engine), tmp_path)
    world.connection.close()
    write_profiles(tmp_path, watched=connection(f"duckdb:///{file}"))
    build(tmp_path)
    with duckdb.connect(str(file)) as opened:
        found = opened.execute("select * from main_sqlmonitor.sqlmonitor_results").df()
    equal(ordered(found), expected)
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text(encoding="utf-8"))
    told = manifest["nodes"]["model.watched.sqlmonitor_results"]["description"]
    assert world.monitor["description"] in told
    compiled = [path.read_text(encoding="utf-8") for path in (tmp_path / "target" / "run").rglob("*.sql")]
    assert len(compiled) > 50
    assert not any("a-secret-8fd1" in text for text in compiled)
