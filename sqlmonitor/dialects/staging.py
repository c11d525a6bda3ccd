"""Publishing without transactions: statements are turned to copies of the tables that they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects.dialect import Dialect
from sqlmonitor.dialects.translation import CANONICAL, translation

Columns = Callable[[exp.Table], Iterable[str]]
Statement = exp.Expr | str
"""A canonical tree, or text in the engine's own words."""


@dataclass
class Staging:
    """Changes of tables of one schema, made on copies that later take the tables' places.

    Rows are left out by copying the others, since an engine without transactions changes rows behind the
    session's back, where its temporary tables are not known.

    Args:
        prefix: of the copies' names.
        dialect: the engine's, with words for a copy of a whole table.
        columns: names the columns of a table.
        copies: the copy of each table, which statements read and change in its place.
        gone: names of tables that are dropped.
        superseded: copies that no statement uses any more.
    """

    prefix: str
    dialect: Dialect
    columns: Columns
    copies: dict[str, exp.Table] = field(default_factory=dict)
    gone: dict[str, exp.Table] = field(default_factory=dict)
    superseded: list[exp.Table] = field(default_factory=list)
    count: int = 0

    def statements(self, tree: exp.Expr) -> list[Statement]:
        """What is run in the place of one statement of a publication.

        Args:
            tree: canonical; used up.
        """
        if isinstance(tree, exp.Insert):
            return self._inserted(tree)
        if isinstance(tree, exp.Delete):
            return self._kept(tree.this, tree.args.get("where"))
        if isinstance(tree, exp.Update):
            return self._updated(tree)
        if isinstance(tree, exp.Drop) and tree.args["kind"] == "TABLE":
            for table in tree.args["tables"]:
                self._dropped(table)
            return []
        if isinstance(tree, exp.Alter):
            return self._widened(tree)
        if isinstance(tree, exp.Create) and tree.args["kind"] == "TABLE":
            return self._created(tree)
        # Schemas and views: made anew they are what they were.
        return [tree]

    def reading(self, tree: exp.Expr) -> exp.Expr:
        """The tree with every table that has a copy read from it."""
        for table in list(tree.find_all(exp.Table)):
            copy = self.copies.get(table.name) if table.db else None
            if copy is not None:
                _renamed(table, copy)
        return tree

    def swaps(self) -> list[tuple[exp.Table, exp.Table | None]]:
        """Each table that changes with its copy, in the order of their first change; None where it goes."""
        made: list[tuple[exp.Table, exp.Table | None]] = [
            (_of_name(copy, name), copy) for name, copy in self.copies.items()
        ]
        return made + [(table, None) for name, table in self.gone.items() if name not in self.copies]

    def _inserted(self, tree: exp.Insert) -> list[Statement]:
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        made = self._cloned(target)
        return [*made, self.reading(tree)]

    def _kept(self, target: exp.Table, where: exp.Expr | None) -> list[Statement]:
        """A copy of the rows that a deletion leaves."""
        source = self.reading(target.copy())
        rows = exp.select("*").from_(source, copy=False)
        condition = exp.false() if where is None else self._is_not(where.this)
        return self._copied(target, rows.where(condition, copy=False))

    def _is_not(self, condition: exp.Expr) -> exp.Expr:
        known = exp.Coalesce(this=exp.paren(self.reading(condition.copy())), expressions=[exp.false()])
        return exp.Not(this=known)

    def _updated(self, tree: exp.Update) -> list[Statement]:
        """A copy of all rows, with other values in some of them."""
        target = tree.this
        condition = tree.args["where"].this
        values = {one.this.name: one.expression for one in tree.expressions}
        chosen: list[exp.Expr] = []
        for name in self.columns(target):
            column = exp.column(name, quoted=True)
            if name in values:
                case = exp.Case().when(condition.copy(), values[name].copy()).else_(column)
                chosen.append(exp.alias_(case, name, quoted=True))
            else:
                chosen.append(column)
        rows = exp.select(*chosen).from_(self.reading(target.copy()), copy=False)
        return self._copied(target, rows)

    def _widened(self, tree: exp.Alter) -> list[Statement]:
        """A copy with further columns, as Sail cannot add any to a table."""
        added = [
            exp.alias_(exp.cast(exp.null(), column.args["kind"]), column.name, quoted=True)
            for column in tree.args["actions"]
        ]
        rows = exp.select("*", *added).from_(self.reading(tree.this.copy()), copy=False)
        return self._copied(tree.this, rows)

    def _copied(self, target: exp.Table, rows: exp.Select) -> list[Statement]:
        before = self.copies.get(target.name)
        if before is not None:
            self.superseded.append(before)
        copy = self._copy_of(target)
        return [exp.Create(this=copy.copy(), kind="TABLE", expression=rows)]

    def _created(self, tree: exp.Create) -> list[Statement]:
        is_schema = isinstance(tree.this, exp.Schema)
        table = tree.this.this if is_schema else tree.this
        is_there = table.name in self.copies or table.name not in self.gone
        if is_schema and is_there:
            # Empty tables show nothing.
            return [tree]
        if tree.expression is not None:
            self.reading(tree.expression)
        _renamed(table, self._copy_of(table))
        tree.set("exists", None)
        return [tree]

    def _cloned(self, target: exp.Table) -> list[Statement]:
        if target.name in self.copies:
            return []
        table = _of_name(target, target.name)
        copy = self._copy_of(target)
        own = self.dialect.name
        return [self.dialect.clone.format(copy=copy.sql(dialect=own), table=table.sql(dialect=own))]

    def _dropped(self, target: exp.Table) -> None:
        before = self.copies.pop(target.name, None)
        if before is not None:
            self.superseded.append(before)
        self.gone[target.name] = _of_name(target, target.name)

    def _copy_of(self, target: exp.Table) -> exp.Table:
        self.count += 1
        name = f"{self.prefix}{self.count}_{target.name}"
        # In the order of the first change, also where this is a later copy.
        self.copies[target.name] = _of_name(target, name)
        return self.copies[target.name]


def _of_name(table: exp.Table, name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True), db=exp.to_identifier(table.db, quoted=True))


def _renamed(table: exp.Table, copy: exp.Table) -> None:
    """Columns may be told by the table's name, so that stays as an alias."""
    if not table.alias and isinstance(table.parent, (exp.From, exp.Join)):
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
    table.set("this", copy.this.copy())


def by_hand(statements: Iterable[str], dialect: Dialect, columns: Columns) -> list[str]:
    """A publication's statements in the words of an engine without transactions, for one who runs them by hand.

    Args:
        statements: canonical, over tables that are there.
        dialect: the engine's.
        columns: names the columns of a table.
    """
    staging = Staging("sqlmonitor_copy_", dialect, columns)
    made: list[str] = []
    for text in statements:
        for one in staging.statements(sqlglot.parse_one(text, dialect=CANONICAL)):
            made.append(one if isinstance(one, str) else translation(one, dialect))
    used = [*staging.superseded]
    for table, copy in staging.swaps():
        if copy is not None:
            names = {name: one.sql(dialect=dialect.name) for name, one in (("copy", copy), ("table", table))}
            made.append(dialect.exchange.format(**names))
        used.append(copy if copy is not None else table)
    dropped = [f"drop table if exists {one.sql(dialect=dialect.name)}" for one in used]
    # Those that a run which was stopped has left are in the way.
    return [*(one for one in dropped if "sqlmonitor_copy_" in one), *made, *dropped]
