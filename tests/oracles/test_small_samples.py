"""``resolution: binned`` beside scipy's exact distances, for references and chunks of few rows.

Kolmogorov-Smirnov is to be within 0.001, Wasserstein within 1 % of the exact value or of 0.001 standard
deviations of the reference, whichever is larger.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

Draw = Callable[[np.random.Generator, int], np.ndarray]
SHAPES: dict[str, Draw] = {
    "normal": lambda rng, size: rng.normal(size=size),
    "uniform": lambda rng, size: rng.random(size),
    "lognormal": lambda rng, size: rng.lognormal(0, 2, size),
    "zero_inflated": lambda rng, size: np.where(rng.random(size) < 0.4, 0, rng.exponential(size=size)),
    "whole": lambda rng, size: rng.poisson(20, size).astype(float),
    "heavy": lambda rng, size: rng.standard_t(1.5, size),
    "constant": lambda rng, size: np.full(size, 3.0),
}
SHIFTS = (0, 0.01, 0.1, 0.5, 1)
# Rows of the reference and of each chunk, and the seed; with seed 4, whole numbers of which one side has few.
SIZES = [(300, 100, 1), (500, 2000, 4), (1200, 1200, 1), (1200, 300, 2), (12_000, 1000, 1), (60_000, 5000, 2)]


def monitor(columns: list[str]) -> str:
    return f"""\
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
    metrics: {{drift: [kolmogorov_smirnov, wasserstein]}}
    features: {{numeric: [{", ".join(columns)}]}}
"""


def binned(compute: Callable[..., pd.DataFrame], parts: list[dict[str, np.ndarray]]) -> pd.Series:
    """Distances by column, number of the part, and metric; the first part is the reference."""
    columns = list(parts[0])
    frames = [
        pd.DataFrame({"at": pd.Timestamp("2024-01-01") + pd.DateOffset(months=number)} | part)
        for number, part in enumerate(parts)
    ]
    table = pd.concat(frames, ignore_index=True).reset_index(names="id")
    with duckdb.connect() as connection:
        connection.register("frame", table)
        connection.execute("create table shapes as from frame")
        results = compute(connection, monitor(columns))
    results = results[results["family"] == "drift"]
    numbers = {chunk: number for number, chunk in enumerate(sorted(results["chunk"].unique()))}
    results["part"] = results["chunk"].map(numbers)
    return results.set_index(["column_name", "part", "metric"])["value"]


@pytest.mark.parametrize(("reference_size", "chunk_size", "seed"), SIZES, ids=str)
def test_distances_of_few_rows(compute, reference_size: int, chunk_size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [{shape: draw(rng, reference_size) for shape, draw in SHAPES.items()}]
    parts += [
        {shape: draw(rng, chunk_size) * (1 + shift) + 0.3 * shift for shape, draw in SHAPES.items()}
        for shift in SHIFTS
    ]
    found = binned(compute, parts)
    for shape in SHAPES:
        reference = parts[0][shape]
        for number, chunk in enumerate(parts[1:], 1):
            with warnings.catch_warnings():
                # About a p-value that nobody reads.
                warnings.simplefilter("ignore", RuntimeWarning)
                exact = ks_2samp(reference, chunk[shape]).statistic
            assert abs(found[shape, number, "kolmogorov_smirnov"] - exact) <= 0.001, (shape, number)
            area = wasserstein_distance(reference, chunk[shape])
            allowed = 0.01 * max(area, 0.001 * reference.std()) + 1e-12
            assert abs(found[shape, number, "wasserstein"] - area) <= allowed, (shape, number)


def test_heaps_that_are_closer_than_a_part_of_a_cell_are_one(compute) -> None:
    # 1,000 rows: parts of 1/1024 of a cell, cells of about 1/1000 of the range.
    rng = np.random.default_rng(8)
    reference, chunk = rng.poisson(20, 1000) + 0.3, rng.poisson(22, 600) + 0.3
    parts = [
        {"heaps": values} for values in (reference, chunk, chunk + 1e-9, chunk + 3e-6 * np.ptp(reference))
    ]
    found = binned(compute, parts)["heaps"]
    equal = ks_2samp(reference, chunk).statistic
    apart = ks_2samp(reference, parts[3]["heaps"]).statistic
    assert apart > equal + 0.01
    assert found[1, "kolmogorov_smirnov"] == pytest.approx(equal, abs=1e-12)
    assert found[2, "kolmogorov_smirnov"] == pytest.approx(equal, abs=1e-12)
    assert found[3, "kolmogorov_smirnov"] == pytest.approx(apart, abs=1e-12)
