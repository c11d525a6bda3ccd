"""Dialects whose statements are written and parsed back, and have never been run: trust them accordingly."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor.dialects import postgres, shared, spark
from sqlmonitor.dialects.dialect import Dialect
from sqlmonitor.errors import UnsupportedError

EXACT = (
    "write `resolution: exact` in the monitor, which counts every value and needs neither lists nor quantiles"
)


def no_exact_quantiles(node: exp.Expr) -> exp.Expr:
    """Exact quantiles as an aggregate.

    DuckDB: quantile_disc(x, [0.5]). Redshift: not as a list; Trino: approximate only; BigQuery: as a window only.
    Remedy: refused; exact resolution needs none.
    """
    raise UnsupportedError("this engine has no exact quantiles of groups", remedy=EXACT)


def no_lists(node: exp.Expr) -> exp.Expr:
    """Lists of doubles. DuckDB: [1e0][1]. Redshift: none. Remedy: refused; exact resolution needs none."""
    raise UnsupportedError("this engine has no lists of numbers", remedy=EXACT)


def datetime_as_text(node: exp.Expr) -> exp.Expr:
    """As ``postgres.time_as_text``. BigQuery: format_date takes no time of day. Remedy: format_datetime."""
    return exp.Anonymous(this="format_datetime", expressions=[node.args["format"], node.this])


def datetime_difference(node: exp.Expr) -> exp.Expr:
    """Borders between two times. DuckDB: date_diff('hour', a, b). BigQuery: datetime_diff(b, a, hour)."""
    return exp.Anonymous(this="datetime_diff", expressions=[node.this, node.expression, node.args["unit"]])


def md5_of_bytes(node: exp.Expr) -> exp.Expr:
    """Hashes. DuckDB: md5(text). Trino: md5(bytes). Remedy: to_utf8, and hexadecimal digits in lower case."""
    return exp.MD5(this=exp.Anonymous(this="to_utf8", expressions=[node.this]))


def code_point(node: exp.Expr) -> exp.Expr:
    """A sign's number. DuckDB: ascii(text). Trino: codepoint(varchar(1))."""
    return exp.Anonymous(
        this="codepoint", expressions=[exp.cast(node.this, exp.DataType.build("varchar(1)"))]
    )


REDSHIFT = Dialect(
    name="redshift",
    proof="compiled",
    schemes=("redshift",),
    session="set timezone to 'UTC'",
    temporary="drop table if exists {table};\ncreate temporary table {table} as\n{select}",
    begin="begin",
    replaces_chunks=True,
    quotient="above * cast(1 as double precision) / nullif(below, 0)",
    averaged="given * 1e0",
    rewrites=(
        ((exp.PercentileDisc,), no_exact_quantiles),
        ((exp.Bracket,), no_lists),
        ((exp.Literal,), shared.number_as_double),
        ((exp.IsNan,), shared.equals_nan),
        ((exp.Ln,), postgres.logarithm),
        ((exp.IntDiv,), shared.whole_quotient),
        ((exp.Div,), shared.safe_quotient),
        ((exp.Year, exp.Month, exp.Quarter), postgres.quarter),
        ((exp.TimeToStr,), postgres.time_as_text),
        ((exp.TryCast,), postgres.tried_cast),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
DATABRICKS = Dialect(
    name="databricks",
    proof="compiled",
    schemes=("databricks",),
    session="set time zone 'UTC'",
    # Plain tables of the current schema: a temporary view would read the source anew in every step.
    temporary="create or replace table {table} as\n{select}",
    begin="",
    path_schemas=shared.PATH_SCHEMAS,
    quotient="above * cast(1 as double) / nullif(below, 0)",
    averaged="given * 1e0",
    rewrites=(
        ((exp.PercentileDisc,), spark.quantile_list),
        ((exp.Literal,), shared.number_as_double),
        ((exp.IntDiv,), shared.whole_quotient),
        ((exp.Div,), shared.safe_quotient),
        ((exp.TimeToStr,), spark.time_in_java_form),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
TRINO = Dialect(
    name="trino",
    proof="compiled",
    schemes=("trino",),
    session="set time zone 'UTC'",
    temporary="drop table if exists {table};\ncreate table {table} as\n{select}",
    begin="start transaction",
    quotient="above * cast(1 as double) / nullif(below, 0)",
    averaged="given * 1e0",
    rewrites=(
        ((exp.PercentileDisc,), no_exact_quantiles),
        ((exp.Literal,), shared.number_as_double),
        ((exp.Ln,), postgres.logarithm),
        ((exp.Greatest, exp.Least), shared.over_nulls),
        ((exp.IntDiv,), shared.whole_quotient),
        ((exp.Div,), shared.safe_quotient),
        ((exp.MD5,), md5_of_bytes),
        ((exp.Ascii,), code_point),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
BIGQUERY = Dialect(
    name="bigquery",
    proof="compiled",
    schemes=("bigquery",),
    session="set @@time_zone = 'UTC'",
    temporary="create or replace temp table {table} as\n{select}",
    begin="begin transaction",
    commit="commit transaction",
    quotient="above * cast(1 as float64) / nullif(below, 0)",
    averaged="given * 1e0",
    rewrites=(
        ((exp.PercentileDisc,), no_exact_quantiles),
        ((exp.Literal,), shared.number_as_double),
        ((exp.Order,), shared.nulls_last_by_key),
        ((exp.Ln,), postgres.logarithm),
        ((exp.Greatest, exp.Least), shared.over_nulls),
        ((exp.IntDiv,), shared.whole_quotient),
        ((exp.Div,), shared.safe_quotient),
        ((exp.TimeToStr,), datetime_as_text),
        ((exp.DateDiff,), datetime_difference),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
COMPILED = (REDSHIFT, DATABRICKS, TRINO, BIGQUERY)

REFUSED = {
    "athena": "it has neither transactions nor temporary tables, and deletes from Iceberg tables only",
    "mysql": "it has no GROUPING SETS, without which every column would be a scan of its own",
    "tsql": "it has no boolean values, which the steps keep in columns",
}
"""Why a dialect is not written."""
