"""The project: everything one file says."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StrictBool,
    StrictFloat,
    StrictInt,
    field_validator,
    model_validator,
)

from sqlmonitor.definitions import warehouse as addresses
from sqlmonitor.definitions.definition import Definition, Text, complaint
from sqlmonitor.definitions.document import Document, KeyPath
from sqlmonitor.definitions.monitor import Monitor
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.masking import hiding

__all__ = ["Project"]


def _version(value: Any) -> Any:
    if value is not None and (type(value) is not int or value != 1):
        raise complaint(f"version {value!r} is unknown", remedy="this sqlmonitor reads version 1: version: 1")
    return value


class DbtProject(Definition):
    """The dbt project whose models and sources are named by `{dbt: …}`."""

    project: Text | None = None
    """Its folder, relative to this file; by default the nearest one above that has a dbt_project.yml."""
    target: Text | None = None
    """The target whose relations are read; the profile's own by default."""


def _setting(value: Any) -> Any:
    if isinstance(value, (bool, int, float, str)):
        return value
    raise complaint("must be a number, text, or true or false")


Setting = Annotated[StrictBool | StrictInt | StrictFloat | Text, BeforeValidator(_setting)]
"""A value of a setting, in the type it is written in."""


class Project(Definition):
    """A project file: a warehouse, a store in it, and monitors."""

    model_config = ConfigDict(title="sqlmonitor.yml")

    version: Annotated[int, BeforeValidator(_version), Field(strict=True, ge=1, le=1)]
    """The version of this file's format: 1."""
    warehouse: Annotated[str | dict[str, str], BeforeValidator(addresses.check), Field(repr=False)]
    """A URL such as `duckdb:///flights.duckdb`, or {dbt_profile: shop, target: prod}; ${ENV_VAR} is
    replaced."""
    store: Text = "sqlmonitor"
    """The schema for the package's own tables."""
    settings: dict[Text, Setting] = Field(default_factory=dict)
    """Settings of the warehouse's session, in its own words, such as `memory_limit: 8GB`."""
    vars: dict[str, Any] = Field(default_factory=dict, repr=False)
    """Values that `{{ var('name') }}` puts in; `--vars` on the command line goes before them."""
    dbt: DbtProject = DbtProject()
    """Where `{dbt: …}` is looked up."""
    monitors: tuple[Monitor, ...] = Field(json_schema_extra={"minItems": 1})
    """What is watched."""

    _document: Document | None = PrivateAttr(default=None)
    _file: Path | None = PrivateAttr(default=None)

    @property
    def path(self) -> Path | None:
        """The file the project was read from."""
        return self._file

    @property
    def dialect(self) -> str:
        """Sqlglot's name of the warehouse's dialect; duckdb where a dbt profile decides later."""
        return addresses.dialect_of(self.warehouse)

    def __getitem__(self, name: str) -> Monitor:
        """Find a monitor by its name.

        Raises:
            ConfigurationError: the project has no such monitor.
        """
        for monitor in self.monitors:
            if monitor.name == name:
                return monitor
        raise ConfigurationError(
            f"no monitor is named '{name}'",
            file=self._document.file if self._document else None,
            key="monitors",
            allowed=[monitor.name for monitor in self.monitors],
            word=name,
        )

    @property
    def document(self) -> Document | None:
        """What the project was validated from: the file with its values and relations put in."""
        return self._document

    @property
    def dbt_calls(self) -> dict[str, str]:
        """Relations and queries that dbt's manifest gave, as the monitors have them: the call that stands for each."""
        document = self._document
        return (
            {}
            if document is None
            else {str(document.value(path)): call for path, call in document.calls.items()}
        )

    def hiding(self) -> AbstractContextManager[None]:
        """Around whatever may fail and tell: errors that leave it show nothing of what is hidden."""
        return hiding(frozenset() if self._document is None else self._document.hidden)

    def position(self, *key_path: str | int) -> tuple[str, int]:
        """Find where a key stands.

        Args:
            key_path: keys and indexes from the top, such as ``"monitors", 0, "target"``.

        Returns:
            The file and the line, counted from 1, of the key or of the nearest one around it.
        """
        if self._document is None:
            return "sqlmonitor.yml", 1
        return self._document.file, self._document.line(key_path)

    def attach(self, document: Document, path: Path) -> None:
        """Remember where everything stands, for later errors.

        Args:
            document: the file the project was validated from.
            path: the file's path.
        """
        self._document = document
        self._file = path
        for index, monitor in enumerate(self.monitors):
            place: KeyPath = ("monitors", index)
            monitor._document = document
            monitor._path = place

    # Not pydantic's min_length: it also complains of too few where a monitor is not valid.
    @field_validator("monitors")
    @classmethod
    def _at_least_one(cls, monitors: tuple[Monitor, ...]) -> tuple[Monitor, ...]:
        if not monitors:
            raise complaint("must not be empty", remedy="add a monitor: '- name: …'")
        return monitors

    @model_validator(mode="after")
    def _names_once(self) -> Project:
        names = [monitor.name for monitor in self.monitors]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise complaint(
                    f"two monitors are named '{name}'",
                    remedy="give each monitor its own name",
                    at=("monitors", index, "name"),
                )
        return self
