"""A reference in a relation of its own: has it the predictions' columns, of the same kinds?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlmonitor import dialects, names
from sqlmonitor.source import SourceRows
from sqlmonitor.validation.described import check_columns, described, type_of

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine

NUMBER: tuple[dialects.Kind, ...] = ("integer", "decimal", "float")
MEASURED: tuple[dialects.Kind, ...] = (*NUMBER, "boolean")
AS_NUMBERS = ("features.numeric", "model.score")
AS_TEXT = ("features.categorical", "segments")


def check_reference(
    source: SourceRows, named: list[tuple[str, str]], types: Mapping[str, str], engine: Engine
) -> dict[str, str]:
    """Checks that the reference's relation can stand beside the predictions.

    Args:
        source: the monitor's relations.
        named: every column that the monitor reads, after the key that names it.
        types: the predictions' columns.
        engine: an open warehouse.

    Returns:
        Its columns with their types.

    Raises:
        ConfigurationError: for a relation or column that is not there, or one of another kind.
    """
    monitor = source.monitor
    reference = monitor.reference
    found = described(monitor, reference.key, source.reference(), engine)
    for key, name in named:
        other, own = type_of(name, found, source.dialect), type_of(name, types, source.dialect) or ""
        # No list of what is allowed: the file has the relation's name here, not the column's.
        if other is None:
            raise monitor.error(
                reference.key,
                f"{reference.shown} has no column '{name}', which the monitor reads",
                remedy=f"a reference needs the predictions' columns; it has {', '.join(sorted(found))}",
            )
        if not _are_alike(key, own, other):
            raise monitor.error(
                reference.key,
                f"column '{name}' is {own} in the predictions, but {other} in {reference.shown}",
                remedy="give both the same type: cast it in a view, or in `predictions: {sql: …}`",
            )
    if reference.where is not None:
        tree = names.condition(reference.where, source.dialect, monitor.allow_functions)
        check_columns(monitor, "reference.where", tree, found, source.dialect)
    return found


def _are_alike(key: str, own: str, other: str) -> bool:
    """Whether values of two types mean the same where the monitor reads them.

    Measured columns become doubles. Levels and segments become text, and 1, 1.0, 1.00 and true are unlike texts.
    """
    kinds = (dialects.kind(own), dialects.kind(other))
    scales = {dialects.scale(own), dialects.scale(other)} - {None}
    if key.startswith(AS_TEXT) and len(scales) > 1:
        return False
    if key.startswith(AS_TEXT) or not all(kind in MEASURED for kind in kinds):
        return kinds[0] == kinds[1]
    if key.startswith(AS_NUMBERS):
        return True
    return kinds[0] == kinds[1] or all(kind in NUMBER for kind in kinds)
