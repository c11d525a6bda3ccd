"""One hierarchy of errors; messages say what, where, what is allowed and what to do.

Everything the user can mend is a :class:`SqlmonitorError` with exit code 2; what only we can
mend is an :class:`InternalError` with exit code 3.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ConfigurationError",
    "DataError",
    "InternalError",
    "SqlmonitorError",
    "StoreError",
    "TimeUpError",
    "UnreachableError",
    "UnsupportedError",
    "WarehouseError",
    "closest",
]

MOST_ALLOWED_SHOWN = 40


def closest(word: str, allowed: Iterable[str]) -> str | None:
    """Find the allowed word that the user most likely meant.

    Args:
        word: what the user wrote.
        allowed: the words that would have been right.

    Returns:
        The nearest allowed word, upper and lower case aside, or None where none is near.
    """
    by_lower = {candidate.casefold(): candidate for candidate in allowed}
    found = difflib.get_close_matches(word.casefold(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


class SqlmonitorError(Exception):
    """Something the user can mend; shown as a few lines without a traceback.

    Args:
        message: what is wrong, in one sentence.
        remedy: what to do about it.
    """

    exit_code: int = 2

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [self.headline(), *self.hints()]
        return "\n  ".join(line for line in lines if line)

    def headline(self) -> str:
        """The first line: what is wrong and, where known, the place."""
        return self.message

    def hints(self) -> list[str]:
        """The lines below the first: what is allowed, what was probably meant, what to do."""
        return [self.remedy] if self.remedy else []


class ConfigurationError(SqlmonitorError):
    """The project file, or an argument that stands for a part of it, is not valid.

    Args:
        message: what is wrong, in one sentence.
        file: the project file, as the user named it.
        line: the line in the file, counted from 1.
        key: the place in the file, such as ``monitors[0].metrics.drift[1]``.
        remedy: what to do about it.
        allowed: the values that would have been right.
        word: what the user wrote in place of one of ``allowed``; used for "did you mean".
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
        remedy: str | None = None,
        allowed: Iterable[str] | None = None,
        word: str | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.file = file
        self.line = line
        self.key = key
        self.allowed = None if allowed is None else tuple(allowed)
        self.word = word

    def headline(self) -> str:
        """``file, line n, key: message``, each part where it is known."""
        place = ", ".join(
            part for part in (self.file, f"line {self.line}" if self.line else None, self.key) if part
        )
        return f"{place}: {self.message}" if place else self.message

    def hints(self) -> list[str]:
        """``allowed: …``, ``did you mean …?`` and the remedy, each where there is one."""
        lines = []
        if self.allowed:
            shown = ", ".join(self.allowed[:MOST_ALLOWED_SHOWN])
            more = len(self.allowed) - MOST_ALLOWED_SHOWN
            lines.append(f"allowed: {shown}" + (f" and {more} more" if more > 0 else ""))
            meant = closest(self.word, self.allowed) if self.word else None
            if meant is not None:
                lines.append(f"did you mean '{meant}'?")
        return lines + super().hints()


class DataError(SqlmonitorError):
    """The user's data break a promise the project file makes about them."""


class WarehouseError(SqlmonitorError):
    """The warehouse cannot be reached, refuses a right or is locked."""


class UnreachableError(WarehouseError):
    """The warehouse cannot be reached, is locked, or has ended the connection: a moment later it may be back."""


class TimeUpError(SqlmonitorError):
    """The time is over that the user has given."""


class UnsupportedError(SqlmonitorError):
    """The engine cannot do this; the remedy says what can be done instead."""


class StoreError(SqlmonitorError):
    """The package's own tables in the warehouse are missing, foreign or too new."""


class InternalError(SqlmonitorError):
    """A mistake of ours, which the user cannot mend."""

    exit_code = 3
