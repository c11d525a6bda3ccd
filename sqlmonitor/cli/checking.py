"""The command that judges the newest chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sqlmonitor.cli.blocks import harmless
from sqlmonitor.cli.figures import limits, mark, number
from sqlmonitor.cli.settings import Settings, chosen, connect, global_options, monitor_argument

if TYPE_CHECKING:
    from sqlmonitor.results import Results

__all__ = ["check"]

SHOWN_PROBLEMS = 20


@click.command(epilog="Example: sqlmonitor run && sqlmonitor check")
@monitor_argument
@global_options
@click.pass_context
def check(ctx: click.Context, monitor: str | None) -> None:
    """Exit 1 if the newest complete chunk has alerts or values that could not be computed.

    Realized values are judged by the newest chunk that has its labels, each metric by its own, and every
    comparison by its own newest chunk.

    Warns on standard error of estimates whose band has not held the realized values: their alerts, and
    that there are none, say little.

    Reads what the last run stored. Exits 2 where there is no complete chunk to judge.
    """
    from sqlmonitor import store
    from sqlmonitor.cli import summary
    from sqlmonitor.cli.backtest import warning
    from sqlmonitor.results import Results

    settings: Settings = ctx.obj
    project = settings.project()
    is_fine = True
    with connect(project, read_only=True) as engine:
        for one in chosen(project, monitor):
            stored = Results(store.read_results(engine, project.store, one.name))
            newest = stored.newest_complete_chunk()
            is_good = _report_chunk(one.name, newest.filter(compare=""))
            for comparison in stored.comparisons():
                if comparison:
                    is_good &= _report_comparison(one.name, comparison, newest)
            if not is_good:
                for line in summary.owned(one):
                    click.echo(f"  {line}")
            is_fine &= is_good
            distrust = warning(stored)
            if distrust:
                click.echo(f"{one.name}: {distrust}", err=True)
    if not is_fine:
        ctx.exit(1)


def _report_comparison(name: str, comparison: str, newest: Results) -> bool:
    if comparison not in newest.comparisons():
        click.echo(f"{name} ({comparison}): no complete chunk yet")
        return True
    return _report_chunk(f"{name} ({comparison})", newest.filter(compare=comparison), needs_limits=False)


def _report_chunk(name: str, results: Results, *, needs_limits: bool = True) -> bool:
    rows = results.to_pandas()
    alerts, failed = _sorted(results.alerts()), _sorted(results.failed())
    newest = rows["chunk"].max()
    earlier = rows[rows["chunk"] != newest].groupby("family")["chunk"].max()
    also = "".join(f", {family} of {chunk}" for family, chunk in earlier.items())
    _say(
        f"{name}, chunk {newest}{also}: {len(rows):,} values, {len(alerts):,} alerts, "
        f"{len(failed):,} not computed"
    )
    problems = [*alerts, *failed]
    if problems:
        _print_problems(problems[:SHOWN_PROBLEMS])
    if len(problems) > SHOWN_PROBLEMS:
        _say(f"  and {len(problems) - SHOWN_PROBLEMS:,} more: sqlmonitor show --alerts")
    unlimited, limited = results.unlimited(), len(results.limited())
    if len(unlimited):
        why = unlimited.to_pandas()["note"].str.split("; ").str[0].value_counts().index[0]
        _say(
            f"{name}: {len(unlimited):,} of {len(rows):,} values have no limit{f': {why}' if why else ''}",
            err=True,
        )
    if not limited and needs_limits:
        _say(
            f"{name}: nothing was checked, as no value has a limit\n"
            "  make the chunks shorter or the reference longer, or set constant thresholds",
            err=True,
        )
    return not problems and (limited > 0 or not needs_limits)


def _sorted(results: Results) -> list[dict[Any, Any]]:
    """Values in the order of what they mean for the business, the population before its segments."""
    from sqlmonitor.cli.selection import FAMILIES, RANKS

    def place(row: dict[Any, Any]) -> tuple[Any, ...]:
        family = FAMILIES.index(row["family"]) if row["family"] in FAMILIES else len(FAMILIES)
        rank = RANKS.get(row["metric"], len(RANKS))
        size = abs(row["value"]) if row["value"] == row["value"] and row["value"] is not None else 0.0
        return bool(row["segment_column"]), family, rank, row["metric"], -size

    return sorted(results.to_pandas().to_dict("records"), key=place)


def _print_problems(problems: list[dict[Any, Any]]) -> None:
    from rich.text import Text

    from sqlmonitor.cli.summary import console, plain_table, put

    out = console()
    cells = [_cells(row, is_ascii=out.options.ascii_only) for row in problems]
    # A column in which nothing stands is left out.
    used = [place for place, column in enumerate(zip(*cells, strict=True)) if any(column)]
    table = plain_table(*("" for _ in used), gap=2, show_header=False)
    for row in cells:
        table.add_row(*(Text(row[place]) for place in used))
    put(table, out)


def _cells(row: dict[Any, Any], *, is_ascii: bool) -> tuple[str, ...]:
    segment = f"{row['segment_column']}={row['segment_value']}" if row["segment_column"] else ""
    metric = " ".join(part for part in (row["metric"], row["component"]) if part)
    if row["is_alert"]:
        found = f"{number(row['value'])} {mark(row, is_ascii=is_ascii)}", f"limit {limits(row)}"
    else:
        found = "", f"not computed: {row['note']}" if row["note"] else "not computed"
    return (f"  {row['family']}", metric, row["column_name"] or "", segment, *found)


def _say(text: str, *, err: bool = False) -> None:
    """Prints text that may hold names and values of the data."""
    click.echo(harmless(text), err=err)
