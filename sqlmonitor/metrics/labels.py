"""The labels themselves: how many there are, and how long they took. Late labels are no fault, so none alerts by default."""

from __future__ import annotations

from sqlmonitor.metrics.metric import NO_THRESHOLD, Metric
from sqlmonitor.metrics.performance import BINARY
from sqlmonitor.metrics.regression import REGRESSION

SHARES = {"label_delay_median": 0.5, "label_delay_90_percent": 0.9}
"""Share of the labels that took no longer, by the metric's name."""


def delay(name: str, share: str) -> Metric:
    """How long labels take."""
    return Metric(
        name=name,
        family="performance",
        template="cells/label_delays.sql",
        tasks=(*BINARY, *REGRESSION),
        needs="scores",
        needs_observed_at=True,
        formula=f"time from a row's timestamp to its target.observed_at that {share} of the chunk's labels took at "
        "most, of those that are there: within 1 % of (one minute + itself); realized only",
        unit="hours",
        null_when="no row with a label and a time when it was observed",
        families=("realized",),
        default_threshold=NO_THRESHOLD,
    )


METRICS = (
    Metric(
        name="label_coverage",
        family="performance",
        template="cells/label_coverage.sql",
        tasks=(*BINARY, *REGRESSION),
        needs="scores",
        formula="share of rows with a label; realized only, and only where there is a target",
        families=("realized",),
        lower_limit=0,
        upper_limit=1,
        # Results are partial until maturity and minimum coverage.
        default_threshold=NO_THRESHOLD,
    ),
    delay("label_delay_median", "half"),
    delay("label_delay_90_percent", "90 %"),
)
