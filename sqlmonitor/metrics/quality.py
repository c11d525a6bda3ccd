"""Data quality, as shares of rows, read from stored histograms; duplicates from the ids."""

from sqlmonitor.metrics.metric import Component, DefaultThreshold, Metric

NONE_ALLOWED = DefaultThreshold(kind="constant", upper=0)
OUTSIDE = "sum(case when bin = -1 then row_count else 0 end)"
BEYOND_THE_FIRST = "(row_count - distinct_count)"
SCAN_OF_IDS = "a scan of the id column, with every distinct id in memory; only where it is asked for"

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
        null_when="the reference has no values",
        default_threshold=NONE_ALLOWED,
        needs="bins",
        parameters=(
            ("name", "'out_of_range'"),
            # Without a range, nothing is outside of it.
            ("count", f"case when max(reference_size) > 0 then {OUTSIDE} end"),
            ("condition", "is_numeric"),
        ),
    ),
    Metric(
        name="duplicates",
        family="quality",
        template="quality/duplicates.sql",
        formula="rows beyond the first of their id within the chunk / rows with an id; NULL is no id",
        lower_limit=0,
        upper_limit=1,
        null_when="no row has an id",
        default_threshold=NONE_ALLOWED,
        components=(
            Component(value=f"{BEYOND_THE_FIRST} / cast(row_count as double)", standard_error="null"),
        ),
        cost=SCAN_OF_IDS,
        is_default=False,
    ),
    Metric(
        name="duplicate_count",
        family="quality",
        template="quality/duplicates.sql",
        formula="rows beyond the first of their id within the chunk",
        lower_limit=0,
        unit="rows",
        null_when="no row has an id",
        default_threshold=NONE_ALLOWED,
        components=(Component(value=BEYOND_THE_FIRST, standard_error="null"),),
        cost=SCAN_OF_IDS,
        is_default=False,
    ),
)
