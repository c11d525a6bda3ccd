"""dbt's manifest.json: what each model, seed, snapshot and source became in the warehouse."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmonitor.dbt.project import PROJECT_FILE, DbtProject
from sqlmonitor.dbt.reading import json_of
from sqlmonitor.errors import ConfigurationError

__all__ = ["Manifest", "Node", "mapping"]

SCHEMAS = {"v12": "dbt 1.8 to 1.12"}
"""Versions of the manifest's schema that are read, and who writes them."""

KINDS = ("model", "seed", "snapshot")
"""What ``ref`` can name."""

PARSE = "dbt parse"

Node = dict[str, Any]


def mapping(node: Node, key: str) -> dict[str, Any]:
    """A part of a node that is a mapping; an empty one where it is missing or anything else."""
    found = node.get(key)
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Manifest:
    """A manifest that is of a known schema.

    Args:
        file: where it stands.
        data: its content.
        project: the project it was made of.
    """

    file: Path
    data: dict[str, Any]
    project: DbtProject

    @classmethod
    def of(cls, project: DbtProject) -> Manifest:
        """Read a project's manifest.

        Raises:
            ConfigurationError: it is missing, no manifest, or of a schema that is not known.
        """
        file = project.target_folder / "manifest.json"
        if not file.is_file():
            raise ConfigurationError(
                "dbt's manifest is missing",
                file=str(file),
                remedy=f"make it: {PARSE} (in {project.folder}), or any other dbt command",
            )
        data = json_of(file)
        metadata = data.get("metadata") if isinstance(data, dict) else None
        schema = str(metadata.get("dbt_schema_version", "")) if isinstance(metadata, dict) else ""
        version = re.search(r"/manifest/(v\d+)\.json$", schema)
        if version is None or not all(isinstance(data.get(key), dict) for key in ("nodes", "sources")):
            raise ConfigurationError(
                "is no manifest of dbt's", file=str(file), remedy=f"make it anew: {PARSE}"
            )
        if version[1] not in SCHEMAS:
            made_by = str(metadata.get("dbt_version", "?")) if isinstance(metadata, dict) else "?"
            known = ", ".join(f"{name} ({who})" for name, who in SCHEMAS.items())
            raise ConfigurationError(
                f"the manifest has schema {version[1]}, of dbt {made_by[:20]}, which is not known here",
                file=str(file),
                remedy=f"known: {known}; make it with one of these, or name relations in place of {{dbt: …}}",
            )
        return cls(file, data, project)

    @property
    def name(self) -> str:
        """The root project's name."""
        return str(self.data["metadata"].get("project_name") or "")

    @property
    def adapter(self) -> str:
        """The type of the adapter it was made for."""
        return str(self.data["metadata"].get("adapter_type") or "")

    @property
    def made_at(self) -> float:
        """When it was made, in seconds since 1970."""
        text = str(self.data["metadata"].get("generated_at") or "")
        try:
            return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
        except ValueError:
            return self.file.stat().st_mtime

    def nodes(self, *kinds: str) -> Iterator[Node]:
        """Nodes of these kinds, models by default everything that ``ref`` can name."""
        for node in self.data["nodes"].values():
            if isinstance(node, dict) and node.get("resource_type") in (kinds or KINDS):
                yield node

    def sources(self) -> Iterator[Node]:
        """Tables of sources."""
        return (node for node in self.data["sources"].values() if isinstance(node, dict))

    def exposures(self) -> Iterator[Node]:
        """Exposures."""
        found = self.data.get("exposures")
        return (
            node for node in (found.values() if isinstance(found, dict) else ()) if isinstance(node, dict)
        )

    def node(self, unique_id: str) -> Node | None:
        """A node or source by its id."""
        found = self.data["nodes"].get(unique_id) or self.data["sources"].get(unique_id)
        return found if isinstance(found, dict) else None

    def is_disabled(self, name: str) -> bool:
        """Whether a model of this name is switched off."""
        some = [nodes for nodes in mapping(self.data, "disabled").values() if isinstance(nodes, list)]
        return any(isinstance(node, dict) and node.get("name") == name for nodes in some for node in nodes)

    def newer_files(self) -> list[str]:
        """Files of the project that changed since the manifest was made, by their paths in it.

        A file that is only written later, as by a checkout, and whose text is the one that the manifest has the
        hash of, did not change.
        """
        made_at = self.made_at
        hashes = {
            str(node.get("original_file_path")): str(mapping(node, "checksum").get("checksum"))
            for node in self.nodes()
        }
        folder = self.project.folder
        files = [folder / PROJECT_FILE]
        for source in self.project.source_folders:
            files += [file for file in source.rglob("*") if file.suffix in (".sql", ".yml", ".yaml")]
        newer = []
        for file in files:
            path = os.path.relpath(file, folder)
            if file.is_file() and file.stat().st_mtime > made_at and hashes.get(path) not in _hashes(file):
                newer.append(path)
        return sorted(newer)

    def check_target(self, target: str, database: str, schema: str) -> None:
        """Refuse a manifest that was made for another target than the one that is to be read.

        A manifest does not name its target. But models without a schema of their own stand in the target's, unless
        the project has a macro that says otherwise; then there is nothing to compare.

        Args:
            target: its name.
            database: where its models are by default; empty where it has none.
            schema: the same.

        Raises:
            ConfigurationError: naming a model, and where it would have to be.
        """
        macros = mapping(self.data, "macros")
        own = {str(name).rpartition(".")[2] for name in macros if not str(name).startswith("macro.dbt")}
        for node in self.nodes("model"):
            config = mapping(node, "config")
            if node.get("package_name") != self.name or not node.get("relation_name"):
                continue
            compared = [
                ("schema", schema, {"generate_schema_name", "default__generate_schema_name"}),
                ("database", database, {"generate_database_name", "default__generate_database_name"}),
            ]
            for key, wanted, deciding in compared:
                there = str(node.get(key) or "")
                if not wanted or not there or config.get(key) or own & deciding:
                    continue
                if there.casefold() != wanted.casefold():
                    raise ConfigurationError(
                        f"the manifest was made for another target than '{target}': model '{node.get('name')}' "
                        f"stands in {key} '{there}', where '{target}' has '{wanted}'",
                        file=str(self.file),
                        remedy=f"make it for this one: {PARSE} --target {target}",
                    )


def _hashes(file: Path) -> set[str]:
    """What dbt's versions have as the hash of a file."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return set()
    # Up to 1.11 the text is hashed without the blanks around it; from 1.12 on all its blanks are one each.
    return {hashlib.sha256(form.encode()).hexdigest() for form in (text, " ".join(text.split()))}
