"""What every SQL template promises: a header that states its inputs, its grain and its columns, and one SELECT."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from sqlmonitor import names
from sqlmonitor.errors import ConfigurationError

__all__ = [
    "RESULT_COLUMNS",
    "SMALL_TABLES",
    "TYPES",
    "Header",
    "check_own",
    "check_select",
    "declared_columns",
    "read_header",
]

TYPES = ("bigint", "integer", "double", "varchar", "boolean", "timestamp", "double[]")
INPUT = re.compile(r"--   ((?:\{\{ \w+ \}\}(?:, )?)+): (.+)")
COLUMN = re.compile(rf"(\w+) ({'|'.join(re.escape(kind) for kind in sorted(TYPES, reverse=True))})")
OUTPUT = re.compile(r"--   (\w+) ([\w\[\]]+)(?:\s+-- .+)?")

SMALL_TABLES = {
    "bins": ("numeric", "categorical", "both"),
    "deciles": ("numeric", "categorical", "both"),
    "contingency": ("categorical",),
    "distribution_functions": ("numeric",),
    "numeric": ("numeric",),
}
"""What a distance may read, and the kinds of column that it then may be for."""

RESULT_COLUMNS = {
    "chunk_number": "bigint",
    "segment_column": "varchar",
    "segment_value": "varchar",
    "family": "varchar",
    "metric": "varchar",
    "column_name": "varchar",
    "component": "varchar",
    "value": "double",
    "standard_error": "double",
    "noise_floor": "double",
    "p_value": "double",
    "row_count": "bigint",
    "unused_count": "bigint",
    "note": "varchar",
}
"""The columns of every template that computes a metric."""


@dataclass(frozen=True)
class Header:
    """What a template says of itself.

    Args:
        title: the first line.
        inputs: each variable of the body, with what the header says of it.
        grain: the columns that name a row, or ``one row …``.
        output: each column with its type, one of ``TYPES``.
    """

    title: str
    inputs: dict[str, str]
    grain: str
    output: dict[str, str]


def read_header(text: str, name: str) -> Header:
    """Reads the comment at the top of a template.

    Args:
        text: the template.
        name: of its file without the ending, with which the header begins.

    Raises:
        ConfigurationError: with the line that does not have the form.
    """
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line)
    if not lines or not lines[0].startswith(f"-- {name}: "):
        raise _wrong(1, f"the header must begin with '-- {name}: ' and what it computes")
    inputs_at = _position(lines, "-- inputs:")
    grain_at = _position(lines, "-- grain: ")
    output_at = _position(lines, "-- output:")
    if not inputs_at < grain_at == output_at - 1:
        raise _wrong(
            grain_at + 1, "the header needs '-- inputs:', '-- grain:' and '-- output:' in this order"
        )
    inputs: dict[str, str] = {}
    for number, line in enumerate(lines[inputs_at + 1 : grain_at], inputs_at + 2):
        found = INPUT.fullmatch(line)
        if found is None:
            raise _wrong(number, f"'{line}' is no input", "write '--   {{ name }}: column type, column type'")
        for variable in re.findall(r"\{\{ (\w+) \}\}", found[1]):
            inputs[variable] = found[2]
    output: dict[str, str] = {}
    for number, line in enumerate(lines[output_at + 1 :], output_at + 2):
        found = OUTPUT.fullmatch(line)
        if found is None or found[2] not in TYPES:
            raise _wrong(
                number, f"'{line}' is no column", f"write '--   column type'; types: {', '.join(TYPES)}"
            )
        if found[1] in output:
            raise _wrong(number, f"column '{found[1]}' stands twice")
        output[found[1]] = found[2]
    if not output:
        raise _wrong(output_at + 1, "the header names no column of the output")
    grain = lines[grain_at].removeprefix("-- grain: ")
    lost = [] if grain.startswith("one row") else [part for part in grain.split(", ") if part not in output]
    if lost:
        raise _wrong(grain_at + 1, f"the grain's '{lost[0]}' is not among the output's columns")
    return Header(lines[0], inputs, grain, output)


def check_own(header: Header, columns: str) -> str:
    """Checks the header of a distance that a user wrote.

    Args:
        header: of the template.
        columns: the kind of column it is for.

    Returns:
        The one of ``SMALL_TABLES`` that it reads.

    Raises:
        ConfigurationError: for other inputs, or other columns than ``RESULT_COLUMNS``.
    """
    if len(header.inputs) != 1 or not header.inputs.keys() <= SMALL_TABLES.keys():
        others = [name for name in header.inputs if name not in SMALL_TABLES]
        raise ConfigurationError(
            "the template must have exactly one input, a small table, but has "
            + (", ".join(header.inputs) or "none"),
            allowed=SMALL_TABLES,
            word=others[0] if others else None,
        )
    (table,) = header.inputs
    if columns not in SMALL_TABLES[table]:
        raise ConfigurationError(
            f"the template reads {table}, which has numeric columns only, but is for {columns} columns",
            remedy="write columns: numeric, or read bins",
        )
    if header.output != RESULT_COLUMNS:
        wrong = next(
            (name for name, kind in RESULT_COLUMNS.items() if header.output.get(name) != kind),
            next(iter(header.output.keys() - RESULT_COLUMNS.keys()), ""),
        )
        raise ConfigurationError(
            f"the header's output differs from that of a metric in '{wrong}'",
            remedy="its columns: " + ", ".join(f"{name} {kind}" for name, kind in RESULT_COLUMNS.items()),
        )
    return table


def declared_columns(text: str) -> dict[str, str]:
    """The columns with their types in what a header says of an input."""
    return dict(COLUMN.findall(text))


def check_select(
    text: str,
    *,
    tables: Mapping[str, Mapping[str, str]],
    columns: Iterable[str],
    allowed_functions: Collection[str] = (),
) -> None:
    """Checks the rendered body of a template that a user wrote.

    Args:
        text: SQL.
        tables: the relations that it may read, beside its own CTEs, each with its columns' types.
        columns: what it must give, by name.
        allowed_functions: functions unknown to sqlglot that the monitor allows by name.

    Raises:
        ConfigurationError: for anything but one SELECT of these columns from these tables.
    """
    tree = names.query(text, allowed_functions=allowed_functions)
    own = {cte.alias_or_name.casefold() for cte in tree.find_all(exp.CTE)}
    known = {table.casefold() for table in tables} | own
    remedy = "read the input that the header names, as {{ input }}"
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            raise ConfigurationError("the template cannot read table functions", remedy=remedy)
        if len(table.parts) > 1 or table.name.casefold() not in known:
            name = ".".join(part.name for part in table.parts)
            raise ConfigurationError(f"the template reads '{name}'", remedy=remedy)
    if tree.find(exp.UDTF, exp.Explode) is not None:
        raise ConfigurationError("the template cannot make rows by functions (unnest, values)", remedy=remedy)
    given, wanted = _resolved(tree, tables).named_selects, list(columns)
    if sorted(given) != sorted(wanted):
        odd = [name for name in given if name not in wanted] or [name for name in wanted if name not in given]
        what = odd[0] if odd else "a column that stands twice"
        raise ConfigurationError(
            f"the SELECT gives other columns than the header's output: {what}",
            remedy=f"select {', '.join(wanted)}",
        )


def _resolved(tree: exp.Query, tables: Mapping[str, Mapping[str, str]]) -> exp.Query:
    # Imported where it is needed: it costs a tenth of a second, and few monitors have such a template.
    from sqlglot.optimizer.qualify import qualify

    schema: dict[str, object] = {table: dict(columns) for table, columns in tables.items()}
    try:
        resolved = qualify(tree.copy(), dialect="duckdb", schema=schema, quote_identifiers=False)
    except SqlglotError as error:
        found = re.search(r"Column '?\"?(\w+)", str(error))
        raise ConfigurationError(
            f"the template's column '{found[1]}' is not there" if found else f"the template has {error}",
            allowed=sorted({column for columns in tables.values() for column in columns}),
            word=found[1] if found else None,
        ) from error
    assert isinstance(resolved, exp.Query)
    return resolved


def _position(lines: list[str], start: str) -> int:
    found = [number for number, line in enumerate(lines) if line.startswith(start)]
    if len(found) != 1:
        raise _wrong(len(lines), f"the header needs one line '{start.strip()}'")
    return found[0]


def _wrong(line: int, message: str, remedy: str | None = None) -> ConfigurationError:
    return ConfigurationError(
        message, line=line, remedy=remedy or "the package's own templates show the form"
    )
