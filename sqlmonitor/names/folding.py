"""Which column a name means: the engine's own rule about upper and lower case."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

__all__ = ["folded", "matched", "spelling"]


def folded(name: str | exp.Identifier, dialect: str) -> str:
    """A name as the engine compares it: where two are equal, they are one column.

    Args:
        name: as it stands in SQL; text is a name in quotes.
        dialect: sqlglot's name of the engine's dialect.
    """
    written = name.copy() if isinstance(name, exp.Identifier) else exp.to_identifier(name, quoted=True)
    return _rules(dialect).normalize_identifier(written).name


@cache
def _rules(dialect: str) -> Dialect:
    return Dialect.get_or_raise(dialect)


def matched(name: str | exp.Identifier, known: Collection[str], dialect: str) -> str | None:
    """The column that the engine takes a name for, as the column itself is spelled; None where there is none.

    Args:
        name: as it stands in SQL; text is a name in quotes.
        known: the relation's columns.
        dialect: sqlglot's name of the engine's dialect.
    """
    wanted = folded(name, dialect)
    exact = name.name if isinstance(name, exp.Identifier) else name
    for one in (exact, wanted):
        if one in known and folded(one, dialect) == wanted:
            return one
    return next((one for one in known if folded(one, dialect) == wanted), None)


def spelling(name: exp.Identifier, known: Collection[str], dialect: str) -> str | None:
    """What to write for a column that differs from an unmatched name by case alone; None where there is none."""
    real = next((one for one in known if one.casefold() == name.name.casefold()), None)
    if real is None:
        return None
    written = exp.to_identifier(real, quoted=True).sql(dialect=dialect)
    return f"write {written}: {name.sql(dialect=dialect)} means '{folded(name, dialect)}'"
