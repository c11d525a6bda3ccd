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
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.engines import publication, spark_catalog
from sqlmonitor.engines.publication import JOURNAL, Swap, table, text
from sqlmonitor.engines.spark_catalog import PREFIX, quoted
from sqlmonitor.errors import WarehouseError

if TYPE_CHECKING:
    from sqlmonitor.engines.spark import Spark

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
        if (
            isinstance(tree, exp.Create)
            and tree.kind == "TABLE"
            and isinstance(tree.this, exp.Schema)
            # One that was dropped just now is made by the copies, as others are changed.
            and tree.this.this.name not in self.staging.gone
        ):
            self._made(tree)
            return
        for statement in self.staging.statements(tree):
            if isinstance(statement, exp.Insert):
                statement = self._completed(statement)
            self.engine.execute_own(
                statement if isinstance(statement, str) else self.engine.translated(statement)
            )
        for changed, _ in self.staging.swaps():
            if changed.name not in self.before:
                self.before[changed.name] = spark_catalog.shown(self.engine.session, changed.db).get(
                    changed.name
                )

    def publish(self, swaps: list[Swap]) -> None:
        """Writes the journal, and lets every view show its copy.

        Raises:
            WarehouseError: where another run publishes, or has published since this one made its copies.
        """
        engine = self.engine
        schema = swaps[0][0].db
        journal = [
            {"table": one.name, "before": self.before[one.name], "copy": None if copy is None else copy.name}
            for one, copy in swaps
        ]
        place = f"{quoted(schema)}.{quoted(JOURNAL)}"
        comment = text(json.dumps(journal), engine.dialect)
        try:
            engine.execute_own(f"create table {place} (nothing int) comment {comment}")
        except WarehouseError as error:
            if _journal(engine, schema):
                raise publication.conflict() from error
            raise
        if not _exchange(engine, schema, journal):
            raise publication.conflict()

    def _made(self, tree: exp.Create) -> None:
        """An empty table and its view, at once: empty tables show nothing."""
        made = tree.this.this
        there = {entry.name.lower() for entry in spark_catalog.entries(self.engine.session, made.db)}
        if made.name.lower() in there or made.name in self.staging.copies:
            return
        copy = f"{self.prefix}0_{made.name}"
        tree.set("exists", None)
        tree.set("this", exp.Schema(this=table(made.db, copy), expressions=tree.this.expressions))
        self.engine.execute_own(self.engine.translated(tree))
        _show(self.engine, made.db, made.name, copy)

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


def finish(engine: Spark, schema: str) -> None:
    """Finishes a publication that was killed among its views, and drops the copies that no view shows.

    Args:
        engine: an open warehouse.
        schema: the store's, which is there.
    """
    journal = publication.left_behind(lambda: _journal(engine, schema))
    if journal:
        _exchange(engine, schema, json.loads(journal))
    entries = spark_catalog.entries(engine.session, schema)
    used = {entry.description for entry in entries}
    oldest = time.time() - publication.AGE
    left = [entry.name for entry in entries if entry.name not in used]
    stamped = [(name, STAMP.fullmatch(name)) for name in left]
    publication.drop(
        engine, [table(schema, name) for name, stamp in stamped if stamp and int(stamp[1]) < oldest]
    )


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
        view, copy = entry["table"], entry["copy"]
        if copy is None:
            engine.execute_own(f"drop view if exists {quoted(schema)}.{quoted(view)}")
        elif there.get(view) != copy:
            # Files that were run by hand make plain tables.
            if any(one.name == view and one.is_plain for one in entries):
                engine.execute_own(f"drop table {quoted(schema)}.{quoted(view)}")
            _show(engine, schema, view, copy)
    if not is_ours:
        publication.drop(
            engine, [table(schema, entry["copy"]) for entry in journal if entry["copy"] is not None]
        )
    publication.drop(engine, [table(schema, JOURNAL)])
    return is_ours


def _show(engine: Spark, schema: str, view: str, copy: str) -> None:
    engine.execute_own(
        f"create or replace view {quoted(schema)}.{quoted(view)} comment {text(copy, engine.dialect)} "
        f"as select * from {quoted(schema)}.{quoted(copy)}"
    )


def _journal(engine: Spark, schema: str) -> str:
    entries = spark_catalog.entries(engine.session, schema)
    return next((entry.description for entry in entries if entry.name == JOURNAL), "")
