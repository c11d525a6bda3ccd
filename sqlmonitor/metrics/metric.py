"""What a metric is: data, not code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["drift", "performance", "quality", "summary", "kpi"]
Columns = Literal["numeric", "categorical", "both", "none"]
# The small tables that a metric's template may read: coarse bins beside the reference's, distribution
# functions beside the reference's, the numeric histograms, the chunks' row counts, the outcomes by score,
# the counted scores and labels.
Need = Literal["bins", "distribution_functions", "numeric", "chunk_counts", "score_cells", "scores", ""]


@dataclass(frozen=True, kw_only=True)
class DefaultThreshold:
    """How a metric's threshold is set where the user does not say.

    Args:
        kind: ``constant``, ``standard_deviation`` (multiples around the reference chunks' mean) or
            ``p_value`` (below 0.05).
        lower: limit or multiple below; None for no limit on that side.
        upper: limit or multiple above; None for no limit on that side.
    """

    kind: Literal["constant", "standard_deviation", "p_value"]
    lower: float | None = None
    upper: float | None = None


BOTH_SIDES = DefaultThreshold(kind="standard_deviation", lower=3, upper=3)
UPPER_SIDE = DefaultThreshold(kind="standard_deviation", upper=3)
NO_THRESHOLD = DefaultThreshold(kind="constant")


@dataclass(frozen=True, kw_only=True)
class Component:
    """One value of a metric that is a formula over the confusion cells.

    Args:
        name: empty for the metric itself.
        value: SQL over ``true_positive, false_positive, false_negative, true_negative, used``.
        standard_error: SQL over the same columns.
    """

    name: str = ""
    value: str
    standard_error: str


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One entry of the catalogue.

    Args:
        name: the field's standard term.
        family: the key under ``metrics`` in the project file.
        template: the template that computes it, relative to ``sql_templates``.
        formula: for people.
        source: where the definition comes from.
        columns: the kind of column it is computed for.
        needs: the small table that its template reads.
        parameters: further SQL that its template takes, by name.
        keeps: what the cells of numeric columns must hold for it besides rows and sums.
        tasks: the tasks it fits; empty for all.
        lower_limit: smallest possible value.
        upper_limit: largest possible value.
        unit: unit of the value.
        null_when: when the value is NULL.
        default_threshold: used where the user sets none.
        components: formulas, where it is computed from confusion cells.
    """

    name: str
    family: Family
    template: str
    formula: str
    source: str = ""
    columns: Columns = "none"
    tasks: tuple[str, ...] = ()
    lower_limit: float | None = None
    upper_limit: float | None = None
    unit: str = ""
    null_when: str = "no rows"
    default_threshold: DefaultThreshold = BOTH_SIDES
    components: tuple[Component, ...] = ()
    needs: Need = ""
    parameters: tuple[tuple[str, str], ...] = ()
    keeps: tuple[Literal["squares", "extremes"], ...] = ()
