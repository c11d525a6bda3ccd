"""What comparisons and profiles show of columns beyond their metrics, from the same stored counts."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.planner.draft import Draft
from sqlmonitor.trees import parse

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""The quantiles of numeric columns, quantile_0 and on."""
BAR_COUNT = 12
"""Bars of a small histogram, between the first and the last of the quantiles."""


def add_details(draft: Draft) -> None:
    """Adds the levels that stand out, and quantiles and small histograms where a metric keeps extremes."""
    if draft.categorical:
        draft.add(
            "level_counts",
            "levels that stand out",
            "histogram/level_counts.sql",
            category_counts=draft["category_counts"],
            columns=draft.categorical,
        )
    if draft.numeric and any("extremes" in metric.keeps for metric in draft.metrics["summary"]):
        quantiles = draft.add(
            "quantiles",
            "quantiles",
            "summary/quantiles.sql",
            numeric=draft["numeric"],
            shares=[{"number": number, "share": parse(f"{share}e0")} for number, share in enumerate(SHARES)],
        )
        draft.add(
            "bars",
            "small histograms",
            "histogram/bars.sql",
            numeric=draft["numeric"],
            quantiles=quantiles,
            lower=exp.to_identifier("quantile_0"),
            upper=exp.to_identifier(f"quantile_{len(SHARES) - 1}"),
            bar_count=BAR_COUNT,
        )
