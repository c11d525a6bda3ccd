"""What a column's type means for a monitor, whatever the engine calls it."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["integer", "decimal", "float", "text", "boolean", "time", "other"]
"""What a column's type means for a monitor, whatever the engine calls it."""

_KINDS: tuple[tuple[str, Kind], ...] = (
    (r".*\[\d*\]", "other"),
    (r"UINT64|U?INT(128|256)", "decimal"),
    (r"(U?(TINY|SMALL)|BIG|U)?INT(EGER)?\d*", "integer"),
    (r"U?HUGEINT|UBIGINT", "decimal"),
    (r"NUMBER\(\d+,\s*0\)", "integer"),
    (r"(DECIMAL|NUMERIC|NUMBER).*", "decimal"),
    (r"FLOAT\d*|DOUBLE( PRECISION)?|REAL", "float"),
    (r"(VAR)?CHAR.*|BPCHAR.*|TEXT|CITEXT|NAME|(FIXED)?STRING.*|ENUM.*", "text"),
    (r"BOOL(EAN)?", "boolean"),
    (r"DATE.*|TIMESTAMP.*|TIME.*", "time"),
)


def kind(type_name: str) -> Kind:
    """What a column of this type can be used as.

    Args:
        type_name: as the engine describes it, such as ``DECIMAL(18,3)``.
    """
    # An enum's levels stand in its type, and may have line breaks.
    return next((kind for form, kind in _KINDS if re.fullmatch(form, type_name.upper(), re.DOTALL)), "other")


def scale(type_name: str) -> int | None:
    """How many decimals all values of a type have; None where the type does not say.

    Args:
        type_name: as the engine describes it, such as ``DECIMAL(18,3)``.
    """
    found = re.search(r"\(\s*\d+\s*,\s*(\d+)\s*\)", type_name)
    return int(found[1]) if found and kind(type_name) == "decimal" else None


def is_single(type_name: str) -> bool:
    """Whether a type has doubles of half the length.

    Args:
        type_name: as the engine describes it, such as ``REAL``; the ``FLOAT`` of all engines that call one so is.
    """
    return re.fullmatch(r"FLOAT(4|32)?|REAL", type_name.upper()) is not None
