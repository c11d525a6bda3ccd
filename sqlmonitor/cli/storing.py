"""Commands that look after the store."""

from __future__ import annotations

from pathlib import Path

import click

from sqlmonitor.cli.settings import Settings, connect, global_options

__all__ = ["store_commands"]


@click.group("store", epilog="Example: sqlmonitor store info")
@global_options
def store_commands() -> None:
    """Look after the package's own tables: size, retention, export."""


@store_commands.command(epilog="Example: sqlmonitor store info")
@global_options
@click.pass_obj
def info(settings: Settings) -> None:
    """Print every table of the store with its rows and columns."""
    from sqlmonitor import housekeeping

    project = settings.project()
    with connect(project, read_only=True) as engine:
        sizes = housekeeping.sizes(engine, project.store)
    width = max(len(size.table) for size in sizes)
    for size in sizes:
        click.echo(f"{size.table:<{width}}  {size.row_count:>12,} rows  {size.column_count:>3} columns")


@store_commands.command(epilog="Example: sqlmonitor store prune --before 2013-06-01")
@click.option("--before", metavar="TIME", required=True, help="UTC, as 2013-06-01.")
@global_options
@click.pass_obj
def prune(settings: Settings, before: str) -> None:
    """Forget results superseded before a time, and fits no longer used; results and counts stay."""
    from sqlmonitor import housekeeping, migration
    from sqlmonitor.times import utc

    project = settings.project()
    time = utc(before, "--before")
    with connect(project) as engine:
        engine.finish_publication(project.store)
        migration.migrate(engine, project.store)
        gone = housekeeping.prune(engine, project.store, time)
    click.echo(f"{gone:,} rows are gone")


@store_commands.command(epilog="Example: sqlmonitor store export backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@global_options
@click.pass_obj
def export(settings: Settings, folder: Path) -> None:
    """Write every table of the store as a Parquet file into a folder."""
    from sqlmonitor import housekeeping

    project = settings.project()
    with connect(project, read_only=True) as engine:
        files = housekeeping.export(engine, project.store, folder)
    click.echo(f"{len(files)} files in {folder}")
