"""Plain names for models, files and folders, whatever the user's own names are made of."""

from __future__ import annotations

import re

from sqlmonitor.plan import digest

LONGEST = 40
"""Of a part of a model's name: with a step's after it, it is shorter than any engine's limit."""


def plain(name: str, longest: int = LONGEST) -> str:
    """A name of small letters, digits and ``_``, which begins with a letter: the name itself where it is one.

    Any other gets a hash of what it was, so that two names stay two.

    Args:
        name: any text.
        longest: how many characters it may have.
    """
    made = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not made[:1].isalpha():
        made = f"m_{made}".rstrip("_")
    if made == name and len(made) <= longest:
        return made
    return f"{made[: longest - 7].rstrip('_')}_{digest(name)[:6]}"


def comment(text: str) -> str:
    """Text as lines of SQL comments, which no line of it can leave."""
    return "".join(f"-- {line}".rstrip() + "\n" for line in text.splitlines())
