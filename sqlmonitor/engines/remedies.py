"""What to do about errors, in words that every engine's errors share."""

from __future__ import annotations

__all__ = ["AGAIN", "SEE", "UP"]

SEE = "run with -v to see the statement"
AGAIN = "run again: a lost run is stored whole or not at all"
UP = f"check `warehouse` and that the server is up, then {AGAIN}"
