"""The small tables over stored histograms that metrics read, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmonitor.metrics.distance import complementary_error_function
from sqlmonitor.plan import Step
from sqlmonitor.planner.draft import Draft
from sqlmonitor.trees import parse


@dataclass(frozen=True)
class SmallTable:
    """One step between the histograms and the metrics.

    Args:
        title: for progress and comments.
        template: relative to ``sql_templates``.
        reads: the name its template gives a table → the table; tables that a monitor has no columns for
            are left out.
        parameters: SQL that its template takes, by name.
    """

    title: str
    template: str
    reads: dict[str, str]
    parameters: tuple[tuple[str, str], ...] = ()


SMALL_TABLES = {
    "doane_bins": SmallTable(
        "coarsen histograms",
        "histogram/doane_bins.sql",
        {"numeric": "coarse", "categorical": "categorical", "reference_columns": "reference_columns"},
    ),
    "bins": SmallTable("compare bins with the reference", "histogram/bins.sql", {"doane_bins": "doane_bins"}),
    "cell_pairs": SmallTable(
        "compare cells with the reference", "histogram/cell_pairs.sql", {"numeric": "coarse"}
    ),
    "distribution_functions": SmallTable(
        "compare distribution functions",
        "histogram/distribution_functions.sql",
        {"cell_pairs": "cell_pairs", "reference_columns": "reference_columns"},
    ),
    "reference_cells": SmallTable(
        "cumulate the reference",
        "histogram/reference_cells.sql",
        {"numeric": "numeric", "reference_columns": "reference_columns"},
    ),
    "reference_shapes": SmallTable(
        "measure the reference's distribution functions",
        "histogram/reference_shapes.sql",
        {"reference_cells": "reference_cells", "reference_columns": "reference_columns"},
    ),
    "chunk_cells": SmallTable(
        "place chunks beside the reference",
        "histogram/chunk_cells.sql",
        {"numeric": "numeric", "reference_cells": "reference_cells"},
    ),
    "chunk_areas": SmallTable(
        "areas between distribution functions",
        "histogram/chunk_areas.sql",
        {"chunk_cells": "chunk_cells", "reference_cells": "reference_cells"},
    ),
    "deciles": SmallTable(
        "compare deciles with the reference",
        "histogram/deciles.sql",
        {"cell_pairs": "cell_pairs", "bins": "bins"},
    ),
    "moments": SmallTable("mean and spread of columns", "histogram/moments.sql", {"numeric": "numeric"}),
    "contingency": SmallTable(
        "tables of levels by reference and chunk", "contingency/contingency.sql", {"bins": "bins"}
    ),
    "chi_square_tail": SmallTable(
        "tails of the chi-square distribution",
        "contingency/chi_square_tail.sql",
        {"statistics": "contingency"},
        (("erfc", complementary_error_function("root")),),
    ),
}


def small_table(draft: Draft, tables: dict[str, Step], name: str) -> Step | None:
    """The table of that name, made when something asks for it first.

    Args:
        draft: takes the step.
        tables: what is there, from the histograms on; takes the step too.
        name: of the table.

    Returns:
        The step, or None where the monitor has no column that would fill it.
    """
    if name not in tables:
        if name not in SMALL_TABLES:
            return None
        table = SMALL_TABLES[name]
        inputs = {key: small_table(draft, tables, read) for key, read in table.reads.items()}
        there: dict[str, Any] = {key: step for key, step in inputs.items() if step is not None}
        if not there:
            return None
        parameters = {key: parse(sql) for key, sql in table.parameters}
        there["max_levels"] = draft.monitor.max_levels
        tables[name] = draft.add(name, table.title, table.template, **there, **parameters)
    return tables[name]
