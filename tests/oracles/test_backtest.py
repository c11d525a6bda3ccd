"""The back-test against numpy and scikit-learn, and its standard error against simulated labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from sqlmonitor.backtest import COLUMNS, Record, records
from sqlmonitor.cli.entry import main
from sqlmonitor.results import Results

ROWS = 1000
CHUNKS = 8
SHIFTED = (5, 6, 7)
"""Chunks, from 0, whose labels are no longer what the scores say."""
MONITOR: dict[str, Any] = {
    "name": "tested",
    "task": "binary_classification",
    "predictions": "tested",
    "id": "id",
    "reference": f"id < {2 * ROWS}",
    "chunks": {"size": ROWS},
    "resolution": "exact",
    "calibration": "none",
    "model": {"score": "score", "label": "predicted"},
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
                "true_negative": 0,
            },
        }
    ],
}


def made(rng: np.random.Generator) -> pd.DataFrame:
    """Two chunks of reference and eight more: three of them have other labels, the last one few."""
    size = ROWS * (CHUNKS + 2)
    score = rng.beta(1.5, 2.5, size).round(6)
    chunk = np.arange(size) // ROWS - 2
    chance = np.where(np.isin(chunk, SHIFTED), 0.5 * score + 0.4, score)
    actual = pd.Series((rng.random(size) < chance).astype(int)).astype("Int64")
    actual[(np.arange(size) % 5 == 2) & (chunk == 3)] = pd.NA
    actual[(np.arange(size) % 5 > 0) & (chunk == 7)] = pd.NA
    return pd.DataFrame(
        {
            "id": range(size),
            "score": score,
            "predicted": (score > 0.4).astype(int),
            "actual": actual,
            "place": np.where(np.arange(size) % 2 == 0, "here", "there"),
        }
    )


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return made(np.random.default_rng(21))


@pytest.fixture(scope="module")
def results(compute, rows: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table tested as from frame")
        return compute(
            connection, json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [MONITOR]})
        )


def test_differences(results: pd.DataFrame, rows: pd.DataFrame) -> None:
    table = Results(results).backtest()
    assert tuple(table.columns) == COLUMNS
    metrics = {"roc_auc", "f1", "accuracy", "recall", "brier_score", "worth"}
    assert metrics < set(table["metric"])
    # Neither totals nor what has no band.
    assert not {"confusion_matrix", "calibration_error", "label_coverage"} & set(table["metric"])
    assert set(table[table["metric"] == "worth"]["component"]) == {"per_prediction"}
    keyed = table.set_index(["period", "chunk", "segment_value", "metric"])
    for chunk in range(CHUNKS):
        for place in ("", "here", "there"):
            own = rows[rows["id"] // ROWS - 2 == chunk]
            own = own[own["place"] == place] if place else own
            known = own[own["actual"].notna()].astype({"actual": int})
            chance = own["score"]
            # Each row once as a positive, once as a negative.
            estimated = {
                "accuracy": np.where(own["predicted"] == 1, chance, 1 - chance).mean(),
                "roc_auc": roc_auc_score(
                    np.repeat([1, 0], len(own)),
                    np.tile(chance, 2),
                    sample_weight=np.concatenate([chance, 1 - chance]),
                ),
            }
            realized = {
                "accuracy": (known["actual"] == known["predicted"]).mean(),
                "roc_auc": roc_auc_score(known["actual"], known["score"]),
            }
            for metric, value in estimated.items():
                row = keyed.loc[("analysis", f"{chunk:06d}", place, metric)]
                assert row["difference"] == pytest.approx(value - realized[metric], abs=1e-6)
                assert row["is_in_band"] == (row["lower_bound"] <= row["realized"] <= row["upper_bound"])
                assert (row["row_count"], row["unused_count"]) == (len(known), len(own) - len(known))
                assert row["is_partial"] == (len(known) < 0.5 * len(own))
            error = np.sqrt(realized["accuracy"] * (1 - realized["accuracy"]) / len(known))
            assert keyed.loc[("analysis", f"{chunk:06d}", place, "accuracy"), "standard_error"] == (
                pytest.approx(error)
            )


@pytest.mark.slow
def test_the_standard_error_is_enough(rows: pd.DataFrame, results: pd.DataFrame) -> None:
    """Labels are drawn again and again for the same rows, all or some of them: differences spread no more."""
    rng = np.random.default_rng(22)
    own = rows[rows["id"] // ROWS == 2]
    score, predicted = own["score"].to_numpy(), own["predicted"].to_numpy()
    expected = np.where(predicted == 1, score, 1 - score).mean()
    ranked = roc_auc_score(
        np.repeat([1, 0], ROWS), np.tile(score, 2), sample_weight=np.concatenate([score, 1 - score])
    )
    table = Results(results).backtest()
    table = table[(table["chunk"] == "000000") & (table["segment_column"] == "")]
    stated = table[table["period"] == "analysis"].set_index("metric")["standard_error"]
    for share in (1.0, 0.5):
        differences: dict[str, list[float]] = {"accuracy": [], "roc_auc": []}
        for _ in range(400):
            label = rng.random(ROWS) < score
            seen = rng.random(ROWS) < share
            differences["accuracy"].append(expected - (label == predicted)[seen].mean())
            differences["roc_auc"].append(ranked - roc_auc_score(label[seen], score[seen]))
        for metric, values in differences.items():
            ratio = np.std(values) / (stated[metric] / np.sqrt(share))
            assert 0.5 < ratio < 1.07, (metric, share)


def test_records(results: pd.DataFrame) -> None:
    found = {(one.metric, one.component): one for one in records(Results(results).backtest())}
    one = found["positive_rate", ""]
    # Seven chunks have enough labels; of two, they are others than the scores said.
    assert (one.chunk_count, one.in_band_count) == (7, 5)
    assert not one.is_trusted
    table = Results(results).backtest()
    chosen = (table["metric"] == "positive_rate") & (table["segment_column"] == "")
    whole = table[chosen & (table["period"] == "analysis") & ~table["is_partial"]]
    assert one.mean_difference == pytest.approx(whole["difference"].mean())
    assert one.newest_difference == whole["difference"].iloc[-1]
    assert ("worth", "per_prediction") in found


@pytest.mark.parametrize(
    ("count", "inside", "is_trusted"), [(2, 0, True), (3, 2, False), (10, 9, True), (10, 8, False)]
)
def test_few_chunks_say_nothing(count: int, inside: int, is_trusted: bool) -> None:
    assert Record("f1", "", count, inside, 0.0, 0.0).is_trusted == is_trusted


@pytest.fixture
def project(rows: pd.DataFrame, tmp_path: Path) -> str:
    with duckdb.connect(str(tmp_path / "tested.duckdb")) as connection:
        connection.register("frame", rows)
        connection.execute("create table tested as from frame")
    file = tmp_path / "sqlmonitor.yml"
    monitor = MONITOR | {"metrics": MONITOR["metrics"] | {"performance": ["roc_auc", "positive_rate"]}}
    file.write_text(json.dumps({"version": 1, "warehouse": "duckdb:///tested.duckdb", "monitors": [monitor]}))
    return str(file)


def command(*arguments: str) -> object:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    return stopped.value.code


def test_on_the_command_line(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("run", "-c", project) == 0
    said = capsys.readouterr().out
    assert "back-test" in said
    assert "roc_auc" in said[said.index("back-test") :]
    assert "positive_rate" not in said[said.index("back-test") :]
    assert command("show", "-c", project, "--backtest", "--metric", "positive_rate") == 0
    said = capsys.readouterr().out
    assert "5 of 7 chunks" in said
    (outside,) = [line for line in said.splitlines() if line.startswith("000006 ")]
    assert outside.endswith("outside")
    assert any(line.startswith("000007 (partial)") for line in said.splitlines())
    assert command("show", "-c", project, "--backtest", "--format", "json", "--segment", "place=here") == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["segment_value"] for row in found} == {"here"}
    assert set(found[0]) == set(COLUMNS)
    assert command("show", "-c", project, "--backtest", "--alerts") == 2
    capsys.readouterr()
    command("check", "-c", project)
    assert "positive_rate (5 of 7)" in capsys.readouterr().err


def test_without_labels_there_is_none(
    rows: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(str(tmp_path / "tested.duckdb")) as connection:
        frame = rows.assign(actual=rows["actual"].where(rows["id"] < 2 * ROWS))
        connection.register("frame", frame)
        connection.execute("create table tested as from frame")
    file = tmp_path / "sqlmonitor.yml"
    file.write_text(json.dumps({"version": 1, "warehouse": "duckdb:///tested.duckdb", "monitors": [MONITOR]}))
    assert command("run", "-c", str(file)) == 0
    assert "back-test" not in capsys.readouterr().out
    assert command("show", "-c", str(file), "--backtest", "--chunk", "000003") == 0
    assert "no chunk has an estimate and a realized value yet" in capsys.readouterr().out
    command("check", "-c", str(file))
    assert "not to be trusted" not in capsys.readouterr().err
