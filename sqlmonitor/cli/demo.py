"""The command that shows everything on real flights."""

from __future__ import annotations

import shlex
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from sqlmonitor.cli.settings import DEFAULT_FILE, Settings, global_options

__all__ = ["demo"]

TABLES = ("flights_scored", "flights_outcomes")
WAREHOUSE = "flights.duckdb"


@click.command(epilog="Example: sqlmonitor demo flights")
@click.argument("folder", metavar="[DIR]", required=False, default="sqlmonitor_demo")
@global_options
@click.pass_obj
def demo(settings: Settings, folder: str) -> None:
    """Make a folder with a warehouse of real flights and a project file, and run it.

    DIR is sqlmonitor_demo where it is left out. 340,000 flights of 2013, with a model's score and,
    for those that landed, the delay.
    """
    from sqlmonitor.cli.running import run_monitors

    place = Path(folder)
    _make(place)
    click.echo(f"made {place / DEFAULT_FILE} and {place / WAREHOUSE}\n")
    here = Settings(str(place / DEFAULT_FILE), verbose=settings.verbose)
    run_monitors(here, None)
    click.echo(f"      {shlex.quote(str(place / DEFAULT_FILE))} says what is watched, with comments")


def _make(place: Path) -> None:
    from sqlmonitor.errors import ConfigurationError, WarehouseError

    source = _source()
    text = source.joinpath(DEFAULT_FILE).read_text(encoding="utf-8")
    file = place / DEFAULT_FILE
    try:
        place.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.read_text(encoding="utf-8") != text:
            raise ConfigurationError(
                "is there already and is not the demo's",
                file=str(file),
                remedy="name another folder: sqlmonitor demo DIR",
            )
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"cannot be written: {error.strerror}",
            file=str(file),
            remedy="name another folder: sqlmonitor demo DIR",
        ) from error

    import duckdb

    try:
        with duckdb.connect(str(place / WAREHOUSE)) as connection:
            for table in TABLES:
                parquet = source.joinpath("data", f"{table}.parquet")
                with resources.as_file(parquet) as path:
                    connection.execute(f"drop table if exists {table}")
                    connection.read_parquet(str(path)).create(table)
    except duckdb.Error as error:
        raise WarehouseError(
            f"{place / WAREHOUSE} cannot be written: {error}",
            remedy="close other programs that have it open, or name another folder",
        ) from error


def _source() -> Traversable:
    from sqlmonitor.errors import InternalError

    package = resources.files("sqlmonitor")
    checkout = Path(__file__).parents[2] / "examples" / "flights"
    for place in (package.joinpath("demo"), checkout):
        wanted = [place.joinpath(DEFAULT_FILE)]
        wanted += [place.joinpath("data", f"{table}.parquet") for table in TABLES]
        if all(file.is_file() for file in wanted):
            return place
    raise InternalError("the demo's data are not in this installation")
