"""Steps that count and name the chunks."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.metrics import CATALOGUE
from sqlmonitor.plan import Check
from sqlmonitor.planner.draft import Draft
from sqlmonitor.planner.figures import figures
from sqlmonitor.source import parse, put


def add_chunks(draft: Draft) -> None:
    """Adds the chunks with their names and borders, and row_count."""
    chunks = draft.monitor.chunks
    time = {"expression": draft.source.time(), "alias": exp.to_identifier("row_time")}
    kpis, columns = figures(draft)
    counts = draft.add(
        "chunk_counts",
        "count rows by chunk",
        "chunk/chunk_counts.sql",
        kpis != [],
        rows=draft.source.rows([time, *columns, *draft.segment_columns()], reads_target=bool(kpis)),
        segments=draft.segments,
        kpis=kpis,
    )
    if chunks.period is not None:
        start = parse(dialects.PERIOD_START[chunks.period])
        named = {
            "chunk_start": start,
            "chunk_end": put(dialects.PERIOD_START[chunks.period], sequence=parse("sequence + 1")),
            "chunk_name": parse(
                dialects.PERIOD_NAME[chunks.period].format(start=dialects.PERIOD_START[chunks.period])
            ),
        }
    else:
        named = {
            "chunk_start": parse("first_time"),
            "chunk_end": parse("last_time"),
            "chunk_name": parse("lpad(cast(sequence as varchar), 6, '0')"),
        }
        named |= {"full_size": parse(str(chunks.size))} if chunks.size else {"is_by_count": parse("1")}
    step = draft.add("chunks", "name chunks", "chunk/chunks.sql", chunk_counts=counts, **named)
    draft.checks.append(
        Check(
            after=step.name,
            sql=f"select 1 as one having (select count(*) from {step.table} where period = 'reference') = 0",
            message=f"monitor '{draft.monitor.name}': the reference has no rows",
            remedy="check `reference`, `where` and the timestamp column",
        )
    )
    if any(metric.name == "row_count" for metric in draft.metrics["summary"]):
        draft.values.append(
            draft.add("row_count", "row_count", CATALOGUE["row_count"].template, chunk_counts=counts)
        )
    if kpis:
        draft.values.append(
            draft.add(
                "kpi_values", "business figures as rows", "kpi/values.sql", chunk_counts=counts, kpis=kpis
            )
        )
