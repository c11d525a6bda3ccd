"""How dbt's users name a relation: ``ref('model')`` or ``source('source', 'table')``, read without dbt."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from sqlmonitor.errors import ConfigurationError

__all__ = ["DbtCall", "read_call"]

LONGEST = 500
"""Characters of a call; more are no call, and need not be parsed."""

REMEDY = (
    "write it as \"ref('model')\", \"ref('package', 'model')\", \"ref('model', v=2)\" "
    "or \"source('source', 'table')\""
)


@dataclass(frozen=True)
class DbtCall:
    """One call.

    Args:
        function: which of the two.
        name: of the model, or of the source's table.
        inside: the package of the model, where it is named, or the source.
        version: of the model, where it is named; 2 and "2" are one version.
    """

    function: Literal["ref", "source"]
    name: str
    inside: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        names = [repr(name) for name in (self.inside, self.name) if name is not None]
        if self.version is not None:
            names.append(f"v={self.version if self.version.isdigit() else repr(self.version)}")
        return f"{self.function}({', '.join(names)})"


def read_call(text: str) -> DbtCall:
    """Read a call; it is parsed as Python's grammar has it, and never run.

    Args:
        text: as the user wrote it.

    Raises:
        ConfigurationError: it is anything else.
    """
    wrong = ConfigurationError(f"'{text[:60]}' is not a dbt reference", remedy=REMEDY)
    if len(text) > LONGEST:
        raise wrong
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise wrong from error
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        raise wrong
    names = [_text(argument) for argument in tree.args]
    options = {keyword.arg: _version(keyword.value) for keyword in tree.keywords}
    if None in names:
        raise wrong
    if tree.func.id == "source" and len(names) == 2 and not options:
        return DbtCall("source", name=str(names[1]), inside=names[0])
    if (
        tree.func.id == "ref"
        and len(names) in (1, 2)
        and len(options) <= 1
        and options.keys() <= {"v", "version"}
    ):
        version = next(iter(options.values()), None)
        if options and version is None:
            raise wrong
        return DbtCall(
            "ref", name=str(names[-1]), inside=names[0] if len(names) == 2 else None, version=version
        )
    raise wrong


def _text(node: ast.expr) -> str | None:
    return (
        node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value else None
    )


def _version(node: ast.expr) -> str | None:
    is_version = isinstance(node, ast.Constant) and type(node.value) in (int, float, str)
    return str(node.value) if is_version and isinstance(node, ast.Constant) else None
