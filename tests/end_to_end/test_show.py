"""What `sqlmonitor show` puts on a screen: the form that suits, and a word on what it leaves out."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pandas as pd
import pytest

from sqlmonitor.cli.entry import main
from sqlmonitor.cli.figures import decimals, fixed
from sqlmonitor.results import COLUMNS

PROJECT = """\
version: 1
warehouse: duckdb:///none.duckdb
monitors:
  - name: loans
    task: none
    predictions: loans
    timestamp: at
    reference: "at < timestamp '2013-02-01'"
    chunks: month
"""
CHUNKS = [f"2013-{month:02}-01" for month in range(1, 13)] + ["2014-01-01", "2014-02-01"]
CELLS = ("true_positive", "false_positive", "false_negative", "true_negative")


def row(chunk: str, **values: object) -> dict[str, object]:
    made: dict[str, object] = dict.fromkeys(COLUMNS)
    made |= {"monitor": "loans", "period": "analysis", "chunk": chunk, "is_partial": False}
    made |= {"family": "drift", "metric": "jensen_shannon", "value": 0.05, "is_alert": False}
    made |= {"upper_threshold": 0.1, "row_count": 10, "segment_column": "", "segment_value": ""}
    if chunk == CHUNKS[0]:
        made["period"] = "reference"
    return made | values


def stored() -> list[dict[str, object]]:
    rows = []
    for chunk in CHUNKS:
        for number in range(20):
            rows.append(row(chunk, column_name=f"column_{number:02}"))
        rows.append(row(chunk, column_name="column_00", segment_column="origin", segment_value="EWR"))
        rows.append(row(chunk, family="realized", metric="roc_auc", value=0.7, standard_error=0.01))
        for number, cell in enumerate(CELLS):
            rows.append(
                row(chunk, family="realized", metric="confusion_matrix", component=cell, value=100 + number)
            )
        for true in "AB":
            for predicted in "AB":
                name = f"true={true},predicted={predicted}"
                rows.append(
                    row(chunk, family="estimated", metric="confusion_matrix", component=name, value=1.5)
                )
    rows[-1] |= {"value": None, "is_alert": None, "note": "fewer than 5 rows"}
    # The newest chunk's distance of the first column.
    next(one for one in rows if one["chunk"] == CHUNKS[-1])["value"] = 0.25
    next(one for one in rows if one["chunk"] == CHUNKS[-1])["is_alert"] = True
    return rows


@pytest.fixture
def shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)
    Path("sqlmonitor.yml").write_text(PROJECT, encoding="utf-8")
    monkeypatch.setattr("sqlmonitor.cli.showing.connect", lambda *_, **__: nullcontext())
    monkeypatch.setattr("sqlmonitor.store.read_results", lambda *_, **__: pd.DataFrame(stored()))

    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as stopped:
            main(["show", *arguments])
        said = capsys.readouterr()
        assert stopped.value.code == 0, said.err
        return said.out

    return run


def test_newest_chunks_of_the_whole_population_by_default(shown: Callable[..., str]) -> None:
    out = shown()
    assert "origin" not in out.split("not shown")[0]
    assert CHUNKS[-1] in out
    assert CHUNKS[0] not in out.split("not shown")[0]
    assert CHUNKS[1] not in out.split("not shown")[0]
    assert "14 in segments (--segment origin)" in out
    assert "29 of the reference (--period reference)" in out
    assert f"29 in older chunks (--chunk {CHUNKS[1]})" in out
    assert "0.2500 ▲" in out
    assert "- a  fewer than 5 rows" in out


def test_all_leaves_nothing_out(shown: Callable[..., str]) -> None:
    out = shown("--all")
    assert "not shown" not in out
    assert "origin=EWR" in out
    assert "reference" in out
    assert all(chunk in out for chunk in CHUNKS)


def test_one_series_is_a_list(shown: Callable[..., str]) -> None:
    out = shown("--metric", "roc_auc", "--chunk", "2013-05")
    lines = out.splitlines()
    assert lines[0] == "realized roc_auc"
    assert lines[2].split() == ["chunk", "rows", "value", "±", "error", "limits"]
    assert lines[3].split() == ["2013-05-01", "10", "0.7000", "0.0100", "to", "0.1"]


def test_confusion_matrix_is_one(shown: Callable[..., str]) -> None:
    lines = shown("--metric", "confusion_matrix", "--family", "realized").splitlines()
    assert lines[0] == f"realized confusion_matrix {CHUNKS[-1]}"
    assert lines[2].split() == ["true", "positive", "negative"]
    assert lines[3].split() == ["positive", "100", "102"]


def test_classes_make_a_matrix(shown: Callable[..., str]) -> None:
    out = shown("--metric", "confusion_matrix", "--family", "estimated")
    assert [line.split() for line in out.splitlines()[2:5]] == [
        *(["true", "A", "B"], ["A", "1.500", "1.500"], ["B", "1.500", "-"]),
    ]
    assert "- : fewer than 5 rows" in out


def test_filters_by_component_and_chunk(shown: Callable[..., str]) -> None:
    out = shown("--component", "true_positive", "--chunk", "2014", "--format", "csv")
    table = pd.read_csv(io.StringIO(out))
    assert list(table["chunk"]) == CHUNKS[-2:]
    assert set(table["component"]) == {"true_positive"}


def test_one_cell_of_the_matrix_is_a_list_of_its_chunks(shown: Callable[..., str]) -> None:
    out = shown("--component", "true_positive", "--family", "realized")
    assert all(chunk in out for chunk in CHUNKS[-3:])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--segment", "EWR"), "did you mean 'origin=EWR'?"),
        (("--metric", "hellinger"), "add hellinger to the monitor's `metrics`, and run it"),
        (("--compare", "week"), "add `compare: [week]` to the monitor, and run it"),
    ],
)
def test_what_is_not_there_says_what_to_do(
    shown: Callable[..., str], capsys: pytest.CaptureFixture[str], options: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["show", *options])
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err


def test_options_that_meet_nowhere_say_so(shown: Callable[..., str]) -> None:
    out = shown("--metric", "roc_auc", "--component", "true_positive")
    assert out.strip() == "no result has --metric and --component at once"


def test_numbers_of_a_column_share_their_decimals() -> None:
    places = decimals([15.8, 3.44, -0.1655])
    assert [fixed(value, places) for value in (15.8, 3.44, -0.1655)] == ["15.80", "3.44", "-0.17"]
    assert fixed(0.00001, 4) == "1e-05"
    assert decimals([3.0, 1200.0]) == 0
    assert decimals([]) == 0
    assert fixed(float("nan"), 2) == "-"
