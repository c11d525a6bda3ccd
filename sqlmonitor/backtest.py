"""Back-test of the estimate: what was estimated beside what was realized, where labels have come."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sqlmonitor.metrics import CATALOGUE

__all__ = ["COLUMNS", "LEAST_CHUNKS", "LEAST_SHARE", "Record", "compare", "records"]

KEYS = ["monitor", "period", "chunk", "segment_column", "segment_value", "metric", "component"]
COLUMNS = (
    *KEYS,
    *("is_partial", "estimated", "lower_bound", "upper_bound", "realized", "difference", "standard_error"),
    *("is_in_band", "row_count", "unused_count"),
)
LEAST_SHARE = 0.9
"""Of the chunks, that must be in the band for an estimate to be trusted: three standard errors hold 99.7 %."""
LEAST_CHUNKS = 3
"""With labels, before anything is said of an estimate."""


def compare(results: pd.DataFrame) -> pd.DataFrame:
    """Sets every estimate of the monitor's own chunks beside its realized value.

    Totals and the confusion matrix are left out, since those realized are of the rows with labels alone, and so
    are values without a band. The difference's standard error is the realized value's: the same rows are in both values,
    whose common part cancels, so it is at most that, for labels that are missing at random. How far off the
    calibration is that the reference gave is not in it.

    Args:
        results: rows of the store's table ``results``.

    Returns:
        A row with ``COLUMNS`` for every chunk, segment, metric and component that has both values, in the
        order of the keys: ``difference`` is estimated minus realized, ``is_partial`` says that labels are
        still to come, ``row_count`` and ``unused_count`` are the realized value's.
    """
    banded = results["lower_bound"].notna() & results["upper_bound"].notna() & results["value"].notna()
    is_own = (results["chunk_length"] == "") & (results["compared_with"] == "")
    rows = results[is_own & banded & ~_is_total(results)]
    estimated = rows[rows["family"] == "estimated"].set_index(KEYS)
    realized = rows[rows["family"] == "realized"].set_index(KEYS)
    bands = estimated[["value", "lower_bound", "upper_bound"]].rename(columns={"value": "estimated"})
    found = realized[["value", "standard_error", "is_partial", "row_count", "unused_count"]]
    table = bands.join(found.rename(columns={"value": "realized"}), how="inner").sort_index()
    table = table.assign(
        difference=table["estimated"] - table["realized"],
        is_in_band=(table["realized"] >= table["lower_bound"]) & (table["realized"] <= table["upper_bound"]),
    )
    return table.reset_index()[list(COLUMNS)]


def _is_total(results: pd.DataFrame) -> pd.Series:
    counts = {name for name, metric in CATALOGUE.items() if metric.unit == "rows"}
    # A value matrix has its total beside the value of one prediction.
    totals = set(results.loc[results["component"] == "per_prediction", "metric"])
    return results["metric"].isin(counts) | (results["metric"].isin(totals) & (results["component"] == ""))


@dataclass(frozen=True)
class Record:
    """How the estimates of one metric have done, over the whole chunks of the analysis with labels.

    Args:
        metric: its name.
        component: ``per_prediction`` of a value matrix, else empty.
        chunk_count: chunks that have both values and are not partial: past ``maturity``, or with enough labels.
        in_band_count: those whose realized value lies in the estimate's band.
        mean_difference: of estimated minus realized.
        newest_difference: the newest chunk's.
    """

    metric: str
    component: str
    chunk_count: int
    in_band_count: int
    mean_difference: float
    newest_difference: float

    @property
    def is_trusted(self) -> bool:
        """False where realized values left the band more often than chance lets them; few chunks say nothing."""
        return self.chunk_count < LEAST_CHUNKS or self.in_band_count >= LEAST_SHARE * self.chunk_count


def records(table: pd.DataFrame) -> list[Record]:
    """How each metric of the whole population has done.

    Args:
        table: as :func:`compare` gives it, of one monitor.
    """
    rows = table[(table["period"] == "analysis") & (table["segment_column"] == "") & ~table["is_partial"]]
    rows = rows[rows["component"].isin(["", "per_prediction"])]
    found = []
    for _, one in rows.groupby(["metric", "component"], sort=False):
        found.append(
            Record(
                metric=str(one["metric"].iloc[0]),
                component=str(one["component"].iloc[0]),
                chunk_count=len(one),
                in_band_count=int(one["is_in_band"].sum()),
                mean_difference=float(one["difference"].mean()),
                newest_difference=float(one["difference"].iloc[-1]),
            )
        )
    ranks = {name: rank for rank, name in enumerate(CATALOGUE)}
    return sorted(found, key=lambda one: (ranks.get(one.metric, len(ranks)), one.metric))
