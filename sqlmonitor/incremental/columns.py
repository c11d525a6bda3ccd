"""Statements that count several columns: what is kept of each, so that one which is added is counted alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlglot import exp

from sqlmonitor import templates
from sqlmonitor.dialects import CANONICAL
from sqlmonitor.plan import Rows, Step, digest
from sqlmonitor.source import Column
from sqlmonitor.store import quoted

PART_COUNT = "cast(262144 * parameters.part_count as bigint)"
TOLD_BY = {
    "histogram/category_counts.sql": ("column_index", "kept.column_index", "cast(new_place as integer)"),
    "histogram/numeric_cells.sql": (
        "part",
        f"kept.part // {PART_COUNT}",
        f"kept.part + (new_place - old_place) * {PART_COUNT}",
    ),
    "histogram/numeric_values.sql": ("column_index", "kept.column_index", "cast(new_place as integer)"),
}
"""Templates with rows for each column → what tells whose they are, the column's place in it, and it with a new place."""

WIDE = ("grid/statistics.sql",)
"""Templates of one row, with values for each column whose names end in its place."""

FEATURES = ("value", "level")
"""What the names of columns that are counted begin with, where rows are read."""

NAMING = ("index", "place", "name", "column")
"""What a statement is given of a column that says which one it is, and not how it is counted."""


@dataclass(frozen=True)
class KeptColumn:
    """A column's rows in a kept table.

    Args:
        table: in the store's schema.
        place: what tells the rows there from those of other columns.
        has_analysis: True where the table holds every chunk of the analysis.
    """

    table: str
    place: int
    has_analysis: bool


@dataclass(frozen=True)
class Columns:
    """A statement's columns.

    Args:
        kept: those whose rows are kept, by their place in the statement.
        added: places of the others, of which all rows are counted.
    """

    kept: Mapping[int, KeptColumn]
    added: tuple[int, ...]


def by_place(step: Step) -> dict[int, dict[str, Any]]:
    """The columns that a statement counts, by their place; none for a statement that is of all of them together."""
    if step.template not in TOLD_BY and step.template not in WIDE:
        return {}
    return {column.get("place", column["index"]): column for column in step.parameters["columns"]}


def column_names(step: Step, places: Iterable[int]) -> list[str]:
    """The user's names of some columns."""
    return [by_place(step)[place]["column"] for place in places]


def kept_columns(step: Step, hashes: Mapping[int, str], kept: Mapping[str, KeptColumn]) -> Columns | None:
    """Which of a statement's columns are kept; None where none is.

    Args:
        step: that counts them.
        hashes: what names each one's content, by its place.
        kept: the store's columns, by the same.
    """
    found = {
        place: kept[content]
        for place, content in hashes.items()
        if content in kept and (step.template in WIDE or kept[content].has_analysis)
    }
    return Columns(found, tuple(place for place in hashes if place not in found)) if found else None


def column_hashes(step: Step, known: dict[str, str]) -> dict[int, str]:
    """Names what a statement counts of each column, whatever other columns it counts.

    Args:
        step: that counts them.
        known: hashes of steps, which are added to.

    Returns:
        A hash for each column's place.
    """
    rows = step.rows
    columns = by_place(step)
    if rows is None or not columns:
        return {}
    common = _common(step, known)
    trees = {_index(one): one["expression"] for one in rows.parameters["sources"][0]["columns"]}
    counted = {place: trees[column["index"]] for place, column in columns.items()}
    given = {
        place: {name: value for name, value in column.items() if name not in NAMING}
        for place, column in columns.items()
    }
    return {
        place: digest(common, _described(tree), _described(given[place]), *_types(rows, [tree]))
        for place, tree in counted.items()
    }


def _common(step: Step, known: dict[str, str]) -> str:
    """Names all that a statement says but the columns that it counts."""
    if step.name not in known:
        given = [{name: value for name, value in step.parameters.items() if name != "columns"}]
        types: list[str] = []
        for rows in step.inlined():
            sources = [
                source | {"columns": [one for one in source["columns"] if _index(one) is None]}
                for source in rows.parameters["sources"]
            ]
            given += sources
            assert isinstance(rows, Rows)
            types += _types(rows, [one["expression"] for one in sources[0]["columns"]])
        parents = [_common(parent, known) for parent in step.tables()]
        known[step.name] = digest(templates.body(step.template), _described(given), *types, *parents)
    return known[step.name]


def _described(value: Any) -> str:
    """Parameters as text."""
    if isinstance(value, exp.Expr):
        return value.sql(dialect=CANONICAL)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_described(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_described, value)) + "]"
    return repr(value)


def _types(rows: Rows, trees: Iterable[exp.Expr]) -> list[str]:
    """The types of the columns that some expressions read."""
    read = {column.name for tree in trees for column in tree.find_all(exp.Column)}
    return [one for one in rows.column_types if any(one.startswith(f"{name} ") for name in read)]


def _index(column: Column) -> int | None:
    """Which feature a column of the rows is; None where it is none."""
    kind, _, number = column["alias"].name.partition("_")
    return int(number) if kind in FEATURES else None


def of_columns(step: Step, places: Collection[int]) -> Step:
    """The statement that counts some of a step's columns, in their places."""
    columns = [column for place, column in by_place(step).items() if place in places]
    counted = {None, *(column["index"] for column in columns)}
    inputs = dict(step.inputs)
    for name, rows in step.inputs.items():
        if isinstance(rows, Rows):
            chosen = partial(_of_columns, counted=counted)
            sources = [chosen(source) for source in rows.parameters["sources"]]
            inputs[name] = replace(
                rows, parameters={"sources": sources}, analysis=tuple(map(chosen, rows.analysis))
            )
    return replace(step, inputs=inputs, parameters=step.parameters | {"columns": columns})


def _of_columns(source: dict[str, Any], counted: Collection[int | None]) -> dict[str, Any]:
    return source | {"columns": [one for one in source["columns"] if _index(one) in counted]}


def kept_rows(step: Step, columns: Columns, schema: str, condition: str) -> list[str]:
    """SELECTs of the kept rows of a statement's columns, as rows of the statement.

    Args:
        step: with rows for each column.
        columns: of the step.
        schema: the store's.
        condition: on the ``chunk_number`` of the rows.
    """
    told_by, place, with_new_place = TOLD_BY[step.template]
    chosen = ", ".join(
        f"{with_new_place} as {name}" if name == told_by else f"kept.{name}"
        for name in templates.header(step.template).output
    )
    tables: dict[str, dict[int, int]] = {}
    for new, column in columns.kept.items():
        tables.setdefault(column.table, {})[column.place] = new
    parameters = "".join(
        f" cross join (select max(part_count) as part_count from {parent.table}) as parameters"
        for parent in step.tables()
        if "part_count" in templates.header(parent.template).output
    )
    return [
        f"select {chosen} from {quoted(schema)}.{table} as kept{parameters} inner join ("
        + " union all ".join(f"select {old} as old_place, {new} as new_place" for old, new in pairs.items())
        + f") as moved on {place} = moved.old_place where {condition}"
        for table, pairs in tables.items()
    ]


def whole_row(step: Step, columns: Columns, schema: str, inner: str) -> str:
    """The SELECT of the one row of a statement, from kept values and counted ones.

    Args:
        step: with one row.
        columns: of the step.
        schema: the store's.
        inner: the relation of the row that is counted.
    """
    tables = sorted({column.table for column in columns.kept.values()})
    alias = {table: f"kept_{number}" for number, table in enumerate(tables)}
    output = templates.header(step.template).output
    shared = [f"{alias[tables[0]]}.{name}" for name in output if not name.endswith("_0")]
    for name in (name.removesuffix("0") for name in output if name.endswith("_0")):
        shared += [
            f"{alias[one.table]}.{name}{one.place} as {name}{place}" for place, one in columns.kept.items()
        ]
        shared += [f"added.{name}{place}" for place in columns.added]
    relations = [f"{quoted(schema)}.{table} as {name}" for table, name in alias.items()]
    if columns.added:
        relations.append(f"{inner} as added")
    return f"select {', '.join(shared)} from {' cross join '.join(relations)}"
