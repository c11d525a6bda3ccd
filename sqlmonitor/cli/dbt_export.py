"""The command that writes monitors as a dbt package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlmonitor.cli.settings import Settings, chosen, connect, global_options, monitor_argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlmonitor.dbt import DbtProject
    from sqlmonitor.definitions import Monitor, Project
    from sqlmonitor.engines import Engine
    from sqlmonitor.plan import Plan

__all__ = ["export"]


@click.command("export", epilog="Example: sqlmonitor dbt export monitoring --profile shop")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@monitor_argument
@click.option(
    "--profile", metavar="NAME", help="In profiles.yml; the dbt project's by default, or DIR's name."
)
@click.option("--sources", "stands_alone", is_flag=True, help="Read models of the dbt project as sources.")
@global_options
@click.pass_obj
def export(
    settings: Settings, folder: Path, monitor: str | None, profile: str | None, stands_alone: bool
) -> None:
    """Write monitors as a dbt package, which computes the same results in SQL alone.

    The package has DIR's name. What a monitor names by ref() or source() is named so: install the
    package in the dbt project that has it. With --sources it stands alone. Only the types of columns
    are read from the warehouse. Files of a former export are replaced, others are never touched.
    """
    from sqlmonitor import dbt_export
    from sqlmonitor.dbt import project_of

    project = settings.project()
    around = project_of(project, settings.dbt)
    with connect(project, read_only=True) as engine:
        planned = [_planned(project, one, engine) for one in chosen(project, monitor)]
    made = dbt_export.package(
        project,
        planned,
        name=folder.resolve().name,
        profile=profile or _profile(around),
        calls={} if stands_alone else _calls(project, around),
    )
    _write(folder, made.files)
    click.echo(f"{folder}: dbt package {made.name} with {len(made.files)} files, profile {made.profile}")


def _profile(around: DbtProject | None) -> str | None:
    named = around.setting("profile") if around is not None else None
    return str(named) if named else None


def _calls(project: Project, around: DbtProject | None) -> dict[str, str]:
    """The calls of dbt that the project has, each with its package: dbt warns of a package's others."""
    from sqlmonitor.dbt import Manifest, with_package
    from sqlmonitor.definitions.dbt_call import read_call

    if around is None or not project.dbt_calls:
        return {}
    manifest = Manifest.of(around)
    return {text: str(with_package(read_call(call), manifest)) for text, call in project.dbt_calls.items()}


def _planned(project: Project, monitor: Monitor, engine: Engine) -> tuple[Monitor, Plan]:
    from sqlmonitor import planner, templates, validation

    types = validation.check_sources(project, monitor, engine, reads_rows=False)
    resolved = validation.resolve_features(project, monitor, types, engine)
    for line in resolved.lines() if resolved.is_all else []:
        click.echo(f"  {line}", err=True)
    plan = planner.plan(project, resolved.monitor, types=types)
    templates.check(plan)
    return resolved.monitor, plan


def _write(folder: Path, files: Mapping[str, str]) -> None:
    from sqlmonitor.errors import ConfigurationError

    try:
        former = _written_before(folder)
        others = sorted(name for name in files if (folder / name).exists() and name not in former)
        if others:
            raise ConfigurationError(
                f"{folder} has files that are not of an export: {', '.join(others[:5])}",
                key="DIR",
                remedy="name another folder, or remove those files",
            )
        _refuse_links(folder, files.keys() | former)
        for name in former - files.keys():
            (folder / name).unlink()
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}", key="DIR") from error


def _refuse_links(folder: Path, names: Iterable[str]) -> None:
    """A link in the folder leads to files of somebody else's, and may come from another than the user."""
    from sqlmonitor.errors import ConfigurationError

    paths = {folder / part for name in names for part in (name, *map(str, Path(name).parents))} - {folder}
    links = sorted(str(path) for path in paths if path.is_symlink())
    if links:
        raise ConfigurationError(
            f"{links[0]} is a link, and nothing is written through one", key="DIR", remedy="remove the link"
        )


def _written_before(folder: Path) -> set[str]:
    """The files of a former export, whose first line says so."""
    from sqlmonitor.dbt_export import MARK

    mark = MARK.partition(" sqlmonitor ")[0] + " sqlmonitor "
    places = [folder / place for place in ("models", "macros", "tests")]
    paths = [path for place in places for path in place.rglob("*") if path.is_file()]
    found = set()
    for path in [*paths, *(folder / name for name in ("dbt_project.yml", "README.md"))]:
        if path.is_file() and mark in path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]:
            found.add(path.relative_to(folder).as_posix())
    return found
