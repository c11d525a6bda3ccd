"""Against NannyML 0.13.1 on its own car loans: every value, threshold and alert, chunk by chunk.

``car_loan/car_loan.parquet`` is NannyML's data set (Apache-2.0), 50,000 rows of reference and of
analysis; ``car_loan/expected.parquet`` is what NannyML made of it in chunks of 5,000 rows, for the
metrics that this catalogue has. Everything is compared to 1e-9 (counts and means relative to their
size) except for the departures below, each of which has a test of its own.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

DATA = Path(__file__).parent / "car_loan"
CHUNK = 5000
NUMERIC = ("car_value", "debt_to_income_ratio", "loan_length", "driver_tenure", "y_pred_proba")
CATEGORICAL = ("salary_range", "repaid_loan_on_prev_car", "size_of_downpayment")
KEYS = ["family", "metric", "column_name", "component", "period", "chunk_number"]
WORTH = {"true_positive": 100, "false_positive": -10, "false_negative": -50, "true_negative": 0}
MONITOR = f"""\
version: 1
warehouse: duckdb://
monitors:
  - name: car_loan
    task: binary_classification
    predictions: loans
    id: id
    timestamp: timestamp
    reference: "period = 'reference'"
    chunks: {{size: {CHUNK}}}
    resolution: exact
    model: {{score: y_pred_proba, label: y_pred, positive: 1}}
    target: {{column: repaid}}
    features: {{numeric: [{", ".join(NUMERIC)}], categorical: [{", ".join(CATEGORICAL)}]}}
    metrics:
      drift: [jensen_shannon, hellinger, kolmogorov_smirnov, wasserstein, l_infinity, chi_square]
      summary: [row_count, mean, std, sum, median]
    kpis:
      - name: business_value
        value_matrix: {{{", ".join(f"{cell}: {worth}" for cell, worth in WORTH.items())}}}
"""

TOLERANCE = 1e-9
RANKING_TOLERANCE = 1e-6
"""NannyML integrates its curves with the trapezoidal rule, point by point."""

NOT_IN_NANNYML = {
    *("balanced_accuracy", "matthews_correlation", "positive_rate"),
    *("log_loss", "brier_score", "calibration_error", "label_coverage"),
}

DEPARTURES = {
    ("drift", "kolmogorov_smirnov"): (
        "From 10,000 reference rows on NannyML counts in 10,000 equal-width bins; ours is exact."
    ),
    ("drift", "wasserstein"): (
        "From 10,000 reference rows on NannyML counts in 10,000 equal-width bins; ours is exact."
    ),
    ("estimated", "reference"): (
        "NannyML estimates the reference with the calibrator that was fitted on those very rows; ours "
        "leaves out the row's fold."
    ),
    ("estimated", "business_value"): (
        "NannyML's 'per_prediction' adds an average over predicted positives to one over predicted "
        "negatives; ours is the total, and the total by the number of rows."
    ),
    ("realized", "business_value"): "As the estimated one.",
    ("summary", "row_count"): (
        "A value equal to its threshold never alerts; NannyML's row count does, with thresholds of "
        "5,000 and 5,000 on every chunk of 5,000."
    ),
}
"""What differs on purpose, by family and metric or period, and why."""


@pytest.fixture(scope="session")
def loans() -> pd.DataFrame:
    return duckdb.sql(f"select * from '{DATA / 'car_loan.parquet'}' order by id").df()


@pytest.fixture(scope="session")
def compared(compute) -> pd.DataFrame:
    """Ours beside theirs (``…_theirs``), a row for every series, period and chunk."""
    with duckdb.connect() as connection:
        connection.execute(f"create table loans as from '{DATA / 'car_loan.parquet'}'")
        theirs = connection.sql(f"from '{DATA / 'expected.parquet'}'").df()
        ours = compute(connection, MONITOR)
    ours["chunk_number"] = ours["chunk"].astype(int)
    assert not ours.duplicated(KEYS).any()
    return ours.merge(theirs, on=KEYS, how="outer", suffixes=("", "_theirs"), indicator=True)


def alike(compared: pd.DataFrame) -> pd.DataFrame:
    """The rows whose values are to be equal."""
    departs = [
        (family, metric) in DEPARTURES or (family, period) in DEPARTURES
        for family, metric, period in zip(
            compared["family"], compared["metric"], compared["period"], strict=True
        )
    ]
    return compared[(compared["_merge"] == "both") & ~np.array(departs)]


def differing(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows in which ours is not theirs, or only one of them is there."""
    ours, theirs = rows[name].to_numpy(float), rows[f"{name}_theirs"].to_numpy(float)
    ranking = rows["metric"].isin(["roc_auc", "average_precision"]).to_numpy()
    size = np.maximum(1, np.abs(np.nan_to_num(theirs)))
    allowed = np.where(ranking, RANKING_TOLERANCE, TOLERANCE) * size
    with np.errstate(invalid="ignore"):
        differs = ~((np.abs(ours - theirs) <= allowed) | (np.isnan(ours) & np.isnan(theirs)))
    return rows.loc[differs, [*KEYS, name, f"{name}_theirs"]]


def test_every_recorded_series_is_computed(compared: pd.DataFrame) -> None:
    lost = compared[compared["_merge"] == "right_only"]
    assert lost.empty, lost[KEYS]
    # Ours alone: quality and mean of the score, which NannyML was not asked for, the value matrix's
    # second component, and the metrics that NannyML does not have.
    more = compared[(compared["_merge"] == "left_only") & ~compared["metric"].isin(NOT_IN_NANNYML)]
    assert set(more["column_name"]) == {"", "y_pred_proba"}
    assert set(more["component"]) == {"", "per_prediction"}
    assert not more[more["column_name"] == ""]["component"].eq("").any()
    assert compared.groupby(["family", "metric"]).size().min() >= 20


@pytest.mark.parametrize(
    ("family", "metrics"),
    [
        ("drift", ("jensen_shannon", "hellinger", "l_infinity", "chi_square")),
        ("quality", ("missing", "unseen", "out_of_range")),
        ("summary", ("mean", "std", "sum", "median")),
        *(
            (
                family,
                (
                    *("roc_auc", "average_precision", "f1", "precision", "recall"),
                    *("specificity", "accuracy", "confusion_matrix"),
                ),
            )
            for family in ("estimated", "realized")
        ),
    ],
)
def test_values_thresholds_and_alerts_are_equal(
    compared: pd.DataFrame, family: str, metrics: tuple[str, ...]
) -> None:
    rows = alike(compared)
    rows = rows[rows["family"] == family]
    assert set(rows["metric"]) == set(metrics)
    for name in ("value", "lower_threshold", "upper_threshold"):
        wrong = differing(rows, name)
        assert wrong.empty, wrong
    wrong = rows[rows["is_alert"].astype(bool) != rows["is_alert_theirs"].astype(bool)]
    # A value equal to its threshold never alerts; a median that is one whole number in every chunk does in
    # NannyML.
    is_equal = (wrong["value"] == wrong["lower_threshold"]) | (wrong["value"] == wrong["upper_threshold"])
    wrong = wrong[~(is_equal & (wrong["metric"] == "median") & ~wrong["is_alert"].astype(bool))]
    assert wrong.empty, wrong[[*KEYS, "value", "is_alert", "is_alert_theirs"]]


@pytest.mark.parametrize("metric", ["mean", "std", "sum"])
def test_standard_errors_are_near_nannymls(compared: pd.DataFrame, metric: str) -> None:
    """NannyML's are of the reference's spread, ours of the chunk's: the same where the chunk has not changed."""
    rows = compared[(compared["metric"] == metric) & (compared["_merge"] == "both")]
    rows = rows[rows["period"] == "reference"]
    assert len(rows) == 40
    ratio = rows["standard_error"] / rows["standard_error_theirs"]
    assert ratio.between(0.9, 1.1).all()
    assert ratio.mean() == pytest.approx(1, abs=0.01)


def test_some_chunks_alert(compared: pd.DataFrame) -> None:
    alerts = alike(compared).groupby("family")["is_alert"].sum()
    assert alerts["drift"] > 0
    assert alerts["realized"] > 0
    assert alerts["estimated"] > 0


@pytest.mark.parametrize("column", NUMERIC)
@pytest.mark.parametrize(
    ("metric", "function"),
    [
        ("kolmogorov_smirnov", lambda chunk, reference: ks_2samp(chunk, reference, method="asymp").statistic),
        ("wasserstein", wasserstein_distance),
    ],
)
def test_exact_distances_are_scipys_and_near_nannymls_bins(
    compared: pd.DataFrame, loans: pd.DataFrame, metric: str, function, column: str
) -> None:
    rows = compared[(compared["metric"] == metric) & (compared["column_name"] == column)]
    assert len(rows) == 20
    reference = loans.loc[loans["period"] == "reference", column].to_numpy()
    unit = 1.0 if metric == "kolmogorov_smirnov" else reference.std()
    for row in rows.itertuples():
        values = loans.loc[loans["period"] == row.period, column].to_numpy()
        chunk = values[row.chunk_number * CHUNK : (row.chunk_number + 1) * CHUNK]
        assert row.value == pytest.approx(function(chunk, reference), abs=1e-9 * unit, rel=1e-9)
    # Bins of a ten-thousandth of the range.
    assert np.abs(rows["value"] - rows["value_theirs"]).max() < 5e-4 * unit
    assert np.abs(rows["upper_threshold"] - rows["upper_threshold_theirs"]).max() < 5e-4 * unit
    assert rows["lower_threshold"].isna().all()
    assert rows["lower_threshold_theirs"].isna().all()
    assert (rows["is_alert"].astype(bool) == rows["is_alert_theirs"].astype(bool)).all()


def test_estimates_of_the_reference_are_out_of_fold_and_close(compared: pd.DataFrame) -> None:
    rows = compared[
        (compared["family"] == "estimated")
        & (compared["period"] == "reference")
        & (compared["_merge"] == "both")
        & (compared["metric"] != "business_value")
    ]
    assert len(rows) == 110
    size = np.where(rows["metric"] == "confusion_matrix", CHUNK, 1)
    difference = np.abs(rows["value"] - rows["value_theirs"]) / size
    assert difference.max() < 1e-3
    assert (difference > 0).mean() > 0.9
    for name in ("lower_threshold", "upper_threshold"):
        wrong = differing(rows, name)
        assert wrong.empty, wrong
    assert (rows["is_alert"].astype(bool) == rows["is_alert_theirs"].astype(bool)).all()


@pytest.mark.parametrize("family", ["estimated", "realized"])
def test_business_value_follows_from_the_cells(compared: pd.DataFrame, family: str) -> None:
    rows = compared[compared["family"] == family]
    chunk = ["period", "chunk_number"]
    cells = rows[rows["metric"] == "confusion_matrix"].pivot(index=chunk, columns="component", values="value")
    worth = rows[rows["metric"] == "business_value"].set_index(["component", *chunk]).sort_index()
    total = sum(cells[cell] * value for cell, value in WORTH.items())
    ours = worth.loc[""]
    assert len(cells) == len(ours) == 20
    np.testing.assert_allclose(ours["value"], total.loc[ours.index], rtol=1e-12)
    each = worth.loc["per_prediction"]
    np.testing.assert_allclose(each["value"], total.loc[each.index] / CHUNK, rtol=1e-12)
    for rows_of, unit in ((ours, 1), (each, CHUNK)):
        mine = realized_total(compared) / unit
        limits = mine.mean() + 3 * mine.std() * np.array([-1, 1])
        np.testing.assert_allclose(rows_of["lower_threshold"], limits[0], rtol=1e-9)
        np.testing.assert_allclose(rows_of["upper_threshold"], limits[1], rtol=1e-9)
        outside = (rows_of["value"] < limits[0]) | (rows_of["value"] > limits[1])
        assert (rows_of["is_alert"].astype(bool) == outside).all()
    # Theirs is what the table of departures says; in sample on the reference, hence analysis alone.
    periods = ["analysis"] if family == "estimated" else ["analysis", "reference"]
    theirs = (
        WORTH["true_positive"] * cells["true_positive"] + WORTH["false_positive"] * cells["false_positive"]
    ) / (cells["true_positive"] + cells["false_positive"]) + (
        WORTH["false_negative"] * cells["false_negative"] + WORTH["true_negative"] * cells["true_negative"]
    ) / (cells["false_negative"] + cells["true_negative"])
    for period in periods:
        np.testing.assert_allclose(theirs.loc[period], ours.loc[period, "value_theirs"], rtol=1e-9)


def realized_total(compared: pd.DataFrame) -> np.ndarray:
    rows = compared[
        (compared["family"] == "realized")
        & (compared["metric"] == "confusion_matrix")
        & (compared["period"] == "reference")
    ]
    return (rows["value"] * rows["component"].map(WORTH)).groupby(rows["chunk_number"]).sum().to_numpy()


def test_a_row_count_at_its_threshold_is_no_alert(compared: pd.DataFrame) -> None:
    rows = compared[compared["metric"] == "row_count"]
    for name in ("value", "lower_threshold", "upper_threshold"):
        assert (rows[name] == CHUNK).all()
        assert (rows[f"{name}_theirs"] == CHUNK).all()
    assert not rows["is_alert"].astype(bool).any()
    assert rows["is_alert_theirs"].astype(bool).all()
