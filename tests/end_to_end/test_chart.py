"""A chart of one metric says what the results say: its lines, bands, limits and points, without a look at pixels."""

from __future__ import annotations

import sys
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sqlmonitor.errors import ConfigurationError, UnsupportedError
from sqlmonitor.results import COLUMNS, Results

CHUNKS = [
    ("reference", "2024-01"),
    ("reference", "2024-02"),
    ("analysis", "2024-01"),
    ("analysis", "2024-02"),
]
VALUES = {"estimated": [0.8, 0.81, 0.7, 0.79], "realized": [0.82, 0.8, None, 0.6]}


def row(family: str, place: int, value: float | None, **more: Any) -> dict[str, Any]:
    """A value with a band of 0.02, above 0.65; the newest chunk is partial."""
    return {
        "monitor": "loans",
        "period": CHUNKS[place][0],
        "chunk": CHUNKS[place][1],
        "is_partial": place == 3,
        "family": family,
        "metric": "roc_auc",
        "value": value,
        "lower_bound": None if value is None else value - 0.02,
        "upper_bound": None if value is None else value + 0.02,
        "lower_threshold": 0.65,
        "is_alert": None if value is None else value < 0.65 or value == 0.7,
    } | more


@pytest.fixture
def results() -> Results:
    """ROC AUC, also of a segment, a distance of two columns, a matrix and a KPI."""
    rows = [
        row(family, place, value, segment_column=column, segment_value=segment)
        for family, values in VALUES.items()
        for place, value in enumerate(values)
        for column, segment in (("", ""), ("origin", "JFK"), ("origin", "EWR"))
    ]
    drift = {"metric": "jensen_shannon", "noise_floor": 0.01, "lower_threshold": None, "upper_threshold": 0.1}
    rows += [
        row("drift", place, 0.05 * place, column_name=column, **drift)
        for place in range(4)
        for column in ("age", "income")
    ]
    rows += [
        row("realized", place, 9.0, metric="confusion_matrix", component=part)
        for place in range(4)
        for part in ("true_positive", "true_negative")
    ]
    rows += [
        row("kpi", place, 1e6 * place, metric="worth", component=part)
        for place in range(4)
        for part in ("", "per_prediction")
    ]
    return Results(pd.DataFrame(rows).reindex(columns=COLUMNS))


def lines(figure: Figure) -> dict[str, tuple[list[float], list[float]]]:
    """Points of every line by what the legend calls it."""
    (axes,) = figure.axes
    return {
        str(line.get_label()): (list(map(float, line.get_xdata())), list(map(float, line.get_ydata())))
        for line in axes.get_lines()
    }


def test_values_limits_and_alerts_are_drawn(results: Results) -> None:
    figure = results.plot("roc_auc")
    assert isinstance(figure, Figure)
    found = lines(figure)
    for family, values in VALUES.items():
        assert found[family][0] == [0, 1, 2, 3]
        np.testing.assert_allclose(found[family][1], np.array(values, dtype="float64"))
    assert set(found["threshold"][1]) == {0.65}
    assert found["threshold"][0] == [-0.5, 0, 1, 2, 3, 3.5]
    assert found["alert"] == ([2.0], [0.7])
    assert found["alert, partial"] == ([3.0], [0.6])
    assert found["partial"] == ([3.0], [0.79])
    (axes,) = figure.axes
    bands = [band for band in axes.collections if len(band.get_paths())]
    assert len(bands) == 3, "two bands, and the last chunk of realized, which stands alone"
    assert axes.get_title(loc="left") == "loans: roc_auc"
    assert [label.get_text() for label in axes.get_xticklabels()] == [name for _, name in CHUNKS]
    assert [text.get_text() for text in axes.texts] == ["reference"]


def test_a_family_a_period_and_a_segment_are_chosen(results: Results) -> None:
    figure = results.plot("roc_auc", family="realized", period="analysis", segment="origin=JFK")
    found = lines(figure)
    assert "estimated" not in found
    assert found["realized"][0] == [0, 1]
    assert figure.axes[0].get_title(loc="left") == "loans: roc_auc · origin=JFK"
    assert not figure.axes[0].texts


def test_a_distance_has_a_noise_floor(results: Results) -> None:
    found = lines(results.plot("jensen_shannon", column="age"))
    assert set(found["noise floor"][1]) == {0.01}
    assert set(found["threshold"][1]) == {0.1}
    assert found["drift"][1] == pytest.approx([0, 0.05, 0.1, 0.15])


def test_large_values_have_separators_and_components_a_name(results: Results) -> None:
    axes = results.plot("worth").axes[0]
    assert axes.yaxis.get_major_formatter()(2e6, 0) == "2,000,000"
    axes = results.plot("confusion_matrix", component="true_positive").axes[0]
    assert axes.get_title(loc="left") == "loans: confusion_matrix · true_positive"
    assert axes.get_ylabel() == "rows"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"metric": "roc_au"}, ["no result has the metric 'roc_au'", "did you mean 'roc_auc'?"]),
        ({"metric": "jensen_shannon"}, ["of several columns", "age, income"]),
        ({"metric": "confusion_matrix"}, ["of several components", "true_negative, true_positive"]),
        ({"metric": "roc_auc", "segment": "origin"}, ["several segments", "origin=EWR, origin=JFK"]),
        ({"metric": "roc_auc", "column": "age"}, ["no result has all of what was asked for of 'roc_auc'"]),
    ],
)
def test_more_or_less_than_one_series_is_an_error(
    results: Results, asked: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        results.plot(**asked)
    assert not [word for word in words if word not in str(raised.value)], str(raised.value)


def test_two_monitors_are_not_one_line(results: Results) -> None:
    frame = results.to_pandas()
    both = Results(pd.concat([frame, frame.assign(monitor="cards")], ignore_index=True))
    with pytest.raises(ConfigurationError, match="several monitors"):
        both.plot("roc_auc")


def test_it_is_a_picture(results: Results, tmp_path: Any) -> None:
    figure: Any = results.plot("roc_auc")
    figure.savefig(tmp_path / "roc_auc.svg")
    assert (tmp_path / "roc_auc.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert "matplotlib.pyplot" not in sys.modules or not matplotlib.pyplot.get_fignums()


def test_without_matplotlib_the_extra_is_named(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "sqlmonitor.chart", raising=False)
    with pytest.raises(UnsupportedError, match="Matplotlib") as raised:
        results.plot("roc_auc")
    assert "pip install 'sqlmonitor[plot]'" in str(raised.value)
