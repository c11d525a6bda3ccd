"""sqlmonitor: know whether a deployed model still works, without moving the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "connect", "load"]

if TYPE_CHECKING:
    from sqlmonitor.api import connect, load


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that the command line starts at once.
    if name in ("connect", "load"):
        from sqlmonitor import api

        return getattr(api, name)
    raise AttributeError(f"module 'sqlmonitor' has no attribute '{name}'")
