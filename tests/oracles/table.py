"""Prints tests/oracles/README.md: ``python tests/oracles/table.py > tests/oracles/README.md``.

Every figure is measured here: all chunks of the recorded results that are not departures, and made-up
tables, of 6,000 rows and of several classes, beside numpy, scipy and scikit-learn.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import duckdb
import numpy as np
import pandas as pd
from sklearn import metrics as sk

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.metrics import CATALOGUE

HERE = Path(__file__).parent
SIZE = 1000
SCIPY = {
    "jensen_shannon",
    "kolmogorov_smirnov",
    "wasserstein",
    "wasserstein_normalized",
    "chi_square",
    "cramers_v",
}
TOLERANCES = {
    "roc_auc": "1e-9 (estimated beside NannyML 1e-6)",
    "average_precision": "1e-9 (estimated 1e-6)",
    "label_delay_median": "1 %",
    "label_delay_90_percent": "1 %",
}
DEPARTURES = {
    "label_delay_median": "of one minute and itself, the width of a cell",
    "label_delay_90_percent": "as label_delay_median",
    "kolmogorov_smirnov": "NannyML counts in 10,000 bins from 10,000 rows on; ours is exact",
    "wasserstein": "as kolmogorov_smirnov",
    "row_count": "a value equal to its threshold is no alert",
    "median": "a value equal to its threshold is no alert; standard error from the chunk's order statistics, NannyML's from a density of the reference",
    "mean": "standard error from the chunk's spread, NannyML's from the reference's",
    "std": "standard error from the chunk's moments, NannyML's from the reference's",
    "sum": "standard error as mean; NULL where there is no value, NannyML's is 0",
    "unseen": "NULL is not unseen",
}
ESTIMATED = "estimates of the reference are out of fold, NannyML's in sample"


def module(path: Path) -> ModuleType:
    """A test's file as a module."""
    spec = importlib.util.spec_from_file_location(f"table_{path.stem}_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def compute(connection: duckdb.DuckDBPyConnection, text: str) -> pd.DataFrame:
    """Runs the only monitor of a project file."""
    project = loads(text)
    return runner.run(project, project.monitors[0], DuckDB(connection))


def of_recorded() -> pd.DataFrame:
    """Metric, family and relative difference of every recorded value that is to be equal."""
    loan, price, both, several = (
        module(HERE / f"test_{name}.py")
        for name in ("car_loan", "car_price", "recorded", "multiclass_recorded")
    )
    cards = {
        name: several.MONITOR.format(
            **given | {"score": ", ".join(f"{key}: {column}" for key, column in given["score"].items())}
        )
        for name, given in several.SETS.items()
    }
    sets = [
        ("car_loan", "car_loan/car_loan", "loans", loan.MONITOR, loan.DEPARTURES),
        ("car_price", "car_price/car_price", "cars", price.MONITOR, price.DEPARTURES),
        ("edge_cases", "edge_cases/edge_cases", "scored", both.EDGE_CASES + both.VALUE, both.DEPARTURES),
        ("car_loan_month", "car_loan/car_loan", "scored", both.MONTHS, both.DEPARTURES),
        *(
            (name, f"{name}/{several.SETS[name]['file'].split('.')[0]}", "scored", text, several.DEPARTURES)
            for name, text in cards.items()
        ),
    ]
    parts = []
    for name, data, table, text, departures in sets:
        with duckdb.connect() as connection:
            connection.execute(f"create table {table} as from '{HERE / data}.parquet'")
            ours = compute(connection, text)
            theirs = connection.sql(f"from '{HERE / name / 'expected.parquet'}'").df()
        if "normalize" in theirs:
            theirs = theirs[theirs["normalize"] == ""]
        if name == "car_loan_month":
            ours["chunk_name"], theirs["chunk_name"] = ours["chunk"].str[:7], theirs["chunk"]
        else:
            column = "chunk" if "chunk" in theirs else "chunk_number"
            ours["chunk_name"] = ours["chunk"].astype(int)
            theirs["chunk_name"] = theirs[column].astype(int)
        keys = ["family", "metric", "column_name", "component", "period", "chunk_name"]
        rows = ours.merge(theirs, on=keys, suffixes=("", "_theirs"))
        departed = {key[-2:] for key in departures if len(key) == 2 or key[0] == name} - {
            ("summary", "row_count"),
            ("summary", "median"),
        }
        is_kept = [
            (row.family, row.metric) not in departed and (row.family, row.period) not in departed
            for row in rows.itertuples()
        ]
        rows = rows[is_kept]
        size = np.maximum(1, rows["value_theirs"].abs())
        rows["difference"] = (rows["value"] - rows["value_theirs"]).abs() / size
        parts.append(rows[["family", "metric", "difference"]])
    return pd.concat(parts)


def of_formulas() -> pd.DataFrame:
    """Metric and relative difference of every value of the made-up tables."""
    rng = np.random.default_rng(1)
    rows = 6 * SIZE
    actual = rng.integers(0, 2, rows)
    score = 1 / (1 + np.exp(-rng.normal(1.5 * actual - 0.7, 1)))
    target = rng.lognormal(2, 0.5, rows)
    table = pd.DataFrame(
        {
            "id": np.arange(rows) - (rng.random(rows) < 0.01),
            "number": np.append(rng.normal(5, 2, 3 * SIZE), rng.normal(5.5, 3, 3 * SIZE)),
            "level": [*rng.choice(list("abcd"), 3 * SIZE), *rng.choice(list("abcde"), 3 * SIZE)],
            "score": score,
            "predicted": (score > 0.5).astype(int),
            "actual": np.where(np.arange(rows) % 10 != 3, actual, None),
            "target": target,
            "forecast": target * rng.lognormal(0, 0.2, rows),
            "delay": rng.gamma(2, 40_000, rows).round(),
            "number_2": np.where(rng.random(rows) < 0.1, None, rng.random(rows)),
        }
    )
    table.insert(
        0, "at", pd.Timestamp("2024-01-15") + pd.to_timedelta(np.arange(rows) // SIZE * 31, unit="D")
    )
    table["known_at"] = table["at"] + pd.to_timedelta(table["delay"], unit="s")
    table["actual"] = table["actual"].astype("Int64")
    table["number_2"] = table["number_2"].astype(float)
    chosen: dict[str, list[str]] = {}
    for metric in CATALOGUE.values():
        if metric.family != "performance":
            chosen.setdefault(metric.family, []).append(metric.name)
    listed = {family: f"[{', '.join(names)}]" for family, names in chosen.items()}
    common = "predictions: rows, id: id, timestamp: at, chunks: month, resolution: exact, reference: 'at < timestamp ''2024-04-01'''"
    features = "features: {numeric: [number, number_2], categorical: [level]}"
    performance = {
        task: ", ".join(
            name
            for name, metric in CATALOGUE.items()
            if metric.family == "performance"
            and task in metric.tasks
            # The regression's labels are all there, and nobody says when they came.
            and not (task == "regression" and name.startswith("label_"))
        )
        for task in ("binary_classification", "regression")
    }
    texts = [
        f"{{name: a, task: binary_classification, {common}, model: {{score: score, label: predicted}}, target: {{column: actual, observed_at: known_at}}, {features}, "
        f"metrics: {{drift: {listed['drift']}, quality: {listed['quality']}, summary: {listed['summary']}, performance: [{performance['binary_classification']}]}}}}",
        f"{{name: a, task: regression, {common}, model: {{label: forecast}}, target: {{column: target}}, "
        f"metrics: {{performance: [{performance['regression']}]}}}}",
    ]
    distances = module(HERE.parent / "distances" / "conftest.py")
    with duckdb.connect() as connection:
        connection.register("frame", table)
        connection.execute("create table rows as from frame")
        frames = [
            compute(connection, f"version: 1\nwarehouse: 'duckdb://'\nmonitors: [{text}]") for text in texts
        ]
    found = pd.concat(frames)
    found = found[(found["family"] != "estimated") & (found["segment_column"] == "")]
    found["month"] = found["chunk"].str[:7]
    expected = {}
    reference = table.iloc[: 3 * SIZE]
    for month, chunk in table.groupby(table["at"].dt.strftime("%Y-%m")):
        for key, value in expected_of(chunk, reference, distances).items():
            expected[month, *key] = value
    rows_found = []
    for row in found.itertuples():
        value = expected.get((row.month, row.metric, row.column_name, row.component))
        if value is not None:
            # Cells of delays are as wide as a part of one minute and the delay.
            size = 1 / 60 + abs(value) if row.metric.startswith("label_delay") else max(1, abs(value))
            rows_found.append((row.metric, abs(row.value - value) / size))
    return pd.DataFrame(rows_found, columns=["metric", "difference"])


def expected_of(
    chunk: pd.DataFrame, reference: pd.DataFrame, distances: ModuleType
) -> dict[tuple[str, str, str], float]:
    """Values by metric, column and component."""
    made: dict[tuple[str, str, str], float] = {}
    number, base = chunk["number"].to_numpy(), reference["number"].to_numpy()
    counts = distances.doane_counts(base, number)
    for name, formula in distances.OVER_COUNTS.items():
        made[name, "number", ""] = formula(counts)
    for name, formula in distances.OVER_VALUES.items():
        made[name, "number", ""] = formula(base, number)
    made["population_stability_index", "number", ""] = distances.stability_index(
        distances.decile_counts(base, number)
    )
    counts = distances.level_counts(reference["level"].to_numpy(str), chunk["level"].to_numpy(str))
    for name, value in distances.of_counts(counts).items():
        made[name, "level", ""] = value
    size = len(chunk)
    labelled = chunk.dropna(subset="actual")
    actual, score, predicted = (labelled[name].to_numpy(float) for name in ("actual", "score", "predicted"))
    tn, fp, fn, tp = sk.confusion_matrix(actual, predicted).ravel()
    tenths = np.split(np.argsort(score), 10)
    performance = {
        "roc_auc": sk.roc_auc_score(actual, score),
        "average_precision": sk.average_precision_score(actual, score),
        "f1": sk.f1_score(actual, predicted),
        "precision": sk.precision_score(actual, predicted),
        "recall": sk.recall_score(actual, predicted),
        "specificity": sk.recall_score(actual, predicted, pos_label=0),
        "accuracy": sk.accuracy_score(actual, predicted),
        "balanced_accuracy": sk.balanced_accuracy_score(actual, predicted),
        "matthews_correlation": sk.matthews_corrcoef(actual, predicted),
        "positive_rate": actual.mean(),
        "log_loss": sk.log_loss(actual, score),
        "brier_score": sk.brier_score_loss(actual, score),
        "label_coverage": len(labelled) / size,
        "label_delay_median": np.quantile(labelled["delay"] / 3600, 0.5, method="inverted_cdf"),
        "label_delay_90_percent": np.quantile(labelled["delay"] / 3600, 0.9, method="inverted_cdf"),
        "row_count": size,
        "duplicate_count": size - chunk["id"].nunique(),
        "duplicates": 1 - chunk["id"].nunique() / size,
    }
    errors = [abs((score - actual)[part].sum()) for part in tenths]
    performance["calibration_error"] = sum(errors) / len(score)
    target, forecast = chunk["target"], chunk["forecast"]
    performance |= {
        "mae": sk.mean_absolute_error(target, forecast),
        "mape": sk.mean_absolute_percentage_error(target, forecast),
        "mse": sk.mean_squared_error(target, forecast),
        "rmse": sk.root_mean_squared_error(target, forecast),
        "msle": sk.mean_squared_log_error(target, forecast),
        "rmsle": sk.root_mean_squared_log_error(target, forecast),
        "mean_error": np.mean(forecast - target),
        "r_squared": sk.r2_score(target, forecast),
    }
    made |= {(name, "", ""): value for name, value in performance.items()}
    cells = {"true_positive": tp, "false_positive": fp, "false_negative": fn, "true_negative": tn}
    made |= {("confusion_matrix", "", cell): count for cell, count in cells.items()}
    values = chunk["number_2"].dropna().to_numpy()
    made |= {
        ("mean", "number_2", ""): values.mean(),
        ("std", "number_2", ""): values.std(ddof=1),
        ("sum", "number_2", ""): values.sum(),
        ("min", "number_2", ""): values.min(),
        ("max", "number_2", ""): values.max(),
        ("median", "number_2", ""): np.median(values),
        ("distinct_count", "level", ""): chunk["level"].nunique(),
        ("missing", "number_2", ""): 1 - len(values) / size,
        ("out_of_range", "number", ""): np.mean((number < base.min()) | (number > base.max())),
        ("unseen", "level", ""): np.mean(~chunk["level"].isin(reference["level"])),
    }
    return made


def of_classes() -> pd.DataFrame:
    """The same of the scores of several classes, over all and of each against all others."""
    several = module(HERE / "test_multiclass_scores.py")
    rows = several.several()
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table several as from frame")
        found = compute(connection, several.MONITOR)
    found = found[(found["family"] == "realized") & (found["period"] == "analysis")]
    found = found[found["chunk"].astype(int) == several.KINDS.index("plain")]
    plain = rows[rows["kind"] == "plain"]
    actual = plain["actual"].to_numpy()
    indicator = (actual[:, None] == np.array(several.CLASSES)).astype(float)
    expected = several.expected(plain[several.SCORES].to_numpy(float), indicator)
    expected |= several.correlations(actual.tolist(), plain["predicted"].tolist(), None)
    differences = [
        (row.metric, abs(row.value - expected[row.metric, row.component])) for row in found.itertuples()
    ]
    return pd.DataFrame(differences, columns=["metric", "difference"])


def oracle(name: str) -> str:
    """What a metric's formula is compared with."""
    family = CATALOGUE[name].family
    if family == "performance":
        return (
            "numpy"
            if name in ("positive_rate", "calibration_error", "mean_error") or name.startswith("label_")
            else "scikit-learn"
        )
    return "scipy" if name in SCIPY else "numpy"


def main() -> None:
    """Prints the file."""
    recorded, formulas = of_recorded(), pd.concat([of_formulas(), of_classes()])
    print("# What the numbers rest on\n")
    print("Made by `python tests/oracles/table.py`; the tests of this folder hold every tolerance.")
    print(
        "Differences are the largest seen, relative above 1, at `resolution: exact`. Recorded results are NannyML 0.13.1's:"
    )
    print(
        "`car_loan`, by rows and by month, `car_price`, `credit_card_multiclass` and two tables of edge cases.\n"
    )
    print(
        "| metric | oracle | difference | NannyML, realized or of columns | NannyML, estimated | tolerance | departures |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, metric in CATALOGUE.items():
        rows = recorded[recorded["metric"] == name]
        estimated = rows["family"] == "estimated"
        shown = [
            formulas.loc[formulas["metric"] == name, "difference"],
            rows.loc[~estimated, "difference"],
            rows.loc[estimated, "difference"],
        ]
        cells = [f"{part.max():.1e}" if len(part) else "–" for part in shown]
        departs = "; ".join(
            filter(
                None,
                [
                    DEPARTURES.get(name, ""),
                    ESTIMATED if metric.family == "performance" and estimated.any() else "",
                ],
            )
        )
        print(
            f"| `{name}` | {oracle(name)} | {' | '.join(cells)} | {TOLERANCES.get(name, '1e-9')} | {departs} |"
        )
    print(
        "\n`resolution: binned`: means, sums, smallest and largest values to 1e-9 of the reference's range, medians to one"
    )
    print(
        "cell (`test_summary.py`); Kolmogorov-Smirnov to 0.001 and Wasserstein to 1 % (`test_binned.py`); performance to 0.0005."
    )
    print(
        "Standard errors are within a tenth of a bootstrap's at 1,000 rows, but where `test_*standard_errors.py` and\n`test_summary.py` say otherwise."
    )


if __name__ == "__main__":
    main()
