"""The results of a run as one long frame: filters, and the tables a summary is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from sqlmonitor import backtest
from sqlmonitor.definitions.comparison import LONGER, REFERENCES
from sqlmonitor.errors import ConfigurationError, DataError, InternalError, UnsupportedError
from sqlmonitor.long_frame import COLUMNS, COMPARED, comparison_of, typed
from sqlmonitor.metrics import CATALOGUE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLUMNS", "HEADLINE_METRICS", "Results", "comparison_of"]

HEADLINE_METRICS = ("roc_auc", "rmse", "mae", "accuracy", "f1")
"""The first of these that a monitor has stands for its performance in summaries."""

PERFORMANCE = ("estimated", "realized", "blended")

NOT_ASKED_FOR = (
    r"fewer than \d+ rows|scores are taken as they are: nothing to compare with"
    r"|(ids|aggregates) of merged chunks.*|no (chunk|value) before it to compare with"
)
"""Notes of values that are missing by the user's own choice, so nothing is wrong with them."""

Wanted = str | Sequence[str] | None


class Results:
    """Values of one or several monitors, one row per value.

    Args:
        frame: rows with the columns ``COLUMNS``.

    Raises:
        InternalError: a column is missing.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        missing = [name for name in COLUMNS if name not in frame.columns]
        if missing:
            raise InternalError(f"the results lack the columns {', '.join(missing)}")
        self._frame = typed(frame)

    def __len__(self) -> int:
        return len(self._frame)

    def __repr__(self) -> str:
        return repr(self._frame)

    def _repr_html_(self) -> str:
        return self._frame.to_html(max_rows=60)

    def to_pandas(self) -> pd.DataFrame:
        """All rows and columns, as a copy."""
        return self._frame.copy()

    def alerts(self) -> Results:
        """The rows whose value left its thresholds."""
        return self._where(_alerting(self._frame))

    def filter(
        self,
        *,
        family: Wanted = None,
        metric: Wanted = None,
        column: Wanted = None,
        component: Wanted = None,
        segment: Wanted = None,
        chunk: Wanted = None,
        period: str | None = None,
        compare: Wanted = None,
    ) -> Results:
        """Keep the rows that match everything given; several values of one kind are alternatives.

        Args:
            family: such as ``drift``; ``performance`` is ``estimated``, ``realized`` and ``blended``.
            metric: such as ``roc_auc``, or a KPI's name.
            column: a column's name.
            component: a class, a confusion cell or another part of a metric; an empty text for the
                metric itself.
            segment: ``origin`` for all segments of a column, ``origin=EWR`` for one of them, an
                empty text for the whole population.
            chunk: how chunks begin, such as ``2013-05`` or ``2013``.
            period: ``reference`` or ``analysis``.
            compare: such as ``week`` or ``week, previous``; an empty text for the monitor's own chunks.

        Returns:
            The matching rows.

        Raises:
            ConfigurationError: there are rows, but none at all has the value asked for.
        """
        frame = self._frame
        keep = pd.Series(True, index=frame.index)
        families = None
        if family is not None:
            families = [
                name for one in _listed(family) for name in (PERFORMANCE if one == "performance" else (one,))
            ]
            if "performance" in _listed(family):
                # Either half may be missing; only both missing is worth a complaint.
                present = set(frame["family"])
                families = [one for one in families if one in present] or families
        for key, wanted in (
            ("family", families),
            ("metric", metric),
            ("column_name", column),
            ("component", component),
            ("period", period),
        ):
            if wanted is not None:
                keep &= self._matches(key, _listed(wanted))
        if segment is not None:
            keep &= self._in_segments(_listed(segment))
        if chunk is not None:
            keep &= self._in_chunks(_listed(chunk))
        if compare is not None:
            keep &= self._in_comparisons(_listed(compare))
        return self._where(keep)

    def plot(
        self,
        metric: str,
        *,
        family: Wanted = None,
        column: str | None = None,
        component: str | None = None,
        segment: str = "",
        period: str | None = None,
        compare: str = "",
    ) -> Figure:
        """Draw one metric through the chunks, estimated and realized beside each other.

        Bands are values -/+ three standard errors, dashed lines the thresholds; red points alert, hollow ones
        are of partial chunks, and the reference is shaded.

        Args:
            metric: such as ``roc_auc``, or a KPI's name.
            family: such as ``realized``; all that the metric has where None.
            column: the column, where the metric has several.
            component: a class or a confusion cell; the metric itself where None.
            segment: such as ``origin=EWR``; the whole population where empty.
            period: ``reference`` or ``analysis``; both where None.
            compare: such as ``week`` or ``previous``; the monitor's own chunks where empty.

        Returns:
            A Matplotlib figure; ``figure.savefig("roc_auc.png")`` writes it, and notebooks show it.

        Raises:
            ConfigurationError: nothing is so named, or what is named is more than one series.
            UnsupportedError: Matplotlib is not there.
        """
        try:
            from sqlmonitor.chart import draw
        except ImportError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            raise UnsupportedError(
                "charts need Matplotlib, which is not installed",
                remedy="pip install 'sqlmonitor[plot]'",
            ) from error
        chosen = self.filter(
            metric=metric,
            family=family,
            column=column,
            component=component,
            segment=segment,
            period=period,
            compare=compare,
        )
        rows = chosen.to_pandas()
        if component is None and (rows["component"] == "").any():
            rows = rows[rows["component"] == ""]
        if rows.empty:
            raise ConfigurationError(f"no result has all of what was asked for of '{metric}'")
        names = dict.fromkeys(("monitor", "column_name", "component", "segment_value"), "")
        for name in names:
            several = sorted(set(rows[name]))
            if len(several) > 1:
                option = {"column_name": "column", "segment_value": "segment"}.get(name, name)
                if option == "segment":
                    several = [f"{segment}={value}" for value in several]
                raise ConfigurationError(
                    f"'{metric}' is of several {option}s, and a chart has one", allowed=several
                )
            names[name] = several[0]
        details = [names["column_name"], names["component"], segment, compare]
        title = " · ".join([metric, *(detail for detail in details if detail)])
        unit = CATALOGUE[metric].unit if metric in CATALOGUE else ""
        return draw(rows, title=f"{names['monitor']}: {title}", unit="" if unit.startswith("the ") else unit)

    def comparisons(self) -> list[str]:
        """Every comparison that there are results of, the monitor's own chunks first as an empty text."""
        return sorted(set(comparison_of(self._frame[COMPARED].drop_duplicates())))

    def newest_complete_chunk(self) -> Results:
        """The rows of the newest chunk of the analysis that is not partial, for each metric and comparison.

        Realized values are partial until their labels are mature, so their chunk is an earlier one; the share
        of rows that have a label is known at once, and says nothing of the others.

        Raises:
            DataError: there is none.
        """
        frame = self._frame
        complete = frame[(frame["period"] == "analysis") & ~frame["is_partial"]]
        if complete.empty:
            raise DataError(
                "there is no complete chunk after the reference yet",
                remedy="run again when the first chunk is complete, or make the chunks shorter",
            )
        newest = complete.groupby([*COMPARED, "family", "metric"])["chunk"].transform("max")
        return self._where((complete["chunk"] == newest).reindex(frame.index, fill_value=False))

    def not_computed(self) -> Results:
        """The rows that have no value; ``note`` says why."""
        return self._where(self._frame["value"].isna())

    def failed(self) -> Results:
        """The rows that have no value although one was asked for."""
        is_wanted = ~self._frame["note"].str.fullmatch(NOT_ASKED_FOR)
        return self._where(self._frame["value"].isna() & is_wanted)

    def limited(self) -> Results:
        """The rows whose value is held against limits: thresholds, or a p-value."""
        frame = self._frame
        limits = frame[["lower_threshold", "upper_threshold", "p_value"]].notna().any(axis=1)
        return self._where(frame["value"].notna() & frame["is_alert"].notna() & limits)

    def unlimited(self) -> Results:
        """The rows with a value for which no limit could be fitted; ``note`` says why."""
        return self._where(self._frame["value"].notna() & self._frame["is_alert"].isna())

    def headline_metric(self) -> str | None:
        """The metric that stands for performance here, or None where there is none."""
        frame = self._frame
        found = set(frame.loc[frame["family"].isin(PERFORMANCE), "metric"])
        return next((name for name in HEADLINE_METRICS if name in found), None)

    def chunks(self) -> pd.DataFrame:
        """Every chunk of the analysis: ``chunk``, ``is_partial``, ``row_count``, in order."""
        rows = self._whole_population()
        grouped = rows.groupby("chunk", sort=True)
        table = grouped.agg({"is_partial": "max", "row_count": "max"}).reset_index()
        return table[["chunk", "is_partial", "row_count"]]

    def headline(self) -> pd.DataFrame:
        """Estimated and realized performance of every chunk of the analysis.

        Returns:
            The rows of the headline metric for the whole population: ``chunk, family, metric,
            value, lower_threshold, upper_threshold, is_alert``.
        """
        rows = self._whole_population()
        chosen = (
            rows["family"].isin(PERFORMANCE)
            & (rows["metric"] == self.headline_metric())
            & (rows["component"] == "")
        )
        return _with_plain_alerts(rows[chosen])

    def kpis(self, names: Iterable[str] = ()) -> pd.DataFrame:
        """Every KPI of every chunk of the analysis, with the columns of :meth:`headline`.

        Args:
            names: the KPIs' names; those of value matrices are found by them, since their rows are
                of the families ``estimated`` and ``realized``.
        """
        rows = self._whole_population()
        chosen = (rows["family"] == "kpi") | rows["metric"].isin(list(names))
        return _with_plain_alerts(rows[chosen & (rows["component"] == "")])

    def drifted(self, metric: str = "jensen_shannon") -> pd.DataFrame:
        """Columns whose distance alerts, in every chunk of the analysis, largest first.

        Args:
            metric: the distance.

        Returns:
            ``chunk, column_name, value``.
        """
        rows = self._whole_population()
        rows = rows[(rows["family"] == "drift") & (rows["metric"] == metric) & _alerting(rows)]
        rows = rows.sort_values(["chunk", "value", "column_name"], ascending=[True, False, True])
        return rows[["chunk", "column_name", "value"]].reset_index(drop=True)

    def backtest(self) -> pd.DataFrame:
        """Estimated minus realized, wherever there are both: how far estimates can be trusted.

        Returns:
            The columns of ``sqlmonitor.backtest.COLUMNS``, one row per chunk, segment, metric and component.
        """
        return backtest.compare(self._frame)

    def alerts_by_family(self) -> pd.DataFrame:
        """Alerts of the analysis: ``family``, ``alert_count``, ``segment_alert_count``."""
        rows = self._frame[_alerting(self._frame) & (self._frame["period"] == "analysis")]
        table = rows.assign(in_segment=rows["segment_column"] != "").groupby("family", sort=True)
        counts = table.agg(alert_count=("is_alert", "size"), segment_alert_count=("in_segment", "sum"))
        return counts.reset_index()

    def _whole_population(self) -> pd.DataFrame:
        frame = self._frame
        is_whole = (frame[["segment_column", *COMPARED]] == "").all(axis=1)
        return frame[is_whole & (frame["period"] == "analysis")]

    def _where(self, keep: pd.Series) -> Results:
        return Results(self._frame[keep])

    def _matches(self, key: str, wanted: Sequence[str]) -> pd.Series:
        present = self._frame[key]
        known = sorted(set(present))
        for word in wanted:
            if known and word not in known:
                is_offered = key == "metric" and word in CATALOGUE
                remedy = f"add {word} to the monitor's `metrics`, and run it" if is_offered else None
                raise self._nothing_has(key.removesuffix("_name"), word, [k for k in known if k], remedy)
        return present.isin(wanted)

    def _in_segments(self, wanted: Sequence[str]) -> pd.Series:
        columns, values = self._frame["segment_column"], self._frame["segment_value"]
        keep = pd.Series(False, index=self._frame.index)
        for word in wanted:
            found = (columns == word) | ((columns + "=" + values == word) & (columns != ""))
            if len(found) and not found.any():
                known = sorted(set((columns + "=" + values)[columns != ""]))
                same_value = [one for one in known if one.partition("=")[2] == word]
                remedy = f"did you mean '{same_value[0]}'?" if same_value else None
                raise self._nothing_has("segment", word, known, remedy)
            keep |= found
        return keep

    def _in_chunks(self, wanted: Sequence[str]) -> pd.Series:
        chunks = self._frame["chunk"]
        for word in wanted:
            if len(chunks) and not chunks.str.startswith(word).any():
                raise self._nothing_has("chunk", word, sorted(set(chunks)))
        return chunks.str.startswith(tuple(wanted))

    def _in_comparisons(self, wanted: Sequence[str]) -> pd.Series:
        names = comparison_of(self._frame)
        for word in set(wanted) - {"", *names} if len(names) else ():
            remedy = (
                f"add `compare: [{word}]` to the monitor, and run it"
                if word in (*LONGER["hour"], *REFERENCES)
                else None
            )
            raise self._nothing_has("comparison", word, sorted(set(names) - {""}), remedy)
        return names.isin(wanted)

    def _nothing_has(
        self, kind: str, word: str, known: Iterable[str], remedy: str | None = None
    ) -> ConfigurationError:
        message = f"no result has the {kind} '{word}'"
        return ConfigurationError(message, allowed=known, word=word, remedy=remedy)


VALUE_COLUMNS = ("value", "lower_threshold", "upper_threshold")


def _with_plain_alerts(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["chunk", "family", "metric", *VALUE_COLUMNS]].assign(is_alert=_alerting(rows))


def _alerting(rows: pd.DataFrame) -> pd.Series:
    return rows["is_alert"].fillna(False).astype("bool")


def _listed(wanted: str | Sequence[str]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)
