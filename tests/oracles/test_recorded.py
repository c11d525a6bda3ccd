"""Against NannyML 0.13.1 on a table of edge cases, and on its car loans by calendar month.

``edge_cases/edge_cases.parquet`` is synthetic: 5,000 rows of reference and 4,700 of analysis with
drift, missing values, a constant column and a level that the reference lacks, in chunks of 500, the
last of 200. ``car_loan/car_loan.parquet`` is NannyML's own data set (Apache-2.0). The files
``expected.parquet`` are what NannyML made of them, for the metrics that this catalogue has; of the
edge cases also the confusion matrix as shares of all rows, of the true and of the predicted class.

Values, thresholds and alerts are compared to 1e-9 (counts and means relative to their size), but
for the departures below.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

DATA = Path(__file__).parent
KEYS = ["normalize", "family", "metric", "column_name", "component", "period", "chunk"]
PERFORMANCE = {
    *("roc_auc", "average_precision", "f1", "precision", "recall", "specificity", "accuracy"),
    "confusion_matrix",
}
EDGE_CASES = """\
version: 1
warehouse: duckdb://
monitors:
  - name: edge_cases
    task: binary_classification
    predictions: scored
    id: id
    timestamp: ts
    reference: "period = 'reference'"
    chunks: {size: 500}
    resolution: exact
    model: {score: score, label: y_pred, positive: 1}
    target: {column: y}
    features: {numeric: [x, x_ln, x_int, x_nan, x_const], categorical: [cat]}
"""
VALUE = """\
    metrics:
      drift: [jensen_shannon, hellinger, kolmogorov_smirnov, wasserstein, l_infinity, chi_square]
      summary: [row_count, mean, std, sum, median]
    kpis:
      - name: business_value
        value_matrix: {true_positive: 8, false_positive: -1, false_negative: -5, true_negative: 0}
"""
SHARES = """\
    metrics:
      drift: []
      quality: []
      summary: []
      performance:
        - confusion_matrix: {normalize: %s}
"""
MONTHS = """\
version: 1
warehouse: duckdb://
monitors:
  - name: car_loan
    task: binary_classification
    predictions: scored
    id: id
    timestamp: timestamp
    reference: "period = 'reference'"
    chunks: month
    resolution: exact
    model: {score: y_pred_proba, label: y_pred, positive: 1}
    target: {column: repaid}
    features:
      numeric: [car_value, debt_to_income_ratio, loan_length, driver_tenure, y_pred_proba]
      categorical: [salary_range, repaid_loan_on_prev_car, size_of_downpayment]
    metrics:
      drift: [jensen_shannon, hellinger, kolmogorov_smirnov, wasserstein, l_infinity, chi_square]
      summary: [row_count, mean, std, sum, median]
    kpis:
      - name: business_value
        value_matrix: {true_positive: 100, false_positive: -10, false_negative: -50, true_negative: 0}
"""

BINS = (
    "From 10,000 reference rows on NannyML counts in 10,000 equal-width bins; ours is exact (test_car_loan "
    "compares it with scipy). Within 1e-3, of a standard deviation for the distance in the column's unit."
)
FOLDS = (
    "NannyML estimates the reference with the calibrator that was fitted on those very rows; ours leaves "
    "out the row's fold. Within 5e-3, counts by the chunk's rows."
)
DEPARTURES = {
    ("car_loan_month", "drift", "kolmogorov_smirnov"): BINS,
    ("car_loan_month", "drift", "wasserstein"): BINS,
    ("car_loan_month", "estimated", "reference"): FOLDS,
    ("edge_cases", "estimated", "reference"): FOLDS,
    ("car_loan_month", "estimated", "business_value"): (
        "NannyML's 'per_prediction' adds an average over predicted positives to one over predicted "
        "negatives; ours is the total, and the total by the number of rows (test_car_loan shows both)."
    ),
    ("car_loan_month", "realized", "business_value"): "As the estimated one.",
}
"""What differs on purpose, by data set, family and metric or period, and why."""


def beside(ours: pd.DataFrame, data: str) -> pd.DataFrame:
    """Ours beside what was recorded (``…_theirs``), with whether the two are to be equal."""
    theirs = duckdb.sql(f"from '{DATA / data / 'expected.parquet'}'").df()
    assert not ours.duplicated(KEYS).any()
    rows = ours.merge(theirs, on=KEYS, how="right", suffixes=("", "_theirs"), indicator=True)
    lost = rows[rows["_merge"] == "right_only"]
    assert lost.empty, lost[KEYS]
    rows["departs"] = [
        (data, row.family, row.metric) in DEPARTURES or (data, row.family, row.period) in DEPARTURES
        for row in rows.itertuples()
    ]
    return rows


@pytest.fixture(scope="module")
def edge_cases(compute) -> pd.DataFrame:
    parts = []
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as from '{DATA / 'edge_cases' / 'edge_cases.parquet'}'")
        for normalize in ("", "all", "true", "predicted"):
            text = EDGE_CASES + (SHARES % normalize if normalize else VALUE)
            parts.append(compute(connection, text).assign(normalize=normalize))
    ours = pd.concat(parts)
    return beside(ours.assign(chunk=ours["chunk"].astype(int).astype(str)), "edge_cases")


@pytest.fixture(scope="module")
def months(compute) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as from '{DATA / 'car_loan' / 'car_loan.parquet'}'")
        ours = compute(connection, MONTHS)
    return beside(ours.assign(chunk=ours["chunk"].str[:7], normalize=""), "car_loan_month")


@pytest.fixture(params=["edge_cases", "car_loan_month"])
def compared(request: pytest.FixtureRequest) -> pd.DataFrame:
    return request.getfixturevalue("edge_cases" if request.param == "edge_cases" else "months")


def differences(rows: pd.DataFrame, name: str) -> np.ndarray:
    """By how much ours is not theirs, relative above 1; infinite where only one is there."""
    ours, theirs = rows[name].to_numpy(float), rows[f"{name}_theirs"].to_numpy(float)
    difference = np.abs(ours - theirs) / np.maximum(1, np.abs(np.nan_to_num(theirs)))
    return np.where(np.isnan(ours) & np.isnan(theirs), 0, np.where(np.isnan(difference), np.inf, difference))


def test_values_thresholds_and_alerts_are_equal(compared: pd.DataFrame) -> None:
    rows = compared[~compared["departs"]]
    assert set(rows["family"]) == {"drift", "quality", "summary", "estimated", "realized"}
    for family in ("estimated", "realized"):
        assert set(rows.loc[rows["family"] == family, "metric"]) >= PERFORMANCE
    # NannyML rounds the cumulative sums under its estimated curves to five decimals.
    curves = (rows["family"] == "estimated") & rows["metric"].isin(["roc_auc", "average_precision"])
    for name in ("value", "lower_threshold", "upper_threshold"):
        allowed = np.where(curves & (name == "value"), 1e-6, 1e-9)
        wrong = rows.loc[differences(rows, name) > allowed, [*KEYS, name, f"{name}_theirs"]]
        assert wrong.empty, wrong
    wrong = rows[rows["is_alert"].astype(bool) != rows["is_alert_theirs"].astype(bool)]
    # A value equal to its threshold never alerts; a median that is one whole number in every chunk does in
    # NannyML.
    is_equal = (wrong["value"] == wrong["lower_threshold"]) | (wrong["value"] == wrong["upper_threshold"])
    wrong = wrong[~(is_equal & (wrong["metric"] == "median") & ~wrong["is_alert"].astype(bool))]
    assert wrong.empty, wrong[[*KEYS, "value", "is_alert", "is_alert_theirs"]]
    assert rows["is_alert"].astype(bool).any()


def test_estimates_of_the_reference_are_out_of_fold_and_close(compared: pd.DataFrame) -> None:
    rows = compared[(compared["family"] == "estimated") & (compared["period"] == "reference")]
    rows = rows[rows["metric"] != "business_value"]
    count = (rows["metric"] == "confusion_matrix") & (rows["normalize"] == "")
    size = np.where(count, rows["row_count"], 1)
    difference = np.abs(rows["value"] - rows["value_theirs"]) / size
    assert difference.max() < 5e-3
    assert (difference > 0).mean() > 0.9
    for name in ("lower_threshold", "upper_threshold"):
        assert differences(rows, name).max() < 1e-9
    assert (rows["is_alert"].astype(bool) == rows["is_alert_theirs"].astype(bool)).all()


def test_exact_distances_are_near_nannymls_bins(months: pd.DataFrame) -> None:
    rows = months[months["metric"].isin(["kolmogorov_smirnov", "wasserstein"])]
    assert set(rows["column_name"]) >= {"car_value", "loan_length"}
    deviation = duckdb.sql(f"from '{DATA / 'car_loan' / 'car_loan.parquet'}'").df()
    deviation = deviation[deviation["period"] == "reference"]
    unit = [
        deviation[row.column_name].std() if row.metric == "wasserstein" else 1 for row in rows.itertuples()
    ]
    for name in ("value", "upper_threshold"):
        assert (np.abs(rows[name] - rows[f"{name}_theirs"]) / unit).max() < 1e-3
    assert (rows["is_alert"].astype(bool) == rows["is_alert_theirs"].astype(bool)).all()


def test_a_short_last_chunk_is_partial(edge_cases: pd.DataFrame) -> None:
    last = edge_cases[(edge_cases["period"] == "analysis") & (edge_cases["chunk"] == "9")]
    assert last["is_partial"].all()
    whole = edge_cases[(edge_cases["period"] == "reference") | (edge_cases["chunk"] != "9")]
    assert not whole["is_partial"].any()
