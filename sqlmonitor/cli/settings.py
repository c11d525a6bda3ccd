"""What holds for every command: the project file, its warehouse, and how much is said."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
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
        config: the project file.
        verbose: show the SQL as it runs, and tracebacks.
    """

    config: str = DEFAULT_FILE
    verbose: bool = False

    def project(self) -> Project:
        """Read the project file; raises ConfigurationError."""
        from sqlmonitor.definitions import load

        return load(self.config)

    def command(self, text: str) -> str:
        """Write a command that the user can type next, with the project file if it is named."""
        named = "" if self.config == DEFAULT_FILE else f" -c {shlex.quote(self.config)}"
        return f"sqlmonitor{named} {text}"


def global_options(command: Command) -> Command:
    """Give a command ``-c/--config`` and ``-v/--verbose``; they are kept in :class:`Settings`."""
    config = click.option(
        "-c",
        "--config",
        metavar="PATH",
        expose_value=False,
        callback=_remember_config,
        help=f"The project file [default: {DEFAULT_FILE}].",
    )
    verbose = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_remember_verbose,
        help="Show the SQL as it runs, and tracebacks.",
    )
    return config(verbose(command))


def monitor_argument(command: Command) -> Command:
    """Give a command an optional MONITOR; all monitors of the file where it is left out."""
    return click.argument("monitor", required=False)(command)


def chosen(project: Project, name: str | None) -> Sequence[Monitor]:
    """The monitor of this name, or all of them; raises ConfigurationError."""
    return project.monitors if name is None else (project[name],)


def connect(
    project: Project, *, read_only: bool = False, threads: int | None = None
) -> AbstractContextManager[Engine]:
    """Open the project's warehouse; a relative path in its URL starts at the project file.

    Raises:
        UnsupportedError: the warehouse is named by a dbt profile.
        WarehouseError: it cannot be opened.
    """
    from sqlmonitor import engines
    from sqlmonitor.errors import UnsupportedError

    if not isinstance(project.warehouse, str):
        raise UnsupportedError(
            "a warehouse named by a dbt profile cannot be opened yet",
            remedy="write its URL as 'warehouse:', such as duckdb:///flights.duckdb",
        )
    directory = project.path.parent if project.path else Path()
    return engines.connect(
        project.warehouse,
        read_only=read_only,
        directory=directory,
        settings=project.settings,
        threads=threads,
    )


def _remember_config(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Settings).config = value


def _remember_verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        import logging

        ctx.ensure_object(Settings).verbose = True
        logging.basicConfig(format="%(message)s")
        logging.getLogger("sqlmonitor").setLevel(logging.DEBUG)
