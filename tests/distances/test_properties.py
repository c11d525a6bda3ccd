"""What every distance keeps, whatever the values: properties by Hypothesis."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlmonitor.metrics import CATALOGUE

DISTANCES = {name: metric for name, metric in CATALOGUE.items() if metric.family == "drift"}
# The cells or the unit are the reference's, so the other way round is another distance; of these the
# cells are only those that either side has.
SYMMETRIC = {
    "number": ["kolmogorov_smirnov", "wasserstein"],
    "level": ["jensen_shannon", "hellinger", "l_infinity", "total_variation", "chi_square", "cramers_v"],
}
ROOTS = {"jensen_shannon", "hellinger", "cramers_v"}

# Some values often meet, so that there are ties, values on edges and on the maximum; some are far away.
number = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-10, 10, allow_nan=False),
    st.sampled_from([0.1, 0.2, 0.30000000000000004, 1e-300, -1e12, 1e12]),
)
anything = st.one_of(number, st.sampled_from([math.nan, math.inf, -math.inf]))
level = st.sampled_from(["a", "b", "c", "", "Ü", "'"])
quick = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def sides(values, smallest: int = 1):
    return st.tuples(
        st.lists(values, min_size=smallest, max_size=40), st.lists(values, min_size=smallest, max_size=40)
    )


def scale(values) -> float:
    """How far rounding reaches where the values are large."""
    finite = [abs(value) for value in values if isinstance(value, float) and math.isfinite(value)]
    return max([1.0, *finite])


@pytest.mark.parametrize("column", ["number", "level"])
@quick
@given(data=st.data())
def test_range(measure, column: str, data) -> None:
    reference, chunk = data.draw(sides(anything if column == "number" else st.none() | level))
    for (_, metric), row in measure(**{f"{column}s": (reference, chunk)}).items():
        value = row["value"]
        assert (value is None) == (row["note"] is not None), metric
        if value is None:
            continue
        limits = DISTANCES[metric].lower_limit, DISTANCES[metric].upper_limit
        assert limits[0] <= value <= (math.inf if limits[1] is None else limits[1]), metric
        assert math.isfinite(value), metric
        assert row["noise_floor"] >= 0, metric
        if row["p_value"] is not None:
            assert 0 <= row["p_value"] <= 1


@pytest.mark.parametrize("column", ["number", "level"])
@quick
@given(data=st.data())
def test_nothing_changed_is_zero(measure, column: str, data) -> None:
    values = data.draw(st.lists(number if column == "number" else level, min_size=1, max_size=40))
    for (_, metric), row in measure(**{f"{column}s": (values, values)}).items():
        if metric == "wasserstein_normalized" and len(set(values)) == 1:
            assert row["value"] is None
            continue
        allowed = 1e-7 if metric in ROOTS else 1e-12
        unit = scale(values) if metric.startswith("wasserstein") else 1
        if metric == "wasserstein_normalized":
            unit = max(unit / max(float(np.std(values)), 1e-300), 1)
        assert row["value"] == pytest.approx(0, abs=allowed * unit), metric
        if metric in ("kolmogorov_smirnov", "chi_square"):
            assert row["p_value"] == pytest.approx(1, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["number", "level"])
@quick
@given(data=st.data())
def test_symmetry(measure, column: str, data) -> None:
    reference, chunk = data.draw(sides(number if column == "number" else level))
    there = measure(**{f"{column}s": (reference, chunk)})
    back = measure(**{f"{column}s": (chunk, reference)})
    new = set(chunk) - set(reference), set(reference) - set(chunk)
    for metric in SYMMETRIC[column]:
        # Levels that the other side lacks are one cell, so two of them on one side are told apart from one.
        if column == "level" and max(map(len, new)) > 1:
            continue
        unit = scale([*reference, *chunk]) if column == "number" else 1
        assert there[column, metric]["value"] == pytest.approx(
            back[column, metric]["value"], rel=1e-9, abs=(1e-7 if metric in ROOTS else 1e-12) * unit
        ), metric


@pytest.mark.parametrize("column", ["number", "level"])
@quick
@given(data=st.data())
def test_order_of_rows(measure, column: str, data) -> None:
    reference, chunk = data.draw(sides(number if column == "number" else level))
    first = measure(**{f"{column}s": (reference, chunk)})
    shuffled = data.draw(st.permutations(reference)), data.draw(st.permutations(chunk))
    second = measure(**{f"{column}s": shuffled})
    unit = scale([*reference, *chunk])
    assert set(first) == set(second)
    for key, row in first.items():
        for name in ("value", "noise_floor", "p_value"):
            if row[name] is None:
                assert second[key][name] is None
            else:
                assert second[key][name] == pytest.approx(row[name], rel=1e-9, abs=1e-12 * unit), key


@pytest.mark.slow
@quick
@given(values=sides(number), missing=st.lists(st.sampled_from([math.nan, None]), max_size=10))
def test_missing_values_take_no_part(measure, values, missing) -> None:
    reference, chunk = values
    without = measure(numbers=(reference, chunk))
    beside = measure(numbers=(reference, [*missing, *chunk]))
    for key, row in without.items():
        assert beside[key]["value"] == (
            None
            if row["value"] is None
            else pytest.approx(row["value"], rel=1e-9, abs=1e-12 * scale([*reference, *chunk]))
        )
        assert beside[key]["unused_count"] == len(missing)


@quick
@given(values=sides(number, smallest=2), shift=st.sampled_from([1.0, -7.0, 64.0]))
def test_kolmogorov_smirnov_and_wasserstein_move_with_the_values(measure, values, shift: float) -> None:
    reference, chunk = (np.round(np.clip(side, -10, 10) * 8) / 8 for side in values)
    here, moved = measure(numbers=(reference, chunk)), measure(numbers=(reference + shift, chunk + shift))
    for metric in ("kolmogorov_smirnov", "wasserstein"):
        assert moved["number", metric]["value"] == pytest.approx(here["number", metric]["value"], abs=1e-12)
