"""Columns in the user's aggregates are those that the engine itself would take the names for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlglot import exp

from sqlmonitor import names
from sqlmonitor.definitions import loads
from sqlmonitor.errors import ConfigurationError
from sqlmonitor.planner.figures import bound
from sqlmonitor.source import SourceRows, Types


def rows(dialect: str, *predictions: str, target: tuple[str, ...] = ()) -> SourceRows:
    monitor: dict[str, Any] = {
        "name": "m",
        "task": "none",
        "predictions": "scored",
        "id": "id",
        "timestamp": "at",
        "reference": "id < 5",
        "chunks": "day",
    }
    if target:
        monitor |= {"task": "regression", "model": {"label": "score"}}
        monitor["target"] = {"column": "actual", "relation": "outcomes"}
    project = loads(json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]}))
    types = Types(dict.fromkeys(predictions, "INTEGER"), dict.fromkeys(target, "INTEGER"))
    return SourceRows(project.monitors[0], dialect, types=types)


def found(source: SourceRows, column: str) -> str:
    tree = names.aggregate(f"sum({column})", source.dialect)
    read = bound(source, "kpis[0].sql", tree.find(exp.Column))
    assert all(part.quoted for part in read.parts)
    return f"{read.table}.{read.name}"


@pytest.mark.parametrize(
    ("dialect", "columns", "written", "real"),
    [
        # Without quotes a name is small, large, as it is, or of no case; source: the engines' manuals.
        ("postgres", ("amount",), "AMOUNT", "amount"),
        ("postgres", ("Amount", "amount"), "Amount", "amount"),
        ("postgres", ("amount", "Amount"), '"Amount"', "Amount"),
        ("datafusion", ("Amount", "amount"), "Amount", "amount"),
        ("snowflake", ("AMOUNT", "amount"), "amount", "AMOUNT"),
        ("snowflake", ("AMOUNT", "amount"), '"amount"', "amount"),
        ("clickhouse", ("amount", "Amount"), "Amount", "Amount"),
        ("duckdb", ("Amount",), "aMOUNT", "Amount"),
        ("duckdb", ("Amount",), '"aMOUNT"', "Amount"),
        ("spark", ("Amount",), "`aMOUNT`", "Amount"),
    ],
)
def test_a_name_is_the_column_that_the_engine_takes_it_for(
    dialect: str, columns: tuple[str, ...], written: str, real: str
) -> None:
    assert found(rows(dialect, *columns), written) == f"prediction.{real}"


@pytest.mark.parametrize(
    ("dialect", "written", "remedy"),
    [
        ("postgres", "Amount", "write \"Amount\": Amount means 'amount'"),
        ("postgres", '"AMOUNT"', 'write "Amount": "AMOUNT" means \'AMOUNT\''),
        ("snowflake", "amount", "write \"Amount\": amount means 'AMOUNT'"),
        ("clickhouse", "amount", "write \"Amount\": amount means 'amount'"),
    ],
)
def test_another_case_is_another_column(dialect: str, written: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no column") as caught:
        found(rows(dialect, "Amount"), written)
    assert caught.value.remedy == remedy


def test_a_column_of_both_relations_is_told_by_the_engines_rule() -> None:
    source = rows("postgres", "id", "Amount", target=("id", "amount", "actual"))
    assert found(source, "AMOUNT") == "target.amount"
    assert found(source, '"Amount"') == "prediction.Amount"
    # The key that joins both has one value.
    assert found(source, "ID") == "prediction.id"
    with pytest.raises(ConfigurationError, match="is in the predictions and in the target's relation"):
        found(rows("duckdb", "id", "Amount", target=("id", "amount", "actual")), "amount")


def test_without_a_connection_names_stay_as_they_are_written() -> None:
    source = rows("snowflake")
    for written in ("amount", '"amount"'):
        column = names.aggregate(f"sum(prediction.{written})", "snowflake").find(exp.Column)
        assert bound(source, "kpis[0].sql", column).this.sql("snowflake") == written
