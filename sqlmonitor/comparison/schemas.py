"""The columns of two sides: which can be compared, as what, and why others cannot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlmonitor import dialects
from sqlmonitor.errors import ConfigurationError

FeatureKind = Literal["numeric", "categorical"]

KINDS: Mapping[dialects.Kind, FeatureKind] = {
    "integer": "numeric",
    "decimal": "numeric",
    "float": "numeric",
    "text": "categorical",
    "boolean": "categorical",
}
"""How values of a type are compared; times and other types are not."""


@dataclass(frozen=True)
class Schemas:
    """What becomes of every column.

    Args:
        kinds: the columns that are compared, in the analysis's order, and how.
        reference: column → type, as the engine describes it.
        analysis: the same of the other side.
        added: columns that only the analysis has.
        removed: columns that only the reference has.
        retyped: columns whose types are compared in unlike ways.
        left_out: columns that both sides have and that are not compared, with why.
    """

    kinds: Mapping[str, FeatureKind]
    reference: Mapping[str, str]
    analysis: Mapping[str, str]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    def type_of(self, name: str) -> str:
        """A column's type; both where they differ."""
        before, after = self.reference.get(name), self.analysis.get(name)
        if before is None or after is None or before == after:
            return after or before or ""
        return f"{before} → {after}"

    def without(self, others: Mapping[str, str]) -> Schemas:
        """The same with further columns left out, each with why."""
        kinds = {name: kind for name, kind in self.kinds.items() if name not in others}
        return replace(self, kinds=kinds, left_out={**self.left_out, **others})


def schemas(
    reference: Mapping[str, str], analysis: Mapping[str, str], columns: Collection[str] | None = None
) -> Schemas:
    """Pairs the columns of two sides by their names.

    Args:
        reference: column → type, as the engine describes it.
        analysis: the same of the other side.
        columns: the ones to compare; None for all.

    Raises:
        ConfigurationError: for a column that neither side has.
    """
    every = list(dict.fromkeys((*analysis, *reference)))
    for name in columns or ():
        if name not in every:
            raise ConfigurationError(
                f"there is no column '{name}'", key="--columns", allowed=sorted(every), word=name
            )
    chosen = [name for name in every if columns is None or name in columns]
    kinds: dict[str, FeatureKind] = {}
    retyped, left_out = [], {}
    for name in chosen:
        if name not in reference or name not in analysis:
            continue
        before, after = (KINDS.get(dialects.kind(types[name])) for types in (reference, analysis))
        if before != after:
            retyped.append(name)
        elif after is None:
            kind = dialects.kind(analysis[name])
            left_out[name] = f"{'a time' if kind == 'time' else 'not comparable'}: {analysis[name]}"
        else:
            kinds[name] = after
    return Schemas(
        kinds,
        reference,
        analysis,
        added=tuple(name for name in chosen if name not in reference),
        removed=tuple(name for name in chosen if name not in analysis),
        retyped=tuple(retyped),
        left_out=left_out,
    )
