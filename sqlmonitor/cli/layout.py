"""How series of values are put on a screen: a list, a column each, a line each, or a confusion matrix."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sqlmonitor.cli.figures import NOTHING, decimals, fixed, limits, mark, number
from sqlmonitor.cli.selection import Chunk, Hidden, Series
from sqlmonitor.cli.summary import plain_table, put

__all__ = ["MOST_LINES", "Notes", "lay_out"]

MOST_LINES = 60
GAP = 2
WIDEST = 140
"""Columns that are read at a glance; wider than that, series are lines."""
DEEPER = "    "


class Notes:
    """Why values are missing: a letter for each reason, told below the table."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def letter(self, note: str) -> str:
        """The letter that stands for a reason."""
        if note not in self._letters:
            letters = string.ascii_lowercase
            self._letters[note] = letters[len(self._letters)] if len(self._letters) < len(letters) else "?"
        return self._letters[note]

    def lines(self) -> list[str]:
        """What each letter means; those beyond the alphabet are in no table."""
        lines = [f"{NOTHING} {letter}  {note}" for note, letter in self._letters.items() if letter != "?"]
        return lines + (["- ?  other reasons: --format csv"] if "?" in self._letters.values() else [])


def lay_out(
    series: Sequence[Series],
    chunks: Mapping[Chunk, str],
    units: Mapping[str, str],
    out: Console,
    most_lines: int = MOST_LINES,
) -> list[Hidden]:
    """Print series in the form that suits their number and the width that there is.

    Args:
        series: in order; at least one.
        chunks: in order, with what is to be said of each.
        units: of metrics, by name.
        out: where to.
        most_lines: of series.

    Returns:
        What did not fit.
    """
    if len(series) == 1:
        _list(series[0], chunks, units, out)
        return []
    notes = Notes()
    table = _as_columns(series, chunks, units, notes, out)
    hidden: list[Hidden] = []
    if table is None:
        table, hidden = _as_lines(series, chunks, units, notes, out, most_lines)
    put(table, out)
    for line in notes.lines():
        out.print(Text(line))
    return hidden


def _list(one: Series, chunks: Mapping[Chunk, str], units: Mapping[str, str], out: Console) -> None:
    unit = _unit(one, units)
    out.print(Text(" ".join(part for part in (one.family, one.metric + unit, one.detail) if part)))
    out.print()
    rows = [(chunk, said, one.rows[chunk]) for chunk, said in chunks.items() if chunk in one.rows]
    places = decimals(row["value"] for _, _, row in rows)
    is_ascii = out.options.ascii_only

    def beside(name: str) -> Callable[[pd.Series], str]:
        return lambda row: "" if row[name] != row[name] else fixed(row[name], places)

    columns: dict[str, Callable[[pd.Series], str]] = {
        ">rows": lambda row: number(row["row_count"]) if row["row_count"] is not pd.NA else NOTHING,
        ">value  ": lambda row: f"{fixed(row['value'], places)} {mark(row, is_ascii=is_ascii) or ' '}",
        ">± error": beside("standard_error"),
        ">noise floor": beside("noise_floor"),
        ">p-value": lambda row: "" if row["p_value"] != row["p_value"] else f"{row['p_value']:.2g}",
        ">limits": limits,
        "note": lambda row: str(row["note"]),
    }
    texts = {heading: [write(row) for _, _, row in rows] for heading, write in columns.items()}
    texts = {heading: cells for heading, cells in texts.items() if any(cells)}
    table = plain_table("chunk", *texts, gap=GAP)
    for index, ((_, chunk), said, row) in enumerate(rows):
        name = f"{chunk} ({said})" if said else chunk
        style = "bold red" if row["is_alert"] else ""
        cells = [
            Text(cells[index], style=style if heading.startswith(">value") else "")
            for heading, cells in texts.items()
        ]
        table.add_row(Text(name), *cells)
    put(table, out)


def _as_columns(
    series: Sequence[Series],
    chunks: Mapping[Chunk, str],
    units: Mapping[str, str],
    notes: Notes,
    out: Console,
) -> Table | None:
    """A line for each chunk; None where the series are too many for the width."""
    parts = [[one.family, f"{one.metric}{_unit(one, units)}", *_split(one)] for one in series]
    # What all have in common stands above, once.
    shared = [part for part in parts[0] if part and all(part in other for other in parts)]
    parts = [[part for part in one if part and part not in shared] for one in parts]
    height = max(len(one) for one in parts)
    columns = [_cells(one, chunks, notes, out) for one in series]
    names = [f"{chunk} ({said})" if said else chunk for (_, chunk), said in chunks.items()]
    widths = [
        max(cell_len(text) for text in (*(part + "  " for part in heading), *(cell.plain for cell in cells)))
        for heading, cells in zip(parts, columns, strict=True)
    ]
    width = max(map(cell_len, [*names, "chunk"])) + sum(width + GAP for width in widths)
    if width > min(out.width, WIDEST):
        return None
    # Numbers end two columns before their mark's end, and so do headings.
    headings = [
        "\n".join(part + "  " for part in [""] * (height - len(heading)) + heading) for heading in parts
    ]
    if shared:
        out.print(Text(" ".join(shared)))
        out.print()
    above = "\n" * (height - 1)
    table = plain_table(f"{above}chunk", *(f">{heading}" for heading in headings), gap=GAP)
    for index, name in enumerate(names):
        table.add_row(Text(name), *(cells[index] for cells in columns))
    return table


def _as_lines(
    series: Sequence[Series],
    chunks: Mapping[Chunk, str],
    units: Mapping[str, str],
    notes: Notes,
    out: Console,
    most_lines: int,
) -> tuple[Table, list[Hidden]]:
    """A line for each series, the newest chunks that fit as columns."""
    shown = series[:most_lines]
    hidden = []
    if len(series) > len(shown):
        families = list(dict.fromkeys(one.family for one in series[most_lines:]))
        option = " ".join(f"--family {family}" for family in families)
        hidden.append(Hidden(f"{len(series) - len(shown):,} more lines", f"{option}, or --all"))
    labels = [(one, _label(one, units)) for one in shown]
    label_width = min(max(cell_len(label) for _, label in labels), max(out.width // 3, 24))
    cells = [_cells(one, chunks, Notes(), out) for one in shown]
    widths = [
        max(cell_len(chunk) + 2, *(cell_len(line[index].plain) for line in cells))
        for index, (_, chunk) in enumerate(chunks)
    ]
    fitting = 0
    while fitting < len(widths) and label_width + sum(w + 1 for w in widths[-fitting - 1 :]) <= out.width:
        fitting += 1
    fitting = max(fitting, 1)
    newest = dict(list(chunks.items())[-fitting:])
    if fitting < len(chunks):
        older = list(chunks)[-fitting - 1][1]
        hidden.append(Hidden(f"{len(chunks) - fitting:,} older chunks", f"--chunk {older}, or a wider window"))
    above = "\n" if any(newest.values()) else ""
    headings = [
        f">{chunk}  " if not above else f">{said + '  ' if said else ''}\n{chunk}  "
        for (_, chunk), said in newest.items()
    ]
    table = plain_table(above, *headings, gap=1)
    table.columns[0].max_width, table.columns[0].overflow = label_width, "fold"
    family, metric = "", ""
    for one, label in labels:
        if one.family != family:
            family, metric = one.family, ""
            table.add_row(Text(family, style="bold"))
        if label.startswith(DEEPER) and one.metric != metric and one.detail:
            table.add_row(Text(f"  {one.metric}{_unit(one, units)}"))
        metric = one.metric
        table.add_row(Text(label), *_cells(one, newest, notes, out))
    return table, hidden


def _label(one: Series, units: Mapping[str, str]) -> str:
    return f"{DEEPER}{one.detail}" if one.detail else f"  {one.metric}{_unit(one, units)}"


def _cells(one: Series, chunks: Mapping[Chunk, str], notes: Notes, out: Console) -> list[Text]:
    rows = [one.rows.get(chunk) for chunk in chunks]
    places = decimals(row["value"] for row in rows if row is not None)
    return [_cell(row, places, notes, is_ascii=out.options.ascii_only) for row in rows]


def _cell(row: pd.Series | None, places: int, notes: Notes, *, is_ascii: bool) -> Text:
    if row is None:
        return Text("")
    text = fixed(row["value"], places)
    if text == NOTHING:
        return Text(f"{text} {notes.letter(row['note']) if row['note'] else ' '}")
    alert = mark(row, is_ascii=is_ascii)
    return Text(f"{text} {alert}", style="bold red") if alert else Text(f"{text}  ")


def _split(one: Series) -> tuple[str, ...]:
    return (one.column, one.component, one.segment)


def _unit(one: Series, units: Mapping[str, str]) -> str:
    unit = units.get(one.metric, "")
    return f" [{unit}]" if unit else ""
