"""Two sides of a comparison whose differences are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

ROWS = (1200, 1500)


def side(number: int) -> pd.DataFrame:
    """The rows of one side: 0 is the reference, 1 is what is compared with it."""
    rng = np.random.default_rng(number)
    count = ROWS[number]
    amount = rng.normal(10 + 2 * number, 3, count)
    amount[:: 10 - 6 * number] = np.nan
    levels = (["red", "green", "blue"], ["red", "green", "it's | new"])[number]
    rows = pd.DataFrame(
        {
            "row_id": [f"row {number} {place}" for place in range(count)],
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(range(count), unit="h"),
            "amount": amount,
            "steady": rng.integers(0, 5, count),
            "colour": rng.choice(levels, count, p=[0.5, 0.3, 0.2]),
            "flag": rng.random(count) < 0.5,
            "zip": ([80331, 10115][n % 2] for n in range(count)),
        }
    )
    if number:
        return rows.astype({"zip": str}).assign(channel="web")
    return rows.assign(old=1)
