"""The command that writes the SQL of every step."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlmonitor.cli.settings import Settings, chosen, connect, global_options, monitor_argument

if TYPE_CHECKING:
    from sqlmonitor.definitions import Monitor, Project
    from sqlmonitor.plan import Plan

__all__ = ["compile_sql"]


@click.command("compile", epilog="Example: sqlmonitor compile late_flights --out sql")
@monitor_argument
@click.option("--dialect", help="Such as snowflake; the warehouse's own by default.")
@click.option("--out", metavar="DIR", help="A file per step in this folder, not standard output.")
@click.option("--plan", "as_plan", is_flag=True, help="Print the steps as a tree instead.")
@global_options
@click.pass_obj
def compile_sql(
    settings: Settings, monitor: str | None, dialect: str | None, out: str | None, as_plan: bool
) -> None:
    """Write the SQL of every step, in order.

    Needs no connection, but for monitors with `features: all`, whose columns the warehouse knows.
    """
    from sqlmonitor.script import script

    if as_plan and (out or dialect):
        raise click.UsageError("--plan prints a tree: it goes without --dialect and --out")
    project = settings.project()
    target = _known_dialect(dialect) if dialect else project.dialect
    monitors = chosen(project, monitor)
    for one in monitors:
        plan = _planned(project, one)
        if as_plan:
            click.echo(plan.tree())
            continue
        files = script(plan, target)
        if out is None:
            for name, text in files:
                click.echo(f"-- {name}\n{text.rstrip()}\n")
            continue
        folder = Path(out)
        if len(monitors) > 1:
            folder /= re.sub(r"[^\w-]+", "_", one.name)
        _write(folder, files)
        click.echo(f"{one.name}: {len(files)} files in {folder}")


def _planned(project: Project, monitor: Monitor) -> Plan:
    from sqlmonitor import planner, validation
    from sqlmonitor.errors import UnsupportedError, WarehouseError

    if not monitor.features.all:
        return planner.plan(project, monitor)
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(connect(project, read_only=True))
        except (UnsupportedError, WarehouseError) as error:
            raise monitor.error(
                "features",
                f"features: all needs the warehouse, which knows the columns: {error.message}",
                remedy="list the columns, as `sqlmonitor validate` prints them"
                + (f"; or {error.remedy}" if error.remedy else ""),
            ) from error
        types = validation.check_sources(project, monitor, engine)
        resolved = validation.resolve_features(project, monitor, types, engine)
    click.echo(f"{monitor.name}: read the columns from the warehouse", err=True)
    for line in resolved.lines():
        click.echo(f"  {line}", err=True)
    return planner.plan(project, resolved.monitor, types=types)


def _known_dialect(name: str) -> str:
    from sqlglot.dialects.dialect import Dialects

    from sqlmonitor.dialects import DIALECTS, SCHEMES
    from sqlmonitor.errors import ConfigurationError

    # Those that sqlglot knows by itself, for their own messages, and ours.
    known = {*(dialect.value for dialect in Dialects if dialect.value), *DIALECTS}
    wanted = name.casefold()
    wanted = wanted if wanted in known else SCHEMES.get(wanted, wanted)
    if wanted not in known:
        raise ConfigurationError(
            f"unknown dialect '{name}'", key="--dialect", allowed=sorted(known), word=name
        )
    return wanted


def _write(folder: Path, files: list[tuple[str, str]]) -> None:
    from sqlmonitor.errors import ConfigurationError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A step of an older plan, left among the new ones, would be run with them.
        others = {path.name for path in folder.glob("*.sql")} - {name for name, _ in files}
        if others:
            raise ConfigurationError(
                f"{folder} has SQL that is not of this plan: {', '.join(sorted(others)[:5])}",
                key="--out",
                remedy="name an empty folder, or remove those files",
            )
        for name, text in files:
            (folder / name).write_text(text.rstrip() + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}", key="--out") from error
