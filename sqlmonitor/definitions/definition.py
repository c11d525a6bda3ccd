"""What every definition is: frozen, strict about keys, and its scalar types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

__all__ = ["Definition", "Names", "Number", "Relation", "Text", "Whole", "complaint", "or_text"]


class Definition(BaseModel):
    """A part of the project file: a mapping with known keys only."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, data: Any) -> Any:
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise complaint("must be a mapping of keys", allowed=cls.model_fields)
        for key in data:
            if key not in cls.model_fields:
                raise complaint(
                    f"unknown key '{key}'", allowed=cls.model_fields, word=str(key), at=(str(key),)
                )
        return data


def complaint(
    message: str,
    *,
    allowed: Iterable[str] | None = None,
    word: str | None = None,
    remedy: str | None = None,
    at: tuple[str | int, ...] = (),
) -> PydanticCustomError:
    """Build what a validator raises, for :mod:`complaints` to turn into an error with a line.

    Args:
        message: what is wrong, in one sentence.
        allowed: the values that would have been right.
        word: what the user wrote in place of one of ``allowed``.
        remedy: what to do about it.
        at: the key below the validated one that is to blame.

    Returns:
        The error to raise.
    """
    context = {
        "message": message,
        "allowed": None if allowed is None else tuple(allowed),
        "word": word,
        "remedy": remedy,
        "at": at,
    }
    return PydanticCustomError("complaint", "{message}", context)


def or_text(meaning: str) -> Any:
    """Add to a definition's JSON Schema that plain text may stand for the mapping.

    Args:
        meaning: what the text stands for.

    Returns:
        A function for ``json_schema_extra``.
    """

    def extend(schema: dict[str, Any]) -> None:
        mapping = dict(schema)
        schema.clear()
        schema["anyOf"] = [{"type": "string", "description": meaning}, mapping]
        if "description" in mapping:
            schema["description"] = mapping["description"]

    return extend


def _not_blank(text: str) -> str:
    if not text.strip():
        raise complaint("must not be empty")
    if "\0" in text:
        raise complaint("must not hold a NUL character")
    return text


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise complaint(f"'{name}' stands twice", remedy="keep one of them", at=(index,))
    return names


Text = Annotated[str, Field(strict=True, min_length=1), AfterValidator(_not_blank)]
"""Text with at least one visible character; any other characters are fine."""

Relation = Annotated[
    Text,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "properties": {"dbt": {"type": "string"}},
                    "required": ["dbt"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""The name of a relation; in the file also {dbt: "ref('model')"}, in whose place the name is put."""

Names = Annotated[tuple[Text, ...], AfterValidator(_each_once)]
"""Names in the order they are written, each once."""

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A finite number; text and booleans are refused."""

Whole = Annotated[int, Field(strict=True)]
"""A whole number; text and booleans are refused."""
