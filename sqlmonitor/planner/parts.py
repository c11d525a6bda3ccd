"""What a user's aggregates are made of: parts that chunks have each and that add up to those of longer chunks."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.names.refusals import nodes_above
from sqlmonitor.trees import put

DOES_NOT_MERGE = "aggregates of merged chunks: this one does not follow from each chunk's"
"""The note of a figure over chunks that were merged; medians and counts of distinct values are such."""

# How the parts of an aggregate add up: a part as each chunk has it, and all of them together.
ADDED_UP: dict[type[exp.Expr], tuple[str, str]] = {
    exp.Sum: ("cast(aggregate as double)", "sum(part)"),
    exp.Count: ("cast(aggregate as double)", "cast(sum(part) as bigint)"),
    exp.CountIf: ("cast(aggregate as double)", "cast(sum(part) as bigint)"),
    exp.Min: ("aggregate", "min(part)"),
    exp.Max: ("aggregate", "max(part)"),
    exp.LogicalOr: ("aggregate", "bool_or(part)"),
    exp.LogicalAnd: ("aggregate", "bool_and(part)"),
}


class Parts:
    """The parts of all figures of a monitor, each once.

    Args:
        dialect: of the user's SQL.
    """

    def __init__(self, dialect: str) -> None:
        self._added_up = dialects.DIALECTS[dialect].added_up if dialect in dialects.DIALECTS else None
        self._numbers: dict[exp.Expr, int] = {}

    def listed(self) -> list[dict[str, int | exp.Expr]]:
        """Index and expression of every part, as the template takes them."""
        return [{"index": number, "expression": tree} for tree, number in self._numbers.items()]

    def merged(self, tree: exp.Expr) -> exp.Expr | None:
        """A figure over the parts of several chunks; None where one of its aggregates does not add up.

        Args:
            tree: an aggregate expression over a chunk's rows.
        """
        if tree.find(exp.IntDiv):
            # Parts are doubles, which divide otherwise.
            return None
        outermost = tree.copy()
        # Nothing is noted before all is known to add up.
        pending: list[tuple[exp.Expr, list[tuple[exp.Expr, str]], str]] = []
        for node in outermost.walk(prune=_is_aggregate):
            if not _is_aggregate(node):
                continue
            is_of_user = any(dialects.is_of_user(one) for one in (node, *nodes_above(node)))
            made = _split(node, is_of_user=is_of_user)
            if made is None or (node.find(exp.Sum) and not _takes_a_double(node)):
                return None
            pending.append((node, *made))
        for node, parts, form in pending:
            trees = {name: exp.column(f"part_{self._number(part)}") for part, name in parts}
            whole: exp.Expr = exp.paren(put(form, **trees))
            if self._added_up is not None and node.find(exp.Sum, exp.Avg):
                whole = exp.cast(whole, self._added_up)
            if node is outermost:
                outermost = whole
            else:
                node.replace(whole)
        return outermost

    def _number(self, part: exp.Expr) -> int:
        return self._numbers.setdefault(part, len(self._numbers))


AGGREGATES = (exp.AggFunc, exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls, exp.Anonymous)
"""What may be an aggregate, with what stands around it; functions that sqlglot does not know may be."""


NUMERIC = (
    *(
        exp.Paren,
        exp.Neg,
        exp.Add,
        exp.Sub,
        exp.Mul,
        exp.Div,
        exp.Mod,
        exp.Abs,
        exp.Ceil,
        exp.Floor,
        exp.Round,
    ),
    *(exp.Sqrt, exp.Cbrt, exp.Ln, exp.Log, exp.Exp, exp.Pow, exp.Sign, exp.Greatest, exp.Least, exp.Nullif),
    *(exp.Coalesce, exp.Case, exp.If, exp.Predicate, exp.Connector, exp.Not),
)
"""What gives the same for a sum as a double; other functions want whole numbers, or make text of them."""


def _takes_a_double(node: exp.Expr) -> bool:
    """Whether all that stands around an aggregate gives the same where it is a double."""
    return all(
        isinstance(above, NUMERIC)
        or (
            isinstance(above, (exp.Cast, exp.TryCast))
            and above.to.is_type(*exp.DataType.NUMERIC_TYPES, "boolean")
        )
        for above in nodes_above(node)
    )


def _is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, AGGREGATES)


def _split(node: exp.Expr, *, is_of_user: bool) -> tuple[list[tuple[exp.Expr, str]], str] | None:
    """The parts of one aggregate with their names in the form, and the form that adds them up.

    Args:
        node: the aggregate.
        is_of_user: whether it is in the user's words, which a part of it keeps.
    """
    inner = node.this if isinstance(node, exp.Filter) else node
    if isinstance(inner.this, exp.Distinct) or inner.expressions:
        return None
    if type(inner) is exp.Avg:
        total, count = (
            _in_words(_in_place(node, kind(this=inner.this.copy())), is_of_user=is_of_user)
            for kind in (exp.Sum, exp.Count)
        )
        parts = [(put("cast(a as double)", a=total), "total"), (put("cast(a as double)", a=count), "number")]
        return parts, "sum(total) / nullif(sum(number), 0)"
    if type(inner) not in ADDED_UP:
        return None
    part, form = ADDED_UP[type(inner)]
    return [(put(part, aggregate=_in_words(node.copy(), is_of_user=is_of_user)), "part")], form


def _in_words(aggregate: exp.Expr, *, is_of_user: bool) -> exp.Expr:
    """The aggregate as the user's words, where it is: what stood around it said so."""
    return dialects.of_user(aggregate) if is_of_user else aggregate


def _in_place(node: exp.Expr, aggregate: exp.Expr) -> exp.Expr:
    """The aggregate over the rows that another one is over."""
    if not isinstance(node, exp.Filter):
        return aggregate
    return exp.Filter(this=aggregate, expression=node.expression.copy())
