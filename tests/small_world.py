"""A small table of scored rows, their outcomes, and a monitor that watches them."""

from __future__ import annotations

import re
from typing import Any


def rows(count: int, hours: int) -> str:
    """So many rows, so many hours apart, from 2024 on: cycles of unlike lengths, some values missing."""
    return f"""
select
    number as id
    , timestamp '2024-01-01 06:00:00' + number * interval '{hours} hours' as happened
    , case when number % 23 <> 0 then (number * 37 % 101) / 7.0e0 + number / 400.0e0 end as amount
    , number % 24 as hour
    , case when number % 17 <> 0 then ['north', 'south', 'east', 'west'][1 + number * 7 % 4] end as region
    , ['car', 'bike'][1 + number // 3 % 2] as vehicle
    , round((number * 61 % 97) / 97.0e0, 6) as score
    , case when number * 61 % 97 > 40 then 1 else 0 end as predicted
from range({count}) as numbers (number)
"""


OUTCOMES = "select id, case when id * 61 % 97 + id * 29 % 53 > 70 then 1 else 0 end as actual from scored"

MONITOR: dict[str, Any] = {
    "name": "loans",
    "task": "binary_classification",
    "predictions": "scored",
    "id": "id",
    "timestamp": "happened",
    "reference": "happened < timestamp '2024-05-01'",
    "chunks": "month",
    "model": {"score": "score", "label": "predicted", "positive": 1},
    "target": {"column": "actual", "relation": "outcomes"},
    "features": {"numeric": ["amount", "hour"], "categorical": ["region"]},
    "segments": ["vehicle"],
    "kpis": [
        {
            "name": "worth",
            "value_matrix": {
                "true_positive": 5,
                "false_positive": -1,
                "false_negative": -3,
                "true_negative": 0,
            },
        },
        {"name": "amount_per_row", "sql": "sum(amount) / count(*)"},
    ],
}


def in_file(value: Any) -> Any:
    """A value as the project file must write it, where braces begin an expression."""
    if isinstance(value, dict):
        return {key: in_file(one) for key, one in value.items()}
    if isinstance(value, list):
        return [in_file(one) for one in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    return re.sub(r"\{[{%#]", lambda found: f"{{{{ '{found[0]}' }}}}", value)
