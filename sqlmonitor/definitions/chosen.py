"""Which metrics of each family, and what is chosen about one of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, WithJsonSchema, model_validator

from sqlmonitor.definitions.definition import Definition, Names, Text, complaint, or_text

__all__ = ["Chosen", "ConfusionMatrix", "Metrics", "Normalize"]

Normalize = Literal["all", "true", "predicted"]


def _normalize(value: Any) -> Any:
    # YAML reads a bare true as a boolean; here it is the true class.
    if value is True:
        return "true"
    if isinstance(value, str) and value in get_args(Normalize):
        return value
    shown = "false" if value is False else value
    raise complaint(
        f"unknown value '{shown}'",
        allowed=get_args(Normalize),
        word=str(shown),
        remedy="for counts leave it out: write confusion_matrix alone",
    )


class ConfusionMatrix(Definition):
    """What is chosen about the confusion matrix."""

    normalize: Annotated[
        Normalize, BeforeValidator(_normalize), WithJsonSchema({"enum": ["all", "true", True, "predicted"]})
    ]
    """What each cell is a share of: all rows, the rows of its true class or of its predicted class."""


class Chosen(Definition):
    """A metric by its name, or with what is chosen about it."""

    model_config = ConfigDict(json_schema_extra=or_text("a metric's name"))

    name: Text | None = None
    """A metric's name."""
    confusion_matrix: ConfusionMatrix | None = None
    """The confusion matrix as shares in place of counts."""

    @model_validator(mode="before")
    @classmethod
    def _text_is_a_name(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"name": data}
        if not isinstance(data, (dict, cls)):
            raise complaint("must be a metric's name", remedy="or write {confusion_matrix: {normalize: all}}")
        return data

    @model_validator(mode="after")
    def _exactly_one(self) -> Chosen:
        if (self.name is None) == (self.confusion_matrix is None):
            has = "none" if self.name is None else "both"
            raise complaint(f"needs exactly one of name and confusion_matrix, but has {has}")
        return self

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.name or "confusion_matrix"


def _each_once(chosen: tuple[Chosen, ...]) -> tuple[Chosen, ...]:
    names = [one.metric for one in chosen]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise complaint(f"'{name}' stands twice", remedy="keep one of them", at=(index,))
    return chosen


class Metrics(Definition):
    """Which metrics of each family; a family that is left out has its sensible defaults."""

    drift: Names | None = None
    """How far features and outputs moved from the reference."""
    performance: Annotated[tuple[Chosen, ...], AfterValidator(_each_once)] | None = None
    """How good the model is: estimated everywhere, realized where labels are."""
    quality: Names | None = None
    """What is wrong with the data."""
    summary: Names | None = None
    """Plain statistics."""

    def names(self, family: str) -> tuple[str, ...] | None:
        """The names of a family's metrics as they are written; None where the family is left out."""
        listed: tuple[str | Chosen, ...] | None = getattr(self, family)
        if listed is None:
            return None
        return tuple(one.metric if isinstance(one, Chosen) else one for one in listed)

    @property
    def normalize(self) -> Normalize | None:
        """What the cells of the confusion matrix are shares of; None for counts."""
        matrices = (one.confusion_matrix for one in self.performance or ())
        return next((matrix.normalize for matrix in matrices if matrix is not None), None)
