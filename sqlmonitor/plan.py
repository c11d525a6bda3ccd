"""Step and Plan: what will run, as pure data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp


@dataclass(frozen=True)
class Origin:
    """Where the user named a template of their own.

    Args:
        file: the project file.
        line: in it.
        key: in it.
        allowed_functions: functions unknown to sqlglot that the monitor allows by name.
    """

    file: str | None
    line: int | None
    key: str | None
    allowed_functions: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Step:
    """One SELECT.

    Args:
        name: of the temporary table that holds its rows.
        title: for progress and comments.
        template: relative to ``sql_templates``; a user's own with its whole path.
        inputs: the steps it reads, by the name the template gives them.
        parameters: sqlglot trees, integers, and lists of dictionaries of them.
        is_inline: True where the SELECT stands inside the statement that reads it.
        adds_doubles: True where a statement over the source adds doubles as they are, whose sum depends on the order.
        origin: where the user named the template; None for the package's.
    """

    name: str
    title: str
    template: str
    inputs: dict[str, Step | list[Step]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    is_inline: bool = False
    adds_doubles: bool = False
    origin: Origin | None = None

    def parents(self) -> Iterator[Step]:
        """Every step that this one reads."""
        for value in self.inputs.values():
            yield from value if isinstance(value, list) else [value]

    def inlined(self) -> Iterator[Step]:
        """The steps that stand inside its statement, however deep."""
        for parent in self.parents():
            if parent.is_inline:
                yield parent
                yield from parent.inlined()

    def tables(self) -> Iterator[Step]:
        """The steps whose tables its statement reads."""
        for parent in self.parents():
            yield from parent.tables() if parent.is_inline else [parent]

    @property
    def reads_source(self) -> bool:
        """True where the statement reads the user's relations."""
        return any(parent.is_inline for parent in self.parents())

    @property
    def rows(self) -> Rows | None:
        """The source's rows that the statement reads; None where it reads no source."""
        return next((step for step in self.inlined() if isinstance(step, Rows)), None)

    @property
    def depends_on_order(self) -> bool:
        """True where rows must be added in one order for the result to be the same to the last bit.

        Most statements over the source count, or add whole numbers; those over counts add any numbers.
        """
        return self.adds_doubles or not self.reads_source

    @property
    def table(self) -> str:
        """Name of the temporary table."""
        return f"sqlmonitor_{self.name}"


@dataclass(frozen=True, eq=False)
class Rows(Step):
    """The rows that a statement over the source reads, as an inline step.

    Args:
        is_reference: True where it reads the reference only.
        reads_target: True where the target's relation or column is among what it reads.
        analysis: the sources without the reference's rows, which a run that counts only some chunks reads.
        time_column: the predictions' timestamp as it stands, without a cast, so that ranges of it are pruned.
        time_type: its type as the engine describes it; empty where nobody asked.
        column_types: the types of the columns read, as the engine describes them.
    """

    is_reference: bool = False
    reads_target: bool = False
    analysis: tuple[dict[str, Any], ...] = ()
    time_column: Any = None
    time_type: str = ""
    column_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A promise about the data, as a SELECT that gives rows only where it is broken.

    Args:
        after: name of the step after which it can be asked.
        sql: canonical SQL over the steps' tables; a tree where it has words of the user.
        message: with ``{column}`` for the columns of the first row.
        remedy: what to do about it.
        example: rows that break it, read only where it is broken; the columns of the first one may
            stand in the message too.
    """

    after: str
    sql: str | exp.Expr
    message: str
    remedy: str
    example: Step | None = None


@dataclass(frozen=True)
class Plan:
    """The steps of one monitor, each after those it reads.

    Args:
        monitor: its name.
        fit_id: hash of everything that determines the fitted reference state.
        steps: in order; inline steps are not among them.
        checks: asked as soon as their step is there.
        stored: name of the store's table → the step whose rows it takes.
        schema: the store's schema.
    """

    monitor: str
    fit_id: str
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    stored: dict[str, Step]
    schema: str

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def tree(self) -> str:
        """The steps, indented under the step that needs them first; a scan of the source is marked."""
        lines: list[str] = [f"{self.monitor} (fit {self.fit_id})"]
        seen: set[str] = set()

        def draw(step: Step, prefix: str, is_last: bool) -> None:
            again = step.name in seen
            seen.add(step.name)
            mark = "  [reads the source]" if step.reads_source else ""
            lines.append(f"{prefix}{'└─' if is_last else '├─'} {step.name}{mark}{' …' if again else ''}")
            if again:
                return
            parents = list(step.tables())
            for number, parent in enumerate(parents):
                draw(parent, prefix + ("   " if is_last else "│  "), number == len(parents) - 1)

        draw(self.steps[-1], "", True)
        return "\n".join(lines)


def digest(*texts: str) -> str:
    """A short hash that names what the texts describe."""
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()[:12]
