"""Every template keeps its header's word: its inputs, its columns with their types, and its grain."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
import pytest
import sqlglot
from every_plan import FOLDER, PLAIN, TEMPLATES, VARIANTS, plan
from small_world import OUTCOMES, rows
from sqlglot import exp

from sqlmonitor import templates
from sqlmonitor.contract import RESULT_COLUMNS, SMALL_TABLES, Header, declared_columns, read_header
from sqlmonitor.plan import Plan, Step

MOST_LINES = 130
# What a declared type may be in the engine: whole numbers, and NULLs without a type, vary.
COMPATIBLE = {
    "bigint": {"BIGINT", "INTEGER"},
    "integer": {"INTEGER", "BIGINT"},
    "double": {"DOUBLE"},
    "varchar": {"VARCHAR"},
    "boolean": {"BOOLEAN"},
    "timestamp": {"TIMESTAMP"},
    "double[]": {"DOUBLE[]"},
}
# The labels keep the type that they have in the user's table.
AS_THE_USER_HAS_THEM = {"predicted_label", "actual_label"}
SOURCE = f"""
create table scored as
select
    * replace (
        case when id % 31 <> 0 then score end as score
        , case when id % 19 <> 0 then vehicle end as vehicle
        -- Values that recur, so that some are equal to an edge.
        , amount - id / 400.0e0 as amount
    )
    , exp((id * 53 % 89) / 6.0e0) as income
from ({rows(600, 11)});
create table outcomes as {OUTCOMES} where id % 13 <> 0
"""


def header(template: str) -> Header:
    """Reads a header; whatever does not fit the form fails."""
    path = FOLDER / template
    return read_header(path.read_text(encoding="utf-8"), path.stem)


def executed(made: Plan, rows: str = SOURCE) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(rows)
    for step in made.steps:
        connection.execute(templates.statement(step))
    return connection


@cache
def run(variant: str) -> tuple[Plan, duckdb.DuckDBPyConnection]:
    made = plan(variant)
    return made, executed(made)


def described(connection: duckdb.DuckDBPyConnection, step: Step) -> dict[str, str]:
    rows = connection.execute(f"describe {step.table}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def general(name: str, declared: set[str]) -> str:
    """The declared name that a column made for an index stands for: minimum_3 is minimum_0."""
    zero = re.sub(r"_\d+", "_0", name)
    return name if name in declared or zero not in declared else zero


# Of comparisons, what merges: the other steps are those of the monitor's own chunks again.
OF_COMPARISONS = ("merge/", "kpi/", "chunk/", "result/all_", "threshold/all_")
OFTEN = 2
"""Variants in which each template is tried every day; the others are slow."""


def steps() -> Iterator[Any]:
    """Steps of every variant, without counterparts over merged chunks whose templates are tried anyway."""
    seen: Counter[str] = Counter()
    for variant in VARIANTS:
        chosen = [
            step
            for step in plan(variant).steps
            if variant in PLAIN or step.template.startswith(OF_COMPARISONS)
        ]
        fresh = {step.template for step in chosen}
        for step in chosen:
            is_first = step.template in fresh
            fresh.discard(step.template)
            seen[step.template] += is_first
            marks = [] if is_first and seen[step.template] <= OFTEN else [pytest.mark.slow]
            yield pytest.param(variant, step.name, id=f"{variant}-{step.name}", marks=marks)


STEPS = list(steps())


@pytest.mark.parametrize("template", TEMPLATES)
def test_header_is_complete(template: str) -> None:
    assert header(template).output


def test_every_metric_has_the_columns_of_a_result() -> None:
    assert header("result/values.sql").output == RESULT_COLUMNS
    for template in TEMPLATES:
        if template.startswith("distance/"):
            read = header(template)
            assert read.output == RESULT_COLUMNS
            assert read.inputs.keys() & {*SMALL_TABLES, "chunk_cells", "chunk_areas"}, template


@pytest.mark.parametrize("template", TEMPLATES)
def test_template_is_short(template: str) -> None:
    assert len((FOLDER / template).read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("template", TEMPLATES)
def test_header_names_the_variables_of_the_body(template: str) -> None:
    used = templates.variables(templates.body(template))
    given = set(header(template).inputs)
    assert used <= given, "the body has variables that the header does not name"
    # Columns of the source are named by `columns`, though each source carries its own.
    assert given - used <= ({"columns"} if template == "source/rows.sql" else set())


def test_every_template_is_used_by_a_plan() -> None:
    used = set()
    for variant in VARIANTS:
        for step in plan(variant).steps:
            used |= {one.template for one in (step, *step.inlined()) if one.origin is None}
    assert used == set(TEMPLATES)


@pytest.mark.parametrize(("variant", "name"), STEPS)
def test_step_is_one_select(variant: str, name: str) -> None:
    statements = sqlglot.parse(templates.sql(plan(variant)[name]), dialect="duckdb")
    assert len(statements) == 1
    assert isinstance(statements[0], exp.Query)


@pytest.mark.parametrize(("variant", "name"), STEPS)
def test_columns_and_types_are_as_declared(variant: str, name: str) -> None:
    made, connection = run(variant)
    step = made[name]
    declared = header(step.template).output
    types = described(connection, step)
    wanted = dict(declared)
    columns = [general(column, set(declared)) for column in types]
    assert list(dict.fromkeys(columns)) == list(wanted) or set(columns) == set(wanted)
    for column, kind in types.items():
        if column not in AS_THE_USER_HAS_THEM:
            assert kind in COMPATIBLE[declared[general(column, set(declared))]], column


@pytest.mark.parametrize(("variant", "name"), STEPS)
def test_inputs_have_the_declared_columns(variant: str, name: str) -> None:
    made, connection = run(variant)
    step = made[name]
    declared = header(step.template).inputs
    for key, given in step.inputs.items():
        assert key in declared
        for parent in given if isinstance(given, list) else [given]:
            wanted = declared_columns(declared[key])
            if parent.is_inline:
                made_columns = {
                    column.alias_or_name
                    for column in sqlglot.parse_one(templates.sql(parent), dialect="duckdb").selects
                }
                assert {general(column, set(wanted)) for column in made_columns} - set(wanted) <= (
                    {"input_0", "input_1", "input_2", "input_3"} if name == "chunk_counts" else set()
                ) | {"chunk_number"}
                # A comparison has no segments.
                segments = {"segment_0"} if variant == "compared" else set()
                assert {re.sub(r"_\d+", "_0", column) for column in made_columns} >= set(wanted) - segments
                continue
            types = described(connection, parent)
            shown = {general(column, set(wanted)): kind for column, kind in types.items()}
            for column, kind in wanted.items():
                assert column in shown, f"{key} has no {column}"
                if column not in AS_THE_USER_HAS_THEM:
                    assert shown[column] in COMPATIBLE[kind], f"{key}.{column}"


@pytest.mark.parametrize(("variant", "name"), STEPS)
def test_grain_is_unique(variant: str, name: str) -> None:
    made, connection = run(variant)
    step = made[name]
    grain = header(step.template).grain
    (count,) = connection.execute(f"select count(*) from {step.table}").fetchall()[0]
    assert count > 0
    if grain == "one row":
        assert count == 1
    elif not grain.startswith("one row per"):
        repeated = f"select {grain} from {step.table} group by all having count(*) > 1"
        assert connection.execute(repeated).fetchall() == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_empty_analysis_works(variant: str) -> None:
    # A reference of its own is not filtered.
    made = plan(variant, where="id < 0" if variant == "compared" else "happened < timestamp '2024-06-01'")
    with executed(made) as connection:
        periods = connection.execute(f"select distinct period from {made['results'].table}").fetchall()
        assert periods == [("reference",)]


CHANGES: list[dict[str, Any]] = [
    {"segments": []},
    {"features": {"numeric": ["amount"]}},
    {"features": {"categorical": ["region"]}},
    {"chunks": {"size": 100}},
    {"chunks": {"count": 7}},
    {"calibration": "isotonic"},
    {"calibration": "none"},
    {"task": "none", "model": None, "target": None, "blended": False, "kpis": []},
]


# Every change with one variant, and every variant with a change; all pairs are slow.
@pytest.mark.parametrize(
    ("variant", "changes"),
    [
        pytest.param(
            variant,
            change,
            id=f"{change}-{variant}",
            marks=[] if number % len(PLAIN) == place else [pytest.mark.slow],
        )
        for number, change in enumerate(CHANGES)
        for place, variant in enumerate(PLAIN)
        # Rows of a comparison have no order for other chunks.
        if not (variant == "compared" and "chunks" in change)
    ],
)
def test_parts_that_are_left_out_leave_the_rest_working(variant: str, changes: dict[str, Any]) -> None:
    made = plan(variant, **changes)
    with executed(made) as connection:
        for step in made.steps:
            declared = header(step.template).output
            columns = {general(column, set(declared)) for column in described(connection, step)}
            # Numbered columns are there as often as what they repeat for, which may be never.
            repeated = {column for column in declared if column.endswith("_0")}
            assert columns | repeated == set(declared), step.name
        (count,) = connection.execute(f"select count(*) from {made['results'].table}").fetchall()[0]
        assert count > 0
