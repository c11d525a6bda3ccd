"""Every distance against numpy and scipy, on tables that have everything that data can have."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2, chi2_contingency, ks_2samp, kstwobign
from scipy.stats.contingency import association

NUMBERS = {
    "normal": lambda rng, size: rng.normal(0, 1, size),
    "uniform": lambda rng, size: rng.random(size),
    "lognormal": lambda rng, size: rng.lognormal(0, 2, size),
    "zeros": lambda rng, size: np.where(rng.random(size) < 0.6, 0, rng.exponential(1, size)),
    "capped": lambda rng, size: np.minimum(rng.normal(0, 1, size), 0.8),
    "whole": lambda rng, size: rng.poisson(4, size).astype(float),
    "two": lambda rng, size: (rng.random(size) < 0.3).astype(float),
    "heavy": lambda rng, size: rng.standard_t(1.5, size),
    "constant": lambda rng, size: np.full(size, 0.1),
    "large": lambda rng, size: 1e9 + rng.normal(0, 1, size),
}
CHANGES = {
    "nothing": lambda values: values,
    "moved": lambda values: values + 0.25,
    "far": lambda values: values + 1e6,
    "below": lambda values: values - 3,
    "one_row": lambda values: values[:1],
    "all_equal": lambda values: np.full(len(values), values[0]),
    "missing": lambda values: np.where(np.arange(len(values)) % 3, values, math.nan),
    "infinite": lambda values: np.concatenate([values, [math.inf, math.inf, -math.inf]]),
}
LEVELS = {1: [1.0], 2: [0.7, 0.3], 3: [0.5, 0.3, 0.2], 12: list(np.arange(1, 13) / 78), 40: [1 / 40] * 40}


def close(found: dict, expected: dict[str, float | None], column: str, unit: float = 1.0) -> None:
    """Equal to 1e-9; a distance that is a root of something near 0 keeps half of the digits."""
    for metric, value in expected.items():
        row = found[column, metric]
        if value is None:
            assert row["value"] is None, metric
            assert row["note"], metric
            assert row["noise_floor"] is None, metric
            continue
        is_root = metric in ("jensen_shannon", "hellinger", "cramers_v") and value < 1e-6
        size = unit if metric.startswith("wasserstein") else 1.0
        assert row["value"] == pytest.approx(value, rel=1e-9, abs=(1e-7 if is_root else 1e-9) * size), metric
        assert row["noise_floor"] >= 0, metric
        assert row["note"] is None, metric


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", NUMBERS)
def test_numbers(measure, expected, shape: str, change: str) -> None:
    rng = np.random.default_rng(11)
    reference, chunk = NUMBERS[shape](rng, 700), CHANGES[change](NUMBERS[shape](rng, 300))
    found = measure(numbers=(reference, chunk))
    with np.errstate(invalid="ignore"):
        wanted = expected("number", reference, chunk[~np.isnan(chunk)])
    # Of values of 1e9 a double has seven digits after the point, and so has an area between them.
    close(found, wanted, "number", unit=max(1.0, float(np.abs(chunk[np.isfinite(chunk)]).max()) * 1e-6))
    assert found["number", "hellinger"]["row_count"] == (~np.isnan(chunk)).sum()
    assert found["number", "hellinger"]["unused_count"] == np.isnan(chunk).sum()
    assert not any(column == "level" for column, _ in found)


@pytest.mark.parametrize("change", ["nothing", "unseen", "one_row", "one_level", "missing"])
@pytest.mark.parametrize("count", LEVELS)
def test_levels(measure, expected, count: int, change: str) -> None:
    rng = np.random.default_rng(12)
    reference, chunk = (
        rng.choice(count, size, p=LEVELS[count]).astype(str).astype(object) for size in (700, 300)
    )
    if change == "unseen":
        chunk[:40] = "new"
        chunk[40:50] = "newer"
    elif change == "one_row":
        chunk = chunk[:1]
    elif change == "one_level":
        chunk[:] = "0"
    elif change == "missing":
        chunk[::3] = None
    found = measure(levels=(reference, chunk))
    there = np.array([level for level in chunk if level is not None])
    wanted = expected("level", reference.astype(str), there)
    close(found, wanted, "level")
    assert found["level", "chi_square"]["p_value"] == pytest.approx(
        scipys_p_value(reference, there), abs=1e-9
    )


def scipys_p_value(reference: np.ndarray, chunk: np.ndarray) -> float:
    known = np.unique([*reference, *chunk])
    new = ~np.isin(known, reference.astype(str))
    table = np.array([[(side.astype(str) == level).sum() for level in known] for side in (reference, chunk)])
    table = np.column_stack([table[:, ~new], table[:, new].sum(axis=1)])
    return float(chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue)


def test_cramers_v_without_its_correction_is_scipys(measure) -> None:
    rng = np.random.default_rng(13)
    reference, chunk = (rng.choice(4, 500, p=p) for p in ([0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]))
    row = measure(levels=(reference.astype(str), chunk.astype(str)))["level", "cramers_v"]
    table = np.array([np.bincount(side, minlength=4) for side in (reference, chunk)])
    uncorrected = association(table, method="cramer")
    size = table.sum()
    assert row["value"] == pytest.approx(
        math.sqrt((uncorrected**2 - 3 / (size - 1)) / (1 - 1 / (size - 1))), rel=1e-12
    )
    assert 0 < uncorrected - row["value"] < 0.01


@pytest.mark.parametrize("degrees", [1, 2, 3, 10, 51, 400, 999])
def test_chi_square_tail_with_many_levels(measure, degrees: int) -> None:
    rng = np.random.default_rng(degrees)
    reference, chunk = (
        np.concatenate([np.arange(degrees + 1), rng.integers(0, degrees + 1, size)]).astype(str)
        for size in (9000, 3000)
    )
    row = measure(levels=(reference, chunk))["level", "chi_square"]
    assert row["p_value"] == pytest.approx(chi2.sf(row["value"], degrees), abs=1e-9)


@pytest.mark.parametrize(("n", "m"), [(50, 60), (500, 5000), (2000, 2000)])
def test_kolmogorov_smirnovs_p_value(measure, n: int, m: int) -> None:
    rng = np.random.default_rng(14)
    for shift in (0, 0.05, 0.1, 0.3):
        reference, chunk = rng.normal(0, 1, m), rng.normal(shift, 1, n)
        p_value = measure(numbers=(reference, chunk))["number", "kolmogorov_smirnov"]["p_value"]
        asymptotic = ks_2samp(chunk, reference, method="asymp")
        scaled = asymptotic.statistic * math.sqrt(n * m / (n + m))
        assert p_value == pytest.approx(kstwobign.sf(scaled), abs=1e-9)
        # The limit is above the exact chance (it alerts later), by less the more rows there are.
        exact = ks_2samp(chunk, reference, method="exact").pvalue
        allowed = {50: 0.04, 500: 0.015, 2000: 0.001}[n]
        assert -1e-3 < p_value - exact < allowed


@pytest.mark.parametrize("column", ["number", "level"])
@pytest.mark.parametrize("side", ["chunk", "reference", "both"])
def test_nothing_to_compare_is_said(measure, column: str, side: str) -> None:
    values = [1.0, 2.0, 3.0] if column == "number" else ["a", "b", "b"]
    nothing = [math.nan] * 3 if column == "number" else [None] * 3
    sides = (values if side == "chunk" else nothing, nothing if side != "reference" else values)
    found = measure(**{f"{column}s": sides})
    assert {where for where, _ in found} == {column}
    for (_, metric), row in found.items():
        assert row["value"] is None, metric
        assert row["noise_floor"] is None, metric
        assert row["p_value"] is None, metric
        assert row["note"] == ("no values" if side == "chunk" else "the reference has no values"), metric
