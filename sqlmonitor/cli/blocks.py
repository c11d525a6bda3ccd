"""Small drawings of blocks, and shares in percent."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["ARROW", "bar", "blocks", "harmless", "percent", "plain", "printable", "share"]

ARROW = " → "
HEIGHTS = "▁▂▃▄▅▆▇█"
WIDTHS = "▏▎▍▌▋▊▉█"
UNPRINTABLE = "�"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
ASCII = {
    "→": "->",
    "×": "x",
    "…": "...",
    "≥": ">=",
    UNPRINTABLE: "?",
    **dict(zip(HEIGHTS, "_.-:=+*#", strict=True)),
}


def plain(text: str, *, is_ascii: bool) -> str:
    """The text, with our own signs written in ASCII where only that can be shown."""
    if is_ascii:
        for sign, letters in ASCII.items():
            text = text.replace(sign, letters)
    return text


def harmless(text: str) -> str:
    """The text without control characters but for line breaks: a terminal would obey those in anybody's data."""
    return CONTROL.sub(UNPRINTABLE, text)


def printable(text: str) -> str:
    """The text on one line, and without what does not show."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else UNPRINTABLE for sign in text)


def blocks(shares: Sequence[float], top: float) -> str:
    """A block for each share, as high as it is of the highest; a blank where there is nothing.

    Args:
        shares: of rows.
        top: what a whole block stands for.
    """
    return "".join(
        " " if height <= 0 else HEIGHTS[min(int(height / top * len(HEIGHTS)), len(HEIGHTS) - 1)]
        for height in shares
    )


def bar(value: float, width: int, *, is_ascii: bool) -> str:
    """A bar from the left, of a value in [0, 1]; an eighth of a block at least where it is not 0."""
    if is_ascii:
        return "#" * max(round(value * width), 1 if value > 0 else 0)
    eighths = max(round(value * width * 8), 1 if value > 0 else 0)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (WIDTHS[rest - 1] if rest else "")


def percent(value: float) -> str:
    """A share in percent, with the digits that are worth reading; without the sign."""
    if value != value:
        return "-"
    hundredths = value * 100
    if value in (0, 1):
        return f"{hundredths:.0f}"
    if hundredths < 0.05:
        return "<0.1"
    return ">99.9" if hundredths > 99.95 else f"{hundredths:.1f}"


def share(before: float, after: float) -> str:
    """What a share was and is; once where both are written alike."""
    first, second = percent(before), percent(after)
    return f"{first} %" if first == second else f"{first}{ARROW}{second} %"
