"""Monitors that give the same rows on every engine, with their tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import every_plan
import pandas as pd
import pyarrow as pa
import small_world
import sqlglot
import yaml_of_example
from executed_engines import Warehouse, in_capitals, quoted
from sqlglot import exp

from sqlmonitor import dialects, runner
from sqlmonitor.definitions import loads

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
                connection.execute(f"create table {quoted(name)} as {query}")
            return {
                name: connection.sql(f"select * from {quoted(name)}").to_arrow_table()
                for name in self.queries
            }

    def project(self, url: str) -> str:
        """The project file's text."""
        dialect = dialects.SCHEMES[url.partition(":")[0]]
        return json.dumps(
            {
                "version": 1,
                "warehouse": url,
                "monitors": [small_world.in_file(in_words_of(dialect, self.monitor()))],
            }
        )


def results_of(warehouse: Warehouse, **keys: Any) -> pd.DataFrame:
    """What a run gives of a monitor without a model over the table ``scored``, whose times are in ``at``.

    Args:
        warehouse: with the table.
        keys: of the monitor, beside those that are the same for all.
    """
    monitor = {
        "name": "m",
        "task": "none",
        "predictions": "scored",
        "timestamp": "at",
        "chunks": "day",
    } | keys
    project = loads(json.dumps({"version": 1, "warehouse": warehouse.url, "monitors": [monitor]}))
    with warehouse.connect() as engine:
        return runner.run(project, project.monitors[0], engine)


def has_duckdbs_words(dialect: str) -> bool:
    """Whether a name in quotes is the same as on DuckDB, so that the user's SQL can be, too."""
    has_quotes = exp.to_identifier("a", quoted=True).sql(dialect) == quoted("a")
    return has_quotes and not dialects.dialect(dialect).has_capitals


def in_words_of(dialect: str, monitor: dict[str, Any]) -> dict[str, Any]:
    """The monitor with its SQL, which is DuckDB's, in the words of an engine whose quotes or names are others."""
    if has_duckdbs_words(dialect):
        return monitor

    def written(text: str, into: type[exp.Expr]) -> str:
        tree = sqlglot.parse_one(text, dialect="duckdb", into=into)
        if not dialects.dialect(dialect).has_capitals:
            return tree.sql(dialect)
        for name in tree.find_all(exp.Identifier):
            name.set("this", in_capitals(name.name))
        return tree.sql("duckdb")

    made = dict(monitor)
    if isinstance(made["predictions"], str):
        made["predictions"] = written(made["predictions"], exp.Table)
    if isinstance(made.get("reference"), str):
        made["reference"] = written(made["reference"], exp.Condition)
    for key in ("kpis", "custom_metrics"):
        if key in made:
            made[key] = [
                one | {"sql": written(one["sql"], exp.Condition)} if "sql" in one else one
                for one in made[key]
            ]
    return made


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
        "metrics": every_plan.every(monitor["task"], has_observed_at=False),
    }
    return Case({table: query}, lambda: whole | monitor)


def of_small_world(variant: str) -> Case:
    """Every metric and template over a made-up table."""

    def monitor() -> dict[str, Any]:
        made = every_plan.MONITOR | every_plan.VARIANTS[variant]
        return {"metrics": every_plan.every(made["task"])} | made

    income = "case when id % 11 > 0 then exp(amount / 3) end as income"
    queries = {
        "scored": f"select *, {income} from ({small_world.rows(1200, 5)})",
        "outcomes": f"{small_world.OUTCOMES} where id % 13 <> 0",
    }
    return Case(queries, monitor)


def flights(thousandths: int) -> Case:
    """So many of a thousand flights of the demo."""
    sampled = f"select * from '{{}}' where flight_id * 7919 % 1000 < {thousandths}"
    queries = {
        table: sampled.format(EXAMPLE / "data" / f"{table}.parquet")
        for table in ("flights_scored", "flights_outcomes")
    }
    return Case(queries, lambda: yaml_of_example.monitor(EXAMPLE / "sqlmonitor.yml"))


HOSTILE = [
    "order",
    'a "quoted" name',
    "Überprüfung",
    "UPPER",
    "select * from",
    "'; drop table x --",
    "%s {0} {{ x }}",
    "a.b",
]
"""Names of columns and values of theirs."""


def hostile() -> Case:
    """Names and values that would end a quote, be a reserved word or lose their case."""
    tree = exp.convert
    columns = ", ".join(
        f"(id * {number + 3} % 17) / 3.0e0 as {exp.to_identifier(name, quoted=True).sql('duckdb')}"
        for number, name in enumerate(HOSTILE)
    )
    levels = ", ".join(tree(name).sql("duckdb") for name in HOSTILE)
    at = exp.to_identifier("From Time", quoted=True).sql("duckdb")
    query = f"""
        select
            id as "Id", timestamp '2024-01-01' + id * interval '3 hours' as {at}, {columns}
            , [{levels}][1 + id * 5 % {len(HOSTILE)}] as "level's"
            , case when id % 7 > 0 then id % 3 / 2.0e0 end as "Double Level"
            , (id * 61 % 97) / 97.0e0 as "Score", id * 13 % 29 > 14 as "Actual", id * 61 % 97 > 40 as "PREDICTED"
        from range(1200) as numbers (id)
    """
    monitor = {
        "name": '\'; drop table x -- "ü"',
        "task": "binary_classification",
        "predictions": '"Scored; ""Rows"""',
        "id": "Id",
        "timestamp": "From Time",
        "reference": "\"From Time\" < timestamp '2024-03-01' and \"level's\" <> 'it''s'",
        "chunks": "month",
        "model": {"score": "Score", "label": "PREDICTED", "positive": True},
        "target": {"column": "Actual"},
        "features": {
            "numeric": [*HOSTILE, "Actual"],
            "categorical": ["level's", "Double Level", "PREDICTED"],
        },
        "segments": ["level's"],
        "kpis": [{"name": "'; drop table x --", "sql": 'sum("UPPER") / nullif(sum("order"), 0)'}],
        "custom_metrics": [{"name": 'a "b"', "sql": 'max("level\'s") filter (where "UPPER" > 1) is null'}],
    }
    monitor["custom_metrics"] = []
    return Case({'Scored; "Rows"': query}, lambda: monitor)


def extreme() -> Case:
    """Numbers that are none, and those at the ends of what every engine can reckon with."""
    values = "['inf', '-inf', 'nan', '1e50', '-1e50', '1e-50', '-1e-50', '0', '-0', '1e16', '-1e9']"
    query = f"""
        select
            id, timestamp '2024-01-01' + id * interval '3 hours' as at
            , case when id % 9 = 0 then cast({values}[1 + id // 9 % 11] as double) else id % 50 end as now_and_then
            , case when id > 500 and id % 9 = 0 then cast({values}[1 + id // 9 % 11] as double) else id % 50 end as later
            , cast(null as double) as never, 7e0 as same
            , case when id % 2 = 0 then cast({values}[1 + id // 2 % 11] as double) end as often
        from range(1200) as numbers (id)
    """
    monitor = {
        "name": "extreme",
        "task": "none",
        "predictions": "rows_of_numbers",
        "id": "id",
        "timestamp": "at",
        "reference": "at < timestamp '2024-03-01'",
        "chunks": "month",
        "features": {"numeric": ["now_and_then", "later", "never", "same", "often"]},
        "metrics": every_plan.every("none"),
    }
    return Case({"rows_of_numbers": query}, lambda: monitor)


def decimals() -> Case:
    """Decimals as segments, levels, labels, ids and numbers: their text has as many decimals as their type."""
    prices = "[0, 0.5, 1.5, 1.25, 20, -3.1, 1000000.01]"
    query = f"""
        select
            cast(id as decimal(18, 3)) as id, timestamp '2024-01-01' + id * interval '3 hours' as at
            , cast({prices}[1 + id * 5 % 7] as decimal(10, 2)) as price
            , case when id % 5 > 0 then cast(id % 3 / 10000000 as decimal(38, 9)) end as tiny
            , cast(id % 4 as decimal(6, 0)) as whole
            , cast(id * 61 % 97 / 97 as decimal(9, 6)) as score
            , cast(case when id * 61 % 97 > 40 then 1 else 0 end as decimal(3, 1)) as predicted
            , cast(case when id * 13 % 29 > 14 then 1 else 0 end as decimal(3, 1)) as actual
        from range(1200) as numbers (id)
    """
    monitor = {
        "name": "decimals",
        "task": "binary_classification",
        "predictions": "priced",
        "id": "id",
        "timestamp": "at",
        "reference": "at < timestamp '2024-03-01'",
        "chunks": "month",
        "model": {"score": "score", "label": "predicted", "positive": 1},
        "target": {"column": "actual"},
        "features": {"numeric": ["price"], "categorical": ["whole", "tiny"]},
        "segments": ["price"],
        "kpis": [
            {"name": "price_per_row", "sql": "sum(price * 2.0) / count(*)"},
            {"name": "mean", "sql": "avg(price * 2.0)"},
        ],
    }
    return Case({"priced": query}, lambda: monitor)


CASES = {
    "hostile": hostile(),
    "decimals": decimals(),
    "extreme": extreme(),
    "extreme_exact": replace(extreme(), monitor=lambda: extreme().monitor() | {"resolution": "exact"}),
    "few_flights": flights(20),
    "flights": flights(125),
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
    # Comparisons have a test of their own.
    **{variant: of_small_world(variant) for variant in every_plan.VARIANTS if variant != "compared"},
}
EVERYDAY = "few_flights"
"""What is nearest to a user's; the others are slow."""
