"""Commands for dbt projects."""

from __future__ import annotations

from pathlib import Path

import click

from sqlmonitor.cli.dbt_export import export
from sqlmonitor.cli.settings import DEFAULT_FILE, Settings, global_options

__all__ = ["dbt_commands"]


@click.group("dbt", epilog="Example: sqlmonitor dbt import --dbt shop")
@global_options
def dbt_commands() -> None:
    """Monitors of a dbt project's models."""


@dbt_commands.command("import", epilog="Example: sqlmonitor dbt import --dbt shop -o shop/sqlmonitor.yml")
@click.option("-o", "--output", metavar="PATH", help=f"[default: {DEFAULT_FILE} in the dbt project]")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@global_options
@click.pass_obj
def import_monitors(settings: Settings, output: str | None, force: bool) -> None:
    """Write the monitors in dbt's files as a sqlmonitor.yml.

    They are exposures of type ml and models with meta.sqlmonitor. `sqlmonitor run --dbt DIR` runs
    them without such a file.
    """
    from sqlmonitor.dbt import import_text
    from sqlmonitor.errors import ConfigurationError

    folder = Path(settings.dbt or ".")
    file = Path(output) if output else folder / DEFAULT_FILE
    if file.is_symlink():
        raise ConfigurationError(
            "is a link, and nothing is written through one", file=str(file), remedy="name another: -o PATH"
        )
    if file.exists() and not force:
        raise ConfigurationError(
            "is there already", file=str(file), remedy="name another: -o PATH, or add --force"
        )
    text, names = import_text(folder, file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror}", file=str(file)) from error
    click.echo(f"wrote {file}: {', '.join(names)}")
    named = "" if file == Path(DEFAULT_FILE) else f" -c {file}"
    click.echo(f"Next: sqlmonitor{named} validate")


dbt_commands.add_command(export)
