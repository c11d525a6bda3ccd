"""A promise about the data as a question to the warehouse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from sqlmonitor import templates
from sqlmonitor.errors import DataError
from sqlmonitor.plan import Check, Step

if TYPE_CHECKING:
    from sqlmonitor.engines import Engine


def _first_row(step: Step, dialect: str) -> str | exp.Expr:
    select = templates.select(step, dialect)
    if isinstance(select, str):
        return f"{select} order by all limit 1"
    assert isinstance(select, exp.Query)
    every = exp.Ordered(this=exp.var("ALL"))
    select.set("order", exp.Order(expressions=[every]))
    return select.limit(1, copy=False)


def ask(check: Check, engine: Engine) -> None:
    """Asks whether a promise about the data is kept; an example is looked for only where it is not.

    Raises:
        DataError: where the promise is broken.
    """
    row = engine.first(check.sql)
    if row is None:
        return
    if check.example is not None:
        row |= engine.first(_first_row(check.example, engine.dialect)) or {}
    # Not str.format: the user's own names in the message may have braces.
    message = re.sub(r"\{(\w+)\}", lambda found: str(row.get(found[1], found[0])), check.message)
    raise DataError(message, remedy=check.remedy)
