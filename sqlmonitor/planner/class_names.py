"""Labels as the numbers of their classes, and back."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from sqlmonitor.planner.draft import text
from sqlmonitor.trees import parse, put


def class_number(label: exp.Expr | None, names: Iterable[str]) -> exp.Expr:
    """The number of the class that a label names; -1 for a label that is no class, NULL for none."""
    if label is None:
        return parse("cast(null as integer)")
    case = exp.Case(this=exp.cast(label, "varchar"))
    for number, name in enumerate(names):
        case = case.when(text(name), exp.Literal.number(number))
    return case.else_(put("case when label is not null then -1 end", label=label))


def class_name(names: Iterable[str]) -> exp.Expr:
    """The name of the class in ``class_number``."""
    case = exp.Case(this=exp.column("class_number"))
    for number, name in enumerate(names):
        case = case.when(exp.Literal.number(number), text(name))
    return case
