"""PostgreSQL: where its SQL differs from DuckDB's."""

from __future__ import annotations

from collections import Counter

from sqlglot import exp

from sqlmonitor.dialects import shared
from sqlmonitor.dialects.dialect import KIND, Dialect
from sqlmonitor.dialects.shared import double, double_literal
from sqlmonitor.dialects.translation import is_of_user

COLLATION = exp.to_identifier("C", quoted=True)
LARGEST, SMALLEST = "1e60", "1e-60"
LONGEST_BIGINT = 18
"""Digits that always fit."""


def logarithm(node: exp.Expr) -> exp.Expr:
    """The logarithm of nothing is an error.

    DuckDB: ln(0) = -inf. PostgreSQL: ln(0) and ln(-1) raise, also in branches that a planner folds early.
    Remedy: NULL there; greatest passes over NULL, so nullif takes care of NULL too.
    """
    argument = node.this
    if isinstance(argument.unnest(), (exp.Literal, exp.Cast)):
        return node
    return exp.Ln(this=exp.Nullif(this=shared.greatest(argument, 0), expression=exp.Literal.number(0)))


def exponential(node: exp.Expr) -> exp.Expr:
    """Results out of a double's range are errors.

    DuckDB: exp(-800) = 0, exp(800) = inf. PostgreSQL: both raise.
    Remedy: 0 and infinity by cases.
    """
    argument = node.this
    if isinstance(argument.unnest(), (exp.Literal, exp.Cast)):
        return node
    infinity = double(exp.Literal.string("Infinity"))
    return (
        exp.Case()
        .when(exp.LT(this=argument.copy(), expression=exp.Literal.number(-708)), double_literal("0"))
        .when(exp.GT(this=argument.copy(), expression=exp.Literal.number(709)), infinity)
        .else_(exp.Exp(this=argument))
    )


def remainder(node: exp.Expr) -> exp.Expr:
    """The remainder of a double.

    DuckDB: 5e0 % 3 = 2. PostgreSQL: no operator % for double precision.
    Remedy: numeric, which has one and is exact for whole numbers.
    """
    left, right = (exp.cast(side.unnest(), "decimal") for side in (node.this, node.expression))
    return exp.Paren(this=exp.Mod(this=left, expression=right))


def whole_quotient(node: exp.Expr) -> exp.Expr:
    """Division of whole numbers.

    DuckDB: 7 // 2 = 3 as bigint. PostgreSQL: div(7, 2) = 3 as numeric.
    Remedy: a cast.
    """
    left, right = (exp.cast(side.unnest(), "decimal") for side in (node.this, node.expression))
    return exp.cast(exp.Anonymous(this="div", expressions=[left, right]), "bigint")


def quarter(node: exp.Expr) -> exp.Expr:
    """Parts of a date.

    DuckDB: year(d), month(d) and quarter(d), bigint. PostgreSQL: extract(… from d), numeric.
    Remedy: extract and a cast.
    """
    return exp.cast(exp.Extract(this=exp.var(type(node).__name__.upper()), expression=node.this), "bigint")


def finite_time(node: exp.Expr) -> exp.Expr:
    """Times that never come.

    DuckDB: date_diff to infinity is NULL. PostgreSQL: raises, as do its parts.
    Remedy: NULL for those of the source.
    """
    column = node.this.unnest()
    if not node.args["to"].is_type("timestamp") or not isinstance(column, exp.Column) or not column.table:
        return node
    finite: exp.Expr = node
    for never in ("infinity", "-infinity"):
        finite = exp.Nullif(this=finite, expression=exp.cast(exp.Literal.string(never), "timestamp"))
    return finite


def time_as_text(node: exp.Expr) -> exp.Expr:
    """Times as text.

    DuckDB: strftime(t, '%Y-%m-%dT%H:%M'). PostgreSQL: to_char, in whose forms letters are patterns (DDTH is 01ST).
    Remedy: quotes around the T.
    """
    form = node.args["format"].name
    patterns = {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "HH24", "%M": "MI", "T": '"T"'}
    for written, pattern in patterns.items():
        form = form.replace(written, pattern)
    return exp.Anonymous(this="to_char", expressions=[node.this, exp.Literal.string(form)])


def tried_cast(node: exp.Expr) -> exp.Expr:
    """Casts that give NULL where they fail.

    DuckDB: try_cast. PostgreSQL: none.
    Remedy: for whole numbers, by their look; other types are not tried in templates.
    """
    if not node.args["to"].is_type("bigint"):
        return node
    text = node.this
    form = exp.Literal.string(f"^[+-]?[0-9]{{1,{LONGEST_BIGINT}}}$")
    looks_whole = exp.RegexpLike(this=text.copy(), expression=form)
    return exp.Paren(this=exp.Case().when(looks_whole, exp.cast(text, "bigint")))


def text_in_bytes(node: exp.Expr) -> exp.Expr:
    """The order of text.

    DuckDB: by bytes. PostgreSQL: as the database's language has it, so 'a' < 'B' and 'ä' is beside 'a'.
    Remedy: text that we make has collation C, which all that is derived from it inherits.
    """
    if not node.args["to"].is_type("text", "varchar") or isinstance(node.this, exp.Null):
        return node
    may_be_double = isinstance(node.this.unnest(), exp.Column) and node.meta.get(KIND, "other") in (
        "float",
        "other",
    )
    return exp.Collate(this=_text_of_double(node) if may_be_double else node, expression=COLLATION.copy())


def _text_of_double(node: exp.Expr) -> exp.Expr:
    """Doubles as text, where a column may be one.

    DuckDB: 1e0 is '1.0', NaN is 'nan'. PostgreSQL: '1', 'NaN'.
    Remedy: by the type that the column has when the statement runs.
    """
    type_name = exp.Anonymous(this="pg_typeof", expressions=[node.this.copy()])
    is_double = exp.In(
        this=exp.cast(type_name, "text"),
        expressions=[exp.Literal.string("double precision"), exp.Literal.string("real")],
    )
    whole = exp.RegexpLike(this=node.copy(), expression=exp.Literal.string("^-?[0-9]+$"))
    with_point = exp.DPipe(this=node.copy(), expression=exp.Literal.string(".0"))
    cases = (
        exp.Case()
        .when(exp.and_(is_double.copy(), whole), with_point)
        .when(is_double, exp.Lower(this=node.copy()))
        .else_(node)
    )
    return exp.Paren(this=cases)


def column_in_bytes(node: exp.Expr) -> exp.Expr:
    """As ``text_in_bytes``, for the columns of a table."""
    kind = node.args.get("kind")
    if kind is not None and kind.is_type("text", "varchar"):
        collation = exp.CollateColumnConstraint(this=COLLATION.copy())
        node.append("constraints", exp.ColumnConstraint(kind=collation))
    return node


def number_in_range(node: exp.Expr) -> exp.Expr:
    """Results of arithmetic out of a double's range, and numbers of booleans.

    DuckDB: 1e200 * 1e200 = inf, 1e-200 * 1e-200 = 0; cast(true as double) = 1. PostgreSQL: all three raise.
    Remedy: in the source, numbers beyond 1e60 are infinite and those within 1e-60 of zero are zero, so that
    the fourth powers that moments need stay in range; booleans become integers first.
    """
    kind = node.meta.get(KIND)
    if kind is None or not node.args["to"].is_type("double"):
        return node
    if kind == "boolean":
        return double(exp.cast(node.this, "int"))
    if kind == "integer":
        return node
    size = exp.Abs(this=node.copy())
    infinity = exp.Mul(this=node.copy(), expression=double(exp.Literal.string("Infinity")))
    return exp.Paren(
        this=exp.Case()
        .when(exp.GT(this=size, expression=double_literal(LARGEST)), infinity)
        .when(exp.LT(this=size.copy(), expression=double_literal(SMALLEST)), double_literal("0"))
        .else_(node)
    )


def computed_once(node: exp.Expr) -> exp.Expr:
    """Values that the query around uses more than once.

    DuckDB: computes what a subquery selects once. PostgreSQL: pulls it up, and computes it at every place.
    Remedy: offset 0, which keeps the subquery as it is, where a value is a case of several.
    """
    source = node.args.get("from_")
    subquery = source.this if source is not None else None
    if not isinstance(subquery, exp.Subquery) or not isinstance(subquery.this, exp.Select):
        return node
    inner = subquery.this
    if is_of_user(inner):
        # Its own offset, if it has one, says which rows there are.
        return node
    chosen = {one.alias for one in inner.expressions if isinstance(one, exp.Alias) and one.find(exp.Case)}
    if _most_uses(node, chosen) > 1:
        inner.set("offset", exp.Offset(expression=exp.Literal.number(0)))
    return node


def _most_uses(select: exp.Expr, names: set[str]) -> int:
    """How often a query uses that one of some columns of what it reads which it uses most."""
    used = Counter(
        column.name
        for key, value in select.args.items()
        if key != "from_"
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, exp.Expr)
        for column in part.find_all(exp.Column)
    )
    return max((used[name] for name in names), default=0)


def divided_once(node: exp.Expr) -> exp.Expr:
    """As ``computed_once``, for quotients and remainders of whole numbers in a common table.

    PostgreSQL: those of numeric, at every place and for every row of the histograms, which took two thirds of their time.
    Remedy: materialized.
    """
    divided = {
        one.alias
        for one in node.this.selects
        if isinstance(one, exp.Alias) and any(map(_is_of_numeric, one.walk()))
    }
    if not divided:
        return node
    statement = node.find_ancestor(exp.Query)
    readers = (
        [table for table in statement.find_all(exp.Table) if table.name == node.alias] if statement else []
    )
    reader = readers[0].find_ancestor(exp.Select) if len(readers) == 1 else None
    if reader is not None and _most_uses(reader, divided) > 1:
        node.set("materialized", True)
    return node


def _is_of_numeric(node: exp.Expr) -> bool:
    return isinstance(node, exp.Mod) or (isinstance(node, exp.Anonymous) and node.name == "div")


POSTGRES = Dialect(
    name="postgres",
    proof="executed",
    schemes=("postgresql", "postgres"),
    extra="postgres",
    address="postgresql://user:${PASSWORD}@host/database",
    # Nothing is known of a new table's rows until it is analyzed; joins over it would be nested loops.
    temporary="drop table if exists pg_temp.{table};\n"
    "create temporary table {table} as\n{select};\nanalyze {table}",
    begin="begin",
    after_table="analyze {table}",
    # Not a double, as round(x, 2) and % take none.
    quotient="above * 1.0 / nullif(below, 0)",
    added_up="decimal",
    replaces_chunks=True,
    rewrites=(
        ((exp.Literal,), shared.number_as_double),
        ((exp.Order,), shared.order_by_all),
        ((exp.IsNan,), shared.equals_nan),
        ((exp.Ln,), logarithm),
        ((exp.Exp,), exponential),
        ((exp.Mod,), remainder),
        ((exp.IntDiv,), whole_quotient),
        ((exp.Div,), shared.safe_quotient),
        ((exp.Year, exp.Month, exp.Quarter), quarter),
        ((exp.TimeToStr,), time_as_text),
        ((exp.TryCast,), tried_cast),
        ((exp.Cast,), finite_time),
        ((exp.Cast,), text_in_bytes),
        ((exp.Cast,), number_in_range),
        ((exp.ColumnDef,), column_in_bytes),
        ((exp.Select,), computed_once),
        ((exp.CTE,), divided_once),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
