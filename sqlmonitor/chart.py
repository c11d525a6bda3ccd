"""One metric through the chunks as a picture. Needs Matplotlib, so only what draws imports it.

Matplotlib, not Altair: it writes PNG, SVG and PDF by itself, in a scheduled job as in a notebook, where Altair
needs a browser or a second package for a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

__all__ = ["Chart", "draw"]

ESTIMATED, REALIZED, BLENDED, OTHER, ALERT, QUIET = (
    "#0072B2",
    "#B8860B",
    "#8E4585",
    "#37474F",
    "#D32F2F",
    "#78909C",
)
SHADE = "#ECEFF1"
COLOURS = {"estimated": ESTIMATED, "realized": REALIZED, "blended": BLENDED}
"""Apart in every common colour blindness, and in grey."""

MOST_LABELS = 12
MOST_CHARACTERS = 105
"""That labels beside each other may have; with more they are slanted."""


class Chart(Figure):
    """A Matplotlib figure that notebooks show by themselves, without pyplot's state."""

    def _repr_png_(self) -> bytes:
        content = BytesIO()
        self.savefig(content, format="png")
        return content.getvalue()


@dataclass(frozen=True)
class Place:
    """Where chunks stand on the axis.

    Args:
        chunks: period and name, in order; the reference first, whose chunks may be named like others.
    """

    chunks: list[tuple[str, str]]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Place:
        """The places of every chunk in the rows."""
        found = set(zip(rows["period"], rows["chunk"], strict=True))
        return cls(sorted(found, key=lambda one: (one[0] != "reference", one[1])))

    def spread(self, rows: pd.DataFrame) -> pd.DataFrame:
        """A row for every chunk, by its place; empty where there is none."""
        places = {chunk: place for place, chunk in enumerate(self.chunks)}
        keys = zip(rows["period"], rows["chunk"], strict=True)
        placed = rows.set_index(pd.Index([places[key] for key in keys]))
        return placed.reindex(range(len(self.chunks)))


def draw(rows: pd.DataFrame, *, title: str, unit: str = "") -> Chart:
    """Draws the values of one metric, a line for each family.

    Bands are values -/+ three standard errors, dashed lines the thresholds, the dotted one what noise alone
    would give; red points alert, hollow ones are of partial chunks.

    Args:
        rows: of results, one for each family, period and chunk; at least one.
        title: stands above.
        unit: of the values.
    """
    place = Place.of(rows)
    chart = Chart(figsize=(9, 4.2), dpi=120, layout="constrained")
    axes = chart.add_subplot()
    _shade_reference(axes, place)
    families = sorted(set(rows["family"]))
    spread = {family: place.spread(rows[rows["family"] == family]) for family in families}
    for family, values in spread.items():
        _line(axes, family, values, COLOURS.get(family, OTHER))
    _limits(axes, spread)
    _points(axes, spread)
    _dress(axes, place, title, unit)
    return chart


def _line(axes: Axes, family: str, values: pd.DataFrame, colour: str) -> None:
    lower, upper = values["lower_bound"], values["upper_bound"]
    if lower.notna().any():
        axes.fill_between(values.index, lower, upper, color=colour, alpha=0.15, linewidth=0)
        # A chunk between two without a value has no area to fill.
        is_alone = lower.shift(1).isna() & lower.shift(-1).isna()
        alone = values[is_alone & lower.notna() & upper.notna()]
        axes.vlines(
            alone.index, alone["lower_bound"], alone["upper_bound"], color=colour, alpha=0.3, linewidth=4
        )
    axes.plot(
        values.index, values["value"], color=colour, linewidth=1.8, marker="o", markersize=4, label=family
    )


def _limits(axes: Axes, spread: dict[str, pd.DataFrame]) -> None:
    """Thresholds, once where all families have the same, and the noise floor."""
    drawn: list[pd.Series] = []
    for family, values in spread.items():
        for name in ("lower_threshold", "upper_threshold"):
            limit = values[name].bfill().ffill()
            if limit.isna().all() or any(limit.equals(other) for other in drawn):
                continue
            is_common = len(spread) == 1 or all(
                one[name].bfill().ffill().equals(limit) for one in spread.values()
            )
            label = "threshold" if is_common else f"threshold, {family}"
            colour = QUIET if is_common else COLOURS.get(family, OTHER)
            known = axes.get_legend_handles_labels()[1]
            # To both ends of the picture.
            axes.plot(
                [-0.5, *limit.index, len(limit) - 0.5],
                [limit.iloc[0], *limit, limit.iloc[-1]],
                color=colour,
                linewidth=1.2,
                linestyle=(0, (5, 4)),
                label=f"_{name}" if label in known else label,
            )
            drawn.append(limit)
        if values["noise_floor"].notna().any():
            axes.plot(
                values.index,
                values["noise_floor"],
                color=QUIET,
                linewidth=1.2,
                linestyle=":",
                label="noise floor",
            )


def _points(axes: Axes, spread: dict[str, pd.DataFrame]) -> None:
    """Partial chunks are hollow, and alerts red; above all lines."""
    for family, values in spread.items():
        is_alert = values["is_alert"].fillna(False).astype("bool")
        is_partial = values["is_partial"].astype("boolean").fillna(False).astype("bool")
        colour = COLOURS.get(family, OTHER)
        for chosen, edge, face, size, label in (
            (is_partial & ~is_alert, colour, "white", 5.5, "partial"),
            (is_alert & ~is_partial, ALERT, ALERT, 7.5, "alert"),
            (is_alert & is_partial, ALERT, "white", 7.5, "alert, partial"),
        ):
            points = values.loc[chosen & values["value"].notna(), "value"]
            if points.empty:
                continue
            known = axes.get_legend_handles_labels()[1]
            axes.plot(
                points.index,
                points,
                linestyle="none",
                marker="o",
                markersize=size,
                markeredgecolor=edge,
                markerfacecolor=face,
                markeredgewidth=1.4,
                zorder=5,
                label=f"_{label}, {family}" if label in known else label,
            )


def _shade_reference(axes: Axes, place: Place) -> None:
    count = sum(period == "reference" for period, _ in place.chunks)
    if not count:
        return
    axes.axvspan(-0.5, count - 0.5, color=SHADE, linewidth=0, zorder=0)
    axes.text(
        *(-0.42, 0.98, "reference"),
        transform=axes.get_xaxis_transform(),
        va="top",
        color=QUIET,
        fontsize=9,
        bbox={"facecolor": SHADE, "edgecolor": "none", "pad": 2},
        zorder=4,
    )


def _dress(axes: Axes, place: Place, title: str, unit: str) -> None:
    names = [name for _, name in place.chunks]
    step = -(-len(names) // MOST_LABELS)
    shown = range(0, len(names), step)
    is_long = len(shown) * max(len(names[index]) for index in shown) > MOST_CHARACTERS
    axes.set_xticks(
        list(shown),
        [names[index] for index in shown],
        rotation=35 if is_long else 0,
        ha="right" if is_long else "center",
    )
    axes.set_xlim(-0.5, len(names) - 0.5)
    low, high = axes.get_ylim()
    if max(abs(low), abs(high)) >= 1000:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=26)
    if unit:
        axes.set_ylabel(unit, color=OTHER)
    axes.grid(axis="y", color="#E0E0E0", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=OTHER, length=0, labelsize=9)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#B0BEC5")
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=7, frameon=False, fontsize=9, borderaxespad=0.2,
        handlelength=1.8, columnspacing=1.4,
    )  # fmt: skip
