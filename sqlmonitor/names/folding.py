"""Which column a name means: the engine's own rule about upper and lower case."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from sqlmonitor.dialects import DIALECTS, PLAIN

__all__ = ["folded", "folded_column", "matched", "meant", "out_of_reach", "spelling"]


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


def meant(name: str, dialect: str) -> str:
    """The column that a name of the project file is.

    Args:
        name: as the file has it; a plain one in small letters is the one in capitals, where the engine has those.
        dialect: sqlglot's name of the engine's dialect.
    """
    known = DIALECTS.get(dialect)
    return name.upper() if known and known.has_capitals and PLAIN.fullmatch(name) else name


def folded_column(name: str, dialect: str) -> str:
    """A column's name in the project file as the engine compares it, see :func:`meant` and :func:`folded`."""
    return folded(meant(name, dialect), dialect)


def matched(name: str | exp.Identifier, known: Collection[str], dialect: str) -> str | None:
    """The column that the engine takes a name for, as the column itself is spelled; None where there is none.

    Args:
        name: as it stands in SQL; text is a name of the project file, see :func:`meant`, and else one in quotes.
        known: the relation's columns.
        dialect: sqlglot's name of the engine's dialect.
    """
    if isinstance(name, str):
        name = meant(name, dialect)
    wanted = folded(name, dialect)
    exact = name.name if isinstance(name, exp.Identifier) else name
    for one in (exact, wanted):
        if one in known and folded(one, dialect) == wanted:
            return one
    return next((one for one in known if folded(one, dialect) == wanted), None)


def out_of_reach(name: str, known: Collection[str], dialect: str) -> str | None:
    """What to do about a column whose name the project file cannot write; None where it can, or there is none."""
    large = meant(name, dialect)
    if large == name or name not in known:
        return None
    return (
        f"'{name}' means {large}: give the column another name, as in "
        f'`predictions: {{sql: select *, "{name}" as {large} from …}}`'
    )


def spelling(name: exp.Identifier, known: Collection[str], dialect: str) -> str | None:
    """What to write for a column that differs from an unmatched name by case alone; None where there is none."""
    real = next((one for one in known if one.casefold() == name.name.casefold()), None)
    if real is None:
        return None
    written = exp.to_identifier(real, quoted=True).sql(dialect=dialect)
    return f"write {written}: {name.sql(dialect=dialect)} means '{folded(name, dialect)}'"
