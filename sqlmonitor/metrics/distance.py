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
        name="hellinger",
        family="drift",
        is_default=False,
        template="distance/hellinger.sql",
        needs="bins",
        columns="both",
        formula="sqrt(½ Σ (√p − √q)²) over Doane bins or levels, one more for everything outside",
        source="Hellinger 1909",
        lower_limit=0,
        upper_limit=1,
        null_when="either side has no values",
        default_threshold=UPPER_SIDE,
    ),
    Metric(
        name="total_variation",
        family="drift",
        is_default=False,
        template="distance/total_variation.sql",
        needs="bins",
        columns="both",
        formula="½ Σ |p − q| over Doane bins or levels, one more for everything outside",
        source="Levin, Peres and Wilmer 2009",
        lower_limit=0,
        upper_limit=1,
        null_when="either side has no values",
        default_threshold=UPPER_SIDE,
    ),
    Metric(
        name="population_stability_index",
        family="drift",
        is_default=False,
        template="distance/population_stability_index.sql",
        needs="deciles",
        columns="both",
        formula=(
            "Σ (p − q) ln(p/q) over the reference's deciles, or levels and one more for all unseen, "
            "p = (count + ½)/(n + ½ cells)"
        ),
        source="Jeffreys 1946; Siddiqi 2006",
        lower_limit=0,
        null_when="either side has no values",
        default_threshold=UPPER_SIDE,
    ),
    Metric(
        name="kolmogorov_smirnov",
        family="drift",
        template="distance/kolmogorov_smirnov.sql",
        needs=("chunk_cells", "reference_shapes"),
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
        needs=("chunk_areas", "reference_shapes"),
        columns="numeric",
        formula="∫ |F − G|",
        source="Vallender 1974",
        unit="the column's",
        lower_limit=0,
        null_when="either side has no values, or an infinite one",
        default_threshold=UPPER_SIDE,
        parameters=(("name", "'wasserstein'"), ("unit", "1e0")),
    ),
    Metric(
        name="wasserstein_normalized",
        family="drift",
        is_default=False,
        template="distance/wasserstein.sql",
        needs=("chunk_areas", "reference_shapes"),
        columns="numeric",
        formula="∫ |F − G| / population standard deviation of the column's whole reference",
        source="Vallender 1974",
        unit="reference standard deviations",
        lower_limit=0,
        null_when="either side has no values, or an infinite one, or all values of the reference are equal",
        default_threshold=UPPER_SIDE,
        parameters=(("name", "'wasserstein_normalized'"), ("unit", "reference_deviation")),
    ),
    Metric(
        name="l_infinity",
        family="drift",
        template="distance/l_infinity.sql",
        needs="bins",
        columns="categorical",
        formula="max |p − q| over levels",
        source="Chebyshev's distance",
        lower_limit=0,
        upper_limit=1,
        null_when="either side has no values",
        default_threshold=UPPER_SIDE,
    ),
    Metric(
        name="chi_square",
        family="drift",
        template="distance/chi_square.sql",
        needs=("contingency", "chi_square_tail"),
        columns="categorical",
        formula="Σ (observed − expected)² / expected of the table of levels by reference and chunk",
        source="Pearson 1900",
        lower_limit=0,
        null_when="either side has no values",
        default_threshold=DefaultThreshold(kind="p_value"),
    ),
    Metric(
        name="cramers_v",
        family="drift",
        is_default=False,
        template="distance/cramers_v.sql",
        needs="contingency",
        columns="categorical",
        formula=(
            "sqrt(max(0, χ²/N − d/(N−1)) / min(1 − 1/(N−1), d − d²/(N−1))), χ² without Yates' correction, "
            "d = levels − 1, N rows of both sides"
        ),
        source="Bergsma 2013",
        lower_limit=0,
        upper_limit=1,
        null_when="either side has no values",
        default_threshold=UPPER_SIDE,
    ),
)
