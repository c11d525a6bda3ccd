"""What holds for every command: the project file, its warehouse, and how much is said."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from sqlmonitor.definitions import Monitor, Project
    from sqlmonitor.engines import Engine

__all__ = ["Settings", "global_options", "monitor_argument"]

DEFAULT_FILE = "sqlmonitor.yml"

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Settings:
    """The options that stand before or after any command.

    Args:
        config: the project file; None where none is named.
        dbt: the folder of a dbt project; without a project file, its own files have the monitors.
        variables: values of ``vars``, as YAML.
        verbose: show the SQL as it runs, and tracebacks.
    """

    config: str | None = None
    dbt: str | None = None
    variables: str | None = None
    verbose: bool = False

    def project(self) -> Project:
        """Read the project file, or the monitors in dbt's files; raises ConfigurationError."""
        from sqlmonitor.dbt import load
        from sqlmonitor.definitions import read_overrides

        file = self.config or (DEFAULT_FILE if self.dbt is None else None)
        variables = None if self.variables is None else read_overrides(self.variables)
        return load(file, dbt=self.dbt, variables=variables)

    def command(self, text: str) -> str:
        """Write a command that the user can type next, with what names the project."""
        config = None if self.config == DEFAULT_FILE else self.config
        given = {"-c": config, "--dbt": self.dbt, "--vars": self.variables}
        named = "".join(
            f" {option} {shlex.quote(value)}" for option, value in given.items() if value is not None
        )
        return f"sqlmonitor{named} {text}"


def global_options(command: Command) -> Command:
    """Give a command ``-c/--config``, ``--dbt``, ``--vars`` and ``-v/--verbose``; :class:`Settings` keeps them."""
    config = click.option(
        "-c",
        "--config",
        metavar="PATH",
        expose_value=False,
        callback=_remember,
        help=f"The project file [default: {DEFAULT_FILE}].",
    )
    dbt = click.option(
        "--dbt",
        metavar="DIR",
        expose_value=False,
        callback=_remember,
        help="A dbt project; without -c, the monitors in its own files.",
    )
    variables = click.option(
        "--vars",
        "variables",
        metavar="YAML",
        expose_value=False,
        callback=_remember,
        help="Values of the file's vars: '{cutoff: 2025-01-01}'.",
    )
    verbose = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_remember_verbose,
        help="Show the SQL as it runs, and tracebacks.",
    )
    return config(dbt(variables(verbose(command))))


def monitor_argument(command: Command) -> Command:
    """Give a command an optional MONITOR; all monitors of the file where it is left out."""
    return click.argument("monitor", required=False)(command)


def chosen(project: Project, name: str | None) -> Sequence[Monitor]:
    """The monitor of this name, or all of them; raises ConfigurationError."""
    return project.monitors if name is None else (project[name],)


@contextmanager
def connect(project: Project, *, read_only: bool = False, threads: int | None = None) -> Iterator[Engine]:
    """Open the project's warehouse; a relative path in its URL starts at the project file.

    Errors that leave the block show nothing of what the project hides.

    Raises:
        UnsupportedError: no engine serves it.
        WarehouseError: it cannot be opened.
    """
    from sqlmonitor import engines

    assert isinstance(project.warehouse, str), "a profile is a URL once the project is loaded"
    directory = project.path.parent if project.path else Path()
    with (
        project.hiding(),
        engines.connect(
            project.warehouse,
            read_only=read_only,
            directory=directory,
            settings=project.settings,
            threads=threads,
        ) as engine,
    ):
        yield engine


def _remember(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is not None:
        setattr(ctx.ensure_object(Settings), str(option.name), value)


def _remember_verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        import logging

        ctx.ensure_object(Settings).verbose = True
        logging.basicConfig(format="%(message)s")
        logging.getLogger("sqlmonitor").setLevel(logging.DEBUG)
