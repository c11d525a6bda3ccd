"""Performance of a binary classifier, estimated and realized, over confusion cells or ranks."""

from sqlmonitor.metrics.metric import Component, Metric

BINARY = ("binary_classification",)
CELLS = "cells/metrics.sql"


def share(name: str, hits: str, misses: str, meaning: str) -> Metric:
    """A metric that is the share of one cell in two, 0 where both are empty."""
    total = f"({hits} + {misses})"
    value = f"coalesce({hits} / nullif({total}, 0), 0)"
    return Metric(
        name=name,
        family="performance",
        template=CELLS,
        tasks=BINARY,
        formula=meaning,
        lower_limit=0,
        upper_limit=1,
        components=(
            Component(value=value, standard_error=f"sqrt({value} * (1 - {value}) / nullif({total}, 0))"),
        ),
    )


F1_TOTAL = "(2 * true_positive + false_positive + false_negative)"
F1 = f"coalesce(2 * true_positive / nullif({F1_TOTAL}, 0), 0)"
ACCURACY = "(true_positive + true_negative) / used"
CONFUSION_CELLS = ("true_positive", "false_positive", "false_negative", "true_negative")

METRICS = (
    Metric(
        name="roc_auc",
        family="performance",
        template="ranking/roc_auc.sql",
        tasks=BINARY,
        formula="P(score of a positive > score of a negative) + ½ P(equal)",
        source="DeLong et al. 1988",
        lower_limit=0,
        upper_limit=1,
        null_when="one class only",
    ),
    Metric(
        name="average_precision",
        family="performance",
        template="ranking/average_precision.sql",
        tasks=BINARY,
        formula="Σ (recall step) · precision, in order of falling score",
        lower_limit=0,
        upper_limit=1,
        null_when="no positives",
    ),
    Metric(
        name="f1",
        family="performance",
        template=CELLS,
        tasks=BINARY,
        formula="2 TP / (2 TP + FP + FN), 0 where empty",
        lower_limit=0,
        upper_limit=1,
        components=(
            Component(
                value=F1,
                standard_error=(
                    f"sqrt(4 * true_positive * (1 - {F1}) * (1 - {F1}) + (false_positive + false_negative) * {F1} * {F1})"
                    f" / nullif({F1_TOTAL}, 0)"
                ),
            ),
        ),
    ),
    share("precision", "true_positive", "false_positive", "TP / (TP + FP), 0 where empty"),
    share("recall", "true_positive", "false_negative", "TP / (TP + FN), 0 where empty"),
    share("specificity", "true_negative", "false_positive", "TN / (TN + FP), 0 where empty"),
    Metric(
        name="accuracy",
        family="performance",
        template=CELLS,
        tasks=BINARY,
        formula="(TP + TN) / n",
        lower_limit=0,
        upper_limit=1,
        components=(Component(value=ACCURACY, standard_error=f"sqrt({ACCURACY} * (1 - {ACCURACY}) / used)"),),
    ),
    Metric(
        name="confusion_matrix",
        family="performance",
        template=CELLS,
        tasks=BINARY,
        formula="expected or realized count of each cell",
        unit="rows",
        lower_limit=0,
        components=tuple(
            Component(name=cell, value=cell, standard_error=f"sqrt({cell} * (1 - {cell} / used))")
            for cell in CONFUSION_CELLS
        ),
    ),
)


def value_matrix(values: dict[str, float]) -> tuple[Component, ...]:
    """Total value of a chunk, and value per prediction, from the value of each confusion cell.

    Args:
        values: value of one row in each confusion cell, in the KPI's unit.

    Returns:
        The total, and the component ``per_prediction``, with std · √n and std / √n as standard error.
    """
    total = " + ".join(f"({values[cell]!r}) * {cell}" for cell in CONFUSION_CELLS)
    squares = " + ".join(f"({values[cell] ** 2!r}) * {cell}" for cell in CONFUSION_CELLS)
    variance = f"greatest(({squares}) / used - (({total}) / used) * (({total}) / used), 0)"
    return (
        Component(value=total, standard_error=f"sqrt({variance} * used)"),
        Component(
            name="per_prediction", value=f"({total}) / used", standard_error=f"sqrt({variance} / used)"
        ),
    )
