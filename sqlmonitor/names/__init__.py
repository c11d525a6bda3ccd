"""The only parser of user SQL: text to sqlglot trees, and what is refused on the way."""

from sqlmonitor.names.folding import folded, folded_column, matched, meant, out_of_reach, spelling
from sqlmonitor.names.parsing import (
    FILE_ENDINGS,
    aggregate,
    column,
    columns_of,
    condition,
    exact_column,
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
    "exact_column",
    "folded",
    "folded_column",
    "formula",
    "identifier",
    "is_file",
    "matched",
    "meant",
    "out_of_reach",
    "prefixed",
    "query",
    "relation",
    "spelling",
]
