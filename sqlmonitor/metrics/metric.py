"""What a metric is: data, not code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["drift", "performance", "quality", "summary", "kpi"]
Columns = Literal["numeric", "categorical", "both", "none"]

FAMILIES: dict[Family, str] = {
    "drift": "Do the features still look like the reference?",
    "performance": "How good is the model, estimated and, with labels, realized?",
    "quality": "Is the data broken?",
    "summary": "What are the plain numbers?",
    "kpi": "What is the model worth?",
}
"""The question that each family answers."""

# The small tables that a metric's template may read: coarse bins beside the reference's, its deciles,
# distribution functions beside the reference's, chunks' cells and areas beside its running count, its own
# distribution function's shape, the tables of levels by reference and chunk and the tails
# of their chi-square, the numeric histograms, the chunks' row counts, the outcomes by score, the counted
# scores and labels, and whether scores are calibrated.
Need = Literal[
    "bins",
    "deciles",
    "distribution_functions",
    "chunk_cells",
    "chunk_areas",
    "reference_shapes",
    "contingency",
    "chi_square_tail",
    "numeric",
    "moments",
    "categorical",
    "chunk_counts",
    "score_cells",
    "scores",
    "choice",
    "",
]


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
    """One value of a metric that is a formula over one small table: the confusion cells of a classifier
    (``true_positive, false_positive, false_negative, true_negative, used``) or a regression's sums of errors.

    Args:
        name: empty for the metric itself.
        value: SQL over the table's columns.
        standard_error: SQL over the same columns.
        undefined: SQL for the number of rows for which it is not defined; any makes it NULL.
        undefined_note: what these rows are, said after their number.
    """

    name: str = ""
    value: str
    standard_error: str
    undefined: str = "0"
    undefined_note: str = ""


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
        needs: the small table that its template reads, or several.
        needs_observed_at: True where it needs the time at which labels became known.
        parameters: further SQL that its template takes, by name.
        keeps: ``squares`` or ``extremes``, where the cells of numeric columns must hold these for it.
        cost: what it costs beyond the stored counts, for people.
        is_default: False where it is computed only when the user asks for it by name.
        tasks: the tasks it fits; empty for all.
        lower_limit: smallest possible value.
        upper_limit: largest possible value.
        unit: unit of the value.
        null_when: when the value is NULL.
        default_threshold: used where the user sets none.
        families: as which it stands in the results, where its own family is ``performance``.
        components: formulas, where it is computed from confusion cells or sums of errors.
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
    families: tuple[str, ...] = ("estimated", "realized")
    components: tuple[Component, ...] = ()
    needs: Need | tuple[Need, ...] = ""
    needs_observed_at: bool = False
    parameters: tuple[tuple[str, str], ...] = ()
    keeps: tuple[str, ...] = ()
    cost: str = ""
    is_default: bool = True

    @property
    def needed(self) -> tuple[Need, ...]:
        """Every small table that it needs; none where that is the empty name."""
        needs = self.needs if isinstance(self.needs, tuple) else (self.needs,)
        return tuple(need for need in needs if need)
