"""Standard errors of aggregates that users write, against NumPy: closed forms and the bootstrap."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from sqlmonitor import names
from sqlmonitor.planner.figure_errors import standard_error

ROWS = 400
rng = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {"a": rng.normal(5, 2, ROWS), "b": rng.gamma(2, 3, ROWS), "k": rng.integers(0, 3, ROWS), "same": 7.0}
)
FRAME.loc[::7, "a"] = np.nan


def spread(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1))


def ratio(above: pd.Series, below: pd.Series) -> float:
    """The textbook's standard error of a ratio of two means (Cochran 1977, 2.46)."""
    above = above.fillna(0)
    share = above.sum() / below.sum()
    return spread((above - share * below).to_numpy()) / np.sqrt(ROWS) / below.mean()


CLOSED = {
    "sum(a)": spread(FRAME["a"].fillna(0).to_numpy()) * np.sqrt(ROWS),
    "sum(b) / count(*)": spread(FRAME["b"].to_numpy()) / np.sqrt(ROWS),
    "avg(b)": spread(FRAME["b"].to_numpy()) / np.sqrt(ROWS),
    "100 * avg(b) - 3": 100 * spread(FRAME["b"].to_numpy()) / np.sqrt(ROWS),
    "sum(a) / sum(b)": ratio(FRAME["a"], FRAME["b"]),
    "avg(a)": ratio(FRAME["a"], FRAME["a"].notna().astype(float)),
    "sum(b) / nullif(count(a), 0)": ratio(FRAME["b"], FRAME["a"].notna().astype(float)),
    "count(*) filter (where k = 1) / count(*)": spread((FRAME["k"] == 1).astype(float).to_numpy())
    / np.sqrt(ROWS),
    "sum(case when k = 1 then b end) / sum(b)": ratio(FRAME["b"].where(FRAME["k"] == 1, 0), FRAME["b"]),
    "cast(sum(b) as double) / sum(k)": ratio(FRAME["b"], FRAME["k"]),
    "round(coalesce(sum(a), 0) / sum(b), 6)": ratio(FRAME["a"], FRAME["b"]),
    "sum(same)": 0.0,
    "avg(case when k = 9 then b end)": None,
}
WITHOUT = [
    "max(a)", "count(distinct k)", "sqrt(sum(b))", "median(a)", "count(*)", "2 * count(*)", "sum(distinct a)",
    "stddev_samp(a)", " + ".join(f"sum(a + {n})" for n in range(7)),
]  # fmt: skip


def computed(text: str) -> float | None:
    error = standard_error(names.aggregate(text))
    assert error is not None
    with duckdb.connect() as connection:
        connection.register("frame", FRAME)
        connection.execute(
            "create table t as select * replace (case when not isnan(a) then a end as a) from frame"
        )
        return connection.execute(f"select {error.sql('duckdb')} from t").fetchall()[0][0]


@pytest.mark.parametrize("text", CLOSED)
def test_closed_forms(text: str) -> None:
    expected = CLOSED[text]
    assert computed(text) == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-6))


def test_the_bootstrap_agrees_on_a_difference_of_means() -> None:
    """Two means of the same rows move together, which errors of each alone would not tell."""
    draws = FRAME.to_numpy()[rng.integers(0, ROWS, (2000, ROWS))]
    values = np.nanmean(draws[:, :, 1], axis=1) / np.nanmean(draws[:, :, 0], axis=1)
    assert computed("avg(b) / avg(a)") == pytest.approx(values.std(), rel=0.08)


@pytest.mark.parametrize("text", WITHOUT)
def test_other_aggregates_have_none(text: str) -> None:
    assert standard_error(names.aggregate(text)) is None


def test_it_stands_in_the_results_by_chunk_and_segment(compute) -> None:
    rows = FRAME.assign(
        at=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) // 100, unit="D"), id=range(ROWS)
    )
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table t as from frame")
        results = compute(
            connection,
            """
            version: 1
            warehouse: duckdb://
            monitors:
              - name: m
                task: none
                predictions: t
                id: id
                timestamp: at
                reference: "at < timestamp '2024-01-02'"
                chunks: day
                segments: [k]
                kpis: [{name: worth, sql: "sum(b) / count(*)"}, {name: most, sql: "max(b)"}]
            """,
        )
    kpis = results[results["family"] == "kpi"].set_index(["metric", "chunk", "segment_value"])
    for day, of_day in rows.groupby(rows["at"].dt.strftime("%Y-%m-%d")):
        for segment, chosen in [("", of_day), *((str(k), one) for k, one in of_day.groupby("k"))]:
            row = kpis.loc[("worth", day, segment)]
            error = spread(chosen["b"].to_numpy()) / np.sqrt(len(chosen))
            assert row["standard_error"] == pytest.approx(error)
            assert row["upper_bound"] == pytest.approx(chosen["b"].mean() + 3 * error)
            assert np.isnan(kpis.loc[("most", day, segment), "standard_error"])
