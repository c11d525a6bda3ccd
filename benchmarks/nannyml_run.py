"""The same work as far as NannyML 0.13.1 has it; run.py starts this with NannyML's own Python.

Prints one line of JSON: CPU and wall seconds from reading the Parquet file to the last result,
and of each step.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml
import pandas as pd

NUMERIC = [
    "age", "income", "debt_to_income", "limit_balance", "utilization",
    "tenure_months", "inquiries", "open_accounts", "payment_ratio", "bureau_score",
]  # fmt: skip
CATEGORICAL = ["region", "product", "employment", "housing", "branch"]
PERFORMANCE = [
    "roc_auc", "f1", "precision", "recall", "specificity",
    "accuracy", "average_precision", "confusion_matrix",
]  # fmt: skip
MODEL = {
    "y_pred_proba": "score",
    "y_pred": "label",
    "y_true": "target",
    "problem_type": "classification_binary",
    "metrics": PERFORMANCE,
}
MONTHLY = {"timestamp_column_name": "ts", "chunk_period": "M"}


def cpu_seconds() -> float:
    """User and system time of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


steps: list[dict[str, Any]] = []


@contextmanager
def step(title: str) -> Iterator[None]:
    """Notes the CPU and wall seconds of what is done inside."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    yield
    steps.append({"title": title, "cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - wall})
    print(steps[-1], file=sys.stderr, flush=True)


def calculators() -> dict[str, Callable[[], Any]]:
    """What is fitted on the reference and then run on the rest."""
    features = NUMERIC + CATEGORICAL
    return {
        "univariate drift": lambda: nannyml.UnivariateDriftCalculator(
            column_names=features,
            treat_as_categorical=CATEGORICAL,
            continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein"],
            categorical_methods=["jensen_shannon", "chi2", "l_infinity"],
            **MONTHLY,
        ),
        "CBPE": lambda: nannyml.CBPE(**MODEL, **MONTHLY),
        "realized performance": lambda: nannyml.PerformanceCalculator(**MODEL, **MONTHLY),
        "missing": lambda: nannyml.MissingValuesCalculator(column_names=features, **MONTHLY),
        "unseen": lambda: nannyml.UnseenValuesCalculator(column_names=CATEGORICAL, **MONTHLY),
        "range": lambda: nannyml.NumericalRangeCalculator(column_names=NUMERIC, **MONTHLY),
        "mean": lambda: nannyml.SummaryStatsAvgCalculator(column_names=NUMERIC, **MONTHLY),
        "row count": lambda: nannyml.SummaryStatsRowCountCalculator(**MONTHLY),
    }


def main(path: str) -> None:
    warnings.simplefilter("ignore")
    cpu, wall = cpu_seconds(), time.perf_counter()
    with step("read Parquet"):
        frame = pd.read_parquet(path)
        is_reference = frame["ts"] < pd.Timestamp("2025-04-01")
        reference = frame[is_reference].reset_index(drop=True)
        analysis = frame[~is_reference].reset_index(drop=True)
        del frame, is_reference
    results: list[Any] = []
    for title, make in calculators().items():
        with step(title):
            fitted = make().fit(reference)
            results.append((fitted.estimate if title == "CBPE" else fitted.calculate)(analysis))
    figures = {"cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - wall, "steps": steps}
    # NannyML turns a method that failed into NaN: count them, so that no work is missing unseen.
    frames = [result.to_df() for result in results]
    values = [frame.loc[:, frame.columns.get_level_values(-1) == "value"] for frame in frames]
    missing = sum(int(frame.isna().to_numpy().sum()) for frame in values)
    count = sum(frame.size for frame in values)
    print(json.dumps({**figures, "rows": count, "missing_values": missing}))


if __name__ == "__main__":
    main(sys.argv[1])
