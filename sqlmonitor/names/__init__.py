"""The only parser of user SQL: text to sqlglot trees, and what is refused on the way."""

from sqlmonitor.names.parsing import (
    aggregate,
    column,
    columns_of,
    condition,
    formula,
    identifier,
    query,
    relation,
)

__all__ = ["aggregate", "column", "columns_of", "condition", "formula", "identifier", "query", "relation"]
