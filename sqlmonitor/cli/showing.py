"""The command that prints stored results."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlmonitor.cli.settings import Settings, chosen, connect, global_options, monitor_argument

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["show"]

FORMATS = ("table", "csv", "json", "parquet")
SEVERAL = "May be given several times."


@click.command(epilog="Example: sqlmonitor show late_flights --metric roc_auc --segment origin")
@monitor_argument
@click.option("--family", multiple=True, help=f"drift, performance, estimated, … {SEVERAL}")
@click.option("--metric", multiple=True, help=f"A metric or a KPI. {SEVERAL}")
@click.option("--column", multiple=True, help=f"A column. {SEVERAL}")
@click.option("--component", multiple=True, help="A class or a confusion cell, or '' for the metric itself.")
@click.option("--segment", multiple=True, help="origin, origin=EWR, or '' for all rows.")
@click.option("--chunk", multiple=True, help="How a chunk begins: 2013-05-01, 2013-05 or 2013.")
@click.option("--period", type=click.Choice(("reference", "analysis")), help="Only this period.")
@click.option("--compare", multiple=True, help="week, 'rolling 7', previous, … or '' for own chunks.")
@click.option("--alerts", is_flag=True, help="Only values that alert.")
@click.option("--as-of", metavar="TIME", help="As known then; UTC, a date means its end: 2013-06-01.")
@click.option("--backtest", is_flag=True, help="Estimated minus realized, chunk by chunk.")
@click.option("--all", "everything", is_flag=True, help="Leave nothing out of the table.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("-o", "--output", metavar="PATH", help="A file instead of standard output.")
@global_options
@click.pass_obj
def show(
    settings: Settings,
    /,
    monitor: str | None,
    alerts: bool,
    as_of: str | None,
    backtest: bool,
    everything: bool,
    format_: str,
    output: str | None,
    **wanted: Any,
) -> None:
    """Print the stored results.

    As a table: the newest of the monitor's own chunks of the whole population, unless options name others; it says what
    it leaves out. The other formats have every value that matches.
    """
    if format_ == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: add -o results.parquet")
    import pandas as pd

    from sqlmonitor import store
    from sqlmonitor.results import HEADLINE_METRICS, Results
    from sqlmonitor.times import utc

    project = settings.project()
    monitors = chosen(project, monitor)
    time = None if as_of is None else utc(as_of, "--as-of", is_end=True)
    with connect(project, read_only=True) as engine:
        frames = [
            Results(store.read_results(engine, project.store, one.name, as_of=time)).to_pandas()
            for one in monitors
        ]
    results = Results(pd.concat(frames, ignore_index=True)).filter(
        **{name: value or None for name, value in wanted.items()}
    )
    if backtest and alerts:
        raise click.UsageError("--backtest has no alerts: leave one of the two out")
    if backtest:
        frame = results.backtest()
    else:
        frame = (results.alerts() if alerts else results).to_pandas()
        order = ["monitor", "chunk_length", "compared_with", "chunk", "segment_column", "segment_value"]
        frame = frame.sort_values([*order, "family", "metric", "column_name", "component"], ignore_index=True)
    if format_ == "table":
        from sqlmonitor.cli.backtest import print_backtests
        from sqlmonitor.cli.screen import print_results
        from sqlmonitor.cli.summary import PIPED_WIDTH, Screen, console

        text = io.StringIO()
        out = console() if output is None else Screen(file=text, width=PIPED_WIDTH, highlight=False)
        if backtest:
            print_backtests(frame, monitors, wanted["metric"] or HEADLINE_METRICS, out, everything=everything)
        else:
            print_results(frame, monitors, wanted, out, everything=everything)
        content = text.getvalue().encode()
    else:
        content = _encoded(frame, format_)
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise click.FileError(output, error.strerror or "cannot be written") from error


def _encoded(frame: pd.DataFrame, format_: str) -> bytes:
    if format_ == "csv":
        return frame.to_csv(index=False, lineterminator="\n").encode()
    return _json(frame).encode() if format_ == "json" else _parquet(frame)


def _json(frame: pd.DataFrame) -> str:
    import pandas as pd

    records = [
        {
            str(key): None
            if pd.isna(value)
            else value.isoformat()
            if hasattr(value, "isoformat")
            # JSON has no infinity.
            else str(value)
            if value in (float("inf"), float("-inf"))
            else value
            for key, value in record.items()
        }
        for record in frame.astype("object").to_dict(orient="records")
    ]
    return json.dumps(records, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _parquet(frame: pd.DataFrame) -> bytes:
    from sqlmonitor.engines.frames import write_parquet

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.parquet"
        write_parquet(frame, path)
        return path.read_bytes()
