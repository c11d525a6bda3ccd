"""Against NannyML 0.13.1 on several classes: every value, threshold and alert, chunk by chunk.

``credit_card_multiclass/credit_card.parquet`` is NannyML's data set (Apache-2.0), 60,000 rows of
reference and of analysis with scores of two decimals and seven features, in chunks of 6,000 rows;
``edge_cases_multiclass/edge_cases.parquet`` is synthetic, 5,000 and 4,700 rows with scores of four
decimals and a class that is never predicted, in chunks of 500, the last of 200. The files
``expected.parquet`` are what NannyML made of them, for the metrics that this catalogue has.
Everything is compared to 1e-9 (counts relative to their size) except for the departures below, each
of which has a test of its own.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, wasserstein_distance
from sklearn.isotonic import IsotonicRegression

DATA = Path(__file__).parent
KEYS = ["family", "metric", "column_name", "component", "period", "chunk_number"]
MONITOR = """\
version: 1
warehouse: duckdb://
monitors:
  - name: cards
    task: multiclass_classification
    predictions: scored
    id: id
    reference: "period = 'reference'"
    chunks: {{size: {size}}}
    resolution: exact
    model: {{score: {{{score}}}, label: {label}}}
    target: {{column: {target}}}
    features: {{{features}}}
    metrics:
      drift: [jensen_shannon, hellinger, kolmogorov_smirnov, wasserstein, l_infinity, chi_square]
      summary: [row_count, mean, std, sum, median]
"""
SETS = {
    "credit_card_multiclass": {
        "file": "credit_card.parquet",
        "size": 6000,
        "score": {name: name for name in ("prepaid_card", "highstreet_card", "upmarket_card")},
        "label": "y_pred",
        "target": "y_true",
        "features": "numeric: [app_behavioral_score, requested_credit_limit, credit_bureau_score, stated_income], "
        "categorical: [acq_channel, app_channel, is_customer]",
    },
    "edge_cases_multiclass": {
        "file": "edge_cases.parquet",
        "size": 500,
        "score": {name: f"p_{name}" for name in "ABC"},
        "label": "mc_pred",
        "target": "mc_true",
        "features": "",
    },
}
METRICS = {
    *("roc_auc", "average_precision", "f1", "precision", "recall", "specificity", "accuracy"),
    "confusion_matrix",
}
OF_FEATURES = {
    *("jensen_shannon", "hellinger", "kolmogorov_smirnov", "wasserstein", "l_infinity", "chi_square"),
    *("missing", "unseen", "out_of_range", "mean", "std", "sum", "median"),
}
TOLERANCE = 1e-9
RANKING_TOLERANCE = 1e-6
"""NannyML rounds its curves to five decimals on the way."""

BINS = (
    "From 10,000 reference rows on NannyML counts in 10,000 equal-width bins; ours is exact, as "
    "test_distances_are_scipys shows."
)
DEPARTURES = {
    ("credit_card_multiclass", "drift", "kolmogorov_smirnov"): BINS,
    ("credit_card_multiclass", "drift", "wasserstein"): BINS,
    ("credit_card_multiclass", "estimated", "reference"): (
        "NannyML estimates the reference with the calibrator that was fitted on those very rows; ours "
        "leaves out the row's fold."
    ),
    ("edge_cases_multiclass", "estimated", "reference"): "As above.",
    ("credit_card_multiclass", "estimated", "analysis"): (
        "NannyML did not calibrate prepaid_card: in its ten random splits the calibration error did not "
        "fall, in our ten folds it falls from 0.0040 to 0.0012. With NannyML's choice the values are its own."
    ),
    ("edge_cases_multiclass", "estimated", "average_precision"): (
        "Calibrated scores that were divided by their sum differ within rows of one score, so NannyML's "
        "row-by-row sum depends on how ties were sorted; ours takes their mean."
    ),
    ("credit_card_multiclass", "summary", "row_count"): (
        "A value equal to its threshold never alerts; NannyML's row count does, on every chunk."
    ),
    ("credit_card_multiclass", "summary", "median"): (
        "As the row count, where the median of every chunk is one whole number; values and thresholds are equal."
    ),
}
"""What differs on purpose, by data set, family and period or metric, and why."""


EQUAL_TO_THRESHOLD = ("row_count", "median")
"""Metrics that depart in alerts alone."""


def rows_of(name: str) -> pd.DataFrame:
    return duckdb.sql(f"select * from '{DATA / name / SETS[name]['file']}' order by id").df()


@pytest.fixture(scope="session", params=SETS)
def compared(request, compute) -> tuple[str, pd.DataFrame]:
    """The data set's name, and ours beside theirs (``…_theirs``), a row for every series and chunk."""
    name = request.param
    given = SETS[name]
    score = ", ".join(f"{key}: {column}" for key, column in given["score"].items())
    with duckdb.connect() as connection:
        connection.execute(f"create table scored as from '{DATA / name / given['file']}'")
        ours = compute(connection, MONITOR.format(**given | {"score": score}))
    theirs = duckdb.sql(f"from '{DATA / name / 'expected.parquet'}'").df()
    ours["chunk_number"] = ours["chunk"].astype(int)
    assert not ours.duplicated(KEYS).any()
    rows = ours.merge(theirs, on=KEYS, how="outer", suffixes=("", "_theirs"), indicator=True)
    assert not (rows["_merge"] == "right_only").any()
    return name, rows


def differing(rows: pd.DataFrame, column: str, tolerance: float = TOLERANCE) -> pd.DataFrame:
    """The rows in which ours is not theirs, or only one of them is there."""
    ours, theirs = rows[column].to_numpy(float), rows[f"{column}_theirs"].to_numpy(float)
    size = np.maximum(1, np.abs(np.nan_to_num(theirs)))
    is_ranked = ((rows["family"] == "estimated") & (rows["metric"] == "roc_auc")).to_numpy()
    allowed = np.where(is_ranked, max(tolerance, RANKING_TOLERANCE), tolerance) * size
    with np.errstate(invalid="ignore"):
        differs = ~((np.abs(ours - theirs) <= allowed) | (np.isnan(ours) & np.isnan(theirs)))
    return rows.loc[differs, [*KEYS, column, f"{column}_theirs"]]


def test_values_are_equal(compared) -> None:
    name, rows = compared
    rows = rows[rows["_merge"] == "both"]
    departs = np.array(
        [
            (name, row.family, row.period) in DEPARTURES
            or ((name, row.family, row.metric) in DEPARTURES and row.metric not in EQUAL_TO_THRESHOLD)
            for row in rows.itertuples()
        ]
    )
    assert set(rows["metric"]) - {"row_count"} == METRICS | (OF_FEATURES if SETS[name]["features"] else set())
    alike = rows[~departs]
    assert len(alike) >= 320
    wrong = differing(alike, "value")
    assert wrong.empty, wrong


def test_thresholds_and_alerts_are_equal(compared) -> None:
    _, rows = compared
    distances = (rows["family"] == "drift") & rows["metric"].isin(["kolmogorov_smirnov", "wasserstein"])
    rows = rows[(rows["_merge"] == "both") & ~distances]
    for column in ("lower_threshold", "upper_threshold"):
        wrong = differing(rows, column)
        assert wrong.empty, wrong
    wrong = rows[rows["is_alert"].astype(bool) != rows["is_alert_theirs"].astype(bool)]
    is_equal = (wrong["value"] == wrong["lower_threshold"]) | (wrong["value"] == wrong["upper_threshold"])
    is_allowed = is_equal & wrong["metric"].isin(EQUAL_TO_THRESHOLD) & ~wrong["is_alert"].astype(bool)
    wrong = wrong[~is_allowed]
    assert wrong.empty, wrong[[*KEYS, "value", "is_alert", "is_alert_theirs"]]
    assert rows["is_alert"].astype(bool).any()


def test_distances_are_scipys_and_near_nannymls(compared) -> None:
    name, rows = compared
    if not SETS[name]["features"]:
        return
    scored = rows_of(name)
    reference = scored[scored["period"] == "reference"]
    rows = rows[rows["_merge"] == "both"]
    for metric, formula in (
        ("kolmogorov_smirnov", lambda a, b: ks_2samp(a, b, method="asymp").statistic),
        ("wasserstein", wasserstein_distance),
    ):
        found = rows[rows["metric"] == metric]
        assert len(found) == 4 * 20
        for row in found.itertuples():
            whole = reference[row.column_name].to_numpy(float)
            period = scored[scored["period"] == row.period]
            size = SETS[name]["size"]
            part = period[row.column_name].iloc[row.chunk_number * size : (row.chunk_number + 1) * size]
            expected = formula(whole, part.to_numpy(float))
            assert row.value == pytest.approx(expected, rel=1e-9, abs=1e-9)
            unit = whole.std() if metric == "wasserstein" else 1
            assert abs(row.value - row.value_theirs) / unit < 1e-3
            assert abs(row.upper_threshold - row.upper_threshold_theirs) / unit < 1e-3
        assert (found["is_alert"].astype(bool) == found["is_alert_theirs"].astype(bool)).all()


def test_estimates_that_depart_are_close(compared) -> None:
    name, rows = compared
    rows = rows[(rows["_merge"] == "both") & (rows["family"] == "estimated")]
    size = np.where(rows["metric"] == "confusion_matrix", SETS[name]["size"], 1)
    difference = np.abs(rows["value"] - rows["value_theirs"]) / size
    # An out-of-fold fit of 4,500 rows moves more than one of 54,000.
    assert difference.max() < (2e-3 if name == "credit_card_multiclass" else 8e-3)


def test_average_precision_differs_by_the_order_of_ties(compared) -> None:
    name, rows = compared
    if name != "edge_cases_multiclass":
        return
    rows = rows[
        (rows["family"] == "estimated")
        & (rows["metric"] == "average_precision")
        & (rows["period"] == "analysis")
        & (rows["_merge"] == "both")
    ]
    assert len(rows) == 10
    assert differing(rows, "value", 1e-5).empty


@pytest.mark.parametrize("is_theirs", [False, True], ids=["ours", "nannymls"])
def test_the_choice_to_calibrate_is_all_that_differs(compared, is_theirs: bool) -> None:
    """Accuracy and cells of every analysis chunk, with each side's choice for prepaid_card."""
    name, rows = compared
    given = SETS[name]
    scored = rows_of(name)
    fitted = scored[scored["period"] == "reference"]
    analysis = scored[scored["period"] == "analysis"].reset_index(drop=True)
    chances = {}
    for label, column in given["score"].items():
        chances[label] = analysis[column].to_numpy()
        if not (is_theirs and label == "prepaid_card"):
            fit = IsotonicRegression(out_of_bounds="clip")
            fit.fit(fitted[column], fitted[given["target"]] == label)
            chances[label] = fit.predict(analysis[column])
    total = sum(chances.values())
    column = "value_theirs" if is_theirs else "value"
    values = rows[(rows["family"] == "estimated") & (rows["period"] == "analysis")]
    values = values.set_index(["metric", "component", "chunk_number"])[column]
    for chunk, part in analysis.groupby(analysis.index // given["size"]):
        for true, chance in chances.items():
            for label in chances:
                cell = ((chance / total)[part.index] * (part[given["label"]] == label)).sum()
                found = values["confusion_matrix", f"true={true},predicted={label}", chunk]
                assert found == pytest.approx(cell, rel=1e-9, abs=1e-9)
