"""A warehouse for one comparison: nothing lasting is written in it."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

from sqlmonitor import dialects, engines
from sqlmonitor.definitions import warehouse as addresses
from sqlmonitor.engines import Engine
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.masking import hiding


def connect(warehouse: str) -> Engine:
    """Opens a warehouse by its URL; ``${NAME}`` in it is taken from the environment.

    Args:
        warehouse: such as ``duckdb:///shop.duckdb``; ``duckdb://`` is in memory, where files can be read.

    Raises:
        ConfigurationError: where it is no URL, or a variable is not set.
        UnsupportedError: where no engine serves it, or its driver is not installed.
        WarehouseError: where it cannot be opened.
    """
    try:
        url = addresses.check(warehouse)
    except PydanticCustomError as error:
        context = error.context or {}
        raise ConfigurationError(
            context.get("message", str(error)),
            key="--warehouse",
            allowed=context.get("allowed"),
            word=context.get("word"),
            remedy=context.get("remedy"),
        ) from None
    assert isinstance(url, str)
    may_be_read_only = dialects.dialect(addresses.dialect_of(url)).temporary_when_read_only
    with hiding(addresses.hidden_in(warehouse)):
        return engines.connect(url, read_only=may_be_read_only)
