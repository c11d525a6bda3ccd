"""Spark SQL: through Spark Connect by a URL, or on an open session, of Apache Spark 4 or of Sail."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlglot
from pyspark.errors import PySparkException
from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.engines import address, spark_catalog
from sqlmonitor.engines.frames import arrow_values, frame
from sqlmonitor.engines.publication import publishing
from sqlmonitor.engines.spark_catalog import quoted
from sqlmonitor.engines.spark_errors import FAILURES, explained
from sqlmonitor.engines.spark_publishing import Publication, finish
from sqlmonitor.errors import UnreachableError, UnsupportedError, WarehouseError

if TYPE_CHECKING:
    import pandas

logger = logging.getLogger("sqlmonitor")

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # A timestamp is one without a zone, as in the other engines.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
}
APACHE = {
    # Longer methods are not compiled by the virtual machine: counting numeric columns then takes four times as long.
    "spark.sql.codegen.hugeMethodLimit": "8000",
}
"""For Apache Spark itself."""
OLDEST_SPARK = 4
SAIL = {
    # Its Parquet tables take some whole numbers of mixed lengths for shorter ones than are in the file.
    "spark.sql.sources.default": "delta",
}
"""For Sail, which says its own version, before 1."""
WITHOUT_STATISTICS = "tblproperties ('delta.dataSkippingNumIndexedCols' = '0')"
"""Of tables that Sail makes of rows.

A column of one value is read from the statistics of its Delta file, whose JSON loses the last bit of one double in
twelve (0.9896907210350037 is read as …036), so that a fitted maximum lies below the largest value.
"""
MADE_OF_ROWS = re.compile(r"create table (?:\.?`(?:[^`]|``)+`)+(?= as\s)", re.IGNORECASE)

ONE_ORDER = {
    # Steps' tables are small: all files of one in one task, whose rows come in one order. A large source is read by
    # as many tasks as ever, since a cluster is there for that, and its sums agree to 1e-12.
    "spark.sql.files.openCostInBytes": "0",
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.shuffle.partitions": "1",
}
RETRIES = 5
"""Of a call that the server does not answer: about 20 seconds, where the client alone would take ten minutes."""

PREFIX = "sqlmonitor_step"
LEFT_BEHIND = re.compile(rf"{PREFIX}_(\d{{10}})_[0-9a-f]{{8}}_\w+")
LONGEST_RUN = 24 * 3600
"""Seconds, after which a step's table is taken for one that a killed run has left."""


class Spark:
    """The verbs of ``Engine`` over one Spark session.

    A step's rows are a table of the session's default format in ``workspace`` with a name of the run's own, and a temporary view has
    the step's name. A temporary view alone would read the source anew in every step that reads it, and rows
    that are only cached are computed anew, perhaps from other data, where an executor is lost.

    Args:
        session: of Spark or Spark Connect; its time zone becomes UTC, its timestamps have no zone, and ANSI mode is on.
        url: what it was opened with, whose token no message shows; a session without is left open in the end.
        workspace: the schema of steps' tables, made where it is not there; a run takes its store's.
    """

    dialect = "spark"

    def __init__(self, session: Any, *, url: str = "", workspace: str = "sqlmonitor") -> None:
        self.session = session
        self.url = url
        self.workspace = workspace
        self._run = f"{int(time.time())}_{uuid.uuid4().hex[:8]}"
        self._has_workspace = False
        self._is_lost = False
        self.publication: Publication | None = None
        with self._explaining():
            for name, value in SETTINGS.items():
                session.conf.set(name, value)
            version = str(session.sql("select version() as found").toArrow().column(0)[0])
            is_sail = version.startswith("0.")
            if not is_sail and int(version.partition(".")[0]) < OLDEST_SPARK:
                raise UnsupportedError(
                    f"Spark {version.split()[0]} is too old",
                    remedy=f"use Apache Spark {OLDEST_SPARK} or later",
                )
            for name, value in (SAIL if is_sail else APACHE).items():
                session.conf.set(name, value)
        self._is_sail = is_sail

    @classmethod
    def open(cls, url: str) -> Spark:
        """Opens ``sc://host:15002/;token=…`` (Spark Connect) or ``spark://host:7077`` (a cluster's master).

        Args:
            url: as Spark has it. The second makes this process the driver, which needs all of pyspark and Java.

        Raises:
            UnsupportedError: for a master, where only the client is installed, and for a Thrift server.
            WarehouseError: where the server cannot be reached or refuses.
        """
        plain = address.without_driver(url)
        if "+" in url.partition(":")[0]:
            # What dbt's profiles have: thrift, http, odbc or session.
            raise UnsupportedError(
                f"Spark is not reached by {url.partition(':')[0].partition('+')[2]}, but by Spark Connect",
                remedy="write the server's own URL: warehouse: sc://host:15002",
            )
        try:
            with without_warnings():
                session = _remote(plain) if plain.startswith("sc:") else _classic(plain)
        except FAILURES as error:
            raise explained(error, plain) from None
        return cls(session, url=plain)

    def __enter__(self) -> Spark:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends a session that a URL opened; the user's own stays open."""
        if self.url:
            if self._is_lost:
                # A server that is back ends it by itself; to ask one that is not takes as long as any call.
                self.session.release_session_on_close = False
            with without_warnings():
                self.session.stop()

    def execute(self, statement: str | exp.Expr) -> None:
        """Runs one statement."""
        tree = _tree(statement)
        # Making one that is there may need a right on the whole catalog, which a run should not need.
        if isinstance(tree, exp.Create) and tree.kind == "SCHEMA":
            with self._explaining():
                if spark_catalog.has_schema(self.session, tree.this.db):
                    return
        if self.publication is not None:
            self.publication.execute(tree.copy())
        else:
            self.execute_own(self.translated(tree))

    def execute_own(self, text: str) -> None:
        """Runs text that is Spark's already."""
        made = MADE_OF_ROWS.match(text) if self._is_sail else None
        if made:
            text = f"{made[0]} {WITHOUT_STATISTICS}{text[made.end() :]}"
        with self._explaining():
            # Anything but a query runs here; what it returns is of no use, and not the same everywhere.
            self.session.sql(text)

    def query(self, statement: str | exp.Expr) -> pandas.DataFrame:
        """Runs one SELECT and fetches its (small) result."""
        table = self._fetched(statement)
        columns = [(field.name, _written(str(field.type))) for field in table.schema]
        return frame(columns, list(zip(*map(arrow_values, table.columns), strict=True)))

    def first(self, statement: str | exp.Expr) -> dict[str, Any] | None:
        """The first row of a SELECT by column name, or None."""
        rows: list[dict[str, Any]] = self._fetched(statement, most=1).to_pylist()
        return rows[0] if rows else None

    def describe(self, relation: str | exp.Expr) -> dict[str, str]:
        """Column names of a relation with their types."""
        if isinstance(relation, str):
            relation = dialects.of_user(sqlglot.parse_one(relation, dialect=self.dialect, into=exp.Table))
        aliased = exp.alias_(relation.copy(), "described", table=True)
        text = self.translated(exp.select("*").from_(aliased))
        with self._explaining():
            fields = self.session.sql(text).schema.fields
        return {field.name: field.dataType.simpleString() for field in fields}

    def materialize(self, table: str, select: str | exp.Expr) -> None:
        """Makes a table of a SELECT's rows, and a temporary view of its name over it; replaces one that is there."""
        if not self._has_workspace:
            self.execute(
                f"create schema if not exists {exp.to_identifier(self.workspace, quoted=True).sql(dialects.CANONICAL)}"
            )
            self._has_workspace = True
        lasting = self._lasting(table)
        self.execute_own(f"drop table if exists {lasting}")
        self.execute_own(f"create table {lasting} as {self.translated(select)}")
        self.execute_own(f"create or replace temporary view {table} as select * from {lasting}")

    def drop(self, table: str) -> None:
        """Drops what ``materialize`` has made, if it is there and the server is."""
        if self._is_lost:
            return
        try:
            self.execute_own(f"drop view if exists {table}")
            self.execute_own(f"drop table if exists {self._lasting(table)}")
        except WarehouseError as error:
            # It hides no error before it; a later run drops what is left.
            logger.info("-- %s could not be dropped: %s", table, error)

    @contextmanager
    def in_one_order(self) -> Iterator[None]:
        """Statements inside read a table's files in one task, so that sums of doubles repeat to the last bit."""
        with self._explaining():
            before = {name: self.session.conf.get(name, None) for name in ONE_ORDER}
            for name, value in ONE_ORDER.items():
                self.session.conf.set(name, value)
        try:
            yield
        finally:
            with self._explaining():
                for name, value in before.items():
                    if value is None:
                        self.session.conf.unset(name)
                    else:
                        self.session.conf.set(name, value)

    own_settings = frozenset(map(str.casefold, SETTINGS))

    def configure(self, name: str, value: str | int | float | bool) -> None:
        """Sets a setting of the session."""
        with self._explaining():
            self.session.conf.set(name, str(value).lower() if isinstance(value, bool) else str(value))

    def use_threads(self, count: int) -> None:
        """A cluster decides by itself."""
        raise UnsupportedError(
            f"Spark cannot be told to use {count} threads",
            remedy="leave --threads out, and size its executors",
        )

    def refuse_open_transaction(self) -> None:
        """Spark has none."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none, by copies that views show at the end."""
        # It asks the catalog, too, past the verbs.
        with self._explaining(), publishing(Publication(self)) as publication:
            self.publication = publication
            try:
                yield
            finally:
                self.publication = None

    def finish_publication(self, schema: str) -> None:
        """Finishes a publication that was killed, and drops what killed runs left in the store's schema.

        Steps' tables are made there from now on.
        """
        self._has_workspace &= self.workspace == schema
        self.workspace = schema
        with self._explaining():
            if spark_catalog.has_schema(self.session, schema):
                finish(self, schema)
                self._sweep()

    def _lasting(self, table: str) -> str:
        return f"{quoted(self.workspace)}.{quoted(f'{PREFIX}_{self._run}_{table}')}"

    def _sweep(self) -> None:
        """Drops what the steps of killed runs have left."""
        for entry in spark_catalog.entries(self.session, self.workspace):
            found = LEFT_BEHIND.fullmatch(entry.name)
            if found and int(found[1]) < time.time() - LONGEST_RUN:
                self.execute_own(f"drop table if exists {quoted(self.workspace)}.{quoted(entry.name)}")

    def translated(self, statement: str | exp.Expr) -> str:
        """A statement in Spark's words."""
        return dialects.translated(statement, self.dialect)

    def _fetched(self, statement: str | exp.Expr, most: int | None = None) -> Any:
        """A SELECT's rows: all of them, or so many at most; inside of a publication, of its copies."""
        tree = _tree(statement)
        if self.publication is not None:
            tree = self.publication.staging.reading(tree.copy())
        with self._explaining():
            tree = spark_catalog.with_information_schema(tree, self.session)
            rows = self.session.sql(self.translated(tree))
            return (rows if most is None else rows.limit(most)).toArrow()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            with without_warnings():
                yield
        except FAILURES as error:
            made = explained(error, self.url)
            self._is_lost = isinstance(made, UnreachableError)
            raise made from None
        else:
            self._is_lost = False


@contextmanager
def without_warnings() -> Iterator[None]:
    """Warnings of the client are not shown that say what its errors say, or what is not so here."""
    with warnings.catch_warnings():
        # No pandas is used of it.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]", UserWarning)
        yield


def _tree(statement: str | exp.Expr) -> exp.Expr:
    return (
        sqlglot.parse_one(statement, dialect=dialects.CANONICAL) if isinstance(statement, str) else statement
    )


def _written(arrow_type: str) -> str:
    """An Arrow type in words that ``dialects.kind`` knows."""
    return "string" if "string" in arrow_type and "<" not in arrow_type else arrow_type


def _say_that_this_is_no_doctest() -> None:
    """The client takes a process whose main module is no file, as of `python -c`, for its own doctests.

    It then imports what only all of Spark has, and ends the process where that is not there.
    """
    main = sys.modules["__main__"]
    if getattr(main, "__spec__", None) is None and not hasattr(main, "__file__"):
        main.__file__ = "-c"


def _remote(url: str) -> Any:
    _say_that_this_is_no_doctest()
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

    # Of its own: the active session may be the user's.
    session = SparkSession.builder.remote(url).create()
    session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES)])
    return session


def _classic(url: str) -> Any:
    from pyspark.sql import SparkSession

    try:
        return SparkSession.builder.master(url).appName("sqlmonitor").getOrCreate()
    except (ImportError, PySparkException) as error:
        raise UnsupportedError(
            f"a session on {url} cannot be made here: {str(error).splitlines()[0]}",
            remedy="install all of pyspark and Java 17, or start a Spark Connect server and give its sc:// URL",
        ) from error
