"""Snowflake's publication: what makes objects at once, all changes of rows in one transaction at the end.

Snowflake commits an open transaction at each CREATE, ALTER and DROP, enforces no key, and lets each statement of a
transaction see what others have committed before it. So inside of a publication

- schemas, tables and views are made at once: new tables are empty, or are kept counts that nothing names yet;
- insertions, deletions and updates wait for the end. A table that is dropped and made anew keeps its place: its
  rows are deleted and the new ones inserted. Other tables are dropped when all is committed;
- at the end the transaction begins with an update of one row, which makes other publications wait. Then every
  question of the block is asked again: where an answer is another one, somebody else has published meanwhile, and
  this publication is refused.

A process that is killed leaves at most tables that nothing names: ``sweep`` drops those of kept counts, an hour later.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.engines.publication import conflict, table
from sqlmonitor.errors import UnreachableError, WarehouseError

if TYPE_CHECKING:
    from sqlmonitor.engines.snowflake import Snowflake

LOCK = "sqlmonitor_publication"
"""The table of one row that every publication updates first."""
KEPT = re.compile(r"kept_\w+_[0-9a-f]{12}")
"""A table of kept counts."""
AGE = 3600
"""Seconds after which kept counts that nothing names are those of a killed run."""


class Publication:
    """What stands between the begin and the end of a publication.

    Args:
        engine: whose statements it sorts.
    """

    def __init__(self, engine: Snowflake) -> None:
        self.engine = engine
        self.schema = ""
        self.changes: list[str] = []
        self.dropped: dict[str, tuple[str, exp.Table]] = {}
        self.asked: list[tuple[str, int | None, list[tuple[Any, ...]]]] = []

    def execute(self, tree: exp.Expr) -> None:
        """Runs a statement at once, or keeps it for the end.

        Args:
            tree: canonical; used up.
        """
        self.schema = self.schema or next((one.db for one in tree.find_all(exp.Table) if one.db), "")
        if isinstance(tree, (exp.Insert, exp.Delete, exp.Update)):
            self._change(tree)
        elif isinstance(tree, exp.Drop):
            self.dropped |= {one.name: (str(tree.kind), one) for one in tree.args["tables"]}
        elif isinstance(tree, exp.Create) and tree.kind == "TABLE":
            self._create(tree)
        else:
            if isinstance(tree, exp.Create):
                # A view that is made again is replaced.
                self.dropped.pop(tree.this.name, None)
            self.engine.execute_own(self.engine.translated(tree))

    def answered(self, text: str, most: int | None, answer: list[tuple[Any, ...]]) -> None:
        """Notes a question of the block, in Snowflake's words, how many rows were wanted, and these."""
        self.asked.append((text, most, answer))

    def publish(self) -> None:
        """Changes the rows, all or none of them, and drops what nothing needs any more.

        Raises:
            WarehouseError: where another publication came between; nothing is changed then.
        """
        engine = self.engine
        if self.changes:
            lock = table(self.schema, LOCK).sql(dialects.CANONICAL)
            engine.execute_own(
                engine.translated(f"create table if not exists {lock} as select 0 as publication")
            )
            engine.execute_own("begin transaction")
            try:
                engine.execute_own(engine.translated(f"update {lock} set publication = publication + 1"))
                for text, most, answer in self.asked:
                    if engine.answer(text, most) != answer:
                        raise conflict()
                for text in self.changes:
                    engine.execute_own(text)
                engine.execute_own("commit")
            except UnreachableError:
                # The server rolls back the transaction of a session that is gone.
                raise
            except BaseException:
                # What went wrong is told, not that the connection is lost too.
                with suppress(WarehouseError):
                    engine.execute_own("rollback")
                raise
        for kind, gone in self.dropped.values():
            engine.execute_own(f"drop {kind} if exists {engine.translated(gone)}")

    def _change(self, tree: exp.Expr) -> None:
        self.changes.append(self.engine.translated(tree))

    def _create(self, tree: exp.Create) -> None:
        """Makes a table at once; one that was dropped just now, and is there, gets new rows in its old place."""
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        was_dropped = self.dropped.pop(target.name, None) is not None
        if not was_dropped or not self.engine.has_table(target):
            try:
                self.engine.execute_own(self.engine.translated(tree))
                return
            except UnreachableError:
                raise
            except WarehouseError:
                # Another run may have made it since; one of the two will be refused.
                if not was_dropped or not self.engine.has_table(target):
                    raise
        self._renew(target.copy(), tree)

    def _renew(self, place: exp.Table, tree: exp.Create) -> None:
        """Puts new rows into the place of a table's old ones."""
        rows = tree.expression
        if rows is None:
            self._change(exp.Delete(this=place))
            return
        wanted = list(self.engine.describe(exp.Subquery(this=rows.copy())))
        if set(wanted) != set(self.engine.describe(place)):
            # Of other columns, it is of no use to whoever may still name it.
            tree.set("exists", None)
            tree.set("replace", True)
            self.engine.execute_own(self.engine.translated(tree))
            return
        self._change(exp.Delete(this=place))
        listed = [exp.to_identifier(name.lower(), quoted=True) for name in wanted]
        inserted = exp.Schema(this=place.copy(), expressions=listed)
        self._change(exp.Insert(this=inserted, expression=rows))


def sweep(engine: Snowflake, schema: str) -> None:
    """Drops kept counts that no monitor names and that are an hour old: a killed run made them.

    Args:
        engine: an open warehouse.
        schema: the store's, which may not be there.
    """
    place = exp.to_identifier(schema, quoted=True).sql(dialects.CANONICAL)
    literal = exp.Literal.string(schema).sql(dialects.CANONICAL)
    there = engine.query(
        "select table_name, date_diff('second', created, cast(current_timestamp as timestamptz)) as age "
        f"from information_schema.tables where table_schema = {literal}"
    )
    if "kept" not in set(there["table_name"]):
        return
    named = set(engine.query(f"select table_name from {place}.kept")["table_name"])
    for name, age in zip(there["table_name"], there["age"], strict=True):
        if KEPT.fullmatch(name) and name not in named and age > AGE:
            engine.execute_own(f"drop table if exists {engine.translated(table(schema, name))}")
