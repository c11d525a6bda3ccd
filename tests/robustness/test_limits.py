"""A green check has checked something; a value that would say nothing is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sqlmonitor.errors import ConfigurationError

AS_THEY_ARE = "scores are taken as they are: nothing to compare with"


def checked(world: Any, command_line: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What `check` says after a run."""
    monkeypatch.chdir(folder)
    (folder / "sqlmonitor.yml").write_text(world.text("duckdb:///shop.duckdb"), encoding="utf-8")
    world.connection.close()
    assert command_line("run")[0] == 0
    return command_line("check")


def test_check_says_that_nothing_was_checked(
    world_on_file: Any, command_line: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world_on_file.monitor["reference"] = "happened < timestamp '2024-02-01'"
    world_on_file.monitor["metrics"] = {"drift": ["wasserstein"], "quality": []}
    world_on_file.monitor["segments"] = []
    world_on_file.monitor["features"] = {"numeric": ["hour"]}
    code, out, err = checked(world_on_file, command_line, tmp_path, monkeypatch)
    assert code == 1, (out, err)
    assert "values have no limit: fewer than two whole reference chunks to fit a threshold on" in err
    assert "loans: nothing was checked, as no value has a limit" in err
    assert "constant thresholds" in err


def test_check_says_how_many_values_have_no_limit(
    world_on_file: Any, command_line: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world_on_file.monitor["reference"] = "happened < timestamp '2024-02-01'"
    world_on_file.monitor |= {"segments": [], "calibration": "none"}
    world_on_file.monitor["features"] = {"numeric": ["hour"]}
    world_on_file.monitor["thresholds"] = [{"metric": "roc_auc", "constant": {"lower": 0.1}}]
    code, out, err = checked(world_on_file, command_line, tmp_path, monkeypatch)
    assert (code, "nothing was checked" in err) == (0, False), (out, err)
    assert "values have no limit" in err


def test_check_is_silent_where_every_value_has_a_limit(
    world_on_file: Any, command_line: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, err = checked(world_on_file, command_line, tmp_path, monkeypatch)
    assert err == ""


def of_metric(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Its rows for the whole population."""
    return results[results["metric"].eq(metric) & results["segment_column"].eq("")]


@pytest.mark.parametrize("calibration", ["none", "auto"])
def test_scores_taken_as_they_are_have_no_estimated_calibration_error(world: Any, calibration: str) -> None:
    world.monitor["calibration"] = calibration
    if calibration == "auto":
        # No score differs from the share of positives: calibration can only make it worse.
        world.sql("update scored set score = (id % 4) / 4.0")
        world.sql("update outcomes set actual = case when id // 4 % 4 < id % 4 then 1 else 0 end")
    results = of_metric(world.run(), "calibration_error").set_index("family")
    estimated = results.loc["estimated"]
    assert estimated["value"].isna().all()
    assert set(estimated["note"]) == {AS_THEY_ARE}
    assert estimated["is_alert"].isna().all()
    assert results.loc["realized", "value"].notna().all()


def test_calibrated_scores_have_an_estimated_calibration_error(world: Any) -> None:
    world.monitor["calibration"] = "isotonic"
    results = of_metric(world.run(), "calibration_error")
    assert results["value"].notna().all()
    assert not results["note"].eq(AS_THEY_ARE).any()


@pytest.mark.parametrize("formula", ["1 - label_coverage", "roc_auc * label_coverage"])
def test_what_is_derived_from_label_coverage_is_realized_only(world: Any, formula: str) -> None:
    world.monitor["custom_metrics"] = [{"name": "mine", "derived": formula}]
    world.monitor["thresholds"] = [{"family": "realized", "metric": "mine", "constant": {"lower": 0}}]
    results = world.run()
    rows = of_metric(results, "mine")
    assert set(rows["family"]) == {"realized"}
    inputs = {
        name: of_metric(results[results["family"].eq("realized")], name).set_index(["period", "chunk"])[
            "value"
        ]
        for name in ("roc_auc", "label_coverage")
    }
    expected = pd.Series(eval(formula, {}, inputs))
    found = rows.set_index(["period", "chunk"])["value"]
    pd.testing.assert_series_equal(found, expected, check_names=False)
    world.monitor["thresholds"] = [{"family": "estimated", "metric": "mine", "constant": {"lower": 0}}]
    with pytest.raises(ConfigurationError, match="matches no metric"):
        world.run()


def test_label_coverage_is_no_result_without_a_target(world: Any) -> None:
    del world.monitor["target"]
    world.monitor["kpis"] = []
    world.monitor["custom_metrics"] = [{"name": "mine", "derived": "1 - label_coverage"}]
    with pytest.raises(ConfigurationError, match="no result of this monitor is named 'label_coverage'"):
        world.run()


def test_a_formula_may_name_the_families_of_its_results(world: Any) -> None:
    world.monitor["custom_metrics"] = [{"name": "mine", "derived": "estimated.roc_auc * label_coverage"}]
    rows = of_metric(world.run(), "mine")
    assert set(rows["family"]) == {"realized"}
    assert rows["value"].notna().all()
