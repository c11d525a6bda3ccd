"""Performance of a binary classifier, estimated and realized: confusion cells, ranks and scores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlmonitor.metrics.metric import UPPER_SIDE, Component, Metric

if TYPE_CHECKING:
    from sqlmonitor.definitions import Normalize

BINARY = ("binary_classification",)
CELLS = "cells/metrics.sql"


def proportion(hits: str, total: str, name: str = "") -> Component:
    """The share of ``hits`` in ``total`` of the confusion cells, 0 where there are none."""
    value = f"coalesce({hits} / nullif({total}, 0), 0)"
    # Sums of expected counts may pass their total by a rounding error, which no square root forgives.
    error = f"sqrt(greatest({value} * (1 - {value}), 0) / nullif({total}, 0))"
    return Component(name=name, value=value, standard_error=error)


def over_cells(
    name: str, formula: str, *components: Component, lower_limit: float = 0, source: str = ""
) -> Metric:
    """A metric whose components are formulas over the confusion cells, at most 1."""
    return Metric(
        name=name,
        family="performance",
        template=CELLS,
        tasks=BINARY,
        formula=formula,
        source=source,
        lower_limit=lower_limit,
        upper_limit=1,
        components=components,
    )


def delta_method(derivatives: dict[str, str]) -> str:
    """Standard error of a value that depends on the cells' proportions alone.

    Args:
        derivatives: SQL of the value's derivative by each confusion cell.

    Returns:
        SQL of sqrt(Σ cell · derivative²): multinomial cells, and the derivatives' mean over the cells
        is 0, because the value stays when all cells grow alike.
    """
    return f"sqrt({' + '.join(f'{cell} * power({slope}, 2)' for cell, slope in derivatives.items())})"


def mean_loss(name: str, formula: str, source: str, positive: str, negative: str, **more: Any) -> Metric:
    """A metric that is a mean of the rows' losses, which depend on the score and the label."""
    return Metric(
        name=name,
        family="performance",
        template="scoring/mean_loss.sql",
        tasks=BINARY,
        needs="score_cells",
        formula=formula,
        source=source,
        lower_limit=0,
        parameters=(("name", f"'{name}'"), ("positive_loss", positive), ("negative_loss", negative)),
        **more,
    )


CONFUSION_CELLS = ("true_positive", "false_positive", "false_negative", "true_negative")
POSITIVES = "(true_positive + false_negative)"
NEGATIVES = "(true_negative + false_positive)"
PREDICTED_POSITIVES = "(true_positive + false_positive)"
PREDICTED_NEGATIVES = "(true_negative + false_negative)"
F1_TOTAL = "(2 * true_positive + false_positive + false_negative)"
F1 = f"coalesce(2 * true_positive / nullif({F1_TOTAL}, 0), 0)"

RECALL = f"(true_positive / nullif({POSITIVES}, 0))"
SPECIFICITY = f"(true_negative / nullif({NEGATIVES}, 0))"
RECALL_VARIANCE = f"(true_positive * false_negative / power(nullif({POSITIVES}, 0), 3))"
SPECIFICITY_VARIANCE = f"(true_negative * false_positive / power(nullif({NEGATIVES}, 0), 3))"
BALANCED_ACCURACY = Component(
    value=f"coalesce(({RECALL} + {SPECIFICITY}) / 2, {RECALL}, {SPECIFICITY})",
    standard_error=(
        f"sqrt(coalesce(({RECALL_VARIANCE} + {SPECIFICITY_VARIANCE}) / 4, "
        f"{RECALL_VARIANCE}, {SPECIFICITY_VARIANCE}))"
    ),
)

MARGINS = f"nullif(sqrt({POSITIVES} * {NEGATIVES} * {PREDICTED_POSITIVES} * {PREDICTED_NEGATIVES}), 0)"
CORRELATION = f"coalesce((true_positive * true_negative - false_positive * false_negative) / {MARGINS}, 0)"


def correlation_slope(opposite: str, *margins: str) -> str:
    """Derivative of the correlation by a cell, from the other cell of its diagonal and its two margins."""
    lost = " + ".join(f"1 / nullif({margin}, 0)" for margin in margins)
    return f"({opposite} / {MARGINS} - {CORRELATION} / 2 * ({lost}))"


MATTHEWS_CORRELATION = Component(
    value=CORRELATION,
    standard_error=delta_method(
        {
            "true_positive": correlation_slope("true_negative", POSITIVES, PREDICTED_POSITIVES),
            "false_positive": correlation_slope("-false_negative", NEGATIVES, PREDICTED_POSITIVES),
            "false_negative": correlation_slope("-false_positive", POSITIVES, PREDICTED_NEGATIVES),
            "true_negative": correlation_slope("true_positive", NEGATIVES, PREDICTED_NEGATIVES),
        }
    ),
)

# What each cell of the confusion matrix is a share of, by the project file's `normalize`.
TOTALS = {
    "all": dict.fromkeys(CONFUSION_CELLS, "used"),
    "true": dict(zip(CONFUSION_CELLS, (POSITIVES, NEGATIVES, POSITIVES, NEGATIVES), strict=True)),
    "predicted": dict(
        zip(
            CONFUSION_CELLS,
            (PREDICTED_POSITIVES, PREDICTED_POSITIVES, PREDICTED_NEGATIVES, PREDICTED_NEGATIVES),
            strict=True,
        )
    ),
}


def normalized(metric: Metric, normalize: Normalize | None) -> Metric:
    """The confusion matrix as shares: of all rows, of the label's rows or of the prediction's rows.

    Args:
        metric: the entry of the catalogue, whose components are counts.
        normalize: what each cell is a share of; None leaves the metric as it is.
    """
    if normalize is None or metric.name != "confusion_matrix":
        return metric
    components = tuple(proportion(cell, total, cell) for cell, total in TOTALS[normalize].items())
    return replace(metric, components=components, unit="", upper_limit=1)


METRICS = (
    Metric(
        name="roc_auc",
        family="performance",
        template="ranking/roc_auc.sql",
        needs="score_cells",
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
        needs="score_cells",
        tasks=BINARY,
        formula="Σ (recall step) · precision, in order of falling score",
        lower_limit=0,
        upper_limit=1,
        null_when="no positives",
    ),
    over_cells(
        "f1",
        "2 TP / (2 TP + FP + FN), 0 where empty",
        Component(
            value=F1,
            standard_error=(
                f"sqrt(4 * true_positive * (1 - {F1}) * (1 - {F1}) + (false_positive + false_negative) * {F1} * {F1})"
                f" / nullif({F1_TOTAL}, 0)"
            ),
        ),
    ),
    over_cells(
        "precision", "TP / (TP + FP), 0 where empty", proportion("true_positive", PREDICTED_POSITIVES)
    ),
    over_cells("recall", "TP / (TP + FN), 0 where empty", proportion("true_positive", POSITIVES)),
    over_cells("specificity", "TN / (TN + FP), 0 where empty", proportion("true_negative", NEGATIVES)),
    over_cells("accuracy", "(TP + TN) / n", proportion("(true_positive + true_negative)", "used")),
    over_cells(
        "balanced_accuracy",
        "(recall + specificity) / 2; where one class only, the share of it that is right",
        BALANCED_ACCURACY,
        source="Brodersen et al. 2010",
    ),
    over_cells(
        "matthews_correlation",
        "(TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN)), 0 where a factor is 0",
        MATTHEWS_CORRELATION,
        lower_limit=-1,
        source="Matthews 1975",
    ),
    over_cells(
        "positive_rate",
        "(TP + FN) / n: share of rows whose label is positive (realized) or expected to be (estimated: "
        "mean calibrated score); not of those predicted positive, which is (TP + FP) / n",
        proportion(POSITIVES, "used"),
    ),
    Metric(
        name="confusion_matrix",
        family="performance",
        template=CELLS,
        tasks=BINARY,
        formula="expected or realized count of each cell; with normalize its share of all rows, of its true "
        "class or of its predicted class (0 where empty)",
        unit="rows",
        lower_limit=0,
        components=tuple(
            Component(name=cell, value=cell, standard_error=f"sqrt({cell} * greatest(1 - {cell} / used, 0))")
            for cell in CONFUSION_CELLS
        ),
    ),
    mean_loss(
        "log_loss",
        "mean of -ln(score) over positives and -ln(1 - score) over negatives, both scores at least 1e-15",
        "Good 1952",
        "-ln(greatest(score, 1e-15))",
        "-ln(greatest(1 - score, 1e-15))",
    ),
    mean_loss(
        "brier_score",
        "mean of (1 - score)² over positives and score² over negatives",
        "Brier 1950",
        "power(1 - score, 2)",
        "power(score, 2)",
        upper_limit=1,
    ),
    Metric(
        name="calibration_error",
        family="performance",
        template="scoring/calibration_error.sql",
        tasks=BINARY,
        needs=("score_cells", "choice"),
        formula="Σ |Σ score - positives| / n over ten bins of equal count, by score; estimated: from the mean "
        "calibrated score, NULL where scores are not calibrated. No standard error: its sampling distribution "
        "is far from normal near 0",
        source="Naeini et al. 2015",
        lower_limit=0,
        upper_limit=1,
        default_threshold=UPPER_SIDE,
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
