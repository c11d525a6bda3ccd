"""sqlmonitor: know whether a deployed model still works, without moving the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "compare", "connect", "load", "profile"]

if TYPE_CHECKING:
    from sqlmonitor.api import compare, connect, load, profile


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that the command line starts at once.
    if name in __all__:
        from sqlmonitor import api

        return getattr(api, name)
    raise AttributeError(f"module 'sqlmonitor' has no attribute '{name}'")
