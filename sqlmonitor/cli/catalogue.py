"""Commands that describe the package itself: metrics, schema."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from sqlmonitor.cli.settings import global_options

if TYPE_CHECKING:
    from sqlmonitor.metrics import Metric

__all__ = ["metrics", "schema"]

FORMATS = ("table", "csv", "json", "markdown")
MARK = "*"
INDENT = 19
SHORTEST_FORMULA = 20


@click.command(epilog="Example: sqlmonitor metrics jensen_shannon roc_auc")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@global_options
def metrics(names: tuple[str, ...], format_: str) -> None:
    """List every metric by family, or say all that is declared about those named, one by one or by family."""
    from sqlmonitor.cli.described import described
    from sqlmonitor.errors import ConfigurationError
    from sqlmonitor.metrics import CATALOGUE

    families = dict.fromkeys(metric.family for metric in CATALOGUE.values())
    for name in names:
        if name not in CATALOGUE and name not in families:
            raise ConfigurationError(f"unknown metric '{name}'", allowed=[*CATALOGUE, *families], word=name)
    every = CATALOGUE.values()
    chosen = [metric for metric in every if not names or metric.name in names or metric.family in names]
    if format_ == "json":
        click.echo(json.dumps([described(one) for one in chosen], indent=1, ensure_ascii=False))
    elif format_ == "csv":
        click.echo(_csv([described(one) for one in chosen]), nl=False)
    elif format_ == "markdown":
        from sqlmonitor.cli import page

        click.echo(f"{page.families(chosen)}\n{page.formulas(chosen)}", nl=False)
    elif any(name in CATALOGUE for name in names):
        _describe(chosen)
    else:
        _list(chosen)


@click.command(epilog="Example: sqlmonitor schema > sqlmonitor.schema.json")
@global_options
def schema() -> None:
    """Print the JSON Schema of the project file, for editors."""
    from sqlmonitor.definitions import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def _describe(chosen: Sequence[Metric]) -> None:
    from rich.text import Text

    from sqlmonitor.cli.described import in_words
    from sqlmonitor.cli.summary import console, plain_table, put

    out = console()
    for number, metric in enumerate(chosen):
        if number:
            out.print()
        words = in_words(metric)
        out.print(Text(words.pop("metric"), style="bold"))
        table = plain_table("", "", show_header=False)
        table.columns[0].min_width = INDENT
        for about, text in words.items():
            table.add_row(Text(f"  {about}"), Text(text))
        put(table, out)


def _list(chosen: Sequence[Metric]) -> None:
    from rich.text import Text

    from sqlmonitor.cli.described import scope
    from sqlmonitor.cli.summary import console
    from sqlmonitor.metrics import FAMILIES

    out = console()
    name_width = max(len(one.name) for one in chosen)
    scope_width = max(len(scope(one)) for one in chosen)
    for family, question in FAMILIES.items():
        inside = [one for one in chosen if one.family == family]
        if not inside:
            continue
        out.print(Text.assemble((family, "bold"), f": {question}"))
        for metric in inside:
            mark = MARK if metric.is_default else " "
            start = f"  {mark} {metric.name:<{name_width}}  {scope(metric):<{scope_width}}  "
            formula = Text(metric.formula)
            formula.truncate(max(out.width - len(start), SHORTEST_FORMULA), overflow="ellipsis")
            click.echo(f"{start}{formula.plain}")
        out.print()
    click.echo(f"{MARK} computed by default; the others where the project file names them under `metrics`")
    click.echo("More about one: sqlmonitor metrics NAME")


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {key: ", ".join(value) if isinstance(value, list) else value for key, value in row.items()}
        )
    return text.getvalue()
