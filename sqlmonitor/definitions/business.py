"""What values are worth and when they alert: KPIs and thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from sqlmonitor.definitions.definition import Definition, Number, Text, complaint

__all__ = ["Constant", "Kpi", "StandardDeviation", "Threshold", "ThresholdFamily", "ValueMatrix"]

ThresholdFamily = Literal["drift", "estimated", "realized", "performance", "quality", "summary", "kpi"]


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


class Threshold(Definition):
    """Limits for the values that its selectors match; no selector matches everything."""

    family: ThresholdFamily | None = None
    """drift, estimated, realized, performance (estimated and realized), quality, summary or kpi."""
    metric: Text | None = None
    """A metric's name, or a KPI's."""
    column: Text | None = None
    """A feature."""
    segment: Text | None = None
    """A segment column."""
    constant: Constant | None = None
    """Fixed limits."""
    standard_deviation: StandardDeviation | None = None
    """Limits around the reference's mean."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Threshold:
        if (self.constant is None) == (self.standard_deviation is None):
            has = "none" if self.constant is None else "both"
            raise complaint(f"needs exactly one of constant and standard_deviation, but has {has}")
        return self
