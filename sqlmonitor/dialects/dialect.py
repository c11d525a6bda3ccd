"""What is known of one engine's SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
"""A name that nobody writes in quotes: where a dialect ``has_capitals``, it means the one in capitals."""
KIND = "sqlmonitor_kind"
"""Where the cast of a column of the source keeps the column's kind."""

Rewrite = Callable[[exp.Expr], exp.Expr]
"""A node of canonical SQL as the engine has it; the node itself where nothing is to be done.

Its docstring says the difference as claim / value per engine / remedy."""

Proof = Literal["executed", "stand-in", "compiled"]
"""How statements are tested: on the engine, on something that takes its place, or by parsing them only."""


@dataclass(frozen=True)
class Dialect:
    """One engine's SQL.

    Args:
        name: sqlglot's name for it.
        proof: how its statements are tested.
        schemes: what its URLs begin with.
        rewrites: by the kind of node that they stand for; applied from the leaves up, in this order.
        extra: the extra of this package that installs the driver; None where it is always there.
        address: an example of a URL.
        session: a statement that sets the session's time zone to UTC, in the engine's own words.
        after_schema: follows the making of a schema where that becomes the session's own, whose tables would then be
            looked for in it; empty where it does not.
        temporary: makes a temporary ``{table}`` of the rows of ``{select}``, which replaces one that is there.
        begin: starts a transaction; empty where there are none.
        commit: ends it.
        clone: makes a ``{copy}`` of a lasting ``{table}``, for engines without transactions: changes are made on
            copies, which then take the tables' places. Empty for all others.
        exchange: gives a ``{copy}`` the name of its ``{table}``, and the other way round, at once.
        after_table: follows the making of a lasting ``{table}`` that other statements will read; empty where
            nothing is to be done.
        replaces_chunks: True where dbt's adapter replaces the rows of some chunks of a lasting table
            (``delete+insert``); its tables are made anew elsewhere.
        reads_files: True where a quoted path stands for the rows of a file.
        path_schemas: schemas that are file formats, in lower case, so that the names in them are paths; empty where
            every name is a table's.
        quotient: in the engine's own words, what ``above / below`` of a user's aggregate becomes, so that it is the
            number that it is elsewhere; empty where it is. Engines divide whole numbers to a whole number, or to six
            decimals, or end the statement where they divide by zero.
        averaged: in the engine's own words, what ``avg(given)`` of a user's aggregate is the mean of, so that it has all
            its digits; empty where it has. Engines cut means of decimals to four more than these have. A number
            that is no cast, as DataFusion tells aggregates by their text without casts.
        smallest: in the engine's own words, what ``min(given)`` of a user's doubles becomes, so that NaN is larger than
            all others; empty where it is. Made of min, max and count, which add up over chunks.
        largest: the same of ``max(given)``.
        added_up: the type of sums of chunks that are added up, where functions that take an engine's own sums do
            not take doubles.
        has_capitals: True where a plain name in small letters, of ours or of the project file, is one in capitals.
        temporary_when_read_only: True where temporary tables can be made by a session that may write nothing else.
    """

    name: str
    proof: Proof
    schemes: tuple[str, ...]
    rewrites: tuple[tuple[tuple[type[exp.Expr], ...], Rewrite], ...] = ()
    extra: str | None = None
    address: str = ""
    session: str = "set timezone = 'UTC'"
    after_schema: str = ""
    temporary: str = "create or replace temp table {table} as\n{select}"
    begin: str = "begin transaction"
    commit: str = "commit"
    clone: str = ""
    exchange: str = ""
    after_table: str = ""
    replaces_chunks: bool = False
    reads_files: bool = False
    path_schemas: frozenset[str] = frozenset()
    quotient: str = ""
    averaged: str = ""
    smallest: str = ""
    largest: str = ""
    added_up: str | None = None
    has_capitals: bool = False
    temporary_when_read_only: bool = False
