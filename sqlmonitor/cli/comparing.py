"""Commands that need no project file: compare."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from sqlmonitor.cli.progress import shown
from sqlmonitor.cli.settings import Settings, global_options

if TYPE_CHECKING:
    from sqlmonitor.comparison import Comparison
    from sqlmonitor.engines import Engine

__all__ = ["compare"]

FORMATS = ("table", "csv", "json", "markdown")
IN_MEMORY = "duckdb://"


@click.command(epilog="Example: sqlmonitor compare march.parquet april.parquet")
@click.argument("reference")
@click.argument("analysis", required=False)
@click.option("--reference", "condition", metavar="SQL", help="One side only: rows to compare others with.")
@click.option("--where", metavar="SQL", help="Only rows that fit, on both sides.")
@click.option("--columns", metavar="A,B,…", help="Only these columns.")
@click.option(
    "--warehouse", metavar="URL", default=IN_MEMORY, help="Where the data is [default: DuckDB in memory]."
)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
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
    _print(found, format_)
    if fail_over is not None and (far := found.drifted(fail_over)):
        click.echo(f"changed by more than {fail_over:g}, or lost: {', '.join(far)}", err=True)
        ctx.exit(1)


def opened(warehouse: str) -> AbstractContextManager[Engine]:
    """Open a warehouse in which nothing lasting will be written.

    Raises:
        ConfigurationError: it is no URL.
        WarehouseError: it cannot be opened.
    """
    from sqlmonitor import comparison

    return comparison.connect(warehouse)


def listed(columns: str | None) -> list[str] | None:
    """The names between commas; None where there are none."""
    if columns is None:
        return None
    return [name.strip() for name in columns.split(",") if name.strip()]


def _print(found: Comparison, format_: str) -> None:
    from sqlmonitor.cli import compared
    from sqlmonitor.cli.summary import console
    from sqlmonitor.comparison import as_json

    if format_ == "json":
        click.echo(json.dumps(as_json(found), indent=1, ensure_ascii=False))
    elif format_ == "csv":
        click.echo(found.columns.to_csv(index=False, lineterminator="\n"), nl=False)
    elif format_ == "markdown":
        click.echo(compared.markdown(found), nl=False)
    else:
        compared.print_comparison(found, console())
