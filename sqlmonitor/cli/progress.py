"""Progress on a terminal, nothing where standard error goes elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress", "shown"]

Progress = Callable[[str, int, int], None]
"""Called with a step's title, its number and how many there are."""


@contextmanager
def shown(title: str, *, is_quiet: bool = False) -> Iterator[Progress | None]:
    """Show a bar while the block runs.

    Args:
        title: what is going on, such as the monitor's name.
        is_quiet: True for no bar, such as where statements are shown instead.

    Yields:
        The callback to give to the runner, or None where nobody watches.
    """
    if is_quiet or not sys.stderr.isatty():
        yield None
        return
    from rich import progress as bars
    from rich.console import Console
    from rich.markup import escape

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(bar_width=24),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(title), total=None)

        def advance(step: str, index: int, total: int) -> None:
            bar.update(task, description=escape(f"{title}: {step}"), completed=index, total=total)

        yield advance
