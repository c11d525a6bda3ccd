"""Confusion matrices as such: true classes down, predicted classes across."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from sqlmonitor.cli.figures import NOTHING, Row, decimals, fixed, mark
from sqlmonitor.cli.selection import Chunk, Hidden, Series
from sqlmonitor.cli.summary import MARK_PLACE, flush, plain_table, put

__all__ = ["is_matrix", "lay_out_matrix"]

BINARY = {
    "true_positive": ("positive", "positive"),
    "false_positive": ("negative", "positive"),
    "false_negative": ("positive", "negative"),
    "true_negative": ("negative", "negative"),
}
"""True and predicted class of each cell of two classes."""
CELL = re.compile(r"true=(.*?),predicted=(.*)", re.DOTALL)


def is_matrix(series: Sequence[Series]) -> bool:
    """Whether these are whole confusion matrices and nothing else."""
    if any(one.metric != "confusion_matrix" or _place(one) is None for one in series):
        return False
    places = {_place(one) for one in series}
    classes = {name for place in places if place is not None for name in place}
    return len(classes) > 1 and len(places) == len(classes) ** 2


def lay_out_matrix(
    series: Sequence[Series], chunks: Mapping[Chunk, str], out: Console, *, everything: bool
) -> list[Hidden]:
    """Print a matrix for each chunk, family and segment; of the newest chunk alone unless told otherwise.

    Args:
        series: the cells.
        chunks: in order, with what is to be said of each.
        out: where to.
        everything: show every chunk.

    Returns:
        What was left out.
    """
    complete = [chunk for chunk, said in chunks.items() if said != "partial"]
    shown = list(chunks) if everything else (complete or list(chunks))[-1:]
    is_first = True
    for chunk in shown:
        for family, segment in dict.fromkeys((one.family, one.segment) for one in series):
            cells = {
                _place(one): one.rows[chunk]
                for one in series
                if (one.family, one.segment) == (family, segment) and chunk in one.rows
            }
            if not cells:
                continue
            if not is_first:
                out.print()
            is_first = False
            said = f"({chunks[chunk]})" if chunks[chunk] else ""
            title = (family, "confusion_matrix", segment, chunk[1], said)
            out.print(Text(" ".join(part for part in title if part)))
            _print_matrix(cells, out)
    if len(shown) == len(chunks):
        return []
    example = next(chunk for _, chunk in reversed(list(chunks)) if chunk != shown[0][1])
    return [Hidden(f"{len(chunks) - len(shown)} other chunks", f"--chunk {example}, or --all")]


def _print_matrix(cells: Mapping[tuple[str, str] | None, Row], out: Console) -> None:
    classes = list(dict.fromkeys(place[0] for place in cells if place is not None))
    if set(classes) == {"positive", "negative"}:
        classes = ["positive", "negative"]
    notes = {str(row["note"]) for row in cells.values() if row["note"]}
    if all(row["value"] != row["value"] for row in cells.values()):
        out.print(Text(f"  not computed: {'; '.join(sorted(notes)) or 'no note'}"))
        return
    places = decimals(row["value"] for row in cells.values())
    is_ascii = out.options.ascii_only
    columns = []
    for number, predicted in enumerate(classes):
        rows = [cells.get((true, predicted)) for true in classes]
        heading = ["predicted" if number == 0 else "", predicted]
        columns.append(flush(heading, [_cell(row, places, is_ascii) for row in rows]))
    table = plain_table("\n  true", *(heading for heading, _ in columns), gap=2)
    for index, true in enumerate(classes):
        table.add_row(Text(f"  {true}"), *(texts[index] for _, texts in columns))
    put(table, out)
    if notes:
        out.print(Text(f"  {NOTHING} : {'; '.join(sorted(notes))}"))


def _cell(row: Row | None, places: int, is_ascii: bool) -> Text:
    if row is None:
        return Text("")
    alert = mark(row, is_ascii=is_ascii)
    text = fixed(row["value"], places)
    return Text(f"{text} {alert}", style="bold red") if alert else Text(f"{text}{MARK_PLACE}")


def _place(one: Series) -> tuple[str, str] | None:
    """True and predicted class of a cell; None where the name does not tell them."""
    if one.component in BINARY:
        return BINARY[one.component]
    found = CELL.fullmatch(one.component)
    return (found[1], found[2]) if found else None
