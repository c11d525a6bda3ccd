"""Relations as the warehouse describes them, and whether they have the columns that SQL names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlmonitor import names
from sqlmonitor.definitions import Monitor
from sqlmonitor.errors import WarehouseError

if TYPE_CHECKING:
    from sqlglot import exp

    from sqlmonitor.engines import Engine


def described(monitor: Monitor, key: str, relation: exp.Expr, engine: Engine) -> dict[str, str]:
    """The columns of a relation with their types.

    Raises:
        ConfigurationError: at the key that names it, where it cannot be read.
    """
    try:
        return engine.describe(relation)
    except WarehouseError as error:
        raise monitor.error(
            key, error.message, remedy="check the name, its schema, and the right to read it"
        ) from None


def check_columns(monitor: Monitor, key: str, tree: exp.Expr, types: Mapping[str, str], dialect: str) -> None:
    """Checks that a condition names columns of the relation only.

    Raises:
        ConfigurationError: at the key of the condition.
    """
    for written in names.prefixed(tree, types):
        raise monitor.error(
            key,
            f"'{written}' names no relation here",
            remedy=f"write {written.rpartition('.')[2]}: a condition reads the columns of one relation",
        )
    for name in names.columns_of(tree, types):
        if names.matched(name, types, dialect) is None:
            raise monitor.error(
                key,
                f"there is no column '{name.name}'",
                allowed=sorted(types),
                remedy=names.spelling(name, types, dialect),
            )


def type_of(name: str, types: Mapping[str, str], dialect: str) -> str | None:
    """A column's type; None where the engine has none of the name."""
    real = names.matched(name, types, dialect)
    return None if real is None else types[real]
