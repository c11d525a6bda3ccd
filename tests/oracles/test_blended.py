"""Blended values against scikit-learn, on a table in which a row without a label stands once as each class.

Such a row is weighted by its chance of the class; one with a label stands once, as what it is.
"""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)

from sqlmonitor.errors import ConfigurationError

ROWS = 1000
COVERAGE = (1.0, 1.0, 0.6, 0.0, 0.05, 1.0)
"""Of the thousands of rows: two of the reference and four of the analysis."""
PARTLY = {"000000": 2, "000002": 4}
"""The chunks of the analysis of which some labels are there, and some are not, with their thousand."""
MONITOR: dict[str, Any] = {
    "name": "blend",
    "task": "binary_classification",
    "predictions": "blend",
    "id": "id",
    "reference": f"id < {2 * ROWS}",
    "chunks": {"size": ROWS},
    "resolution": "exact",
    "calibration": "none",
    "blended": True,
    "model": {"score": "score_1", "label": "predicted"},
    "target": {"column": "actual"},
    "segments": ["place"],
    "metrics": {"drift": [], "quality": [], "summary": []},
    "kpis": [
        {
            "name": "worth",
            "value_matrix": {
                "true_positive": 5,
                "false_positive": -1,
                "false_negative": -3,
                "true_negative": 0.5,
            },
        }
    ],
}


def made(classes: int, rng: np.random.Generator) -> pd.DataFrame:
    """Six chunks of rows; of each, the newest lack their labels, and some lack scores or predictions."""
    size = len(COVERAGE) * ROWS
    scores = rng.dirichlet([0.8] * classes, size).round(6)
    scores[:, 0] = 1 - scores[:, 1:].sum(axis=1)
    drawn = (rng.random(size)[:, None] > scores.cumsum(axis=1)[:, :-1]).sum(axis=1)
    frame = pd.DataFrame({f"score_{number}": scores[:, number] for number in range(classes)})
    frame["predicted"] = pd.Series(scores.argmax(axis=1)).astype("Int64")
    # Some labels are not as the scores have it.
    frame["actual"] = pd.Series(np.where(rng.random(size) < 0.1, classes - 1 - drawn, drawn)).astype("Int64")
    frame["id"] = range(size)
    frame["place"] = np.where(frame["id"] % 3 == 0, "here", "there")
    place_in_chunk = frame["id"] % ROWS
    share = frame["id"].floordiv(ROWS).map(dict(enumerate(COVERAGE)))
    frame.loc[place_in_chunk >= share * ROWS, "actual"] = pd.NA
    frame.loc[frame["id"] % 97 == 5, [f"score_{number}" for number in range(classes)]] = np.nan
    frame.loc[frame["id"] % 89 == 7, "predicted"] = pd.NA
    return frame


def results(compute, rows: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table blend as from frame")
        text = json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [MONITOR | changes]})
        return compute(connection, text)


def weighted(rows: pd.DataFrame, classes: int) -> pd.DataFrame:
    """Each labelled row once, each other one once for every class with its chance as weight."""
    known = rows[rows["actual"].notna()].assign(weight=1.0)
    unknown = rows[rows["actual"].isna() & rows["score_1"].notna()]
    copies = [unknown.assign(actual=number, weight=unknown[f"score_{number}"]) for number in range(classes)]
    every = pd.concat([known, *copies], ignore_index=True)
    return every.astype({"actual": int})


def binary(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    """What a chunk's blended values are, by metric and component."""
    every = weighted(rows, 2)
    scored = every[every["score_1"].notna()]
    decided = every[every["predicted"].notna()].astype({"predicted": int})
    of_scores = (scored["actual"], scored["score_1"])
    of_cells = (decided["actual"], decided["predicted"])
    ranked = {"sample_weight": scored["weight"]}
    counted = {"sample_weight": decided["weight"]}
    cells = confusion_matrix(*of_cells, **counted).ravel()
    names = ("true_negative", "false_positive", "false_negative", "true_positive")
    worth = float(np.dot(cells, [0.5, -1, -3, 5]))
    return {
        ("roc_auc", ""): roc_auc_score(*of_scores, **ranked),
        ("average_precision", ""): average_precision_score(*of_scores, **ranked),
        ("log_loss", ""): log_loss(*of_scores, **ranked),
        ("brier_score", ""): brier_score_loss(*of_scores, **ranked),
        ("f1", ""): f1_score(*of_cells, **counted),
        ("precision", ""): precision_score(*of_cells, **counted),
        ("recall", ""): recall_score(*of_cells, **counted),
        ("specificity", ""): recall_score(*of_cells, pos_label=0, **counted),
        ("accuracy", ""): accuracy_score(*of_cells, **counted),
        ("balanced_accuracy", ""): balanced_accuracy_score(*of_cells, **counted),
        ("matthews_correlation", ""): matthews_corrcoef(*of_cells, **counted),
        ("positive_rate", ""): float(np.average(decided["actual"], weights=decided["weight"])),
        ("worth", ""): worth,
        ("worth", "per_prediction"): worth / cells.sum(),
        **{("confusion_matrix", name): value for name, value in zip(names, cells, strict=True)},
    }


def several(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    """The same over three classes, for the metrics that scikit-learn has."""
    every = weighted(rows, 3)
    scored = every[every["score_1"].notna()]
    decided = every[every["predicted"].notna()].astype({"predicted": int})
    columns = [f"score_{number}" for number in range(3)]
    of_cells = (decided["actual"], decided["predicted"])
    counted = {"sample_weight": decided["weight"]}
    losses = [((scored["actual"] == number) - scored[column]) ** 2 for number, column in enumerate(columns)]
    matrix = confusion_matrix(*of_cells, **counted)
    ranks = {"average": "macro", "sample_weight": scored["weight"]}
    hits = np.array([scored["actual"] == number for number in range(3)]).T
    return {
        ("roc_auc", ""): roc_auc_score(hits, scored[columns], **ranks),
        ("average_precision", ""): average_precision_score(hits, scored[columns], **ranks),
        ("log_loss", ""): log_loss(scored["actual"], scored[columns], sample_weight=scored["weight"]),
        ("brier_score", ""): float(np.average(np.mean(losses, axis=0), weights=scored["weight"])),
        ("f1", ""): f1_score(*of_cells, average="macro", **counted),
        ("precision", ""): precision_score(*of_cells, average="macro", **counted),
        ("recall", ""): recall_score(*of_cells, average="macro", **counted),
        ("accuracy", ""): accuracy_score(*of_cells, **counted),
        ("matthews_correlation", ""): matthews_corrcoef(*of_cells, **counted),
        **{
            ("confusion_matrix", f"true={true},predicted={predicted}"): matrix[true, predicted]
            for true in range(3)
            for predicted in range(3)
        },
    }


CLASSES = {
    "task": "multiclass_classification",
    "model": {"score": {str(number): f"score_{number}" for number in range(3)}, "label": "predicted"},
    "kpis": [],
}


@pytest.mark.parametrize("classes", [2, 3])
def test_values(compute, classes: int) -> None:
    rows = made(classes, np.random.default_rng(3))
    found = results(compute, rows, **({} if classes == 2 else CLASSES))
    blended = found[found["family"] == "blended"]
    assert set(zip(blended["period"], blended["chunk"], strict=True)) == {("analysis", one) for one in PARTLY}
    # Scores that are not calibrated are compared with nothing.
    assert set(blended.loc[blended["value"].isna(), "metric"]) == {"calibration_error"}
    values = blended.set_index(["chunk", "segment_value", "metric", "component"])["value"]
    for chunk, thousand in PARTLY.items():
        for place in ("", "here", "there"):
            chosen = rows[rows["id"] // ROWS == thousand]
            chosen = chosen[chosen["place"] == place] if place else chosen
            for (metric, component), value in (binary if classes == 2 else several)(chosen).items():
                got = values[chunk, place, metric, component]
                assert got == pytest.approx(value, rel=1e-6, abs=1e-6), (chunk, place, metric, component)


def test_realized_and_estimated_stay(compute) -> None:
    rows = made(2, np.random.default_rng(3))
    alone, beside = results(compute, rows, blended=False), results(compute, rows)
    assert "blended" not in set(alone["family"])
    assert alone["fit_id"].iloc[0] == beside["fit_id"].iloc[0]
    beside = beside[beside["family"] != "blended"].reset_index(drop=True)
    columns = [name for name in alone if name not in ("run_id", "computed_at")]
    pd.testing.assert_frame_equal(alone[columns], beside[columns], check_exact=True)


def test_thresholds_are_those_of_realized_values(compute) -> None:
    rows = made(2, np.random.default_rng(3))
    thresholds = [
        {"family": "performance", "metric": "f1", "constant": {"lower": 0.99}},
        {"family": "blended", "metric": "recall", "constant": {"upper": 0.01}},
    ]
    found = results(compute, rows, thresholds=thresholds)
    found = found[found["period"] == "analysis"]
    found = found[(found["chunk"] == "000000") & (found["segment_column"] == "") & (found["component"] == "")]
    found = found.set_index(["family", "metric"])
    for metric in ("roc_auc", "accuracy"):
        for side in ("lower_threshold", "upper_threshold"):
            assert found.loc[("blended", metric), side] == found.loc[("realized", metric), side]
    assert found.loc[("blended", "f1"), "is_alert"]
    assert found.loc[("blended", "recall"), "is_alert"]
    assert found.loc[("realized", "recall"), "upper_threshold"] > 0.01
    # All rows are in it, so it is not partial for want of labels.
    assert not found.loc[("blended", "f1"), "is_partial"]


@pytest.mark.slow
def test_standard_errors_against_a_bootstrap(compute) -> None:
    """Rows are drawn, and then the labels that are missing: what the value is off by once all labels are there."""
    rows = made(2, np.random.default_rng(11)).dropna(subset=["score_1", "predicted"])
    rows["id"] = range(len(rows))
    size = 900
    found = results(compute, rows, reference=f"id < {2 * size}", chunks={"size": size}, segments=[], kpis=[])
    blended = found[(found["family"] == "blended") & (found["component"] == "")].set_index(
        ["chunk", "metric"]
    )
    chunk = next(
        name
        for name, part in rows[rows["id"] >= 2 * size].groupby((rows["id"] - 2 * size) // size)
        if 0.3 < part["actual"].notna().mean() < 0.8
    )
    chosen = rows[(rows["id"] - 2 * size) // size == chunk]
    errors = blended.loc[f"{chunk:06d}", "standard_error"]
    rng = np.random.default_rng(12)
    labels = chosen["actual"].astype(float).to_numpy()
    score = chosen["score_1"].to_numpy()
    predicted = chosen["predicted"].to_numpy(int)
    drawn: dict[str, list[float]] = {}
    for _ in range(1200):
        picked = rng.integers(0, size, size)
        known = labels[picked]
        label = np.where(np.isnan(known), rng.random(size) < score[picked], known).astype(int)
        for name, metric in (("accuracy", accuracy_score), ("f1", f1_score), ("recall", recall_score)):
            drawn.setdefault(name, []).append(metric(label, predicted[picked]))
        drawn.setdefault("roc_auc", []).append(roc_auc_score(label, score[picked]))
        drawn.setdefault("brier_score", []).append(np.mean((label - score[picked]) ** 2))
    for name, values in drawn.items():
        assert errors[name] / np.std(values) == pytest.approx(1, abs=0.1), name


@pytest.mark.parametrize(
    "change",
    [
        {"target": None},
        {"task": "regression", "model": {"label": "predicted"}, "kpis": []},
        {"task": "none", "model": None, "target": None, "kpis": []},
    ],
)
def test_what_cannot_be_blended_is_refused(compute, change: dict[str, Any]) -> None:
    with pytest.raises(
        ConfigurationError, match="blended values are of a classification with a target"
    ) as caught:
        results(compute, made(2, np.random.default_rng(3)), **change)
    assert caught.value.key == "monitors[0].blended"
