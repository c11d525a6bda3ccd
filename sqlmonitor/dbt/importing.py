"""The project file that says what a dbt project's own files say."""

from __future__ import annotations

import os
import re
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from sqlmonitor.dbt.features import columns_of
from sqlmonitor.dbt.loading import load
from sqlmonitor.dbt.manifest import Manifest, Node
from sqlmonitor.dbt.monitors import declared
from sqlmonitor.dbt.project import DbtProject
from sqlmonitor.dbt.references import find
from sqlmonitor.definitions.dbt_call import read_call

__all__ = ["import_text"]

WIDTH = 110
SHORT = 60
"""Characters of a list that is written on one line."""


def import_text(folder: Path, file: Path) -> tuple[str, list[str]]:
    """Write the monitors of a dbt project as a project file.

    Args:
        folder: of the dbt project.
        file: where the text will stand, which names the project from there.

    Returns:
        The text, in which columns have their descriptions as comments, and the monitors' names.

    Raises:
        ConfigurationError: there is no monitor, or one is not valid, with its place in dbt's files.
    """
    project = DbtProject.at(folder)
    # The same checks as by a run, so that what is written can be read.
    checked = load(dbt=folder)
    manifest = Manifest.of(project)
    document = declared(project, manifest)
    data = CommentedMap(document.data)
    data["dbt"] = {"project": Path(os.path.relpath(folder.absolute(), file.absolute().parent)).as_posix()}
    data["monitors"] = CommentedSeq(
        _commented(monitor, _described(monitor, manifest)) for monitor in document.data["monitors"]
    )
    data.yaml_set_start_comment(
        f"Written by `sqlmonitor dbt import` from dbt's project '{manifest.name}'; it is yours to change.\n"
    )
    yaml = YAML(typ="rt")
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(data, out)
    return out.getvalue(), [monitor.name for monitor in checked.monitors]


def _described(monitor: dict[str, Any], manifest: Manifest) -> dict[str, str]:
    predictions = monitor.get("predictions")
    call = predictions.get("dbt") if isinstance(predictions, dict) else None
    if not isinstance(call, str):
        return {}
    node: Node = find(read_call(call), manifest)
    found = {
        name: " ".join(str(one.get("description") or "").split()) for name, one in columns_of(node).items()
    }
    return {name: text for name, text in found.items() if text}


def _commented(value: Any, descriptions: dict[str, str], key: str = "") -> Any:
    """The value as ruamel.yaml's own types: short lists on one line, lists of described columns with comments."""
    if isinstance(value, dict):
        mapping = CommentedMap((name, _commented(one, descriptions, name)) for name, one in value.items())
        if (
            key
            and all(not isinstance(one, (dict, list)) for one in value.values())
            and len(str(value)) < SHORT
        ):
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, str):
        # dbt has put its own values in; what looks like an expression here is text, of anybody.
        return re.sub(r"\{[{%#]", r"{{ '\g<0>' }}", value) if "{{" in value else value
    if not isinstance(value, list):
        return value
    listed = CommentedSeq(_commented(one, descriptions, key) for one in value)
    comments = {
        index: descriptions.get(str(one).casefold(), "")
        for index, one in enumerate(value)
        if isinstance(one, str)
    }
    if key in ("numeric", "categorical", "segments") and any(comments.values()):
        for index, text in comments.items():
            if text:
                listed.yaml_add_eol_comment(_plain(text), index)
    elif all(not isinstance(one, (dict, list)) for one in value) and len(str(value)) < SHORT:
        listed.fa.set_flow_style()
    return listed


def _plain(text: str) -> str:
    """One line of a comment, whatever a description holds."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return shown if len(shown) <= SHORT else f"{shown[: SHORT - 1]}…"
