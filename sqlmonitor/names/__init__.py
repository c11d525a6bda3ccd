"""The only parser of user SQL: text to sqlglot trees, and what is refused on the way."""

from sqlmonitor.names.parsing import (
    FILE_ENDINGS,
    aggregate,
    column,
    columns_of,
    condition,
    formula,
    identifier,
    is_file,
    query,
    relation,
)

__all__ = [
    "FILE_ENDINGS",
    "aggregate",
    "column",
    "columns_of",
    "condition",
    "formula",
    "identifier",
    "is_file",
    "query",
    "relation",
]
