"""Commands for dbt projects."""

from __future__ import annotations

import click

from sqlmonitor.cli.dbt_export import export
from sqlmonitor.cli.settings import global_options

__all__ = ["dbt_commands"]


@click.group("dbt", epilog="Example: sqlmonitor dbt export monitoring")
@global_options
def dbt_commands() -> None:
    """Work with dbt projects."""


dbt_commands.add_command(export)
