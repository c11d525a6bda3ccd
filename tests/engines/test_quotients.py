"""A user's aggregate is one number on every engine, in chunks and in what is merged from them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from engine_monitors import results_of
from executed_engines import ENGINES

from sqlmonitor.errors import WarehouseError

REFERENCE = "at < timestamp '2024-01-03'"


def third(number: int) -> float:
    """A third of a whole number, to two decimals."""
    return round(number / 3, 2)


KPIS = {
    "ratio": ("sum(small) / count(*)", lambda n: sum(n) / len(n)),
    "each": ("sum(small / 2)", lambda n: sum(n) / 2),
    "share": ("sum(cents) / sum(small)", lambda n: 0.25),
    "mean_of_decimals": (
        "avg(case when small % 4 > 0 then thirds end)",
        lambda n: (lambda some: sum(map(third, some)) / len(some))([x for x in n if x % 4]),
    ),
    "mean_of_some": (
        "avg(thirds + small) filter (where small % 4 > 0)",
        lambda n: (lambda some: sum(third(x) + x for x in some) / len(some))([x for x in n if x % 4]),
    ),
    "rounded": ("round(avg(small), 1)", lambda n: round(sum(n) / len(n), 1)),
    "rest": ("sum(small) % 7", lambda n: sum(n) % 7),
    "any": ("bool_or(small > 30)", lambda n: float(max(n) > 30)),
    "is_large": ("sum(small) > 60 and not max(small) = 20", lambda n: float(sum(n) > 60 and max(n) != 20)),
    "nothing": ("sum(small) / sum(zero)", lambda n: None),
    "no_more_than_nothing": ("1 / (sum(small) / sum(zero))", lambda n: None),
    "otherwise": ("coalesce(sum(small) / sum(zero), 3)", lambda n: 3.0),
    "of_some": (
        "avg(small / (small % 2))",
        lambda n: (lambda odd: sum(odd) / len(odd))([x for x in n if x % 2]),
    ),
    "named_as_a_place": ("sum(below) / count(*)", lambda n: sum(n) / len(n)),
}


@pytest.mark.parametrize(
    "name", [name if name == "postgres" else pytest.param(name, marks=pytest.mark.slow) for name in ENGINES]
)
def test_quotients_are_the_same(opened, name: str) -> None:
    numbers = list(range(1, 41))
    # ClickHouse has no bool_or.
    kpis = {key: kpi for key, kpi in KPIS.items() if key != "any" or name != "clickhouse"}
    warehouse = opened(name)
    start = datetime.datetime(2024, 1, 1)
    columns = {
        "at": pa.array([start + datetime.timedelta(hours=6 * n - 6) for n in numbers], pa.timestamp("us")),
        "small": pa.array(numbers, pa.int32()),
        "cents": pa.array([Decimal(n) / 4 for n in numbers], pa.decimal128(18, 3)),
        # The mean of three of them has more decimals than engines keep of a decimal's.
        "thirds": pa.array([Decimal(f"{third(n):.2f}") for n in numbers], pa.decimal128(9, 2)),
        "below": pa.array(numbers, pa.int32()),
        "zero": pa.array([0] * len(numbers), pa.int64()),
    }
    warehouse.load("scored", pa.table(columns))
    results = results_of(
        warehouse,
        reference=REFERENCE,
        compare=[{"rolling": 2}],
        kpis=[{"name": name, "sql": sql} for name, (sql, _) in kpis.items()],
    )
    for length, days in (("", 1), ("rolling 2", 2)):
        chosen = results[results["chunk_length"] == length].set_index(["metric", "chunk"])["value"]
        for day in (4, 5, 10):
            of_day = numbers[4 * (day - days) : 4 * day]
            for metric, (_, expected) in kpis.items():
                found = chosen[metric, f"2024-01-{day:02}"]
                value = expected(of_day)
                assert found != found if value is None else found == pytest.approx(value, abs=1e-9), metric


TAKEN_FOR_ONE = ("spark", "datafusion")
"""DataFusion, and Sail over it, names an aggregate without the casts in it, source: its issue 18975."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_aggregates_that_differ_by_a_cast_are_two_or_refused(opened, name: str) -> None:
    warehouse = opened(name)
    at = [datetime.datetime(2024, 1, 1 + n % 4) for n in range(40)]
    warehouse.load(
        "scored", pa.table({"at": pa.array(at, pa.timestamp("us")), "small": pa.array([3] * 40, pa.int32())})
    )
    double = {"clickhouse": "Float64", "postgres": "double precision"}.get(name, "double")
    in_double = f"cast(small as {double})"

    def values(cast: str, **changes: Any) -> dict[str, float]:
        kpis = [{"name": "plain", "sql": "sum(small)"}, {"name": "cast", "sql": f"sum({cast})"}]
        results = results_of(warehouse, reference=REFERENCE, kpis=kpis, **changes)
        return dict(zip(results["metric"], results["value"], strict=True))

    if name in TAKEN_FOR_ONE:
        with pytest.raises(WarehouseError, match="differ by a cast alone") as refused:
            values(in_double)
        assert "make the cast a column" in str(refused.value)
        with_column = "select *, cast(small as double) as small_double from scored"
        found = values("small_double", predictions={"sql": with_column})
    else:
        found = values(in_double)
    assert (found["plain"], found["cast"]) == (30, 30)
