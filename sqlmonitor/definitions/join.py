"""Further relations that a KPI reads beside the predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from sqlmonitor.definitions.definition import Definition, Relation, Text, complaint

__all__ = ["Join", "Joined"]

OURS = ("prediction", "target")
"""Prefixes that columns of the predictions and of the target have."""


def _pairs(value: Any) -> Any:
    """One column or several as pairs of the predictions' column and the relation's."""
    if isinstance(value, str):
        return {value: value}
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return {one: one for one in value}
    if isinstance(value, dict) and value:
        return value
    raise complaint(
        "must be a column, or several",
        remedy="write a column that both have, or {column of the predictions: column of the relation}",
    )


class Join(Definition):
    """A relation that is joined with the predictions, at most one row of it to each."""

    relation: Relation
    """The table or view, or {dbt: …}."""
    on: Annotated[
        dict[Text, Text],
        BeforeValidator(_pairs),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
                ],
                "examples": ["flight_id", ["carrier", "day"], {"carrier": "code"}],
            }
        ),
    ]
    """The columns that join it: a name that both have, a list of such names, or a mapping of the
    predictions' columns to its own."""
    alias: Text | None = Field(default=None, examples=["fares"])
    """The prefix of its columns in the expression; the relation's own name by default."""

    @property
    def prefix(self) -> str:
        """What stands before its columns in the expression."""
        return self.alias or self.relation.rpartition(".")[2].strip('"`')

    @model_validator(mode="after")
    def _prefix_is_free(self) -> Join:
        if self.prefix.casefold() in OURS:
            raise complaint(
                f"'{self.prefix}.' stands for the {self.prefix}'s own columns",
                remedy="give it another name with 'alias:'",
                at=("alias",),
            )
        return self


@dataclass(frozen=True)
class Joined:
    """A relation as it stands beside the predictions, once for all KPIs that join it in the same way.

    Args:
        number: of its alias where rows are read.
        join: the definition.
        key: where it stands first, such as ``kpis[0].join[1]``.
    """

    number: int
    join: Join
    key: str

    @property
    def name(self) -> str:
        """The alias."""
        return f"joined_{self.number}"

    def is_of(self, other: Join) -> bool:
        """True where another definition joins the same rows."""
        return (self.join.relation, self.join.on) == (other.relation, other.on)
