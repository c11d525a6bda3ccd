"""Commands that need no project file: compare and profile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from sqlmonitor.cli.progress import shown
from sqlmonitor.cli.settings import Command, Settings, global_options

if TYPE_CHECKING:
    import pandas as pd

    from sqlmonitor.engines import Engine

__all__ = ["compare", "profile"]

FORMATS = ("table", "csv", "json", "markdown")
IN_MEMORY = "duckdb://"


def side_options(command: Command) -> Command:
    """Give a command the options that both have."""
    options = (
        click.option("--where", metavar="SQL", help="Only rows that fit."),
        click.option("--columns", metavar="A,B,…", help="Only these columns."),
        click.option(
            "--warehouse",
            metavar="URL",
            default=IN_MEMORY,
            help="Where the data is [default: DuckDB in memory].",
        ),
        click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog="Example: sqlmonitor compare march.parquet april.parquet")
@click.argument("reference")
@click.argument("analysis", required=False)
@click.option("--reference", "condition", metavar="SQL", help="One side only: rows to compare others with.")
@side_options
@click.option("--fail-over", type=float, metavar="LIMIT", help="Exit 1 if a column changed by more.")
@global_options
@click.pass_context
def compare(
    ctx: click.Context,
    reference: str,
    analysis: str | None,
    condition: str | None,
    where: str | None,
    columns: str | None,
    warehouse: str,
    format_: str,
    fail_over: float | None,
) -> None:
    """Compare two queries, files or tables column by column, without a project file.

    REFERENCE and ANALYSIS are each "SELECT …", a Parquet, CSV or JSON file, or a table or view. With
    one of them, --reference says which rows the others are compared with. Columns come sorted by how
    much they changed: by Jensen-Shannon distance over what noise alone would give, or by missing values.

    --fail-over 0.1 exits with 1 if a column changed by more than that, is gone or has another type.
    """
    from sqlmonitor import comparison

    settings: Settings = ctx.obj
    with opened(warehouse) as engine, shown("compare", is_quiet=settings.verbose) as progress:
        found = comparison.compare(
            engine,
            reference,
            analysis,
            condition=condition,
            where=where,
            columns=listed(columns),
            progress=progress,
        )
    if format_ == "table":
        from sqlmonitor.cli.compared import print_comparison
        from sqlmonitor.cli.summary import console

        print_comparison(found, console())
    elif format_ == "markdown":
        from sqlmonitor.cli.compared import markdown

        click.echo(markdown(found), nl=False)
    else:
        _encode(found.columns, comparison.as_json(found), format_)
    if fail_over is not None and (far := found.drifted(fail_over)):
        click.echo(f"changed by more than {fail_over:g}, or lost: {', '.join(far)}", err=True)
        ctx.exit(1)


@click.command(epilog="Example: sqlmonitor profile scores.parquet")
@click.argument("source")
@side_options
@global_options
@click.pass_obj
def profile(
    settings: Settings,
    source: str,
    where: str | None,
    columns: str | None,
    warehouse: str,
    format_: str,
) -> None:
    """Describe a query, a file or a table column by column, without a project file.

    SOURCE is "SELECT …", a Parquet, CSV or JSON file, or a table or view. The rows are read once for
    all columns; text that names rows is not counted level by level.
    """
    from sqlmonitor import comparison

    with opened(warehouse) as engine, shown("profile", is_quiet=settings.verbose) as progress:
        found = comparison.profile(engine, source, where=where, columns=listed(columns), progress=progress)
    if format_ == "table":
        from sqlmonitor.cli.profiled import print_profile
        from sqlmonitor.cli.summary import console

        print_profile(found, console())
    elif format_ == "markdown":
        from sqlmonitor.cli.profiled import markdown

        click.echo(markdown(found), nl=False)
    else:
        _encode(found.columns, comparison.profile_as_json(found), format_)


@contextmanager
def opened(warehouse: str) -> Iterator[Engine]:
    """Open a warehouse in which nothing lasting will be written; nothing that is told inside has its secrets.

    Raises:
        ConfigurationError: it is no URL.
        WarehouseError: it cannot be opened.
    """
    from sqlmonitor import comparison
    from sqlmonitor.definitions.warehouse import hidden_in
    from sqlmonitor.masking import hiding

    with hiding(hidden_in(warehouse)), comparison.connect(warehouse) as engine:
        yield engine


def listed(columns: str | None) -> list[str] | None:
    """The names between commas; None where there are none."""
    if columns is None:
        return None
    return [name.strip() for name in columns.split(",") if name.strip()]


def _encode(table: pd.DataFrame, values: dict[str, Any], format_: str) -> None:
    if format_ == "json":
        click.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    # Lists of levels and bars are JSON in their cells.
    lists = [name for name in table if table[name].map(lambda value: isinstance(value, tuple)).any()]
    written = {
        str(name): table[name].map(lambda v: json.dumps(v, ensure_ascii=False) if isinstance(v, tuple) else v)
        for name in lists
    }
    click.echo(table.assign(**written).to_csv(index=False, lineterminator="\n"), nl=False)
