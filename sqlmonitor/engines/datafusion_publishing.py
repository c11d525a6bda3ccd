"""DataFusion's stand-in for a transaction: copies in memory, which become files that one manifest publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.engines import datafusion_store
from sqlmonitor.engines.datafusion_errors import explaining
from sqlmonitor.engines.publication import Swap, drop, table

if TYPE_CHECKING:
    from sqlmonitor.engines.datafusion import DataFusion

PREFIX = "sqlmonitor_copy_"


class Publication:
    """What stands between the begin and the end of a publication.

    The session is nobody else's, so copies and new tables stand in it until the end, or until the store is
    shown again as it is.

    Args:
        engine: whose statements are turned to copies.
    """

    def __init__(self, engine: DataFusion) -> None:
        self.engine = engine
        self.staging = dialects.Staging(PREFIX, dialects.dialect(engine.dialect), engine.describe)
        self.schema = ""
        self.base = datafusion_store.Manifest()
        self.before: frozenset[str] = frozenset()
        self.is_published = False

    def execute(self, tree: exp.Expr) -> None:
        """Runs what a statement has become."""
        if not self.schema:
            self._begin(next(one.db for one in tree.find_all(exp.Table) if one.db))
        for statement in self.staging.statements(tree):
            self.engine.execute_own(
                statement if isinstance(statement, str) else self.engine.translated(statement)
            )

    def _begin(self, schema: str) -> None:
        if self.engine.folder is not None:
            datafusion_store.refuse_foreign(self.engine.folder / schema)
        self.schema = schema
        self.base = self.engine.show(schema)
        self.before = frozenset(self.engine.tables(schema))

    def publish(self, swaps: list[Swap]) -> None:
        """Writes every table that has changed and the manifest that names them.

        Args:
            swaps: may be empty, where tables were only made.

        Raises:
            WarehouseError: where another run has published since this one began.
        """
        self.is_published = True
        engine, schema = self.engine, self.schema
        read = {place.name: place if copy is None else copy for place, copy in swaps}
        gone = {place.name for place, copy in swaps if copy is None}
        made = [
            name for name in engine.tables(schema) if name not in self.before and not name.startswith(PREFIX)
        ]
        changed = {name: read.get(name, table(schema, name)) for name in (*made, *read) if name not in gone}
        if engine.folder is None:
            for name in read:
                if name in gone:
                    drop(engine, [table(schema, name)])
                else:
                    engine.replace(table(schema, name), read[name])
            for definition in engine.views(schema).values():
                engine.execute_own(definition)
            return
        place = engine.folder / schema
        files = {name: file for name, file in self.base.tables.items() if name not in gone}
        with explaining():
            for name, copy in changed.items():
                files[name] = datafusion_store.write_table(place, name, engine.rows_of(copy))
            datafusion_store.publish(place, self.base.number, files, engine.views(schema))
