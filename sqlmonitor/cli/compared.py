"""A comparison as text: for a terminal, and as Markdown for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from sqlmonitor.cli.blocks import ARROW, bar, blocks, plain, printable, share
from sqlmonitor.cli.figures import decimals, fixed, number
from sqlmonitor.cli.summary import plain_table, put

if TYPE_CHECKING:
    import pandas as pd

    from sqlmonitor.comparison import Comparison

__all__ = ["cut", "escaped", "markdown", "one_line", "print_comparison", "whole"]

MOST_LEVELS = 3
SHAPE_WIDTH = 10
BAR_WIDTH = 8
LONGEST_NAME = 32
NARROWEST_NOTE = 30
"""Room for a mean and the share outside; what is only drawn is left out for it."""
WIDEST = 140
"""Where output is not for a terminal, notes are folded as if it were so wide."""
GAP = 2
WHAT = "mean, or levels"
NO_BREAK = "\u00a0"
"""A blank that a page in HTML keeps, however many stand in a row."""
SEPARATORS = re.compile("[,;] ")


@dataclass(frozen=True)
class Line:
    """One compared column as people read it.

    Args:
        name: of the column.
        distance: Jensen-Shannon; None where a side has no values.
        noise: how often it holds the distance that noise alone would give.
        missing: shares of missing values.
        note: what the mean did, or the levels.
        shapes: the shapes of both sides; empty for levels.
    """

    name: str
    distance: float | None
    noise: str
    missing: str
    note: str
    shapes: str


def print_comparison(comparison: Comparison, out: Console) -> None:
    """Print what changed, what did not, and the columns that are on one side only.

    Args:
        comparison: of two sides.
        out: where to; what does not fit its width is cut, not wrapped.
    """
    is_ascii = out.options.ascii_only
    table = comparison.columns
    changed = [line_of(comparison, row, is_ascii) for row in records(table, "changed")]
    width = min(out.width, WIDEST)
    for label, title, rows in sides(comparison):
        text = f"{label:<9}  {rows}  {title}" if rows else f"{label:<9}  {title}"
        put(Text(cut(text, width, is_ascii=is_ascii)), out)
    out.print()
    out.print(Text(headline(comparison), style="bold"), soft_wrap=True)
    if changed:
        out.print()
        _print_lines(changed, width, out, is_ascii=is_ascii)
    paragraphs = remarks(comparison)
    if paragraphs:
        out.print()
        for label, what in paragraphs:
            _print_paragraph(label, what, width, out, is_ascii=is_ascii)
    if changed:
        out.print()
        for text in LEGEND:
            _print_paragraph("", plain(text, is_ascii=is_ascii), width, out, is_ascii=is_ascii)


LEGEND = (
    "distance: Jensen-Shannon, 0 to 1; × noise: times what unchanged data would give",
    "changed: p below 0.05 over all columns, or missing by over 3 standard errors",
    "order: distance less its noise, or the change in missing where that is larger",
)


def sides(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Label, title and rows of both sides, and what is true of both."""
    counts = [f"{count:,} rows" for count in comparison.counts.row_counts]
    width = max(map(len, counts))
    found = [
        ("reference", printable(comparison.reference), f"{counts[0]:>{width}}"),
        ("analysis", printable(comparison.analysis), f"{counts[1]:>{width}}"),
    ]
    return (
        found if comparison.where is None else [*found, ("both", f"where {printable(comparison.where)}", "")]
    )


def headline(comparison: Comparison) -> str:
    """What happened, in one sentence."""
    counts = comparison.columns["status"].value_counts()
    changed, same = int(counts.get("changed", 0)), int(counts.get("same", 0))
    parts = [f"{changed} of {changed + same} columns changed"]
    for status, words in (("added", "new"), ("removed", "gone"), ("retyped", "of another type")):
        if counts.get(status, 0):
            parts.append(f"{counts[status]} {words}")
    return ", ".join(parts)


def remarks(comparison: Comparison) -> list[tuple[str, list[str]]]:
    """Paragraphs on all columns but those that changed: what they are called, and each column's words."""
    table = comparison.columns
    of_types = [
        (label, [printable(f"{row['column']} {row['type']}") for row in records(table, status)])
        for label, status in (("new", "added"), ("gone", "removed"), ("other type", "retyped"))
    ]
    same = [
        f"{printable(row['column'])} {number(row.get('jensen_shannon'), 2)}" for row in records(table, "same")
    ]
    left_out = [printable(f"{row['column']} ({row['note']})") for row in records(table, "left out")]
    every = [*of_types, ("within noise", same), ("left out", left_out)]
    return [(label, what) for label, what in every if what]


def records(table: pd.DataFrame, status: str) -> list[dict[Any, Any]]:
    """The rows of one status."""
    return table[table["status"] == status].to_dict("records")


def line_of(comparison: Comparison, row: Mapping[Any, Any], is_ascii: bool = False) -> Line:
    """One compared column as people read it."""
    distance, floor = row["jensen_shannon"], row["jensen_shannon_noise_floor"]
    is_known = distance == distance
    shapes = ""
    if row["kind"] == "numeric":
        note = _moved(row)
        shapes = _shapes(comparison.counts.bins, row["column"]) if not is_ascii else ""
    else:
        note = _levels(comparison, row)
    return Line(
        name=printable(str(row["column"])),
        distance=distance if is_known else None,
        noise=_times(distance / floor) if is_known and floor else "",
        missing=plain(share(row["reference_missing"], row["missing"]), is_ascii=is_ascii),
        note=plain(note or str(row["note"] or ""), is_ascii=is_ascii),
        shapes=shapes,
    )


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 9.95 else f"{ratio:.1f}"


def _moved(row: Mapping[Any, Any]) -> str:
    """What the mean did, and how many rows are out of the reference's range."""
    before, after = row["reference_mean"], row["mean"]
    if before != before and after != after:
        return ""
    places = decimals([before, after])
    parts = [f"{fixed(before, places)}{ARROW}{fixed(after, places)}"]
    outside = row["out_of_range"]
    if outside >= 0.0005:
        parts.append(f"{share(outside, outside)} outside")
    return ", ".join(parts)


def _levels(comparison: Comparison, row: Mapping[Any, Any]) -> str:
    """The levels that came and went, or those that moved most where none did."""
    parts = []
    for count, levels, word in (
        (row["new_level_count"], row["new_levels"], "new"),
        (row["gone_level_count"], row["gone_levels"], "gone"),
    ):
        if count == count and count:
            shown = ", ".join(map(one_line, levels[:MOST_LEVELS]))
            more = ", …" if count > MOST_LEVELS else ""
            parts.append(f"{int(count):,} {word}: {shown}{more}")
    if parts:
        return "; ".join(parts)
    counts = comparison.counts
    levels = counts.levels[counts.levels["column_name"] == row["column"]]
    before, after = (max(count, 1) for count in counts.row_counts)
    shares = [
        (str(r["level"]), r["reference_count"] / before, r["analysis_count"] / after)
        for _, r in levels.iterrows()
    ]
    shares.sort(key=lambda one: -abs(one[2] - one[1]))
    return ", ".join(f"{one_line(level)} {share(p, q)}" for level, p, q in shares[:2])


def one_line(level: str) -> str:
    """A level on one line, and not too long."""
    flat = printable(" ".join(level.split())) if level.strip() else repr(level)
    return flat if len(flat) <= 24 else f"{flat[:23]}…"


def _shapes(bins: pd.DataFrame, name: str) -> str:
    """The histograms of both sides over the reference's range, on one scale."""
    rows = bins[(bins["column_name"] == name) & (bins["chunk_number"] == 0) & (bins["bin"] >= 0)]
    if rows.empty:
        return ""
    count = int(rows["bin"].max()) + 1
    width = min(SHAPE_WIDTH, count)
    places = rows["bin"].astype(int) * width // count
    shapes = []
    for column in ("reference_count", "row_count"):
        heights = rows[column].groupby(places).sum().reindex(range(width), fill_value=0)
        shapes.append([float(height) / max(float(heights.sum()), 1) for height in heights])
    top = max(map(max, shapes))
    return f"{blocks(shapes[0], top)}{ARROW}{blocks(shapes[1], top)}"


def _print_lines(lines: Sequence[Line], width: int, out: Console, *, is_ascii: bool) -> None:
    longest = min(max(cell_len(line.name) for line in lines), LONGEST_NAME, max(width // 4, 12))
    columns = {
        "column": [cut(line.name, longest, is_ascii=is_ascii) for line in lines],
        ">distance": ["" if line.distance is None else f"{line.distance:.3f}" for line in lines],
        "": [bar(line.distance or 0, BAR_WIDTH, is_ascii=is_ascii) for line in lines],
        plain(">× noise", is_ascii=is_ascii): [line.noise for line in lines],
        ">missing": [line.missing for line in lines],
        "shape": [line.shapes for line in lines],
    }
    widths = {name: max(map(cell_len, [name.lstrip(">"), *cells])) + GAP for name, cells in columns.items()}
    # What is only drawn makes room for what is said.
    for name in ("shape", ""):
        if not any(columns[name]) or width - sum(widths.values()) < NARROWEST_NOTE:
            del columns[name], widths[name]
    left = max(width - sum(widths.values()), len(WHAT))
    columns[WHAT] = [whole(line.note, left, is_ascii=is_ascii) for line in lines]
    table = plain_table(*columns, gap=GAP)
    for cells in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, cells))
    for column in table.columns:
        column.no_wrap = True
    put(table, out)


def cut(text: str, width: int, *, is_ascii: bool = False) -> str:
    """The text, or as much of it as there is room for."""
    end = plain("…", is_ascii=is_ascii)
    return text if cell_len(text) <= width else f"{text[: width - len(end)]}{end}"


def whole(text: str, width: int, *, is_ascii: bool = False) -> str:
    """As many of the parts between commas and semicolons as there is room for."""
    if cell_len(text) <= width:
        return text
    end = plain("…", is_ascii=is_ascii)
    ends = [
        found.end()
        for found in SEPARATORS.finditer(text)
        if cell_len(text[: found.end()]) + len(end) <= width
    ]
    return f"{text[: ends[-1]]}{end}" if ends else cut(text, width, is_ascii=is_ascii)


def _print_paragraph(
    label: str, what: Iterable[str] | str, width: int, out: Console, *, is_ascii: bool
) -> None:
    """A label, and beside it words that are broken into lines."""
    indent = " " * 14 if label else ""
    words = what.split(" ") if isinstance(what, str) else [f"{one}," for one in what]
    lines = [f"{label:<14}" if label else ""]
    for index, word in enumerate(words):
        shown = plain(word, is_ascii=is_ascii)
        if not isinstance(what, str) and index == len(words) - 1:
            shown = shown.removesuffix(",")
        is_first = lines[-1].strip() in ("", label)
        joined = f"{lines[-1]}{'' if is_first else ' '}{shown}"
        if cell_len(joined) > width and not is_first:
            lines.append(f"{indent}{shown}")
        else:
            lines[-1] = joined
    for line in lines:
        put(Text(line, no_wrap=True, overflow="ignore"), out)


def markdown(comparison: Comparison) -> str:
    """The same as Markdown."""
    lines = []
    for label, title, rows in sides(comparison):
        lines.append(f"- {label}: `{title.replace('`', chr(39))}`" + (f", {rows.strip()}" if rows else ""))
    lines += ["", f"**{headline(comparison)}**", ""]
    changed = [line_of(comparison, row) for row in records(comparison.columns, "changed")]
    if changed:
        lines += [f"| column | distance | × noise | missing | shape | {WHAT} |", "|---|--:|--:|--:|---|---|"]
        for line in changed:
            distance = "" if line.distance is None else f"{line.distance:.3f}"
            drawn = f"`{line.shapes.replace(' ', NO_BREAK)}`" if line.shapes else ""
            texts = (line.name, distance, line.noise, line.missing, "", line.note)
            cells = [escaped(text) or drawn for text in texts]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    for label, what in remarks(comparison):
        lines.append(f"- {label}: {', '.join(map(escaped, what))}")
    if changed:
        lines += ["", f"<sub>{'<br>'.join(LEGEND)}</sub>"]
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """Text in a cell of a Markdown table."""
    for sign in "\\|<>*_`[]":
        text = text.replace(sign, f"\\{sign}")
    return text
