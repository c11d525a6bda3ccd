"""ClickHouse's stand-in for a transaction: copies of tables, which a journal and an exchange of names publish.

Every statement of a publication goes to copies (``Staging``). Then one statement makes the journal, a table whose
comment says which copy takes which table's place; it also keeps two publications apart. From there on the
publication is finished by whoever comes next, also where this process is killed. Each exchange is of one whole
table at once, so no reader ever sees a table half written.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.engines import publication
from sqlmonitor.engines.publication import JOURNAL, Swap, table, text
from sqlmonitor.errors import WarehouseError

if TYPE_CHECKING:
    from sqlmonitor.engines.clickhouse import ClickHouse

PREFIX = "sqlmonitor_copy_"


class Publication:
    """What stands between the begin and the end of a publication.

    Args:
        engine: whose statements are turned to copies.
    """

    def __init__(self, engine: ClickHouse) -> None:
        self.engine = engine
        prefix = f"{PREFIX}{uuid.uuid4().hex[:8]}_"
        self.staging = dialects.Staging(prefix, dialects.dialect(engine.dialect), engine.describe)
        self.before: dict[str, str | None] = {}
        self.views: list[exp.Expr] = []

    def execute(self, tree: exp.Expr) -> None:
        """Runs what a statement has become; notes which tables it was made for."""
        if isinstance(tree, (exp.Create, exp.Drop)) and tree.kind == "VIEW":
            # On a full disk, CREATE OR REPLACE VIEW says nothing and leaves an empty definition, with which
            # ClickHouse 26.9 does not start again. Copies of tables, which come first, say that it is full.
            # One that is dropped must stay until then, too.
            self.views.append(tree)
            return
        statements = self.staging.statements(tree)
        for changed, _ in self.staging.swaps():
            if changed.name not in self.before:
                self.before[changed.name] = _identities(self.engine, changed.db).get(changed.name)
        for statement in statements:
            self.engine.execute_own(
                statement if isinstance(statement, str) else self.engine.translated(statement)
            )

    def show(self) -> None:
        """Makes and drops the views, over what is published."""
        last = {tree.find(exp.Table): number for number, tree in enumerate(self.views)}
        # In their order: one view may be over another. One that is dropped and made again is only made.
        for number in sorted(last.values()):
            self.engine.execute_own(self.engine.translated(self.views[number]))

    def publish(self, swaps: list[Swap]) -> None:
        """Writes the journal, and exchanges every table and its copy.

        Raises:
            WarehouseError: where another run publishes, or has published since this one made its copies.
        """
        engine = self.engine
        schema = swaps[0][0].db
        there = _identities(engine, schema)
        journal = [
            {
                "table": one.name,
                "before": self.before[one.name],
                "copy": copy.name if copy is not None else None,
                "after": there[copy.name] if copy is not None else None,
            }
            for one, copy in swaps
        ]
        place = table(schema, JOURNAL).sql(dialect=engine.dialect)
        comment = text(json.dumps(journal), engine.dialect)
        try:
            engine.execute_own(
                f"create table {place} (nothing UInt8) engine = MergeTree order by () comment {comment}"
            )
        except WarehouseError as error:
            if "already exists" in error.message:
                raise publication.conflict() from error
            raise
        if not _exchange(engine, schema, journal):
            raise publication.conflict()


def finish(engine: ClickHouse, schema: str) -> None:
    """Finishes a publication that was killed among its exchanges, and drops the copies that killed runs left.

    Args:
        engine: an open warehouse.
        schema: the store's.
    """
    journal = publication.left_behind(lambda: _journal(engine, schema))
    if journal:
        _exchange(engine, schema, json.loads(journal))
    left = engine.rows(
        f"select name from system.tables where database = {text(schema, engine.dialect)} and startsWith(name, {text(PREFIX, engine.dialect)}) "
        f"and metadata_modification_time <= now() - {publication.AGE}"
    )
    publication.drop(engine, [table(schema, str(name)) for (name,) in left])


def _exchange(engine: ClickHouse, schema: str, journal: list[dict[str, Any]]) -> bool:
    """Gives every copy its table's name, as far as that is still to be done.

    Returns:
        False where another run changed a table before the first exchange; nothing is changed then.
    """
    there = _identities(engine, schema)
    has_begun = any(entry["after"] and there.get(entry["table"]) == entry["after"] for entry in journal)
    is_ours = has_begun or all(there.get(entry["table"]) == entry["before"] for entry in journal)
    for entry in journal if is_ours else ():
        place = table(schema, entry["table"]).sql(dialect=engine.dialect)
        if entry["copy"] is None:
            engine.execute_own(f"drop table if exists {place}")
            continue
        copy = table(schema, entry["copy"]).sql(dialect=engine.dialect)
        if entry["table"] not in there:
            engine.execute_own(f"rename table {copy} to {place}")
        elif there[entry["table"]] != entry["after"]:
            exchange = dialects.dialect(engine.dialect).exchange
            engine.execute_own(exchange.format(copy=copy, table=place))
    # Where all went well, what has a copy's name now is a former table.
    publication.drop(engine, [table(schema, entry["copy"]) for entry in journal if entry["copy"] is not None])
    publication.drop(engine, [table(schema, JOURNAL)])
    return is_ours


def _identities(engine: ClickHouse, schema: str) -> dict[str, str]:
    """The identity of each table, which it keeps under another name."""
    found = engine.rows(
        f"select name, toString(uuid) from system.tables where database = {text(schema, engine.dialect)}"
    )
    return {str(name): str(identity) for name, identity in found}


def _journal(engine: ClickHouse, schema: str) -> str:
    found = engine.rows(
        f"select comment from system.tables where database = {text(schema, engine.dialect)} and name = {text(JOURNAL, engine.dialect)}"
    )
    return str(found[0][0]) if found else ""
