"""What to do about errors, in words that every engine's errors share."""

from __future__ import annotations

__all__ = ["AGAIN", "ALIKE", "ALIKE_REMEDY", "DIVISION", "DIVISION_REMEDY", "SEE", "UP", "WHICH_ARE_ALIKE"]

DIVISION = "an expression of yours divides by zero"
DIVISION_REMEDY = "write nullif(…, 0) below the line"
SEE = "run with -v to see the statement"
AGAIN = "run again: a lost run is stored whole or not at all"
UP = f"check `warehouse` and that the server is up, then {AGAIN}"
WHICH_ARE_ALIKE = r'duplicate unqualified field name "?\w+\('
"""What DataFusion, and Sail over it, say of two aggregates of one statement, source: its issue 18975."""
ALIKE = "two aggregates of yours differ by a cast alone, and are taken for one"
ALIKE_REMEDY = (
    "make the cast a column, as in `predictions: {sql: select *, cast(x as double) as x_double from …}`, "
    "and aggregate that"
)
