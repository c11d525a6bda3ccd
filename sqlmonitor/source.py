"""The user's relations as the rows that counting statements read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from sqlmonitor import dialects, names
from sqlmonitor.definitions import Joined, Monitor
from sqlmonitor.plan import Rows
from sqlmonitor.trees import parse, put, replaced

Column = dict[str, exp.Expr]

FEWEST_MIXED = 3
WEIGHTS = ("0.6180339887498949e0", "0.7548776662466927e0", "0.5698402909980532e0", "0.8191725133961645e0")
"""Irrational numbers whose multiples spread evenly, source: Roberts 2018, quasirandom sequences."""


def _without_nan(column: exp.Expr, kind: dialects.Kind) -> exp.Expr:
    return put("case when not isnan(label) then label end", label=column) if kind == "float" else column


@dataclass(frozen=True)
class Types:
    """What the warehouse said of a monitor's relations.

    Args:
        predictions: column → type, as the engine describes it.
        target: the same of the target's relation; empty where it has none of its own.
        joined: the same of the further relations of KPIs, by the names they have where rows are read.
    """

    predictions: Mapping[str, str]
    target: Mapping[str, str] = field(default_factory=dict)
    joined: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def kind(self, name: str, *, of_target: bool = False) -> dialects.Kind:
        """What a column can be used as; ``other`` where there is none of the name."""
        written = self.of(name, of_target=of_target)
        return dialects.kind(written) if written else "other"

    def of(self, name: str, *, of_target: bool = False) -> str:
        """A column's type as the engine describes it; empty where there is none of the name."""
        types = self.target if of_target else self.predictions
        if name in types:
            return types[name]
        return next((kind for column, kind in types.items() if column.casefold() == name.casefold()), "")

    def read(self, name: str, table: str) -> str:
        """The type of a column where rows are read; empty where it is not known.

        Args:
            name: of the column.
            table: the relation's name there; one without is of a figure, and stands in either relation.
        """
        if table in self.joined:
            return self.joined[table].get(name, "")
        own = table != "target" and self.of(name)
        return own or self.of(name, of_target=True)


NOT_ASKED = Types({})


class SourceRows:
    """Writes the inline steps that read one monitor's relations.

    Args:
        monitor: the definition.
        dialect: the dialect of the user's SQL.
        only_reference: True to read no analysis rows.
        types: what the warehouse said of the columns, where it was asked.
    """

    def __init__(
        self,
        monitor: Monitor,
        dialect: str,
        *,
        only_reference: bool = False,
        types: Types = NOT_ASKED,
    ) -> None:
        self.monitor = monitor
        self.dialect = dialect
        self.only_reference = only_reference
        self.types = types

    def column(self, name: str) -> exp.Expr:
        """A column of the predictions."""
        return names.column(name, "prediction")

    def number(self, name: str) -> exp.Expr:
        """A numeric column as a double."""
        return dialects.of_kind(exp.cast(self.column(name), "double"), self.types.kind(name))

    def text(self, name: str) -> exp.Expr:
        """A categorical column as text."""
        return dialects.of_kind(exp.cast(self.column(name), "varchar"), self.types.kind(name))

    def time(self) -> exp.Expr:
        """The row's timestamp, or NULL where the monitor has none."""
        if self.monitor.timestamp is None:
            return parse("cast(null as timestamp)")
        return exp.cast(self.column(self.monitor.timestamp), "timestamp")

    def fold(self) -> exp.Expr:
        """The row's fold, 0 to 9; 0 for all rows where there is no id, and -1 outside the reference.

        ``is_reference`` in it is replaced where the rows are read. Text of an id costs more than counting
        its row, so only the reference's are read.
        """
        return put(
            "case when is_reference then cast(number % 10 as integer) else -1 end", number=self.number_of_id()
        )

    def number_of_id(self) -> exp.Expr:
        """A whole number from a hash of the row's id; 0 for all rows where there is no id."""
        if self.monitor.id is None:
            return parse("0")
        is_integer = self.types.kind(self.monitor.id) == "integer"
        form = dialects.NUMBER_OF_INTEGER if is_integer else dialects.NUMBER
        return put(form, row_id=self.column(self.monitor.id))

    def place(self, columns: Sequence[str]) -> exp.Expr:
        """A number from 0 to 999 by which a part of the rows can be taken, the same rows in every run.

        By the id; without one, by the decimals of a weighted sum of the first of these numbers, where they are
        several: the weights make even whole numbers fall everywhere. With fewer, 0 for all rows.

        Args:
            columns: numeric columns.
        """
        if self.monitor.id is not None or len(columns) < FEWEST_MIXED:
            return put("number % 1000", number=self.number_of_id())
        parts = [
            put(f"case when abs(mixed) < 1e9 then mixed * {weight} else 0e0 end", mixed=self.number(name))
            for weight, name in zip(WEIGHTS, columns, strict=False)
        ]
        names = [f"part_{number}" for number in range(len(parts))]
        total = put(" + ".join(names), **dict(zip(names, parts, strict=True)))
        return put("floor((total - floor(total)) * 1000)", total=total)

    def label(self, name: str) -> exp.Expr:
        """A label of the predictions; NaN is missing."""
        return self._label(self.column(name), self.types.kind(name))

    def label_value(self, value: int | str | bool) -> exp.Expr:
        """A label's value that the monitor declares, to compare labels with."""
        is_claim = isinstance(value, bool) and self._labels_are_mixed()
        return exp.convert(int(value) if is_claim else value)

    def _label(self, column: exp.Expr, kind: dialects.Kind) -> exp.Expr:
        if kind == "boolean" and self._labels_are_mixed():
            return put("case when claim then 1 when not claim then 0 end", claim=column)
        return _without_nan(column, kind)

    def _labels_are_mixed(self) -> bool:
        """Whether the labels of two classes, with the positive one, are in part true or false and in part numbers.

        All of them are numbers then: not every engine compares the two.
        """
        model, target = self.monitor.model, self.monitor.target
        if model is None or self.monitor.task != "binary_classification":
            return False
        kinds = {self.types.kind(model.label)} if model.label is not None else set()
        if target is not None:
            kinds.add(self.types.kind(target.column, of_target=target.relation is not None))
        kinds -= {"other", "text"}
        return len({kind == "boolean" for kind in kinds} | {isinstance(model.positive, bool)}) > 1

    def label_delay(self) -> exp.Expr:
        """Seconds from the row's timestamp to the time at which its label became known; NULL without a label."""
        return put(
            "case when label is not null then cast(date_diff('second', row_time, observed) as double) end",
            label=self.actual(),
            row_time=self.time(),
            observed=self.observed(),
        )

    def observed(self) -> exp.Expr:
        """The time at which the row's label became known; NULL where nothing says it."""
        target = self.monitor.target
        if target is None or target.observed_at is None:
            return parse("cast(null as timestamp)")
        of = "target" if target.relation is not None else "prediction"
        return exp.cast(names.column(target.observed_at, of), "timestamp")

    def updated(self) -> exp.Expr:
        """The time at which the row was written or changed, of a monitor that names its column."""
        assert self.monitor.updated_at is not None
        return exp.cast(self.column(self.monitor.updated_at), "timestamp")

    def measured(self) -> exp.Expr:
        """The label as a double."""
        target = self.monitor.target
        of_target = target is not None and target.relation is not None
        kind = self.types.kind(target.column, of_target=of_target) if target else "other"
        return dialects.of_kind(exp.cast(self.actual(), "double"), kind)

    def actual(self) -> exp.Expr:
        """The label, wherever it stands; NULL where the monitor has none or it is NaN."""
        target = self.monitor.target
        if target is None:
            return parse("null")
        of_target = target.relation is not None
        column = names.column(target.column, "target" if of_target else "prediction")
        return self._label(column, self.types.kind(target.column, of_target=of_target))

    def condition(self, text: str) -> exp.Expr:
        """A condition of the user on the predictions' columns."""
        tree = names.condition(text, self.dialect, self.monitor.allow_functions)
        return exp.paren(self.qualified(tree))

    def qualified(self, tree: exp.Expr) -> exp.Expr:
        """The tree with its bare columns bound to the predictions."""

        def bind(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column) and not node.table and not node.find_ancestor(exp.Select):
                node.set("table", exp.to_identifier("prediction"))
            return node

        return tree.copy().transform(bind)

    def relation(self, text: str) -> exp.Expr:
        """A relation that the user named."""
        return names.relation(text, self.dialect)

    def predictions(self) -> exp.Expr:
        """The predictions: a relation, or the user's query as a subquery."""
        source = self.monitor.predictions
        if source.sql is not None:
            return exp.Subquery(this=names.query(source.sql, self.dialect, self.monitor.allow_functions))
        if source.relation is None:
            raise self.monitor.error(
                "predictions", "dbt sources cannot be read yet", remedy="name the relation, or give its SQL"
            )
        return self.relation(source.relation)

    def reference(self) -> exp.Expr:
        """The reference's own relation, or the user's query as a subquery."""
        reference = self.monitor.reference
        if reference.sql is not None:
            return exp.Subquery(this=names.query(reference.sql, self.dialect, self.monitor.allow_functions))
        assert reference.relation is not None
        return self.relation(reference.relation)

    def rows(
        self,
        columns: list[Column],
        *,
        only_reference: bool = False,
        is_chunked: bool = True,
        reads_target: bool = False,
        filters: tuple[exp.Expr, ...] = (),
        joins: tuple[Joined, ...] = (),
    ) -> Rows:
        """The rows of both periods with the asked columns, as an inline step.

        Args:
            columns: ``expression`` and ``alias`` of each.
            only_reference: True to leave out the analysis period.
            is_chunked: False where the reader does not need the chunk.
            reads_target: True to join the target's relation.
            filters: further conditions.
            joins: further relations whose columns are among the asked ones.
        """
        reference = self.monitor.reference
        only_reference = only_reference or self.only_reference
        base = (self.condition(self.monitor.where),) if self.monitor.where else ()
        shared = (columns, is_chunked, reads_target, joins)
        sources: list[dict[str, Any]] = []
        if not reference.is_own:
            inside = self.condition(reference.where or "true")
            conditions = (*base, *filters, *((inside,) if only_reference else ()))
            is_reference = exp.true() if only_reference else inside
            sources.append(self._source(self.predictions(), is_reference, conditions, *shared))
            base = (*base, put("not coalesce(inside, false)", inside=inside))
        else:
            if not only_reference:
                sources.append(self._source(self.predictions(), exp.false(), (*base, *filters), *shared))
            chosen = (self.condition(reference.where),) if reference.where else ()
            sources.append(self._source(self.reference(), exp.true(), (*chosen, *filters), *shared))
        analysis = self._source(self.predictions(), exp.false(), (*base, *filters), *shared)
        timestamp = self.monitor.timestamp
        target = self.monitor.target
        return Rows(
            name="rows",
            title="read the source",
            template="source/rows.sql",
            parameters={"sources": sources},
            is_inline=True,
            is_reference=only_reference and not is_chunked,
            reads_target=reads_target and target is not None,
            analysis=(analysis,) if is_chunked else (),
            time_column=self.column(timestamp) if timestamp is not None else None,
            time_type=self.types.of(timestamp) if timestamp is not None else "",
            column_types=self._types_read(analysis),
        )

    def _types_read(self, source: dict[str, Any]) -> tuple[str, ...]:
        """Every column that a source's expressions name, with its type."""
        named = {
            (column.name, column.table)
            for given in source["columns"]
            for column in given["expression"].find_all(exp.Column)
        }
        return tuple(sorted({f"{name} {self.types.read(name, table)}" for name, table in named}))

    def _source(
        self,
        relation: exp.Expr,
        is_reference: exp.Expr,
        conditions: tuple[exp.Expr, ...],
        columns: list[Column],
        is_chunked: bool,
        reads_target: bool,
        joins: tuple[Joined, ...],
    ) -> dict[str, Any]:
        target = self.monitor.target
        placed = [
            {**column, "expression": replaced(column["expression"], {"is_reference": is_reference})}
            for column in columns
        ]
        source: dict[str, Any] = {"relation": relation, "columns": placed}
        if conditions:
            source["condition"] = exp.and_(*(condition.copy() for condition in conditions))
        if is_chunked:
            flag = put("case when is_reference then 1 else 0 end", is_reference=is_reference)
            source["chunk_number"] = put(
                "cast(number * 2 + flag as bigint)", number=self._number(flag), flag=flag
            )
        if reads_target and target is not None and target.relation is not None:
            source["target"] = self.relation(target.relation)
            source["join_condition"] = self.column(self.join_column()).eq(
                names.column(target.on or self.join_column(), "target")
            )
        if joins:
            source["joins"] = [self._join(joined) for joined in joins]
        return source

    def _join(self, joined: Joined) -> dict[str, Any]:
        """A further relation as the template joins it."""
        keys = (
            self.column(own).eq(names.column(other, joined.name)) for own, other in joined.join.on.items()
        )
        return {
            "relation": self.relation(joined.join.relation),
            "number": joined.number,
            "condition": exp.and_(*keys),
        }

    def join_column(self) -> str:
        """The predictions' column that meets the target's relation."""
        target = self.monitor.target
        name = self.monitor.id or (target.on if target else None)
        if name is None:
            raise self.monitor.error("target", "the target's relation needs an id to join on")
        return name

    def _number(self, flag: exp.Expr) -> exp.Expr:
        chunks = self.monitor.chunks
        if chunks.period is not None:
            return put(dialects.PERIOD_NUMBER[chunks.period], row_time=self.time())
        order = [column for column in (self.monitor.timestamp, self.monitor.id) if column is not None]
        if not order:
            return parse("0")
        keys = ", ".join(f"key_{number}" for number in range(len(order)))
        trees = {f"key_{number}": self.column(name) for number, name in enumerate(order)}
        # A row without its first key stands nowhere in the order: it has no chunk, and takes no place in one.
        window = f"over (partition by flag, case when key_0 is null then 1 else 0 end order by {keys})"
        number = f"(row_number() {window} - 1) // {chunks.size}"
        if chunks.count is not None:
            number = "0" if chunks.count == 1 else f"ntile({chunks.count}) {window} - 1"
        return put(f"case when key_0 is not null then {number} end", flag=flag, **trees)
