"""Monitors that stand in dbt's own files: exposures of type ml, and models, with ``meta.sqlmonitor``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlmonitor.dbt.features import columns_of, typed_features
from sqlmonitor.dbt.manifest import Manifest, Node, mapping
from sqlmonitor.dbt.meta import Meta, meta_of
from sqlmonitor.dbt.project import PROJECT_FILE, DbtProject
from sqlmonitor.dbt.references import call_of, find
from sqlmonitor.definitions import Monitor
from sqlmonitor.definitions.dbt_call import read_call
from sqlmonitor.definitions.document import Document, KeyPath
from sqlmonitor.errors import ConfigurationError

__all__ = ["declared"]

STORE = "sqlmonitor_store"
"""The variable of dbt_project.yml that names the store."""


def declared(project: DbtProject, manifest: Manifest) -> Document:
    """The project file that the monitors in dbt's files make together, with the places where they stand.

    Args:
        project: of dbt.
        manifest: of the project.

    Raises:
        ConfigurationError: there is no monitor, or one is not clear.
    """
    found = [*_of_exposures(manifest), *_of_models(manifest)]
    if not found:
        raise ConfigurationError(
            "no exposure of type ml and no model has meta.sqlmonitor",
            file=str(manifest.file),
            remedy="write the monitor's keys under config.meta.sqlmonitor of the exposure, then: dbt parse",
        )
    profile = project.setting("profile")
    if not profile:
        raise ConfigurationError(
            "key 'profile' is missing", file=str(project.folder / PROJECT_FILE), remedy="add 'profile:'"
        )
    data: dict[str, Any] = {"version": 1, "warehouse": {"dbt_profile": str(profile)}}
    variables = project.settings.get("vars")
    if isinstance(variables, dict) and STORE in variables:
        data["store"] = variables[STORE]
    data["dbt"] = {"project": "."}
    order = {key: number for number, key in enumerate(Monitor.model_fields)}
    data["monitors"] = [
        dict(sorted(monitor.items(), key=lambda item: order.get(item[0], len(order)))) for monitor, _ in found
    ]
    origins: dict[KeyPath, tuple[Document, KeyPath]] = {
        ("monitors", index): (meta.document, meta.path) for index, (_, meta) in enumerate(found)
    }
    file = str(project.folder / PROJECT_FILE)
    return Document(file=file, data=data, lines=dict(_lines(data, ())), origins=origins)


def _of_exposures(manifest: Manifest) -> Iterator[tuple[dict[str, Any], Meta]]:
    for node in sorted(manifest.exposures(), key=lambda node: str(node.get("unique_id"))):
        meta = meta_of(node, manifest, "exposures") if node.get("type") == "ml" else None
        if meta is None:
            continue
        ids = mapping(node, "depends_on").get("nodes")
        nodes = [manifest.node(str(one)) for one in (ids if isinstance(ids, list) else [])]
        relations = [one for one in nodes if one is not None and one.get("resource_type") != "metric"]
        monitor = _monitor(node, meta, owner=node.get("owner"), url=node.get("url"))
        predictions = _relations(monitor, relations, meta, manifest)
        yield typed_features(monitor, predictions, meta), meta


def _of_models(manifest: Manifest) -> Iterator[tuple[dict[str, Any], Meta]]:
    for node in sorted(manifest.nodes("model"), key=lambda node: str(node.get("unique_id"))):
        # Packages are other people's: what runs is what this project says.
        meta = meta_of(node, manifest, "models") if node.get("package_name") == manifest.name else None
        if meta is None or (node.get("version") != node.get("latest_version") and not meta.value.get("name")):
            continue
        groups = manifest.data.get("groups")
        group = groups.get(f"group.{manifest.name}.{node.get('group')}") if isinstance(groups, dict) else None
        monitor = _monitor(
            node, meta, owner=group.get("owner") if isinstance(group, dict) else None, url=None
        )
        predictions = _relations(monitor, [node], meta, manifest)
        yield typed_features(monitor, predictions, meta), meta


def _monitor(node: Node, meta: Meta, *, owner: Any, url: Any) -> dict[str, Any]:
    monitor: dict[str, Any] = {"name": node.get("name")}
    description = _one_line(node.get("description") or "")
    if description:
        monitor["description"] = description
    if isinstance(owner, dict):
        name, email = owner.get("name"), owner.get("email")
        email = ", ".join(map(str, email)) if isinstance(email, list) else email
        known = f"{name} <{email}>" if name and email else name or email
        monitor |= {"owner": _one_line(known)} if known else {}
    if url:
        monitor["url"] = _one_line(url)
    monitor |= _with_on(meta.value)
    for holder, key in (
        (monitor, "predictions"),
        (monitor.get("target"), "relation"),
        (monitor.get("reference"), "relation"),
    ):
        value = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and isinstance(value, str) and value.startswith(("ref(", "source(")):
            holder[key] = {"dbt": value}
    return monitor


def _with_on(value: Any) -> Any:
    """The value with the key ``on`` of what is joined: dbt reads YAML 1.1, which takes it for the value true."""
    if isinstance(value, list):
        return [_with_on(one) for one in value]
    if not isinstance(value, dict):
        return value
    is_joined = "true" in value and "on" not in value and ("relation" in value or "column" in value)
    return {"on" if is_joined and key == "true" else key: _with_on(one) for key, one in value.items()}


def _one_line(text: Any) -> str:
    """Text of a description or the like, without what a terminal would obey."""
    words = "".join(sign if sign.isprintable() else " " for sign in str(text)).split()
    return " ".join(words)


def _relations(monitor: dict[str, Any], nodes: list[Node], meta: Meta, manifest: Manifest) -> Node | None:
    """Puts in the predictions and the target's relation where they are not said.

    Returns:
        The node of the predictions; None where they are no node.
    """
    target = monitor.get("target")
    target = target if isinstance(target, dict) else {}
    said = [_known(holder, manifest) for holder in (target.get("relation"), (monitor.get("reference") or {}))]
    free = [node for node in nodes if node not in said]
    if "predictions" not in monitor:
        chosen = _with_columns(free, _columns_used(monitor)) if len(free) > 1 else free
        if len(chosen) != 1:
            calls = [str(call_of(node, manifest)) for node in free]
            raise meta.document.error(
                (*meta.path, "predictions"),
                f"depends_on has {len(calls)} relations that the predictions could be: {', '.join(calls)}"
                if calls
                else "depends_on has no relation for the predictions",
                remedy="write which one: predictions: {dbt: \"ref('…')\"}; or document the columns of each",
            )
        monitor["predictions"] = {"dbt": str(call_of(chosen[0], manifest))}
    try:
        predictions = _node(monitor["predictions"], manifest)
    except ConfigurationError as error:
        raise meta.document.error(
            (*meta.path, "predictions", "dbt"),
            error.message,
            allowed=error.allowed,
            word=error.word,
            remedy=error.remedy,
        ) from error
    column = target.get("column")
    if isinstance(column, str) and "relation" not in target:
        others = [node for node in free if node is not predictions]
        holders = _with_columns(others, [column])
        if len(holders) == 1 and not (predictions and _with_columns([predictions], [column])):
            monitor["target"] = {**target, "relation": {"dbt": str(call_of(holders[0], manifest))}}
    return predictions


def _node(value: Any, manifest: Manifest) -> Node | None:
    """What {dbt: …}, or the relation of a mapping, names; None for anything else. Raises ConfigurationError."""
    if isinstance(value, dict) and isinstance(value.get("relation"), dict):
        value = value["relation"]
    if not isinstance(value, dict) or not isinstance(value.get("dbt"), str):
        return None
    return find(read_call(value["dbt"]), manifest)


def _known(value: Any, manifest: Manifest) -> Node | None:
    """The same; None also for what is not there, which is said where it is looked up."""
    try:
        return _node(value, manifest)
    except ConfigurationError:
        return None


def _columns_used(monitor: dict[str, Any]) -> list[str]:
    model = monitor.get("model")
    model = model if isinstance(model, dict) else {}
    score = model.get("score")
    scores = list(score.values()) if isinstance(score, dict) else [score]
    return [str(one) for one in (monitor.get("timestamp"), model.get("label"), *scores) if one]


def _with_columns(nodes: list[Node], names: list[str]) -> list[Node]:
    wanted = {name.casefold() for name in names}
    return [node for node in nodes if wanted and wanted <= columns_of(node).keys()]


def _lines(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in parts:
        yield (*path, key), 1
        yield from _lines(one, (*path, key))
