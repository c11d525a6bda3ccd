"""``resolution: binned`` beside exact distances by scipy, on the shapes that columns have.

Kolmogorov-Smirnov is to be within 0.001, Wasserstein within 1 % of the exact value or of 0.001 standard
deviations of the reference, whichever is larger.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp, wasserstein_distance

# Each draws so many values with a location moved by so many parts of the spread, and a spread scaled.
SHAPES = {
    "normal": lambda rng, size, move, scale: rng.normal(50 + 10 * move, 10 * scale, size),
    "uniform": lambda rng, size, move, scale: move + scale * rng.random(size),
    "lognormal": lambda rng, size, move, scale: rng.lognormal(3 + move, 2 * scale, size),
    "zero_inflated": lambda rng, size, move, scale: np.where(
        rng.random(size) < 0.7 - 0.3 * move, 0, rng.exponential(20 * scale, size)
    ),
    "whole": lambda rng, size, move, scale: np.round(scale * rng.poisson(6 + 2 * move, size)),
    "heavy": lambda rng, size, move, scale: 3 * move + scale * rng.standard_t(2, size),
    "large": lambda rng, size, move, scale: 1.7e9 + 1000 * move + 1000 * scale * rng.exponential(1, size),
    "constant": lambda rng, size, move, scale: np.full(size, 3.0 + move),
}
CHANGES = {
    "nothing": {},
    "moved_a_little": {"move": 0.01},
    "moved": {"move": 0.1},
    "moved_down": {"move": -0.5},
    "wider": {"scale": 1.3},
    "narrower": {"scale": 0.7},
    "far": {"move": 2, "scale": 3},
    "one_row": {"size": 1},
    "ten_rows": {"size": 10},
}
REFERENCE = {"size": 40_000, "move": 0, "scale": 1}
CHUNK = REFERENCE | {"size": 6_000}
MONITOR = f"""\
version: 1
warehouse: duckdb://
monitors:
  - name: shapes
    task: none
    predictions: shapes
    id: id
    timestamp: at
    reference: "at < timestamp '2024-02-01'"
    chunks: month
    resolution: binned
    metrics: {{drift: [jensen_shannon, kolmogorov_smirnov, wasserstein, wasserstein_normalized]}}
    features: {{numeric: [{", ".join(SHAPES)}]}}
"""


@pytest.fixture(scope="session")
def drawn() -> dict[str, dict[str, np.ndarray]]:
    """Values by shape, and by change or ``reference``."""
    rng = np.random.default_rng(2024)
    return {
        shape: {"reference": draw(rng, **REFERENCE)}
        | {change: draw(rng, **CHUNK | given) for change, given in CHANGES.items()}
        for shape, draw in SHAPES.items()
    }


@pytest.fixture(scope="session")
def binned(compute, drawn) -> pd.Series:
    parts = []
    for number, part in enumerate(("reference", *CHANGES)):
        start = pd.Timestamp("2024-01-01") + pd.DateOffset(months=number)
        columns = {shape: drawn[shape][part] for shape in SHAPES}
        parts.append(pd.DataFrame({"at": start} | columns, index=range(len(columns["normal"]))))
    table = pd.concat(parts, ignore_index=True).reset_index(names="id")
    with duckdb.connect() as connection:
        connection.register("frame", table)
        connection.execute("create table shapes as from frame")
        results = compute(connection, MONITOR)
    results = results[results["family"] == "drift"]
    parts_by_chunk = dict(zip(sorted(results["chunk"].unique()), ("reference", *CHANGES), strict=True))
    results["part"] = results["chunk"].map(parts_by_chunk)
    return results.set_index(["column_name", "part", "metric"])["value"]


@pytest.mark.parametrize("shape", SHAPES)
def test_jensen_shannon_has_numpys_doane_bins(binned, drawn, shape: str) -> None:
    # As doubles: since version 2, numpy gives whole numbers no bins narrower than 1.
    reference = drawn[shape]["reference"].astype(float)
    edges = np.histogram_bin_edges(reference, bins="doane")
    for change in CHANGES:
        values = drawn[shape][change].astype(float)
        sides = []
        for side in (reference, values):
            inside = side[(side >= reference.min()) & (side <= reference.max())]
            sides.append([*np.histogram(inside, bins=edges)[0], len(side) - len(inside)])
        expected = jensenshannon(*(np.array(side) / sum(side) for side in sides), base=2)
        # A value within a rounding of an edge may be counted on its other side.
        assert binned[shape, change, "jensen_shannon"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_kolmogorov_smirnov(binned, drawn, shape: str, change: str) -> None:
    exact = ks_2samp(drawn[shape]["reference"], drawn[shape][change], method="asymp").statistic
    assert abs(binned[shape, change, "kolmogorov_smirnov"] - exact) <= 0.001


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_wasserstein(binned, drawn, shape: str, change: str) -> None:
    exact = wasserstein_distance(drawn[shape]["reference"], drawn[shape][change])
    deviation = drawn[shape]["reference"].std()
    allowed = 0.01 * max(exact, 0.001 * deviation) + 1e-12
    assert abs(binned[shape, change, "wasserstein"] - exact) <= allowed
    if deviation > 0:
        assert abs(binned[shape, change, "wasserstein_normalized"] - exact / deviation) <= allowed / deviation
    else:
        assert np.isnan(binned[shape, change, "wasserstein_normalized"])
