"""What was counted of both sides as one row for each column, what changed most first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlmonitor.comparison.schemas import Schemas
from sqlmonitor.metrics import CATALOGUE

if TYPE_CHECKING:
    import pandas

    from sqlmonitor.comparison.computing import Counts

SIGNIFICANCE = 0.05
"""Chance that any of unchanged columns is called changed by its distribution."""
STANDARD_ERRORS = 3
"""By how many of them shares of missing values must differ."""
ORDER = ("changed", "added", "removed", "retyped", "same", "left out")

PERIODS = ("analysis", "reference")
"""By the number of the chunk."""

Values = Mapping[tuple[str, str, str], Mapping[str, Any]]
"""Results by period, metric and column."""


def tabulated(schemas: Schemas, counts: Counts) -> pandas.DataFrame:
    """A row for each column of either side.

    Args:
        schemas: the columns.
        counts: what was counted of them.
    """
    import pandas

    values: dict[tuple[str, str, str], Mapping[str, Any]] = {
        (PERIODS[row["chunk_number"]], row["metric"], row["column_name"]): {str(k): v for k, v in row.items()}
        for row in counts.values.to_dict("records")
    }
    levels = _levels(counts.levels)
    rows = [
        *(_compared(name, schemas, values, levels.get(name, {}), counts) for name in schemas.kinds),
        *_others(schemas),
    ]
    table = pandas.DataFrame(rows, columns=list(dict.fromkeys(key for row in rows for key in row)))
    if table.empty:
        return pandas.DataFrame(columns=["column", "type", "status", "change"])
    order = {status: place for place, status in enumerate(ORDER)}
    places = pandas.DataFrame(
        {
            "status": table["status"].map(order),
            "change": -table["change"].fillna(0) if "change" in table else 0,
        }
    )
    return table.loc[places.sort_values(["status", "change"], kind="stable").index].reset_index(drop=True)


def _compared(
    name: str, schemas: Schemas, values: Values, levels: Mapping[str, Any], counts: Counts
) -> dict[str, Any]:
    kind = schemas.kinds[name]
    row: dict[str, Any] = {"column": name, "type": schemas.type_of(name), "status": "same", "change": 0.0}
    row["kind"] = kind
    missing = [_value(values, period, "missing", name) for period in ("reference", "analysis")]
    row["reference_missing"], row["missing"] = missing
    for metric in CATALOGUE.values():
        found = values.get(("analysis", metric.name, name))
        if metric.family == "drift" and found is not None:
            row[metric.name] = found["value"]
            row[f"{metric.name}_noise_floor"] = found["noise_floor"]
            if found["p_value"] == found["p_value"]:
                row[f"{metric.name}_p_value"] = found["p_value"]
            row["note"] = row.get("note") or found["note"]
    for metric in CATALOGUE.values():
        found = values.get(("analysis", metric.name, name))
        if metric.family == "summary" and found is not None:
            row[f"reference_{metric.name}"] = _value(values, "reference", metric.name, name)
            row[metric.name] = found["value"]
        elif metric.name in ("unseen", "out_of_range") and found is not None:
            row[metric.name] = found["value"]
    row |= levels
    excess = row.get("jensen_shannon", math.nan) - row.get("jensen_shannon_noise_floor", math.nan)
    moved = abs(missing[1] - missing[0])
    row["change"] = max([part for part in (excess, moved, 0.0) if part == part])
    p_value = row.get("kolmogorov_smirnov_p_value" if kind == "numeric" else "chi_square_p_value", math.nan)
    if p_value < SIGNIFICANCE / len(schemas.kinds) or _is_unlike(missing, counts.row_counts):
        row["status"] = "changed"
    return row


def _value(values: Values, period: str, metric: str, name: str) -> float:
    found = values.get((period, metric, name))
    return math.nan if found is None else float(found["value"])


def _is_unlike(shares: list[float], rows: tuple[int, int]) -> bool:
    """True where two shares of rows differ by more than three standard errors of what they would be together."""
    if not all(rows) or shares != shares or any(share != share for share in shares):
        return False
    both = (shares[0] * rows[0] + shares[1] * rows[1]) / sum(rows)
    error = math.sqrt(both * (1 - both) * (1 / rows[0] + 1 / rows[1]))
    return abs(shares[1] - shares[0]) > STANDARD_ERRORS * error


def _levels(counts: pandas.DataFrame) -> dict[str, dict[str, Any]]:
    """The levels that came and went, and those that moved most, by column."""
    found: dict[str, dict[str, Any]] = {}
    if counts.empty:
        return found
    for name, of_column in counts.groupby("column_name", sort=False):
        came = of_column[of_column["reference_count"] == 0].sort_values("analysis_count", ascending=False)
        went = of_column[of_column["analysis_count"] == 0].sort_values("reference_count", ascending=False)
        found[str(name)] = {
            "new_level_count": int(of_column["came_count"].iloc[0]),
            "new_levels": tuple(str(level) for level in came["level"]),
            "gone_level_count": int(of_column["went_count"].iloc[0]),
            "gone_levels": tuple(str(level) for level in went["level"]),
        }
    return found


def _others(schemas: Schemas) -> Iterator[dict[str, Any]]:
    """Columns that are on one side only, and those that cannot be compared."""
    for status, names in (
        ("added", schemas.added),
        ("removed", schemas.removed),
        ("retyped", schemas.retyped),
    ):
        for name in names:
            yield {"column": name, "type": schemas.type_of(name), "status": status, "change": math.nan}
    for name, why in schemas.left_out.items():
        yield {
            "column": name,
            "type": schemas.type_of(name),
            "status": "left out",
            "change": math.nan,
            "note": why,
        }
