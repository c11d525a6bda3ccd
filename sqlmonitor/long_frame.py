"""The long frame of results: its columns, their types, and what its rows are of."""

from __future__ import annotations

import pandas as pd

TEXTS = (
    *("monitor", "fit_id", "run_id", "period", "chunk", "segment_column", "segment_value"),
    *("family", "metric", "column_name", "component", "note", "chunk_length", "compared_with"),
)
NUMBERS = (
    *("value", "standard_error", "lower_bound", "upper_bound", "noise_floor", "p_value"),
    *("lower_threshold", "upper_threshold"),
)
COUNTS = ("row_count", "unused_count")
TIMES = ("chunk_start", "chunk_end", "computed_at")

COLUMNS = (
    *("monitor", "fit_id", "run_id", "period", "chunk", "chunk_start", "chunk_end", "is_partial"),
    *("segment_column", "segment_value", "family", "metric", "column_name", "component"),
    *("value", "standard_error", "lower_bound", "upper_bound", "noise_floor", "p_value"),
    *("lower_threshold", "upper_threshold", "is_alert", "row_count", "unused_count", "note"),
    *("computed_at", "chunk_length", "compared_with"),
)
"""Columns of the store's table ``results``, in its order."""

COMPARED = ["chunk_length", "compared_with"]
"""The columns that tell comparisons from each other; empty for the monitor's own chunks."""


def comparison_of(rows: pd.DataFrame) -> pd.Series:
    """What rows are of, such as ``week, previous``; empty for the monitor's own chunks."""
    return (rows["chunk_length"] + ", " + rows["compared_with"]).str.removeprefix(", ").str.removesuffix(", ")


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of a result, each of one type whatever its rows are."""
    # A column of nothing but NULL arrives as objects; with a fixed type it compares and exports
    # like any other.
    rows = frame.loc[:, list(COLUMNS)].reset_index(drop=True)
    for name in TEXTS:
        rows[name] = rows[name].astype("str").where(rows[name].notna(), "")
    for name in NUMBERS:
        rows[name] = pd.to_numeric(rows[name]).astype("float64")
    for name in COUNTS:
        rows[name] = pd.to_numeric(rows[name]).astype("Int64")
    for name in TIMES:
        if rows[name].isna().all():
            rows[name] = pd.to_datetime(rows[name])
    rows["is_partial"] = rows["is_partial"].astype("boolean").fillna(False).astype("bool")
    # NULL stays NULL: without a value or a threshold, whether it alerts is not known.
    rows["is_alert"] = rows["is_alert"].astype("boolean")
    return rows
