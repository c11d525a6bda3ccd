"""Ten thousand values are on the screen in no time, and look as a table of Rich's does."""

from __future__ import annotations

import io
import time
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest
from rich.console import Console
from rich.text import Text

from sqlmonitor.cli import layout, screen
from sqlmonitor.cli.summary import plain_table
from sqlmonitor.results import COLUMNS, Results

MONITOR = SimpleNamespace(name="loans", metrics=SimpleNamespace(normalize=None), kpis=())


def frame(chunk_count: int, column_count: int) -> pd.DataFrame:
    """A distance of so many columns in so many chunks; some alert, some are missing."""
    rows = [
        {
            "monitor": "loans",
            "period": "analysis",
            "chunk": f"2024-{chunk:03}",
            "family": "drift",
            "metric": "jensen_shannon",
            "column_name": f"column {column}",
            "value": None if column % 11 == 5 else (chunk * 37 % 101 + column) / 500,
            "note": "no rows" if column % 11 == 5 else "",
            "is_alert": column % 7 == 0,
            "upper_threshold": 0.5,
            "is_partial": chunk == chunk_count - 1,
        }
        for chunk in range(chunk_count)
        for column in range(column_count)
    ]
    return Results(pd.DataFrame(rows).reindex(columns=COLUMNS)).to_pandas()


def printed(values: pd.DataFrame, width: int) -> str:
    """Everything, as `show --all` prints it."""
    out = Console(file=io.StringIO(), width=width, highlight=False, force_terminal=False)
    wanted = {"period": None, "segment": None, "chunk": None}
    screen.print_results(values, [cast(Any, MONITOR)], wanted, out, everything=True)
    return cast(io.StringIO, out.file).getvalue()


def test_ten_thousand_values_take_less_than_two_seconds() -> None:
    values = frame(40, 250)
    started = time.process_time()
    text = printed(values, 1000)
    assert time.process_time() - started < 2
    assert len(text.splitlines()) > 250


@pytest.mark.parametrize("width", [60, 100, 1000])
def test_it_looks_as_a_table_does(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    values = frame(15, 30)
    fast = printed(values, width)

    def as_table(labels: list[Text], _: int, columns: list[tuple[str, list[Text]]]) -> object:
        height = columns[0][0].count("\n")
        table = plain_table("\n" * height, *(heading for heading, _ in columns), gap=1)
        for index, label in enumerate(labels):
            table.add_row(label, *(cells[index] for _, cells in columns))
        return table

    monkeypatch.setattr(layout, "_joined", as_table)
    assert fast == printed(values, width)
