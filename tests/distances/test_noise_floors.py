"""The noise floor is the mean distance of two samples of one distribution, simulated in numpy.

A floor is read off a few pairs of samples, the mean is of 250 (numbers) or 1,000 (levels), so a ratio has
a simulation error of 1 to 4 %.
"""

from __future__ import annotations

import numpy as np
import pytest

SIZES = [pytest.param(500, 5000), pytest.param(2000, 2000, marks=pytest.mark.slow)]
NUMBERS = {
    "normal": lambda rng, size: rng.normal(0, 1, size),
    "uniform": lambda rng, size: rng.random(size),
    "whole": lambda rng, size: rng.poisson(4, size).astype(float),
    "zeros": lambda rng, size: np.where(rng.random(size) < 0.6, 0, rng.exponential(1, size)),
    "two": lambda rng, size: (rng.random(size) < 0.3).astype(float),
    "lognormal": lambda rng, size: rng.lognormal(0, 2, size),
}
LEVELS = {
    "two": [0.5, 0.5],
    "rare": [0.95, 0.05],
    "three": [1 / 3] * 3,
    "five": [0.4, 0.3, 0.15, 0.1, 0.05],
    "thirty": list(np.arange(1, 31) / 465),
}
DEFAULT = 0.1
TOLERANCES = {
    # Few rows stand at the reference's ends, and what is beyond them is counted after the fact.
    ("hellinger", "normal"): 0.15,
    ("hellinger", "uniform"): 0.15,
    ("jensen_shannon", "normal"): 0.15,
    # One value holds 60 %: the maximum is over the other 40 % of the path.
    ("kolmogorov_smirnov", "zeros"): 0.25,
    # The mean is made by a few samples with a huge value in them, on both sides.
    ("wasserstein", "lognormal"): 0.5,
    ("wasserstein_normalized", "lognormal"): 0.5,
}


def check(values: dict[str, list[float]], floors: list[dict], shape: str) -> None:
    found = {row["metric"] for rows in floors for row in rows.values()}
    assert found == set(values)
    ratios = {}
    for metric, distances in values.items():
        floor = np.mean(
            [row["noise_floor"] for rows in floors for row in rows.values() if row["metric"] == metric]
        )
        ratios[metric] = float(np.mean(distances) / floor)
    for metric, ratio in ratios.items():
        tolerance = TOLERANCES.get((metric, shape), DEFAULT)
        assert abs(ratio - 1) < tolerance, f"{metric}, {shape}: {ratio:.3f}"


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize(
    "shape",
    [pytest.param(name, marks=pytest.mark.slow if name in ("uniform", "whole") else ()) for name in NUMBERS],
)
def test_of_numbers(measure, expected, shape: str, n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    draw = NUMBERS[shape]
    values: dict[str, list[float]] = {}
    for _ in range(250):
        for metric, value in expected("number", draw(rng, m), draw(rng, n)).items():
            values.setdefault(metric, []).append(value)
    check(values, [measure(numbers=(draw(rng, m), draw(rng, n))) for _ in range(12)], shape)


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("shape", LEVELS)
def test_of_levels(measure, expected_of_counts, shape: str, n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    shares = LEVELS[shape]
    values: dict[str, list[float]] = {}
    for counts in zip(rng.multinomial(m, shares, 1000), rng.multinomial(n, shares, 1000), strict=True):
        # The last is the cell of unseen levels.
        for metric, value in expected_of_counts(np.column_stack([counts, [0, 0]])).items():
            values.setdefault(metric, []).append(value)
    sides = [tuple(rng.choice(len(shares), size, p=shares).astype("U2") for size in (m, n)) for _ in range(6)]
    check(values, [measure(levels=side) for side in sides], shape)
