"""Distances between a chunk's histogram and the reference's."""

from sqlmonitor.metrics.metric import UPPER_SIDE, DefaultThreshold, Metric


def complementary_error_function(argument: str) -> str:
    """SQL for erfc of a non-negative column: a series below 2, a continued fraction above.

    Args:
        argument: name of the column.

    Returns:
        An expression whose absolute error is below 1e-10.

    Source: Abramowitz and Stegun 1964, 7.1.6 and 7.1.14.
    """
    coefficient = 1.0
    terms = []
    for order in range(34):
        terms.append(f"{coefficient!r} * power({argument}, {2 * order + 1})")
        coefficient *= 2 / (2 * order + 3)
    fraction = argument
    for step in range(24, 0, -1):
        fraction = f"({argument} + {step / 2!r} / {fraction})"
    density = f"exp(-{argument} * {argument}) / sqrt(pi())"
    return f"case when {argument} < 2 then 1 - 2 * {density} * ({' + '.join(terms)}) else {density} / {fraction} end"


METRICS = (
    Metric(
        name="jensen_shannon",
        family="drift",
        template="distance/jensen_shannon.sql",
        needs="bins",
        columns="both",
        formula="sqrt(½ Σ p log2(2p/(p+q)) + q log2(2q/(p+q))) over Doane bins or levels, one more for everything outside",
        source="Lin 1991",
        lower_limit=0,
        upper_limit=1,
        null_when="either side has no values",
        default_threshold=UPPER_SIDE,
    ),
    Metric(
        name="kolmogorov_smirnov",
        family="drift",
        template="distance/kolmogorov_smirnov.sql",
        needs="distribution_functions",
        columns="numeric",
        formula="sup |F − G|",
        source="Smirnov 1948",
        lower_limit=0,
        upper_limit=1,
        null_when="either side has no values",
        default_threshold=UPPER_SIDE,
    ),
    Metric(
        name="wasserstein",
        family="drift",
        template="distance/wasserstein.sql",
        needs="distribution_functions",
        columns="numeric",
        formula="∫ |F − G|",
        source="Vallender 1974",
        unit="the column's",
        lower_limit=0,
        null_when="either side has no values, or an infinite one",
        default_threshold=UPPER_SIDE,
    ),
    Metric(
        name="l_infinity",
        family="drift",
        template="distance/l_infinity.sql",
        needs="bins",
        columns="categorical",
        formula="max |p − q| over levels",
        lower_limit=0,
        upper_limit=1,
        null_when="either side has no values",
        default_threshold=UPPER_SIDE,
    ),
    Metric(
        name="chi_square",
        family="drift",
        template="distance/chi_square.sql",
        needs="bins",
        columns="categorical",
        formula="Σ (observed − expected)² / expected of the table of levels by reference and chunk",
        source="Pearson 1900",
        lower_limit=0,
        null_when="either side has no values",
        default_threshold=DefaultThreshold(kind="p_value"),
        parameters=(("erfc", complementary_error_function("root")),),
    ),
)
