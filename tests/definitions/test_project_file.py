"""A good project file: everything the user says arrives, typed and in order."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from sqlmonitor import names
from sqlmonitor.definitions import Constant, Project, StandardDeviation, json_schema, load, loads
from sqlmonitor.errors import ConfigurationError

FULL = """\
version: 1
warehouse: duckdb:///flights.duckdb
store: watched
monitors:
  - name: late_flights
    description: Will a flight land 15 minutes late or more?
    task: binary_classification
    predictions: flights_scored
    where: "carrier <> 'ZZ'"
    id: flight_id
    timestamp: scheduled_at
    reference: "scheduled_at < timestamp '2013-05-01'"
    chunks: month
    model: {score: p_late, label: predicted_late, positive: 1, negative: 0}
    target:
      column: late
      relation: flights_outcomes
      on: flight_id
      observed_at: landed_at
      maturity: 2 days
    features:
      numeric: [distance, temp]
      categorical: [carrier, origin]
    segments: [origin]
    metrics:
      drift: [jensen_shannon, kolmogorov_smirnov]
      performance: [roc_auc]
    resolution: exact
    calibration: isotonic
    kpis:
      - name: rebooking_cost
        unit: USD
        value_matrix:
          {true_positive: -20, false_positive: -15.5, false_negative: -120, true_negative: 0}
      - name: delay_minutes
        sql: "sum(arr_delay) / count(*)"
    thresholds:
      - {family: drift, metric: jensen_shannon, constant: {upper: 0.1}}
      - {family: performance, standard_deviation: {lower: 3, upper: 2}}
"""

SMALL = """\
version: 1
warehouse: duckdb:///flights.duckdb
monitors:
  - name: small
    task: none
    predictions: flights
    id: flight_id
    reference: "month < 5"
    chunks: {size: 5000}
"""


def small(**lines: str) -> Project:
    """The small project with lines of its monitor replaced or added."""
    text = SMALL
    text = text.replace("name: small", f"name: {lines.pop('name', 'small')}")
    for key, value in lines.items():
        kept = [line for line in text.splitlines() if not line.startswith(f"    {key}:")]
        text = "\n".join([*kept, f"    {key}: {value}", ""])
    return loads(text)


def test_the_full_file_arrives() -> None:
    project = loads(FULL)
    monitor = project["late_flights"]
    assert (project.version, project.store, project.dialect) == (1, "watched", "duckdb")
    assert project.path == Path("sqlmonitor.yml")
    assert monitor.predictions.relation == "flights_scored"
    assert monitor.reference.where == "scheduled_at < timestamp '2013-05-01'"
    assert monitor.chunks.period == "month"
    assert monitor.model is not None
    assert (monitor.model.score, monitor.model.positive, monitor.model.negative) == ("p_late", 1, 0)
    assert monitor.target is not None
    assert (monitor.target.on, monitor.target.maturity) == ("flight_id", timedelta(days=2))
    assert monitor.features.numeric == ("distance", "temp")
    assert monitor.segments == ("origin",)
    assert monitor.metrics.drift == ("jensen_shannon", "kolmogorov_smirnov")
    assert monitor.metrics.quality is None
    assert (monitor.resolution, monitor.calibration) == ("exact", "isotonic")
    cost, delay = monitor.kpis
    assert cost.value_matrix is not None
    assert cost.value_matrix["false_positive"] == cost.value_matrix.false_positive == -15.5
    assert dict(cost.value_matrix.items())["true_negative"] == 0
    assert delay.sql == "sum(arr_delay) / count(*)"
    assert monitor.thresholds[0].constant == Constant(upper=0.1)
    assert monitor.thresholds[1].standard_deviation == StandardDeviation(lower=3, upper=2)


def test_what_is_left_out_has_its_default() -> None:
    monitor = loads(SMALL)["small"]
    assert monitor.chunks.size == 5000
    assert monitor.features.numeric == monitor.features.categorical == monitor.segments == ()
    assert monitor.features.all is False
    assert (monitor.resolution, monitor.calibration) == ("binned", "auto")
    assert (monitor.min_rows, monitor.max_levels, monitor.min_label_coverage) == (1, 1000, 0.5)
    assert monitor.metrics.drift is None
    assert loads(SMALL).store == "sqlmonitor"


def test_plain_text_and_its_mapping_are_the_same() -> None:
    plain = small(timestamp="at", chunks="week", features="all")
    mapped = small(
        timestamp="at",
        predictions="{relation: flights}",
        reference='{where: "month < 5"}',
        chunks="{period: week}",
        features="{all: true}",
    )
    assert plain == mapped
    assert plain["small"].features.all is True


def test_other_sources() -> None:
    assert small(predictions='{sql: "select 1 as flight_id"}')["small"].predictions.sql
    assert small(predictions="""{dbt: "ref('flights')"}""")["small"].predictions.dbt == "ref('flights')"
    assert small(reference="{relation: old_flights}")["small"].reference.where is None
    assert small(chunks="{count: 10}")["small"].chunks.count == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90 seconds", timedelta(seconds=90)),
        ("1 minute", timedelta(minutes=1)),
        ("12 hours", timedelta(hours=12)),
        ("2 days", timedelta(days=2)),
        ("1 week", timedelta(weeks=1)),
        ("0 days", timedelta(0)),
    ],
)
def test_maturity(text: str, expected: timedelta) -> None:
    target = small(target=f"{{column: late, maturity: {text}}}")["small"].target
    assert target is not None
    assert target.maturity == expected


@pytest.mark.parametrize(("written", "positive"), [("1", 1), ("'1'", "1"), ("late", "late"), ("true", True)])
def test_a_label_keeps_the_type_it_is_written_in(written: str, positive: object) -> None:
    model = loads(FULL.replace("positive: 1, negative: 0", f"positive: {written}"))
    assert model.monitors[0].model is not None
    found = model.monitors[0].model.positive
    assert found == positive
    assert type(found) is type(positive)


def test_classes_of_a_multiclass_model_keep_their_order_and_names() -> None:
    project = small(
        task="multiclass_classification",
        model="{score: {b: p_b, 2: p_2, true: p_true}, label: predicted}",
    )
    assert project.monitors[0].model is not None
    assert project.monitors[0].model.score == {"b": "p_b", "2": "p_2", "true": "p_true"}


@pytest.mark.parametrize("name", ["order", 'a "quoted" name', "Überprüfung", "'; drop table x --"])
def test_hostile_names_are_ordinary(name: str) -> None:
    quoted = json.dumps(name, ensure_ascii=False)
    relation = json.dumps(names.identifier(name).sql("duckdb"))
    project = small(
        name=quoted,
        id=quoted,
        predictions=relation,
        features=f"{{numeric: [{quoted}]}}",
        segments=f"[{quoted}]",
    )
    monitor = project[name]
    assert (monitor.id, monitor.features.numeric, monitor.segments) == (name, (name,), (name,))
    assert monitor.predictions.relation is not None
    assert names.relation(monitor.predictions.relation).name == name


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("duckdb:///x.duckdb", "duckdb"),
        ("duckdb://", "duckdb"),
        ("postgresql+psycopg://u:p@h/d", "postgres"),
        ("postgres://h/d", "postgres"),
        ("clickhouse://h", "clickhouse"),
        ("snowflake://a/d", "snowflake"),
        ("bigquery://p", "bigquery"),
        ("redshift://h", "redshift"),
        ("databricks://h", "databricks"),
        ("spark://h", "spark"),
        ("trino://h", "trino"),
        ("mysql://h", "mysql"),
        ("mssql://h", "tsql"),
        ("{dbt_profile: shop, target: prod}", "duckdb"),
    ],
)
def test_the_warehouse_decides_the_dialect(url: str, dialect: str) -> None:
    assert loads(SMALL.replace("duckdb:///flights.duckdb", url)).dialect == dialect


def test_environment_variables_fill_the_warehouse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2")
    project = loads(SMALL.replace("duckdb:///flights.duckdb", "postgresql://u:${SHOP_PASSWORD}@h/d"))
    assert project.warehouse == "postgresql://u:hunter2@h/d"
    assert "hunter2" not in repr(project)


def test_on_is_a_key_and_not_a_boolean() -> None:
    assert small(target="{column: late, relation: outcomes, on: no}")["small"].target is not None


def test_a_file_is_read_with_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "sqlmonitor.yml"
    path.write_text("\ufeff" + SMALL, encoding="utf-8")
    project = load(path)
    assert project.path == path
    assert project.position("monitors", 0, "chunks") == (str(path), 9)


def test_positions_and_bound_errors() -> None:
    project = loads(FULL)
    assert project.position("monitors", 0, "metrics", "drift", 1) == ("sqlmonitor.yml", 26)
    assert project.position("monitors", 0, "metrics", "quality", 3) == ("sqlmonitor.yml", 25)
    error = project.monitors[0].error(
        "metrics.drift[1]", "not for this task", allowed=["kolmogorov_smirnof"], remedy="drop it"
    )
    assert str(error).splitlines() == [
        "sqlmonitor.yml, line 26, monitors[0].metrics.drift[1]: not for this task",
        "  allowed: kolmogorov_smirnof",
        "  did you mean 'kolmogorov_smirnof'?",
        "  drop it",
    ]
    shorthand = project.monitors[0].error("predictions.relation", "no such table", ["flights_scores"])
    assert (shorthand.line, shorthand.key) == (8, "monitors[0].predictions")
    assert "did you mean 'flights_scores'?" in str(shorthand)


def test_an_unknown_monitor_is_an_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        loads(FULL)["late_flight"]
    assert "no monitor is named 'late_flight'" in str(caught.value)
    assert "did you mean 'late_flights'?" in str(caught.value)


def test_definitions_are_frozen_and_compare_by_what_they_say() -> None:
    moved = loads("# a comment\n" + FULL, "other.yml")
    assert loads(FULL)["late_flights"] == moved["late_flights"]
    assert loads(FULL)["late_flights"] != loads(FULL.replace("2 days", "3 days"))["late_flights"]
    with pytest.raises(ValueError, match="frozen"):
        loads(SMALL).store = "other"


@pytest.mark.parametrize("normalize", ["all", "true", "predicted"])
def test_the_confusion_matrix_may_be_shares(normalize: str) -> None:
    text = f"performance:\n        - roc_auc\n        - confusion_matrix: {{normalize: {normalize}}}"
    metrics = loads(FULL.replace("performance: [roc_auc]", text)).monitors[0].metrics
    assert metrics.names("performance") == ("roc_auc", "confusion_matrix")
    assert metrics.normalize == normalize
    plain = loads(FULL).monitors[0].metrics
    assert (plain.names("performance"), plain.normalize) == (("roc_auc",), None)
    assert loads(SMALL).monitors[0].metrics.names("performance") is None
    quoted = loads(FULL.replace("performance: [roc_auc]", text.replace(normalize, f"'{normalize}'")))
    assert quoted.monitors[0].metrics == metrics


def test_the_schema_knows_every_key_and_the_short_forms() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    monitor = schema["$defs"]["Monitor"]
    assert set(monitor["required"]) == {"name", "task", "predictions", "reference", "chunks"}
    assert monitor["additionalProperties"] is False
    assert monitor["properties"]["resolution"]["enum"] == ["binned", "exact"]
    normalize = schema["$defs"]["ConfusionMatrix"]["properties"]["normalize"]
    assert normalize["enum"] == ["all", "true", True, "predicted"]
    for short in ("Source", "Reference", "Chunks", "Features", "Chosen"):
        kinds = [option["type"] for option in schema["$defs"][short]["anyOf"]]
        assert kinds == ["string", "object"]
    for key, part in monitor["properties"].items():
        described = schema["$defs"][part["$ref"].split("/")[-1]] if "$ref" in part else part
        assert described.get("description"), f"editors show nothing for {key}"
