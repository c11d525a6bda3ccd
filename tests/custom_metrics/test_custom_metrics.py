"""Metrics that users add: aggregates, formulas over other results, and distances of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from sqlmonitor import planner, runner, script, templates
from sqlmonitor.contract import RESULT_COLUMNS
from sqlmonitor.definitions import json_schema, load, loads
from sqlmonitor.engines.duckdb import DuckDB
from sqlmonitor.errors import ConfigurationError, DataError

MONITOR: dict[str, Any] = {
    "name": "loans",
    "task": "binary_classification",
    "predictions": "scored",
    "id": "id",
    "reference": "id < 400",
    "chunks": {"size": 100},
    "model": {"score": "score", "label": "predicted"},
    "target": {"column": "actual"},
    "features": {"numeric": ["amount"], "categorical": ["region"]},
    "segments": ["vehicle"],
    "kpis": [
        {"name": "amount per row", "sql": "sum(amount) / count(*)"},
        {
            "name": "worth",
            "value_matrix": {
                "true_positive": 5,
                "false_positive": -1,
                "false_negative": -3,
                "true_negative": 0,
            },
        },
    ],
}
OUTPUT = "\n".join(f"--   {name} {kind}" for name, kind in RESULT_COLUMNS.items())
BINS = "chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, row_count bigint, reference_count bigint, chunk_total bigint, reference_total bigint, missing_count bigint"
HEADER = f"""\
-- total_variation_own: half the sum of absolute differences of proportions.
-- formula: sum |p - q| / 2
-- inputs:
--   {{{{ bins }}}}: {BINS}
-- grain: chunk_number, segment_column, segment_value, column_name
-- output:
{OUTPUT}
"""
SELECT = """\
select
    chunk_number, segment_column, segment_value, 'drift' as family, 'x' as metric, column_name, '' as component
    , sum(abs(row_count / cast(chunk_total as double) - reference_count / cast(reference_total as double))) / 2 as value
    , null as standard_error, null as noise_floor, null as p_value
    , max(chunk_total) as row_count, max(missing_count) as unused_count, null as note
from {{ bins }}
group by chunk_number, segment_column, segment_value, column_name
"""


def text(custom: list[dict[str, Any]], **changes: Any) -> str:
    monitor = MONITOR | {"custom_metrics": custom} | changes
    return json.dumps({"version": 1, "warehouse": "duckdb://", "monitors": [monitor]}, indent=1)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    random = np.random.default_rng(9)
    score = random.uniform(0, 1, 800)
    return pd.DataFrame(
        {
            "id": range(800),
            "amount": random.normal(10, 2, 800),
            "region": random.choice(["north", "south", "east"], 800),
            "vehicle": random.choice(["car", "bike"], 800),
            "score": score,
            "predicted": (score > 0.5).astype(int),
            "actual": (random.uniform(0, 1, 800) < score).astype(int),
        }
    )


def run(rows: pd.DataFrame, custom: list[dict[str, Any]], path: Path | None = None, **changes: Any):
    project = loads(text(custom, **changes), path or "sqlmonitor.yml")
    with duckdb.connect() as connection:
        connection.register("frame", rows)
        connection.execute("create table scored as from frame")
        return runner.run(project, project.monitors[0], DuckDB(connection))


def series(frame: pd.DataFrame, family: str, metric: str) -> pd.Series:
    keys = ["period", "chunk", "segment_column", "segment_value"]
    chosen = (frame["family"] == family) & (frame["metric"] == metric)
    chosen &= (frame["column_name"] == "") & (frame["component"] == "")
    return frame[chosen].set_index(keys)["value"].sort_index()


def test_an_aggregate_of_ones_own(rows: pd.DataFrame) -> None:
    frame = run(rows, [{"name": "spread", "unit": "USD", "sql": "max(amount) - min(amount)"}])
    found = series(frame, "summary", "spread")
    whole = rows.groupby(rows["id"] // 100)["amount"].agg(lambda one: one.max() - one.min())
    expected = pd.concat([whole[whole.index >= 4], whole[whole.index < 4]])
    np.testing.assert_allclose(found.loc[:, :, "", ""], expected, rtol=1e-12)
    assert len(found) == 8 * 3
    own = frame[frame["metric"] == "spread"]
    assert own["upper_threshold"].notna().all()


def test_an_aggregate_adds_no_scan() -> None:
    plain, more = loads(text([])), loads(text([{"name": "spread", "sql": "max(amount)"}]))
    scans = [
        sum(step.reads_source for step in planner.plan(project, project.monitors[0]).steps)
        for project in (plain, more)
    ]
    assert scans[0] == scans[1]


@pytest.mark.parametrize(
    ("formula", "families", "expected"),
    [
        ("roc_auc - 0.5", ("estimated", "realized"), lambda of: of("roc_auc") - 0.5),
        ("2 * precision * recall / (precision + recall)", ("estimated", "realized"), lambda of: of("f1")),
        (
            "realized.roc_auc / estimated.roc_auc",
            ("summary",),
            lambda of: of("roc_auc", "realized") / of("roc_auc", "estimated"),
        ),
        ("f1 - realized.f1", ("estimated", "realized"), lambda of: of("f1") - of("f1", "realized")),
        ("row_count / 7", ("summary",), lambda of: of("row_count", "summary") / 7),
        ('"amount per row" * row_count', ("summary",), lambda of: of("amount per row", "kpi") * of("row_count", "summary")),
        ("worth / row_count", ("estimated", "realized"), lambda of: of("worth") / of("row_count", "summary")),
        ("spread + 1", ("summary",), lambda of: of("spread", "summary") + 1),
        ("abs(-f1) + sqrt(f1) + power(f1, 2)", ("estimated", "realized"), lambda of: of("f1") + of("f1") ** 0.5 + of("f1") ** 2),
        ("greatest(f1, accuracy) - least(f1, accuracy)", ("estimated", "realized"), lambda of: (of("f1") - of("accuracy")).abs()),
        ("round(accuracy, 2)", ("estimated", "realized"), lambda of: of("accuracy").round(2)),
        ("f1", ("estimated", "realized"), lambda of: of("f1")),
        ("1 / 2 + row_count * 0", ("summary",), lambda of: of("row_count", "summary") * 0 + 0.5),
    ],
    ids=lambda given: None if callable(given) else str(given),
)  # fmt: skip
def test_a_formula_over_other_results(rows: pd.DataFrame, formula, families, expected) -> None:
    custom = [{"name": "derived", "derived": formula}, {"name": "spread", "sql": "max(amount) - min(amount)"}]
    frame = run(rows, custom)
    assert set(frame.loc[frame["metric"] == "derived", "family"]) == set(families)
    for family in families:
        found = series(frame, family, "derived")
        assert len(found) == 8 * 3
        wanted = expected(lambda metric, other=family: series(frame, other, metric))
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


@pytest.mark.parametrize(
    ("formula", "note"),
    [
        ("1 / (row_count - row_count)", "the formula gave NULL"),
        ("ln(row_count - 1000000)", "the formula gave NULL"),
        ("sqrt(-row_count)", "the formula gave NULL"),
        ("row_count % 0", "the formula gave NULL"),
        ("exp(row_count * 1000)", "the formula gave no finite number"),
        ("power(row_count * 1e200, 3)", "the formula gave no finite number"),
        ("power(-row_count, 0.5)", "the formula gave no finite number"),
        ("nothing * row_count", "summary nothing has no value"),
        ("greatest(nothing, row_count)", "summary nothing has no value"),
    ],
)
def test_a_formula_without_an_answer_is_null_with_a_note(rows: pd.DataFrame, formula: str, note: str) -> None:
    frame = run(
        rows,
        [{"name": "derived", "derived": formula}, {"name": "nothing", "sql": "max(nullif(amount, amount))"}],
    )
    own = frame[frame["metric"] == "derived"]
    assert len(own) == 8 * 3
    assert own["value"].isna().all()
    assert own["is_alert"].isna().all()
    assert set(own["note"]) == {note}


def test_an_input_that_is_null_in_one_chunk_is_null_there_alone(rows: pd.DataFrame) -> None:
    changed = rows.assign(actual=rows["actual"].where(rows["id"] < 700))
    frame = run(changed, [{"name": "derived", "derived": "realized.f1 - estimated.f1"}])
    own = frame[(frame["metric"] == "derived") & (frame["segment_column"] == "")].set_index(
        ["period", "chunk"]
    )
    assert own["value"].isna().sum() == 1
    assert own.loc[("analysis", "000003"), "note"] == "realized f1 has no value"


def test_thresholds_match_custom_metrics(rows: pd.DataFrame) -> None:
    custom = [{"name": "gain", "derived": "roc_auc - 0.5"}, {"name": "spread", "sql": "max(amount)"}]
    thresholds = [
        {"family": "realized", "metric": "gain", "constant": {"lower": 0.9}},
        {"metric": "spread", "constant": {"upper": 1}},
    ]
    frame = run(rows, custom, thresholds=thresholds)
    assert frame.loc[(frame["family"] == "realized") & (frame["metric"] == "gain"), "is_alert"].all()
    assert frame.loc[frame["metric"] == "spread", "is_alert"].all()
    estimated = frame[(frame["family"] == "estimated") & (frame["metric"] == "gain")]
    realized = series(frame, "realized", "gain").loc["reference", :, "", ""]
    whole = estimated[estimated["segment_column"] == ""]
    np.testing.assert_allclose(
        whole["upper_threshold"], realized.mean() + 3 * realized.std(ddof=0), rtol=1e-9
    )


def test_a_regression_derives_from_realized_errors(rows: pd.DataFrame) -> None:
    frame = run(
        rows,
        [{"name": "share", "derived": "mae / rmse"}],
        task="regression",
        model={"label": "score"},
        kpis=[],
    )
    assert set(frame.loc[frame["metric"] == "share", "family"]) == {"realized"}
    found = series(frame, "realized", "share")
    np.testing.assert_allclose(found, series(frame, "realized", "mae") / series(frame, "realized", "rmse"))


def written(tmp_path: Path, content: str, columns: str = "both", **changes: Any) -> Path:
    (tmp_path / "total_variation_own.sql").write_text(content, encoding="utf-8")
    custom = [{"name": "own_distance", "template": "total_variation_own.sql", "columns": columns}]
    path = tmp_path / "sqlmonitor.yml"
    path.write_text(text(custom, **changes), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("columns", "names"),
    [("both", {"amount", "region"}), ("categorical", {"region"}), ("numeric", {"amount"})],
)
def test_a_distance_of_ones_own(tmp_path: Path, rows: pd.DataFrame, columns: str, names: set[str]) -> None:
    path = written(tmp_path, HEADER + SELECT, columns)
    frame = run(rows, json.loads(path.read_text())["monitors"][0]["custom_metrics"], path)
    own = frame[frame["metric"] == "own_distance"]
    assert set(own["column_name"]) == names
    assert set(own["family"]) == {"drift"}
    assert own["upper_threshold"].notna().all()
    assert own["lower_threshold"].isna().all()
    if "region" in names:
        reference = rows.loc[rows["id"] < 400, "region"].value_counts(normalize=True)
        for number in range(8):
            chunk = rows.loc[rows["id"] // 100 == number, "region"].value_counts(normalize=True)
            value = own[
                (own["column_name"] == "region")
                & (own["segment_column"] == "")
                & (own["period"] == ("reference" if number < 4 else "analysis"))
                & (own["chunk"] == f"{number % 4:06d}")
            ]["value"].item()
            assert value == pytest.approx((chunk - reference).abs().sum() / 2, rel=1e-9)


def test_a_metric_named_like_a_step_replaces_none(tmp_path: Path, rows: pd.DataFrame) -> None:
    (tmp_path / "total_variation_own.sql").write_text(HEADER + SELECT)
    custom = [
        {"name": name, "template": "total_variation_own.sql", "columns": "both"}
        for name in ("bins", "chunks", "results", "own_bins")
    ]
    frame = run(rows, custom, tmp_path / "sqlmonitor.yml")
    counts = frame.groupby("metric").size()
    assert counts["bins"] == counts["chunks"] == counts["results"] == counts["jensen_shannon"]


def test_a_template_is_compiled_with_its_comment(tmp_path: Path) -> None:
    project = load(written(tmp_path, HEADER + SELECT))
    files = dict(script.script(planner.plan(project, project.monitors[0])))
    (name,) = (name for name in files if name.endswith("own_own_distance.sql"))
    assert files[name].startswith("-- total_variation_own: half the sum")
    assert "sqlmonitor_bins" in files[name]


BROKEN = [
    ("select", "select 1; select", "more than one statement"),
    ("from {{ bins }}", "from sqlmonitor_scores", "reads 'sqlmonitor_scores'"),
    ("from {{ bins }}", "from scored", "reads 'scored'"),
    ("from {{ bins }}", "from other.sqlmonitor_bins", "reads 'other.sqlmonitor_bins'"),
    ("from {{ bins }}", "from '/etc/passwd.csv'", "reads '/etc/passwd.csv'"),
    ("from {{ bins }}", "from read_csv('x.csv')", "table functions"),
    ("from {{ bins }}", "from {{ bins }}, range(3)", "table functions"),
    ("from {{ bins }}", "from {{ bins }}, unnest([1])", "cannot make rows"),
    ("from {{ bins }}", "from {{ bins }} where bin in (select 1 from scored)", "reads 'scored'"),
    ("from {{ bins }}", "from {{ scores }}", "variables that the header does not name: scores"),
    ("from {{ bins }}", "from {{ bins }} where column_name = {{ 'x' }}", "neither a parsed tree nor an integer"),
    ("from {{ bins }}", "from {{ bins.__class__ }}", ""),
    ("from {{ bins }}", "from {{ bins", "line 27"),
    ("from {{ bins }}", "from {% include 'x' %}", ""),
    ("from {{ bins }}", "from {% for one in range(999999999) %}{% endfor %}", ""),
    (", null as note", "", "other columns than the header's output: note"),
    (", null as note", ", null as note, 1 as more", "other columns than the header's output: more"),
    ("max(missing_count)", "getenv('HOME')", "getenv"),
    ("max(missing_count)", "strange(missing_count)", "strange is not known"),
    ("max(missing_count)", "max(missing)", "column 'missing' is not there"),
    ("group by chunk_number", "group by chunk", "column 'chunk' is not there"),
    ("select", "delete from {{ bins }} --", "must be one SELECT"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "message"), BROKEN)
def test_a_template_that_is_not_one_select_from_its_input_is_refused(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    assert right in SELECT
    project = load(written(tmp_path, HEADER + SELECT.replace(right, wrong, 1)))
    plan = planner.plan(project, project.monitors[0])
    with pytest.raises(ConfigurationError) as caught:
        templates.check(plan)
    assert message in str(caught.value)
    assert caught.value.file == str(tmp_path / "sqlmonitor.yml")
    assert caught.value.key == "monitors[0].custom_metrics[0].template"
    assert caught.value.line
    assert "total_variation_own.sql" in caught.value.message


WRONG_HEADERS = [
    ("-- total_variation_own: half", "-- other: half", "line 1: the header must begin with '-- total_variation_own: '"),
    ("-- inputs:\n", "", "needs one line '-- inputs:'"),
    ("-- grain: chunk_number", "-- grain: chunk", "line 5: the grain's 'chunk' is not among"),
    ("{{ bins }}", "bins", "line 4: '--   bins"),
    ("{{ bins }}", "{{ binz }}", "did you mean 'bins'?"),
    ("{{ bins }}", "{{ scores }}", "exactly one input, a small table, but has scores"),
    ("--   value double", "--   value varchar", "differs from that of a metric in 'value'"),
    ("--   value double", "--   value real", "is no column"),
    ("--   value double\n", "", "differs from that of a metric in 'value'"),
    ("--   value double\n", "--   value double\n--   value double\n", "stands twice"),
    ("--   note varchar\n", "--   note varchar\n--   more double\n", "in 'more'"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "message"), WRONG_HEADERS)
def test_a_template_with_another_header_is_refused(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    assert right in HEADER
    project = load(written(tmp_path, HEADER.replace(right, wrong, 1) + SELECT))
    with pytest.raises(ConfigurationError) as caught:
        planner.plan(project, project.monitors[0])
    assert message in str(caught.value)
    assert caught.value.key == "monitors[0].custom_metrics[0].template"
    assert caught.value.line


@pytest.mark.parametrize(
    ("right", "wrong"), [("bin bigint", "bin varchar"), ("bin bigint", "binn bigint")], ids=str
)
def test_an_input_that_has_other_columns_is_named(tmp_path: Path, right: str, wrong: str) -> None:
    project = load(written(tmp_path, HEADER.replace(right, wrong) + SELECT))
    plan = planner.plan(project, project.monitors[0])
    with pytest.raises(ConfigurationError, match=f"a column of bins that is not there: {wrong}"):
        templates.check(plan)


@pytest.mark.parametrize("table", ["distribution_functions", "numeric", "bins"])
@pytest.mark.parametrize("resolution", ["binned", "exact"])
def test_the_packages_own_distances_pass_as_a_users(tmp_path: Path, table: str, resolution: str) -> None:
    path = {
        "distribution_functions": Path(__file__).parent / "largest_difference.sql",
        "numeric": templates.folder() / "summary/median.sql",
        "bins": templates.folder() / "distance/jensen_shannon.sql",
    }[table]
    custom = [{"name": "own", "template": str(path), "columns": "numeric"}]
    project = loads(text(custom, resolution=resolution), tmp_path / "sqlmonitor.yml")
    templates.check(planner.plan(project, project.monitors[0]))


def test_a_template_without_a_column_to_be_computed_for_is_an_error(tmp_path: Path) -> None:
    project = load(written(tmp_path, HEADER + SELECT, "categorical", features={"numeric": ["amount"]}))
    with pytest.raises(ConfigurationError, match="no categorical features") as caught:
        planner.plan(project, project.monitors[0])
    assert caught.value.key == "monitors[0].custom_metrics[0].columns"


def test_an_empty_template_and_one_that_is_not_there(tmp_path: Path) -> None:
    project = load(written(tmp_path, ""))
    with pytest.raises(ConfigurationError, match="the header must begin"):
        planner.plan(project, project.monitors[0])
    (tmp_path / "total_variation_own.sql").unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        planner.plan(project, project.monitors[0])


def test_distribution_functions_are_for_numeric_columns(tmp_path: Path) -> None:
    header = HEADER.replace("{{ bins }}", "{{ distribution_functions }}")
    project = load(written(tmp_path, header + SELECT))
    with pytest.raises(ConfigurationError, match="numeric columns only"):
        planner.plan(project, project.monitors[0])


def test_two_rows_for_one_value_are_an_error(tmp_path: Path, rows: pd.DataFrame) -> None:
    path = written(tmp_path, HEADER + SELECT.replace("column_name\n", "column_name, bin\n"))
    with pytest.raises(DataError, match="rows for the same chunk"):
        run(rows, json.loads(path.read_text())["monitors"][0]["custom_metrics"], path)


@pytest.mark.parametrize(
    ("custom", "key", "message", "hint"),
    [
        ({"name": "x", "derived": "roc_auk - 1"}, "derived", "no result of this monitor is named 'roc_auk'", "did you mean 'roc_auc'?"),
        ({"name": "x", "derived": "mean - 1"}, "derived", "no result of this monitor is named 'mean'", "single columns"),
        ({"name": "x", "derived": "realised.f1"}, "derived", "not in the family realised", "did you mean 'realized'?"),
        ({"name": "x", "derived": "confusion_matrix"}, "derived", "no result of this monitor is named", ""),
        ({"name": "x", "derived": "x + 1"}, "derived", "cannot name another derived metric", ""),
        ({"name": "f1", "sql": "sum(amount)"}, "name", "'f1' is a metric of the catalogue", "another name"),
    ],
    ids=str,
)  # fmt: skip
def test_a_metric_that_the_monitor_cannot_have(custom, key, message, hint) -> None:
    project = loads(text([custom]), "shop.yml")
    with pytest.raises(ConfigurationError) as caught:
        planner.plan(project, project.monitors[0])
    assert message in str(caught.value)
    assert hint in str(caught.value)
    assert caught.value.file == "shop.yml"
    assert caught.value.key == f"monitors[0].custom_metrics[0].{key}"
    assert f'"{key}"' in text([custom]).splitlines()[(caught.value.line or 0) - 1]


@pytest.mark.parametrize(
    ("custom", "key", "message"),
    [
        ({"name": "x"}, "", "exactly one of sql, derived and template, but has none"),
        ({"name": "x", "sql": "sum(a)", "derived": "f1"}, "", "has sql and derived"),
        ({"name": "x", "template": "a.sql"}, "", "needs columns"),
        ({"name": "x", "sql": "sum(a)", "columns": "both"}, ".columns", "columns is for a template"),
        ({"name": "X y", "sql": "sum(a)"}, ".name", "pattern"),
        ({"name": "worth", "sql": "sum(a)"}, ".name", "another metric or KPI is named 'worth'"),
        ({"name": "x", "sql": "amount"}, ".sql", "has no aggregate"),
        ({"name": "x", "derived": "sum(f1)"}, ".derived", "cannot have 'SUM(f1)'"),
        ({"name": "x", "derived": "f1 > 0.5"}, ".derived", "cannot have"),
        ({"name": "x", "derived": "(select 1)"}, ".derived", "cannot have"),
        ({"name": "x", "derived": "f1 || 'x'"}, ".derived", "cannot have"),
        ({"name": "x", "derived": "a.b.c"}, ".derived", "cannot have"),
        ({"name": "x", "derived": "1 + 1"}, ".derived", "names no result"),
        ({"name": "x", "derived": "f1; drop table x"}, ".derived", "semicolon"),
        ({"name": "x", "derived": "f1 +"}, ".derived", "not readable"),
        ({"name": "x", "derived": "random() * f1"}, ".derived", "another value in every run"),
    ],
    ids=str,
)
def test_what_is_written_wrong_is_named_with_its_place(custom, key, message) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loads(text([custom]), "shop.yml")
    assert message in str(caught.value)
    assert caught.value.key == f"monitors[0].custom_metrics[0]{key}"
    assert caught.value.line


def test_an_unknown_column_of_an_aggregate_is_named(rows: pd.DataFrame) -> None:
    with pytest.raises(ConfigurationError, match="there is no column 'amont'") as caught:
        run(rows, [{"name": "x", "sql": "sum(amont)"}])
    assert caught.value.key == "monitors[0].custom_metrics[0].sql"


def test_the_schema_has_custom_metrics() -> None:
    schema = json_schema()
    assert "custom_metrics" in schema["$defs"]["Monitor"]["properties"]
    assert "derived" in schema["$defs"]["CustomMetric"]["properties"]
