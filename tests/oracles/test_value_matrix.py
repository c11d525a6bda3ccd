"""What decisions of several classes are worth, estimated and realized, by hand and by NumPy."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from sqlmonitor.definitions import loads
from sqlmonitor.errors import ConfigurationError

WORTH = {"a": {"b": -3, "c": -10}, "b": {"b": 5, "a": -0.5}, "c": {"c": 2}}
ROWS = 1500
MONITOR = """
version: 1
warehouse: duckdb://
monitors:
  - name: several
    task: multiclass_classification
    predictions: several
    id: id
    timestamp: at
    reference: "at < timestamp '2024-01-02'"
    chunks: day
    resolution: exact
    calibration: none
    model: {score: {a: score_a, b: score_b, c: score_c}, label: predicted}
    target: {column: actual}
    metrics: {performance: METRICS}
    kpis:
      - {name: worth, unit: USD, value_matrix: MATRIX}
    thresholds:
      - {metric: worth, family: realized, constant: {lower: 1e9}}
"""
AS_YAML = "{a: {b: -3, c: -10}, b: {b: 5, a: -0.5}, c: {c: 2}}"


def text(matrix: str = AS_YAML, metrics: str = "[confusion_matrix]") -> str:
    return MONITOR.replace("MATRIX", matrix).replace("METRICS", metrics)


def several() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    scores = rng.dirichlet([1, 2, 1.5], ROWS).round(3)
    scores[:, 2] = 1 - scores[:, :2].sum(axis=1)
    actual = np.array(["a", "b", "c"])[[rng.choice(3, p=row / row.sum()) for row in scores.clip(0)]]
    rows = pd.DataFrame({f"score_{name}": scores[:, place].clip(0) for place, name in enumerate("abc")})
    rows["predicted"] = np.array(["a", "b", "c"])[scores.argmax(axis=1)]
    rows["actual"] = actual
    rows.loc[1200::10, "actual"] = None
    rows["at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) // 500, unit="D")
    return rows.assign(id=range(ROWS))


def value(true: str, predicted: str) -> float:
    return WORTH.get(true, {}).get(predicted, 0)


@pytest.mark.parametrize("metrics", ["[confusion_matrix]", "[]"])
def test_estimated_and_realized(compute, metrics: str) -> None:
    rows = several()
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table several as from frame")
        results = compute(connection, text(metrics=metrics))
    found = results[results["metric"] == "worth"].set_index(["family", "chunk", "component"])
    assert len(found) == 3 * 2 * 2
    for day, of_day in rows.groupby(rows["at"].dt.strftime("%Y-%m-%d")):
        labelled = of_day.dropna(subset="actual")
        realized = np.array(
            [value(*pair) for pair in zip(labelled["actual"], labelled["predicted"], strict=True)]
        )
        # Each row is worth what its classes are worth, by their chances.
        chances = of_day[["score_a", "score_b", "score_c"]].to_numpy()
        worths = np.array([[value(true, predicted) for true in "abc"] for predicted in of_day["predicted"]])
        expected = (chances * worths).sum(axis=1)
        squares = (chances * worths**2).sum(axis=1)
        for family, mean, variance, n in (
            ("realized", realized.mean(), realized.var(), len(realized)),
            ("estimated", expected.mean(), squares.mean() - expected.mean() ** 2, len(expected)),
        ):
            total, each = found.loc[(family, day, "")], found.loc[(family, day, "per_prediction")]
            assert [total["value"], each["value"]] == pytest.approx([mean * n, mean], rel=1e-6)
            assert [total["standard_error"], each["standard_error"]] == pytest.approx(
                [np.sqrt(variance * n), np.sqrt(variance / n)], rel=1e-6
            )
            assert total["row_count"] == n
            assert family == "estimated" or total["is_alert"]


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ("{a: {d: 1}}", "'d' is no class of model.score"),
        ("{d: {a: 1}}", "'d' is no class of model.score"),
        ("{a: {b: much}}", "must be a number"),
        ("{a: {b: 1}, c: 3}", "must be a mapping"),
        (
            "{true_positive: 1, false_positive: 1, false_negative: 1, true_negative: 1}",
            "does not fit the task multiclass_classification\n  write {true class: {predicted class: value}}",
        ),
    ],
)
def test_mistakes_are_named(matrix: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as raised:
        loads(text(matrix))
    assert raised.value.line is not None
    assert "kpis[0].value_matrix" in (raised.value.key or "")


def test_two_classes_have_four_cells() -> None:
    binary = text("{a: {a: 1}}").replace("multiclass_classification", "binary_classification")
    binary = binary.replace("score: {a: score_a, b: score_b, c: score_c}", "score: score_a")
    with pytest.raises(ConfigurationError, match="does not fit the task binary_classification"):
        loads(binary)
    with pytest.raises(ConfigurationError, match="key 'true_negative' is missing"):
        loads(binary.replace("{a: {a: 1}}", "{true_positive: 1, false_positive: 1, false_negative: 1}"))
