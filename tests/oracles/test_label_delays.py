"""How long labels take, against numpy's quantiles of the delays themselves."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from sqlmonitor.errors import ConfigurationError

QUANTILES = {"label_delay_median": 0.5, "label_delay_90_percent": 0.9}
MONITOR: dict[str, Any] = {
    "name": "late",
    "task": "binary_classification",
    "predictions": "late",
    "id": "id",
    "timestamp": "at",
    "reference": "at < timestamp '2024-02-01'",
    "chunks": "month",
    "model": {"score": "score", "label": "predicted"},
    "target": {"column": "actual", "observed_at": "known_at"},
    "segments": ["place"],
    "metrics": {"drift": [], "quality": [], "summary": [], "performance": list(QUANTILES)},
}
CLASSES = {
    "task": "multiclass_classification",
    "model": {"score": {"0": "rest", "1": "score"}, "label": "predicted"},
}
NUMBERS = {"task": "regression", "model": {"label": "score"}}
TASKS: dict[str, dict[str, Any]] = {"two": {}, "several": CLASSES, "numbers": NUMBERS}


def late(name: str, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of five months, in each of which labels take another time, in seconds."""
    size = 400
    delays = {
        "2024-01": rng.gamma(2, 40_000, size),
        "2024-02": rng.lognormal(11, 2, size),
        "2024-03": np.full(size, 3600.0),
        "2024-04": rng.normal(0, 90_000, size),
        "2024-05": rng.gamma(2, 40_000, size),
    }[name].round()
    at = pd.Timestamp(name) + pd.to_timedelta(np.sort(rng.integers(0, 28 * 86400, size)), unit="s")
    score = rng.random(size).round(3)
    actual = (rng.random(size) < score).astype(object)
    known_at = pd.Series(at + pd.to_timedelta(delays, unit="s"))
    # A label without a time, a time without a label, and a month of which hardly any has come.
    known_at[::11] = pd.NaT
    actual[1::7] = None
    if name == "2024-05":
        actual[::2] = None
    return pd.DataFrame(
        {
            "at": at,
            "score": score,
            "rest": 1 - score,
            "predicted": (score > 0.5).astype(int),
            "actual": pd.Series(actual).map({True: 1, False: 0}).astype("Int64"),
            "known_at": known_at,
            "place": np.where(np.arange(size) % 3 == 0, "here", "there"),
        }
    )


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    frames = [late(f"2024-{month:02d}", rng) for month in range(1, 6)]
    return pd.concat(frames, ignore_index=True).rename_axis("id").reset_index()


def results(compute, rows: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    monitor = MONITOR | changes
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table late as from frame")
        text = json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]})
        return compute(connection, text)


@pytest.mark.parametrize("task", TASKS)
def test_quantiles_of_delays(compute, rows: pd.DataFrame, task: str) -> None:
    found = results(compute, rows, **TASKS[task])
    found = found[found["metric"].isin(QUANTILES)]
    # Five months, the whole and two segments, two metrics.
    assert len(found) == 5 * 3 * 2
    hours = (rows["known_at"] - rows["at"]).dt.total_seconds().where(rows["actual"].notna()) / 3600
    for row in found.itertuples():
        mask = rows["at"].dt.strftime("%Y-%m-01") == row.chunk
        if row.segment_column:
            mask &= rows["place"] == row.segment_value
        known = hours[mask].dropna()
        exact = np.quantile(known, QUANTILES[row.metric], method="inverted_cdf")
        # A cell's width, around the value whose rank it is.
        assert row.value == pytest.approx(exact, abs=0.0101 * (abs(exact) + 1 / 60))
        assert (row.row_count, row.unused_count) == (len(known), mask.sum() - len(known))
        assert row.family == "realized"
        assert not row.is_alert


@pytest.mark.parametrize("task", TASKS)
def test_coverage_stands_beside_them(compute, rows: pd.DataFrame, task: str) -> None:
    chosen = MONITOR["metrics"] | {"performance": ["label_coverage"]}
    found = results(compute, rows, **TASKS[task], metrics=chosen)
    whole = found[found["segment_column"] == ""].set_index("chunk")
    months = rows["at"].dt.strftime("%Y-%m-01")
    expected = rows["actual"].notna().groupby(months).mean()
    assert whole["value"].to_dict() == pytest.approx(expected.to_dict())
    assert whole["row_count"].to_dict() == months.value_counts().to_dict()


def test_a_chunk_without_labels_says_so(compute, rows: pd.DataFrame) -> None:
    rows = rows.assign(actual=rows["actual"].where(rows["at"] < "2024-05-01"))
    found = results(compute, rows)
    last = found[found["metric"].isin(QUANTILES) & (found["chunk"] == "2024-05-01")]
    assert len(last) == 6
    assert last["value"].isna().all()
    assert set(last["note"]) == {"no row with a label and a time when it was observed"}
    assert last["is_alert"].isna().all()


@pytest.mark.slow
def test_delays_leave_all_else_as_it_is(compute, rows: pd.DataFrame) -> None:
    scored = ["roc_auc", "f1", "label_coverage", "calibration_error"]
    for task, change in TASKS.items():
        asked = scored if task != "numbers" else ["mae", "r_squared", "label_coverage"]
        chosen = MONITOR["metrics"] | {"performance": asked}
        alone = results(compute, rows, **change, metrics=chosen)
        beside = results(
            compute,
            rows,
            **change,
            metrics=chosen | {"performance": [*chosen["performance"], *QUANTILES]},
        )
        beside = beside[~beside["metric"].isin(QUANTILES)].reset_index(drop=True)
        columns = [name for name in alone if name not in ("run_id", "computed_at")]
        # Errors are doubles, whose sums depend on how rows are grouped, in the last bit; all else is counted.
        is_exact = {"check_exact": True} if task != "numbers" else {"rtol": 1e-12}
        pd.testing.assert_frame_equal(alone[columns], beside[columns], **is_exact)


def test_delays_need_the_time_of_labels(compute, rows: pd.DataFrame) -> None:
    target = {"column": "actual"}
    with pytest.raises(ConfigurationError, match=r"label_delay_median needs target\.observed_at") as caught:
        results(compute, rows, target=target)
    assert caught.value.key == "monitors[0].metrics.performance[0]"
    # By default they are left out.
    found = results(compute, rows, target=target, metrics={"drift": []})
    assert set(found["metric"]).isdisjoint(QUANTILES)
    assert "label_coverage" in set(found["metric"])
