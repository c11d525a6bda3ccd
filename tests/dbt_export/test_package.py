"""The package of a monitor: what stands in its files, and that its SQL alone gives the results of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from dbt_rendering import INVOCATION, SOURCES, World, equal, exported, make, models_of, rendered
from ruamel.yaml import YAML

from sqlmonitor.dbt_export import Package

FEW = {"drift": ["jensen_shannon"], "quality": [], "summary": []}
"""Metrics of a small plan, where what is asked does not depend on them."""


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.connection.close()


@pytest.fixture(scope="module")
def package() -> Package:
    """Of the small world as it is."""
    made = World()
    with made.connection:
        return exported(made.project(), made.engine)


def test_the_sql_alone_gives_the_results_of_a_run(world: World, package: Package) -> None:
    relations = make(package, world.sql, SOURCES)
    equal(world.by_package(relations), world.by_run())
    assert world.sql("select distinct run_id from built.sqlmonitor_results") == [(INVOCATION,)]
    stored = {
        table: world.sql(f"select * from sqlmonitor.{table} order by all")
        for table in ("histograms", "score_histograms", "edges", "levels", "calibration", "thresholds")
    }
    for table, expected in stored.items():
        found = world.sql(f"select * from built.sqlmonitor_{table} order by all")
        assert [len(row) for row in found] == [len(row) for row in expected]
        pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected), rtol=1e-12, atol=1e-14)
    types = "select column_name, column_type from (describe {}.{}results)"
    assert world.sql(types.format("built", "sqlmonitor_")) == world.sql(types.format("sqlmonitor", ""))


def test_a_later_build_reads_what_is_new(world: World, package: Package) -> None:
    expected = world.by_run()
    world.sql("create table later as select * from scored where happened >= timestamp '2024-07-01'")
    world.sql("delete from scored where happened >= timestamp '2024-07-01'")
    first = make(package, world.sql, SOURCES)
    assert world.by_package(first)["chunk"].max() == "2024-06-01"
    # What is not to be read again is not there: the reference, and all chunks but the newest and the one before it.
    world.sql("delete from scored where happened < timestamp '2024-05-01'")
    world.sql("insert into scored from later")
    second = make(package, world.sql, SOURCES, first)
    equal(world.by_package(second), expected)


@pytest.mark.slow
def test_what_is_read_again_is_replaced(world: World, package: Package) -> None:
    first = make(package, world.sql, SOURCES)
    newest = world.by_package(first)["chunk"].max()
    world.sql(f"delete from scored where happened >= timestamp '{newest}' and id % 2 = 0")
    second = make(package, world.sql, SOURCES, first)
    equal(world.by_package(second), world.by_run())


def test_labels_are_looked_for_as_far_back_as_they_take(world: World) -> None:
    world.monitor["target"] |= {"maturity": "60 days"}
    world.monitor["metrics"] = FEW | {"performance": ["accuracy"]}
    texts = models_of(exported(world.project(), world.engine))
    # 60 days are three months of 28 days at most, and one month is looked back at anyway.
    assert "var('sqlmonitor_label_lookback', 4) | int" in texts["loans__scores"]
    assert "var('sqlmonitor_lookback', 1) | int" in texts["loans__category_counts"]


def test_another_definition_counts_into_other_tables(world: World) -> None:
    world.monitor |= {"task": "none", "model": None, "target": None, "kpis": [], "metrics": FEW}
    world.monitor["features"] = {"categorical": ["region"]}

    def alias() -> object:
        text = models_of(exported(world.project(), world.engine))["loans__category_counts"]
        return rendered(text, sources=SOURCES, relation=str).config["alias"]

    before = alias()
    world.monitor["thresholds"] = [
        {"family": "drift", "metric": "jensen_shannon", "constant": {"upper": 0.2}}
    ]
    assert alias() == before
    world.monitor["features"]["categorical"] = ["region", "vehicle"]
    assert alias() != before


@pytest.mark.slow
def test_chunks_by_size_are_counted_anew(world: World) -> None:
    world.monitor["chunks"] = {"size": 50}
    package = exported(world.project(), world.engine)
    assert not any("is_incremental" in text for text in package.files.values())
    equal(world.by_package(make(package, world.sql, SOURCES)), world.by_run())


@pytest.mark.slow
def test_promises_about_the_data_are_tests(world: World, package: Package) -> None:
    relations = make(package, world.sql, SOURCES)
    tests = {path: text for path, text in package.files.items() if path.startswith("tests/")}
    assert len(tests) >= 5

    def broken() -> list[str]:
        asked = {
            path: rendered(text, sources=SOURCES, relation=relations.__getitem__).sql
            for path, text in tests.items()
        }
        return [path for path, sql in asked.items() if world.sql(sql)]

    assert broken() == []
    world.sql("update scored set score = 7 where id = 3")
    make(package, world.sql, SOURCES)
    (found,) = broken()
    assert "outside [0, 1]" in tests[found]
    world.sql("update scored set score = 0.5 where id = 3")
    make(package, world.sql, SOURCES)
    world.sql("insert into outcomes from outcomes where id = 5")
    (found,) = broken()
    assert "so a join would multiply predictions" in tests[found]


def test_a_reference_of_its_own_shares_no_row_with_the_analysis(world: World) -> None:
    world.sql("create table history as select * from scored where happened < timestamp '2024-05-01'")
    world.monitor |= {"task": "none", "model": None, "target": None, "kpis": [], "metrics": FEW}
    world.monitor |= {"reference": {"relation": "history"}, "where": "happened >= timestamp '2024-05-01'"}
    package = exported(world.project(), world.engine)
    (test,) = (text for text in package.files.values() if "in the reference and in the analysis" in text)
    sources = SOURCES | {"monitored.history": "history"}
    sql = rendered(test, sources=sources, relation=str).sql
    assert world.sql(sql) == []
    world.sql("insert into history from scored where id = 399")
    assert world.sql(sql) == [(1, "399")]


@pytest.mark.slow
def test_properties_are_true_of_the_models(world: World, package: Package) -> None:
    relations = make(package, world.sql, SOURCES)
    described = {}
    for path in ("models/loans/loans.yml", "models/sqlmonitor.yml"):
        for model in YAML(typ="safe").load(package.files[path])["models"]:
            described[model["name"]] = model
    assert described.keys() == relations.keys()
    for name, model in described.items():
        assert model["description"], name
        there = [column for (column,) in world.sql(f"select column_name from (describe {relations[name]})")]
        listed = [column["name"] for column in model["columns"]]
        # Templates that have a column for every feature say so in words.
        assert set(listed) <= set(there), name
        types = ", ".join(f"cast({column['name']} as {column['data_type']})" for column in model["columns"])
        columns = ", ".join(listed)
        kinds = [
            world.sql(f"select column_type from (describe select {chosen} from {relations[name]})")
            for chosen in (types, columns)
        ]
        assert kinds[0] == kinds[1] or not name.startswith("sqlmonitor_"), name
        for column in model["columns"]:
            for test in column.get("data_tests", []):
                values = test["accepted_values"]["arguments"]["values"] if test != "not_null" else None
                wrong = (
                    f"{column['name']} is null"
                    if values is None
                    else f"{column['name']} not in {tuple(values)}"
                )
                assert world.sql(f"select count(*) from {relations[name]} where {wrong}") == [(0,)], (
                    name,
                    wrong,
                )
