"""The user's relations in dbt's words: a model of theirs, or a source that the package declares."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

from sqlmonitor import names
from sqlmonitor.dbt_export.calls import CALL, marked, put_name
from sqlmonitor.dbt_export.jinja import Calls, called
from sqlmonitor.dbt_export.names import plain
from sqlmonitor.errors import UnsupportedError

# dbt puts names between quotes as they are, and renders them: one with a quote or a brace stays in the SQL.
DECLARABLE = re.compile(r"\w[\w $-]*")
FOLDING = (NormalizationStrategy.LOWERCASE, NormalizationStrategy.UPPERCASE)
SCHEMA = "{{ var('sqlmonitor_source_schema', target.schema) }}"
"""Of relations without a schema: that of the profile, or another where the user names it."""
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""How a path begins that is the same from every folder, but for those that begin with a slash: a drive, `s3://`."""
OF_USER = "sqlmonitor_relation"
"""Where a table in the user's words keeps whether it is a relation, and not a part of the query."""

Parts = tuple[str, ...]


@dataclass
class Relations:
    """Collects the sources of a package.

    Args:
        dialect: of the user's SQL.
        models: calls such as ``{{ ref('shop', 'scored') }}`` by the parts of the relation's name; added to.
        queries: those of ephemeral models, each with its call; added to.
        declared: tables by the name of their source, as its properties say them; added to.
    """

    dialect: str
    models: dict[Parts, str] = field(default_factory=dict)
    queries: list[tuple[exp.Query, str]] = field(default_factory=list)
    declared: dict[str, dict[str, Any]] = field(default_factory=dict)

    def marked(self, tree: exp.Expr) -> exp.Expr:
        """A tree of the user's words in which it is noted what is a relation, and not part of a query."""
        for found in list(tree.find_all(exp.Subquery)):
            call = next((call for query, call in self.queries if found.this == query), None)
            if call is not None:
                table = marked(
                    exp.Table(this=exp.to_identifier("ephemeral"), alias=found.args.get("alias")), call
                )
                found.replace(table)
                tree = table if found is tree else tree
        self._mark_tables(tree)
        return tree

    def _mark_tables(self, tree: exp.Expr) -> None:
        for table in tree.find_all(exp.Table):
            is_named = all(isinstance(part, exp.Identifier) for part in table.parts)
            _refuse_relative_files(table)
            if CALL not in table.meta and is_named:
                table.meta[OF_USER] = not self._is_part_of_query(table)

    def _is_part_of_query(self, table: exp.Table) -> bool:
        """True where a WITH gives the name: a table of that name may be read beside it, and by its own query."""
        if len(table.parts) > 1:
            return False
        name = self._folded(table.this)
        inside: exp.Expr = table
        while inside.parent is not None:
            outer = inside.parent
            if isinstance(outer, exp.With):
                # A part knows those before it; itself and those after it only where they are recursive.
                count = None if outer.recursive else [id(one) for one in outer.expressions].index(id(inside))
                visible = outer.expressions[:count]
                outer = outer.parent or outer
            else:
                with_ = outer.args.get("with_")
                visible = with_.expressions if with_ is not None else []
            if any(self._folded(one.args["alias"].this) == name for one in visible):
                return True
            inside = outer
        return False

    def _folded(self, name: exp.Identifier) -> str:
        return str(Dialect.get_or_raise(self.dialect).normalize_identifier(name.copy()).name)

    def place(self, table: exp.Table, calls: Calls) -> None:
        """Puts a call in the place of a marked table's name; one that dbt cannot say stays."""
        parts = self.parts(table)
        found = self.models.get(parts) or self._source(parts)
        if found is not None:
            put_name(table, calls.placed(found))

    def parts(self, table: exp.Table) -> Parts:
        """The parts of a relation's name, as the engine folds them."""
        engine = Dialect.get_or_raise(self.dialect)
        parts = [part.copy() for part in table.parts]
        for part in parts:
            if engine.normalization_strategy in FOLDING and isinstance(part, exp.Identifier):
                engine.normalize_identifier(part)
        return tuple(part.name for part in parts)

    def _source(self, parts: Parts) -> str | None:
        if not all(DECLARABLE.fullmatch(part) for part in parts):
            return None
        *place, identifier = parts
        where = {
            **({"database": place[0]} if len(place) > 1 else {}),
            "schema": place[-1] if place else SCHEMA,
            "quoting": {"database": len(place) > 1, "schema": bool(place), "identifier": True},
        }
        source = plain("_".join(["monitored", *place]))
        if source in self.declared and not where.items() <= self.declared[source].items():
            # Of a_b.c and a.b_c both would be monitored_a_b_c: the second one gets a hash.
            source = plain(".".join(["monitored", *place]))
        tables = self.declared.setdefault(source, {"name": source, **where, "tables": []})["tables"]
        table = plain(identifier)
        if all(one["name"] != table for one in tables):
            tables.append({"name": table, "identifier": identifier})
        return called("source", source, table)


def _refuse_relative_files(table: exp.Table) -> None:
    """dbt runs in a folder of its own, from which the path would lead to another file or to none."""
    function = table.this
    named = [table.name] if len(table.parts) == 1 and isinstance(function, exp.Identifier) else []
    if isinstance(function, exp.Func):
        named = [literal.name for literal in function.find_all(exp.Literal) if literal.is_string]
    for path in named:
        if names.is_file(path) and not PurePosixPath(path).is_absolute() and not ELSEWHERE.match(path):
            raise UnsupportedError(
                f"'{path}' is a file by a path from the folder where sqlmonitor runs, and dbt runs in another",
                remedy="write the file's whole path, or make a view of it",
            )
