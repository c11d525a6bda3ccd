"""A store of Parquet files, whose manifest says which file each table is; publishing is one new manifest.

Manifests are numbered, and the newest counts. A file is never changed once a manifest names it. So a publication
is all or nothing, of two at once one finds its number taken, and a run that is killed leaves files that no
manifest names.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlmonitor.engines import publication
from sqlmonitor.errors import WarehouseError

if TYPE_CHECKING:
    import pyarrow

MANIFEST = re.compile(r"manifest_(\d{10})\.json")
OURS = re.compile(rf"{MANIFEST.pattern}|draft_[0-9a-f]{{32}}\.json|.*\.sqlmonitor_[0-9a-f]{{8}}\.parquet")
"""Names of files that publications write; others in the folder are the user's."""


@dataclass
class Manifest:
    """What a store holds.

    Args:
        number: of the manifest; 0 where nothing was published yet.
        tables: the file's name of each table.
        views: the definition of each view, in DataFusion's words.
    """

    number: int = 0
    tables: dict[str, str] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)


def is_store(folder: Path) -> bool:
    """Whether the folder has a manifest."""
    return bool(_numbers(folder))


def read(folder: Path) -> Manifest:
    """The newest manifest of a store; an empty one where there is none.

    Raises:
        WarehouseError: for a file of a manifest's name that is none.
    """
    numbers = _numbers(folder)
    if not numbers:
        return Manifest()
    newest = max(numbers)
    try:
        return Manifest(newest, **json.loads(numbers[newest].read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise WarehouseError(
            f"{folder.name}/{numbers[newest].name} is not the manifest of a store",
            remedy="move it out of the warehouse's folder, or restore it from a copy",
        ) from None


def write_table(folder: Path, name: str, rows: pyarrow.Table) -> str:
    """Writes a table's rows.

    Returns:
        The file's name, for a manifest.
    """
    import pyarrow.parquet

    # Signs that a file's name, or a place in it, cannot have.
    file = folder / f"{quote(name, safe='').replace('%', '_')}.sqlmonitor_{uuid.uuid4().hex[:8]}.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        pyarrow.parquet.write_table(rows, out)
        out.flush()
        os.fsync(out.fileno())
    return file.name


def publish(folder: Path, base: int, tables: Mapping[str, str], views: Mapping[str, str]) -> None:
    """Makes the manifest after another one.

    Args:
        folder: the store's.
        base: number of the manifest that the publication began with.
        tables: file of each table.
        views: definition of each view.

    Raises:
        WarehouseError: where another run has published since.
    """
    if read(folder).number != base:
        raise publication.conflict()
    draft = folder / f"draft_{uuid.uuid4().hex}.json"
    with draft.open("w", encoding="utf-8") as out:
        json.dump({"tables": tables, "views": views}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    try:
        # Refused where the name is taken, unlike a renaming.
        os.link(draft, folder / f"manifest_{base + 1:010d}.json")
    except FileExistsError:
        raise publication.conflict() from None
    finally:
        draft.unlink()


def refuse_foreign(folder: Path) -> None:
    """Keeps a store out of a folder with tables of the user's, which nobody could read beside it.

    Raises:
        WarehouseError: naming the first file.
    """
    foreign = sorted(file.name for file in folder.glob("*.parquet") if not OURS.fullmatch(file.name))
    if foreign:
        more = f" and {len(foreign) - 1} more" if foreign[1:] else ""
        raise WarehouseError(
            f"the store's folder '{folder.name}' has files that are no part of a store: {foreign[0]}{more}",
            remedy="give the store a schema of its own, such as `store: sqlmonitor`, or move the files to another folder",
        )


def sweep(folder: Path) -> None:
    """Deletes files that the newest manifest does not name, and that nobody can still be reading."""
    if not is_store(folder):
        return
    newest = read(folder)
    used = {f"manifest_{newest.number:010d}.json", *newest.tables.values()}
    oldest = time.time() - publication.AGE
    for file in folder.iterdir():
        if OURS.fullmatch(file.name) and file.name not in used and file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)


def _numbers(folder: Path) -> dict[int, Path]:
    if not folder.is_dir():
        return {}
    named = ((MANIFEST.fullmatch(file.name), file) for file in folder.iterdir())
    return {int(found[1]): file for found, file in named if found}
