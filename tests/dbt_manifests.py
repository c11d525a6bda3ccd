"""A small dbt project with a manifest that dbt itself made, beside a warehouse as dbt would have filled it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "dbt"
VERSIONS = ("1.8", "1.9", "1.10", "1.11", "1.12")
LATER = "2999-01-01T00:00:00.000000Z"
"""When the copied manifest was made: after every file of the copy."""

LOANS = """
create schema raw;
create table raw.loans_2024 as
select
    i as loan_id, timestamp '2024-01-01' + interval (i * 6) hour as asked_at,
    1000.0 + (i * 37) % 900 as amount, i % 4 as grade,
    ((i * 7919) % 1000) / 1000.0 as score, case when (i * 7919) % 1000 > 500 then 1 else 0 end as predicted,
    case when (i * 7919) % 1000 > (i * 104729) % 1000 then 1 else 0 end as defaulted
from range(800) as numbers (i);
create schema main_labels;
create view main_labels.loan_outcomes as select loan_id, defaulted from raw.loans_2024;
create view main.scored_loans_now as
select loan_id, asked_at, amount, grade, score, predicted from raw.loans_2024;
create view main.amounts as select loan_id, asked_at, amount, grade from raw.loans_2024;
"""

Shop = Callable[..., Path]


def changed(manifest: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes a manifest in its file."""
    data = json.loads(manifest.read_text(encoding="utf-8"))
    change(data)
    manifest.write_text(json.dumps(data), encoding="utf-8")
