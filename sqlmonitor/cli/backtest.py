"""The back-test of the estimate for people: a line for each metric, a table for each chunk, a warning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sqlmonitor.backtest import LEAST_SHARE, Record, records
from sqlmonitor.cli.figures import decimals, fixed, number
from sqlmonitor.cli.summary import plain_table, put
from sqlmonitor.results import HEADLINE_METRICS

if TYPE_CHECKING:
    import pandas as pd

    from sqlmonitor.definitions import Monitor
    from sqlmonitor.results import Results

__all__ = ["print_backtests", "record_table", "warning"]

MOST_CHUNKS = 12
GAP = 2


def record_table(found: Iterable[Record]) -> Table:
    """A line for each metric: how many chunks were in the band, and how far off the estimate was."""
    table = plain_table("back-test", ">in the band", ">mean of estimated - realized", ">newest", gap=GAP)
    for one in found:
        places = decimals([one.mean_difference, one.newest_difference])
        table.add_row(
            Text(_name(one)),
            f"{one.in_band_count} of {one.chunk_count} chunks",
            _signed(one.mean_difference, places),
            _signed(one.newest_difference, places),
        )
    return table


def warning(results: Results) -> str:
    """Names the estimates that realized values have shown to be wrong; empty where there are none."""
    wrong = [one for one in records(results.backtest()) if not one.is_trusted]
    if not wrong:
        return ""
    named = ", ".join(f"{_name(one)} ({one.in_band_count} of {one.chunk_count})" for one in wrong)
    return (
        f"estimates are not to be trusted where the realized value was in the estimate's band in fewer than "
        f"{LEAST_SHARE:.0%} of the chunks: {named}"
    )


def print_backtests(
    table: pd.DataFrame,
    monitors: Sequence[Monitor],
    metrics: Sequence[str],
    out: Console,
    *,
    everything: bool,
) -> None:
    """Print the record of every metric, and the chunks of some.

    Args:
        table: the back-test, of one or several monitors.
        monitors: those asked for.
        metrics: whose chunks are shown one by one; of ``HEADLINE_METRICS`` the first that there is.
        out: where to.
        everything: show all chunks, and segments and components too.
    """
    for index, monitor in enumerate(monitors):
        if index:
            out.print()
        if len(monitors) > 1:
            out.print(Text(monitor.name, style="bold"))
        _print_monitor(table[table["monitor"] == monitor.name], metrics, out, everything=everything)


def _print_monitor(table: pd.DataFrame, metrics: Sequence[str], out: Console, *, everything: bool) -> None:
    if table.empty:
        out.print("no chunk has an estimate and a realized value yet")
        return
    if tuple(metrics) == HEADLINE_METRICS:
        metrics = [name for name in metrics if name in set(table["metric"])][:1]
    found = records(table)
    if found:
        put(record_table(found), out)
    chosen = table[table["metric"].isin(list(metrics))]
    if not everything:
        whole = chosen[chosen["segment_column"] == ""]
        chosen = whole if len(whole) else chosen
        analysis = chosen[chosen["period"] == "analysis"]
        chosen = analysis if len(analysis) else chosen
    names = ["metric", "component", "segment_column", "segment_value"]
    for _, rows in chosen.groupby(names, sort=False):
        first = rows.iloc[0]
        segment = f"{first['segment_column']}={first['segment_value']}" if first["segment_column"] else ""
        out.print()
        out.print(Text(" ".join(part for part in (first["metric"], first["component"], segment) if part)))
        out.print()
        put(_chunks(rows if everything else rows.tail(MOST_CHUNKS)), out)
    hidden = sorted({one.metric for one in found} - set(metrics))
    if hidden:
        out.print()
        out.print(Text(f"not shown: the chunks of {', '.join(hidden)} (--metric {hidden[0]})"))


def _chunks(rows: pd.DataFrame) -> Table:
    heads = (">labels", ">estimated", ">band", ">realized", ">difference", ">± error", "")
    table = plain_table("chunk", *heads, gap=GAP)
    places = decimals([*rows["estimated"], *rows["realized"]])
    for row in rows.to_dict("records"):
        low, high = fixed(row["lower_bound"], places), fixed(row["upper_bound"], places)
        table.add_row(
            Text(f"{row['chunk']} (partial)" if row["is_partial"] else str(row["chunk"])),
            number(row["row_count"]),
            fixed(row["estimated"], places),
            f"{low} to {high}",
            fixed(row["realized"], places),
            _signed(row["difference"], places),
            fixed(row["standard_error"], places),
            Text("" if row["is_in_band"] else "outside", style="bold red"),
        )
    return table


def _name(one: Record) -> str:
    return f"{one.metric} {one.component}".strip()


def _signed(value: float, places: int) -> str:
    text = fixed(value, places)
    return text if text.startswith("-") else f"+{text}"
