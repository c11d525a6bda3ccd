"""Standard errors over several classes against a bootstrap of 3,000 replicates, of labels and of estimates.

An estimate's standard error is the sampling error of the realized value at that size, so its oracle
draws rows and then their labels, each with its scores' chances.
"""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pandas as pd
import pytest

ROWS = 1000
REFERENCE = 10
REPLICATES = 3000
CLASSES = ("a", "b", "c")
MONITOR = """\
version: 1
warehouse: duckdb://
monitors:
  - name: thousand
    task: multiclass_classification
    predictions: thousand
    id: id
    reference: "id < 10000"
    chunks: {size: 1000}
    resolution: exact
    calibration: none
    model: {score: {a: score_a, b: score_b, c: score_c}, label: predicted}
    target: {column: actual}
"""
OFFSETS = {"even": (0.0, 0.0, 0.0), "uneven": (0.0, 0.8, -1.2)}
CORRELATED = {
    # Two classes that are told from the third and not from each other, so their areas move apart.
    "even": np.eye(3),
    "uneven": np.array([[1.0, 0.7, -0.3], [0.7, 1.0, 0.1], [-0.3, 0.1, 1.0]]),
}


def thousand(name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows with their true chances, of which the last 1,000 are the chunk."""
    rng = np.random.default_rng(11)
    count = ROWS * (REFERENCE + 1)
    latent = rng.normal(0, 1.4, (count, 3)) @ np.linalg.cholesky(CORRELATED[name]).T + OFFSETS[name]
    chance = np.exp(latent) / np.exp(latent).sum(axis=1, keepdims=True)
    actual = (chance.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1).clip(max=2)
    rows = pd.DataFrame({f"score_{label}": chance[:, n] for n, label in enumerate(CLASSES)})
    rows["predicted"] = np.array(CLASSES, dtype=object)[chance.argmax(axis=1)]
    rows["actual"] = np.array(CLASSES, dtype=object)[actual]
    rows["id"] = range(count)
    return rows, chance


def correlation(label: np.ndarray, guess: np.ndarray) -> float:
    """Gorodkin's R_K as he wrote it: over indicators of the classes, their covariance by both spreads."""
    both = [side[:, None] == np.arange(3) for side in (label, guess)]
    x, y = (indicator - indicator.mean(axis=0) for indicator in both)
    return float((x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum()))


def replicated(rows: pd.DataFrame, chance: np.ndarray, family: str) -> dict[tuple[str, str], np.ndarray]:
    """Values of every metric in every replicate, by metric and class ('' for all)."""
    rng = np.random.default_rng(12)
    score = rows[[f"score_{label}" for label in CLASSES]].to_numpy()
    predicted = rows["predicted"].map(CLASSES.index).to_numpy()
    actual = rows["actual"].map(CLASSES.index).to_numpy()
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(REPLICATES):
        drawn = rng.integers(0, ROWS, ROWS)
        label = actual[drawn]
        if family == "estimated":
            label = (chance[drawn].cumsum(axis=1) < rng.random((ROWS, 1))).sum(axis=1).clip(max=2)
        guess = predicted[drawn]
        values: dict[str, list[float]] = {}
        for n in range(3):
            is_class, is_guess = label == n, guess == n
            tp, fp = (is_class & is_guess).sum(), (~is_class & is_guess).sum()
            fn, tn = (is_class & ~is_guess).sum(), (~is_class & ~is_guess).sum()
            chance_of = score[drawn, n]
            order = np.argsort(-chance_of, kind="stable")
            hits = is_class[order].cumsum()
            below = (~is_class[order]) * hits
            one = {
                "f1": 2 * tp / (2 * tp + fp + fn),
                "precision": tp / (tp + fp),
                "recall": tp / (tp + fn),
                "specificity": tn / (tn + fp),
                "accuracy": (tp + tn) / ROWS,
                "roc_auc": below.sum() / (is_class.sum() * (~is_class).sum()),
                "matthews_correlation": (tp * tn - fp * fn)
                / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
                "log_loss": -np.log(np.where(is_class, chance_of, 1 - chance_of)).mean(),
                "brier_score": ((is_class - chance_of) ** 2).mean(),
                "average_precision": (hits / np.arange(1, ROWS + 1))[is_class[order]].mean(),
            }
            for metric, value in one.items():
                values.setdefault(metric, []).append(value)
        values["balanced_accuracy"] = values["recall"]
        over = {
            "accuracy": (label == guess).mean(),
            "log_loss": -np.log(score[drawn, label]).mean(),
            "matthews_correlation": correlation(label, guess),
        }
        for metric, each in values.items():
            found.setdefault((metric, ""), []).append(over.get(metric, np.mean(each)))
            if metric != "balanced_accuracy":
                for name, value in zip(CLASSES, each, strict=True):
                    found.setdefault((metric, name), []).append(value)
    return {key: np.array(values) for key, values in found.items()}


@pytest.mark.parametrize("family", ["realized", "estimated"])
@pytest.mark.parametrize("name", OFFSETS)
def test_standard_errors_are_the_bootstraps(compute, name: str, family: str) -> None:
    rows, chance = thousand(name)
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table thousand as from frame")
        results = compute(connection, MONITOR)
    results = results[(results["period"] == "analysis") & (results["family"] == family)]
    errors = results.set_index(["metric", "component"])["standard_error"]
    ratios = {
        key: errors[key] / values.std()
        for key, values in replicated(rows.iloc[-ROWS:], chance[-ROWS:], family).items()
    }
    assert len(ratios) == 10 * 4 + 1
    wrong = {key: round(ratio, 3) for key, ratio in ratios.items() if not 0.9 < ratio < 1.1}
    assert not wrong, wrong
