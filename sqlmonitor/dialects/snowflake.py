"""Snowflake: where its SQL differs from DuckDB's."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.dialects import postgres, shared
from sqlmonitor.dialects.dialect import KIND, PLAIN, Dialect
from sqlmonitor.dialects.shared import double, double_literal
from sqlmonitor.errors import UnsupportedError

SETTINGS: dict[str, str | int | bool] = {
    "TIMEZONE": "UTC",
    # What a plain timestamp is: with a zone, a text's time would be moved.
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "DATE_INPUT_FORMAT": "AUTO",
    # The text of a segment that is a time: with fewer decimals, two times would be one.
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6TZH",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6TZH",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6TZH",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    # On, two columns that differ by case alone would be one.
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    # More than nothing, results would end after so many rows.
    "ROWS_PER_RESULTSET": 0,
    "AUTOCOMMIT": True,
}
"""Of the session, each for a difference of meaning; another value gives other results."""

RESERVED = frozenset(
    """
    account all alter and any as between by case cast check column connect connection constraint create cross
    current current_date current_time current_timestamp current_user database delete distinct drop else exists
    false following for from full grant group gscluster having ilike in increment inner insert intersect into is
    issue join lateral left like localtime localtimestamp minus natural not null of on or order organization
    qualify regexp revoke right rlike row rows sample schema select set some start table tablesample then to
    trigger true try_cast union unique update using values view when whenever where with
    """.split()
)
"""Words that are no names without quotes, source: Snowflake's manual, *Reserved & limited keywords*."""
FORMER = "sqlmonitor_schema"
"""The session's variable with its schema, in files that are run by hand: a new schema becomes the current one."""
CATALOGUE = ("table_name", "table_schema", "column_name", "schema_name")
LARGEST_EXPONENT, SMALLEST_EXPONENT = 709, -708


def setting(name: str, value: str | int | float | bool) -> str:
    """The statement that makes a setting of the session."""
    written = exp.Literal.string(value).sql("snowflake") if isinstance(value, str) else str(value).lower()
    return f"alter session set {name} = {written}"


def name_in_capitals(node: exp.Expr) -> exp.Expr:
    """Names.

    DuckDB: "a", a and A are one. Snowflake: a is "A", and "a" is another.
    Remedy: a plain name in small letters means the one in capitals, whether it is ours or stands in the project
    file; in quotes where it would be a word of the language. All other names are what they are.
    """
    if PLAIN.fullmatch(node.name) and (node.args.get("quoted") or node.name in RESERVED):
        return exp.to_identifier(node.name.upper(), quoted=True)
    return node


def catalogue_in_small_letters(node: exp.Expr) -> exp.Expr:
    """Names as the catalogue has them.

    DuckDB: as they were written. Snowflake: in capitals.
    Remedy: a name that it is compared with as ``name_in_capitals`` has it, and else the way back from that.
    """
    if node.name not in CATALOGUE or not _is_of_catalogue(node):
        return node
    other = node.parent.expression if isinstance(node.parent, exp.EQ) else None
    if isinstance(other, exp.Literal):
        if PLAIN.fullmatch(other.name):
            other.replace(exp.Literal.string(other.name.upper()))
        return node
    plain = exp.RegexpLike(this=node.copy(), expression=exp.Literal.string(f"^{PLAIN.pattern.upper()}$"))
    case = exp.Case().when(plain, exp.Lower(this=node.copy())).else_(node.copy())
    if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
        return exp.alias_(case, node.name)
    return exp.Paren(this=case)


def _is_of_catalogue(node: exp.Expr) -> bool:
    select = node.find_ancestor(exp.Select)
    source = select.args.get("from_") if select is not None else None
    return (
        source is not None
        and source.this.args.get("db") is not None
        and source.this.db == "information_schema"
    )


def quantile_list(node: exp.Expr) -> exp.Expr:
    """Several quantiles at once.

    DuckDB: quantile_disc(x, [a, b]). Snowflake: percentile_disc takes one share, a constant.
    Remedy: a list of aggregates.
    """
    group = node.parent if isinstance(node.parent, exp.WithinGroup) else None
    shares = node.expression
    if group is not None or not isinstance(shares, exp.Array):
        raise UnsupportedError("quantiles are written as quantile_disc(value, [shares])")
    order = exp.Ordered(this=node.this, nulls_first=False)
    written = [
        exp.Anonymous(
            this="percentile_disc", expressions=[share.this if isinstance(share, exp.Cast) else share]
        )
        for share in shares.expressions
    ]
    return exp.Array(
        expressions=[
            exp.WithinGroup(this=one, expression=exp.Order(expressions=[order.copy()])) for one in written
        ]
    )


def number_of_list(node: exp.Expr) -> exp.Expr:
    """Elements of lists.

    DuckDB: [1e0][1] is a double. Snowflake: an array's elements are of any type, and NULL in it is a value.
    Remedy: a cast; all our lists are of doubles.
    """
    return double(node)


def exponential(node: exp.Expr) -> exp.Expr:
    """As ``postgres.exponential``. Snowflake: an invalid floating-point operation ends the statement."""
    argument = node.this
    if isinstance(argument.unnest(), (exp.Literal, exp.Cast)):
        return node
    least, most = (exp.Literal.number(limit) for limit in (SMALLEST_EXPONENT, LARGEST_EXPONENT))
    return (
        exp.Case()
        .when(exp.LT(this=argument.copy(), expression=least), double_literal("0"))
        .when(exp.GT(this=argument.copy(), expression=most), double(exp.Literal.string("inf")))
        .else_(exp.Exp(this=argument))
    )


def added_interval(node: exp.Expr) -> exp.Expr:
    """Multiples of an interval.

    DuckDB: t + n * interval '3 months'. Snowflake: an interval cannot be multiplied.
    Remedy: dateadd(month, 3 * n, t).
    """
    product = node.expression
    if not isinstance(product, exp.Mul) or not isinstance(product.expression, exp.Interval):
        return node
    interval = product.expression
    count = exp.Mul(this=exp.Paren(this=product.this), expression=exp.Literal.number(interval.this.name))
    unit = exp.var(interval.args["unit"].name.lower().removesuffix("s"))
    return exp.Anonymous(this="dateadd", expressions=[unit, count, node.this])


def time_as_text(node: exp.Expr) -> exp.Expr:
    """Times as text.

    DuckDB: strftime(t, '%Y-%m-%dT%H:%M'). Snowflake: to_char, in whose forms letters are patterns.
    Remedy: what stands beside the T apart.
    """
    parts = []
    for form in node.args["format"].name.split("T"):
        for written, pattern in {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "HH24", "%M": "MI"}.items():
            form = form.replace(written, pattern)
        time = exp.cast(node.this.copy(), "timestamp")
        parts.append(exp.Anonymous(this="to_char", expressions=[time, exp.Literal.string(form)]))
    text: exp.Expr = parts[0]
    for part in parts[1:]:
        text = exp.DPipe(this=exp.DPipe(this=text, expression=exp.Literal.string("T")), expression=part)
    return text if len(parts) == 1 else exp.Paren(this=text)


def time_without_zone(node: exp.Expr) -> exp.Expr:
    """Times with a zone as those without.

    DuckDB: cast(t as timestamp) is UTC's. Snowflake: that of the zone in which t was written.
    Remedy: by way of the session's zone, which is UTC.
    """
    if not node.args["to"].is_type("timestamp", exp.DType.TIMESTAMPNTZ) or not isinstance(
        node.this.unnest(), exp.Column
    ):
        return node
    local = exp.Cast(this=node.this, to=exp.DataType.build("timestamp_ltz", dialect="snowflake"))
    return exp.Cast(this=local, to=exp.DataType.build("timestamp_ntz", dialect="snowflake"))


def text_of_double(node: exp.Expr) -> exp.Expr:
    """Doubles as text.

    DuckDB: 1e0 is '1.0', NaN is 'nan'. Snowflake: '1', 'NaN'.
    Remedy: where the column is known to be one.
    """
    if not node.args["to"].is_type("text", "varchar") or node.meta.get(KIND) != "float":
        return node
    whole = exp.RegexpLike(this=node.copy(), expression=exp.Literal.string("^-?[0-9]+$"))
    with_point = exp.DPipe(this=node.copy(), expression=exp.Literal.string(".0"))
    return exp.Paren(this=exp.Case().when(whole, with_point).else_(exp.Lower(this=node)))


def text_of_time(node: exp.Expr) -> exp.Expr:
    """Times as text.

    DuckDB: as many decimals of a second as there are. Snowflake: as many as the session's format has.
    Remedy: without the zeros at the end.
    """
    if not node.args["to"].is_type("text", "varchar") or node.meta.get(KIND) != "time":
        return node
    trimmed = exp.Anonymous(this="rtrim", expressions=[node.copy(), exp.Literal.string("0")])
    without_point = exp.Anonymous(this="rtrim", expressions=[trimmed, exp.Literal.string(".")])
    has_point = exp.Like(this=node.copy(), expression=exp.Literal.string("%.%"))
    return exp.Paren(this=exp.Case().when(has_point, without_point).else_(node))


def tried_cast(node: exp.Expr) -> exp.Expr:
    """Casts that give NULL where they fail. DuckDB: try_cast of anything. Snowflake: of text only."""
    if isinstance(node.this, exp.Cast):
        return node
    node.set("this", exp.cast(node.this, "varchar"))
    return node


def nothing_joined(node: exp.Expr) -> exp.Expr:
    """Texts of no rows, joined. DuckDB: NULL. Snowflake: ''. Remedy: nullif."""
    return exp.Nullif(this=node, expression=exp.Literal.string(""))


SNOWFLAKE = Dialect(
    name="snowflake",
    proof="stand-in",
    schemes=("snowflake",),
    extra="snowflake",
    address="snowflake://user:${PASSWORD}@account/database/schema?warehouse=name",
    session=";\n".join(
        [*(setting(*pair) for pair in SETTINGS.items()), f"set {FORMER} = '\"' || current_schema() || '\"'"]
    ),
    after_schema=f"use schema identifier(${FORMER})",
    temporary="create or replace temporary table {table} as\n{select}",
    begin="begin transaction",
    replaces_chunks=True,
    has_capitals=True,
    quotient="above * cast(1 as double) / nullif(below, 0)",
    averaged="given * 1e0",
    rewrites=(
        ((exp.PercentileDisc,), quantile_list),
        ((exp.Literal,), shared.number_as_double),
        ((exp.Order,), shared.order_by_all),
        ((exp.Bracket,), number_of_list),
        ((exp.IsNan,), shared.equals_nan),
        ((exp.Ln,), postgres.logarithm),
        ((exp.Exp,), exponential),
        ((exp.IntDiv,), shared.whole_quotient),
        ((exp.Div,), shared.quotient),
        ((exp.Add,), added_interval),
        ((exp.TimeToStr,), time_as_text),
        ((exp.TryCast,), tried_cast),
        ((exp.Cast,), time_without_zone),
        ((exp.Cast,), text_of_double),
        ((exp.Cast,), text_of_time),
        ((exp.GroupConcat,), nothing_joined),
        ((exp.Select,), shared.condition_of_one_row),
        ((exp.Column,), catalogue_in_small_letters),
        ((exp.Identifier,), name_in_capitals),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
