"""KPIs over further relations: the values of a join by pandas, and joins that cannot be."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from sqlmonitor import runner
from sqlmonitor.definitions import loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import ConfigurationError, DataError

ROWS = 600
rng = np.random.default_rng(5)
SCORED = pd.DataFrame(
    {
        "id": range(ROWS),
        "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) // 100, unit="D"),
        "carrier": rng.choice(["AA", "UA", "ZZ"], ROWS),
        "day": np.arange(ROWS) % 4,
        "amount": rng.gamma(2, 3, ROWS),
    }
)
FARES = pd.DataFrame({"id": range(0, ROWS, 2), "fare": rng.gamma(2, 50, ROWS // 2), "amount": 1.0})
TIERS = pd.DataFrame(
    [(c, d, ord(c[0]) + d) for c in ("AA", "UA") for d in range(4)], columns=["code", "day", "tier"]
)
ON_ID = {"relation": "fares", "on": "id"}
ON_BOTH = {"relation": "tiers", "on": {"carrier": "code", "day": "day"}, "alias": "t"}


@pytest.fixture
def connection():
    with duckdb.connect() as opened:
        for name, frame in (("scored", SCORED), ("fares", FARES), ("tiers", TIERS)):
            opened.register("frame", frame)
            opened.execute(f"create table {name} as from frame")
            opened.unregister("frame")
        yield opened


def run(connection: duckdb.DuckDBPyConnection, *kpis: dict[str, Any], **changes: Any) -> pd.DataFrame:
    monitor = {
        "name": "m",
        "task": "none",
        "predictions": "scored",
        "id": "id",
        "timestamp": "at",
        "reference": "at < timestamp '2024-01-03'",
        "chunks": "day",
        "segments": ["carrier"],
        "kpis": kpis,
    }
    project = loads(
        json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor | changes]}, default=str)
    )
    return runner.run(project, project.monitors[0], DuckDB(connection))


def values(results: pd.DataFrame, metric: str) -> dict[tuple[str, str], float]:
    rows = results[results["metric"] == metric]
    return dict(zip(zip(rows["chunk"], rows["segment_value"], strict=True), rows["value"], strict=True))


def test_joined_columns_by_chunk_and_segment(connection) -> None:
    results = run(
        connection,
        {"name": "fare", "sql": "sum(fare) / count(*)", "join": ON_ID},
        {"name": "share", "sql": "sum(fares.amount) / sum(prediction.amount)", "join": [ON_ID]},
        {"name": "tier", "sql": "avg(t.tier)", "join": ON_BOTH},
        {"name": "both", "sql": "sum(fare * tier) / count(id)", "join": [ON_ID, ON_BOTH]},
    )
    joined = SCORED.merge(FARES, on="id", how="left", suffixes=("", "_fare"))
    joined = joined.merge(TIERS, left_on=["carrier", "day"], right_on=["code", "day"], how="left")
    assert len(joined) == ROWS
    found = {name: values(results, name) for name in ("fare", "share", "tier", "both")}
    for day, of_day in joined.groupby(joined["at"].dt.strftime("%Y-%m-%d")):
        for segment, rows in [("", of_day), *of_day.groupby("carrier")]:
            expected = {
                "fare": rows["fare"].sum() / len(rows),
                "share": rows["amount_fare"].sum() / rows["amount"].sum(),
                "tier": rows["tier"].mean(),
                "both": (rows["fare"] * rows["tier"]).sum() / len(rows),
            }
            for name, value in expected.items():
                if segment == "ZZ" and name in ("tier", "both"):
                    # No tier has that carrier: a sum of nothing.
                    assert np.isnan(found[name][day, segment])
                else:
                    assert found[name][day, segment] == pytest.approx(value), name
    # Rows without a match are still rows.
    counts = results[(results["metric"] == "fare") & (results["segment_value"] == "")]["row_count"]
    assert set(counts) == {100}


def test_a_join_that_multiplies_rows(connection) -> None:
    connection.execute(
        "insert into tiers values ('UA', 3, 9), ('AA', 0, 1), ('AA', 0, 2), (null, 1, 1), (null, 1, 2)"
    )
    with pytest.raises(DataError) as raised:
        run(connection, {"name": "tier", "sql": "avg(tier)", "join": ON_BOTH})
    assert "KPI 'tier': the join with tiers would multiply predictions" in str(raised.value)
    assert "2 values of code, day are in several rows of it, such as code = AA and day = 0 in 3" in str(
        raised.value
    )
    assert connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'sqlmonitor'"
    ).fetchall() == [(0,)]


def test_the_second_run_looks_again(connection) -> None:
    kpi = {"name": "fare", "sql": "sum(fare)", "join": ON_ID}
    run(connection, kpi)
    connection.execute("insert into fares values (4, 1, 1)")
    with pytest.raises(DataError, match="1 values of id are in several rows of it, such as id = 4 in 2"):
        run(connection, kpi)


MISTAKES = [
    ({"sql": "sum(amount)", "join": ON_ID}, "'amount' is in the predictions and in fares\n  write prediction.amount or fares.amount"),
    ({"sql": "sum(day)", "join": [ON_ID, {"relation": "tiers", "on": {"carrier": "code"}}]}, "'day' is in the predictions and in tiers"),
    ({"sql": "sum(fair)", "join": ON_ID}, "no column 'fair'"),
    ({"sql": "sum(tiers.tier)", "join": ON_ID}, "'tiers.tier' names no relation of this KPI|'tiers.tier' names no relation of this monitor"),
    ({"sql": "sum(fare)"}, "no column 'fare'"),
    ({"sql": "sum(fare)", "join": {"relation": "fars", "on": "id"}}, r"kpis\[0\].join"),
    ({"sql": "sum(fare)", "join": {"relation": "fares", "on": "ids"}}, "the predictions: there is no column 'ids'"),
    ({"sql": "sum(fare)", "join": {"relation": "fares", "on": {"id": "ids"}}}, "fares: there is no column 'ids'"),
    ({"sql": "sum(fare)", "join": {"relation": "fares", "on": {"carrier": "id"}}}, "'carrier' of the predictions is VARCHAR, but 'id' of fares is BIGINT"),
    ({"sql": "sum(fare)", "join": {"relation": "fares"}}, "key 'on' is missing"),
    ({"sql": "sum(fare)", "join": {"relation": "fares", "on": []}}, "must be a column, or several"),
    ({"sql": "sum(fare)", "join": {"relation": "fares; drop table x", "on": "id"}}, "a relation"),
    ({"sql": "sum(fare)", "join": {"relation": "x.target", "on": "id"}}, "'target.' stands for the target's own"),
    ({"sql": "sum(fare)", "join": [ON_ID, ON_ID]}, "two relations are called 'fares'"),
]  # fmt: skip


@pytest.mark.parametrize(("kpi", "words"), MISTAKES)
def test_mistakes_are_named(connection, kpi: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        run(connection, {"name": "x"} | kpi)


def test_whole_numbers_are_not_compared_as_doubles(connection) -> None:
    # 2^53 and the number after it are one double, so each fare would meet several predictions.
    for name in ("fares", "scored"):
        connection.execute(f"update {name} set id = id + 9007199254740992")
    kpi = {"name": "fare", "sql": "sum(fare)", "join": ON_ID}
    connection.execute("alter table scored alter id type decimal(20, 0)")
    found = values(run(connection, kpi, segments=[]), "fare")
    days = (
        SCORED.merge(FARES, on="id", how="left").groupby(SCORED["at"].dt.strftime("%Y-%m-%d"))["fare"].sum()
    )
    assert {chunk: value for (chunk, _), value in found.items()} == pytest.approx(days.to_dict())
    connection.execute("create table older as from scored where day = 0")
    connection.execute("alter table older alter id type double")
    with pytest.raises(ConfigurationError, match="'id' of older is DOUBLE, but 'id' of fares is BIGINT"):
        run(connection, kpi, reference={"relation": "older"}, segments=[])
    connection.execute("alter table scored alter id type double")
    with pytest.raises(ConfigurationError, match="of the predictions is DOUBLE, but 'id' of fares is BIGINT"):
        run(connection, kpi)


def test_a_reference_of_its_own_needs_the_keys(connection) -> None:
    connection.execute('create table older as select id + 1000 as id, "at", carrier, amount from scored')
    tier = {"name": "tier", "sql": "avg(tier)", "join": ON_BOTH}
    with pytest.raises(ConfigurationError, match="older: there is no column 'day'"):
        run(connection, tier, reference={"relation": "older"}, segments=[])
    query = "select *, id % 4 as day from older"
    results = run(connection, tier, reference={"sql": query}, segments=[])
    assert values(results[results["period"] == "reference"], "tier")
    with pytest.raises(ConfigurationError, match="has a relation and a query"):
        run(connection, tier, reference={"sql": query, "relation": "older"})
