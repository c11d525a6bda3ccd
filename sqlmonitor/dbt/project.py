"""Where a dbt project stands, and what its dbt_project.yml says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlmonitor.dbt.reading import document_of
from sqlmonitor.definitions.expressions import Scalar, rendered
from sqlmonitor.definitions.variables import environment_reader
from sqlmonitor.errors import ConfigurationError

__all__ = ["PROJECT_FILE", "DbtProject"]

PROJECT_FILE = "dbt_project.yml"


@dataclass(frozen=True)
class DbtProject:
    """A folder with a dbt_project.yml.

    Args:
        folder: of the project.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> DbtProject:
        """The project in a folder that the user named.

        Raises:
            ConfigurationError: there is none.
        """
        if not (folder / PROJECT_FILE).is_file():
            raise ConfigurationError(
                f"there is no {PROJECT_FILE} in {folder}", remedy="name the folder of the dbt project"
            )
        return cls(folder)

    @classmethod
    def above(cls, folder: Path) -> DbtProject | None:
        """The nearest project that holds a folder; None where there is none."""
        for one in (folder.absolute(), *folder.absolute().parents):
            if (one / PROJECT_FILE).is_file():
                # As the user would write it, where it is near.
                return cls(folder if one == folder.absolute() else one)
        return None

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What dbt_project.yml says, as it is written."""
        found: dict[str, Any] = document_of(self.folder / PROJECT_FILE).data
        return found

    def setting(self, name: str) -> Scalar:
        """A setting that is one value, with its ``env_var`` put in; None where there is none."""
        value = self.settings.get(name)
        if not isinstance(value, str) or "{{" not in value:
            return value if isinstance(value, (str, int, float, bool)) else None
        try:
            return rendered(value, {"env_var": environment_reader(set(), takes_secrets=False)})
        except ConfigurationError as error:
            raise ConfigurationError(
                error.message, file=str(self.folder / PROJECT_FILE), key=name, remedy=error.remedy
            ) from error

    @property
    def target_folder(self) -> Path:
        """Where dbt writes manifest.json."""
        named = os.environ.get("DBT_TARGET_PATH") or self.setting("target-path") or "target"
        return self.folder / str(named)

    @property
    def source_folders(self) -> list[Path]:
        """Where models, seeds and snapshots are written, those outside of the project left out."""
        kinds = {"model-paths": ["models"], "seed-paths": ["seeds"], "snapshot-paths": ["snapshots"]}
        named = [self.settings.get(kind, default) for kind, default in kinds.items()]
        folders = [self.folder / str(one) for some in named if isinstance(some, list) for one in some]
        here = self.folder.resolve()
        return [one for one in folders if one.resolve().is_relative_to(here)]

    def inside(self, path: str) -> Path | None:
        """A file of the project by its path in it; None where there is none, or it stands elsewhere."""
        try:
            file = (self.folder / path).resolve()
            is_inside = file.is_relative_to(self.folder.resolve()) and file.is_file()
        except (OSError, ValueError):
            return None
        return file if is_inside else None
