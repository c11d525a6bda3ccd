"""Steps that count and name the chunks."""

from __future__ import annotations

from sqlglot import exp

from sqlmonitor import dialects
from sqlmonitor.definitions import Monitor
from sqlmonitor.metrics import CATALOGUE
from sqlmonitor.plan import Check, Step
from sqlmonitor.planner.draft import Draft, text
from sqlmonitor.planner.features import LAST_NUMBER, are_few
from sqlmonitor.planner.figures import figures, joins_read, reads_target
from sqlmonitor.trees import parse, put


def add_chunks(draft: Draft) -> None:
    """Adds the chunks with their names and borders, and row_count."""
    chunks = draft.monitor.chunks
    time = {"expression": draft.source.time(), "alias": exp.to_identifier("row_time")}
    # Whether the user's condition for the reference gave NULL.
    undecided = {"expression": parse("is_reference is null"), "alias": exp.to_identifier("is_undecided")}
    kpis, parts, columns = figures(draft)
    counts = draft.add(
        "chunk_counts",
        "count rows by chunk",
        "chunk/chunk_counts.sql",
        kpis != [],
        rows=draft.source.rows(
            [time, undecided, *columns, *draft.segment_columns()],
            reads_target=reads_target(columns),
            joins=joins_read(draft.source, columns),
        ),
        segments=draft.segments,
        kpis=kpis,
        parts=parts,
        **({"last_number": LAST_NUMBER} if are_few(chunks) else {}),
    )
    if chunks.period is not None:
        named = by_period(chunks.period)
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
    draft.checks.append(
        Check(
            after=counts.name,
            sql=f"select segment_column as example from {counts.table} "
            "group by chunk_number, segment_column, segment_value having count(*) > 1 limit 1",
            message=f"monitor '{draft.monitor.name}': segment '{{example}}' has both missing values and the text "
            "'(missing)', which stands for them",
            remedy="write the text otherwise in `predictions: {sql: …}`",
        )
    )
    if not draft.only_reference:
        draft.checks += [segment_check(draft, counts, index) for index in segment_thresholds(draft.monitor)]
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


def by_period(period: str) -> dict[str, exp.Expr]:
    """What ``chunk/chunks.sql`` takes to name chunks by period."""
    start = dialects.PERIOD_START[period]
    return {
        "chunk_start": parse(start),
        "chunk_end": put(start, sequence=parse("sequence + 1")),
        "chunk_name": parse(dialects.PERIOD_NAME[period].format(start=start)),
    }


def segment_thresholds(monitor: Monitor) -> list[int]:
    """Positions of the thresholds that are for one value of a segment."""
    return [
        index for index, threshold in enumerate(monitor.thresholds) if threshold.segment_value is not None
    ]


def segment_check(draft: Draft, counts: Step, index: int) -> Check:
    """That some row has the segment's value of a threshold, which else would never alert."""
    threshold = draft.monitor.thresholds[index]
    column, value = threshold.segment_column or "", threshold.segment_value or ""
    error = draft.monitor.error(
        f"thresholds[{index}].segment", f"matches no segment: no row has {column} = '{value}'"
    )
    of_column = f"segment_column = {text(column).sql('duckdb')}"
    return Check(
        after=counts.name,
        sql=f"select string_agg(distinct segment_value, ', ' order by segment_value) as found from {counts.table} where {of_column} "
        f"having sum(case when segment_value = {text(value).sql('duckdb')} then 1 else 0 end) = 0",
        message=f"{error.headline()}; there are: {{found}}",
        remedy="write the value as it stands in the results, or leave the threshold out",
    )
