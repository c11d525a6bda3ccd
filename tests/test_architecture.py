"""The house's rules: who may import whom, what nobody may be called, and how often data are read."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

import sqlmonitor
from sqlmonitor import planner, templates
from sqlmonitor.definitions import loads
from sqlmonitor.dialects import DIALECTS, SCHEMES
from sqlmonitor.engines.connecting import CONNECTIONS
from sqlmonitor.plan import Plan

PACKAGE = Path(sqlmonitor.__file__).parent
# Each level imports from levels above it only; files of one entry do not import each other, but
# for packages, whose own files may, and the pairs below.
LEVELS = [
    ["errors"],
    ["masking"],
    ["dialects"],
    ["names", "times", "trees"],
    ["contract"],
    ["definitions"],
    ["dbt"],
    ["metrics"],
    ["plan"],
    ["source", "rules", "planner"],
    ["slots"],
    ["templates"],
    ["engines"],
    ["history", "destination"],
    ["store"],
    ["migration", "incremental", "housekeeping"],
    ["script", "validation"],
    ["dbt_export"],
    ["runner"],
    ["comparison"],
    ["chart", "backtest", "long_frame"],
    ["results"],
    ["api"],
    ["cli"],
]
BESIDE = {("planner", "source"), ("planner", "rules")}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
# By whatever name: the dialect's, or a URL's scheme.
ENGINES = {*DIALECTS, *SCHEMES, *SCHEMES.values(), "sqlite", "oracle"}
DRIVERS = {module.partition(".")[0] for module, _, _ in CONNECTIONS} | {"sqlalchemy"}
MAY_NAME_ENGINES = {"dialects", "engines"}
# Known debt: the demo opens a connection itself; nothing may join it.
CLI_FILES = {"cli/demo.py"}
FILES = sorted(path for path in PACKAGE.rglob("*.py"))


def entry(path: Path) -> str:
    """The level's entry that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> set[str]:
    """Entries of this package that a file imports, at run time or for types."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("sqlmonitor.")}
    return found - {"__version__"}


def test_every_file_has_a_level() -> None:
    known = {name for level in LEVELS for name in level} | {"__init__"}
    assert {entry(path) for path in FILES} <= known


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_up_only(path: Path) -> None:
    own = entry(path)
    if own == "__init__":
        return
    level = {name: number for number, names in enumerate(LEVELS) for name in names}
    for other in imported(ast.parse(path.read_text(encoding="utf-8"))) - {own}:
        if level[other] == level[own]:
            assert (own, other) in BESIDE, f"{own} imports {other}, which stands beside it"
        else:
            assert level[other] < level[own], f"{own} imports {other}, which stands below it"


def test_no_file_is_named_after_nothing() -> None:
    folders = {part for path in FILES for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert not folders & EMPTY_NAMES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_engines_are_named_in_their_files_only(path: Path) -> None:
    place = str(path.relative_to(PACKAGE).with_suffix(""))
    if place in MAY_NAME_ENGINES or entry(path) in MAY_NAME_ENGINES:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    compared = [
        constant.value
        for node in ast.walk(tree)
        if isinstance(node, (ast.Compare, ast.Call, ast.Dict, ast.Assign, ast.List, ast.Tuple, ast.Set))
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    ]
    # Canonical SQL is DuckDB's, so its dialect may be named where SQL is parsed or written.
    assert not {text for text in compared if text in ENGINES - {"duckdb"}}
    branches = [
        constant.value
        for node in ast.walk(tree)
        if isinstance(node, (ast.Compare, ast.Match))
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant)
    ]
    assert not ENGINES & {branch for branch in branches if isinstance(branch, str)}


def test_only_engines_import_an_engine() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if {name.split(".")[0] for name in names} & (ENGINES | DRIVERS):
                assert entry(path) == "engines" or str(path.relative_to(PACKAGE)) in CLI_FILES, path


def compiled(count: int, resolution: str = "binned", **changes: object) -> Plan:
    """The plan of a monitor with so many features."""
    names = [f"feature_{number}" for number in range(count)]
    half = count // 2
    monitor = {
        "name": "wide",
        "task": "binary_classification",
        "predictions": "scored",
        "id": "id",
        "timestamp": "at",
        "reference": "at < timestamp '2024-05-01'",
        "chunks": "month",
        "model": {"score": "score", "label": "predicted"},
        "target": {"column": "actual", "relation": "outcomes"},
        "features": {"numeric": names[:half], "categorical": names[half:]},
        "segments": ["region"],
        "resolution": resolution,
        "kpis": [{"name": "amount", "sql": "sum(amount)"}],
    }
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor | changes]}))
    return planner.plan(project, project.monitors[0])


@pytest.mark.parametrize("resolution", ["binned", "exact"])
def test_scans_do_not_grow_with_columns(resolution: str) -> None:
    counts = {
        count: [step.name for step in compiled(count, resolution).steps if step.reads_source]
        for count in (2, 20)
    }
    assert counts[2] == counts[20]
    assert len(counts[2]) == {"binned": 5, "exact": 4}[resolution], counts[2]


@pytest.mark.parametrize("resolution", ["binned", "exact"])
def test_no_feature_is_read_more_than_twice(resolution: str) -> None:
    plan = compiled(20, resolution)
    reads = {f"feature_{number}": 0 for number in range(20)}
    for step in plan.steps:
        tree = sqlglot.parse_one(templates.sql(step), dialect="duckdb")
        used = {column.name for column in tree.find_all(exp.Column)} & set(reads)
        assert not used or step.reads_source, f"{step.name} names a feature and reads no source"
        if step.name == "statistics":
            # It looks at a few rows before it reads all of the reference's.
            limit = tree.find(exp.Limit)
            assert limit is not None
            assert int(limit.expression.this) <= 20_000
        for name in used:
            reads[name] += 1
    assert set(reads.values()) <= {1, 2}
    assert all(reads[name] == 1 for name in list(reads)[10:])


@pytest.mark.parametrize("resolution", ["binned", "exact"])
def test_scans_do_not_grow_with_classes(resolution: str) -> None:
    counts = {}
    for count in (2, 12):
        scores = {f"class {number}": f"score_{number}" for number in range(count)}
        changes = {"task": "multiclass_classification", "model": {"score": scores, "label": "predicted"}}
        plan = compiled(2, resolution, **changes)
        counts[count] = [step.name for step in plan.steps if step.reads_source]
    assert counts[2] == counts[12]
    assert {"class_scores", "class_outcomes"} <= set(counts[2])
    assert len(counts[2]) == {"binned": 6, "exact": 5}[resolution], counts[2]


def test_a_step_that_reads_the_source_names_it_once() -> None:
    """But for the reference's, which looks at a few rows first."""
    for step in compiled(20).steps:
        relations = [
            table.name
            for table in sqlglot.parse_one(templates.sql(step), dialect="duckdb").find_all(exp.Table)
        ]
        times = 2 if step.name == "statistics" else int(step.reads_source)
        assert relations.count("scored") == times, step.name
        assert relations.count("outcomes") <= 1
