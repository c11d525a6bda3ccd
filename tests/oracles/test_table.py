"""The table of oracles has every metric of the catalogue, with figures that were measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmonitor.metrics import CATALOGUE

LINES = (Path(__file__).parent / "README.md").read_text(encoding="utf-8").splitlines()
ROWS = {
    cells[0].strip("`"): cells[1:]
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line.startswith("| `")
    )
}


def test_the_table_has_the_catalogue_and_nothing_else() -> None:
    assert list(ROWS) == list(CATALOGUE), "run python tests/oracles/table.py > tests/oracles/README.md"


@pytest.mark.parametrize("metric", CATALOGUE)
def test_what_was_measured_is_within_the_tolerance(metric: str) -> None:
    oracle, difference, recorded, estimated, tolerance, _ = ROWS[metric]
    assert oracle
    assert float(difference) <= (0.01 if tolerance == "1 %" else 1e-9)
    for shown in (recorded, estimated):
        assert shown == "–" or float(shown) <= (1e-6 if "1e-6" in tolerance else 1e-9)
