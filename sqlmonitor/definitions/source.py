"""Where rows come from: predictions, the reference among them, and their chunks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from sqlmonitor.definitions.dbt_call import read_call
from sqlmonitor.definitions.definition import Definition, Relation, Text, Whole, complaint, or_text
from sqlmonitor.errors import ConfigurationError

__all__ = ["Chunks", "Period", "Reference", "Source"]

Period = Literal["hour", "day", "week", "month", "quarter", "year"]


class Source(Definition):
    """Rows to read: a relation, a query or a dbt model; exactly one of them."""

    model_config = ConfigDict(json_schema_extra=or_text("a table or view"))

    relation: Text | None = None
    """A table or view, such as `flights_scored` or `shop.flights_scored`."""
    sql: Text | None = None
    """One SELECT."""
    dbt: Text | None = None
    """A dbt reference, such as `ref('flights_scored')`."""

    @model_validator(mode="before")
    @classmethod
    def _text_is_relation(cls, data: Any) -> Any:
        return {"relation": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _exactly_one(self) -> Source:
        given = [key for key in ("relation", "sql", "dbt") if getattr(self, key) is not None]
        if len(given) != 1:
            has = " and ".join(given) or "none"
            raise complaint(f"needs exactly one of relation, sql and dbt, but has {has}")
        if self.dbt is not None:
            try:
                read_call(self.dbt)
            except ConfigurationError as error:
                raise complaint(error.message, remedy=error.remedy, at=("dbt",)) from None
        return self


class Reference(Definition):
    """The rows that show how things were when they were fine."""

    model_config = ConfigDict(json_schema_extra=or_text("a SQL condition on the predictions"))

    where: Text | None = None
    """A SQL condition on the predictions, or on the relation where one is named."""
    relation: Relation | None = None
    """A table or view with the predictions' columns, or {dbt: …}."""

    @model_validator(mode="before")
    @classmethod
    def _text_is_condition(cls, data: Any) -> Any:
        return {"where": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _at_least_one(self) -> Reference:
        if self.where is None and self.relation is None:
            raise complaint(
                "needs at least one of where and relation",
                remedy="write a condition such as \"scheduled_at < timestamp '2013-05-01'\"",
            )
        return self


class Chunks(Definition):
    """How rows are cut into chunks: by period, by size or by count; exactly one of them."""

    model_config = ConfigDict(json_schema_extra=or_text("hour, day, week, month, quarter or year"))

    period: Period | None = None
    """hour, day, week, month, quarter or year."""
    size: Whole | None = Field(default=None, ge=1)
    """Rows in a chunk."""
    count: Whole | None = Field(default=None, ge=1)
    """Number of chunks."""

    @model_validator(mode="before")
    @classmethod
    def _text_is_period(cls, data: Any) -> Any:
        return {"period": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _exactly_one(self) -> Chunks:
        given = [key for key in ("period", "size", "count") if getattr(self, key) is not None]
        if len(given) != 1:
            has = " and ".join(given) or "none"
            raise complaint(
                f"needs exactly one of a period, size and count, but has {has}",
                remedy="write a period such as month, or {size: 5000}, or {count: 10}",
            )
        return self
