"""Two results of queries, files or tables, compared column by column."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import names
from sqlmonitor.comparison.computing import (
    QUICK,
    Counts,
    Progress,
    check_conditions,
    counted,
    identifiers,
    monitored,
)
from sqlmonitor.comparison.given import Given, given, refuse_folder
from sqlmonitor.comparison.schemas import Schemas, schemas
from sqlmonitor.comparison.tabulating import tabulated
from sqlmonitor.errors import ConfigurationError, WarehouseError
from sqlmonitor.source import SourceRows, Types

if TYPE_CHECKING:
    import pandas

    from sqlmonitor.engines import Engine


@dataclass(frozen=True)
class Comparison:
    """What changed from one side to the other.

    Args:
        reference: what the user called the side that is compared with.
        analysis: what the user called the other side.
        schemas: the columns of both.
        counts: what was counted.
        where: the condition that rows of both sides fit; None for all rows.
    """

    reference: str
    analysis: str
    schemas: Schemas
    counts: Counts
    where: str | None = None

    @cached_property
    def columns(self) -> pandas.DataFrame:
        """A row for each column of either side, those that changed most first.

        ``status`` is changed, same, added, removed, retyped or left out. ``change`` is the Jensen-Shannon
        distance over its noise floor, or the difference in the share of missing values where that is larger.
        A column changed where the p-value of Kolmogorov-Smirnov (numeric) or chi-square (categorical) is below
        0.05 / compared columns, or where missing values differ by more than three standard errors.
        """
        return tabulated(self.schemas, self.counts)

    def to_pandas(self) -> pandas.DataFrame:
        """The same as ``columns``, as a frame of its own."""
        return self.columns.copy()

    def drifted(self, limit: float) -> list[str]:
        """Columns that changed by more than a limit, and those that are gone or cannot be compared any more.

        Args:
            limit: of ``change``.
        """
        table = self.columns
        is_far = (table["status"] == "changed") & (table["change"] > limit)
        return [str(name) for name in table.loc[is_far | table["status"].isin(LOST), "column"]]


LOST = ("removed", "retyped")


def compare(
    engine: Engine,
    reference: str,
    analysis: str | None = None,
    *,
    condition: str | None = None,
    where: str | None = None,
    columns: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compares two sides column by column.

    Args:
        engine: an open warehouse; nothing is written but temporary tables.
        reference: ``SELECT …``, a file, or a table or view.
        analysis: the same; None where ``condition`` parts the rows of ``reference`` in two.
        condition: SQL that is true for the reference's rows; all others are compared with them.
        where: SQL that rows of both sides fit.
        columns: the ones to compare; None for all but those that name rows.
        progress: told each step's title, its number from 1, and how many there are.

    Raises:
        SqlmonitorError: for what the user must mend.
    """
    if (analysis is None) == (condition is None):
        raise ConfigurationError(
            "one side is given" if analysis is None else "two sides and a condition are given",
            key="compare",
            remedy="name two queries, files or tables; or one, with --reference \"ts < '2013-05-01'\""
            " for the rows to compare the others with",
        )
    before = given(reference, engine.dialect, "first argument")
    after = before if analysis is None else given(analysis, engine.dialect, "second argument")
    side = before.definition() if condition is None else {"where": condition}
    project, monitor = monitored(engine, after, side, where, QUICK)
    source = SourceRows(monitor, project.dialect)
    own = described(engine, source.predictions() if condition else source.reference(), before)
    types = own if condition is not None else described(engine, source.predictions(), after)
    check_conditions(project, monitor, types)
    found = schemas(own, types, columns)
    if any(
        names.folded(name, engine.dialect) != names.folded(old, engine.dialect)
        for name, old in found.renamed.items()
    ):
        side = {"sql": in_the_analysis_words(source.reference(), own, found.renamed, engine.dialect)}
        project, monitor = monitored(engine, after, side, where, QUICK)
    if columns is None:
        found = found.without(identifiers(project, monitor, found, engine))
    titles = (before.title, after.title)
    if condition is not None:
        titles = (f"{before.title} where {condition}", "all other rows")
    counts = counted(project, monitor, found.kinds, Types(types), engine, titles=titles, progress=progress)
    return Comparison(*titles, found, counts, where)


def in_the_analysis_words(
    relation: exp.Expr, columns: Collection[str], renamed: Mapping[str, str], dialect: str
) -> str:
    """The reference as a query whose columns have the analysis's names.

    Args:
        relation: the reference.
        columns: its own names.
        renamed: those of them that differ, by the analysis's names.
        dialect: sqlglot's name of the engine's dialect.
    """
    new = {old: name for name, old in renamed.items()}
    listed = [exp.alias_(names.column(name), new.get(name, name), quoted=True) for name in columns]
    source = exp.alias_(relation, "reference_rows", table=True)
    return exp.select(*listed).from_(source).sql(dialect=dialect)


def described(engine: Engine, relation: exp.Expr, side: Given) -> Mapping[str, str]:
    """The columns of a side with their types.

    Raises:
        ConfigurationError: where it cannot be read.
    """
    try:
        return engine.describe(relation)
    except WarehouseError as error:
        if not side.sql:
            refuse_folder(side.title, engine.dialect, side.argument)
        raise ConfigurationError(
            error.message,
            key=side.argument if side.sql else side.title,
            remedy=None if side.sql else "check the name, and --warehouse where it is not a file",
        ) from None
