"""The command line: thin commands over the package."""

from sqlmonitor.cli.entry import main

__all__ = ["main"]
