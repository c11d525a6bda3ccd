"""A profile as text: numbers, levels and all other columns, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from sqlmonitor.cli.blocks import blocks, percent, plain, printable
from sqlmonitor.cli.compared import NO_BREAK, cut, escaped, one_line, whole
from sqlmonitor.cli.figures import decimals, fixed
from sqlmonitor.cli.summary import plain_table, put

if TYPE_CHECKING:
    from sqlmonitor.comparison import Profile

__all__ = ["markdown", "print_profile"]

WIDEST = 140
GAP = 2
LONGEST_NAME = 32
FEWEST_LEVELS_WIDTH = 20
SHAPE = "1 to 99 %"

Row = Mapping[Any, Any]
Writer = Callable[[Row], str]


def missing(row: Row) -> str:
    """The share of missing values."""
    return f"{percent(row['missing'])} %"


def distinct(row: Row) -> str:
    """How many different values there are, or are at least."""
    return f"{'' if row['is_distinct_exact'] else '≥ '}{int(row['distinct_count']):,}"


def shape(row: Row) -> str:
    """The histogram as blocks."""
    bars = row["bars"]
    return blocks(bars, max(bars)) if isinstance(bars, tuple) and any(bars) else ""


OF_THE_COLUMN = ("min", "quantile_0.5", "max")
OF_THE_MEAN = ("mean", "std")


def value(name: str, alike: Sequence[str] = OF_THE_COLUMN) -> Writer:
    """Writes a value of a column with the decimals that suit it and those like it."""

    def write(row: Row) -> str:
        places = decimals([row[key] for key in alike if row.get(key) is not None and row[key] == row[key]])
        found = row.get(name)
        return "" if found is None or found != found else fixed(found, places)

    return write


def levels(row: Row) -> str:
    """The most frequent levels with their shares of all rows."""
    return ", ".join(
        f"{one_line(level)} {percent(count / max(row['rows'], 1))} %" for level, count in row["levels"]
    )


NUMERIC: Sequence[tuple[str, Writer, int]] = (
    ("column", lambda row: printable(str(row["column"])), 0),
    ("type", lambda row: printable(str(row["type"])), 8),
    (">missing", missing, 0),
    (">distinct", distinct, 7),
    (">min", value("min"), 2),
    (">5 %", value("quantile_0.05"), 6),
    (">median", value("quantile_0.5"), 0),
    (">95 %", value("quantile_0.95"), 6),
    (">max", value("max"), 2),
    (">mean", value("mean", OF_THE_MEAN), 5),
    (">std", value("std", OF_THE_MEAN), 9),
    (SHAPE, shape, 3),
)
"""Heading, cell, and which columns are left out first where there is no room: the highest; 0 never."""
CATEGORICAL: Sequence[tuple[str, Writer, int]] = (
    ("column", lambda row: printable(str(row["column"])), 0),
    ("type", lambda row: printable(str(row["type"])), 1),
    (">missing", missing, 0),
    (">distinct", distinct, 0),
    ("most frequent", levels, 0),
)
OTHER: Sequence[tuple[str, Writer, int]] = (
    ("column", lambda row: printable(str(row["column"])), 0),
    ("type", lambda row: one_line(str(row["type"])), 2),
    (">missing", missing, 0),
    ("first", lambda row: one_line(str(row["first"])), 0),
    ("last", lambda row: one_line(str(row["last"])), 1),
    ("", lambda row: str(row["note"]), 3),
)
TABLES = (("numeric", NUMERIC), ("categorical", CATEGORICAL), ("other", OTHER))


def print_profile(profile: Profile, out: Console) -> None:
    """Print one table for each kind of column.

    Args:
        profile: of one side.
        out: where to; columns of a table are left out where they do not fit, and levels are cut.
    """
    width = min(out.width, WIDEST)
    is_ascii = out.options.ascii_only
    put(Text(cut(title(profile), width, is_ascii=is_ascii), style="bold"), out)
    put(Text(headline(profile)), out)
    for headings, cells in tables(profile, width, is_ascii=is_ascii):
        out.print()
        table = plain_table(*headings, gap=GAP)
        for row in cells:
            table.add_row(*map(Text, row))
        for column in table.columns:
            column.no_wrap = True
        put(table, out)


def title(profile: Profile) -> str:
    """What is described."""
    return printable(profile.source if profile.where is None else f"{profile.source} where {profile.where}")


def headline(profile: Profile) -> str:
    """Rows and columns."""
    return f"{profile.row_count:,} rows, {len(profile.columns):,} columns"


def tables(
    profile: Profile, width: int, *, is_ascii: bool = False
) -> list[tuple[list[str], list[list[str]]]]:
    """Headings and cells of every table that has a line."""
    found = []
    for kind, columns in TABLES:
        rows = [
            {**row, "rows": profile.row_count}
            for row in profile.columns.to_dict("records")
            if row["kind"] == kind
        ]
        if rows:
            found.append(_fitted(columns, rows, width, is_ascii))
    return found


def _fitted(
    columns: Sequence[tuple[str, Writer, int]], rows: Sequence[Row], width: int, is_ascii: bool
) -> tuple[list[str], list[list[str]]]:
    cells = {heading: [plain(write(row), is_ascii=is_ascii) for row in rows] for heading, write, _ in columns}
    cells = {heading: texts for heading, texts in cells.items() if heading or any(texts)}
    cells["column"] = [cut(name, LONGEST_NAME, is_ascii=is_ascii) for name in cells["column"]]
    widths = {
        heading: max(cell_len(heading.lstrip(">")), *map(cell_len, texts)) + GAP
        for heading, texts in cells.items()
    }
    is_cut = "most frequent" in cells
    if is_cut:
        widths["most frequent"] = FEWEST_LEVELS_WIDTH
    for heading, _, rank in sorted(columns, key=lambda one: -one[2]):
        if rank == 0 or sum(widths.values()) - GAP <= width:
            break
        cells.pop(heading, None)
        widths.pop(heading, None)
    if is_cut:
        left = width - sum(widths.values()) + FEWEST_LEVELS_WIDTH
        cells["most frequent"] = [whole(text, left, is_ascii=is_ascii) for text in cells["most frequent"]]
    return list(cells), [list(row) for row in zip(*cells.values(), strict=True)]


def markdown(profile: Profile) -> str:
    """The same as Markdown."""
    lines = [f"**`{title(profile).replace('`', chr(39))}`**: {headline(profile)}"]
    for headings, cells in tables(profile, WIDEST):
        sides = ["--:" if heading.startswith(">") else "---" for heading in headings]
        lines += [
            "",
            f"| {' | '.join(heading.lstrip('>') for heading in headings)} |",
            f"|{'|'.join(sides)}|",
        ]
        drawn = [index for index, heading in enumerate(headings) if heading == SHAPE]
        for row in cells:
            texts = [escaped(text) for text in row]
            for index in drawn:
                texts[index] = f"`{row[index].replace(' ', NO_BREAK)}`" if row[index] else ""
            lines.append(f"| {' | '.join(texts)} |")
    return "\n".join(lines) + "\n"
