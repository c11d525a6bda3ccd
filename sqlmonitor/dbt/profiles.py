"""dbt's profiles.yml: which warehouse a target is, as the URL that engines are opened by.

Profiles hold passwords: no message here shows a value of one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmonitor.dbt.reading import document_of
from sqlmonitor.definitions.document import Document
from sqlmonitor.definitions.expressions import rendered, written
from sqlmonitor.definitions.variables import environment_reader
from sqlmonitor.dialects.dbt_adapters import ADAPTERS, ON_SERVER, Adapter
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.masking import hiding

__all__ = ["Target", "find_target"]

FILE = "profiles.yml"
FOLDER = "DBT_PROFILES_DIR"


@dataclass(frozen=True)
class Target:
    """One output of a profile.

    Args:
        profile: its name.
        name: the target's.
        type: the adapter's.
        adapter: what its settings mean.
        settings: with their environment variables put in.
        hidden: values that no message shows.
        folder: what a relative path is relative to.
    """

    profile: str
    name: str
    type: str
    adapter: Adapter
    settings: Mapping[str, Any] = field(repr=False)
    hidden: frozenset[str] = field(repr=False)
    folder: Path

    @property
    def url(self) -> str:
        """The warehouse's URL; it may hold a password."""
        path = self.settings.get("path")
        if (
            self.adapter.is_file
            and isinstance(path, str)
            and path
            and path != ":memory:"
            and not ON_SERVER.match(path)
        ):
            # dbt takes it from the folder where it runs, which is the project's.
            return self.adapter.url({**self.settings, "path": os.path.abspath(self.folder / path)})
        return self.adapter.url(self.settings)

    @property
    def place(self) -> tuple[str, str]:
        """The database and schema where models are by default."""
        return self.adapter.place(self.settings)

    @property
    def unread(self) -> list[str]:
        """Settings that change what a connection sees, and are not read."""
        return [name for name in self.adapter.unread if self.settings.get(name)]


def find_target(profile: str, name: str | None, folders: list[Path]) -> Target:
    """Read one output of a profile; no other output's environment variables are asked for.

    Args:
        profile: its name.
        name: the target's; the profile's own, or ``DBT_TARGET``, where None.
        folders: where profiles.yml may stand, before ``~/.dbt``; relative paths start at the first.

    Raises:
        ConfigurationError: there is no such file, profile or target, or it lacks something.
    """
    file = _file(folders)
    document = document_of(file)
    profiles = {key: value for key, value in document.data.items() if key != "config"}
    if not isinstance(profiles.get(profile), dict):
        raise ConfigurationError(
            f"has no profile '{profile}'", file=str(file), allowed=sorted(profiles) or None, word=profile
        )
    outputs = profiles[profile].get("outputs")
    if not isinstance(outputs, dict) or not outputs:
        raise document.error((profile,), f"profile '{profile}' has no outputs")
    hidden: set[str] = set()
    with hiding(hidden):
        chosen = name or os.environ.get("DBT_TARGET") or profiles[profile].get("target") or "default"
        chosen = written(_put_in(chosen, (profile, "target"), document, hidden))
        if not isinstance(outputs.get(chosen), dict):
            raise ConfigurationError(
                f"profile '{profile}' has no target '{chosen}'",
                file=str(file),
                line=document.line((profile, "outputs")),
                allowed=sorted(outputs),
                word=chosen,
            )
        place = (profile, "outputs", chosen)
        settings = {
            key: _put_in(value, (*place, key), document, hidden) for key, value in outputs[chosen].items()
        }
        kind = str(settings.get("type") or "")
        if kind not in ADAPTERS:
            what = f"unknown adapter '{kind}'" if kind else "key 'type' is missing"
            raise document.error(
                (*place, "type"), what, allowed=ADAPTERS, word=kind or None,
                remedy="or write the warehouse's URL as 'warehouse:'",
            )  # fmt: skip
        refusal = ADAPTERS[kind].refusal(settings)
        if refusal is not None:
            what = f"a profile of adapter {kind} with '{refusal[0]}' is not read"
            raise document.error((*place, refusal[0]), what, remedy=refusal[1])
        missing = ADAPTERS[kind].missing(settings)
        if missing is not None:
            raise document.error(place, f"key '{missing}' is missing", remedy=f"add '{missing}:'")
        return Target(profile, chosen, kind, ADAPTERS[kind], settings, frozenset(hidden), folders[0])


def _file(folders: list[Path]) -> Path:
    named = os.environ.get(FOLDER)
    looked = [Path(named)] if named else [*folders, Path.home() / ".dbt"]
    for folder in looked:
        if (folder / FILE).is_file():
            return folder / FILE
    where = (
        f"{FOLDER} says {named}, and there"
        if named
        else f"in {', '.join(dict.fromkeys(map(str, looked)))} there"
    )
    raise ConfigurationError(
        f"{where} is no {FILE}",
        remedy=f"set {FOLDER} to its folder, or write the warehouse's URL as 'warehouse:'",
    )


def _put_in(value: Any, path: tuple[str, ...], document: Document, hidden: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _put_in(one, (*path, key), document, hidden) for key, one in value.items()}
    if isinstance(value, list):
        return [_put_in(one, path, document, hidden) for one in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    try:
        return rendered(value, {"env_var": environment_reader(hidden, takes_secrets=True)})
    except ConfigurationError as error:
        raise document.error(
            path, error.message, allowed=error.allowed, word=error.word, remedy=error.remedy
        ) from None
