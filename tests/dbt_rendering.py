"""What dbt makes of an exported package, in small: Jinja is rendered, and models are made in order."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb
import jinja2
import pandas as pd
from small_world import MONITOR, OUTCOMES, in_file, rows

from sqlmonitor import dbt_export, planner, runner, validation
from sqlmonitor.dbt_export import Package
from sqlmonitor.definitions import Project, loads
from sqlmonitor.engines import Engine
from sqlmonitor.engines.duckdb import DuckDB

INVOCATION = "an-invocation"


def exported(project: Project, engine: Engine, **options: Any) -> Package:
    """The package of all monitors of a project."""
    planned = []
    for monitor in project.monitors:
        types = validation.check_sources(project, monitor, engine)
        resolved = validation.resolve_features(project, monitor, types, engine).monitor
        planned.append((resolved, planner.plan(project, resolved, types=types)))
    return dbt_export.package(project, planned, name="watched", **options)


@dataclass
class Rendered:
    """One file.

    Args:
        sql: as the engine gets it.
        config: how the model is made.
        reads: names of the models it reads.
    """

    sql: str
    config: dict[str, Any] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)


def rendered(
    text: str,
    *,
    sources: Mapping[str, str],
    relation: Callable[[str], str],
    this: str = "",
    is_incremental: bool = False,
) -> Rendered:
    """Renders a model; anything but what a model of ours may call is an error.

    Args:
        text: of the file.
        sources: relations by source and table, as `source.table`.
        relation: a model's relation by its name.
        this: the model's own relation.
        is_incremental: whether it is there already.
    """
    made = Rendered("")

    def config(**given: Any) -> str:
        made.config |= given
        return ""

    def ref(name: str) -> str:
        made.reads.add(name)
        return relation(name)

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    made.sql = environment.from_string(text).render(
        config=config,
        ref=ref,
        source=lambda source, table: sources[f"{source}.{table}"],
        var=lambda _, default: default,
        is_incremental=lambda: is_incremental,
        this=this,
        invocation_id=INVOCATION,
    )
    return made


def write(package: Package, folder: Path) -> None:
    """Writes a package's files."""
    for name, text in package.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def models_of(package: Package) -> dict[str, str]:
    """Texts of the models by name."""
    return {
        PurePosixPath(path).stem: text
        for path, text in package.files.items()
        if path.startswith("models/") and path.endswith(".sql")
    }


def make(
    package: Package,
    execute: Callable[[str], Any],
    sources: Mapping[str, str],
    there: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Makes a package's models in a schema `built`, each after those it reads.

    Args:
        package: as exported.
        execute: runs a statement on DuckDB.
        sources: relations by source and table.
        there: relations that a former call has made, by model.

    Returns:
        The relation of every model.
    """
    texts = models_of(package)
    first = {name: rendered(text, sources=sources, relation=str, this="x") for name, text in texts.items()}
    relations = {name: f"built.{one.config.get('alias', name)}" for name, one in first.items()}
    execute("create schema if not exists built")
    for name in TopologicalSorter({name: one.reads for name, one in first.items()}).static_order():
        this = relations[name]
        kept = first[name].config["materialized"] == "incremental" and this in (there or {}).values()
        one = rendered(
            texts[name], sources=sources, relation=relations.__getitem__, this=this, is_incremental=kept
        )
        if not kept:
            kind = "view" if one.config["materialized"] == "view" else "table"
            execute(f"create or replace {kind} {this} as {one.sql}")
            continue
        execute(f"create or replace temp table fresh as {one.sql}")
        key = one.config.get("unique_key")
        if key is not None:
            execute(f"delete from {this} where {key} in (select {key} from fresh)")
        execute(f"insert into {this} select * from fresh")
    return relations


def plain_text(rendered_by_dbt: str) -> str:
    """A description as dbt shows it."""
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(rendered_by_dbt).render()


def comments(text: str) -> str:
    """The lines of a file that are comments."""
    return "\n".join(re.findall(r"(?m)^--.*$", text))


SOURCES = {"monitored.scored": "scored", "monitored.outcomes": "outcomes"}
KEYS = ["period", "chunk", "segment_column", "segment_value", "family", "metric", "column_name", "component"]


class World:
    """A small warehouse and its monitor.

    Args:
        file: of the database; in memory by default.
    """

    def __init__(self, file: str = ":memory:") -> None:
        self.connection = duckdb.connect(file)
        self.engine = DuckDB(self.connection)
        self.monitor: dict[str, Any] = copy.deepcopy(MONITOR)
        self.sql(f"create table scored as {rows(400, 14)}")
        self.sql(f"create table outcomes as {OUTCOMES}")

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(text).fetchall()

    def text(self, warehouse: str = "duckdb://") -> str:
        return json.dumps({"version": 1, "warehouse": warehouse, "monitors": [in_file(self.monitor)]})

    def project(self) -> Project:
        return loads(self.text())

    def by_run(self) -> pd.DataFrame:
        return ordered(runner.run(self.project(), self.project().monitors[0], self.engine))

    def by_package(self, relations: dict[str, str]) -> pd.DataFrame:
        return ordered(self.connection.execute(f"select * from {relations['sqlmonitor_results']}").df())


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=["run_id", "computed_at"]).sort_values(KEYS, ignore_index=True)


def equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert len(expected) > 300
    pd.testing.assert_frame_equal(found, expected, check_exact=False, rtol=1e-12, atol=1e-14)
