"""The command that writes a first project file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlmonitor.cli.settings import DEFAULT_FILE, connect, global_options

if TYPE_CHECKING:
    from sqlmonitor.cli.first_file import Guess

__all__ = ["init"]

EXAMPLE_URL = "duckdb:///warehouse.duckdb"


@click.command(epilog="Example: sqlmonitor init --warehouse duckdb:///flights.duckdb --table flights_scored")
@click.argument("folder", metavar="[DIR]", required=False, default=".")
@click.option("--warehouse", metavar="URL", help="A relative path in it starts at DIR.")
@click.option("--table", metavar="T", help="The predictions; the file is made from its columns.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@global_options
def init(folder: str, warehouse: str | None, table: str | None, force: bool) -> None:
    """Write a commented sqlmonitor.yml, from a table's own columns where one is given."""
    from sqlmonitor.cli.first_file import Guess, written
    from sqlmonitor.definitions import loads
    from sqlmonitor.errors import ConfigurationError

    if table and not warehouse:
        raise click.UsageError("--table needs --warehouse URL, to read its columns")
    file = Path(folder) / DEFAULT_FILE
    if file.exists() and not force:
        raise ConfigurationError(
            "is there already", file=str(file), remedy="name another folder, or add --force"
        )
    url = warehouse or EXAMPLE_URL
    try:
        # First, so that a path such as ../x.duckdb can start there.
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot be made: {error.strerror}", file=str(file.parent)) from error
    guess = _read(url, table, file) if table else Guess()
    text = written(url, guess)
    loads(text, file)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror}", file=str(file)) from error
    named = "" if file == Path(DEFAULT_FILE) else f" -c {file}"
    click.echo(f"wrote {file}")
    click.echo(f"Next: read it, correct what was guessed, then: sqlmonitor{named} validate")


def _read(url: str, table: str, file: Path) -> Guess:
    from sqlmonitor.cli.first_file import Guess, guessed, range_query, written
    from sqlmonitor.definitions import loads

    # A file with nothing but the URL: the same checks and the same ${VARIABLES} as later.
    project = loads(written(url, Guess()), file)
    with connect(project, read_only=True) as engine:
        guess = guessed(table, engine.describe(table))
        query = range_query(guess, project.dialect)
        if query is not None:
            row = engine.query(query).iloc[0]
            guess.set_range(row.iloc[0], row.iloc[1])
    return guess
