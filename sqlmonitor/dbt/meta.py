"""Where ``meta.sqlmonitor`` stands in dbt's files, and what dbt made of it.

dbt merges ``meta`` of a model's YAML, of dbt_project.yml and of ``{{ config(meta=…) }}`` in its SQL by their first keys
only: of several ``sqlmonitor`` the nearest to the SQL replaces the others whole, without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlmonitor.dbt.manifest import Manifest, Node, mapping
from sqlmonitor.dbt.project import PROJECT_FILE
from sqlmonitor.dbt.reading import document_of
from sqlmonitor.definitions.document import Document, KeyPath, written_key
from sqlmonitor.errors import ConfigurationError

__all__ = ["KEY", "Meta", "meta_of"]

KEY = "sqlmonitor"


@dataclass(frozen=True)
class Meta:
    """What a node says about its monitor.

    Args:
        value: as dbt has it in the manifest.
        document: the file it stands in.
        path: the place there.
    """

    value: dict[str, Any]
    document: Document
    path: KeyPath


def meta_of(node: Node, manifest: Manifest, section: str) -> Meta | None:
    """What a node's ``meta.sqlmonitor`` says; None where it has none.

    Args:
        node: an exposure or a model.
        manifest: where it stands.
        section: of its YAML file: ``exposures`` or ``models``.

    Raises:
        ConfigurationError: it is no mapping, or one that dbt dropped stands beside it.
    """
    value = value_of(node)
    if value is None:
        return None
    document, places = _written(node, manifest, section)
    path = places[-1] if places else ()
    if not isinstance(value, dict):
        raise document.error(path, f"meta.{KEY} must be a mapping of a monitor's keys")
    if section == "models":
        _check_merge(node, value, manifest, document, places)
    return Meta(value, document, path)


def value_of(node: Node) -> Any:
    """``config.meta.sqlmonitor``, or else ``meta.sqlmonitor``, of a node or column."""
    for holder in (mapping(node, "config"), node):
        meta = mapping(holder, "meta")
        if KEY in meta:
            return meta[KEY]
    return None


def _written(node: Node, manifest: Manifest, section: str) -> tuple[Document, list[KeyPath]]:
    """The YAML file of a node, and where ``meta.sqlmonitor`` stands in it; the last place wins."""
    if section == "exposures":
        path = str(node.get("original_file_path"))
    else:
        package, _, path = str(node.get("patch_path") or "").partition("://")
        path = path if package == manifest.name else ""
    file = manifest.project.inside(path) if path else None
    shown = str(manifest.project.folder / (path or str(node.get("original_file_path") or "")))
    nothing = Document(file=shown, data={}, lines={})
    if file is None:
        return nothing, []
    try:
        document = document_of(file)
    except ConfigurationError:
        # dbt reads YAML 1.1 with more in it; without the file, places are not known.
        return nothing, []
    return Document(file=shown, data=document.data, lines=document.lines), list(
        _places(document, node, section)
    )


def _places(document: Document, node: Node, section: str) -> Iterator[KeyPath]:
    listed = document.data.get(section)
    for index, one in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(one, dict) or one.get("name") != node.get("name"):
            continue
        holders: list[KeyPath] = [(section, index), (section, index, "config")]
        versions = one.get("versions")
        for number, version in enumerate(versions if isinstance(versions, list) else []):
            if isinstance(version, dict) and str(version.get("v")) == str(node.get("version")):
                holders.append((section, index, "versions", number, "config"))
        for holder in holders:
            place = (*holder, "meta", KEY)
            if document.value(place) is not None:
                yield place


def _check_merge(
    node: Node, value: dict[str, Any], manifest: Manifest, document: Document, places: list[KeyPath]
) -> None:
    others = [(document, place) for place in places]
    settings = Document(
        file=str(manifest.project.folder / PROJECT_FILE), data=manifest.project.settings, lines={}
    )
    models, fqn = settings.data.get("models"), node.get("fqn")
    names = [str(name) for name in fqn] if isinstance(fqn, list) else []
    others += [(settings, place) for place in _in_project(models, ("models",), names)]
    is_in_sql = _is_in_sql(str(node.get("raw_code") or ""))
    if len(others) + is_in_sql < 2:
        return
    model = str(node.get("original_file_path"))
    lost: set[str] = set()
    for other, place in others:
        written = other.value(place)
        lost |= {str(key) for key in written if key not in value} if isinstance(written, dict) else set()
    named = [f"{other.file}, {written_key(place)}" for other, place in others]
    named += [f"config(meta=…) in {model}"] if is_in_sql else []
    raise ConfigurationError(
        f"meta.{KEY} of model '{node.get('name')}' is written {len(named)} times, and dbt kept one of them whole"
        + (f"; lost: {', '.join(sorted(lost))}" if lost else ""),
        file=others[0][0].file,
        line=others[0][0].line(others[0][1]),
        remedy=f"dbt merges only the first keys of meta: keep one of {'; '.join(named)}",
    )


def _is_in_sql(text: str) -> bool:
    """Whether a model's SQL sets ``meta`` with our key by ``config``."""
    for part in text.split("{{")[1:]:
        before, sign, after = part.partition("meta")
        if (
            sign
            and before.lstrip("- \n\t").startswith("config")
            and re.search(rf"[(,\s'\"]{KEY}['\"\s]*[:=]", after)
        ):
            return True
    return False


def _in_project(level: Any, path: KeyPath, below: list[str]) -> Iterator[KeyPath]:
    """Where dbt_project.yml sets it for a model, from the widest folder to the model itself."""
    if not isinstance(level, dict):
        return
    for key in ("+meta", "meta"):
        meta = level.get(key)
        if isinstance(meta, dict) and KEY in meta:
            yield (*path, key, KEY)
    if below:
        yield from _in_project(level.get(below[0]), (*path, below[0]), below[1:])
