"""What DataFusion's errors mean for the user."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlmonitor.engines.remedies import ALIKE, ALIKE_REMEDY, DIVISION, DIVISION_REMEDY, SEE, WHICH_ARE_ALIKE
from sqlmonitor.errors import WarehouseError


@contextmanager
def explaining() -> Iterator[None]:
    """Errors inside as ours.

    Raises:
        WarehouseError: for whatever went wrong; DataFusion has no exceptions of its own.
    """
    try:
        yield
    except WarehouseError:
        raise
    except OSError as error:
        raise _of_files(error) from None
    except Exception as error:
        raise _of_statement(str(error)) from None


def _of_files(error: OSError) -> WarehouseError:
    if error.errno == errno.ENOSPC:
        return WarehouseError("the warehouse's disk is full", remedy="make room on it; nothing was stored")
    return WarehouseError(
        f"a file of the store cannot be written: {error.strerror or error}",
        remedy="a run needs to read the folder, and to write and link files in the store's subfolder; nothing was stored",
    )


def _of_statement(text: str) -> WarehouseError:
    if "No space left" in text:
        return WarehouseError("the warehouse's disk is full", remedy="make room on it; nothing was stored")
    if "Permission denied" in text:
        return WarehouseError("a file may not be read", remedy="a run needs to read the folder")
    if "Resources exhausted" in text:
        return WarehouseError(
            "the memory is full", remedy="read less, by `where` or --since; nothing was stored"
        )
    if "Divide by zero" in text:
        return WarehouseError(DIVISION, remedy=DIVISION_REMEDY)
    if re.search(WHICH_ARE_ALIKE, text):
        return WarehouseError(f"{ALIKE}: {_said(text)}", remedy=ALIKE_REMEDY)
    return WarehouseError(_said(text), remedy=SEE)


def _said(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line not in ("", "caused by")).removeprefix(
        "DataFusion error: "
    )
