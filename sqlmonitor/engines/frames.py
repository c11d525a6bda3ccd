"""Rows that a driver has fetched, as a frame with the same column types on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmonitor import dialects

if TYPE_CHECKING:
    import pandas
    import pyarrow


def frame(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> pandas.DataFrame:
    """Makes a frame.

    Args:
        columns: name and type of each, the type in the engine's words.
        rows: their values; NULL is None.
    """
    import pandas

    made = {}
    for place, (_, written) in enumerate(columns):
        values = [row[place] for row in rows]
        made[place] = _series(values, dialects.kind(written))
    table = pandas.DataFrame(made, index=pandas.RangeIndex(len(rows)))
    table.columns = pandas.Index([name for name, _ in columns])
    return table


def arrow_values(column: pyarrow.ChunkedArray) -> list[Any]:
    """An Arrow column's values; times after the year 9999, such as the end of its last month, as NumPy has them."""
    import numpy
    import pyarrow

    try:
        return list(column.to_pylist())
    except OverflowError:
        whole = column.cast(pyarrow.timestamp("us", tz=column.type.tz)).cast(pyarrow.int64())
        return [None if one is None else numpy.datetime64(one, "us") for one in whole.to_pylist()]


def _series(values: list[Any], kind: dialects.Kind) -> pandas.Series[Any]:
    import pandas

    has_nulls = any(value is None for value in values)
    if kind in ("float", "decimal"):
        numbers = [None if value is None else float(value) for value in values]
        return pandas.Series(numbers, dtype="float64")
    if kind == "integer":
        return pandas.Series(values, dtype="Int64" if has_nulls else "int64")
    if kind == "boolean":
        return pandas.Series(values, dtype="boolean" if has_nulls else "bool")
    if kind == "time" and not any(isinstance(value, time) for value in values):
        # Sessions are in UTC, so a time with a zone is the same instant without it.
        naive = [value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in values]
        return pandas.Series(naive, dtype="datetime64[us]")
    if kind == "text":
        return pandas.Series(values, dtype="str")
    return pandas.Series(values, dtype="object")


def write_parquet(rows: pandas.DataFrame, file: Path) -> None:
    """Writes a frame to a Parquet file, by the engine that is always there."""
    import duckdb

    with duckdb.connect() as connection:
        connection.from_df(rows).write_parquet(str(file))
