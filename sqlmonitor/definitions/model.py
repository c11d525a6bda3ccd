"""The model that is watched: its outputs, its target and its features."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from sqlmonitor.definitions.definition import Definition, Names, Relation, Text, complaint, or_text

__all__ = ["Features", "LabelValue", "Model", "Target"]

DURATION = re.compile(r"(\d+)\s*(second|minute|hour|day|week)s?")
LONGEST_MATURITY = timedelta(weeks=5218)
"""A hundred years; longer ones overflow timestamps on some engines."""


def _score(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    if not isinstance(value, dict):
        raise complaint("must be a column, or for several classes a mapping {class: column}")
    for name, column in value.items():
        if not str(name).strip():
            raise complaint("a class needs a name", remedy="write the value that the label has for it")
        if not isinstance(column, str) or not column.strip():
            raise complaint(f"class '{name}' needs the name of its column", at=(str(name),))
    if len(value) < 2:
        raise complaint("a mapping of classes needs at least two classes")
    if len(set(value.values())) < len(value):
        raise complaint("two classes have the same column", remedy="give each class its own column")
    return value


def _label_value(value: Any) -> Any:
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    raise complaint("must be a whole number, text or true or false", remedy="quote other values")


def _duration(value: Any) -> Any:
    if value is None or isinstance(value, timedelta):
        return value
    found = DURATION.fullmatch(value.strip().casefold()) if isinstance(value, str) else None
    if found is None:
        raise complaint(
            f"'{value}' is not a duration",
            remedy="write a whole number and seconds, minutes, hours, days or weeks: 2 days",
        )
    number, unit = int(found[1]), f"{found[2]}s"
    try:
        duration = timedelta(**{unit: number})
    except OverflowError:
        duration = timedelta.max
    if duration > LONGEST_MATURITY:
        raise complaint(f"'{value}' is longer than a hundred years")
    return duration


LabelValue = Annotated[int | str | bool, BeforeValidator(_label_value)]
"""A value of a label, kept in the type it is written in."""


class Model(Definition):
    """The columns that the model writes."""

    score: Annotated[Text | dict[Text, Text] | None, BeforeValidator(_score)] = None
    """The column of the probability; for several classes a mapping {class: column}."""
    label: Text | None = None
    """The column of the predicted label, or of the predicted value in a regression."""
    positive: LabelValue = 1
    """The label's positive value (binary)."""
    negative: LabelValue | None = None
    """The label's other value (binary), where it is to be checked."""

    @model_validator(mode="after")
    def _two_labels(self) -> Model:
        if self.negative == self.positive and type(self.negative) is type(self.positive):
            raise complaint("positive and negative are the same value", at=("negative",))
        return self


class Target(Definition):
    """What really happened, in the predictions or in a relation of its own."""

    column: Text
    """The column of the actual label or value."""
    relation: Relation | None = None
    """The table or view that holds it, or {dbt: …}, where it is not in the predictions."""
    on: Text | None = None
    """The column that joins the relation with the predictions; the monitor's id by default."""
    observed_at: Text | None = None
    """The column with the time at which the label became known."""
    maturity: Annotated[
        timedelta | None,
        BeforeValidator(_duration),
        WithJsonSchema({"type": "string", "pattern": DURATION.pattern, "examples": ["2 days"]}),
    ] = None
    """How long after the prediction a label is expected, such as `2 days`."""

    @model_validator(mode="after")
    def _on_needs_relation(self) -> Target:
        if self.on is not None and self.relation is None:
            raise complaint("on needs a relation to join", remedy="add 'relation:'", at=("on",))
        return self


class Features(Definition):
    """The columns the model reads.

    ``features: all`` is every column of the predictions, the segments among them, but for the id, the
    timestamp, the scores, the label, the target and the times around it. Integer, decimal and float
    columns are numeric; text, boolean and enum columns are categorical; times and other types are left
    out, and so are identifiers (nearly as many values as rows) and columns with at most one value in
    the reference. A column that is listed is a feature of the kind it is listed under whatever it holds.
    """

    model_config = ConfigDict(json_schema_extra=or_text("all: every usable column not used otherwise"))

    numeric: Names = ()
    """Columns that are measured."""
    categorical: Names = ()
    """Columns that name a level."""
    all: Annotated[bool, Field(strict=True)] = False
    """Every usable column that is not used otherwise; the lists then only settle kinds."""
    exclude: Names = ()
    """Columns that are no features although all are asked for."""

    @model_validator(mode="before")
    @classmethod
    def _text_is_all(cls, data: Any) -> Any:
        if not isinstance(data, str):
            return data
        if data != "all":
            raise complaint(
                f"unknown value '{data}'",
                allowed=["all"],
                word=data,
                remedy="or write {numeric: […], categorical: […]}",
            )
        return {"all": True}

    @model_validator(mode="after")
    def _one_kind_each(self) -> Features:
        for index, name in enumerate(self.categorical):
            if name in self.numeric:
                raise complaint(
                    f"'{name}' is in numeric and in categorical",
                    remedy="keep it in one of them",
                    at=("categorical", index),
                )
        if self.exclude and not self.all:
            raise complaint(
                "exclude needs all: true",
                remedy="add 'all: true', or leave the columns out of the lists",
                at=("exclude",),
            )
        for index, name in enumerate(self.exclude):
            if name in (*self.numeric, *self.categorical):
                raise complaint(
                    f"'{name}' is listed and excluded", remedy="keep it in one of them", at=("exclude", index)
                )
        return self
