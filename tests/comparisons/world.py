"""Small tables with more than a year of days, some of them empty, and monitors that compare them in several ways."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import small_world

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.incremental import Asked
from sqlmonitor.results import Results

KEYS = [
    *("period", "chunk", "segment_column", "segment_value"),
    *("family", "metric", "column_name", "component"),
]
NUMBERS = [
    *("value", "standard_error", "lower_bound", "upper_bound", "noise_floor", "p_value"),
    *("lower_threshold", "upper_threshold"),
]
OTHERS = ["chunk_start", "chunk_end", "is_partial", "row_count", "unused_count", "note"]
# Every three hours from 2024 on, for 450 days, but never on a Sunday.
SCORED = f"select * from ({small_world.rows(3600, 3)}) where dayofweek(happened) <> 0"


class World:
    """A warehouse with the small world's tables.

    Args:
        scored: the query of the scored rows.
        where: which of them there are.
    """

    def __init__(self, scored: str = SCORED, where: str = "true") -> None:
        self.connection = duckdb.connect()
        self.engine = DuckDB(self.connection)
        self.connection.execute(f"create table scored as select * from ({scored}) where {where}")
        self.connection.execute(f"create table outcomes as {small_world.OUTCOMES} where id % 13 <> 0")

    def run(
        self, store: str = "sqlmonitor", asked: dict[str, Any] | None = None, **changes: Any
    ) -> pd.DataFrame:
        """The results of the small world's monitor with some changes, in a store of its own."""
        monitor = small_world.MONITOR | {"chunks": "day"} | changes
        text = json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]})
        project = loads(text).model_copy(update={"store": store})
        return runner.run(project, project.monitors[0], self.engine, asked=Asked(**(asked or {})))

    def rows(self) -> pd.DataFrame:
        """The scored rows with their labels and the day they are of."""
        return self.connection.sql(
            "select scored.*, actual, strftime(happened, '%Y-%m-%d') as day, "
            "happened < timestamp '2024-05-01' as is_reference "
            "from scored left join outcomes using (id) order by id"
        ).df()


def of(results: pd.DataFrame, chunk_length: str = "", compared_with: str = "") -> pd.DataFrame:
    """The results of one comparison."""
    chosen = (results["chunk_length"] == chunk_length) & (results["compared_with"] == compared_with)
    assert chosen.any()
    return results[chosen]


def same(merged: pd.DataFrame, direct: pd.DataFrame, *, without: tuple[str, ...] = ()) -> None:
    """Asserts that two results are the same, numbers to 1e-12, metrics that do not merge aside."""
    assert set(without) <= set(merged["metric"])
    merged, direct = (
        Results(frame[~frame["metric"].isin(without)]).to_pandas().sort_values(KEYS, ignore_index=True)
        for frame in (merged, direct)
    )
    assert len(direct) > 100
    whole = [*KEYS, *OTHERS]
    pd.testing.assert_frame_equal(merged[whole], direct[whole])
    for name in NUMBERS:
        close = np.isclose(merged[name], direct[name], rtol=1e-12, atol=1e-12, equal_nan=True)
        assert close.all(), (name, merged[~close].head(3).T, direct[~close].head(3).T)
    # A value on its threshold, to the last bit, may fall to either side.
    is_near = np.zeros(len(direct), dtype=bool)
    for limit in ("lower_threshold", "upper_threshold"):
        is_near |= np.isclose(direct["value"], direct[limit], rtol=1e-12, atol=1e-12)
    alerts = [frame["is_alert"][~is_near].fillna(False) for frame in (merged, direct)]
    assert alerts[0].equals(alerts[1])
    assert alerts[0].any()
    assert is_near.mean() < 0.5
    assert direct["value"].notna().mean() > 0.5
