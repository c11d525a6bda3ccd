"""Plain summaries of chunks and columns."""

from sqlmonitor.metrics.metric import Metric

METRICS = (
    Metric(
        name="row_count",
        family="summary",
        template="summary/row_count.sql",
        needs="chunk_counts",
        formula="rows",
        unit="rows",
        lower_limit=0,
    ),
    Metric(
        name="mean",
        family="summary",
        template="summary/mean.sql",
        needs="numeric",
        columns="numeric",
        formula="Σ x / n, missing values left out",
        unit="the column's",
        null_when="no values, or an infinite one",
    ),
)
