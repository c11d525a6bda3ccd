"""Which rule sets the threshold of every metric: the most specific word of the user wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from sqlmonitor.definitions import Comparison, Monitor, Threshold
from sqlmonitor.metrics import BOTH_SIDES, DefaultThreshold, Metric

POINTS = {"family": 1, "metric": 2, "column": 2, "compare": 2, "segment": 2, "segment_value": 3}
"""What each selector of a threshold counts for; a value of a segment instead of its column."""


@dataclass(frozen=True)
class Series:
    """Values that share a threshold, in each segment their own.

    Args:
        family: as in the results.
        metric: a metric's name or a KPI's.
        column: a feature; empty for values of the model.
        default: the threshold where the user sets none.
        lower_limit: smallest possible value.
        upper_limit: largest possible value.
    """

    family: str
    metric: str
    column: str
    default: DefaultThreshold
    lower_limit: float | None = None
    upper_limit: float | None = None

    @property
    def families(self) -> tuple[str, ...]:
        """What a threshold may call its family."""
        return (self.family, "performance") if self.family in ("estimated", "realized") else (self.family,)

    def points(self, threshold: Threshold) -> int | None:
        """How specific the threshold is, segments aside; None where it is for other values."""
        selectors = (
            ("family", threshold.family, self.families),
            ("metric", threshold.metric, (self.metric,)),
            ("column", threshold.column, (self.column,)),
        )
        if any(word is not None and word not in named for _, word, named in selectors):
            return None
        return sum(POINTS[key] for key, word, _ in selectors if word is not None)


def rules(
    monitor: Monitor, metrics: dict[str, list[Metric]], comparison: Comparison | None = None
) -> list[dict[str, exp.Expr]]:
    """One rule for every family, metric and column of the results, and one more for each segment that
    the user's thresholds treat by itself.

    Args:
        monitor: with the user's thresholds, in order; of two equally specific ones the later wins.
        metrics: the chosen metrics by family.
        comparison: what the values are of; None for the monitor's own chunks and reference.

    Returns:
        Literals named as the template ``threshold/rules.sql`` takes them.

    Raises:
        ConfigurationError: for a threshold that matches no value of this monitor.
    """
    every = list(series(monitor, metrics))
    for index, threshold in enumerate(monitor.thresholds):
        _check_matches(monitor, index, threshold, every)
    columns = dict.fromkeys(t.segment_column for t in monitor.thresholds if t.segment_column is not None)
    values = dict.fromkeys(
        (t.segment_column, t.segment_value) for t in monitor.thresholds if t.segment_value is not None
    )
    scopes = [("", None), *((column, None) for column in columns), *values]
    listed = []
    for one in every:
        chosen: dict[tuple[str | None, str | None], Threshold | None] = {}
        for column, value in scopes:
            wider = chosen.get((column, None), chosen.get(("", None)))
            winner = chosen[column, value] = _chosen(monitor, one, column, value, comparison)
            if column == "" or winner is not wider:
                listed.append(_rule(one, winner, column or "", value))
    return listed


def series(monitor: Monitor, metrics: dict[str, list[Metric]]) -> Iterator[Series]:
    """Every family, metric and column that the results have."""
    for chosen in metrics.values():
        for metric in chosen:
            for result_family in result_families(monitor, metric):
                for column in columns(monitor, metric):
                    yield Series(
                        result_family,
                        metric.name,
                        column,
                        metric.default_threshold,
                        metric.lower_limit,
                        metric.upper_limit,
                    )
    for kpi in monitor.kpis:
        for family in ("kpi",) if kpi.sql is not None else ("estimated", "realized"):
            yield Series(family, kpi.name, "", BOTH_SIDES)


def result_families(monitor: Monitor, metric: Metric) -> tuple[str, ...]:
    """The families under which a metric stands in the results; none where it needs a target that is not there."""
    if metric.family != "performance":
        return (metric.family,)
    families = metric.families
    if monitor.task == "regression":
        families = tuple(family for family in families if family == "realized")
    return families if monitor.target is not None or "estimated" in families else ()


def columns(monitor: Monitor, metric: Metric) -> tuple[str, ...]:
    """The columns that a metric is computed for; one empty name for metrics of the model."""
    features = monitor.features
    return {
        "none": ("",),
        "numeric": features.numeric,
        "categorical": features.categorical,
        "both": (*features.numeric, *features.categorical),
    }[metric.columns]


def _chosen(
    monitor: Monitor, one: Series, column: str | None, value: str | None, comparison: Comparison | None
) -> Threshold | None:
    best, chosen = -1, None
    for threshold in monitor.thresholds:
        points = one.points(threshold)
        if points is None or threshold.compare not in (None, comparison):
            continue
        if threshold.compare is not None:
            points += POINTS["compare"]
        if threshold.segment_value is not None:
            if (threshold.segment_column, threshold.segment_value) != (column, value):
                continue
            points += POINTS["segment_value"]
        elif threshold.segment_column is not None:
            if threshold.segment_column != column:
                continue
            points += POINTS["segment"]
        if points >= best:
            best, chosen = points, threshold
    return chosen


def _rule(
    one: Series, threshold: Threshold | None, segment_column: str, segment_value: str | None
) -> dict[str, exp.Expr]:
    kind, lower, upper = one.default.kind, one.default.lower, one.default.upper
    if threshold is not None:
        limits = threshold.constant or threshold.standard_deviation
        assert limits is not None
        kind = "constant" if threshold.constant is not None else "standard_deviation"
        lower, upper = limits.lower, limits.upper
    texts = {
        "family": one.family,
        "metric": one.metric,
        "column_name": one.column,
        "segment_column": segment_column,
        "segment_value": segment_value or "",
        "kind": kind,
    }
    numbers = {
        "lower": lower,
        "upper": upper,
        "lower_limit": one.lower_limit,
        "upper_limit": one.upper_limit,
    }
    scope = 0 if segment_column == "" else 1 if segment_value is None else 2
    return (
        {name: exp.Literal.string(text) for name, text in texts.items()}
        | {
            name: exp.null() if number is None else exp.convert(float(number))
            for name, number in numbers.items()
        }
        | {"scope": exp.convert(scope)}
    )


def _check_matches(monitor: Monitor, index: int, threshold: Threshold, every: list[Series]) -> None:
    place = f"thresholds[{index}]"
    if threshold.segment_column is not None and threshold.segment_column not in monitor.segments:
        raise monitor.error(
            f"{place}.segment",
            f"matches no segment of this monitor: '{threshold.segment_column}' is not among its segments",
            allowed=monitor.segments or None,
            word=threshold.segment_column,
            remedy=None if monitor.segments else "add 'segments:' with this column",
        )
    if any(one.points(threshold) is not None for one in every):
        return
    known = {
        "family": sorted({family for one in every for family in one.families}),
        "metric": sorted({one.metric for one in every}),
        "column": sorted({one.column for one in every} - {""}),
    }
    for key, words in known.items():
        word = getattr(threshold, key)
        if word is not None and word not in words:
            raise monitor.error(
                f"{place}.{key}", f"{key} '{word}' matches no metric of this monitor", allowed=words
            )
    named = {key: getattr(threshold, key) for key in known if getattr(threshold, key) is not None}
    shown = ", ".join(f"{key} {word}" for key, word in named.items())
    raise monitor.error(
        place,
        f"matches no metric of this monitor: none has {shown} together",
        remedy="leave out one of them, or correct it",
    )
