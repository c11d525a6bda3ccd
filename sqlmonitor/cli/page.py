"""The catalogue as Markdown, for pages such as the README."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmonitor.cli.described import scope, value_range
from sqlmonitor.metrics import FAMILIES, Metric

__all__ = ["families", "formulas"]

OF_ONES_OWN = "of your own: a value per confusion cell, or any SQL aggregate over predictions and labels"


def families(metrics: Sequence[Metric]) -> str:
    """A table of what each family answers, and with which metrics.

    Args:
        metrics: the entries to show; families without one are left out, but for KPIs.
    """
    lines = ["| family | the question | metrics |", "|---|---|---|"]
    for family, question in FAMILIES.items():
        inside = [one for one in metrics if one.family == family]
        if family == "kpi" or inside:
            lines.append(f"| `{family}` | {question} | {_names(inside) or OF_ONES_OWN} |")
    return "\n".join([*lines, ""])


def formulas(metrics: Sequence[Metric]) -> str:
    """A table with a line for each metric."""
    lines = ["| metric | for | by default | formula | range | unit |", "|---|---|---|---|---|---|"]
    for one in metrics:
        default = "yes" if one.is_default else "on request"
        cells = (f"`{one.name}`", scope(one), default, one.formula, value_range(one), one.unit)
        lines.append(f"| {' | '.join(_cell(text) for text in cells)} |")
    return "\n".join([*lines, ""])


def _names(metrics: Sequence[Metric]) -> str:
    groups: dict[str, list[str]] = {}
    for one in metrics:
        # Kinds of column are told by the table below; only what hangs on the task is told apart here.
        group = scope(one) if one.tasks else ""
        groups.setdefault(group if one.is_default else f"on request{group and f', {group}'}", []).append(
            f"`{one.name}`"
        )
    # What is computed by default stands first.
    ordered = sorted(groups.items(), key=lambda group: group[0].startswith("on request"))
    return "; ".join(f"{f'{group}: ' if group else ''}{', '.join(names)}" for group, names in ordered)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
