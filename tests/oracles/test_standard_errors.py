"""Standard errors against a bootstrap of 4,000 replicates, of labels and of estimates.

An estimate's standard error is the sampling error of the realized value at that size, so its oracle
draws rows and then their labels, each with its score's chance.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

ROWS = 1000
REPLICATES = 4000
SHARES = {"all": (0, 0, 0, 0), "true": (1, 2, 1, 2), "predicted": (3, 3, 4, 4)}
"""What each cell is a share of: all rows, positives, negatives, predicted positives or negatives."""
CELLS = ("true_positive", "false_positive", "false_negative", "true_negative")
MONITOR = """\
version: 1
warehouse: duckdb://
monitors:
  - name: thousand
    task: binary_classification
    predictions: thousand
    id: id
    reference: "id < 2000"
    chunks: {size: 1000}
    resolution: exact
    calibration: none
    model: {score: score, label: predicted, positive: 1}
    target: {column: actual}
"""
METRICS = (
    *("roc_auc", "average_precision", "f1", "precision", "recall", "specificity", "accuracy"),
    *("balanced_accuracy", "matthews_correlation", "positive_rate", "log_loss", "brier_score"),
)


def thousand(prevalence: float) -> pd.DataFrame:
    """A chunk of 1,000 rows, the given share of them positive, after two of reference."""
    rng = np.random.default_rng(7)
    actual = np.tile((np.arange(ROWS) < prevalence * ROWS).astype(int), 3)
    log_odds = np.log(prevalence / (1 - prevalence)) - 0.85 + rng.normal(1.7 * actual, 1.3)
    score = 1 / (1 + np.exp(-log_odds))
    predicted = (score > prevalence).astype(int)
    return pd.DataFrame({"id": range(3 * ROWS), "score": score, "predicted": predicted, "actual": actual})


def computed(compute, rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Standard errors of the chunk's values, by family and metric or cell and what it is a share of."""
    found = {}
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table thousand as from frame")
        for normalize in ("", *SHARES):
            chosen = f"    metrics: {{performance: [confusion_matrix: {{normalize: {normalize}}}]}}\n"
            results = compute(connection, MONITOR + (chosen if normalize else ""))
            for row in results[results["period"] == "analysis"].itertuples():
                name = f"{row.component} {normalize}".strip() if row.component else row.metric
                found[row.family, name] = row.standard_error
    return found


def replicated(rows: pd.DataFrame, *, is_estimated: bool) -> dict[str, np.ndarray]:
    """Every metric of 4,000 chunks drawn with replacement."""
    rng = np.random.default_rng(8)
    rows = rows.iloc[2 * ROWS :].sort_values("score", ascending=False)
    score, predicted = rows["score"].to_numpy(), rows["predicted"].to_numpy()
    weights = rng.multinomial(ROWS, np.full(ROWS, 1 / ROWS), size=REPLICATES)
    chance = score if is_estimated else rows["actual"].to_numpy().astype(float)
    positives = rng.binomial(weights, chance)
    # A replicate of one class has no area under its curve; at 10 positives one in 20,000 is.
    kept = (positives.sum(axis=1) > 0) & (positives.sum(axis=1) < ROWS)
    weights, positives = weights[kept], positives[kept]
    negatives = weights - positives

    above = positives.cumsum(axis=1)
    precision = above / np.maximum(weights.cumsum(axis=1), 1)
    total, other = positives.sum(axis=1), negatives.sum(axis=1)
    tp, fp = (positives * predicted).sum(axis=1), (negatives * predicted).sum(axis=1)
    fn, tn = total - tp, other - fp
    cells = (tp, fp, fn, tn)
    totals = (np.full(len(total), ROWS), total, other, tp + fp, fn + tn)
    positive_loss, negative_loss = -np.log(score), -np.log(1 - score)
    values = {
        "roc_auc": (negatives * (above - positives / 2)).sum(axis=1) / (total * other),
        "average_precision": (positives * precision).sum(axis=1) / total,
        "f1": 2 * tp / (2 * tp + fp + fn),
        "precision": tp / (tp + fp),
        "recall": tp / total,
        "specificity": tn / other,
        "accuracy": (tp + tn) / ROWS,
        "balanced_accuracy": (tp / total + tn / other) / 2,
        "matthews_correlation": (tp * tn - fp * fn)
        / np.sqrt((tp + fp).astype(float) * total * other * (tn + fn)),
        "positive_rate": total / ROWS,
        "log_loss": (positives * positive_loss + negatives * negative_loss).sum(axis=1) / ROWS,
        "brier_score": (positives * (1 - score) ** 2 + negatives * score**2).sum(axis=1) / ROWS,
    }
    values |= dict(zip(CELLS, cells, strict=True))
    for normalize, chosen in SHARES.items():
        for name, cell, which in zip(CELLS, cells, chosen, strict=True):
            values[f"{name} {normalize}"] = cell / totals[which]
    return values


def ratios(compute, prevalence: float) -> dict[tuple[str, str], float]:
    """The standard error by the bootstrap's, for every metric and family."""
    rows = thousand(prevalence)
    errors = computed(compute, rows)
    return {
        (family, name): errors[family, name] / values.std()
        for family in ("realized", "estimated")
        for name, values in replicated(rows, is_estimated=family == "estimated").items()
    }


@pytest.fixture(scope="module", params=[0.3, 0.01])
def ratio(request: pytest.FixtureRequest, compute) -> dict[tuple[str, str], float]:
    found = ratios(compute, request.param)
    if request.param == 0.01:
        for family, lowest in LOW_AT_ONE_IN_A_HUNDRED.items():
            assert lowest < found.pop((family, "average_precision")) < 0.9
    return found


LOW_AT_ONE_IN_A_HUNDRED = {"realized": 0.8, "estimated": 0.6}
"""With 10 positives average precision is far from normal, and its first-order error is too small."""


@pytest.mark.parametrize("family", ["realized", "estimated"])
def test_standard_errors_are_the_bootstraps(ratio: dict[tuple[str, str], float], family: str) -> None:
    """Within a tenth of the bootstrap's at n = 1,000.

    Ratios seen at prevalence 0.3: all between 0.97 and 1.02. At prevalence 0.01, ten positives:
    recall 0.94 and balanced accuracy 0.93 (realized and estimated within 0.01 of each other), average
    precision 0.85 realized and 0.67 estimated, roc_auc 1.01 and 0.97, all others between 0.98 and 1.02.
    calibration_error has no standard error.
    """
    names = [name for one, name in ratio if one == family]
    assert {*names, "average_precision"} >= {*METRICS, *CELLS}
    wrong = {name: ratio[family, name] for name in names if not 0.9 < ratio[family, name] < 1.1}
    assert not wrong
