"""YAML and JSON files of dbt's, with errors that name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlmonitor.definitions.document import Document, read
from sqlmonitor.errors import ConfigurationError

__all__ = ["document_of", "json_of", "text_of"]


def text_of(file: Path) -> str:
    """A file's text.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError("is not UTF-8 text", file=str(file)) from error
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", file=str(file)) from error


def document_of(file: Path) -> Document:
    """A YAML file that is a mapping of keys.

    Raises:
        ConfigurationError: it cannot be read, or is anything else.
    """
    return read(text_of(file), str(file))


def json_of(file: Path) -> Any:
    """A JSON file's content.

    Raises:
        ConfigurationError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(text_of(file))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            "is not readable as JSON", file=str(file), remedy="make it anew: dbt parse"
        ) from error
