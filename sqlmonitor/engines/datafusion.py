"""Apache DataFusion: in this process, on a folder of Parquet files, or on an open session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datafusion
import pyarrow
import sqlglot
from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.dialects.datafusion import SETTINGS
from sqlmonitor.engines import datafusion_store
from sqlmonitor.engines.datafusion_errors import explaining
from sqlmonitor.engines.datafusion_publishing import PREFIX, Publication
from sqlmonitor.engines.datafusion_store import Manifest
from sqlmonitor.engines.frames import arrow_values, frame
from sqlmonitor.engines.publication import drop, publishing, table
from sqlmonitor.errors import WarehouseError

if TYPE_CHECKING:
    import pandas

TYPES = (
    (r"timestamp\[.*tz=.*", "timestamp with time zone"),
    (r"timestamp\[.*", "timestamp"),
    (r"date\d+\[.*", "date"),
    (r"(large_)?string(_view)?", "varchar"),
)
"""Arrow's names that no statement takes, and DataFusion's."""
PARTITIONS = "datafusion.execution.target_partitions"
SETTING = re.compile(r"\w+(\.\w+)*")
PUBLIC = "public"
PARQUET = ".parquet"


class DataFusion:
    """The verbs of ``Engine`` over one DataFusion session, whose tables are in memory.

    Args:
        session: its settings are changed to those that results depend on.
        folder: of Parquet files, in which a subfolder is a schema; None for a store in memory, as long as the
            session lives.
        read_only: True where nothing will be written.
    """

    dialect = "datafusion"

    def __init__(
        self, session: datafusion.SessionContext, *, folder: Path | None = None, read_only: bool = False
    ) -> None:
        self.session = session
        self.folder = folder
        self.read_only = read_only
        self.publication: Publication | None = None
        for name, value in SETTINGS.items():
            self.execute_own(f"set {name} = '{value}'")
        if folder is not None:
            self._register(PUBLIC, folder)
            for place in sorted(folder.iterdir()):
                if place.is_dir() and place.suffix != PARQUET and not place.name.startswith((".", "_")):
                    self.show(place.name)

    @classmethod
    def open(cls, url: str, *, read_only: bool = False, directory: Path | None = None) -> DataFusion:
        """Opens ``datafusion:///relative/folder``, ``datafusion:////absolute/folder`` or ``datafusion://`` (memory).

        Raises:
            WarehouseError: where there is no such folder, or a file in it is not Parquet.
        """
        path = url.partition("://")[2].removeprefix("/")
        if not path:
            return cls(datafusion.SessionContext())
        folder = (directory or Path()) / path
        if not folder.is_dir():
            raise WarehouseError(
                f"there is no folder {path}", remedy="check `warehouse`: it names a folder of Parquet files"
            )
        return cls(datafusion.SessionContext(), folder=folder.resolve(), read_only=read_only)

    def __enter__(self) -> DataFusion:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """The session ends with its last user."""

    def execute(self, statement: str | exp.Expr) -> None:
        """Runs one statement."""
        tree = _tree(statement)
        if self.publication is not None:
            self.publication.execute(tree.copy())
        else:
            self.execute_own(self.translated(tree))

    def execute_own(self, text: str) -> None:
        """Runs a statement that is DataFusion's already."""
        self._fetched(text)

    def query(self, statement: str | exp.Expr) -> pandas.DataFrame:
        """Runs one SELECT and fetches its (small) result."""
        rows = self._fetched(self._reading(statement))
        columns = [(one.name, _written(one.type)) for one in rows.schema]
        return frame(columns, list(zip(*(_values(column) for column in rows.columns), strict=True)))

    def first(self, statement: str | exp.Expr) -> dict[str, Any] | None:
        """The first row of a SELECT by column name, or None."""
        rows = self._fetched(self._reading(statement)).slice(0, 1)
        if not rows.num_rows:
            return None
        return {
            name: _values(column)[0] for name, column in zip(rows.column_names, rows.columns, strict=True)
        }

    def describe(self, relation: str | exp.Expr) -> dict[str, str]:
        """Column names of a relation with their types, as Arrow has them."""
        if isinstance(relation, str):
            relation = exp.to_table(relation, dialect=self.dialect)
        aliased = exp.alias_(relation.copy(), "described", table=True)
        text = self.translated(dialects.of_user(exp.select("*").from_(aliased)))
        with explaining():
            schema = self.session.sql(text).schema()
        return {one.name: _written(one.type) for one in schema}

    def materialize(self, table: str, select: str | exp.Expr) -> None:
        """Makes a table in memory of a SELECT's rows; replaces one that is there."""
        form = dialects.dialect(self.dialect).temporary
        self.execute_own(form.format(table=table, select=self.translated(select)))

    def drop(self, table: str) -> None:
        """Drops a table of the session, if it is there."""
        self.execute_own(f"drop table if exists {table}")

    @contextmanager
    def in_one_order(self) -> Iterator[None]:
        """Statements inside are run in one partition."""
        before = self._fetched(f"show {PARTITIONS}").column("value")[0]
        self.execute_own(f"set {PARTITIONS} = 1")
        try:
            yield
        finally:
            self.execute_own(f"set {PARTITIONS} = {before}")

    # Its own words for the time zone too.
    own_settings = frozenset({*map(str.casefold, SETTINGS), "timezone", "time.zone"})

    def configure(self, name: str, value: str | int | float | bool) -> None:
        """Sets a setting of the session."""
        if not SETTING.fullmatch(name):
            raise WarehouseError(
                f"'{name}' is no setting", remedy="write one such as datafusion.execution.batch_size"
            )
        written = str(value).lower() if isinstance(value, bool) else str(value)
        self.execute_own(f"set {name} = {literal(written)}")

    def use_threads(self, count: int) -> None:
        """Partitions of all statements but those whose sums must repeat to the last bit."""
        self.configure(PARTITIONS, count)

    def refuse_open_transaction(self) -> None:
        """DataFusion has none that could be open."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none, by files that one manifest publishes at the end."""
        if self.read_only:
            raise WarehouseError("the warehouse was opened to be read only", remedy="open it for writing")
        made = Publication(self)
        try:
            with publishing(made) as publication:
                self.publication = publication
                try:
                    yield
                finally:
                    self.publication = None
            if made.schema and not made.is_published:
                made.publish([])
        finally:
            # What is published, by this run or another; nothing that was only begun.
            if made.schema:
                self.show(made.schema)

    def finish_publication(self, schema: str) -> None:
        """Reads what other runs have published, and deletes files that nothing uses."""
        if self.folder is not None:
            with explaining():
                if not self.read_only:
                    datafusion_store.sweep(self.folder / schema)
                self.show(schema)

    def show(self, schema: str) -> Manifest:
        """Makes the session's tables of a schema those that its folder has.

        Returns:
            What was published last; nothing for a folder that is no store.
        """
        if schema == PUBLIC:
            raise WarehouseError(
                "the schema 'public' is the folder itself, and holds no store and no subfolder",
                remedy="give the store a schema of its own, such as `store: sqlmonitor`, and rename the subfolder",
            )
        if self.folder is None:
            drop(self, [table(schema, name) for name in self.tables(schema) if name.startswith(PREFIX)])
            return Manifest()
        place = self.folder / schema
        if not place.is_dir():
            self.execute_own(f"drop schema if exists {quoted(schema)} cascade")
            return Manifest()
        self.execute_own(f"create schema if not exists {quoted(schema)}")
        for name in self.views(schema):
            self.execute_own(f"drop view if exists {quoted(schema)}.{quoted(name)}")
        drop(self, [table(schema, name) for name in self.tables(schema)])
        if not datafusion_store.is_store(place):
            self._register(schema, place)
            return Manifest()
        manifest = datafusion_store.read(place)
        for name, file in manifest.tables.items():
            self._register_file(table(schema, name), place / file)
        for definition in manifest.views.values():
            self.execute_own(definition)
        return manifest

    def tables(self, schema: str) -> list[str]:
        """Names of a schema's tables, views left out."""
        rows = self._fetched(
            "select table_name from information_schema.tables where table_type = 'BASE TABLE' "
            f"and table_schema = {literal(schema)}"
        )
        return [str(name) for name in rows.column(0).to_pylist()]

    def views(self, schema: str) -> dict[str, str]:
        """A schema's views with their definitions."""
        rows = self._fetched(
            "select views.table_name, views.definition from information_schema.views as views "
            "inner join information_schema.tables as tables "
            "on views.table_schema = tables.table_schema and views.table_name = tables.table_name "
            f"where tables.table_type = 'VIEW' and tables.table_schema = {literal(schema)} order by views.table_name"
        )
        return dict(zip(rows.column(0).to_pylist(), rows.column(1).to_pylist(), strict=True))

    def replace(self, place: exp.Table, copy: exp.Table) -> None:
        """Gives a table the rows of a copy, in memory."""
        named, copied = (one.sql(dialect=self.dialect) for one in (place, copy))
        self.execute_own(f"create or replace table {named} as select * from {copied}")

    def rows_of(self, place: exp.Table) -> pyarrow.Table:
        """All rows of a table of the store, as Arrow has them."""
        return self._fetched(f"select * from {place.sql(dialect=self.dialect)}")

    def translated(self, statement: str | exp.Expr) -> str:
        """A statement in DataFusion's words."""
        return dialects.translated(statement, self.dialect)

    def _register(self, schema: str, folder: Path) -> None:
        """Every Parquet file, and every folder of such files whose name ends like theirs, as a table."""
        for file in sorted(folder.glob(f"*{PARQUET}")):
            self._register_file(table(schema, file.name.removesuffix(PARQUET)), file)

    def _register_file(self, place: exp.Table, file: Path) -> None:
        location = f"{file}/" if file.is_dir() else str(file)
        made = f"create external table {place.sql(dialect=self.dialect)} stored as parquet location"
        try:
            self.execute_own(f"{made} {literal(location)}")
        except WarehouseError as error:
            raise WarehouseError(
                f"{file} cannot be read: {error.message}", remedy="move what is not Parquet out of the folder"
            ) from None

    def _reading(self, statement: str | exp.Expr) -> str:
        """A SELECT's text; inside of a publication, of the copies that it has made."""
        if self.publication is None:
            return self.translated(statement)
        return self.translated(self.publication.staging.reading(_tree(statement).copy()))

    def _fetched(self, text: str) -> pyarrow.Table:
        with explaining():
            return self.session.sql(text).to_arrow_table()


def _tree(statement: str | exp.Expr) -> exp.Expr:
    return (
        sqlglot.parse_one(statement, dialect=dialects.CANONICAL) if isinstance(statement, str) else statement
    )


def _written(arrow_type: pyarrow.DataType) -> str:
    """An Arrow type in words that ``dialects.kind`` knows and a cast takes; numbered levels are text as any other."""
    plain = str(
        getattr(arrow_type, "value_type", arrow_type) if "dictionary" in str(arrow_type) else arrow_type
    )
    return next((written for form, written in TYPES if re.fullmatch(form, plain)), plain)


def _values(column: pyarrow.ChunkedArray) -> list[Any]:
    """A column's values; times in UTC, without their nanoseconds, which Python has none of."""
    if pyarrow.types.is_timestamp(column.type):
        zone = None if column.type.tz is None else "UTC"
        column = column.cast(pyarrow.timestamp("us", zone), safe=False)
    return arrow_values(column)


def quoted(name: str) -> str:
    """An identifier in quotes."""
    return exp.to_identifier(name, quoted=True).sql(dialect=DataFusion.dialect)


def literal(value: str) -> str:
    """A string literal."""
    return exp.Literal.string(value).sql(dialect=DataFusion.dialect)
