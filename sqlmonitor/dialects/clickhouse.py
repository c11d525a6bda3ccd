"""ClickHouse: where its SQL differs from DuckDB's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp

from sqlmonitor.dialects import shared
from sqlmonitor.dialects.dialect import KIND, Dialect

SETTINGS: dict[str, Any] = {
    "session_timezone": "UTC",
    # Off, what a join does not find and what a grouping set leaves out is 0 or '', and max of nothing is 0.
    "join_use_nulls": 1,
    "group_by_use_nulls": 1,
    "aggregate_functions_null_for_empty": 1,
    # Off, an alias stands for its expression in the whole statement, also where a column has its name.
    "prefer_column_name_to_alias": 1,
    # On, whole and broken numbers in one column become a type that nothing can be reckoned with.
    "use_variant_as_common_type": 0,
    # A rule for every threshold of every column makes long and deep statements.
    "max_query_size": 1 << 28,
    "max_ast_depth": 100_000,
    "max_ast_elements": 10_000_000,
    "max_expanded_ast_elements": 10_000_000,
    "max_parser_depth": 100_000,
}
"""Of the session, each for a difference of meaning or a limit; another value gives other results."""

WHOLE = (exp.Count, exp.CountIf, exp.RowNumber, exp.Ntile, exp.Grouping)
"""What counts."""


def written(text: str, **trees: exp.Expr) -> exp.Expr:
    """ClickHouse's own words as a tree, with trees in the places of these names."""
    root = sqlglot.parse_one(text, dialect="clickhouse")
    for column in list(root.find_all(exp.Column)):
        if column.name in trees:
            column.replace(trees[column.name].copy())
    return root


def is_whole(node: exp.Expr) -> bool:
    """Whether an aggregate's filter and window are part of the node, so that something can be put around it."""
    return not (isinstance(node.parent, (exp.Window, exp.Filter)) and node.arg_key == "this")


def innermost(node: exp.Expr) -> exp.Expr:
    """The aggregate in a filter and a window."""
    while isinstance(node, (exp.Window, exp.Filter)):
        node = node.this
    return node


def count_as_bigint(node: exp.Expr) -> exp.Expr:
    """The type of what is counted.

    DuckDB: bigint. ClickHouse: UInt64, which has no type in common with Int64.
    Remedy: a cast, around the whole aggregate.
    """
    if isinstance(innermost(node), WHOLE) and is_whole(node) and not isinstance(node.parent, exp.Cast):
        return exp.Cast(this=node, to=exp.DataType.build("bigint", nullable=False))
    return node


def time_with_parts(node: exp.Expr) -> exp.Expr:
    """The type of times.

    DuckDB: timestamp, in microseconds. ClickHouse: DateTime holds seconds from 1970 to 2106.
    Remedy: DateTime64(6), from 1900 to 2299.
    """
    if node.this not in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ):
        return node
    parts = exp.DataTypeParam(this=exp.Literal.number(6))
    return exp.DataType(this=exp.DType.DATETIME64, expressions=[parts])


def date_of_any_year(node: exp.Expr) -> exp.Expr:
    """The type of dates. DuckDB: date. ClickHouse: Date begins in 1970. Remedy: Date32, from 1900."""
    return exp.DataType(this=exp.DType.DATE32) if node.this == exp.DType.DATE else node


def added_interval(node: exp.Expr) -> exp.Expr:
    """Multiples of an interval.

    DuckDB: n * interval '3 months'. ClickHouse: an interval cannot be multiplied.
    Remedy: toIntervalMonth(n * 3).
    """
    interval = node.expression
    if not isinstance(interval, exp.Interval):
        return node
    unit = interval.args["unit"].name.lower().removesuffix("s").capitalize()
    count = exp.Mul(this=exp.Paren(this=node.this), expression=exp.Literal.number(interval.this.name))
    return exp.Anonymous(this=f"toInterval{unit}", expressions=[count])


def time_as_text(node: exp.Expr) -> exp.Expr:
    """Times as text.

    DuckDB: strftime(t, '%H:%M'). ClickHouse: formatDateTime, where %M is the month's name.
    Remedy: %i, the minute.
    """
    form = exp.Literal.string(node.args["format"].name.replace("%M", "%i"))
    return exp.Anonymous(this="formatDateTime", expressions=[node.this, form])


def rounding_cast(node: exp.Expr) -> exp.Expr:
    """Broken numbers as whole ones.

    DuckDB: cast(2.7 as bigint) = 3, to the even one between two. ClickHouse: 2; and where a row is NULL, the NaN
    that may stand behind it raises.
    Remedy: round, which goes to the even one too, and accurateCastOrNull.
    """
    inner = node.this.unnest()
    to = node.args["to"]
    if not to.is_type("bigint", "int") or isinstance(inner, (exp.Null, exp.Literal, *WHOLE)):
        return node
    if node.meta.get(KIND) in ("integer", "boolean", "text"):
        return node
    is_rounded = isinstance(inner, (exp.Floor, exp.Ceil, exp.Round))
    # Whole numbers beyond 2^53 stay what they are, as round of an integer is one.
    rounded = inner if is_rounded else exp.Anonymous(this="round", expressions=[inner])
    type_name = exp.Literal.string("Int64" if to.is_type("bigint") else "Int32")
    return exp.Anonymous(this="accurateCastOrNull", expressions=[rounded, type_name])


def tried_cast(node: exp.Expr) -> exp.Expr:
    """Casts that give NULL where they fail. DuckDB: try_cast. ClickHouse: toInt64OrNull, of text."""
    if not node.args["to"].is_type("bigint"):
        return node
    return exp.Anonymous(this="toInt64OrNull", expressions=[node.this])


def text_of_double(node: exp.Expr) -> exp.Expr:
    """Doubles as text, where a column may be one.

    DuckDB: 1e0 is '1.0', 1e20 is '1e+20', 1e-5 is '1e-05'. ClickHouse: '1', '100000000000000000000', '0.00001'.
    Remedy: by the type that the column has when the statement runs, and the number's size.
    """
    inner = node.this.unnest()
    may_be_double = isinstance(inner, exp.Column) and node.meta.get(KIND, "other") in ("float", "other")
    if not node.args["to"].is_type("text", "varchar") or not may_be_double:
        return node
    return written(
        "if(not match(toTypeName(x), 'Float'), plain, multiIf("
        # 12345000000000000000 is 1.2345e+19.
        "match(plain, '^-?[0-9]{17,}$'), concat("
        "replaceRegexpOne(replaceRegexpOne(plain, '^(-?[0-9])([0-9]*?)0*$', '\\\\1.\\\\2'), '[.]$', ''), "
        "'e+', toString(length(replaceOne(plain, '-', '')) - 1)), "
        "match(plain, '^-?[0-9]+$'), concat(plain, '.0'), "
        # 0.0000123 is 1.23e-05.
        "match(plain, '^-?0[.]0000'), concat("
        "replaceRegexpOne(replaceRegexpOne(plain, '^(-?)0[.]0*([1-9])([0-9]*)$', '\\\\1\\\\2.\\\\3'), '[.]$', ''), "
        "'e-0', toString(length(replaceRegexpOne(plain, '^-?0[.](0*).*$', '\\\\1')) + 1)), "
        "replaceRegexpOne(replaceRegexpOne(plain, 'e([0-9])', 'e+\\\\1'), 'e-([0-9])$', 'e-0\\\\1')))",
        x=inner,
        plain=node,
    )


def zero_without_sign(node: exp.Expr) -> exp.Expr:
    """Zero with a sign.

    DuckDB: -0.0 and 0.0 are one group, and are joined. ClickHouse: equal, and two groups.
    Remedy: the source's numbers plus zero, which has no sign.
    """
    kind = node.meta.get(KIND)
    if kind is None or kind in ("integer", "boolean", "text") or not node.args["to"].is_type("double"):
        return node
    return exp.Paren(this=exp.Add(this=node, expression=exp.Literal.number(0)))


def largest_with_nan(node: exp.Expr) -> exp.Expr:
    """The largest of several.

    DuckDB: max(1, NaN) = NaN, which is above all numbers. ClickHouse: 1.
    Remedy: one that does not equal itself, where there is one. Windows are over what has no NaN.
    """
    inner = innermost(node)
    if not isinstance(inner, exp.Max) or not is_whole(node) or isinstance(node, exp.Window):
        return node
    argument = inner.this
    if isinstance(argument, exp.Case):
        return node
    if isinstance(node, exp.Filter):
        condition = node.expression.this
        nan = written("anyIf(x, x <> x and (y))", x=argument, y=condition)
    else:
        nan = written("anyIf(x, x <> x)", x=argument)
    return exp.Coalesce(this=nan, expressions=[node])


def picked_value(node: exp.Expr) -> exp.Expr:
    """The one value of several rows that is wanted.

    DuckDB: max(case when piece = 2 then list end). ClickHouse: a list cannot be NULL, so such a case has no type.
    Remedy: maxIf, which needs no NULL. An empty list has NULL at every place.
    """
    case = node.this
    if not isinstance(case, exp.Case) or case.this or case.args.get("default") or len(case.args["ifs"]) != 1:
        return node
    (only,) = case.args["ifs"]
    return exp.Anonymous(this="maxIf", expressions=[only.args["true"], only.this])


def any_true(node: exp.Expr) -> exp.Expr:
    """Whether any is true. DuckDB: bool_or(x). ClickHouse: none. Remedy: max(x), of which NULL is no part."""
    return exp.Max(this=node.this)


def stable_deviation(node: exp.Expr) -> exp.Expr:
    """The standard deviation.

    DuckDB: by Welford's method. ClickHouse: stddevPop from sums of squares, where digits are lost.
    Remedy: stddevPopStable and stddevSampStable.
    """
    name = "stddevPopStable" if isinstance(node, exp.StddevPop) else "stddevSampStable"
    return exp.Anonymous(this=name, expressions=[node.this])


def quantile_list(node: exp.Expr) -> exp.Expr:
    """Several exact quantiles.

    DuckDB: quantile_disc(x, [q]) is the value at ceil(q n), a list of NULLs where n = 0.
    ClickHouse: quantilesExact(q)(x) is the one at floor(q n) + 1, and 0 where n = 0.
    Remedy: q less 1e-12, which is another place only where q n is whole; NULL where nothing is counted.
    """
    shares = ", ".join(f"{max(float(share.name) - 1e-12, 0):.15g}" for share in node.expression.expressions)
    return written(
        f"arrayMap(one -> if(count(x) > 0, one, NULL), quantilesExact({shares})(x))",
        x=node.this,
    )


def joined_levels(node: exp.Expr) -> exp.Expr:
    """Texts in one.

    DuckDB: string_agg(distinct x, ', ' order by x). ClickHouse: no order in groupConcat.
    Remedy: a sorted array, and NULL where it is empty.
    """
    argument = node.this
    while isinstance(argument, (exp.Order, exp.Distinct)):
        argument = argument.this or argument.expressions[0]
    return written(
        "nullIf(arrayStringConcat(arraySort(groupUniqArray(x)), separator), '')",
        x=argument,
        separator=node.args["separator"],
    )


def md5_of_text(node: exp.Expr) -> exp.Expr:
    """Hashes. DuckDB: md5(text), hexadecimal digits. ClickHouse: MD5, bytes. Remedy: hex, in lower case."""
    return written("lower(hex(MD5(x)))", x=node.this)


def lists_as_rows(node: exp.Expr) -> exp.Expr:
    """Lists as rows.

    DuckDB: select unnest([a, b]), unnest([1, 2]) goes through both at once.
    ClickHouse: arrayJoin in a select list gives every pair.
    Remedy: array join, which goes through all of them at once.
    """
    lists = [one for one in node.expressions if isinstance(one.unalias(), exp.Explode)]
    for number, one in enumerate(lists):
        name = f"unnested_{number}"
        alias = exp.alias_(one.unalias().this.copy(), name)
        one.unalias().replace(exp.column(name))
        joins = node.args.get("joins") or []
        if number:
            joins[-1].append("expressions", alias)
        else:
            node.append("joins", exp.Join(this=alias, kind="ARRAY", expressions=[]))
    return node


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


def one_catalogue(node: exp.Expr) -> exp.Expr:
    """The catalogue.

    DuckDB: table_catalog = current_database() of an attached file. ClickHouse: table_catalog repeats the schema.
    Remedy: always true, as there is one catalogue.
    """
    return exp.true() if node.find(exp.CurrentDatabase) else node


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
    rows = exp.select("*").from_(exp.Subquery(this=node.copy(), alias=exp.TableAlias(this=exp.to_identifier("all_rows"))))
    rows.set("order", order)
    return rows


CLICKHOUSE = Dialect(
    name="clickhouse",
    proof="executed",
    schemes=("clickhousedb", "clickhouse", "chdb"),
    extra="clickhouse",
    address="clickhousedb://user:${PASSWORD}@host:8443/database?secure=true",
    session="set "
    + ", ".join(
        f"{name} = '{value}'" if isinstance(value, str) else f"{name} = {value}"
        for name, value in SETTINGS.items()
    ),
    temporary="create or replace temporary table {table} as\n{select}",
    begin="",
    clone="create table {copy} clone as {table}",
    exchange="exchange tables {copy} and {table}",
    rewrites=(
        ((exp.DataType,), time_with_parts),
        ((exp.DataType,), date_of_any_year),
        ((exp.Mul,), added_interval),
        ((exp.TimeToStr,), time_as_text),
        ((exp.TryCast,), tried_cast),
        ((exp.Cast,), rounding_cast),
        ((exp.Cast,), zero_without_sign),
        ((exp.Cast,), text_of_double),
        ((exp.LogicalOr,), any_true),
        ((exp.Max,), picked_value),
        ((exp.Max, exp.Filter, exp.Window), largest_with_nan),
        ((exp.StddevPop, exp.StddevSamp, exp.Stddev), stable_deviation),
        ((exp.PercentileDisc,), quantile_list),
        ((exp.GroupConcat,), joined_levels),
        ((exp.MD5,), md5_of_text),
        ((exp.Exists,), exists_as_in),
        ((exp.Select,), lists_as_rows),
        ((exp.Select,), column_under_its_name),
        ((exp.Select,), sets_without_aggregates),
        ((exp.Order,), shared.order_by_all),
        ((exp.Order,), order_by_place),
        ((exp.EQ,), one_catalogue),
        ((exp.Union,), ordered_union),
        ((exp.Create,), stored_table),
        ((*WHOLE, exp.Filter, exp.Window), count_as_bigint),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
