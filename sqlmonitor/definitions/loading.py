"""Read a project file: YAML, then the definitions, then the SQL inside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sqlmonitor import names
from sqlmonitor.definitions.complaints import first_error
from sqlmonitor.definitions.document import Document, read
from sqlmonitor.definitions.monitor import Monitor
from sqlmonitor.definitions.project import Project
from sqlmonitor.definitions.variables import with_values
from sqlmonitor.definitions.warehouse import hidden_in
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.masking import hiding

__all__ = ["Resolve", "json_schema", "load", "loads", "validated"]

Parser = Callable[[str], object]

Resolve = Callable[[Document], Document]
"""Puts what the file names elsewhere, such as the relations of dbt's models, in the names' places."""


def load(
    path: str | Path, *, variables: Mapping[str, Any] | None = None, resolve: Resolve | None = None
) -> Project:
    """Read and validate a project file.

    Args:
        path: the file, usually ``sqlmonitor.yml``.
        variables: values of ``vars`` in place of the file's.
        resolve: what is done to the document before it is validated.

    Returns:
        The project.

    Raises:
        ConfigurationError: there is no such file, or something in it is not valid; the error
            names the file, the line and the key.
    """
    file = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError(
            "no such file",
            file=file,
            remedy="run `sqlmonitor init` to write one, or name it: -c PATH",
        ) from error
    except IsADirectoryError as error:
        raise ConfigurationError(
            "is a folder, not a file",
            file=file,
            remedy=f"name the file: {Path(path) / 'sqlmonitor.yml'}",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError("is not UTF-8 text", file=file, remedy="save the file as UTF-8") from error
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", file=file) from error
    return loads(text, file, variables=variables, resolve=resolve)


def loads(
    text: str,
    path: str | Path = "sqlmonitor.yml",
    *,
    variables: Mapping[str, Any] | None = None,
    resolve: Resolve | None = None,
) -> Project:
    """Validate the text of a project file.

    Args:
        text: YAML.
        path: the file the text is from, for messages and for paths relative to it.
        variables: values of ``vars`` in place of the file's.
        resolve: what is done to the document before it is validated.

    Returns:
        The project.

    Raises:
        ConfigurationError: something in it is not valid; the error names the file, the line and
            the key.
    """
    document = with_values(read(text, str(path)), variables)
    with hiding(document.hidden):
        return validated(resolve(document) if resolve else document, path)


def validated(document: Document, path: str | Path) -> Project:
    """Validate a document whose values and relations stand in it.

    Args:
        document: the project file.
        path: the file, for paths relative to it.

    Returns:
        The project.

    Raises:
        ConfigurationError: something in it is not valid; the error names the file, the line and
            the key.
    """
    document = replace(document, hidden=document.hidden | hidden_in(document.data.get("warehouse")))
    with hiding(document.hidden):
        try:
            project = Project.model_validate(document.data)
        except ValidationError as error:
            # "from None": pydantic's own message would show the warehouse's address.
            raise first_error(error, document) from None
        project.attach(document, Path(path))
        for monitor in project.monitors:
            _check_sql(monitor, project.dialect)
    return project


def json_schema() -> dict[str, Any]:
    """Describe the project file for editors.

    Returns:
        A JSON Schema, draft 2020-12.
    """
    schema = Project.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _check_sql(monitor: Monitor, dialect: str) -> None:
    for key, text, parse in _sql_texts(monitor, dialect):
        if text is None:
            continue
        try:
            parse(text)
        except ConfigurationError as error:
            raise monitor.error(key, error.message, remedy=error.remedy) from error


def _sql_texts(monitor: Monitor, dialect: str) -> Iterator[tuple[str, str | None, Parser]]:
    allowed = monitor.allow_functions

    def relation(text: str) -> object:
        return names.relation(text, dialect)

    def query(text: str) -> object:
        return names.query(text, dialect, allowed)

    def condition(text: str) -> object:
        return names.condition(text, dialect, allowed)

    def aggregate(text: str) -> object:
        return names.aggregate(text, dialect, allowed)

    def formula(text: str) -> object:
        return names.formula(text)

    yield "predictions.relation", monitor.predictions.relation, relation
    yield "predictions.sql", monitor.predictions.sql, query
    yield "where", monitor.where, condition
    yield "reference.relation", monitor.reference.relation, relation
    yield "reference.sql", monitor.reference.sql, query
    yield "reference.where", monitor.reference.where, condition
    if monitor.target is not None:
        yield "target.relation", monitor.target.relation, relation
    for joined in monitor.joined:
        yield f"{joined.key}.relation", joined.join.relation, relation
    for key, text in monitor.aggregates():
        yield key, text, aggregate
    for index, metric in enumerate(monitor.custom_metrics):
        yield f"custom_metrics[{index}].derived", metric.derived, formula
