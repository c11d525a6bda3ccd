"""What engines without transactions share when they publish: copies, a journal, and what becomes of both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar

from sqlglot import exp

from sqlmonitor.dialects import Staging
from sqlmonitor.errors import WarehouseError

JOURNAL = "sqlmonitor_publication"
"""The table whose comment says which copy takes which table's place; there is one at a time."""
PATIENCE = 20.0
"""Seconds after which a journal is one of a killed run: what follows it takes less than a second a table."""
PAUSE = 0.1
AGE = 3600.0
"""Seconds after which copies that are of no use are those of a killed run."""
Swap = tuple[exp.Table, exp.Table | None]
"""A table of the store, and the copy that takes its place; None where it goes."""


class Executing(Protocol):
    """The engine, as far as publishing needs it."""

    @property
    def dialect(self) -> str:
        """Its dialect's name."""
        ...

    def execute_own(self, statement: str) -> None:
        """Runs one statement in the engine's own words."""
        ...


class Publication(Protocol):
    """What stands between the begin and the end of a publication."""

    @property
    def engine(self) -> Executing:
        """Whose statements are turned to copies."""
        ...

    @property
    def staging(self) -> Staging:
        """The copies."""
        ...

    def publish(self, swaps: list[Swap]) -> None:
        """Writes the journal and gives every copy its place, or raises :func:`conflict`."""
        ...


Kind = TypeVar("Kind", bound=Publication)


@contextmanager
def publishing(publication: Kind) -> Iterator[Kind]:
    """Copies that take their tables' places at the end, or are dropped after an error."""
    staging = publication.staging
    try:
        yield publication
    except BaseException:
        # A lost connection drops nothing; the next run does.
        with suppress(WarehouseError):
            drop(publication.engine, [*staging.superseded, *staging.copies.values()])
        raise
    swaps = staging.swaps()
    if swaps:
        publication.publish(swaps)
        drop(publication.engine, staging.superseded)


def left_behind(read: Callable[[], str]) -> str:
    """The journal of a killed run; empty where there is none, or where its run ended it meanwhile.

    Args:
        read: gives the journal's text.
    """
    journal = read()
    end = time.monotonic() + PATIENCE
    while journal and time.monotonic() < end:
        time.sleep(PAUSE)
        journal = read()
    return journal


def conflict() -> WarehouseError:
    """What the later of two publications says."""
    return WarehouseError(
        "conflict: another run wrote to the store at the same moment; this one stored nothing",
        remedy="run again",
    )


def drop(engine: Executing, tables: Iterable[exp.Table]) -> None:
    """Drops tables, as far as they are there."""
    for table in tables:
        engine.execute_own(f"drop table if exists {table.sql(dialect=engine.dialect)}")


def table(schema: str, name: str) -> exp.Table:
    """A table of the store's schema, quoted."""
    return exp.Table(this=exp.to_identifier(name, quoted=True), db=exp.to_identifier(schema, quoted=True))


def text(value: str, dialect: str) -> str:
    """A string as the dialect writes it."""
    return exp.Literal.string(value).sql(dialect=dialect)
