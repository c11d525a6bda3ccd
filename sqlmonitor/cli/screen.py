"""Results as tables for people: each monitor's selection, laid out, and what was left out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from sqlmonitor.cli.layout import MOST_LINES, lay_out
from sqlmonitor.cli.matrix import is_matrix, lay_out_matrix
from sqlmonitor.cli.selection import Hidden, narrowed, series_of
from sqlmonitor.metrics import CATALOGUE

if TYPE_CHECKING:
    import pandas as pd

    from sqlmonitor.definitions import Monitor

__all__ = ["print_results"]

ENDLESS = 10**9
OF_THE_DATA = ("the column's", "the target's")
"""How units begin that the catalogue cannot know."""


def print_results(
    frame: pd.DataFrame,
    monitors: Sequence[Monitor],
    wanted: Mapping[str, object],
    out: Console,
    *,
    everything: bool,
) -> None:
    """Print what was selected, as tables.

    Args:
        frame: the rows of results that match the options.
        monitors: those asked for.
        wanted: the options that choose rows, empty where the user did not give them.
        out: where to.
        everything: leave nothing out.
    """
    for number, monitor in enumerate(monitors):
        if number:
            out.print()
        if len(monitors) > 1:
            out.print(Text(monitor.name, style="bold"))
        rows = frame[frame["monitor"] == monitor.name]
        if rows.empty:
            given = [f"--{option}" for option, value in wanted.items() if value]
            together = " and ".join(given) if len(given) > 1 else ""
            nothing = f"no result has {together} at once" if together else "nothing matches"
            out.print(nothing if given else "no values")
            continue
        _print_monitor(rows, monitor, wanted, out, everything=everything)


def _print_monitor(
    rows: pd.DataFrame, monitor: Monitor, wanted: Mapping[str, object], out: Console, *, everything: bool
) -> None:
    hidden: list[Hidden] = []
    if not everything:
        rows, hidden = narrowed(
            rows,
            has_period=bool(wanted["period"]),
            has_segment=bool(wanted["segment"]),
            has_chunk=bool(wanted["chunk"]),
            has_comparison=bool(wanted["compare"]),
        )
    series, chunks = series_of(rows)
    if is_matrix(series):
        hidden += lay_out_matrix(series, chunks, out, everything=everything or bool(wanted["chunk"]))
    else:
        units = _units(monitor)
        hidden += lay_out(series, chunks, units, out, ENDLESS if everything else MOST_LINES)
    alerts = int(rows["is_alert"].sum())
    missing = int(rows["value"].isna().sum())
    out.print()
    counts = [f"{len(rows):,} values", f"{alerts:,} alerts"]
    counts += [f"{missing:,} not computed"] if missing else []
    out.print(Text(", ".join(counts)))
    for index, one in enumerate(hidden):
        out.print(Text(f"{'not shown: ' if index == 0 else ' ' * 11}{one}"))


def _units(monitor: Monitor) -> dict[str, str]:
    units = {one.name: one.unit for one in CATALOGUE.values() if not one.unit.startswith(OF_THE_DATA)}
    if monitor.metrics.normalize is not None:
        units["confusion_matrix"] = ""
    return units | {kpi.name: kpi.unit or "" for kpi in monitor.kpis}
