"""User text to sqlglot identifiers and expressions.

Every function returns a sqlglot tree or raises a :class:`ConfigurationError` that says what is
wrong with the text and what is allowed. The caller adds the file, the line and the key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from sqlmonitor.dialects import of_user
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.names import refusals
from sqlmonitor.names.division import with_decimals, with_fractions

__all__ = [
    "aggregate",
    "column",
    "columns_of",
    "condition",
    "exact_column",
    "formula",
    "identifier",
    "prefixed",
    "query",
    "relation",
]

DEFAULT_DIALECT = "duckdb"

FILE_ENDINGS = (".parquet", ".pq", ".csv", ".tsv", ".json", ".jsonl", ".ndjson")
FILE_COMPRESSIONS = (".gz", ".zst")

TABLE_PARTS = frozenset({"this", "db", "catalog"})
FOLDING = frozenset({NormalizationStrategy.LOWERCASE, NormalizationStrategy.UPPERCASE})
# fmt: off
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


def exact_column(name: str, table: str | None = None) -> exp.Column:
    """Refer to a column by the name that the warehouse itself gave it, or that the user's own SQL has in quotes.

    Args:
        name: the column's name; any characters, of which no dialect changes the case.
        table: the table or alias it belongs to.
    """
    found = column(name, table)
    of_user(found.this)
    return found


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
    refusals.refuse_semicolon(tokens, "a relation", remedy)
    table = _parse(text, dialect, exp.Table, "a relation", remedy)
    extras = [key for key, value in table.args.items() if value and key not in TABLE_PARTS]
    if not isinstance(table, exp.Table) or extras:
        raise ConfigurationError(f"{refusals.shown(text)} is more than the name of a relation", remedy=remedy)
    if isinstance(table.this, exp.Func):
        return _file_function(table, text)
    if len(table.parts) > 3:
        raise ConfigurationError(f"{refusals.shown(text)} has too many parts for a relation", remedy=remedy)
    refusals.refuse_paths(table, dialect)
    engine = Dialect.get_or_raise(dialect)
    for part in table.parts:
        # Folding first and quoting then names the same relation as the plain text did; engines
        # without case (DuckDB) keep the user's spelling.
        if not part.args.get("quoted") and engine.normalization_strategy in FOLDING:
            engine.normalize_identifier(part)
        if part.args.get("quoted"):
            of_user(part)
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
        # Cut off, as what follows may be a comment, which would be a second statement.
        text = text[: tokens.pop().start]
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
    refusals.refuse_parts(tree, "a query", remedy)
    refusals.check_functions(tree, dialect, allowed_functions)
    return of_user(tree)


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
    if isinstance(tree.unnest(), refusals.NOT_BOOLEAN):
        raise ConfigurationError(f"{refusals.shown(text)} is not true or false", remedy=remedy)
    for node in refusals.outside_subqueries(tree):
        if isinstance(node, (exp.Window, *refusals.WINDOW_ONLY)):
            raise ConfigurationError(f"{what} cannot have window functions", remedy=remedy)
        if isinstance(node, exp.AggFunc):
            name = node.sql_name().lower()
            raise ConfigurationError(f"{what} cannot have aggregates, but calls {name}", remedy=remedy)
    return of_user(tree)


def aggregate(text: str, dialect: str = DEFAULT_DIALECT, allowed_functions: Collection[str] = ()) -> exp.Expr:
    """Parse one aggregate expression: one number for many rows.

    Args:
        text: the expression, such as ``sum(arr_delay) / count(*)``.
        dialect: sqlglot's name of the warehouse's dialect.
        allowed_functions: functions unknown to sqlglot that the monitor allows by name; one that
            stands over plain columns is taken for an aggregate, as the monitor vouches for it.

    Returns:
        The expression; every column in it lies under an aggregate, and ``/`` is division with decimals.

    Raises:
        ConfigurationError: the text is not one aggregate expression, has windows, subqueries or
            placeholders, or calls a function that is neither known nor allowed.
    """
    what = "an aggregate expression"
    remedy = "write one aggregate expression, such as 'sum(amount) / count(*)'"
    tree = _expression(text, dialect, allowed_functions, what, remedy, of_rows=False)
    if tree.find(exp.Query):
        raise ConfigurationError(f"{what} cannot have subqueries", remedy=remedy)
    if tree.find(exp.Window, *refusals.WINDOW_ONLY):
        raise ConfigurationError(f"{what} cannot have window functions", remedy=remedy)
    if isinstance(tree.unnest(), exp.Tuple):
        raise ConfigurationError(f"{refusals.shown(text)} is more than one expression", remedy=remedy)
    allowed = {name.casefold() for name in allowed_functions}
    if not any(refusals.is_aggregate(node, allowed) for node in tree.walk()):
        raise ConfigurationError(f"{refusals.shown(text)} has no aggregate", remedy=remedy)
    for node in tree.find_all(exp.AggFunc, exp.Column):
        is_inside = any(refusals.is_aggregate(above, allowed) for above in refusals.nodes_above(node))
        if isinstance(node, exp.Column) and not is_inside:
            raise ConfigurationError(f"column '{node.name}' is not inside an aggregate", remedy=remedy)
        if isinstance(node, exp.AggFunc) and refusals.is_nested(node):
            name = node.sql_name().lower()
            raise ConfigurationError(f"{name} stands inside another aggregate", remedy=remedy)
    return of_user(with_decimals(with_fractions(tree, dialect), dialect))


def formula(text: str) -> exp.Expr:
    """Parse arithmetic over the names of results, which means the same in every warehouse.

    Args:
        text: such as ``roc_auc - 0.5`` or ``realized.f1 / estimated.f1``.

    Returns:
        The expression; each name is a column, its prefix the column's table.

    Raises:
        ConfigurationError: the text is not one expression, names no result, or has more than
            numbers, names, + - * / % and the functions that are allowed.
    """
    what = "a formula"
    functions = ", ".join(sorted(kind.sql_name().lower() for kind in FORMULA_FUNCTIONS))
    remedy = f"write numbers, names of results, + - * / % and the functions {functions}"
    tree = _expression(text, DEFAULT_DIALECT, (), what, remedy)
    for node in tree.walk():
        is_text = isinstance(node, exp.Literal) and node.is_string
        is_long = isinstance(node, exp.Column) and bool(node.args.get("db"))
        if is_text or is_long or not isinstance(node, FORMULA_PARTS):
            raise ConfigurationError(
                f"{what} cannot have {refusals.shown(node.sql(dialect=DEFAULT_DIALECT))}", remedy=remedy
            )
    if tree.find(exp.Column) is None:
        raise ConfigurationError(f"{refusals.shown(text)} names no result", remedy=remedy)
    return tree


def columns_of(expression: exp.Expr, known: Iterable[str] = ()) -> list[exp.Identifier]:
    """Name the columns an expression reads, in the order they appear, each once.

    Args:
        expression: a tree from :func:`condition` or :func:`aggregate`. Columns of subqueries are
            left out, as they belong to other relations.
        known: columns of the relation; ``s.k`` is then the column ``s``, a structure, where that is one of them.

    Returns:
        The columns' names without their tables, as they are written.
    """
    whole = {name.casefold() for name in known}
    found = [
        node
        for node in refusals.outside_subqueries(expression)
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star)
    ]
    read: dict[exp.Expr, None] = {}
    for node in found:
        first = node.parts[0]
        read[first if first.name.casefold() in whole else node.this] = None
    return [one for one in read if isinstance(one, exp.Identifier)]


def prefixed(expression: exp.Expr, known: Iterable[str]) -> Iterator[str]:
    """The columns of a condition that are written with another relation's name than ``prediction``.

    Args:
        expression: a tree from :func:`condition`.
        known: columns of the relation; ``s.k`` is the column ``s``, a structure, where that is one of them.
    """
    whole = {"prediction", *(name.casefold() for name in known)}
    for node in refusals.outside_subqueries(expression):
        if isinstance(node, exp.Column) and node.table and node.parts[0].name.casefold() not in whole:
            yield ".".join(part.name for part in node.parts)


def _expression(
    text: str,
    dialect: str,
    allowed_functions: Collection[str],
    what: str,
    remedy: str,
    *,
    of_rows: bool = True,
) -> exp.Expr:
    tokens = _tokens(text, dialect, what, remedy)
    refusals.refuse_semicolon(tokens, what, remedy)
    tree = _parse(text, dialect, exp.Condition, what, remedy)
    refusals.refuse_parts(tree, what, remedy)
    refusals.refuse_rows_and_stars(tree, what, remedy)
    refusals.check_functions(tree, dialect, allowed_functions, of_rows=of_rows)
    return tree


def _tokens(text: str, dialect: str, what: str, remedy: str) -> list[Token]:
    try:
        tokens = list(Dialect.get_or_raise(dialect).tokenize(text))
    except TokenError as error:
        raise ConfigurationError(
            f"{what} is not readable as SQL: a quote or comment is never closed in {refusals.shown(text)}",
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
        return f"cannot read {refusals.shown(text)}"
    first = error.errors[0]
    # The rest of these messages names sqlglot's own classes.
    description = str(first.get("description") or "").rstrip(".").split(" but got <")[0]
    if description.startswith("Required keyword"):
        description = "something is missing"
    if description.startswith("Invalid expression"):
        description = "unexpected text"
    near = str(first.get("highlight") or "").strip()
    where = f" at '{near}'" if near else ""
    return f"{description[:1].lower()}{description[1:]}{where} in {refusals.shown(text)}"


def is_file(path: str) -> bool:
    """True for a name with the ending of a file that can be read."""
    bare = path.casefold()
    for compression in FILE_COMPRESSIONS:
        bare = bare.removesuffix(compression)
    return bare.endswith(FILE_ENDINGS)


def _file(path: str, remedy: str) -> exp.Table:
    if not is_file(path):
        raise ConfigurationError(
            f"'{path}' in single quotes is a file, but does not end in {', '.join(FILE_ENDINGS)}",
            remedy=remedy,
        )
    return exp.Table(this=identifier(path))


def _file_function(table: exp.Table, text: str) -> exp.Table:
    function = table.this
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    if name.casefold() not in refusals.FILE_FUNCTIONS or table.args.get("db"):
        raise ConfigurationError(
            f"function {name.lower()} cannot stand in place of a table",
            remedy=f"allowed: {', '.join(sorted(refusals.FILE_FUNCTIONS))}; or write a query as {{sql: …}}",
        )
    refusals.refuse_computed_arguments(function)
    return table
