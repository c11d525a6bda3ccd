"""Chunks and segments with fewer rows than the monitor's minimum have no values, and say so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

KEYS = ["period", "chunk", "segment_column", "segment_value", "family", "metric", "column_name", "component"]
LESS = ["value", "standard_error", "lower_bound", "upper_bound", "noise_floor", "p_value", "is_alert"]
FEW = "happened >= timestamp '{}' and happened < timestamp '{}' and id % 8 <> 0"
NOTE = "fewer than 20 rows"


def compared(world: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same run without and with a minimum, by their keys."""
    without = world.run().set_index(KEYS)
    world.monitor["min_rows"] = 20
    return without, world.run().set_index(KEYS)


def is_row_count(frame: pd.DataFrame) -> Any:
    names = frame.index.to_frame()
    return ((names["family"] == "summary") & (names["metric"] == "row_count")).to_numpy()


def rows_of(world: Any, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    """The rows of each value's chunk and segment, counted from the table."""
    listed = world.sql(
        "select strftime(date_trunc('month', happened), '%Y-%m-%d') as chunk, vehicle, count(*) "
        "from scored group by all"
    )
    by_segment = {(chunk, vehicle): count for chunk, vehicle, count in listed}
    totals: dict[str, int] = {}
    for chunk, _, count in listed:
        totals[chunk] = totals.get(chunk, 0) + count
    return np.array(
        [
            by_segment[(key.chunk, key.segment_value)] if key.segment_column else totals[key.chunk]
            for key in frame.index.to_frame().itertuples()
        ]
    )


@pytest.mark.parametrize("resolution", ["binned", "exact"])
def test_small_chunks_and_segments_have_no_values(world: Any, resolution: str) -> None:
    world.monitor["resolution"] = resolution
    world.sql(f"delete from scored where {FEW.format('2024-06-01', '2024-07-01')}")
    world.sql("update scored set vehicle = 'tram' where id % 9 = 0")
    world.sql("update scored set amount = null, score = null where id % 10 = 0")
    without, frame = compared(world)
    rows = rows_of(world, frame)
    assert (frame["row_count"] + frame["unused_count"] == rows).all()
    is_small = (rows < 20) & ~is_row_count(frame)
    assert {key.chunk for key in frame[is_small].index.to_frame().itertuples()} >= {"2024-06-01"}
    assert {"tram", ""} <= set(frame[is_small].index.get_level_values("segment_value"))
    assert frame.loc[is_small, LESS].isna().all(axis=None)
    assert set(frame.loc[is_small, "note"]) == {NOTE}
    kept = without.index.isin(frame.index[~is_small])
    pd.testing.assert_series_equal(without.loc[kept, "value"], frame.loc[~is_small, "value"], rtol=1e-12)
    assert NOTE not in set(frame.loc[~is_small, "note"])
    assert frame.loc[is_row_count(frame), "value"].notna().all()


def test_no_threshold_is_fitted_on_small_chunks(world: Any) -> None:
    world.sql(f"delete from scored where {FEW.format('2024-02-01', '2024-03-01')}")
    without, frame = compared(world)
    series = [key for key in KEYS if key not in ("period", "chunk")]
    whole = without[~without["is_partial"]].reset_index()
    used = whole[(whole["period"] == "reference") & (whole["segment_column"] == "")]
    changed = 0
    for metric, column, family in (
        ("mean", "amount", "summary"),
        ("f1", "", "realized"),
        ("amount_per_row", "", "kpi"),
    ):
        keep = (used["metric"] == metric) & (used["column_name"] == column) & (used["family"] == family)
        values = used.loc[keep].set_index("chunk")["value"]
        assert "2024-02-01" in values.index
        enough = values.drop("2024-02-01").to_numpy()
        mean, deviation = enough.mean(), enough.std()
        rows = frame.reset_index().set_index(series)
        got = rows.loc[("", "", family, metric, column, "")]
        np.testing.assert_allclose(
            got["upper_threshold"].max(), min(mean + 3 * deviation, 1 if metric == "f1" else np.inf)
        )
        np.testing.assert_allclose(got["lower_threshold"].max(), mean - 3 * deviation)
        changed += not np.isclose(values.to_numpy().mean(), mean)
    assert changed


def test_one_is_off(world: Any, other_world: Any) -> None:
    other_world.monitor["min_rows"] = 1
    pd.testing.assert_frame_equal(world.run(), other_world.run(), check_exact=False, rtol=1e-12, atol=1e-14)
