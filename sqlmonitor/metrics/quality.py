"""Data quality, as shares of rows, read from stored histograms."""

from sqlmonitor.metrics.metric import DefaultThreshold, Metric

NONE_ALLOWED = DefaultThreshold(kind="constant", upper=0)
OUTSIDE = "sum(case when bin = -1 then row_count else 0 end)"

METRICS = (
    Metric(
        name="missing",
        family="quality",
        template="quality/shares.sql",
        columns="both",
        formula="share of rows that are NULL or NaN",
        lower_limit=0,
        upper_limit=1,
        needs="bins",
        parameters=(("name", "'missing'"), ("count", "max(missing_count)")),
    ),
    Metric(
        name="unseen",
        family="quality",
        template="quality/shares.sql",
        columns="categorical",
        formula="share of rows with a level that the reference lacks; NULL is not unseen",
        lower_limit=0,
        upper_limit=1,
        default_threshold=NONE_ALLOWED,
        needs="bins",
        parameters=(("name", "'unseen'"), ("count", OUTSIDE), ("condition", "not is_numeric")),
    ),
    Metric(
        name="out_of_range",
        family="quality",
        template="quality/shares.sql",
        columns="numeric",
        formula="share of rows below the reference's minimum or above its maximum; NULL is not out of range",
        lower_limit=0,
        upper_limit=1,
        default_threshold=NONE_ALLOWED,
        needs="bins",
        parameters=(("name", "'out_of_range'"), ("count", OUTSIDE), ("condition", "is_numeric")),
    ),
)
