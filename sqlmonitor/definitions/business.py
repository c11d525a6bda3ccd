"""What values are worth and when they alert: KPIs and thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sqlmonitor.definitions.comparison import Comparison
from sqlmonitor.definitions.definition import Definition, Number, Text, complaint

__all__ = [
    "Constant",
    "CustomMetric",
    "Kpi",
    "StandardDeviation",
    "Threshold",
    "ThresholdFamily",
    "ValueMatrix",
]

ThresholdFamily = Literal["drift", "estimated", "realized", "performance", "quality", "summary", "kpi"]

MISSING = "(missing)"
"""The segment of rows whose segment column is NULL."""

METRIC_NAME = "^[a-z][a-z0-9_]*$"


class ValueMatrix(Definition):
    """What each kind of decision is worth, in the KPI's unit."""

    true_positive: Number
    """Worth of a positive that was predicted."""
    false_positive: Number
    """Worth of a negative that was predicted as positive."""
    false_negative: Number
    """Worth of a positive that was predicted as negative."""
    true_negative: Number
    """Worth of a negative that was predicted."""

    def __getitem__(self, cell: str) -> float:
        """The worth of one cell; raises KeyError for another name."""
        return dict(self.items())[cell]

    def items(self) -> Iterator[tuple[str, float]]:
        """Each cell's name and worth."""
        return ((name, getattr(self, name)) for name in type(self).model_fields)


class Kpi(Definition):
    """A number the business reads; exactly one of a value matrix and an expression."""

    name: Text
    """The KPI's name; the metric's name in the results."""
    description: str | None = None
    """What it says, in a sentence."""
    unit: Text | None = None
    """The unit of its value."""
    value_matrix: ValueMatrix | None = None
    """What each kind of decision is worth (binary)."""
    sql: Text | None = None
    """One aggregate expression over the predictions joined with the target."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Kpi:
        if not self.name.isprintable():
            raise complaint("must be printable text on one line", at=("name",))
        if (self.value_matrix is None) == (self.sql is None):
            has = "none" if self.sql is None else "both"
            raise complaint(f"needs exactly one of value_matrix and sql, but has {has}")
        return self


class CustomMetric(Definition):
    """A metric of your own; exactly one of an aggregate, a formula over other results and a template."""

    name: Annotated[Text, Field(pattern=METRIC_NAME)]
    """The metric's name in the results: lower-case letters, digits and underscores."""
    description: str | None = None
    """What it says, in a sentence."""
    unit: Text | None = None
    """The unit of its value."""
    sql: Text | None = None
    """One aggregate expression over a chunk's predictions joined with the target; stands in the
    results under summary."""
    derived: Text | None = None
    """Arithmetic over other results of the same chunk and segment, such as `roc_auc - 0.5` or
    `realized.roc_auc / estimated.roc_auc`: metrics of the model and KPIs by name, the family before
    it where both are meant. A metric of performance without its family gives an estimated and a
    realized value. NULL where one of them is."""
    template: Text | None = None
    """A file with a distance of your own, one SELECT with the header that the package's own
    templates have, relative to the project file; stands in the results under drift."""
    columns: Literal["numeric", "categorical", "both"] | None = None
    """The features that a template is for."""

    @model_validator(mode="after")
    def _exactly_one(self) -> CustomMetric:
        given = [key for key in ("sql", "derived", "template") if getattr(self, key) is not None]
        if len(given) != 1:
            has = " and ".join(given) or "none"
            raise complaint(f"needs exactly one of sql, derived and template, but has {has}")
        if self.template is not None and self.columns is None:
            raise complaint("a template needs columns", allowed=["numeric", "categorical", "both"])
        if self.template is None and self.columns is not None:
            raise complaint(f"columns is for a template, not for {given[0]}", at=("columns",))
        return self


class Constant(Definition):
    """Fixed limits; a side that is left out is off."""

    lower: Number | None = None
    """Values below alert."""
    upper: Number | None = None
    """Values above alert."""

    @model_validator(mode="after")
    def _in_order(self) -> Constant:
        if self.lower is None and self.upper is None:
            raise complaint("needs at least one of lower and upper")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise complaint(f"lower ({self.lower:g}) must be below upper ({self.upper:g})")
        return self


class StandardDeviation(Definition):
    """Limits in standard deviations of the reference's chunks around their mean."""

    lower: Number | None = Field(default=None, ge=0)
    """Standard deviations below the mean; off where left out."""
    upper: Number | None = Field(default=None, ge=0)
    """Standard deviations above the mean; off where left out."""

    @model_validator(mode="after")
    def _at_least_one(self) -> StandardDeviation:
        if self.lower is None and self.upper is None:
            raise complaint("needs at least one of lower and upper")
        return self


def _segment(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise complaint(
            "needs exactly one segment column", remedy="write {column: value}, such as {origin: JFK}"
        )
    ((column, wanted),) = value.items()
    if isinstance(wanted, bool):
        return {column: str(wanted).lower()}
    if isinstance(wanted, (str, int, float)):
        return {column: str(wanted)}
    if wanted is None:
        return {column: MISSING}
    raise complaint("must be the segment's value as it stands in the results", at=(str(column),))


class Threshold(Definition):
    """Limits for the values that its selectors match; no selector matches everything, and one that
    matches nothing is an error. Of several that match a value the most specific counts: family is
    one point, metric, column, compare and segment two each, one value of a segment three; the most points
    win, and of equals the later. So a metric's threshold beats its family's, wherever it stands,
    and every selector more beats the same without it."""

    family: ThresholdFamily | None = None
    """drift, estimated, realized, performance (estimated and realized), quality, summary or kpi."""
    metric: Text | None = None
    """A metric's name, or a KPI's."""
    column: Text | None = None
    """A feature."""
    segment: Annotated[Text | dict[Text, str] | None, BeforeValidator(_segment)] = Field(
        default=None,
        examples=["origin", {"origin": "JFK"}],
    )
    """A segment column, for each of its values, or {column: value} for one of them. Without it the
    limits are for the whole population and for every segment; those in standard deviations are
    fitted for each on its own chunks."""
    compare: Comparison | None = None
    """One of the monitor's comparisons as it is written there, such as week or {rolling: 7}, for its
    values alone. Without it the limits are for the monitor's own chunks and for every comparison;
    those in standard deviations are fitted for each on its own chunks."""
    constant: Constant | None = None
    """Fixed limits."""
    standard_deviation: StandardDeviation | None = None
    """Limits around the reference's mean."""

    @property
    def segment_column(self) -> str | None:
        """The segment column that it is for; None for all and for the whole population."""
        return next(iter(self.segment)) if isinstance(self.segment, dict) else self.segment

    @property
    def segment_value(self) -> str | None:
        """The segment that it is for; None for all of the column."""
        return next(iter(self.segment.values())) if isinstance(self.segment, dict) else None

    @model_validator(mode="after")
    def _exactly_one(self) -> Threshold:
        if (self.constant is None) == (self.standard_deviation is None):
            has = "none" if self.constant is None else "both"
            raise complaint(f"needs exactly one of constant and standard_deviation, but has {has}")
        return self
