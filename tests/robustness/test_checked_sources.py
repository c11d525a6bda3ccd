"""What the warehouse can tell before anything runs: whose column it is, of what type, and what SQL gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sqlmonitor import validation
from sqlmonitor.errors import ConfigurationError

Change = Callable[[Any], object]


def sql(*statements: str) -> Change:
    """Changes the data."""
    return lambda world: [world.sql(text) for text in statements]


def kpi(expression: str, *statements: str) -> Change:
    """The monitor with one KPI, after changes of the data."""

    def change(world: Any) -> None:
        sql(*statements)(world)
        world.monitor["kpis"] = [{"name": "figure", "sql": expression}]

    return change


def put(**keys: Any) -> Change:
    """The monitor with other keys."""
    return lambda world: world.monitor.update(keys)


def beside(*statements: str) -> Change:
    """A reference in a relation of its own, `history`, and then changes of the data."""
    return lambda world: (world.move_reference(), sql(*statements)(world))


BOTH = "alter table outcomes add column amount double"
REFUSED: dict[str, tuple[Change, list[str]]] = {
    "a KPI's column in both relations": (
        kpi("sum(amount)", BOTH),
        [
            "kpis[0].sql",
            "column 'amount' is in the predictions and in the target's relation",
            "write prediction.amount or target.amount",
        ],
    ),
    "a KPI's column in both relations, in other letters": (
        kpi("sum(AMOUNT)", BOTH),
        ["'AMOUNT' is in the predictions and in the target's relation"],
    ),
    "an unknown prefix": (
        kpi("sum(scored.amount)"),
        ["'scored.amount' names no relation of this monitor", "prediction.amount or target.amount"],
    ),
    "a prefix in a condition": (
        put(where="scored.amount > 1 or prediction.amount is null"),
        ["where", "'scored.amount' names no relation here", "write amount"],
    ),
    "a prefix of a relation without the column": (
        kpi("sum(target.amount)"),
        ["there is no column 'amount'", "allowed: actual, id"],
    ),
    "the prefix of a target that has no relation": (
        lambda world: (
            sql("alter table scored add column actual integer", "update scored set actual = id % 2")(world),
            put(target={"column": "actual"})(world),
            kpi("sum(target.actual)")(world),
        ),
        ["'target.actual' needs a relation of the target's own", "write actual"],
    ),
    "a KPI that gives text": (
        kpi("string_agg(region, ',')"),
        ["kpis[0].sql", "the expression gives VARCHAR, not a number", "sum(amount)"],
    ),
    "a KPI that gives a time": (kpi("max(happened)"), ["gives TIMESTAMP, not a number"]),
    "a KPI that the warehouse refuses": (kpi("sum(region)"), ["kpis[0].sql", "sum(VARCHAR)"]),
    "a metric of the user that gives text": (
        put(custom_metrics=[{"name": "regions", "sql": "max(region)"}]),
        ["custom_metrics[0].sql", "the expression gives VARCHAR, not a number"],
    ),
    "a KPI's column that the reference lacks": (
        lambda world: (
            beside("alter table scored add column price double")(world),
            kpi("sum(price)")(world),
        ),
        ["kpis[0].sql", "history has no column 'price'"],
    ),
    "features that are one column": (
        put(features={"numeric": ["amount", "hour", "AMOUNT"]}),
        ["features.numeric[2]", "'AMOUNT' is the same column as 'amount'", "keep one"],
    ),
    "features of two kinds that are one column": (
        put(features={"numeric": ["hour"], "categorical": ["region", "Hour"]}),
        ["features.categorical[1]", "'Hour' is the same column as 'hour'"],
    ),
    "segments that are one column": (
        put(segments=["vehicle", "Vehicle"]),
        ["segments[1]", "'Vehicle' is the same column as 'vehicle'"],
    ),
    "a time without a date": (
        sql("alter table scored alter happened type time"),
        ["timestamp", "'happened' is TIME, not a date or timestamp", "cast it"],
    ),
    "a time without a date, with its zone": (
        sql("alter table scored alter happened type timetz"),
        ["'happened' is TIME WITH TIME ZONE, not a date or timestamp"],
    ),
    "a reference with text for numbers": (
        beside("alter table history alter amount type varchar"),
        ["reference.relation", "'amount' is DOUBLE in the predictions, but VARCHAR in history", "cast it"],
    ),
    "a reference with numbers for levels": (
        beside("alter table history alter region type integer using length(region)"),
        ["'region' is VARCHAR in the predictions, but INTEGER in history"],
    ),
    "a reference with levels written otherwise": (
        lambda world: (
            beside("alter table history alter hour type double")(world),
            put(features={"categorical": ["hour"]})(world),
        ),
        ["'hour' is BIGINT in the predictions, but DOUBLE in history"],
    ),
    "a reference with levels of more decimals": (
        lambda world: (
            sql("alter table scored alter hour type decimal(10, 2)")(world),
            beside("alter table history alter hour type decimal(10, 3)")(world),
            put(features={"categorical": ["hour"]})(world),
        ),
        ["'hour' is DECIMAL(10,2) in the predictions, but DECIMAL(10,3) in history"],
    ),
    "ids as doubles for a target's whole numbers": (
        sql("alter table scored alter id type double"),
        ["target.relation", "'id' of the predictions is DOUBLE, but 'id' of outcomes is", "cast one"],
    ),
    "a target's ids as doubles": (
        sql("alter table outcomes alter id type double"),
        ["but 'id' of outcomes is DOUBLE"],
    ),
    "a target's ids as text": (
        sql("alter table outcomes alter id type varchar"),
        ["but 'id' of outcomes is VARCHAR"],
    ),
    "a reference's ids as doubles": (
        beside("alter table history alter id type double"),
        ["'id' of history is DOUBLE, but 'id' of outcomes is"],
    ),
    "a reference with text for times": (
        beside("alter table history alter happened type varchar"),
        ["'happened' is TIMESTAMP in the predictions, but VARCHAR in history"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_before_anything_runs(world: Any, name: str) -> None:
    change, words = REFUSED[name]
    change(world)
    for call in (world.run, lambda: validation.validate(*world.definition(), world.engine)):
        with pytest.raises(ConfigurationError) as raised:
            call()
        said = str(raised.value)
        assert not [word for word in words if word not in said], said
        assert raised.value.line is not None
        assert "north" not in said, "data in an error"
    assert world.stored_rows() == {}


def figure(world: Any) -> float:
    """The KPI over the whole reference, whose chunks are one."""
    world.monitor["chunks"] = {"count": 1}
    rows = world.run()
    chosen = rows[
        rows["metric"].eq("figure") & rows["period"].eq("reference") & rows["segment_column"].eq("")
    ]
    (value,) = chosen["value"]
    return float(value)


def test_both_prefixes_say_whose_column_it_is(world: Any) -> None:
    sql(BOTH, "update outcomes set amount = 2 * id")(world)
    where = "from scored join outcomes using (id) where happened < timestamp '2024-05-01'"
    for written, own in (("prediction.amount", "scored.amount"), ("TARGET.amount", "outcomes.amount")):
        kpi(f"sum({written})")(world)
        assert figure(world) == pytest.approx(world.sql(f"select sum({own}) {where}")[0][0])


def test_the_column_that_joins_needs_no_prefix(world: Any) -> None:
    kpi("sum(id)")(world)
    expected = world.sql("select sum(id) from scored where happened < timestamp '2024-05-01'")[0][0]
    assert figure(world) == expected


def test_a_column_named_like_another_in_other_letters_is_one_input(world: Any) -> None:
    kpi("sum(amount) - sum(Amount) + sum(actual)")(world)
    where = "from scored join outcomes using (id) where happened < timestamp '2024-05-01'"
    assert figure(world) == pytest.approx(world.sql(f"select sum(actual) {where}")[0][0], abs=1e-6)


def test_a_date_is_a_timestamp(world: Any) -> None:
    world.sql("alter table scored alter happened type date")
    assert world.run()["chunk"].nunique() == 8


def test_measured_columns_and_labels_may_be_numbers_of_other_types(world: Any) -> None:
    change = ("alter amount type decimal(9, 3)", "alter hour type double", "alter predicted type double")
    beside(*(f"alter table history {one}" for one in change))(world)
    assert not world.run().empty


VOLATILE = (
    *("random()", "now()", "current_timestamp", "current_date", "today()", "uuid()", "localtime"),
    *("get_current_timestamp()", "uuidv7()", "age(happened)", "transaction_timestamp()"),
)


@pytest.mark.parametrize("function", VOLATILE)
@pytest.mark.parametrize("place", ["where", "reference", "predictions", "kpis", "custom_metrics"])
def test_what_differs_between_runs_is_refused(world: Any, place: str, function: str) -> None:
    written: dict[str, Any] = {
        "where": f"cast({function} as varchar) > '0'",
        "reference": {"where": f"cast({function} as varchar) > '0'"},
        "predictions": {"sql": f"select *, {function} as extra from scored"},
        "kpis": [{"name": "k", "sql": f"count({function})"}],
        "custom_metrics": [{"name": "k", "sql": f"count({function})"}],
    }
    world.monitor[place] = written[place]
    world.monitor["allow_functions"] = ["now", "age", "uuidv7", "transaction_timestamp"]
    with pytest.raises(ConfigurationError, match="another value in every run") as raised:
        world.definition()
    assert raised.value.line is not None
    assert "timestamp '2025-01-01'" in str(raised.value)


def test_a_sample_needs_a_seed(world: Any) -> None:
    world.monitor["predictions"] = {"sql": "select * from scored using sample 10 rows"}
    with pytest.raises(ConfigurationError, match="other rows in every run"):
        world.definition()
    world.monitor["predictions"] = {
        "sql": "select * from scored using sample reservoir(90 percent) repeatable (1)"
    }
    world.definition()
