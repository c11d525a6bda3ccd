"""Every difference between engines' SQL, as data: one file per engine, and what they share."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.dialects.clickhouse import CLICKHOUSE
from sqlmonitor.dialects.compiled import COMPILED, REFUSED
from sqlmonitor.dialects.datafusion import DATAFUSION
from sqlmonitor.dialects.dialect import PLAIN, Dialect
from sqlmonitor.dialects.duckdb import DUCKDB
from sqlmonitor.dialects.functions import FUNCTIONS, functions_of
from sqlmonitor.dialects.kinds import Kind, is_single, kind, scale
from sqlmonitor.dialects.periods import (
    EPOCH,
    NUMBER,
    NUMBER_OF_INTEGER,
    PERIOD_NAME,
    PERIOD_NUMBER,
    PERIOD_START,
)
from sqlmonitor.dialects.postgres import POSTGRES
from sqlmonitor.dialects.snowflake import SNOWFLAKE
from sqlmonitor.dialects.spark import SPARK
from sqlmonitor.dialects.staging import Staging, by_hand
from sqlmonitor.dialects.translation import CANONICAL, is_of_user, of_kind, of_user, rewritten, translation
from sqlmonitor.errors import UnsupportedError

__all__ = [
    "CANONICAL",
    "DIALECTS",
    "EPOCH",
    "FUNCTIONS",
    "NUMBER",
    "NUMBER_OF_INTEGER",
    "PERIOD_NAME",
    "PERIOD_NUMBER",
    "PERIOD_START",
    "PLAIN",
    "SCHEMES",
    "Dialect",
    "Kind",
    "Staging",
    "by_hand",
    "dialect",
    "functions_of",
    "is_of_user",
    "is_single",
    "kind",
    "of_kind",
    "of_user",
    "rewritten",
    "scale",
    "translated",
]

DIALECTS = {one.name: one for one in (DUCKDB, POSTGRES, CLICKHOUSE, SPARK, DATAFUSION, SNOWFLAKE, *COMPILED)}
# Known by their URLs, so that a project file can be read; nothing is written in them.
UNWRITTEN = {
    "athena": "athena",
    "mysql": "mysql",
    "mssql": "tsql",
}
SCHEMES = {scheme: one.name for one in DIALECTS.values() for scheme in one.schemes} | UNWRITTEN
"""A URL's scheme and sqlglot's name of the dialect behind it."""


def dialect(name: str) -> Dialect:
    """Looks a dialect up.

    Raises:
        UnsupportedError: where statements in it were never tested.
    """
    if name not in DIALECTS:
        ways: dict[str, list[str]] = {}
        for one in DIALECTS.values():
            ways.setdefault(one.proof, []).append(one.name)
        why = REFUSED.get(name)
        raise UnsupportedError(
            f"dialect '{name}' cannot be written: {why}" if why else f"dialect '{name}' is not supported yet",
            remedy="; ".join(f"{proof}: {', '.join(sorted(names))}" for proof, names in sorted(ways.items())),
        )
    return DIALECTS[name]


def translated(statement: str | exp.Expr, name: str, *, pretty: bool = False) -> str:
    """A statement's text in a dialect.

    Args:
        statement: canonical text, or a tree in which the user's parts are marked.
        name: the dialect's.
        pretty: True for people.

    Raises:
        UnsupportedError: where the dialect cannot say it, or is not known.
    """
    return translation(statement, dialect(name), pretty=pretty)
