"""`features: all` as lists of columns, by the warehouse's types and by what the reference holds."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlmonitor import dialects, names
from sqlmonitor.definitions import Features, Monitor, Project
from sqlmonitor.source import SourceRows, Types
from sqlmonitor.validation.column_values import ColumnValues, column_values

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine

FeatureKind = Literal["numeric", "categorical"]

KIND_OF_FEATURE: Mapping[dialects.Kind, FeatureKind] = {
    "integer": "numeric",
    "decimal": "numeric",
    "float": "numeric",
    "text": "categorical",
    "boolean": "categorical",
}
"""What a column is without the user's word; times and other types are no features."""

FEWEST_ROWS = 100
"""Fewer rows of the reference do not tell an identifier, or a column that never varies."""

NEARLY_ALL: Mapping[dialects.Kind, float] = {"text": 0.95, "integer": 1.0}
"""Distinct values by rows from which a column is an identifier. Whole numbers may be measured, and
amounts in cents are nearly all distinct; so of them only those count that never repeat."""

SHOWN_TYPE = 60
"""Characters of a type in a reason."""

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
YAML_WORDS = frozenset(("true", "false", "null"))


@dataclass(frozen=True)
class ResolvedFeatures:
    """What a monitor's features are in the warehouse.

    Args:
        monitor: with features that are lists; the monitor itself where they were lists.
        left_out: columns that `features: all` did not take, with why; in the order of the predictions.
        is_all: whether `features: all` was asked for.
    """

    monitor: Monitor
    left_out: Mapping[str, str]
    is_all: bool

    def lines(self) -> list[str]:
        """What `features: all` became, a line each, with lists as the project file takes them."""
        if not self.is_all:
            return []
        features = self.monitor.features
        lines = ["features: all is"]
        for kind, columns in (("numeric", features.numeric), ("categorical", features.categorical)):
            if columns:
                lines.append(f"  {kind}: [{', '.join(written_name(column) for column in columns)}]")
        if self.left_out:
            lines.append(f"  left out: {_reasons(self.left_out)}")
        return lines


def resolve_features(project: Project, monitor: Monitor, types: Types, engine: Engine) -> ResolvedFeatures:
    """Makes lists of `features: all`; other features stay as they are, and nothing is asked.

    Listed columns come first, in the user's order and spelling; the others follow in the order of the
    predictions. One statement reads the reference, whatever the number of columns.

    Args:
        project: where the monitor stands.
        monitor: checked by ``check_sources``.
        types: what that check gave.
        engine: an open warehouse.

    Raises:
        ConfigurationError: where no column is left, a column is named twice in unlike spellings, or an
            excluded one is not there.
    """
    features = monitor.features
    if not features.all:
        return ResolvedFeatures(monitor, {}, is_all=False)
    dialect = project.dialect
    _check_spellings(monitor, types, dialect)
    settled = {names.folded_column(name, dialect) for name in (*features.numeric, *features.categorical)}
    left_out = {}
    kinds: dict[str, dialects.Kind] = {}
    source = SourceRows(monitor, project.dialect)
    used, reference = dict(_used(monitor, source)), _reference_types(monitor, source, engine)
    for name, written in types.predictions.items():
        folded = names.folded(name, dialect)
        if folded in settled:
            continue
        why = used.get(folded) or _unfit(folded, written, reference)
        if why is None and names.meant(name, dialect) != name:
            why = f'a name in small letters; give it another: select "{name}" as {name.upper()} …'
        if why is not None:
            left_out[name] = why
        else:
            kinds[name] = dialects.kind(written)
    values = column_values(
        source, kinds, [name for name, kind in kinds.items() if kind in NEARLY_ALL], engine
    )
    for name, of_column in values.items():
        why = _uninformative(kinds[name], of_column)
        if why is not None:
            left_out[name] = why
    taken: dict[FeatureKind, list[str]] = {"numeric": [], "categorical": []}
    for name, kind in kinds.items():
        if name not in left_out:
            taken[KIND_OF_FEATURE[kind]].append(name)
    # Not validated anew: the warehouse has names that a user may not write, such as a blank.
    lists = features.model_copy(
        update={
            "all": False,
            "exclude": (),
            "numeric": (*features.numeric, *taken["numeric"]),
            "categorical": (*features.categorical, *taken["categorical"]),
        }
    )
    if not lists.numeric and not lists.categorical:
        raise monitor.error(
            "features",
            "features: all finds no column to watch"
            + (f"; left out: {_reasons(left_out)}" if left_out else ""),
            remedy="list columns as {numeric: […], categorical: […]}: a listed column is taken at your word",
        )
    left_out = {name: left_out[name] for name in types.predictions if name in left_out}
    return ResolvedFeatures(monitor.model_copy(update={"features": lists}), left_out, is_all=True)


def written_name(name: str) -> str:
    """A column's name as an item of a YAML list."""
    is_plain = PLAIN_NAME.fullmatch(name) and name.casefold() not in YAML_WORDS
    return name if is_plain else json.dumps(name, ensure_ascii=False)


def _reasons(left_out: Mapping[str, str]) -> str:
    return ", ".join(f"{written_name(name)} ({why})" for name, why in left_out.items())


def _check_spellings(monitor: Monitor, types: Types, dialect: str) -> None:
    features: Features = monitor.features
    seen: dict[str, str] = {}
    for key in ("numeric", "categorical", "exclude"):
        for index, name in enumerate(getattr(features, key)):
            place = f"features.{key}[{index}]"
            if names.matched(name, types.predictions, dialect) is None:
                raise monitor.error(
                    place, f"the predictions have no column '{name}'", allowed=sorted(types.predictions)
                )
            folded = names.folded_column(name, dialect)
            if folded in seen:
                raise monitor.error(
                    place, f"'{name}' is the same column as '{seen[folded]}'", remedy="keep one of them"
                )
            seen[folded] = name


def _used(monitor: Monitor, source: SourceRows) -> Iterator[tuple[str, str]]:
    """Columns that are something else already, as the engine compares names, with what they are; later ones win."""
    model, target = monitor.model, monitor.target
    used: list[tuple[str | None, str]] = [(name, "excluded") for name in monitor.features.exclude]
    if target is not None:
        # In a relation of its own too: the predictions' column of that name is hardly what a model reads.
        used += [(target.column, "the target"), (target.observed_at, "when the target was known")]
        if target.relation is not None:
            used.append((source.join_column(), "joins the target"))
    if model is not None:
        scores = model.score.values() if isinstance(model.score, dict) else (model.score,)
        used += [(model.label, "the label"), *((name, "a score") for name in scores)]
    used += [(monitor.updated_at, "when the row was written"), (monitor.timestamp, "the timestamp")]
    used.append((monitor.id, "the id"))
    return ((names.folded_column(name, source.dialect), what) for name, what in used if name is not None)


def _reference_types(monitor: Monitor, source: SourceRows, engine: Engine) -> Mapping[str, str] | None:
    """The types of a reference's own relation, by names as the engine compares them."""
    if not monitor.reference.is_own:
        return None
    described = engine.describe(source.reference())
    return {names.folded(name, source.dialect): written for name, written in described.items()}


def _unfit(folded: str, written: str, reference: Mapping[str, str] | None) -> str | None:
    """Why a column of this type is no feature; None where it may be one."""
    kind = dialects.kind(written)
    if kind not in KIND_OF_FEATURE:
        # A struct's type lists its fields, of which there may be hundreds.
        shown = textwrap.shorten(written, SHOWN_TYPE, placeholder=" …")
        return f"{'a time' if kind == 'time' else 'unusable'}: {shown}"
    if reference is None:
        return None
    other = reference.get(folded)
    if other is None:
        return "not in the reference"
    if KIND_OF_FEATURE.get(dialects.kind(other)) != KIND_OF_FEATURE[kind]:
        return f"{written} here, {other} in the reference"
    return None


def _uninformative(kind: dialects.Kind, values: ColumnValues) -> str | None:
    """Why a column's values in the reference are nothing to compare with; None where they are."""
    if values.row_count < FEWEST_ROWS:
        return None
    if values.value_count == 0:
        return "no values in the reference"
    if not values.is_varying:
        return "one value in the reference"
    if kind in NEARLY_ALL and values.sampled_count >= FEWEST_ROWS:
        share = values.distinct_count / values.sampled_count
        if share >= NEARLY_ALL[kind]:
            return f"an identifier: {values.distinct_count:,} values in {values.sampled_count:,} rows"
    return None
