"""Numbers as people read them: few digits, one number of decimals in a column, and marks for alerts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["ABOVE", "BELOW", "NOTHING", "Row", "decimals", "fixed", "limits", "mark", "number"]

Row = Mapping[Any, Any]
"""A row of results by column: a plain mapping, as a frame's own rows are slow to make and to read."""

NOTHING = "-"
BELOW, ABOVE = ("▼", "v"), ("▲", "^")
"""Marks of an alert, and what stands for them where only ASCII can be written."""


def number(value: float | None, digits: int = 4) -> str:
    """Write one value: four significant digits, or whole with separators from 1,000."""
    if value is None or value != value:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"


def decimals(values: Iterable[float]) -> int:
    """How many decimals give the largest value four significant digits; none for whole numbers."""
    known = [abs(value) for value in values if math.isfinite(value)]
    largest = max(known, default=0.0)
    if largest >= 1000 or all(value == int(value) for value in known):
        return 0
    return min(3 - math.floor(math.log10(largest)), 6) if largest >= 1 else 4


def fixed(value: float, places: int) -> str:
    """Write a value with so many decimals, so that a column of them is aligned."""
    if value != value:
        return NOTHING
    text = f"{value:,.{places}f}"
    # A small number is not zero.
    return f"{value:.1g}" if value and not float(text.replace(",", "")) else text


def limits(row: Row) -> str:
    """The thresholds of a value, in words that need no legend."""
    lower, upper = number(row["lower_threshold"]), number(row["upper_threshold"])
    if lower == NOTHING and upper == NOTHING:
        return ""
    if lower == NOTHING:
        return f"to {upper}"
    return f"from {lower}" if upper == NOTHING else f"{lower} to {upper}"


def mark(row: Row, *, is_ascii: bool) -> str:
    """▼ for an alert below the lower threshold, ▲ for any other alert, else nothing.

    Args:
        row: with a plain ``is_alert``, not NULL.
        is_ascii: write v and ^ instead.
    """
    if not row["is_alert"]:
        return ""
    return (BELOW if row["value"] < row["lower_threshold"] else ABOVE)[is_ascii]
