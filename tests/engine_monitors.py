"""Monitors that give the same rows on every engine, with their tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import every_plan
import pyarrow as pa
import small_world
import yaml_of_example

TESTS = Path(__file__).parent
EXAMPLE = TESTS.parent / "examples" / "flights"


@dataclass(frozen=True)
class Case:
    """A monitor and the tables that it reads.

    Args:
        queries: name of each table and the DuckDB query that makes it.
        monitor: as the project file has it.
    """

    queries: Mapping[str, str]
    monitor: Callable[[], dict[str, Any]]

    def tables(self) -> dict[str, pa.Table]:
        with duckdb.connect() as connection:
            for name, query in self.queries.items():
                connection.execute(f"create table {name} as {query}")
            return {name: connection.table(name).to_arrow_table() for name in self.queries}

    def project(self, url: str) -> str:
        """The project file's text."""
        return json.dumps({"version": 1, "warehouse": url, "monitors": [self.monitor()]})


def of_oracle(file: str, table: str, rows: int, monitor: dict[str, Any]) -> Case:
    """The first rows of each period of an oracle's data set."""
    path = TESTS / "oracles" / file
    query = f"select * from '{path}' qualify row_number() over (partition by period order by id) <= {rows} order by id"
    whole = {
        "name": table,
        "predictions": table,
        "id": "id",
        "reference": "period = 'reference'",
        "chunks": {"size": rows // 4},
        "metrics": every_plan.every(monitor["task"]),
    }
    return Case({table: query}, lambda: whole | monitor)


def of_small_world(variant: str) -> Case:
    """Every metric and template over a made-up table."""

    def monitor() -> dict[str, Any]:
        made = every_plan.MONITOR | every_plan.VARIANTS[variant]
        return made | {"metrics": every_plan.every(made["task"])}

    income = "case when id % 11 > 0 then exp(amount / 3) end as income"
    queries = {
        "scored": f"select *, {income} from ({small_world.rows(1200, 5)})",
        "outcomes": small_world.OUTCOMES,
    }
    return Case(queries, monitor)


def flights() -> Case:
    """One flight in eight of the demo."""
    sampled = "select * from '{}' where flight_id * 7919 % 1000 < 125"
    queries = {
        table: sampled.format(EXAMPLE / "data" / f"{table}.parquet")
        for table in ("flights_scored", "flights_outcomes")
    }
    return Case(queries, lambda: yaml_of_example.monitor(EXAMPLE / "sqlmonitor.yml"))


CASES = {
    "flights": flights(),
    "car_loan": of_oracle(
        "car_loan/car_loan.parquet",
        "loans",
        6000,
        {
            "task": "binary_classification",
            "timestamp": "timestamp",
            "model": {"score": "y_pred_proba", "label": "y_pred", "positive": 1},
            "target": {"column": "repaid"},
            "features": {
                "numeric": ["car_value", "debt_to_income_ratio", "loan_length", "driver_tenure"],
                "categorical": ["salary_range", "repaid_loan_on_prev_car", "size_of_downpayment"],
            },
        },
    ),
    "car_price": of_oracle(
        "car_price/car_price.parquet",
        "cars",
        6000,
        {
            "task": "regression",
            "model": {"label": "y_pred"},
            "target": {"column": "y_true"},
            "features": {
                "numeric": ["car_age", "km_driven", "price_new", "accident_count", "door_count"],
                "categorical": ["fuel", "transmission"],
            },
        },
    ),
    "credit_card": of_oracle(
        "credit_card_multiclass/credit_card.parquet",
        "scored",
        6000,
        {
            "task": "multiclass_classification",
            "model": {
                "score": {name: name for name in ("prepaid_card", "highstreet_card", "upmarket_card")},
                "label": "y_pred",
            },
            "target": {"column": "y_true"},
        },
    ),
    **{variant: of_small_world(variant) for variant in every_plan.VARIANTS},
}
SLOW = {"car_price", "credit_card", "exact", "classes"}
"""Their templates are in the others too."""
