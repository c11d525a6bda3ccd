"""ClickHouse: clauses and statements that differ from DuckDB's."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from sqlmonitor.dialects.clickhouse_values import written


def order_by_place(node: exp.Expr) -> exp.Expr:
    """An order by what is selected.

    DuckDB: select f(x) as x … order by x is by f(x). ClickHouse: by the column x, as columns go before aliases.
    Remedy: the place in the select list.
    """
    select = node.parent
    if not isinstance(select, exp.Select):
        return node
    places = {one.alias: place for place, one in enumerate(select.selects, 1) if isinstance(one, exp.Alias)}
    for key in node.expressions:
        column = key.this
        if isinstance(column, exp.Column) and not column.table and column.name in places:
            key.set("this", exp.Literal.number(places[column.name]))
    return node


def column_under_its_name(node: exp.Expr) -> exp.Expr:
    """The names of what is selected.

    DuckDB: select a.x, or a.*, from a join b is a column x. ClickHouse: a.x, where b has an x too.
    Remedy: an alias; a star beside a join is written out first.
    """
    made: list[exp.Expr] = []
    for one in node.expressions:
        if not isinstance(one, exp.Column) or not one.table:
            made.append(one)
        elif not isinstance(one.this, exp.Star):
            made.append(exp.alias_(one, one.this.copy()))
        elif not node.args.get("joins"):
            made.append(one)
        else:
            names = _columns(node, one.table)
            made += [exp.alias_(exp.column(name, table=one.table), name) for name in names] or [one]
    node.set("expressions", made)
    return node


def _columns(select: exp.Expr, alias: str) -> list[str]:
    """The columns of one of a statement's relations, where the statement itself says them."""
    sources = [select.args["from_"].this, *(join.this for join in select.args.get("joins") or ())]
    (source,) = (one for one in sources if one.alias_or_name == alias)
    query: exp.Expr | None = source
    if isinstance(source, exp.Table):
        steps = (one for with_ in _withs(select) for one in with_.expressions if one.alias == source.name)
        query = next(steps, None)
    names: list[str] = query.this.named_selects if query is not None else []
    return [] if "*" in names else names


def _withs(node: exp.Expr | None) -> Iterator[exp.Expr]:
    """The statement's own common tables, and those around it."""
    while node is not None:
        if node.args.get("with_"):
            yield node.args["with_"]
        if isinstance(node, exp.With):
            yield node
        node = node.parent


def sets_without_aggregates(node: exp.Expr) -> exp.Expr:
    """Grouping sets without an aggregate.

    DuckDB: a group for each set. ClickHouse 26.9: the last set is lost, and grouping() is 0 in all; so too where
    a statement around it reads no aggregate.
    Remedy: a condition with an aggregate, which is always true and which no optimizer sees through.
    """
    group = node.args.get("group")
    if group is None or not group.find(exp.GroupingSets):
        return node
    condition = written("ignore(count()) = 0")
    having = node.args.get("having")
    if having is not None:
        condition = exp.and_(having.this, condition)
    node.set("having", exp.Having(this=condition))
    return node


def stored_table(node: exp.Expr) -> exp.Expr:
    """Lasting tables.

    DuckDB: create table t (…). ClickHouse: needs an engine and an order, and a primary key would be part of it.
    Remedy: MergeTree without an order. Two runs at once are kept apart by how results are published.
    """
    if node.args["kind"] != "TABLE":
        return node
    for column in node.this.find_all(exp.ColumnDef):
        column.set("constraints", None)
    engine = exp.EngineProperty(this=exp.var("MergeTree"))
    order = exp.Order(expressions=[exp.Tuple()])
    node.set("properties", exp.Properties(expressions=[engine, order]))
    return node


def exists_as_in(node: exp.Expr) -> exp.Expr:
    """Rows of another relation that belong to this one.

    DuckDB: exists (select 1 from b where b.x = a.x and b.y is not distinct from a.y).
    ClickHouse 26.9: never where a.y is NULL, as it becomes a join on all columns of a.
    Remedy: (a.x, …) in (select x, … from b), with two columns for one that may be NULL.
    """
    select = node.this
    where = select.args.get("where") if isinstance(select, exp.Select) else None
    if where is None or select.args.get("joins"):
        return node
    inner = select.args["from_"].this.alias_or_name
    parts = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    outside: list[exp.Expr] = []
    inside: list[exp.Expr] = []
    rest: list[exp.Expr] = []
    for part in parts:
        sides = [part.this, part.expression] if isinstance(part, (exp.EQ, exp.NullSafeEQ)) else []
        of_inner = [side for side in sides if isinstance(side, exp.Column) and side.table == inner]
        of_outer = [side for side in sides if isinstance(side, exp.Column) and side.table not in ("", inner)]
        if not of_inner or not of_outer:
            rest.append(part)
            continue
        for column, listed in ((of_outer[0], outside), (of_inner[0], inside)):
            if isinstance(part, exp.NullSafeEQ):
                listed.append(exp.Is(this=column.copy(), expression=exp.null()))
                listed.append(written("ifNull(x, defaultValueOfArgumentType(assumeNotNull(x)))", x=column))
            else:
                listed.append(column.copy())
    if not outside:
        return node
    rows = exp.select(*inside).from_(select.args["from_"].this, copy=False)
    if rest:
        rows = rows.where(*rest, copy=False)
    return exp.In(this=exp.Tuple(expressions=outside), query=exp.Subquery(this=rows))


def ordered_union(node: exp.Expr) -> exp.Expr:
    """The order of several SELECTs.

    DuckDB: of all rows. ClickHouse: of the last SELECT alone.
    Remedy: a SELECT around them.
    """
    order = node.args.get("order")
    if order is None:
        return node
    node.set("order", None)
    rows = exp.select("*").from_(
        exp.Subquery(this=node.copy(), alias=exp.TableAlias(this=exp.to_identifier("all_rows")))
    )
    rows.set("order", order)
    return rows
