"""Comparisons in show, check and run."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import small_world
from comparisons.world import SCORED

from sqlmonitor.cli.entry import main


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has run."""
    folder = tmp_path_factory.mktemp("compared")
    with duckdb.connect(str(folder / "world.duckdb")) as connection:
        connection.execute(f"create table scored as {SCORED}")
        connection.execute(f"create table outcomes as {small_world.OUTCOMES}")
    monitor = small_world.MONITOR | {
        "chunks": "month",
        "compare": ["quarter", "previous", "last_year"],
        "segments": [],
        "kpis": [],
        "metrics": {"drift": ["l_infinity"], "performance": [], "quality": [], "summary": ["mean"]},
        "thresholds": [{"metric": "l_infinity", "compare": "previous", "constant": {"upper": 0.0001}}],
    }
    project = {"version": 1, "warehouse": "duckdb:///world.duckdb", "monitors": [monitor]}
    (folder / "sqlmonitor.yml").write_text(json.dumps(project), encoding="utf-8")
    return folder / "sqlmonitor.yml"


def test_run_show_and_check(file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    def said(*words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as left:
            main([*words, "-c", str(file)])
        found = capfdbinary.readouterr()
        assert left.value.code == code, found
        return (found.out + (found.err if code == 2 else b"")).decode()

    assert "of comparisons: last_year 0, previous " in said("run")
    table = said("show", "--metric", "mean", "--column", "amount")
    assert "2025-02-01" in table
    assert "2025-01-01 " in table
    assert "of comparisons (--compare quarter)" in table
    quarters = said("show", "--metric", "mean", "--column", "amount", "--compare", "quarter")
    assert "2024-10-01" in quarters
    assert "2024-11-01" not in quarters
    rows = json.loads(said("show", "--compare", "previous", "--format", "json"))
    assert {(row["chunk_length"], row["compared_with"]) for row in rows} == {("", "previous")}
    every = json.loads(said("show", "--format", "json"))
    assert {row["compared_with"] for row in every} == {"", "previous", "last_year"}
    told = said("show", "--compare", "weak", code=2)
    assert "no result has the comparison 'weak'" in told
    checked = said("check", code=1)
    assert "loans (previous), chunk 2025-02-01: 1 values, 1 alerts" in checked
    assert "loans (quarter), chunk 2024-10-01" in checked
    tree = said("compile", "--plan")
    assert "results_quarter" in tree
    assert "references" not in tree
    names = [line for line in said("compile").splitlines() if line.startswith("-- ") and ".sql" in line]
    assert names == sorted(names)
