"""The group of commands, and what becomes of errors."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import click

from sqlmonitor.cli.blocks import harmless
from sqlmonitor.cli.catalogue import metrics, schema
from sqlmonitor.cli.checking import check
from sqlmonitor.cli.comparing import compare, profile
from sqlmonitor.cli.compiling import compile_sql
from sqlmonitor.cli.dbt import dbt_commands
from sqlmonitor.cli.demo import demo
from sqlmonitor.cli.init import init
from sqlmonitor.cli.running import fit, run, validate
from sqlmonitor.cli.settings import Settings, global_options
from sqlmonitor.cli.showing import show
from sqlmonitor.cli.storing import store_commands

__all__ = ["commands", "main"]

INTERRUPTED = 130
"""What shells report for a process stopped by Ctrl-C."""


class InOrder(click.Group):
    """Lists commands in the order in which one needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands as they were added."""
        return list(self.commands)


@click.group(
    cls=InOrder,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: sqlmonitor demo",
)
@click.version_option(package_name="sqlmonitor", prog_name="sqlmonitor")
@global_options
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Know whether a deployed model still works, without moving the data."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in (
    *(demo, init, validate, fit, run),
    *(show, check, compare, profile, store_commands, compile_sql, dbt_commands, metrics, schema),
):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Args:
        arguments: instead of the process's own.

    Raises:
        SystemExit: always: 0 fine, 1 alerts, 2 the user's to mend, 3 ours.
    """
    settings = Settings()
    sys.exit(_exit_code(settings, None if arguments is None else list(arguments)))


def _exit_code(settings: Settings, arguments: list[str] | None) -> int:
    from sqlmonitor.errors import SqlmonitorError

    try:
        code = commands.main(arguments, "sqlmonitor", standalone_mode=False, obj=settings)
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return INTERRUPTED
    except SqlmonitorError as error:
        if settings.verbose:
            click.echo(harmless(traceback.format_exc()), err=True, nl=False)
        click.echo(harmless(str(error)), err=True)
        return error.exit_code
    except Exception as error:
        if settings.verbose:
            click.echo(harmless(traceback.format_exc()), err=True, nl=False)
        click.echo(harmless(f"sqlmonitor failed: {type(error).__name__}: {error}"), err=True)
        click.echo("  this is a mistake in sqlmonitor; -v shows where it happened", err=True)
        return 3
    return code if isinstance(code, int) else 0
