"""Drift against chunks before, and windows that roll, from raw rows by numpy, SciPy and scikit-learn."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest
from comparisons.world import World, of
from scipy import stats
from sklearn.metrics import f1_score

from sqlmonitor.results import Results

BORDER = "2024-05-01"
REFERENCES = {
    "previous": "previous",
    "last 3": {"reference": {"last": 3}},
    "last_year": "last_year",
}
METRICS = {
    "drift": ["kolmogorov_smirnov", "wasserstein", "jensen_shannon", "l_infinity", "chi_square"],
    "performance": [],
    "quality": [],
    "summary": [],
}


@cache
def world() -> World:
    return World()


@cache
def results(resolution: str, period: str = "month") -> pd.DataFrame:
    """The chunks of more than a year, compared with chunks before."""
    return world().run(
        f"{resolution}_{period}",
        chunks=period,
        compare=list(REFERENCES.values()),
        metrics=METRICS,
        kpis=[],
        resolution=resolution,
    )


def before(chunk: str, chunks: list[str], compared_with: str) -> list[str]:
    """The chunks that one is compared with."""
    if compared_with == "last_year":
        is_month = len(chunks) < 20
        year_before = str(int(chunk[:4]) - 1) + chunk[4:]
        ago = year_before if is_month else (date.fromisoformat(chunk) - timedelta(days=364)).isoformat()
        return [ago] if ago in chunks else []
    count = 1 if compared_with == "previous" else 3
    return [one for one in chunks if one < chunk][-count:]


def distance(metric: str, chunk: pd.Series, reference: pd.Series) -> tuple[float, float]:
    """A distance of two samples and its p-value, where it has one."""
    if metric == "kolmogorov_smirnov":
        return stats.ks_2samp(chunk, reference).statistic, np.nan
    if metric == "wasserstein":
        return stats.wasserstein_distance(chunk, reference), np.nan
    levels = sorted(set(chunk) | set(reference))
    counts = np.array([[(side == level).sum() for level in levels] for side in (chunk, reference)])
    if metric == "chi_square":
        found = stats.chi2_contingency(counts, correction=len(levels) == 2)
        return found.statistic, found.pvalue
    p, q = counts / counts.sum(axis=1, keepdims=True)
    if metric == "l_infinity":
        return np.abs(p - q).max(), np.nan
    middle = (p + q) / 2
    parts = [np.sum(side[side > 0] * np.log2(side[side > 0] / middle[side > 0])) for side in (p, q)]
    return np.sqrt(max(sum(parts) / 2, 0)), np.nan


@pytest.mark.parametrize("resolution", ["exact", pytest.param("binned", marks=pytest.mark.slow)])
@pytest.mark.parametrize("period", ["month", pytest.param("day", marks=pytest.mark.slow)])
@pytest.mark.parametrize("compared_with", REFERENCES)
def test_distances_are_those_of_raw_rows(compared_with: str, period: str, resolution: str) -> None:
    rows = world().rows()
    starts = rows["day"] if period == "day" else rows["day"].str[:7] + "-01"
    chunks = sorted(set(starts))
    by_chunk = dict(list(rows.groupby(starts)))
    found = of(results(resolution, period), "", compared_with)
    # Doane's bins are the fixed reference's; the levels are the same everywhere.
    found = found[(found["metric"] != "jensen_shannon") | (found["column_name"] == "region")]
    compared = 0
    for row in found[found["chunk"].str[-1].isin(["1", "3"])].to_dict("records"):
        sides = [by_chunk[row["chunk"]]]
        of_reference = before(row["chunk"], chunks, compared_with)
        wanted = 3 if compared_with == "last 3" else 1
        if len(of_reference) < wanted:
            assert row["is_partial"]
        if not of_reference:
            assert pd.isna(row["value"])
            assert row["note"] == "no chunk before it to compare with"
            continue
        sides.append(pd.concat([by_chunk[one] for one in of_reference]))
        if row["segment_column"]:
            sides = [side[side["vehicle"] == row["segment_value"]] for side in sides]
        chunk, reference = (side[row["column_name"]].dropna() for side in sides)
        value, p_value = distance(row["metric"], chunk, reference)
        # Places in a cell are steps of a 16777216th of it.
        tolerance = 1e-9 if resolution == "exact" or row["column_name"] != "amount" else 1e-3
        assert row["value"] == pytest.approx(value, rel=tolerance, abs=tolerance), row
        if not np.isnan(p_value):
            assert row["p_value"] == pytest.approx(p_value, rel=1e-6, abs=1e-9)
        assert row["row_count"] == len(chunk)
        if row["metric"] == "kolmogorov_smirnov" and resolution == "exact":
            # Of the sizes, and of the shares of values, of the reference that it is compared with.
            shares = reference.value_counts(normalize=True)
            scale = np.sqrt(1 / len(chunk) + 1 / len(reference))
            floor = scale * (np.sqrt(np.pi / 2) * np.log(2) - 0.5826 * (shares**1.5).sum())
            if len(shares) == 2:
                floor = scale * np.sqrt(2 / np.pi * shares.iloc[0] * shares.iloc[1])
            assert row["noise_floor"] == pytest.approx(floor, rel=1e-12)
            p_value = stats.kstwobign.sf(value / scale)
            assert row["p_value"] == pytest.approx(p_value, rel=1e-6, abs=1e-9)
        compared += 1
    assert compared > (20 if compared_with == "last_year" else 100)


@pytest.mark.slow
def test_noise_floors_are_those_of_a_monitor_with_that_reference() -> None:
    found = of(results("exact"), "", "last 3")
    direct = world().run(
        "direct",
        where="happened >= timestamp '2024-06-01'",
        chunks="month",
        reference="happened < timestamp '2024-09-01'",
        metrics=METRICS,
        kpis=[],
        resolution="exact",
    )
    keys = ["metric", "column_name", "segment_column", "segment_value"]
    sides = [
        frame[(frame["chunk"] == "2024-09-01") & (frame["column_name"] != "hour")]
        .set_index(keys)
        .sort_index()
        for frame in (found, direct[direct["family"] == "drift"])
    ]
    # Doane's bins are the fixed reference's.
    sides = [side.drop(("jensen_shannon", "amount")) for side in sides]
    assert len(sides[0]) == len(sides[1]) == 15
    for column in ("value", "noise_floor", "p_value"):
        assert np.allclose(sides[0][column], sides[1][column], rtol=1e-9, equal_nan=True), column
    assert (sides[0]["noise_floor"] > 0).mean() > 0.7


def test_limits_are_of_the_references_chunks_compared_alike() -> None:
    found = of(results("exact"), "", "previous")
    chosen = found[(found["metric"] == "kolmogorov_smirnov") & (found["segment_column"] == "")]
    chosen = chosen[chosen["column_name"] == "amount"]
    fitted = chosen[(chosen["period"] == "reference") & ~chosen["is_partial"]]["value"]
    assert len(fitted) == 3
    limit = fitted.mean() + 3 * fitted.std(ddof=0)
    assert np.allclose(chosen["upper_threshold"], limit, rtol=1e-12, atol=0)


@pytest.mark.slow
def test_only_distances_have_another_reference() -> None:
    metrics = METRICS | {"performance": ["f1"], "summary": ["row_count"]}
    found = world().run("families", chunks="quarter", compare=["previous", "year"], metrics=metrics)
    assert set(of(found, "", "previous")["family"]) == {"drift"}
    assert set(of(found, "year")["family"]) == {"drift", "estimated", "realized", "kpi", "summary"}


def test_quarters_against_the_quarter_before() -> None:
    found = world().run(
        "quarters",
        chunks="month",
        compare={"chunks": "quarter", "reference": "previous"},
        metrics=METRICS,
        kpis=[],
        resolution="exact",
    )
    rows = (
        world()
        .rows()
        .assign(quarter=lambda frame: pd.to_datetime(frame["day"]).dt.to_period("Q").astype(str))
    )
    chosen = of(found, "quarter", "previous")
    chosen = chosen[(chosen["segment_column"] == "") & (chosen["column_name"] == "amount")]
    row = chosen[(chosen["metric"] == "kolmogorov_smirnov") & (chosen["chunk"] == "2024-10-01")].iloc[0]
    sides = [rows[rows["quarter"] == one]["amount"].dropna() for one in ("2024Q4", "2024Q3")]
    assert row["value"] == pytest.approx(stats.ks_2samp(*sides).statistic, abs=1e-12)
    # Before the reference's end is the reference's part of the quarter, and after it both parts.
    row = chosen[(chosen["metric"] == "kolmogorov_smirnov") & (chosen["chunk"] == "2024-07-01")].iloc[0]
    sides = [rows[rows["quarter"] == one]["amount"].dropna() for one in ("2024Q3", "2024Q2")]
    assert row["value"] == pytest.approx(stats.ks_2samp(*sides).statistic, abs=1e-12)


def test_rolling_windows_are_those_of_raw_rows() -> None:
    metrics = {
        "drift": ["kolmogorov_smirnov"],
        "performance": ["f1"],
        "quality": ["missing"],
        "summary": ["mean", "std", "row_count"],
    }
    few = World(where="id < 1200")
    found = few.run("rolling", compare={"rolling": 7}, metrics=metrics, resolution="exact")
    windows = of(found, "rolling 7")
    rows = few.rows()
    reference = rows[rows["is_reference"]]["amount"].dropna()
    first = {"reference": date(2024, 1, 1), "analysis": date(2024, 5, 1)}
    assert set(windows["chunk"]) == set(rows["day"])
    chosen = windows[(windows["segment_column"] == "") & (windows["chunk"].str[-1] == "4")]
    chosen = chosen[chosen["column_name"].isin(["", "amount"])]
    for (period, chunk), values in chosen.groupby(["period", "chunk"]):
        end = date.fromisoformat(chunk)
        start = end - timedelta(days=6)
        inside = rows[(rows["day"] >= start.isoformat()) & (rows["day"] <= chunk)]
        inside = inside[inside["is_reference"] == (period == "reference")]
        amount = inside["amount"].dropna()
        labelled = inside.dropna(subset=["actual"])
        direct = {
            ("drift", "kolmogorov_smirnov"): stats.ks_2samp(amount, reference).statistic,
            ("realized", "f1"): f1_score(labelled["actual"], labelled["predicted"]),
            ("summary", "mean"): amount.mean(),
            ("summary", "std"): amount.std(),
            ("summary", "row_count"): len(inside),
            ("kpi", "amount_per_row"): inside["amount"].sum() / len(inside),
            ("quality", "missing"): inside["amount"].isna().mean(),
        }
        by_name = values[values["component"].isin(["", "proportion"])].set_index(["family", "metric"])
        for name, value in direct.items():
            assert by_name.loc[name, "value"] == pytest.approx(value, rel=1e-9, abs=1e-12), (chunk, name)
        one = values.iloc[0]
        assert (one["chunk_start"].date(), one["chunk_end"].date()) == (start, end + timedelta(days=1))
        realized = values["family"] == "realized"
        assert (values["is_partial"][~realized] == (start < first[period])).all(), chunk


def test_blended_windows_are_of_the_analysis() -> None:
    few = World(where="id between 600 and 1100")
    metrics = METRICS | {"drift": [], "performance": ["accuracy"]}
    found = few.run("blended", compare=[{"rolling": 3}, "week"], blended=True, metrics=metrics, kpis=[])
    assert set(found[found["family"] == "realized"]["period"]) == {"reference", "analysis"}
    blended = found[(found["family"] == "blended") & (found["segment_column"] == "")]
    assert set(blended["period"]) == {"analysis"}
    rows = few.rows()
    rows = rows[~rows["is_reference"]]
    windows = of(blended, "rolling 3").set_index("chunk")
    partly = set()
    for day in rows["day"].unique():
        start = (date.fromisoformat(day) - timedelta(days=2)).isoformat()
        inside = rows[(rows["day"] >= start) & (rows["day"] <= day)]
        if 0 < inside["actual"].notna().sum() < len(inside):
            partly.add(day)
    assert set(windows.index) == partly


def test_a_window_and_a_chunk_are_told_apart_by_name() -> None:
    found = Results(results("exact"))
    assert found.comparisons() == ["", "last 3", "last_year", "previous"]
    one = {"metric": "l_infinity", "segment": "", "chunk": "2024-08-01", "column": "region"}
    assert len(found.filter(**one)) == 4
    assert len(found.filter(**one, compare="previous")) == 1
    assert len(found.filter(**one, compare=["", "last 3"])) == 2
    keys = ["chunk_length", "compared_with", "period", "chunk", "segment_column", "segment_value"]
    keys += ["family", "metric", "column_name", "component"]
    assert not results("exact").duplicated(keys).any()
