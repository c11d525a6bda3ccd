"""Performance of a regression, realized, over sums of errors; an error is prediction - target."""

from sqlmonitor.metrics.metric import Component, Metric

REGRESSION = ("regression",)
MEAN_SQUARE = "(squared_sum / n)"
MEAN_SQUARED_LOG = "(log_squared_sum / n)"
TARGET_VARIANCE = "(target_deviation * target_deviation)"
UNEXPLAINED = f"({MEAN_SQUARE} / nullif({TARGET_VARIANCE}, 0))"


def standard_error(total: str, squares: str) -> str:
    """SQL for the standard error of a mean, std / sqrt(n).

    Args:
        total: column with the sum of the values.
        squares: column with the sum of their squares.
    """
    return f"sqrt(greatest({squares} / n - ({total} / n) * ({total} / n), 0) / n)"


def root_error(total: str, squares: str) -> str:
    """SQL for the standard error of a mean's root: the mean's own, over twice the root (delta method)."""
    return f"{standard_error(total, squares)} / nullif(2 * sqrt({total} / n), 0)"


def error(
    name: str,
    formula: str,
    component: Component,
    *,
    unit: str = "",
    null_when: str = "no row with a target and a prediction, or an infinite value",
    lower_limit: float | None = 0,
    upper_limit: float | None = None,
    source: str = "",
) -> Metric:
    """A metric of a regression."""
    return Metric(
        name=name,
        family="performance",
        template="error/metrics.sql",
        tasks=REGRESSION,
        formula=formula,
        source=source,
        lower_limit=lower_limit,
        upper_limit=upper_limit,
        unit=unit,
        null_when=null_when,
        components=(component,),
    )


def logarithmic(value: str, error_of_value: str) -> Component:
    """A value over squared differences of logarithms."""
    return Component(
        value=value,
        standard_error=error_of_value,
        undefined="negative_count",
        undefined_note="negative targets or predictions, whose logarithm is not defined",
    )


# 1 - r_squared is a ratio of two means, of e² and of (y - mean)². Its influence is that of
# d = e² - ratio · (y - mean)², over the target's variance; these are the variances d is made of.
TARGET_SPREAD = (
    "(target_fourth - 4 * target_mean * target_third + 6 * target_mean * target_mean * target_second"
    f" - 3 * target_mean * target_mean * target_mean * target_mean - {TARGET_VARIANCE} * {TARGET_VARIANCE})"
)
JOINT_SPREAD = (
    "((squared_target_square_sum - 2 * target_mean * squared_target_sum"
    f" + target_mean * target_mean * squared_sum) / n - {MEAN_SQUARE} * {TARGET_VARIANCE})"
)
INFLUENCE = (
    f"(fourth_sum / n - {MEAN_SQUARE} * {MEAN_SQUARE} + {UNEXPLAINED} * {UNEXPLAINED} * {TARGET_SPREAD}"
    f" - 2 * {UNEXPLAINED} * {JOINT_SPREAD})"
)

METRICS = (
    error(
        "mae",
        "Σ |e| / n",
        Component(value="absolute_sum / n", standard_error=standard_error("absolute_sum", "squared_sum")),
        unit="the target's",
    ),
    error(
        "mape",
        "Σ |e / y| / n",
        Component(
            value="relative_sum / n",
            standard_error=standard_error("relative_sum", "relative_squared_sum"),
            undefined="zero_count",
            undefined_note="targets of 0, to which no error is relative",
        ),
        null_when="no row with a target and a prediction, an infinite value, or a target of 0",
    ),
    error(
        "mse",
        "Σ e² / n",
        Component(value=MEAN_SQUARE, standard_error=standard_error("squared_sum", "fourth_sum")),
        unit="the target's, squared",
    ),
    error(
        "rmse",
        "sqrt(Σ e² / n)",
        Component(value=f"sqrt({MEAN_SQUARE})", standard_error=root_error("squared_sum", "fourth_sum")),
        unit="the target's",
    ),
    error(
        "msle",
        "Σ (ln(1 + ŷ) − ln(1 + y))² / n",
        logarithmic(MEAN_SQUARED_LOG, standard_error("log_squared_sum", "log_fourth_sum")),
        null_when="no row with a target and a prediction, an infinite value, or a negative one",
    ),
    error(
        "rmsle",
        "sqrt(Σ (ln(1 + ŷ) − ln(1 + y))² / n)",
        logarithmic(f"sqrt({MEAN_SQUARED_LOG})", root_error("log_squared_sum", "log_fourth_sum")),
        null_when="no row with a target and a prediction, an infinite value, or a negative one",
    ),
    error(
        "mean_error",
        "Σ e / n, above 0 where the model predicts too much",
        Component(value="error_sum / n", standard_error=standard_error("error_sum", "squared_sum")),
        unit="the target's",
        lower_limit=None,
    ),
    error(
        "r_squared",
        "1 − Σ e² / Σ (y − mean y)²",
        Component(
            value=f"1 - {UNEXPLAINED}",
            # Moments about zero lose their digits where the mean is far from it, in deviations.
            standard_error=(
                "case when abs(target_mean) <= 1000 * target_deviation"
                f" then sqrt(greatest({INFLUENCE}, 0) / n) / nullif({TARGET_VARIANCE}, 0) end"
            ),
            undefined="(case when target_deviation = 0 then row_count else 0 end)",
            undefined_note="targets, all of them equal",
        ),
        null_when="no row with a target and a prediction, an infinite value, or all targets equal",
        lower_limit=None,
        upper_limit=1,
    ),
)
