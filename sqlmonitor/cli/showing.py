"""The command that prints stored results."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlmonitor.cli.settings import Settings, chosen, connect, global_options, monitor_argument

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

__all__ = ["show"]

FORMATS = ("table", "csv", "json", "parquet")
SEVERAL = "May be given several times."


@click.command(epilog="Example: sqlmonitor show late_flights --metric roc_auc --format csv")
@monitor_argument
@click.option("--family", multiple=True, help=f"drift, performance, estimated, … {SEVERAL}")
@click.option("--metric", multiple=True, help=f"A metric or a KPI. {SEVERAL}")
@click.option("--column", multiple=True, help=f"A column. {SEVERAL}")
@click.option("--segment", multiple=True, help=f"origin, origin=EWR, or '' for all rows. {SEVERAL}")
@click.option("--period", type=click.Choice(("reference", "analysis")), help="Only this period.")
@click.option("--alerts", is_flag=True, help="Only values that alert.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("-o", "--output", metavar="PATH", help="A file instead of standard output.")
@global_options
@click.pass_obj
def show(
    settings: Settings,
    monitor: str | None,
    family: tuple[str, ...],
    metric: tuple[str, ...],
    column: tuple[str, ...],
    segment: tuple[str, ...],
    period: str | None,
    alerts: bool,
    format_: str,
    output: str | None,
) -> None:
    """Print the stored results."""
    if format_ == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: add -o results.parquet")
    import pandas as pd

    from sqlmonitor import store
    from sqlmonitor.results import Results

    project = settings.project()
    with connect(project, read_only=True) as engine:
        frames = [
            Results(store.read_results(engine, project.store, one.name)).to_pandas()
            for one in chosen(project, monitor)
        ]
    results = Results(pd.concat(frames, ignore_index=True)).filter(
        family=family or None,
        metric=metric or None,
        column=column or None,
        segment=segment or None,
        period=period,
    )
    frame = (results.alerts() if alerts else results).to_pandas()
    order = ["monitor", "chunk", "segment_column", "segment_value", "family", "metric"]
    frame = frame.sort_values([*order, "column_name", "component"], ignore_index=True)
    if format_ == "table" and output is None:
        _print_table(frame)
        return
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
    if format_ == "json":
        return _json(frame).encode()
    if format_ == "parquet":
        return _parquet(frame)
    from rich.console import Console

    from sqlmonitor.cli.summary import PIPED_WIDTH

    recorder = Console(width=PIPED_WIDTH, highlight=False, color_system=None)
    with recorder.capture() as captured:
        recorder.print(_table(frame))
    return captured.get().encode()


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
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "results.parquet"
        connection.from_df(frame).write_parquet(str(path))
        return path.read_bytes()


def _print_table(frame: pd.DataFrame) -> None:
    from sqlmonitor.cli.summary import console

    console().print(_table(frame))
    click.echo(f"{len(frame):,} values, {int(frame['is_alert'].sum()):,} alerts", err=True)


def _table(frame: pd.DataFrame) -> Table:
    import pandas as pd
    from rich.text import Text

    from sqlmonitor.cli.summary import number, plain_table

    has_monitors = frame["monitor"].nunique() > 1
    headings = (
        "chunk",
        "segment",
        "family",
        "metric",
        "column",
        ">value",
        ">limits",
        "alert",
        "note",
    )
    table = plain_table(*(("monitor",) if has_monitors else ()), *headings)
    for _, row in frame.iterrows():
        segment = f"{row['segment_column']}={row['segment_value']}" if row["segment_column"] else ""
        metric = f"{row['metric']} ({row['component']})" if row["component"] else row["metric"]
        limits = f"{number(row['lower_threshold'])} .. {number(row['upper_threshold'])}"
        cells = [
            *([row["monitor"]] if has_monitors else []),
            row["chunk"] + (" (reference)" if row["period"] == "reference" else ""),
            *(segment, row["family"], metric, row["column_name"], number(row["value"])),
            *(
                "" if limits == "- .. -" else limits,
                "" if row["is_alert"] is pd.NA or not row["is_alert"] else "alert",
                row["note"],
            ),
        ]
        table.add_row(*(Text(str(cell)) for cell in cells))
    return table
