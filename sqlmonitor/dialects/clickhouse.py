"""ClickHouse: where its SQL differs from DuckDB's."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sqlmonitor.dialects import clickhouse_statements as statements
from sqlmonitor.dialects import clickhouse_values as values
from sqlmonitor.dialects import shared
from sqlmonitor.dialects.dialect import Dialect

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
    # A limit of the user's profile, such as of groups or of time, ends a statement; else it would answer with what it has.
    **{
        f"{limited}_overflow_mode": "throw"
        for limited in (
            "read",
            "group_by",
            "sort",
            "distinct",
            "join",
            "set",
            "timeout",
            "result",
            "transfer",
        )
    },
    # A rule for every threshold of every column makes long and deep statements.
    "max_query_size": 1 << 28,
    "max_ast_depth": 100_000,
    "max_ast_elements": 10_000_000,
    "max_expanded_ast_elements": 10_000_000,
    "max_parser_depth": 100_000,
}
"""Of the session, each for a difference of meaning or a limit; another value gives other results."""

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
    # Decimals are divided to the decimals of the first, and not by zero.
    quotient="cast(above as Nullable(Float64)) / nullif(cast(below as Nullable(Float64)), 0)",
    # It passes over NaN.
    largest="if(count(if(isNaN(given), 1, null)) > 0, cast('nan' as Float64), max(given))",
    rewrites=(
        ((exp.DataType,), values.time_with_parts),
        ((exp.DataType,), values.date_of_any_year),
        ((exp.Mul,), values.added_interval),
        ((exp.TimeToStr,), values.time_as_text),
        ((exp.TryCast,), values.tried_cast),
        ((exp.Cast,), values.time_in_utc),
        ((exp.Cast,), values.rounding_cast),
        ((exp.Cast,), shared.zero_without_sign),
        ((exp.Cast,), values.text_of_number),
        ((exp.LogicalOr,), values.any_true),
        ((exp.Max,), values.picked_value),
        ((exp.Max, exp.Filter, exp.Window), values.largest_with_nan),
        ((exp.StddevPop, exp.StddevSamp, exp.Stddev), values.stable_deviation),
        ((exp.PercentileDisc,), values.quantile_list),
        ((exp.GroupConcat,), values.joined_levels),
        ((exp.MD5,), values.md5_of_text),
        ((exp.Exists,), statements.exists_as_in),
        ((exp.Select,), statements.column_under_its_name),
        ((exp.Select,), statements.sets_without_aggregates),
        ((exp.Order,), shared.order_by_all),
        ((exp.Order,), statements.order_by_place),
        ((exp.EQ,), shared.one_catalogue),
        ((exp.Union,), statements.ordered_union),
        ((exp.Create,), statements.stored_table),
        ((*values.WHOLE, exp.Filter, exp.Window), values.count_as_bigint),
        ((*shared.SUMMING, exp.Filter, exp.Window), shared.sum_as_double),
    ),
)
