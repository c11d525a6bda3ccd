"""Ids that stand more than once in a chunk, against pandas."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from sqlmonitor import planner
from sqlmonitor.definitions import loads
from sqlmonitor.errors import ConfigurationError

MONITOR = """\
version: 1
warehouse: duckdb://
monitors:
  - name: orders
    task: none
    predictions: orders
    id: id
    timestamp: at
    reference: "at < timestamp '2024-03-01'"
    chunks: month
    features: {numeric: [amount]}
    segments: [shop]
    metrics: {quality: [duplicates, duplicate_count]}
"""


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    random = np.random.default_rng(2)
    rows = pd.DataFrame(
        {
            "id": random.integers(0, 300, 1000).astype(object),
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(1000) * 3, "h"),
            "amount": random.normal(0, 1, 1000),
            "shop": random.choice(["a", "b", None], 1000),
        }
    )
    rows.loc[::17, "id"] = None
    rows.loc[rows["at"] >= "2024-05-01", "id"] = None
    return rows


@pytest.fixture(scope="module")
def results(compute, orders: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.register("frame", orders)
        connection.execute("create table orders as select * replace (cast(id as integer) as id) from frame")
        return compute(connection, MONITOR)


def expected(rows: pd.DataFrame) -> pd.DataFrame:
    month = rows["at"].dt.strftime("%Y-%m-01")
    return rows.groupby(month).apply(
        lambda chunk: pd.Series(
            {
                "duplicates": chunk["id"].dropna().duplicated().sum(),
                "rows": chunk["id"].notna().sum(),
                "missing": chunk["id"].isna().sum(),
            }
        ),
        include_groups=False,
    )


@pytest.mark.parametrize("segment", ["", "a", "b", "(missing)"])
def test_duplicates_are_the_rows_beyond_the_first(
    results: pd.DataFrame, orders: pd.DataFrame, segment: str
) -> None:
    rows = orders[orders["shop"].fillna("(missing)") == segment] if segment else orders
    wanted = expected(rows)
    found = results[results["segment_value"] == segment].set_index(["metric", "chunk"])
    shares, counts = found.loc["duplicates"], found.loc["duplicate_count"]
    assert list(shares.index) == list(counts.index)
    for chunk, want in wanted.iterrows():
        share, count = shares.loc[chunk], counts.loc[chunk]
        assert (share["row_count"], share["unused_count"]) == (want["rows"], want["missing"])
        if want["rows"] == 0:
            assert np.isnan(share["value"])
            assert np.isnan(count["value"])
            assert share["note"] == "no row with an id"
            assert pd.isna(share["is_alert"])
        else:
            assert share["value"] == want["duplicates"] / want["rows"]
            assert count["value"] == want["duplicates"]
            assert share["is_alert"] == (want["duplicates"] > 0)


def test_an_id_of_two_chunks_is_no_duplicate(compute) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table orders as select 1 as id, timestamp '2024-01-15' + number * interval '1 month' as at"
            ", 1.0e0 as amount, 'a' as shop from range(4) as numbers (number)"
        )
        found = compute(connection, MONITOR)
    found = found[found["metric"] == "duplicates"]
    assert (found["value"] == 0).all()
    assert len(found) == 8


def test_it_is_computed_only_where_it_is_asked_for() -> None:
    plain = loads(MONITOR.replace("    metrics: {quality: [duplicates, duplicate_count]}\n", ""))
    asked = loads(MONITOR)
    plans = [planner.plan(project, project.monitors[0]) for project in (plain, asked)]
    scans = [[step.name for step in plan.steps if step.reads_source] for plan in plans]
    assert set(scans[1]) - set(scans[0]) == {"id_counts"}
    assert len(scans[1]) == len(scans[0]) + 1


def test_it_needs_an_id() -> None:
    project = loads(MONITOR.replace("    id: id\n", ""))
    with pytest.raises(ConfigurationError, match="the monitor has no id") as caught:
        planner.plan(project, project.monitors[0])
    assert caught.value.key == "monitors[0].metrics.quality[0]"
