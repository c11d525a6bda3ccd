"""Features by what dbt's files say of columns: their data types, and ``meta.sqlmonitor`` of a column."""

from __future__ import annotations

from typing import Any

from sqlmonitor import dialects
from sqlmonitor.dbt.manifest import Node, mapping
from sqlmonitor.dbt.meta import KEY, Meta, value_of

__all__ = ["columns_of", "typed_features"]

KINDS = ("numeric", "categorical", "exclude")
"""What ``meta.sqlmonitor`` of a column can say."""

KIND_OF_TYPE = {
    "integer": "numeric",
    "decimal": "numeric",
    "float": "numeric",
    "text": "categorical",
    "boolean": "categorical",
}


def columns_of(node: Node) -> dict[str, dict[str, Any]]:
    """The columns that dbt's files describe, by their names in lower case."""
    some = mapping(node, "columns").values()
    return {str(one.get("name")).casefold(): one for one in some if isinstance(one, dict)}


def typed_features(monitor: dict[str, Any], predictions: Node | None, meta: Meta) -> dict[str, Any]:
    """The monitor with its features under their kinds.

    A list of columns is sorted by the kind that a column's meta says, or else by its data type. Without features, those
    columns are it whose meta says a kind; with all of them, the metas settle kinds and leave columns out.

    Args:
        monitor: its keys.
        predictions: the model or source that they are, with its columns.
        meta: where the monitor stands.

    Raises:
        ConfigurationError: a column has no type that says its kind.
    """
    columns = columns_of(predictions) if predictions is not None else {}
    said: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for column in columns.values():
        kind = value_of(column)
        if kind is None:
            continue
        if kind not in KINDS:
            raise meta.document.error(
                meta.path,
                f"meta.{KEY} of column '{column.get('name')}' is '{kind}'",
                allowed=KINDS,
                word=str(kind),
            )
        said[kind].append(str(column.get("name")))
    features = monitor.get("features")
    if isinstance(features, list):
        return monitor | {"features": _sorted(features, columns, meta)}
    if features is None and (said["numeric"] or said["categorical"]):
        return monitor | {"features": {kind: said[kind] for kind in KINDS[:2] if said[kind]}}
    if features == "all":
        features = {"all": True}
    if isinstance(features, dict) and features.get("all") is True:
        # What is no list is complained of where the monitor is validated.
        lists = {kind: features[kind] for kind in KINDS if isinstance(features.get(kind), list)}
        listed = {str(name).casefold() for names in lists.values() for name in names}
        merged = dict(features)
        for kind in KINDS:
            more = [name for name in said[kind] if name.casefold() not in listed]
            if more and (kind in lists or features.get(kind) is None):
                merged[kind] = [*lists.get(kind, []), *more]
        return monitor | {"features": merged}
    return monitor


def _sorted(names: list[Any], columns: dict[str, dict[str, Any]], meta: Meta) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for index, name in enumerate(names):
        place = (*meta.path, "features", index)
        column = columns.get(str(name).casefold(), {})
        type_ = str(column.get("data_type") or "")
        kind = value_of(column) or KIND_OF_TYPE.get(dialects.kind(type_)) if column else None
        if kind not in KINDS[:2]:
            why = f"is of type {type_}, which is neither" if type_ else "has no data_type in dbt's files"
            raise meta.document.error(
                place,
                f"whether column '{name}' is numeric or categorical is not known: it {why}",
                remedy=f"add 'data_type:' to the column, or meta: {{{KEY}: categorical}}; "
                "or write features as {numeric: […], categorical: […]}",
            )
        found.setdefault(str(kind), []).append(str(name))
    return found
