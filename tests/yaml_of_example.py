"""The monitor of an example's project file, as it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


def monitor(path: Path) -> dict[str, Any]:
    """The only monitor of a project file."""
    (only,) = YAML(typ="safe").load(path)["monitors"]
    return dict(only)
