"""Spark's stand-in for a transaction: copies of tables, which a journal and views publish.

Each of the store's tables is a view over a table of a name of its own, a copy, which no statement changes once a
view shows it. Every statement of a publication goes to new copies (``Staging``). Then one statement makes the
journal, a table whose comment says which copy each view shows next; it also keeps two publications apart. From
there on the publication is finished by whoever comes next, also where this process is killed. Any format will do:
nothing is deleted, updated or renamed. Former copies are dropped by the next run, so that who reads them can end.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.engines import spark_catalog
from sqlmonitor.engines.spark_catalog import PREFIX, quoted
from sqlmonitor.errors import WarehouseError

if TYPE_CHECKING:
    from sqlmonitor.engines.spark import Spark

JOURNAL = "sqlmonitor_publication"
PATIENCE = 20.0
"""Seconds after which a journal is one of a killed run: making views takes less than a second each."""
AGE = 3600.0
"""Seconds after which copies that no view shows are those of a former or a killed run."""
STAMP = re.compile(rf"{PREFIX}(\d+)_\w+")


class Publication:
    """What stands between the begin and the end of a publication.

    Args:
        engine: whose statements are turned to copies.
    """

    def __init__(self, engine: Spark) -> None:
        self.engine = engine
        self.prefix = f"{PREFIX}{int(time.time())}_{uuid.uuid4().hex[:8]}_"
        self.staging = dialects.Staging(self.prefix, dialects.dialect(engine.dialect), engine.describe)
        self.before: dict[str, str | None] = {}

    def execute(self, tree: exp.Expr) -> None:
        """Runs what a statement has become; notes what its table's view showed before."""
        if isinstance(tree, exp.Create) and tree.kind == "TABLE" and isinstance(tree.this, exp.Schema):
            self._made(tree)
            return
        for statement in self.staging.statements(tree):
            if isinstance(statement, exp.Insert):
                statement = self._completed(statement)
            self.engine.execute_own(
                statement if isinstance(statement, str) else self.engine.translated(statement)
            )
        for table, _ in self.staging.swaps():
            if table.name not in self.before:
                self.before[table.name] = spark_catalog.shown(self.engine.session, table.db).get(table.name)

    def _made(self, tree: exp.Create) -> None:
        """An empty table and its view, at once: empty tables show nothing."""
        table = tree.this.this
        there = {entry.name.lower() for entry in spark_catalog.entries(self.engine.session, table.db)}
        if table.name.lower() in there or table.name in self.staging.copies:
            return
        copy = f"{self.prefix}0_{table.name}"
        tree.set("exists", None)
        tree.set("this", exp.Schema(this=_table(table.db, copy), expressions=tree.this.expressions))
        self.engine.execute_own(self.engine.translated(tree))
        _show(self.engine, table.db, table.name, copy)

    def _completed(self, tree: exp.Insert) -> exp.Insert:
        """An insertion with a value for every column, which Sail asks for."""
        if not isinstance(tree.this, exp.Schema):
            return tree
        listed = [one.name for one in tree.this.expressions]
        target = tree.this.this
        name = exp.to_identifier("given")
        alias = exp.TableAlias(this=name, columns=[exp.to_identifier(one, quoted=True) for one in listed])
        chosen: list[exp.Expr] = []
        for column, written in self.engine.describe(target).items():
            if column in listed:
                chosen.append(exp.column(column, table="given", quoted=True))
            else:
                kind = exp.DataType.build(written, dialect=self.engine.dialect)
                chosen.append(exp.alias_(exp.Cast(this=exp.null(), to=kind), column, quoted=True))
        rows = exp.select(*chosen).from_(exp.Subquery(this=tree.expression, alias=alias), copy=False)
        return exp.Insert(this=target, expression=rows)


@contextmanager
def publishing(engine: Spark) -> Iterator[Publication]:
    """Copies that views show at the end, or that are dropped after an error."""
    publication = Publication(engine)
    staging = publication.staging
    try:
        yield publication
    except BaseException:
        # A lost session drops nothing; a later run does.
        with suppress(WarehouseError):
            _drop(engine, [*staging.superseded, *staging.copies.values()])
        raise
    swaps = staging.swaps()
    if swaps:
        _publish(engine, swaps, publication.before)
        _drop(engine, staging.superseded)


def finish(engine: Spark, schema: str) -> None:
    """Finishes a publication that was killed among its views, and drops the copies that no view shows.

    Args:
        engine: an open warehouse.
        schema: the store's, which is there.
    """
    journal = _journal(engine, schema)
    end = time.monotonic() + PATIENCE
    while journal and time.monotonic() < end:
        time.sleep(0.2)
        journal = _journal(engine, schema)
    if journal:
        _exchange(engine, schema, json.loads(journal))
    entries = spark_catalog.entries(engine.session, schema)
    used = {entry.description for entry in entries}
    oldest = time.time() - AGE
    left = [entry.name for entry in entries if entry.name not in used]
    stamped = [(name, STAMP.fullmatch(name)) for name in left]
    _drop(engine, [_table(schema, name) for name, stamp in stamped if stamp and int(stamp[1]) < oldest])


def _publish(
    engine: Spark, swaps: list[tuple[exp.Table, exp.Table | None]], before: dict[str, str | None]
) -> None:
    schema = swaps[0][0].db
    journal = [
        {"table": table.name, "before": before[table.name], "copy": None if copy is None else copy.name}
        for table, copy in swaps
    ]
    place = f"{quoted(schema)}.{quoted(JOURNAL)}"
    try:
        engine.execute_own(f"create table {place} (nothing int) comment {_text(json.dumps(journal))}")
    except WarehouseError as error:
        if _journal(engine, schema):
            raise _conflict() from error
        raise
    if not _exchange(engine, schema, journal):
        raise _conflict()


def _exchange(engine: Spark, schema: str, journal: list[dict[str, Any]]) -> bool:
    """Lets every view show its copy, as far as that is still to be done.

    Returns:
        False where another run changed a table before the first view; nothing is changed then.
    """
    entries = spark_catalog.entries(engine.session, schema)
    there = spark_catalog.shown(engine.session, schema)
    has_begun = any(entry["copy"] and there.get(entry["table"]) == entry["copy"] for entry in journal)
    is_ours = has_begun or all(there.get(entry["table"]) == entry["before"] for entry in journal)
    for entry in journal if is_ours else ():
        table, copy = entry["table"], entry["copy"]
        if copy is None:
            engine.execute_own(f"drop view if exists {quoted(schema)}.{quoted(table)}")
        elif there.get(table) != copy:
            # Files that were run by hand make plain tables.
            if any(one.name == table and one.is_plain for one in entries):
                engine.execute_own(f"drop table {quoted(schema)}.{quoted(table)}")
            _show(engine, schema, table, copy)
    if not is_ours:
        _drop(engine, [_table(schema, entry["copy"]) for entry in journal if entry["copy"] is not None])
    _drop(engine, [_table(schema, JOURNAL)])
    return is_ours


def _show(engine: Spark, schema: str, view: str, copy: str) -> None:
    engine.execute_own(
        f"create or replace view {quoted(schema)}.{quoted(view)} comment {_text(copy)} "
        f"as select * from {quoted(schema)}.{quoted(copy)}"
    )


def _conflict() -> WarehouseError:
    return WarehouseError(
        "conflict: another run wrote to the store at the same moment; this one stored nothing",
        remedy="run again",
    )


def _journal(engine: Spark, schema: str) -> str:
    entries = spark_catalog.entries(engine.session, schema)
    return next((entry.description for entry in entries if entry.name == JOURNAL), "")


def _drop(engine: Spark, tables: list[exp.Table]) -> None:
    for table in tables:
        engine.execute_own(f"drop table if exists {table.sql(dialect=engine.dialect)}")


def _table(schema: str, name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True), db=exp.to_identifier(schema, quoted=True))


def _text(value: str) -> str:
    return exp.Literal.string(value).sql(dialect="spark")
