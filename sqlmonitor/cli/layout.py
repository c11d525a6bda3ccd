"""How series of values are put on a screen: a list, a column each, a line each, or a confusion matrix."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sqlmonitor.cli.figures import NOTHING, Row, decimals, fixed, limits, mark, number
from sqlmonitor.cli.selection import Chunk, Hidden, Series
from sqlmonitor.cli.summary import MARK_PLACE, flush, plain_table, put

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

    def take(self, other: Notes) -> None:
        """Have the letters of another."""
        self._letters = other._letters

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
    table: Table | Text | None = _as_columns(series, chunks, units, notes, out)
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

    def beside(name: str) -> Callable[[Row], str]:
        return lambda row: "" if row[name] != row[name] else fixed(row[name], places)

    columns: dict[str, Callable[[Row], str]] = {
        ">rows": lambda row: number(row["row_count"]) if row["row_count"] is not pd.NA else NOTHING,
        "value": lambda row: f"{fixed(row['value'], places)} {mark(row, is_ascii=is_ascii) or ' '}",
        ">± error": beside("standard_error"),
        ">noise floor": beside("noise_floor"),
        ">p-value": lambda row: "" if row["p_value"] != row["p_value"] else f"{row['p_value']:.2g}",
        ">limits": limits,
        "note": lambda row: str(row["note"]),
    }
    texts = {heading: [write(row) for _, _, row in rows] for heading, write in columns.items()}
    texts = {heading: cells for heading, cells in texts.items() if any(cells)}
    styles = ["bold red" if row["is_alert"] else "" for _, _, row in rows]
    heading, values = flush(
        ["value"], [Text(text, style) for text, style in zip(texts["value"], styles, strict=True)]
    )
    table = plain_table("chunk", *(heading if name == "value" else name for name in texts), gap=GAP)
    for index, ((_, chunk), said, _) in enumerate(rows):
        name = f"{chunk} ({said})" if said else chunk
        cells = [
            values[index] if heading == "value" else Text(cells[index]) for heading, cells in texts.items()
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
    names = [f"{chunk} ({said})" if said else chunk for (_, chunk), said in chunks.items()]
    width = max(map(cell_len, [*names, "chunk"]))
    columns = []
    letters = Notes()
    for heading, one in zip(parts, series, strict=True):
        columns.append(flush([""] * (height - len(heading)) + heading, _cells(one, chunks, letters, out)))
        width += cell_len(columns[-1][1][0].plain) + GAP
        if width > min(out.width, WIDEST):
            return None
    notes.take(letters)
    if shared:
        out.print(Text(" ".join(shared)))
        out.print()
    above = "\n" * (height - 1)
    table = plain_table(f"{above}chunk", *(heading for heading, _ in columns), gap=GAP)
    for index, name in enumerate(names):
        table.add_row(Text(name), *(cells[index] for _, cells in columns))
    return table


def _as_lines(
    series: Sequence[Series],
    chunks: Mapping[Chunk, str],
    units: Mapping[str, str],
    notes: Notes,
    out: Console,
    most_lines: int,
) -> tuple[Table | Text, list[Hidden]]:
    """A line for each series, the newest chunks that fit as columns."""
    shown = series[:most_lines]
    hidden = []
    if len(series) > len(shown):
        families = dict.fromkeys(one.family for one in series[most_lines:])
        # One at a time: of all of them together there would be too many lines again.
        option = " or ".join(f"--family {family}" for family in families)
        hidden.append(Hidden(f"{len(series) - len(shown):,} more lines", f"{option}, or --all"))
    labels = _labels(shown, units)
    longest = max(cell_len(label.plain) for label, _ in labels)
    label_width = min(longest, max(out.width // 3, 30))
    columns: list[Chunk] = []
    left = out.width - label_width
    # From the newest on, as many as fit; one at least.
    is_ascii = out.options.ascii_only
    places = [0 if one is None else _decimals(one, chunks) for _, one in labels]
    for key in reversed(list(chunks)):
        heading = [chunks[key], key[1]] if any(chunks.values()) else [key[1]]
        cells = [
            Text("") if one is None else _cell(one.rows.get(key), place, Notes(), is_ascii=is_ascii)
            for (_, one), place in zip(labels, places, strict=True)
        ]
        width = cell_len(flush(heading, cells)[0].split("\n")[0]) + 1
        if columns and width > left:
            break
        left -= width
        columns.insert(0, key)
    if len(columns) < len(chunks):
        older = list(chunks)[-len(columns) - 1][1]
        hidden.append(
            Hidden(f"{len(chunks) - len(columns):,} older chunks", f"--chunk {older}, or a wider window")
        )
    newest = {key: chunks[key] for key in columns}
    lines = [[] if one is None else _cells(one, newest, notes, out) for _, one in labels]
    height = 2 if any(newest.values()) else 1
    flushed = [
        flush([newest[key], key[1]][-height:], [line[index] if line else Text("") for line in lines])
        for index, key in enumerate(columns)
    ]
    if longest <= label_width and left >= 0:
        return _joined([label for label, _ in labels], label_width, flushed), hidden
    table = plain_table("\n" * (height - 1), *(heading for heading, _ in flushed), gap=1)
    table.columns[0].max_width, table.columns[0].overflow = label_width, "fold"
    for index, (label, _) in enumerate(labels):
        table.add_row(label, *(cells[index] for _, cells in flushed))
    return table, hidden


def _joined(labels: Sequence[Text], label_width: int, columns: Sequence[tuple[str, list[Text]]]) -> Text:
    """What a table of the same columns looks like; Rich takes seconds to lay out one of thousands of cells."""
    headings = [heading.split("\n") for heading, _ in columns]
    lines = [
        Text(" ".join([" " * label_width, *parts]), style="bold") for parts in zip(*headings, strict=True)
    ]
    for index, label in enumerate(labels):
        label.pad_right(label_width - cell_len(label.plain))
        lines.append(Text(" ").join([label, *(cells[index] for _, cells in columns)]))
    joined = Text("\n").join(lines)
    joined.no_wrap, joined.overflow = True, "ignore"
    return joined


def _labels(shown: Sequence[Series], units: Mapping[str, str]) -> list[tuple[Text, Series | None]]:
    """The first column: families, below them metrics, below these columns, components and segments."""
    labels: list[tuple[Text, Series | None]] = []
    family, metric = "", ""
    for one in shown:
        if one.family != family:
            family, metric = one.family, ""
            labels.append((Text(family, style="bold"), None))
        if one.detail and one.metric != metric:
            labels.append((Text(f"  {one.metric}{_unit(one, units)}"), None))
        metric = one.metric
        label = f"{DEEPER}{one.detail}" if one.detail else f"  {one.metric}{_unit(one, units)}"
        labels.append((Text(label), one))
    return labels


def _cells(
    one: Series,
    chunks: Mapping[Chunk, str],
    notes: Notes,
    out: Console,
    scale: Mapping[Chunk, str] | None = None,
) -> list[Text]:
    """A series' cells; their number of decimals is that of the chunks in ``scale``, or of these."""
    places = _decimals(one, scale or chunks)
    is_ascii = out.options.ascii_only
    return [_cell(one.rows.get(chunk), places, notes, is_ascii=is_ascii) for chunk in chunks]


def _decimals(one: Series, chunks: Iterable[Chunk]) -> int:
    return decimals(one.rows[chunk]["value"] for chunk in chunks if chunk in one.rows)


def _cell(row: Row | None, places: int, notes: Notes, *, is_ascii: bool) -> Text:
    if row is None:
        return Text("")
    text = fixed(row["value"], places)
    if text == NOTHING:
        return Text(f"{text} {notes.letter(row['note']) if row['note'] else ' '}")
    alert = mark(row, is_ascii=is_ascii)
    return Text(f"{text} {alert}", style="bold red") if alert else Text(f"{text}{MARK_PLACE}")


def _split(one: Series) -> tuple[str, ...]:
    return (one.column, one.component, one.segment)


def _unit(one: Series, units: Mapping[str, str]) -> str:
    unit = units.get(one.metric, "")
    return f" [{unit}]" if unit else ""
