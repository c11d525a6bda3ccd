"""What a user names to be compared or described: a query, a file, or a table or view."""

from __future__ import annotations

import re
from dataclasses import dataclass
from os import listdir, path

from sqlmonitor import dialects, names
from sqlmonitor.errors import ConfigurationError, UnsupportedError

QUERY = re.compile(r"\(|(select|with|from)\b", re.IGNORECASE)
COMMENTS = re.compile(r"(\s|--[^\n]*(\n|$)|/\*.*?\*/)*", re.DOTALL)
"""What may stand before a query's first word."""


@dataclass(frozen=True)
class Given:
    """One side of a comparison, as the definitions take it.

    Args:
        title: what people call it: the user's own words on one line.
        argument: what messages call it.
        relation: a table or view, or a file in single quotes; empty where it is a query.
        sql: one SELECT; empty where it is a relation.
    """

    title: str
    argument: str
    relation: str = ""
    sql: str = ""

    def definition(self) -> dict[str, str]:
        """The key and the value under ``predictions`` or ``reference`` of a monitor."""
        return {"sql": self.sql} if self.sql else {"relation": self.relation}


def given(text: str, dialect: str, argument: str) -> Given:
    """Reads one argument.

    Args:
        text: ``SELECT …``, the path of a file, or the name of a table or view.
        dialect: of the engine that will read it.
        argument: what messages call it.

    Raises:
        ConfigurationError: where it is none of them, or a query that is refused.
        UnsupportedError: for a file, where the engine reads none.
    """
    title = " ".join(text.split())
    start = COMMENTS.match(text)
    is_query = not path.isfile(text) and QUERY.match(text, start.end() if start else 0) is not None
    try:
        if is_query:
            names.query(text, dialect)
            return Given(title, argument, sql=text)
        if is_file(text):
            relation = "'" + text.replace("'", "''") + "'"
            if dialects.dialect(dialect).reads_files:
                names.relation(relation, dialect)
                return Given(title, argument, relation=relation)
            if path.isfile(text):
                raise UnsupportedError(
                    f"{argument}: {text} is a file, which this warehouse does not read",
                    remedy="leave --warehouse out to read files, or name a table or view",
                )
        names.relation(text, dialect)
    except ConfigurationError as error:
        refuse_folder(text, dialect, argument)
        raise ConfigurationError(
            error.message, key=argument, remedy=None if is_query else _what_may_stand(error)
        ) from error
    return Given(title, argument, relation=text)


def refuse_folder(text: str, dialect: str, argument: str) -> None:
    """For what is neither a query, a file nor a table: says so where it is a folder.

    Raises:
        ConfigurationError: naming the files in it.
    """
    if not path.isdir(text):
        return
    pattern = path.join(text, "*" + _commonest_ending(text))
    remedy = f"name the files in it: '{pattern}'"
    if not dialects.dialect(dialect).reads_files:
        remedy = "name a table or view; to read files, leave --warehouse out"
    raise ConfigurationError(f"{text} is a folder", key=argument, remedy=remedy)


def _commonest_ending(folder: str) -> str:
    """Of the files of data in a folder; the first one that there is where it has none."""
    try:
        endings = [path.splitext(name)[1].casefold() for name in listdir(folder)]
    except OSError:
        endings = []
    return max(names.FILE_ENDINGS, key=endings.count)


def is_file(text: str) -> bool:
    """True for a path: of something that is there, or with an ending that files of data have."""
    return names.is_file(text) or path.isfile(text)


def _what_may_stand(error: ConfigurationError) -> str:
    return error.remedy or 'write a query ("SELECT …"), a file, or the name of a table or view'
