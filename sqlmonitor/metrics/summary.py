"""Plain summaries of chunks and columns."""

from sqlmonitor.metrics.metric import Metric

DEVIATION = "sqrt(square_sum / (n - 1))"
# (fourth moment - (n - 3)/(n - 1) of the squared variance) / n is the variance of the sample variance.
DEVIATION_ERROR = (
    "sqrt(greatest(fourth_sum / n - (n - 3) / (n - 1) * power(square_sum / (n - 1), 2), 0) / n)"
    f" / (2 * nullif({DEVIATION}, 0))"
)


def summary(
    name: str,
    formula: str,
    value: str,
    standard_error: str = "cast(null as double)",
    *,
    null_when: str = "no values, or an infinite one",
    lower_limit: float | None = None,
    keeps: tuple[str, ...] = (),
    is_default: bool = False,
) -> Metric:
    """A summary of numeric columns that is a formula over ``moments``."""
    return Metric(
        name=name,
        family="summary",
        template="summary/moments.sql",
        needs="moments",
        columns="numeric",
        formula=formula,
        unit="the column's",
        null_when=null_when,
        lower_limit=lower_limit,
        keeps=keeps,
        is_default=is_default,
        parameters=(("name", f"'{name}'"), ("value", value), ("standard_error", standard_error)),
    )


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
    summary(
        "mean",
        "Σ x / n, missing values left out",
        "mean",
        "sqrt(square_sum / nullif(n * (n - 1), 0))",
        is_default=True,
    ),
    summary(
        "std",
        "sqrt(Σ (x − mean)² / (n − 1))",
        f"case when n > 1 then {DEVIATION} end",
        f"case when n > 3 then {DEVIATION_ERROR} end",
        null_when="fewer than two values, or an infinite one",
        lower_limit=0,
        keeps=("squares",),
    ),
    summary(
        "sum",
        "Σ x",
        "value_sum",
        "sqrt(square_sum / nullif(n - 1, 0) * n)",
    ),
    summary("min", "smallest value, to 1e-9 of the reference's range", "lowest_value", keeps=("extremes",)),
    summary("max", "largest value, to 1e-9 of the reference's range", "highest_value", keeps=("extremes",)),
    Metric(
        name="median",
        family="summary",
        template="summary/median.sql",
        needs="numeric",
        columns="numeric",
        formula="middle value, or the mean of the two middle ones; binned: inside one of about 1,000 cells",
        source="standard error: Woodruff 1952",
        unit="the column's",
        null_when="no values, or an infinite one in the middle",
        keeps=("extremes",),
        is_default=False,
    ),
    Metric(
        name="distinct_count",
        family="summary",
        template="summary/distinct_count.sql",
        needs="categorical",
        columns="categorical",
        formula="levels in the chunk; NULL is none",
        unit="levels",
        lower_limit=0,
        is_default=False,
    ),
)
