"""The text of a first project file, guessed from a table's columns."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Guess", "guessed", "range_query", "written"]

NUMERIC = re.compile(r"(?i)^(u?(tiny|small|big|huge)?int|integer|float|double|real|decimal|numeric)")
FRACTION = re.compile(r"(?i)^(float|double|real|decimal|numeric)")
TEXTUAL = re.compile(r"(?i)^(varchar|text|char|string|enum|bool|lowcardinality)")
TIME = re.compile(r"(?i)^(timestamp|date)")
SCORE = re.compile(r"(?i)^(p_|prob|score)|(_prob|_probability|_score|_proba)$")
LABEL = re.compile(r"(?i)^(pred|y_pred)|(_pred|_prediction|_predicted)$")
TARGET = re.compile(r"(?i)^(target|label|actual|y_true|y|outcome)$")
ID = re.compile(r"(?i)(^|_)(id|key|uuid)$")
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
YAML_WORDS = frozenset("y n yes no on off true false null".split())


@dataclass
class Guess:
    """What a table's columns seem to be."""

    table: str = "predictions"
    id: str | None = "id"
    timestamp: str | None = "predicted_at"
    score: str | None = "score"
    label: str | None = "predicted"
    target: str | None = "target"
    numeric: list[str] = field(default_factory=list)
    categorical: list[str] = field(default_factory=list)
    reference_end: str = "2025-01-01"
    chunks: str = "month"

    def set_range(self, first: Any, last: Any) -> None:
        """Let the reference be the first third of the time there is, in whole days.

        Args:
            first: the earliest timestamp, or NULL where there are no rows.
            last: the latest.
        """
        import pandas as pd

        if pd.isna(first) or pd.isna(last):
            return
        start, end = pd.Timestamp(first), pd.Timestamp(last)
        span = end - start
        self.chunks = "month" if span.days > 180 else "week" if span.days > 42 else "day"
        self.reference_end = (start + span / 3).ceil("D").date().isoformat()


def guessed(table: str, columns: dict[str, str]) -> Guess:
    """Guess each column's part from its name and type.

    Args:
        table: as the user wrote it.
        columns: name → type, in order.
    """
    left = dict(columns)

    def take(names: re.Pattern[str], types: re.Pattern[str] | None = None) -> str | None:
        for name, type_ in left.items():
            if names.search(name) and (types is None or types.search(type_)):
                del left[name]
                return name
        return None

    anything = re.compile("")
    guess = Guess(
        table=table,
        id=take(ID),
        timestamp=take(anything, TIME),
        score=take(SCORE, FRACTION),
        label=take(LABEL),
        target=take(TARGET),
    )
    guess.numeric = [name for name, type_ in left.items() if NUMERIC.search(type_)]
    guess.categorical = [name for name, type_ in left.items() if TEXTUAL.search(type_)]
    return guess


def range_query(guess: Guess, dialect: str) -> exp.Select | None:
    """The query for the first and the last timestamp, or None without a timestamp."""
    if guess.timestamp is None:
        return None
    from sqlglot import exp

    from sqlmonitor import names

    column = exp.column(guess.timestamp, quoted=True)
    return exp.select(
        exp.alias_(exp.Min(this=column.copy()), "first", quoted=True),
        exp.alias_(exp.Max(this=column.copy()), "last", quoted=True),
    ).from_(names.relation(guess.table, dialect))


def written(url: str, guess: Guess) -> str:
    """The text of the project file.

    Args:
        url: the warehouse's, as the user wrote it.
        guess: what the columns are.
    """
    lines = [
        "# What sqlmonitor watches. `sqlmonitor schema` describes every key for editors.",
        "version: 1",
        "",
        "# Keep passwords out of this file: ${VARIABLES} are replaced.",
        f"warehouse: {_quoted(url)}",
        "# The schema for the monitor's own tables; nothing is written elsewhere.",
        "store: sqlmonitor",
        "",
        "monitors:",
        f"  - name: {_yaml(re.sub(r'[^A-Za-z0-9_]+', '_', guess.table))}",
        f"    task: {'binary_classification' if guess.score else 'none'}"
        "   # binary_classification | multiclass_classification | regression | none",
        f"    predictions: {_yaml(guess.table)}",
    ]
    if guess.id:
        lines.append(f"    id: {_yaml(guess.id)}")
    if guess.timestamp:
        quoted = '"' + guess.timestamp.replace('"', '""') + '"'
        column = guess.timestamp if PLAIN.fullmatch(guess.timestamp) else quoted
        condition = f"{column} < timestamp '{guess.reference_end}'"
        lines += [
            f"    timestamp: {_yaml(guess.timestamp)}",
            "    # The rows that show how things were when they were fine.",
            f"    reference: {_quoted(condition)}",
            f"    chunks: {guess.chunks}   # hour, day, week, month, quarter, year, {{size: 5000}}",
        ]
    else:
        lines += [
            "    # The rows that show how things were when they were fine: to be written by you.",
            '    reference: "1 = 1"',
            "    chunks: {count: 10}",
        ]
        if not guess.id:
            lines.append("    id: id   # no such column was found: name the one that orders rows")
    if guess.score:
        lines += ["    model:", f"      score: {_yaml(guess.score)}   # the probability"]
        if guess.label:
            lines.append(f"      label: {_yaml(guess.label)}")
        lines.append("      positive: 1   # the label's positive value")
        if guess.target:
            lines += ["    target:", f"      column: {_yaml(guess.target)}"]
            lines += [
                "      # relation: outcomes    # where it is in a table of its own",
                "      # on: id",
            ]
    lines += _features(guess)
    lines += [
        "    # segments: [country]   # the same metrics once more for each value",
        "    # thresholds:",
        "    #   - {family: drift, metric: jensen_shannon, constant: {upper: 0.1}}",
    ]
    return "\n".join(lines) + "\n"


def _features(guess: Guess) -> list[str]:
    if not guess.numeric and not guess.categorical:
        return ["    features: all   # every usable column that is not used otherwise"]
    lines = ["    features:"]
    for kind, names in (("numeric", guess.numeric), ("categorical", guess.categorical)):
        if names:
            lines += [f"      {kind}:", *(f"        - {_yaml(name)}" for name in names)]
    return lines


def _yaml(text: str) -> str:
    is_plain = PLAIN.fullmatch(text) and text.casefold() not in YAML_WORDS
    return text if is_plain else _quoted(text)


def _quoted(text: str) -> str:
    # A JSON string is a YAML string.
    return json.dumps(text, ensure_ascii=False)
