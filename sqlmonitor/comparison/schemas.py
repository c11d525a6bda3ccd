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
        reference: column → type, as the engine describes it; the analysis's names where both sides have a column.
        analysis: the same of the other side.
        renamed: the reference's own names of columns that differ from the analysis's by case alone.
        added: columns that only the analysis has.
        removed: columns that only the reference has.
        retyped: columns whose types are compared in unlike ways.
        left_out: columns that both sides have and that are not compared, with why.
    """

    kinds: Mapping[str, FeatureKind]
    reference: Mapping[str, str]
    analysis: Mapping[str, str]
    renamed: Mapping[str, str] = field(default_factory=dict)
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
    """Pairs the columns of two sides by their names; where one has no equal, case aside.

    Args:
        reference: column → type, as the engine describes it.
        analysis: the same of the other side.
        columns: the ones to compare; None for all.

    Raises:
        ConfigurationError: for a column that neither side has, and one that has several equals, case aside.
    """
    renamed, unclear = _pairs(reference, analysis)
    own = {before: name for name, before in renamed.items()}
    reference = {own.get(name, name): kind for name, kind in reference.items()}
    every = list(dict.fromkeys((*analysis, *reference)))
    chosen = every if columns is None else _chosen(every, own, columns)
    for listed in unclear:
        if set(listed).intersection(chosen):
            raise ConfigurationError(
                f"it is not clear which columns belong together: {' and '.join(listed)} differ by case alone",
                key="compare",
                remedy="give them other names in a query, as in 'select \"Amount\" as amount_before, …'; "
                "or choose others with --columns",
            )
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
        renamed,
        added=tuple(name for name in chosen if name not in reference),
        removed=tuple(name for name in chosen if name not in analysis),
        retyped=tuple(retyped),
        left_out=left_out,
    )


def _pairs(
    reference: Collection[str], analysis: Collection[str]
) -> tuple[dict[str, str], list[tuple[str, ...]]]:
    """The analysis's names and the reference's that are equal but for their case, and names that are not clear."""
    left: dict[str, tuple[list[str], list[str]]] = {}
    for side, (names, others) in enumerate(((reference, analysis), (analysis, reference))):
        for name in names:
            if name not in others:
                left.setdefault(name.casefold(), ([], []))[side].append(name)
    both = [found for found in left.values() if all(found)]
    renamed = {after[0]: before[0] for before, after in both if len(before) == len(after) == 1}
    return renamed, [(*before, *after) for before, after in both if len(before) + len(after) > 2]


def _chosen(every: list[str], own: Mapping[str, str], columns: Collection[str]) -> list[str]:
    """The asked columns in the order of all; a name may be of either side, and of another case where that is clear."""
    if not columns:
        raise ConfigurationError("no column is named", key="--columns", remedy="leave it out for all of them")
    chosen = set()
    for name in columns:
        alike = [one for one in every if one.casefold() == name.casefold()]
        found = own.get(name, name if name in every else alike[0] if len(alike) == 1 else None)
        if found is None:
            raise ConfigurationError(
                f"there is no column '{name}'", key="--columns", allowed=sorted(every), word=name
            )
        chosen.add(found)
    return [name for name in every if name in chosen]
