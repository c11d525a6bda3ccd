"""What every engine can do: the verbs that the rest of the package knows."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas
    from sqlglot import exp


class Engine(Protocol):
    """A handful of verbs over one connection.

    Statements are canonical SQL as text, or trees in which the words of the user are marked and everything
    else is canonical; each engine translates them on their way in, and nowhere else. Its session is in UTC.
    """

    @property
    def dialect(self) -> str:
        """Name of the engine's dialect, a key of ``dialects.DIALECTS``."""

    def execute(self, statement: str | exp.Expr) -> None:
        """Runs one statement.

        Raises:
            WarehouseError: with the engine's own words.
        """

    def query(self, statement: str | exp.Expr) -> pandas.DataFrame:
        """Runs one SELECT and fetches its (small) result.

        Columns are float64, int64, bool, datetime64 or str; whole numbers with NULLs among them are Int64,
        and booleans ``boolean``.

        Raises:
            WarehouseError: with the engine's own words.
        """

    def first(self, statement: str | exp.Expr) -> dict[str, Any] | None:
        """The first row of a SELECT by column name, or None.

        Raises:
            WarehouseError: with the engine's own words.
        """

    def describe(self, relation: str | exp.Expr) -> dict[str, str]:
        """Column names of a relation with their types, in the engine's words, which ``dialects.kind`` knows.

        Args:
            relation: its name, or a tree in the engine's dialect: a table, or a subquery.

        Raises:
            WarehouseError: where there is no such relation, or no right to read it.
        """

    def materialize(self, table: str, select: str | exp.Expr) -> None:
        """Makes a temporary table of a SELECT's rows; replaces one that is there.

        Args:
            table: its name, which statements then use without a schema; only this session sees it.
            select: a SELECT.

        Raises:
            WarehouseError: with the engine's own words.
        """

    def drop(self, table: str) -> None:
        """Drops a temporary table that ``materialize`` has made, if it is there."""

    def transaction(self) -> AbstractContextManager[None]:
        """All statements inside, or none; two at once wait for each other, or the later one is refused.

        Raises:
            WarehouseError: where another run changed the same rows meanwhile.
        """

    def finish_publication(self, schema: str) -> None:
        """Finishes what a killed run left half published; an engine with transactions has nothing to do.

        Args:
            schema: the store's.

        Raises:
            WarehouseError: with the engine's own words.
        """

    def refuse_open_transaction(self) -> None:
        """Ours would end one that is open on the user's connection, or undo it.

        Raises:
            WarehouseError: where one is open.
        """

    def in_one_order(self) -> AbstractContextManager[None]:
        """Statements inside read rows in one order, so that sums of doubles repeat to the last bit."""

    @property
    def own_settings(self) -> frozenset[str]:
        """Names, in lower case, of the settings that a run itself makes, so that nobody else may."""

    def configure(self, name: str, value: str | int | float | bool) -> None:
        """Sets a setting of the session, in the engine's own words.

        Raises:
            WarehouseError: where there is no such setting, or it cannot have the value.
        """

    def use_threads(self, count: int) -> None:
        """Limits how many threads or processes a statement may take.

        Raises:
            UnsupportedError: where the engine cannot be told.
            WarehouseError: where it refuses the number.
        """

    def close(self) -> None:
        """Closes the connection."""

    def __enter__(self) -> Engine:
        """The engine itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the connection."""
