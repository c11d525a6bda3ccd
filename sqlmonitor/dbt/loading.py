"""A project file with its dbt references and profile looked up, or a project that dbt's own files declare."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from sqlmonitor import definitions
from sqlmonitor.dbt.manifest import Manifest
from sqlmonitor.dbt.monitors import declared
from sqlmonitor.dbt.profiles import Target, find_target
from sqlmonitor.dbt.project import DbtProject
from sqlmonitor.dbt.references import resolve
from sqlmonitor.definitions import warehouse as addresses
from sqlmonitor.definitions.dbt_call import read_call
from sqlmonitor.definitions.document import Document, KeyPath
from sqlmonitor.dialects import SCHEMES
from sqlmonitor.dialects.dbt_adapters import ADAPTERS
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.masking import hiding

__all__ = ["load", "project_of"]

logger = logging.getLogger("sqlmonitor")

MOST_NEWER_SHOWN = 3


def load(
    path: str | Path | None = None,
    *,
    dbt: str | Path | None = None,
    variables: Mapping[str, Any] | None = None,
) -> definitions.Project:
    """Read and validate a project file, or the monitors that a dbt project declares.

    Args:
        path: the file; None for what stands in the dbt project's own files.
        dbt: the folder of the dbt project; by default the file says it, or it stands around the file.
        variables: values of ``vars`` in place of the file's.

    Raises:
        ConfigurationError: something is not valid; it names the file, the line and the key.
    """
    folder = None if dbt is None else Path(dbt)
    put_in = partial(_with_dbt, folder=folder)
    if path is not None:
        return definitions.load(path, variables=variables, resolve=put_in)
    project = DbtProject.at(folder or Path())
    if variables:
        raise ConfigurationError(
            "variables are put into a project file, and none is named",
            key="--vars",
            remedy="name it: -c PATH",
        )
    document = declared(project, Manifest.of(project))
    return definitions.validated(put_in(document), document.file)


def project_of(project: definitions.Project, folder: str | Path | None) -> DbtProject | None:
    """The dbt project that a project's calls are of; None where there is none.

    Args:
        project: as loaded.
        folder: of the dbt project, where the user named it.
    """
    document = project.document
    if document is None:
        return None
    return _project(document, Path(document.file).parent, None if folder is None else Path(folder))


def _with_dbt(document: Document, *, folder: Path | None) -> Document:
    warehouse = document.data.get("warehouse")
    profile = _profile(warehouse)
    calls = list(_calls(document.data.get("monitors"), ("monitors",)))
    if not calls and profile is None:
        return document
    file = Path(document.file)
    project = _project(document, file.parent, folder)
    data = dict(document.data)
    target = None
    if profile is not None:
        target = _target(document, project, profile["dbt_profile"], file.parent)
        data["warehouse"] = target.url
        document = replace(document, hidden=document.hidden | target.hidden)
    if calls:
        if project is None:
            raise document.error(
                calls[0],
                "there is no dbt project to look it up in",
                remedy="name its folder: dbt: {project: DIR}, or on the command line --dbt DIR",
            )
        if target is None and _asked_target(document) is not None:
            target = _target(document, project, str(project.setting("profile") or ""), file.parent)
        manifest = Manifest.of(project)
        with hiding(_hidden_places(target)):
            _check(document, manifest, target, data.get("warehouse"))
        found: dict[KeyPath, str] = {}
        data["monitors"] = _looked_up(data["monitors"], ("monitors",), document, manifest, found)
        document = replace(document, calls=found)
    return replace(document, data=data)


def _profile(warehouse: object) -> dict[str, str] | None:
    """A valid mapping of a profile; None for a URL, and for what validation will complain of."""
    if not isinstance(warehouse, dict):
        return None
    try:
        checked = addresses.check(warehouse)
    except PydanticCustomError:
        return None
    return checked if isinstance(checked, dict) else None


def _asked_target(document: Document) -> str | None:
    profile = _profile(document.data.get("warehouse")) or {}
    asked = [profile.get("target"), document.value(("dbt", "target"))]
    given = [one for one in asked if isinstance(one, str)]
    if len(set(given)) > 1:
        raise document.error(
            ("dbt", "target"),
            f"is '{given[1]}', but the warehouse has target '{given[0]}'",
            remedy="keep one of them",
        )
    return given[0] if given else None


def _project(document: Document, beside: Path, named: Path | None) -> DbtProject | None:
    if named is not None:
        return DbtProject.at(named)
    written = document.value(("dbt", "project"))
    if isinstance(written, str):
        try:
            return DbtProject.at(beside / written)
        except ConfigurationError as error:
            raise document.error(("dbt", "project"), error.message, remedy=error.remedy) from error
    return DbtProject.above(beside)


def _target(document: Document, project: DbtProject | None, profile: str, beside: Path) -> Target:
    folders = [*([project.folder] if project else []), beside]
    target = find_target(profile, _asked_target(document), folders)
    if target.unread:
        logger.warning(
            "profile '%s', target '%s': not read: %s", target.profile, target.name, ", ".join(target.unread)
        )
    return target


def _hidden_places(target: Target | None) -> frozenset[str]:
    """What is hidden of a target, with the database whose name a hidden file's path gives."""
    if target is None:
        return frozenset()
    return target.hidden | {name for name in target.place if any(name in one for one in target.hidden)}


def _check(document: Document, manifest: Manifest, target: Target | None, warehouse: object) -> None:
    adapter = ADAPTERS.get(manifest.adapter)
    dialect = addresses.dialect_of(warehouse) if isinstance(warehouse, str) else None
    if (
        adapter is not None
        and dialect is not None
        and dialect not in (SCHEMES[adapter.scheme], *adapter.served_by)
    ):
        raise document.error(
            ("warehouse",),
            f"dbt's manifest is of adapter {manifest.adapter}, but the warehouse speaks {dialect}",
            remedy="take the connection from dbt: warehouse: {dbt_profile: …}; or name relations in place of {dbt: …}",
        )
    if target is not None:
        manifest.check_target(target.name, *target.place)
    newer = manifest.newer_files()
    if newer:
        more = len(newer) - MOST_NEWER_SHOWN
        logger.warning(
            "dbt's manifest is older than %s%s: what changed there is not seen; make it anew: dbt parse%s",
            ", ".join(newer[:MOST_NEWER_SHOWN]),
            f" and {more} more" if more > 0 else "",
            f" --target {target.name}" if target else "",
        )


def _calls(value: Any, path: KeyPath) -> list[KeyPath]:
    if _is_call(value, path):
        return [path]
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, one in parts for found in _calls(one, (*path, key))]


def _is_call(value: Any, path: KeyPath) -> bool:
    return (
        path[-1] in ("predictions", "relation")
        and isinstance(value, dict)
        and set(value) == {"dbt"}
        and isinstance(value["dbt"], str)
    )


def _looked_up(
    value: Any, path: KeyPath, document: Document, manifest: Manifest, calls: dict[KeyPath, str]
) -> Any:
    if not _is_call(value, path):
        if isinstance(value, dict):
            return {
                key: _looked_up(one, (*path, key), document, manifest, calls) for key, one in value.items()
            }
        if isinstance(value, list):
            return [
                _looked_up(one, (*path, index), document, manifest, calls) for index, one in enumerate(value)
            ]
        return value
    try:
        call = read_call(value["dbt"])
        found = resolve(call, manifest, takes_query=path[-1] == "predictions")
    except ConfigurationError as error:
        raise document.error(
            (*path, "dbt"), error.message, allowed=error.allowed, word=error.word, remedy=error.remedy
        ) from error
    if found.relation is not None:
        calls[path] = str(call)
        return found.relation
    calls[(*path, "sql")] = str(call)
    return {"sql": found.sql}
