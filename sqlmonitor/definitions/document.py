"""The project file as plain data, with the line of every key.

YAML 1.2 through ruamel.yaml's round-trip loader, so ``on`` and ``yes`` are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from sqlmonitor.errors import ConfigurationError

__all__ = ["Document", "KeyPath", "parse_key", "read", "written_key"]

KeyPath = tuple[str | int, ...]

MOST_VALUES = 100_000
"""Values a file may hold with its aliases written out, so that a bomb of aliases is refused."""

START_HINT = "start with the keys 'version', 'warehouse' and 'monitors', or run `sqlmonitor init`"


@dataclass(frozen=True)
class Document:
    """A parsed project file.

    Two documents are always equal, so that definitions compare by what they say and not by
    where they say it.

    Args:
        file: the file's name as the user gave it.
        data: mappings, lists and scalars of plain Python types.
        lines: the line, counted from 1, of each key and list item.
        hidden: values that no message shows, from the environment.
        origins: parts that stand in another file, by the key's path: that file, and the path there.
        calls: relations and queries that stand for a call of dbt's, by the key's path: the call as it was written.
    """

    file: str = field(compare=False)
    data: Any = field(compare=False)
    lines: dict[KeyPath, int] = field(compare=False)
    hidden: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    origins: dict[KeyPath, tuple[Document, KeyPath]] = field(default_factory=dict, compare=False, repr=False)
    calls: dict[KeyPath, str] = field(default_factory=dict, compare=False)

    def nearest(self, path: KeyPath) -> KeyPath:
        """The longest beginning of ``path`` that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return path

    def line(self, path: KeyPath) -> int:
        """The line of ``path`` or of the nearest key around it; 1 where there is none."""
        return self.lines.get(self.nearest(path), 1)

    def value(self, path: KeyPath) -> Any:
        """The value at ``path``, or None where the file has none."""
        found = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def error(
        self,
        path: KeyPath,
        message: str,
        *,
        allowed: Iterable[str] | None = None,
        word: str | None = None,
        remedy: str | None = None,
    ) -> ConfigurationError:
        """Build, not raise, an error that names the file, the line and the key of ``path``.

        Where the file has plain text in place of a mapping (``predictions: scored``), a key
        inside that mapping (``predictions.relation``) is shown as the key the user wrote.
        """
        for end in range(len(path), 0, -1):
            if path[:end] in self.origins:
                other, start = self.origins[path[:end]]
                return other.error((*start, *path[end:]), message, allowed=allowed, word=word, remedy=remedy)
        nearest = self.nearest(path)
        if nearest and isinstance(self.value(nearest), str):
            path = nearest
        return ConfigurationError(
            message,
            file=self.file,
            line=self.line(path),
            key=written_key(path) or None,
            allowed=allowed,
            word=word,
            remedy=remedy,
        )


def written_key(path: KeyPath) -> str:
    """Write a path as ``monitors[0].metrics.drift[1]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def parse_key(text: str) -> KeyPath:
    """Read ``metrics.drift[1]`` as a path."""
    parts = re.findall(r"\[(\d+)\]|([^.\[\]]+)", text)
    return tuple(int(number) if number else name for number, name in parts)


def read(text: str, file: str) -> Document:
    """Parse YAML text.

    Args:
        text: the content of a project file.
        file: its name, for messages.

    Returns:
        The document; its data is a mapping.

    Raises:
        ConfigurationError: the text is not YAML, is empty, or is not a mapping of keys.
    """
    # A new parser each time: a %YAML directive changes the parser for every later document.
    yaml = YAML(typ="rt")
    yaml.allow_duplicate_keys = False
    try:
        tree = yaml.load(text)
    except MarkedYAMLError as error:
        raise _syntax_error(error, file) from error
    except (YAMLError, ValueError) as error:
        raise _unreadable(error, text, file) from error
    except (AttributeError, TypeError) as error:
        # ruamel.yaml fails this way on a merge of a mapping with itself: a: &x {<<: *x}
        raise ConfigurationError(
            "an alias or a merge (<<) cannot be resolved", file=file, remedy="write the keys out"
        ) from error
    except RecursionError as error:
        raise ConfigurationError("the file is nested too deeply", file=file) from error
    if tree is None:
        raise ConfigurationError("the file is empty", file=file, remedy=START_HINT)
    if not isinstance(tree, CommentedMap):
        kind = "a list" if isinstance(tree, CommentedSeq) else "a single value"
        raise ConfigurationError(
            f"the file must be a mapping of keys, but is {kind}",
            file=file,
            line=1,
            remedy=START_HINT,
        )
    lines: dict[KeyPath, int] = {}
    data = _plain(tree, (), lines, file, ())
    return Document(file=file, data=data, lines=lines)


def _plain(node: Any, path: KeyPath, lines: dict[KeyPath, int], file: str, around: tuple[int, ...]) -> Any:
    if len(lines) > MOST_VALUES:
        raise ConfigurationError(
            f"the file holds more than {MOST_VALUES} values", file=file, remedy="use fewer aliases"
        )
    if isinstance(node, (CommentedMap, CommentedSeq)) and id(node) in around:
        raise ConfigurationError(
            "an alias stands inside what it names",
            file=file,
            line=lines.get(path),
            key=written_key(path),
        )
    inner = (*around, id(node))
    if isinstance(node, CommentedMap):
        result: dict[Any, Any] = {}
        for key, value in node.items():
            name = str(key).lower() if isinstance(key, bool) else str(key)
            place = (*path, name)
            # A key that a merge (<<) brings in has no line of its own.
            lines[place] = _line(node, key, lines.get(path, 1))
            result[name] = _plain(value, place, lines, file, inner)
        return result
    if isinstance(node, CommentedSeq):
        items = []
        for index, value in enumerate(node):
            place = (*path, index)
            lines[place] = _line(node, index, lines.get(path, 1))
            items.append(_plain(value, place, lines, file, inner))
        return items
    if isinstance(node, TaggedScalar):
        raise ConfigurationError(
            f"tag '{node.tag.value}' is not allowed",
            file=file,
            line=lines.get(path),
            key=written_key(path),
            remedy="write a plain value",
        )
    return _scalar(node)


def _scalar(node: Any) -> Any:
    if isinstance(node, ScalarBoolean):
        return bool(node)
    if isinstance(node, bool) or node is None:
        return node
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return node


def _line(node: CommentedMap | CommentedSeq, key: Any, otherwise: int) -> int:
    try:
        return int(node.lc.data[key][0]) + 1
    except (KeyError, TypeError, AttributeError):
        return otherwise


def _syntax_error(error: MarkedYAMLError, file: str) -> ConfigurationError:
    mark = error.problem_mark or error.context_mark
    problem = (error.problem or "the text cannot be read").strip()
    remedy = "check the indentation, the colons and the quotes on this line and the one above"
    duplicate = re.match(r'found duplicate key "(.*?)"', problem)
    if duplicate:
        problem = f"key '{duplicate.group(1)}' stands twice in the same mapping"
        remedy = "keep one of them"
    elif "'\\t'" in problem or "\t" in problem:
        problem = "a tab stands where YAML wants spaces"
        remedy = "indent with spaces"
    elif "found undefined alias" in problem:
        remedy = "define the anchor (&name) above, or quote a value that starts with *"
    elif "another document" in problem:
        problem = "a second YAML document starts here"
        remedy = "keep one document; put all monitors under 'monitors'"
    else:
        problem = f"not valid YAML: {problem}"
    return ConfigurationError(
        problem, file=file, line=mark.line + 1 if mark is not None else None, remedy=remedy
    )


def _unreadable(error: Exception, text: str, file: str) -> ConfigurationError:
    position = getattr(error, "position", None)
    if isinstance(position, int):
        line = text.count("\n", 0, position) + 1
        return ConfigurationError(
            "a character that YAML does not allow",
            file=file,
            line=line,
            remedy="remove the control character",
        )
    return ConfigurationError(f"not valid YAML: {str(error).splitlines()[0]}", file=file)
