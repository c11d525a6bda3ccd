"""User text to sqlglot identifiers and expressions; the only parser of user SQL.

Every function returns a sqlglot tree or raises a :class:`ConfigurationError` that says what is
wrong with the text and what is allowed. The caller adds the file, the line and the key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from sqlmonitor.errors import ConfigurationError

__all__ = ["aggregate", "column", "columns_of", "condition", "formula", "identifier", "query", "relation"]

DEFAULT_DIALECT = "duckdb"

FILE_FUNCTIONS = frozenset({"read_parquet", "read_csv", "parquet_scan", "read_json"})
"""Table functions that may stand in place of a table."""

FILE_ENDINGS = (".parquet", ".pq", ".csv", ".tsv", ".json", ".jsonl", ".ndjson")
FILE_COMPRESSIONS = (".gz", ".zst")

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
    openrowset opendatasource openquery xp_cmdshell reflect java_method
    """.split()
)
"""Functions that read files, settings or other systems; refused even where a monitor allows them.
"""

# fmt: off
WINDOW_ONLY = (
    exp.CumeDist, exp.DenseRank, exp.FirstValue, exp.Grouping, exp.GroupingId, exp.Lag,
    exp.LastValue, exp.Lead, exp.NthValue, exp.Ntile, exp.PercentRank, exp.Rank, exp.RowNumber,
)
TABLE_PARTS = frozenset({"this", "db", "catalog"})
FOLDING = frozenset({NormalizationStrategy.LOWERCASE, NormalizationStrategy.UPPERCASE})
WRITES = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Copy, exp.Set, exp.Drop)
NOT_BOOLEAN = (
    exp.Literal, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe, exp.Tuple,
    exp.Interval, exp.Star, exp.Lambda, exp.Null, exp.RawString, exp.Struct, exp.Array,
)
FORMULA_FUNCTIONS = (
    exp.Abs, exp.Ceil, exp.Exp, exp.Floor, exp.Greatest, exp.Least, exp.Ln, exp.Nullif, exp.Pow,
    exp.Round, exp.Sign, exp.Sqrt,
)
FORMULA_PARTS = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.Paren, exp.Literal, exp.Column, exp.Identifier,
    *FORMULA_FUNCTIONS,
)
# fmt: on


def identifier(name: str) -> exp.Identifier:
    """Quote one name exactly as it is written.

    Args:
        name: the name of a column, table or schema; any characters.

    Returns:
        The quoted identifier.

    Raises:
        ConfigurationError: the name is empty or holds a NUL character.
    """
    if not name or "\0" in name:
        raise ConfigurationError("a name must have at least one character and no NUL character")
    return exp.to_identifier(name, quoted=True)


def column(name: str, table: str | None = None) -> exp.Column:
    """Refer to a column by its exact name.

    Args:
        name: the column's name; any characters.
        table: the table or alias it belongs to.

    Returns:
        The column with quoted parts.

    Raises:
        ConfigurationError: a name is empty or holds a NUL character.
    """
    return exp.Column(this=identifier(name), table=identifier(table) if table else None)


def relation(text: str, dialect: str = DEFAULT_DIALECT) -> exp.Table:
    """Parse the name of a table or view, a file, or a table function that reads files.

    Args:
        text: ``table``, ``schema.table`` or ``catalog.schema.table``, each part plain or quoted;
            ``'file.parquet'``; or one of ``FILE_FUNCTIONS`` with literal arguments.
        dialect: sqlglot's name of the warehouse's dialect.

    Returns:
        The table, every part quoted so that case and reserved words survive. Plain parts are
        folded first where the dialect folds them.

    Raises:
        ConfigurationError: the text is anything else.
    """
    remedy = (
        "name a table or view as table, schema.table or catalog.schema.table; put a part with "
        "spaces or signs in double quotes, such as '\"my table\"'"
    )
    tokens = _tokens(text, dialect, "a relation", remedy)
    if len(tokens) == 1 and tokens[0].token_type == TokenType.STRING:
        return _file(tokens[0].text, remedy)
    _refuse_semicolon(tokens, "a relation", remedy)
    table = _parse(text, dialect, exp.Table, "a relation", remedy)
    extras = [key for key, value in table.args.items() if value and key not in TABLE_PARTS]
    if not isinstance(table, exp.Table) or extras:
        raise ConfigurationError(f"{_shown(text)} is more than the name of a relation", remedy=remedy)
    if isinstance(table.this, exp.Func):
        return _file_function(table, text)
    if len(table.parts) > 3:
        raise ConfigurationError(f"{_shown(text)} has too many parts for a relation", remedy=remedy)
    engine = Dialect.get_or_raise(dialect)
    for part in table.parts:
        # Folding first and quoting then names the same relation as the plain text did; engines
        # without case (DuckDB) keep the user's spelling.
        if not part.args.get("quoted") and engine.normalization_strategy in FOLDING:
            engine.normalize_identifier(part)
        part.set("quoted", True)
    return table


def query(text: str, dialect: str = DEFAULT_DIALECT, allowed_functions: Collection[str] = ()) -> exp.Query:
    """Parse exactly one SELECT.

    Args:
        text: the query; CTEs, set operations, comments and one semicolon at the end are fine.
        dialect: sqlglot's name of the warehouse's dialect.
        allowed_functions: functions unknown to sqlglot that the monitor allows by name.

    Returns:
        The query.

    Raises:
        ConfigurationError: the text is not one SELECT, changes something, or calls a function
            that is neither known nor allowed.
    """
    remedy = "write one SELECT; CTEs and comments are fine, other statements are not"
    tokens = _tokens(text, dialect, "a query", remedy)
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        raise ConfigurationError("more than one statement, but one SELECT is allowed", remedy=remedy)
    first = next((token for token in tokens if token.token_type != TokenType.L_PAREN), None)
    if first is None or first.token_type not in (TokenType.SELECT, TokenType.WITH, TokenType.FROM):
        start = first.text.upper() if first else "nothing"
        raise ConfigurationError(f"a query must be one SELECT, but starts with {start}", remedy=remedy)
    tree = _parse(text, dialect, None, "a query", remedy)
    if isinstance(tree, exp.Subquery):
        tree = tree.unnest()
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise ConfigurationError(f"a query must be one SELECT, but is {tree.key.upper()}", remedy=remedy)
    _refuse_parts(tree, "a query", remedy)
    _check_functions(tree, dialect, allowed_functions)
    return tree


def condition(text: str, dialect: str = DEFAULT_DIALECT, allowed_functions: Collection[str] = ()) -> exp.Expr:
    """Parse one boolean expression over the columns of a row.

    Args:
        text: the condition; subqueries that read are fine.
        dialect: sqlglot's name of the warehouse's dialect.
        allowed_functions: functions unknown to sqlglot that the monitor allows by name.

    Returns:
        The condition; put it in parentheses before joining it with others.

    Raises:
        ConfigurationError: the text is not one condition, has aggregates, windows or
            placeholders, or calls a function that is neither known nor allowed.
    """
    what = "a condition"
    remedy = "write one true-or-false expression over a row's columns, such as \"carrier <> 'ZZ'\""
    tree = _expression(text, dialect, allowed_functions, what, remedy)
    if isinstance(tree.unnest(), NOT_BOOLEAN):
        raise ConfigurationError(f"{_shown(text)} is not true or false", remedy=remedy)
    for node in _outside_subqueries(tree):
        if isinstance(node, (exp.Window, *WINDOW_ONLY)):
            raise ConfigurationError(f"{what} cannot have window functions", remedy=remedy)
        if isinstance(node, exp.AggFunc):
            name = node.sql_name().lower()
            raise ConfigurationError(f"{what} cannot have aggregates, but calls {name}", remedy=remedy)
    return tree


def aggregate(text: str, dialect: str = DEFAULT_DIALECT, allowed_functions: Collection[str] = ()) -> exp.Expr:
    """Parse one aggregate expression: one number for many rows.

    Args:
        text: the expression, such as ``sum(arr_delay) / count(*)``.
        dialect: sqlglot's name of the warehouse's dialect.
        allowed_functions: functions unknown to sqlglot that the monitor allows by name; one that
            stands over plain columns is taken for an aggregate, as the monitor vouches for it.

    Returns:
        The expression; every column in it lies under an aggregate.

    Raises:
        ConfigurationError: the text is not one aggregate expression, has windows, subqueries or
            placeholders, or calls a function that is neither known nor allowed.
    """
    what = "an aggregate expression"
    remedy = "write one aggregate expression, such as 'sum(amount) / count(*)'"
    tree = _expression(text, dialect, allowed_functions, what, remedy)
    if tree.find(exp.Query):
        raise ConfigurationError(f"{what} cannot have subqueries", remedy=remedy)
    if tree.find(exp.Window, *WINDOW_ONLY):
        raise ConfigurationError(f"{what} cannot have window functions", remedy=remedy)
    if isinstance(tree.unnest(), exp.Tuple):
        raise ConfigurationError(f"{_shown(text)} is more than one expression", remedy=remedy)
    allowed = {name.casefold() for name in allowed_functions}
    if not any(_is_aggregate(node, allowed) for node in tree.walk()):
        raise ConfigurationError(f"{_shown(text)} has no aggregate", remedy=remedy)
    for node in tree.find_all(exp.AggFunc, exp.Column):
        is_inside = any(_is_aggregate(above, allowed) for above in _above(node))
        if isinstance(node, exp.Column) and not is_inside:
            raise ConfigurationError(f"column '{node.name}' is not inside an aggregate", remedy=remedy)
        if isinstance(node, exp.AggFunc) and _is_nested(node):
            name = node.sql_name().lower()
            raise ConfigurationError(f"{name} stands inside another aggregate", remedy=remedy)
    return tree


def formula(text: str, dialect: str = DEFAULT_DIALECT) -> exp.Expr:
    """Parse arithmetic over the names of results.

    Args:
        text: such as ``roc_auc - 0.5`` or ``realized.f1 / estimated.f1``.
        dialect: sqlglot's name of the warehouse's dialect.

    Returns:
        The expression; each name is a column, its prefix the column's table.

    Raises:
        ConfigurationError: the text is not one expression, names no result, or has more than
            numbers, names, + - * / % and the functions that are allowed.
    """
    what = "a formula"
    functions = ", ".join(sorted(kind.sql_name().lower() for kind in FORMULA_FUNCTIONS))
    remedy = f"write numbers, names of results, + - * / % and the functions {functions}"
    tree = _expression(text, dialect, (), what, remedy)
    for node in tree.walk():
        is_text = isinstance(node, exp.Literal) and node.is_string
        is_long = isinstance(node, exp.Column) and bool(node.args.get("db"))
        if is_text or is_long or not isinstance(node, FORMULA_PARTS):
            raise ConfigurationError(f"{what} cannot have {_shown(node.sql(dialect=dialect))}", remedy=remedy)
    if tree.find(exp.Column) is None:
        raise ConfigurationError(f"{_shown(text)} names no result", remedy=remedy)
    return tree


def columns_of(expression: exp.Expr) -> list[str]:
    """Name the columns an expression reads, in the order they appear, each once.

    Args:
        expression: a tree from :func:`condition` or :func:`aggregate`. Columns of subqueries are
            left out, as they belong to other relations.

    Returns:
        The columns' names without their tables.
    """
    found = [
        node
        for node in _outside_subqueries(expression)
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star)
    ]
    return list(dict.fromkeys(node.name for node in found))


def _expression(
    text: str, dialect: str, allowed_functions: Collection[str], what: str, remedy: str
) -> exp.Expr:
    tokens = _tokens(text, dialect, what, remedy)
    _refuse_semicolon(tokens, what, remedy)
    tree = _parse(text, dialect, exp.Condition, what, remedy)
    _refuse_parts(tree, what, remedy)
    _refuse_rows_and_stars(tree, what, remedy)
    _check_functions(tree, dialect, allowed_functions)
    return tree


def _shown(text: str) -> str:
    flat = " ".join(text.split())
    return f"'{flat}'" if len(flat) <= 60 else f"'{flat[:57]}…'"


def _tokens(text: str, dialect: str, what: str, remedy: str) -> list[Token]:
    try:
        tokens = list(Dialect.get_or_raise(dialect).tokenize(text))
    except TokenError as error:
        raise ConfigurationError(
            f"{what} is not readable as SQL: a quote or comment is never closed in {_shown(text)}",
            remedy=remedy,
        ) from error
    if not any(token.token_type != TokenType.SEMICOLON for token in tokens):
        raise ConfigurationError(f"{what} is empty", remedy=remedy)
    return tokens


def _parse(text: str, dialect: str, into: type[exp.Expr] | None, what: str, remedy: str) -> exp.Expr:
    try:
        tree: exp.Expr = sqlglot.parse_one(text, dialect=dialect, into=into)
    except ParseError as error:
        raise ConfigurationError(
            f"{what} is not readable as SQL: {_reason(error, text)}", remedy=remedy
        ) from error
    except RecursionError as error:
        raise ConfigurationError(f"{what} is nested too deeply", remedy=remedy) from error
    return tree


def _reason(error: ParseError, text: str) -> str:
    if not error.errors:
        return f"cannot read {_shown(text)}"
    first = error.errors[0]
    # The rest of these messages names sqlglot's own classes.
    description = str(first.get("description") or "").rstrip(".").split(" but got <")[0]
    if description.startswith("Required keyword"):
        description = "something is missing"
    if description.startswith("Invalid expression"):
        description = "unexpected text"
    near = str(first.get("highlight") or "").strip()
    where = f" at '{near}'" if near else ""
    return f"{description[:1].lower()}{description[1:]}{where} in {_shown(text)}"


def _refuse_semicolon(tokens: list[Token], what: str, remedy: str) -> None:
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        raise ConfigurationError(f"{what} cannot have a semicolon", remedy=remedy)


def _refuse_parts(tree: exp.Expr, what: str, remedy: str) -> None:
    for node in tree.walk():
        if isinstance(node, WRITES):
            name = "FOR UPDATE" if isinstance(node, exp.Lock) else node.key.upper()
            raise ConfigurationError(f"{what} only reads, but has {name}", remedy=remedy)
        if isinstance(node, (exp.Placeholder, exp.Parameter, exp.SessionParameter)):
            raise ConfigurationError(
                f"placeholder '{node.name or '?'}' has no value here", remedy="write the value"
            )


def _refuse_rows_and_stars(tree: exp.Expr, what: str, remedy: str) -> None:
    for node in _outside_subqueries(tree):
        if isinstance(node, (exp.UDTF, exp.Explode)):
            raise ConfigurationError(f"{what} cannot make rows (unnest)", remedy=remedy)
        is_counted = isinstance(node.parent, exp.Count)
        if isinstance(node, exp.Columns) or (isinstance(node, exp.Star) and not is_counted):
            raise ConfigurationError(f"{what} must name its columns one by one", remedy=remedy)


def _check_functions(tree: exp.Expr, dialect: str, allowed_functions: Collection[str]) -> None:
    allowed = {name.casefold() for name in allowed_functions}
    for function in tree.find_all(exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
        names = {name.casefold()}
        if not isinstance(function, exp.Anonymous):
            names |= {known.casefold() for known in function.sql_names()}
        if isinstance(function.parent, exp.Table) and names & FILE_FUNCTIONS:
            _refuse_computed_arguments(function)
            continue
        if isinstance(function, (exp.ReadCSV, exp.ReadParquet)) or names & DANGEROUS_FUNCTIONS:
            raise ConfigurationError(
                f"function {name.lower()} reaches files, settings or other systems and is refused",
                remedy=f"read files in FROM, by {', '.join(sorted(FILE_FUNCTIONS))}",
            )
        if isinstance(function, (exp.Anonymous, exp.AnonymousAggFunc)) and not names & allowed:
            raise ConfigurationError(
                f"function {name.lower()} is not known in {dialect}'s SQL",
                remedy=f"if it is meant, add it to the monitor: allow_functions: [{name.lower()}]",
            )


def _refuse_computed_arguments(function: exp.Func) -> None:
    for node in function.walk():
        if node is not function and (
            isinstance(node, (exp.Query, exp.Placeholder, exp.Parameter))
            or (isinstance(node, exp.Func) and not isinstance(node, (exp.Array, exp.Struct)))
        ):
            raise ConfigurationError(
                "a function that reads files takes plain values only",
                remedy="write the path as text, such as read_parquet('flights.parquet')",
            )


def _file(path: str, remedy: str) -> exp.Table:
    bare = path.casefold()
    for compression in FILE_COMPRESSIONS:
        bare = bare.removesuffix(compression)
    if not bare.endswith(FILE_ENDINGS):
        raise ConfigurationError(
            f"'{path}' in single quotes is a file, but does not end in {', '.join(FILE_ENDINGS)}",
            remedy=remedy,
        )
    return exp.Table(this=identifier(path))


def _file_function(table: exp.Table, text: str) -> exp.Table:
    function = table.this
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    if name.casefold() not in FILE_FUNCTIONS or table.args.get("db"):
        raise ConfigurationError(
            f"function {name.lower()} cannot stand in place of a table",
            remedy=f"allowed: {', '.join(sorted(FILE_FUNCTIONS))}; or write a query as {{sql: …}}",
        )
    _refuse_computed_arguments(function)
    return table


def _outside_subqueries(tree: exp.Expr) -> Iterator[exp.Expr]:
    return tree.walk(bfs=False, prune=lambda node: isinstance(node, exp.Query))


def _above(node: exp.Expr) -> Iterator[exp.Expr]:
    while node.parent is not None:
        node = node.parent
        yield node


def _is_nested(node: exp.Expr) -> bool:
    below = node
    for above in _above(node):
        # FILTER and WITHIN GROUP stand around the aggregate itself and beside what it reads.
        is_around = isinstance(above, (exp.Filter, exp.WithinGroup)) and above.this is below
        if isinstance(above, (exp.AggFunc, exp.Filter, exp.WithinGroup)) and not is_around:
            return True
        below = above
    return False


def _is_aggregate(node: exp.Expr, allowed: Collection[str]) -> bool:
    if isinstance(node, (exp.WithinGroup, exp.Filter)):
        return _is_aggregate(node.this, allowed)
    if isinstance(node, exp.Anonymous):
        return node.name.casefold() in allowed and not node.find(exp.AggFunc)
    return isinstance(node, exp.AggFunc)
