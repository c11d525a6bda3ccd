"""What the user's SQL may not have: the lists of it, and the errors that say so."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from sqlmonitor.dialects import DIALECTS, functions_of
from sqlmonitor.errors import ConfigurationError

FILE_FUNCTIONS = frozenset({"read_parquet", "read_csv", "parquet_scan", "read_json"})
"""Table functions that may stand in place of a table."""

DANGEROUS_FUNCTIONS = frozenset(
    """
    read_text read_blob read_csv read_csv_auto read_parquet read_json read_json_auto
    read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto read_ndjson_objects
    parquet_scan parquet_metadata parquet_schema parquet_file_metadata parquet_kv_metadata
    sniff_csv glob getenv getvariable current_setting set_config query query_table nextval setval
    which_secret duckdb_secrets duckdb_settings iceberg_scan delta_scan sqlite_scan postgres_scan
    postgres_query mysql_scan mysql_query sqlite_query
    pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file pg_sleep pg_terminate_backend
    pg_cancel_backend pg_reload_conf lo_import lo_export dblink dblink_exec query_to_xml
    load_file sleep benchmark file url s3 remote cluster executable mysql postgresql
    openrowset opendatasource openquery xp_cmdshell reflect java_method try_reflect
    read_duckdb seq_scan python_arrow_scan python_map_function load_extension load_aws_credentials
    read_single_csv_file read_single_json_file read_single_parquet_file
    json_execute_serialized_sql json_deserialize_sql json_serialize_plan
    pg_notify loread lowrite ts_stat connectby remotesecure clusterallreplicas odbc jdbc mongodb redis sqlite
    catboostevaluate read_files read_kafka remote_query http_request
    table_to_xml schema_to_xml database_to_xml cursor_to_xml
    """.split()
)
"""Functions that read files, settings or other systems, or run text as SQL; refused even where a monitor allows them."""

DANGEROUS_BEGINNINGS = tuple(
    """
    arrow_scan pandas_scan lo_ pg_ls_ pg_read_ pg_file_ pg_logical_ dblink crosstab query_to_xml
    s3 gcs hdfs azureblobstorage deltalake iceberg hudi paimon
    """.split()
)
DANGEROUS_ENDINGS = ("cluster",)
"""With the beginnings, whole families of such functions."""

VOLATILE_FUNCTIONS = frozenset(
    """
    rand random randn setseed uuid gen_random_uuid generate_uuid uuid_string newid uuidv4 uuidv7
    now today getdate curdate curtime sysdate systimestamp current_timestamp current_datetime
    current_date current_time localtimestamp localtime current_localtimestamp current_localtime
    get_current_time get_current_timestamp transaction_timestamp statement_timestamp clock_timestamp
    timeofday utc_timestamp utc_date utc_time unix_timestamp currval lastval txid_current
    current_transaction_id current_query_id current_connection_id current_query sleep_ms write_log stats
    """.split()
)
"""Functions whose value differs from run to run; refused even where a monitor allows them."""

# fmt: off
WINDOW_ONLY = (
    exp.CumeDist, exp.DenseRank, exp.FirstValue, exp.Grouping, exp.GroupingId, exp.Lag,
    exp.LastValue, exp.Lead, exp.NthValue, exp.Ntile, exp.PercentRank, exp.Rank, exp.RowNumber,
)
WRITES = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Copy, exp.Set, exp.Drop)
NOT_BOOLEAN = (
    exp.Literal, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe, exp.Tuple,
    exp.Interval, exp.Star, exp.Lambda, exp.Null, exp.RawString, exp.Struct, exp.Array,
)
# fmt: on


def shown(text: str) -> str:
    """The user's text on one line, quoted and not too long."""
    flat = " ".join(text.split())
    return f"'{flat}'" if len(flat) <= 60 else f"'{flat[:57]}…'"


def refuse_semicolon(tokens: list[Token], what: str, remedy: str) -> None:
    """Raises where the text is more than one statement."""
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        raise ConfigurationError(f"{what} cannot have a semicolon", remedy=remedy)


def is_dangerous(name: str) -> bool:
    """True for a function that reaches out of the warehouse, by its name in lower case."""
    return (
        name in DANGEROUS_FUNCTIONS
        or name.startswith(DANGEROUS_BEGINNINGS)
        or name.endswith(DANGEROUS_ENDINGS)
    )


def refuse_parts(tree: exp.Expr, what: str, remedy: str) -> None:
    """Raises where the tree changes something or waits for a value."""
    for node in tree.walk():
        if isinstance(node, WRITES):
            name = "FOR UPDATE" if isinstance(node, exp.Lock) else node.key.upper()
            raise ConfigurationError(f"{what} only reads, but has {name}", remedy=remedy)
        if isinstance(node, (exp.Placeholder, exp.Parameter, exp.SessionParameter)):
            raise ConfigurationError(
                f"placeholder '{node.name or '?'}' has no value here", remedy="write the value"
            )


def refuse_rows_and_stars(tree: exp.Expr, what: str, remedy: str) -> None:
    """Raises where an expression makes rows, or names columns by a star."""
    for node in outside_subqueries(tree):
        if isinstance(node, (exp.UDTF, exp.Explode)):
            raise ConfigurationError(f"{what} cannot make rows (unnest)", remedy=remedy)
        is_counted = isinstance(node.parent, exp.Count)
        if isinstance(node, exp.Columns) or (isinstance(node, exp.Star) and not is_counted):
            raise ConfigurationError(f"{what} must name its columns one by one", remedy=remedy)


def check_functions(
    tree: exp.Expr, dialect: str, allowed_functions: Collection[str], *, of_rows: bool = True
) -> None:
    """Raises for a function that reaches out of the warehouse, or that is neither known nor allowed.

    Args:
        tree: in which functions are called.
        dialect: whose own functions are known, too.
        allowed_functions: those that a monitor vouches for.
        of_rows: False for an aggregate, in which one of the engine's own might be a second one.
    """
    allowed = {name.casefold() for name in allowed_functions}
    allowed |= functions_of(dialect) if of_rows else set()
    refuse_samples(tree)
    refuse_scripts(tree)
    refuse_paths(tree, dialect)
    for function in tree.find_all(exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
        names = {name.casefold()}
        if not isinstance(function, exp.Anonymous):
            names |= {known.casefold() for known in function.sql_names()}
        if isinstance(function.parent, exp.Table) and names & FILE_FUNCTIONS:
            refuse_computed_arguments(function)
            continue
        if isinstance(function, (exp.ReadCSV, exp.ReadParquet)) or any(map(is_dangerous, names)):
            raise ConfigurationError(
                f"function {name.lower()} reaches files, settings or other systems and is refused",
                remedy=f"read files in FROM, by {', '.join(sorted(FILE_FUNCTIONS))}",
            )
        # With one argument, age counts up to today.
        is_age = names == {"age"} and len(function.expressions) == 1
        if names & VOLATILE_FUNCTIONS or is_age:
            raise ConfigurationError(
                f"{shown(function.sql(dialect=dialect).lower())} gives another value in every run, "
                "so a run could not be repeated",
                remedy="write a fixed value such as timestamp '2025-01-01', or keep the value in a column",
            )
        if isinstance(function, (exp.Anonymous, exp.AnonymousAggFunc)) and not names & allowed:
            raise ConfigurationError(
                f"function {name.lower()} is not known in {dialect}'s SQL",
                remedy=f"if it is meant, add it to the monitor: allow_functions: [{name.lower()}]",
            )


def refuse_samples(tree: exp.Expr) -> None:
    """Raises where rows are drawn at random, and another run would draw others."""
    for sample in tree.find_all(exp.TableSample):
        if sample.args.get("seed") is None:
            raise ConfigurationError(
                "a sample has other rows in every run, so a run could not be repeated",
                remedy="choose rows by a condition on a column, such as 'hash(id) % 10 = 0'",
            )


def refuse_scripts(tree: exp.Expr) -> None:
    """Raises where rows go through a program on the warehouse's machines."""
    if tree.find(exp.QueryTransform):
        raise ConfigurationError(
            "TRANSFORM … USING runs a program and is refused",
            remedy="write it as SQL, or make a table of its rows outside of the monitor",
        )


def refuse_paths(tree: exp.Expr, dialect: str) -> None:
    """Raises where the name of a relation is the path of a file.

    A schema with a dot is the class that reads one.
    """
    formats = DIALECTS[dialect].path_schemas if dialect in DIALECTS else frozenset()
    for table in tree.find_all(exp.Table) if formats else ():
        schema = table.db.casefold()
        if schema in formats or "." in schema or any("/" in part.name for part in table.parts):
            raise ConfigurationError(
                f"relation {shown(table.sql(dialect=dialect))} reads a file by its path and is refused",
                remedy="name a table or view; make a view over files, in a schema that is not named like their format",
            )


def refuse_computed_arguments(function: exp.Func) -> None:
    """Raises where a function that reads files is given more than plain values."""
    for node in function.walk():
        if node is not function and (
            isinstance(node, (exp.Query, exp.Placeholder, exp.Parameter))
            or (isinstance(node, exp.Func) and not isinstance(node, (exp.Array, exp.Struct)))
        ):
            raise ConfigurationError(
                "a function that reads files takes plain values only",
                remedy="write the path as text, such as read_parquet('flights.parquet')",
            )


def outside_subqueries(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Every node that is not inside a subquery, which has columns of its own."""
    return tree.walk(bfs=False, prune=lambda node: isinstance(node, exp.Query))


def nodes_above(node: exp.Expr) -> Iterator[exp.Expr]:
    """Every node around this one, nearest first."""
    while node.parent is not None:
        node = node.parent
        yield node


def is_nested(node: exp.Expr) -> bool:
    """True where an aggregate stands inside another."""
    below = node
    for above in nodes_above(node):
        # FILTER and WITHIN GROUP stand around the aggregate itself and beside what it reads.
        is_around = isinstance(above, (exp.Filter, exp.WithinGroup)) and above.this is below
        if isinstance(above, (exp.AggFunc, exp.Filter, exp.WithinGroup)) and not is_around:
            return True
        below = above
    return False


def is_aggregate(node: exp.Expr, allowed: Collection[str]) -> bool:
    """True for an aggregate, or a function over plain columns that the monitor vouches for."""
    if isinstance(node, (exp.WithinGroup, exp.Filter)):
        return is_aggregate(node.this, allowed)
    if isinstance(node, exp.Anonymous):
        return node.name.casefold() in allowed and not node.find(exp.AggFunc)
    return isinstance(node, exp.AggFunc)
