"""What else chunks are made of and compared with: longer chunks, rolling windows, and references that move along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from pydantic import ConfigDict, Field, model_validator

from sqlmonitor.definitions.definition import Definition, Whole, complaint, or_text
from sqlmonitor.definitions.source import Chunks, Period

__all__ = ["LONGER", "Comparison", "MovingReference", "check_comparisons"]

PERIODS: tuple[str, ...] = get_args(Period)
REFERENCES = ("previous", "last_year")
MOST = 366
"""Chunks of a window or of a reference."""

LONGER: dict[str, tuple[str, ...]] = {
    "hour": ("day", "week", "month", "quarter", "year"),
    "day": ("week", "month", "quarter", "year"),
    "week": (),
    "month": ("quarter", "year"),
    "quarter": ("year",),
    "year": (),
}
"""The periods that a period's chunks make up whole; weeks end in the middle of months."""


class MovingReference(Definition):
    """What comes before a chunk, in place of the fixed reference; exactly one of which and last."""

    model_config = ConfigDict(json_schema_extra=or_text("previous or last_year"))

    which: Literal["previous", "last_year"] | None = None
    """previous, the chunk before; last_year, the same chunk a year ago (of hours, days and weeks the
    one 52 weeks ago, so that days of the week meet)."""
    last: Whole | None = Field(default=None, ge=1, le=MOST)
    """The chunks before, so many together; those without rows are not counted."""

    @model_validator(mode="before")
    @classmethod
    def _text_is_which(cls, data: Any) -> Any:
        if not isinstance(data, str):
            return data
        if data not in REFERENCES:
            raise complaint(
                f"unknown value '{data}'",
                allowed=REFERENCES,
                word=data,
                remedy="or write {last: 7}; without `reference` chunks are compared with the monitor's own",
            )
        return {"which": data}

    @model_validator(mode="after")
    def _exactly_one(self) -> MovingReference:
        if (self.which is None) == (self.last is None):
            has = "none" if self.which is None else "both"
            raise complaint(f"needs exactly one of which and last, but has {has}")
        return self

    def __str__(self) -> str:
        return self.which or f"last {self.last}"


class Comparison(Definition):
    """Further results from the counts of the monitor's own chunks, without reading the source again:
    of longer chunks, of rolling windows, or against a reference that moves along."""

    model_config = ConfigDict(
        json_schema_extra=or_text("day to year for longer chunks, or previous or last_year")
    )

    chunks: Period | None = None
    """Longer chunks, which the monitor's own make up: week, month, quarter or year from days."""
    rolling: Whole | None = Field(default=None, ge=2, le=MOST)
    """Windows of so many chunk lengths, one that ends with each chunk."""
    reference: MovingReference | None = None
    """What drift is measured against in place of the fixed reference."""

    @model_validator(mode="before")
    @classmethod
    def _text_is_one_of_both(cls, data: Any) -> Any:
        if not isinstance(data, str):
            return data
        if data in REFERENCES:
            return {"reference": data}
        if data not in PERIODS:
            raise complaint(
                f"unknown value '{data}'",
                allowed=[*PERIODS, *REFERENCES],
                word=data,
                remedy="or write {rolling: 7}, or {reference: {last: 7}}",
            )
        return {"chunks": data}

    @model_validator(mode="after")
    def _fits_together(self) -> Comparison:
        if self.chunks is None and self.rolling is None and self.reference is None:
            raise complaint("needs at least one of chunks, rolling and reference")
        if self.rolling is not None and (self.chunks is not None or self.reference is not None):
            other = "chunks" if self.chunks is not None else "reference"
            raise complaint(
                f"a rolling window goes without {other}: it is of the monitor's own chunks, against its reference",
                remedy=f"leave out one of rolling and {other}",
            )
        return self

    @property
    def chunk_length(self) -> str:
        """As in the results: ``week``, ``rolling 7``, or empty for the monitor's own chunks."""
        return f"rolling {self.rolling}" if self.rolling is not None else self.chunks or ""

    @property
    def compared_with(self) -> str:
        """As in the results: ``previous``, ``last 7``, ``last_year``, or empty for the monitor's reference."""
        return str(self.reference) if self.reference is not None else ""

    @property
    def name(self) -> str:
        """What names it in thresholds and in the names of steps: ``week``, ``rolling_7``, ``week_previous``."""
        return "_".join(part.replace(" ", "_") for part in (self.chunk_length, self.compared_with) if part)

    @property
    def words(self) -> str:
        """For people: ``week, previous``."""
        return ", ".join(part for part in (self.chunk_length, self.compared_with) if part)


def check_comparisons(chunks: Chunks, comparisons: Sequence[Comparison]) -> None:
    """Checks that the monitor's chunks can make up what is asked for.

    Raises:
        PydanticCustomError: where they cannot, or two are the same.
    """
    if comparisons and chunks.period is None:
        raise complaint(
            "compare is for chunks by period: those by size or count have no days, weeks or years to meet",
            remedy="write a period as chunks, such as day, or leave compare out",
            at=("compare",),
        )
    names = [one.name for one in comparisons]
    for index, one in enumerate(comparisons):
        if one.name in names[:index]:
            raise complaint(f"'{one.name}' stands twice", remedy="keep one of them", at=("compare", index))
        if one.chunks is None or chunks.period is None:
            continue
        allowed = LONGER[chunks.period]
        if one.chunks not in allowed:
            is_cut = "a week has days of two months, so weeks make up nothing longer"
            why = is_cut if chunks.period == "week" else f"chunks by {chunks.period} make up longer ones only"
            raise complaint(
                f"chunks by {chunks.period} cannot be merged into chunks by {one.chunks}: {why}",
                allowed=allowed or None,
                remedy="make `chunks` shorter, such as day",
                at=("compare", index),
            )
