"""Distances of values in memory by the plan's own steps, and the same by numpy and scipy."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from sqlmonitor import planner, templates
from sqlmonitor.definitions import loads
from sqlmonitor.metrics import CATALOGUE
from sqlmonitor.plan import Step

Measure = Callable[..., dict[tuple[str, str], dict[str, object]]]
DISTANCES = [name for name, metric in CATALOGUE.items() if metric.family == "drift"]
COUNTED = {"numeric_values": ("value", "double"), "category_counts": ("level", "varchar")}
"""The steps that scan the source → the column of their values, and its type."""


def steps_after_counting() -> list[Step]:
    """The steps between the counted values and the distances, in order."""
    monitor = {
        "name": "values",
        "task": "none",
        "predictions": "nothing",
        "id": "id",
        "timestamp": "at",
        "reference": "is_reference",
        "chunks": "month",
        "resolution": "exact",
        "metrics": {"drift": DISTANCES},
        "features": {"numeric": ["number"], "categorical": ["level"]},
    }
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]}))
    plan = planner.plan(project, project.monitors[0])
    wanted = set(DISTANCES)
    for step in reversed(plan.steps):
        if step.name in wanted and step.name not in COUNTED:
            wanted |= {parent.name for parent in step.parents()}
    return [step for step in plan.steps if step.name in wanted - set(COUNTED)]


@pytest.fixture(scope="session")
def measure() -> Iterator[Measure]:
    """Every distance of a chunk from a reference: ``measure(numbers=(reference, chunk), levels=…)``.

    Gives value, noise floor, p-value and note by column (``number``, ``level``) and metric.
    """
    steps = steps_after_counting()
    statements = [templates.statement(step) for step in steps]
    nothing: tuple[list, list] = ([], [])
    with duckdb.connect() as connection:

        def computed(numbers=nothing, levels=nothing) -> dict[tuple[str, str], dict[str, object]]:
            for (step, (column, kind)), sides in zip(COUNTED.items(), (numbers, levels), strict=True):
                rows = pd.DataFrame(
                    {
                        "chunk_number": np.repeat([1, 2], [len(side) for side in sides]),
                        "given": pd.Series(
                            [*sides[0], *sides[1]], dtype="float" if kind == "double" else "object"
                        ),
                    }
                )
                connection.register("rows", rows)
                connection.execute(
                    f"create or replace temp table sqlmonitor_{step} as select chunk_number, '' as segment_column"
                    f", '' as segment_value, 0 as column_index, cast(given as {kind}) as {column}"
                    ", count(*) as row_count from rows group by all"
                )
                connection.unregister("rows")
            for statement in statements:
                connection.execute(statement)
            parts = [f"select * from sqlmonitor_{name} where chunk_number = 2" for name in DISTANCES]
            found = connection.execute(" union all ".join(parts)).df()
            return {
                (row["column_name"], row["metric"]): row
                for row in found.astype(object).where(found.notna(), None).to_dict("records")
            }

        yield computed


def doane_counts(reference: np.ndarray, chunk: np.ndarray) -> np.ndarray:
    """Counts of both sides in the reference's Doane bins, the last for all outside."""
    finite = reference[np.isfinite(reference)]
    edges = np.histogram_bin_edges(finite, bins="doane")
    counts = []
    for side in (reference, chunk):
        inside = side[(side >= finite.min()) & (side <= finite.max())]
        counts.append([*np.histogram(inside, edges)[0], len(side) - len(inside)])
    return np.array(counts)


def level_counts(reference: np.ndarray, chunk: np.ndarray) -> np.ndarray:
    """Counts of both sides by the reference's levels, the last for all that it lacks."""
    known = np.unique(reference)
    return np.array(
        [
            [*(side[:, None] == known).sum(axis=0), (~np.isin(side, known)).sum()]
            for side in (reference, chunk)
        ]
    )


def decile_counts(reference: np.ndarray, chunk: np.ndarray) -> np.ndarray:
    """Counts of both sides in (decile, next], and outside where an end of the reference is a heap."""
    ordered = np.sort(reference)
    size = len(ordered)
    edges = ordered[[-(-tenth * size // 10) - 1 for tenth in range(1, 10)]]
    places = [np.searchsorted(edges, side, side="left") for side in (reference, chunk)]
    is_heap_below = 10 * (reference == ordered[0]).sum() >= size
    is_heap_above = 10 * (reference == ordered[-1]).sum() >= size
    if is_heap_below:
        places[1] = np.where(chunk < ordered[0], 10, places[1])
    if is_heap_above:
        places[1] = np.where(chunk > ordered[-1], 10, places[1])
    counts = np.array([np.bincount(place, minlength=11) for place in places])
    if not (is_heap_below or is_heap_above):
        assert not counts[:, 10].any()
    return counts[:, (counts[0] > 0) | ((np.arange(11) == 10) & (is_heap_below or is_heap_above))]


def stability_index(counts: np.ndarray) -> float:
    p, q = (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + counts.shape[1] / 2)
    return float(((p - q) * np.log(p / q)).sum())


def bergsma(counts: np.ndarray) -> float:
    """Bias-corrected Cramér's V, step by step as in Bergsma 2013, equations 4 to 7."""
    table = counts[:, counts.sum(axis=0) > 0]
    rows, columns = table.shape
    if columns == 1:
        return 0.0
    size = table.sum()
    phi = chi2_contingency(table, correction=False).statistic / size
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (size - 1))
    rows_corrected = rows - (rows - 1) ** 2 / (size - 1)
    columns_corrected = columns - (columns - 1) ** 2 / (size - 1)
    most = min(rows_corrected, columns_corrected) - 1
    return min(1.0, math.sqrt(phi / most)) if most > 0 else 0.0


def proportions(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(axis=1, keepdims=True)


def chi_square(counts: np.ndarray) -> float:
    return float(chi2_contingency(counts[:, counts.sum(axis=0) > 0]).statistic)


OVER_COUNTS = {
    "jensen_shannon": lambda counts: float(jensenshannon(counts[0], counts[1], base=2)),
    "hellinger": lambda counts: math.sqrt(1 - min(1, np.sqrt(np.prod(proportions(counts), axis=0)).sum())),
    "total_variation": lambda counts: float(np.abs(np.subtract(*proportions(counts))).sum() / 2),
}
OVER_LEVELS = {
    "population_stability_index": stability_index,
    "l_infinity": lambda counts: float(np.abs(np.subtract(*proportions(counts))).max()),
    "chi_square": chi_square,
    "cramers_v": bergsma,
}
OVER_VALUES = {
    "kolmogorov_smirnov": lambda reference, chunk: float(
        ks_2samp(reference, chunk, method="asymp").statistic
    ),
    "wasserstein": wasserstein_distance,
    "wasserstein_normalized": lambda reference, chunk: (
        wasserstein_distance(reference, chunk) / reference.std() if np.ptp(reference) else None
    ),
}


def of_counts(counts: np.ndarray) -> dict[str, float | None]:
    """The distances of two rows of counts by level, the last for all that the first row's side lacks."""
    return {name: formula(counts) for name, formula in (OVER_COUNTS | OVER_LEVELS).items()}


@pytest.fixture(scope="session")
def expected_of_counts() -> Callable[[np.ndarray], dict[str, float | None]]:
    return of_counts


@pytest.fixture(scope="session")
def expected() -> Callable[[str, np.ndarray, np.ndarray], dict[str, float | None]]:
    """The distances of two arrays of values that are there, ``number`` or ``level``, by numpy and scipy."""

    def computed(column: str, reference: np.ndarray, chunk: np.ndarray) -> dict[str, float | None]:
        if column == "level":
            return of_counts(level_counts(reference, chunk))
        counts = doane_counts(reference, chunk)
        found = {name: formula(counts) for name, formula in OVER_COUNTS.items()}
        found["population_stability_index"] = stability_index(decile_counts(reference, chunk))
        is_finite = np.isfinite(reference).all() and np.isfinite(chunk).all()
        for name, formula in OVER_VALUES.items():
            found[name] = formula(reference, chunk) if is_finite or name == "kolmogorov_smirnov" else None
        return found

    return computed
