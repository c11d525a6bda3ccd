"""Comparisons and profiles as plain values, for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlmonitor.comparison.comparison import Comparison
from sqlmonitor.comparison.profile import Profile

if TYPE_CHECKING:
    import pandas


def as_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison, without what is not known."""
    sides = zip((comparison.reference, comparison.analysis), comparison.counts.row_counts, strict=True)
    reference, analysis = ({"source": title, "row_count": rows} for title, rows in sides)
    given = {} if comparison.where is None else {"where": comparison.where}
    return {"reference": reference, "analysis": analysis, **given, "columns": _records(comparison.columns)}


def profile_as_json(profile: Profile) -> dict[str, Any]:
    """A profile, without what is not known."""
    given = {} if profile.where is None else {"where": profile.where}
    counts = {"row_count": profile.row_count, "columns": _records(profile.columns)}
    return {"source": profile.source, **given, **counts}


def _records(table: pandas.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): _plain(value) for key, value in record.items() if _is_known(value)}
        for record in table.to_dict("records")
    ]


def _is_known(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (value is not None and value == value and value != "")


def _plain(value: Any) -> Any:
    # JSON has no infinity.
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return value.item() if hasattr(value, "item") else value
