"""Steps over the features: grids, histograms, distances, quality and means."""

from __future__ import annotations

from itertools import pairwise

from sqlglot import exp

from sqlmonitor.definitions import Chunks
from sqlmonitor.plan import Step
from sqlmonitor.planner.draft import Draft
from sqlmonitor.planner.small_tables import small_table
from sqlmonitor.source import Column
from sqlmonitor.trees import parse

FEW = ("week", "month", "quarter", "year")
"""Periods of which there are so few that a chunk's number and a cell's fit one double, which is faster to group by."""

LAST_NUMBER = 2**20 - 1
"""The last chunk's number that leaves a double's other 33 bits for a part's: weeks of the year 11,948. Times after it
are as good as no time, as those before 1900 are: milliseconds that were read as seconds are such."""

AT_ONCE = 20
"""Columns of one counting statement. Numeric cells' numbers fit a double's 53 bits up to 31 columns, but the hash
table of so many counts outgrows the processor's cache: 120 columns cost 11 times as much as 20. Of levels, 70 cost
7 times as much as 20."""


def add_features(draft: Draft) -> None:
    """Adds what the features are compared by, and every metric over them."""
    tables: dict[str, Step] = {}
    if draft.numeric:
        tables |= exact(draft) if draft.monitor.resolution == "exact" else binned(draft)
    if draft.categorical:
        tables |= categories(draft)
    if not tables:
        return
    for metric in [*draft.metrics["drift"], *draft.metrics["quality"], *draft.metrics["summary"]]:
        if metric.columns == "none" or (metric.columns == "numeric" and not draft.numeric):
            continue
        if metric.columns == "categorical" and not draft.categorical:
            continue
        parameters = {name: parse(sql) for name, sql in metric.parameters}
        inputs = {name: small_table(draft, tables, name) for name in metric.needed}
        draft.values.append(draft.add(metric.name, metric.name, metric.template, **inputs, **parameters))


def numeric_columns(draft: Draft) -> list[dict[str, exp.Expr]]:
    """The numeric features as doubles, value_0 and on."""
    return [
        {
            "expression": draft.source.number(column["column"]),
            "alias": exp.to_identifier(f"value_{column['index']}"),
        }
        for column in draft.numeric
    ]


def binned(draft: Draft) -> dict[str, Step]:
    """Counts cells of a fitted grid: one read to fit, one to count."""
    place = {
        "expression": draft.source.place([column["column"] for column in draft.numeric]),
        "alias": exp.to_identifier("place"),
    }
    wide = draft.add(
        "statistics",
        "measure the reference's numeric columns",
        "grid/statistics.sql",
        True,
        rows=draft.source.rows([place, *numeric_columns(draft)], only_reference=True, is_chunked=False),
        columns=draft.numeric,
    )
    statistics = draft.add(
        "statistics_by_column",
        "one row per column",
        "grid/statistics_by_column.sql",
        statistics=wide,
        columns=draft.numeric,
    )
    reference = reference_columns(draft, statistics)
    edges = draft.add("edges", "fit edges", "grid/edges.sql", reference_columns=reference)
    firsts = range(0, len(draft.numeric), AT_ONCE)
    parameters = draft.add(
        "parameters",
        "cells' parameters",
        "grid/parameters.sql",
        reference_columns=reference,
        edges=edges,
        statistics=wide,
    )
    cells = [count_cells(draft, parameters, first) for first in firsts]
    numeric = draft.add(
        "numeric",
        "numeric histograms",
        "histogram/numeric_binned.sql",
        numeric_cells=cells,
        statistics=wide,
        at_once=AT_ONCE,
        reference_columns=reference,
        edges=edges,
    )
    coarse = draft.add("coarse_cells", "whole cells", "histogram/coarse_cells.sql", numeric=numeric)
    draft.stored |= {"edges": edges, "numeric_histograms": coarse}
    return {"numeric": numeric, "coarse": coarse, "reference_columns": reference}


def are_few(chunks: Chunks) -> bool:
    """True where chunks' numbers are ``LAST_NUMBER`` at most, but for times that are wrong."""
    return chunks.period in FEW or (chunks.count is not None and 2 * chunks.count <= LAST_NUMBER)


def count_cells(draft: Draft, parameters: Step, first: int) -> Step:
    """Counts the cells of as many columns as one statement takes, from the first on."""
    number = f"_{first // AT_ONCE + 1}" if len(draft.numeric) > AT_ONCE else ""
    columns = [
        {**column, "place": place} for place, column in enumerate(draft.numeric[first : first + AT_ONCE])
    ]
    kept = {part for metric in draft.metrics["summary"] for part in metric.keeps}
    return draft.add(
        f"numeric_cells{number}",
        "count numeric columns",
        "histogram/numeric_cells.sql",
        rows=draft.source.rows([*numeric_columns(draft)[first : first + AT_ONCE], *draft.segment_columns()]),
        parameters=parameters,
        columns=columns,
        segments=draft.segments,
        **({"last_number": LAST_NUMBER} if are_few(draft.monitor.chunks) else {}),
        **{f"with_{part}": 1 for part in sorted(kept)},
    )


def exact(draft: Draft) -> dict[str, Step]:
    """Counts distinct values: one read, and the fit from its counts."""
    counts = draft.add(
        "numeric_values",
        "count numeric values",
        "histogram/numeric_values.sql",
        rows=draft.source.rows([*numeric_columns(draft), *draft.segment_columns()]),
        columns=draft.numeric,
        segments=draft.segments,
    )
    statistics = draft.add(
        "statistics_by_column",
        "measure the reference's numeric columns",
        "grid/statistics_of_values.sql",
        value_counts=counts,
        columns=draft.numeric,
    )
    reference = reference_columns(draft, statistics)
    numeric = draft.add(
        "numeric",
        "numeric histograms",
        "histogram/numeric_exact.sql",
        value_counts=counts,
        reference_columns=reference,
    )
    edges = draft.add("edges", "fit edges", "grid/edges.sql", reference_columns=reference)
    draft.stored |= {"edges": edges, "numeric_histograms": numeric}
    return {"numeric": numeric, "coarse": numeric, "reference_columns": reference}


def reference_columns(draft: Draft, statistics: Step) -> Step:
    """Adds the fit of ranges and bins; an even grid is refused by the density between quantiles."""
    shares = (0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999)
    bounds = [
        (0.0, "minimum"),
        *((share, f"quantile_{n}") for n, share in enumerate(shares, 1)),
        (1.0, "maximum"),
    ]
    steps = [
        {
            "share": parse(f"{upper[0] - lower[0]:.6f}e0"),
            "lower": parse(lower[1]),
            "upper": parse(upper[1]),
        }
        for lower, upper in pairwise(bounds)
    ]
    return draft.add(
        "reference_columns",
        "fit ranges and bins",
        "grid/reference_columns.sql",
        statistics=statistics,
        density_steps=steps,
    )


def categories(draft: Draft) -> dict[str, Step]:
    """Counts levels: one read, and the fit from its counts."""
    columns = [
        {
            "expression": draft.source.text(column["column"]),
            "alias": exp.to_identifier(f"level_{column['index']}"),
        }
        for column in draft.categorical
    ]
    firsts = range(0, len(columns), AT_ONCE)
    counted = [count_levels(draft, columns, first) for first in firsts]
    counts = counted[0]
    if len(counted) > 1:
        counts = draft.add(
            "category_counts",
            "levels of all columns",
            "histogram/all_category_counts.sql",
            category_counts=counted,
        )
    levels = draft.add(
        "levels",
        "fit levels",
        "grid/levels.sql",
        category_counts=counts,
        columns=draft.categorical,
        max_levels=draft.monitor.max_levels,
    )
    categorical = draft.add(
        "categorical",
        "categorical histograms",
        "histogram/categorical.sql",
        category_counts=counts,
        levels=levels,
        columns=draft.categorical,
    )
    draft.stored |= {"levels": levels, "categorical_histograms": categorical}
    return {"categorical": categorical}


def count_levels(draft: Draft, columns: list[Column], first: int) -> Step:
    """Counts the levels of as many columns as one statement takes, from the first on."""
    number = f"_{first // AT_ONCE + 1}" if len(columns) > AT_ONCE else ""
    return draft.add(
        f"category_counts{number}",
        "count categorical columns",
        "histogram/category_counts.sql",
        rows=draft.source.rows([*columns[first : first + AT_ONCE], *draft.segment_columns()]),
        columns=draft.categorical[first : first + AT_ONCE],
        segments=draft.segments,
    )
