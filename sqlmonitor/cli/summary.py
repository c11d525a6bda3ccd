"""What a run prints: a few tables that can be pasted anywhere."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from sqlmonitor.cli.blocks import harmless
from sqlmonitor.cli.figures import NOTHING, Row, decimals, fixed, mark
from sqlmonitor.cli.selection import FAMILIES

if TYPE_CHECKING:
    import pandas as pd

    from sqlmonitor.cli.settings import Settings
    from sqlmonitor.definitions import Monitor
    from sqlmonitor.results import Results

__all__ = ["MARK_PLACE", "Screen", "console", "flush", "owned", "plain_table", "put", "show_summary"]

MOST_CHUNKS = 12
MOST_FEATURES = 5
MARK_PLACE = "  "
GAP = 2
PIPED_WIDTH = 1000
"""Columns where no terminal says how wide it is; tables take what they need of it."""


class Screen(Console):
    """A console on which no control character of the data reaches the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


def console() -> Console:
    """Standard output; as wide as its content where it is not a terminal."""
    return Screen(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)


def plain_table(*headings: str, gap: int = 3, show_header: bool = True) -> Table:
    """A table without lines; headings that start with ``>`` are right-aligned."""
    table = Table(
        box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold", show_header=show_header
    )
    for heading in headings:
        is_right = heading.startswith(">")
        table.add_column(Text(heading.removeprefix(">")), justify="right" if is_right else "left")
    return table


def flush(heading: Sequence[str], cells: Sequence[Text]) -> tuple[str, list[Text]]:
    """Pad a column on the left to one width, for numbers that end in a mark or in its place.

    Rich's own alignment cuts the spaces that stand where there is no mark.

    Args:
        heading: its lines.
        cells: below it.
    """
    lines = [f"{line}{MARK_PLACE}" for line in heading]
    width = max(map(cell_len, [*lines, *(cell.plain for cell in cells)]))
    for cell in cells:
        cell.pad_left(width - cell_len(cell.plain))
    return "\n".join(" " * (width - cell_len(line)) + line for line in lines), list(cells)


def put(table: Table | Text, out: Console) -> None:
    """Print a table without the spaces that fill its lines, which wrap where a text is pasted."""
    with out.capture() as captured:
        out.print(table)
    out.file.write("\n".join(line.rstrip() for line in captured.get().split("\n")))


def show_summary(monitor: Monitor, results: Results, settings: Settings, prefix: str = "") -> None:
    """Print what one run found.

    Args:
        monitor: what ran.
        results: what came out.
        settings: names the project file, for the closing line.
        prefix: stands before the command that is proposed next.
    """
    out = console()
    own = results.filter(compare="")
    chunks = own.chunks()
    hidden = len(chunks) - MOST_CHUNKS
    chunks = chunks.tail(MOST_CHUNKS)
    out.print(Text(monitor.name, style="bold"))
    if monitor.description:
        out.print(Text(monitor.description))
    for line in owned(monitor):
        out.print(Text(line))
    if chunks.empty:
        out.print("no rows after the reference yet")
    else:
        out.print()
        for number, table in enumerate(_values(monitor, own, chunks, out)):
            if number:
                out.print()
            put(table, out)
        if hidden > 0:
            out.print(f"the {MOST_CHUNKS} newest of {hidden + MOST_CHUNKS} chunks")
        drifted = own.drifted()
        if not drifted.empty:
            out.print()
            put(_drift(drifted, chunks), out)
        _print_record(monitor, results, out)
    out.print()
    for line in _closing(results):
        out.print(Text(line))
    name = shlex.quote(monitor.name)
    click.echo(f"Next: {prefix}{settings.command(f'show {name} --alerts')}")


def _print_record(monitor: Monitor, results: Results, out: Console) -> None:
    from sqlmonitor.backtest import records
    from sqlmonitor.cli.backtest import record_table

    shown = {results.headline_metric(), *(kpi.name for kpi in monitor.kpis)}
    found = [one for one in records(results.backtest()) if one.metric in shown]
    if found:
        out.print()
        put(record_table(found), out)


def owned(monitor: Monitor) -> list[str]:
    """A line with the model's owner and where it is described; none where neither is known."""
    known = " · ".join(one for one in (monitor.owner, monitor.url) if one)
    return [known] if known else []


def _values(monitor: Monitor, results: Results, chunks: pd.DataFrame, out: Console) -> list[Table]:
    import pandas as pd

    units = {kpi.name: kpi.unit for kpi in monitor.kpis}
    values = pd.concat([results.headline(), results.kpis(units)])
    series: list[tuple[str, pd.DataFrame]] = []
    for _, rows in values.groupby(["metric", "family"], sort=False):
        metric, family = str(rows["metric"].iloc[0]), str(rows["family"].iloc[0])
        unit = f"[{units[metric]}]" if units.get(metric) else ""
        series.append((f"{'' if family == 'kpi' else family}\n{metric}\n{unit}", rows))
    # roc_auc first, then the KPIs; each estimated, then realized, then blended.
    ranks = {name: rank for rank, name in enumerate(FAMILIES)}
    series.sort(
        key=lambda one: (
            one[1]["metric"].iloc[0] in units,
            one[1]["metric"].iloc[0],
            ranks[one[1]["family"].iloc[0]],
        )
    )
    is_ascii = out.options.ascii_only
    columns = []
    for heading, rows in series:
        places = decimals(rows["value"])
        found = {row["chunk"]: _cell(row, places, is_ascii) for row in rows.to_dict("records")}
        cells = [found.get(chunk, Text(f"{NOTHING}{MARK_PLACE}")) for chunk in chunks["chunk"]]
        columns.append(flush(heading.split("\n"), cells))
    names = [
        f"{chunk} (partial)" if is_partial else str(chunk)
        for chunk, is_partial in zip(chunks["chunk"], chunks["is_partial"], strict=True)
    ]
    counts = [NOTHING if count != count else f"{count:,}" for count in chunks["row_count"]]
    # Side by side as far as the width goes; what is left over goes below.
    first = max(map(len, [*names, "chunk"])) + max(map(len, [*counts, "rows"])) + GAP
    left = 0
    blocks: list[list[tuple[str, list[Text]]]] = []
    for column in columns:
        width = cell_len(column[0].split("\n")[0]) + GAP
        if not blocks or width > left:
            blocks.append([])
            left = out.width - first
        blocks[-1].append(column)
        left -= width
    return [_block(names, counts, block) for block in blocks]


def _block(names: list[str], counts: list[str], columns: list[tuple[str, list[Text]]]) -> Table:
    lines = [heading.split("\n") for heading, _ in columns]
    # A line of headings that nobody fills, such as that of the units, is left out.
    used = [index for index in range(3) if any(one[index].strip() for one in lines)]
    headings = ["\n".join(one[index] for index in used) for one in lines]
    above = "\n" * (len(used) - 1)
    table = plain_table(f"{above}chunk", f">{above}rows", *headings, gap=GAP)
    for index, (name, count) in enumerate(zip(names, counts, strict=True)):
        table.add_row(Text(name), count, *(cells[index] for _, cells in columns))
    return table


def _cell(row: Row, places: int, is_ascii: bool) -> Text:
    text, alert = fixed(row["value"], places), mark(row, is_ascii=is_ascii)
    return Text(f"{text} {alert}", style="bold red") if alert else Text(f"{text}{MARK_PLACE}")


def _drift(drifted: pd.DataFrame, chunks: pd.DataFrame) -> Table:
    table = plain_table("chunk", ">drifted", "largest Jensen-Shannon distances")
    for chunk in chunks["chunk"]:
        rows = drifted[drifted["chunk"] == chunk]
        if rows.empty:
            continue
        largest = [
            f"{row['column_name']} {row['value']:.2f}" for row in rows.head(MOST_FEATURES).to_dict("records")
        ]
        more = ", and more" if len(rows) > MOST_FEATURES else ""
        table.add_row(Text(str(chunk)), str(len(rows)), Text(", ".join(largest) + more))
    return table


def _closing(results: Results) -> list[str]:
    own = results.filter(compare="")
    counts = own.alerts_by_family()
    in_segments = int(counts["segment_alert_count"].sum())
    whole = counts.assign(alert_count=counts["alert_count"] - counts["segment_alert_count"])
    total = int(whole["alert_count"].sum())
    by_family = ", ".join(
        f"{row['family']} {row['alert_count']:,}" for _, row in whole.iterrows() if row["alert_count"]
    )
    alerts = f"alerts: {total:,} ({by_family})" if total else "alerts: none"
    lines = [alerts + (f", and {in_segments:,} in segments" if in_segments else "")]
    compared = {
        one: int(results.filter(compare=one).alerts_by_family()["alert_count"].sum())
        for one in results.comparisons()
        if one
    }
    if compared:
        lines.append(f"of comparisons: {', '.join(f'{one} {count:,}' for one, count in compared.items())}")
    missing = own.failed().to_pandas()
    missing = missing[missing["period"] == "analysis"]
    if not missing.empty:
        notes = missing.loc[missing["note"] != "", "note"].value_counts()
        why = f"; most often: {notes.index[0]}" if len(notes) else ""
        lines.append(f"not computed: {len(missing):,} values{why}")
    return lines
