"""The only parser of user SQL: text to sqlglot trees, and what is refused on the way."""

from sqlmonitor.names.folding import folded, matched, spelling
from sqlmonitor.names.parsing import (
    FILE_ENDINGS,
    aggregate,
    column,
    columns_of,
    condition,
    formula,
    identifier,
    is_file,
    prefixed,
    query,
    relation,
)

__all__ = [
    "FILE_ENDINGS",
    "aggregate",
    "column",
    "columns_of",
    "condition",
    "folded",
    "formula",
    "identifier",
    "is_file",
    "matched",
    "prefixed",
    "query",
    "relation",
    "spelling",
]
