"""ClickHouse's stand-in for a transaction: copies of tables, which a journal and an exchange of names publish.

Every statement of a publication goes to copies (``Staging``). Then one statement makes the journal, a table whose
comment says which copy takes which table's place; it also keeps two publications apart. From there on the
publication is finished by whoever comes next, also where this process is killed. Each exchange is of one whole
table at once, so no reader ever sees a table half written.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.errors import WarehouseError

if TYPE_CHECKING:
    from sqlmonitor.engines.clickhouse import ClickHouse

JOURNAL = "sqlmonitor_publication"
PREFIX = "sqlmonitor_copy_"
PATIENCE = 20.0
"""Seconds after which a journal is one of a killed run: exchanges of names take milliseconds."""
AGE = 3600.0
"""Seconds after which copies are those of a killed run."""


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

    def execute(self, tree: exp.Expr) -> None:
        """Runs what a statement has become; notes which tables it was made for."""
        statements = self.staging.statements(tree)
        for table, _ in self.staging.swaps():
            if table.name not in self.before:
                self.before[table.name] = _identities(self.engine, table.db).get(table.name)
        for statement in statements:
            self.engine.execute_own(
                statement if isinstance(statement, str) else self.engine.translated(statement)
            )


@contextmanager
def publishing(engine: ClickHouse) -> Iterator[Publication]:
    """Copies that take their tables' places at the end, or are dropped after an error."""
    publication = Publication(engine)
    staging = publication.staging
    try:
        yield publication
    except BaseException:
        # A lost connection drops nothing; the next run does.
        with suppress(WarehouseError):
            _drop(engine, [*staging.superseded, *staging.copies.values()])
        raise
    swaps = staging.swaps()
    if swaps:
        _publish(engine, swaps, publication.before)
        _drop(engine, staging.superseded)


def finish(engine: ClickHouse, schema: str) -> None:
    """Finishes a publication that was killed among its exchanges, and drops the copies that killed runs left.

    Args:
        engine: an open warehouse.
        schema: the store's.
    """
    journal = _journal(engine, schema)
    end = time.monotonic() + PATIENCE
    while journal and time.monotonic() < end:
        time.sleep(0.05)
        journal = _journal(engine, schema)
    if journal:
        _exchange(engine, schema, json.loads(journal))
    left = engine.rows(
        f"select name from system.tables where database = {_text(schema)} and startsWith(name, {_text(PREFIX)}) "
        f"and metadata_modification_time <= now() - {AGE}"
    )
    _drop(engine, [_table(schema, str(name)) for (name,) in left])


def _publish(
    engine: ClickHouse, swaps: list[tuple[exp.Table, exp.Table | None]], before: dict[str, str | None]
) -> None:
    schema = swaps[0][0].db
    there = _identities(engine, schema)
    journal = [
        {
            "table": table.name,
            "before": before[table.name],
            "copy": copy.name if copy is not None else None,
            "after": there[copy.name] if copy is not None else None,
        }
        for table, copy in swaps
    ]
    place = _table(schema, JOURNAL).sql(dialect=engine.dialect)
    try:
        engine.execute_own(
            f"create table {place} (nothing UInt8) engine = MergeTree order by () comment {_text(json.dumps(journal))}"
        )
    except WarehouseError as error:
        if "already exists" in error.message:
            raise _conflict() from error
        raise
    if not _exchange(engine, schema, journal):
        raise _conflict()


def _exchange(engine: ClickHouse, schema: str, journal: list[dict[str, Any]]) -> bool:
    """Gives every copy its table's name, as far as that is still to be done.

    Returns:
        False where another run changed a table before the first exchange; nothing is changed then.
    """
    there = _identities(engine, schema)
    has_begun = any(entry["after"] and there.get(entry["table"]) == entry["after"] for entry in journal)
    is_ours = has_begun or all(there.get(entry["table"]) == entry["before"] for entry in journal)
    for entry in journal if is_ours else ():
        table = _table(schema, entry["table"]).sql(dialect=engine.dialect)
        if entry["copy"] is None:
            engine.execute_own(f"drop table if exists {table}")
            continue
        copy = _table(schema, entry["copy"]).sql(dialect=engine.dialect)
        if entry["table"] not in there:
            engine.execute_own(f"rename table {copy} to {table}")
        elif there[entry["table"]] != entry["after"]:
            exchange = dialects.dialect(engine.dialect).exchange
            engine.execute_own(exchange.format(copy=copy, table=table))
    # Where all went well, what has a copy's name now is a former table.
    _drop(engine, [_table(schema, entry["copy"]) for entry in journal if entry["copy"] is not None])
    _drop(engine, [_table(schema, JOURNAL)])
    return is_ours


def _conflict() -> WarehouseError:
    return WarehouseError(
        "conflict: another run wrote to the store at the same moment; this one stored nothing",
        remedy="run again",
    )


def _identities(engine: ClickHouse, schema: str) -> dict[str, str]:
    """The identity of each table, which it keeps under another name."""
    found = engine.rows(f"select name, toString(uuid) from system.tables where database = {_text(schema)}")
    return {str(name): str(identity) for name, identity in found}


def _journal(engine: ClickHouse, schema: str) -> str:
    found = engine.rows(
        f"select comment from system.tables where database = {_text(schema)} and name = {_text(JOURNAL)}"
    )
    return str(found[0][0]) if found else ""


def _drop(engine: ClickHouse, tables: list[exp.Table]) -> None:
    for table in tables:
        engine.execute_own(f"drop table if exists {table.sql(dialect=engine.dialect)}")


def _table(schema: str, name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True), db=exp.to_identifier(schema, quoted=True))


def _text(value: str) -> str:
    return exp.Literal.string(value).sql(dialect="clickhouse")
