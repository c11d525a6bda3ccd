"""SQL as dbt reads it, in Jinja: calls of ours stand in it, and anybody else's braces are only text."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from sqlmonitor import dialects

# All that Jinja reads begins with a brace; and it makes one kind of line break of all kinds.
SPECIAL = {"{": "{{ '{' }}", "\r": "{{ '\\r' }}"}


def escaped(text: str) -> str:
    """Text that Jinja renders as it was."""
    return re.sub(r"[{\r]", lambda found: SPECIAL[found[0]], text)


def called(function: str, *arguments: str) -> str:
    """A call in Jinja, such as ``{{ ref('scores') }}``.

    Args:
        function: its name.
        arguments: texts.
    """
    listed = ", ".join(quoted(one) for one in arguments)
    return f"{{{{ {function}({listed}) }}}}"


def quoted(text: str) -> str:
    """A text in Jinja's quotes."""
    ends = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}
    return "'" + "".join(ends.get(letter, letter) for letter in text) + "'"


class Calls:
    """Jinja that stands in a statement's tree as a name, until its text is written.

    Args:
        prefix: of those names; nothing else in the statement may have it.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.texts: list[str] = []

    def placed(self, text: str) -> exp.Identifier:
        """A name in whose place the text will stand."""
        if text not in self.texts:
            self.texts.append(text)
        return exp.to_identifier(f"{self.prefix}{self.texts.index(text)}_")


def written(tree: exp.Expr, place: Callable[[exp.Expr, Calls], None], dialect: str) -> str:
    """A statement in Jinja.

    Args:
        tree: canonical SQL in which the user's words are marked; it is used up.
        place: puts names of calls into the tree.
        dialect: whose words are wanted.
    """
    words = set()
    for node in tree.walk():
        node.comments = None
        words |= {value.casefold() for value in node.args.values() if isinstance(value, str)}
    prefix = "sqlmonitor_dbt_"
    # The user's own words must not be taken for a call.
    while any(prefix in word for word in words):
        prefix += "_"
    calls = Calls(prefix)
    place(tree, calls)
    parts = re.split(rf"{prefix}(\d+)_", dialects.translated(tree, dialect, pretty=True))
    # Text outside, number, text outside, and so on.
    return "".join(
        calls.texts[int(part)] if number % 2 else escaped(part) for number, part in enumerate(parts)
    ).rstrip()
