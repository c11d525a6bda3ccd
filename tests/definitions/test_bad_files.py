"""Every bad file: the error names the file, the line, the key, what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmonitor.definitions import load, loads
from sqlmonitor.errors import ConfigurationError

GOOD = """\
version: 1
warehouse: duckdb:///flights.duckdb
monitors:
  - name: late_flights
    task: binary_classification
    predictions: flights_scored
    where: "carrier <> 'ZZ'"
    id: flight_id
    timestamp: scheduled_at
    reference: "scheduled_at < timestamp '2013-05-01'"
    chunks: month
    model: {score: p_late, label: predicted_late}
    target: {column: late, relation: outcomes, maturity: 2 days}
    features:
      numeric: [distance, temp]
      categorical: [carrier]
    metrics:
      drift: [jensen_shannon]
    kpis:
      - name: cost
        value_matrix: {true_positive: 1, false_positive: 2, false_negative: 3, true_negative: 4}
      - name: delay
        sql: "sum(arr_delay) / count(*)"
    thresholds:
      - {family: drift, constant: {upper: 0.1}}
"""


def fails(text: str, file: str = "project.yml") -> ConfigurationError:
    """The error that a text ends in."""
    with pytest.raises(ConfigurationError) as caught:
        loads(text, file)
    return caught.value


# what stands in the good file | what stands there instead | line | key | message | in the hints
# fmt: off
CASES = [
    # keys
    ("    chunks: month", "    chunk: month", 11, "M.chunk", "unknown key 'chunk'", "did you mean 'chunks'?"),
    ("version: 1", "version: 1\nstores: x", 2, "stores", "unknown key 'stores'", "did you mean 'store'?"),
    ("{score: p_late,", "{scores: p_late,", 12, "M.model.scores", "unknown key 'scores'", "did you mean 'score'?"),
    ("numeric: [", "numerical: [", 15, "M.features.numerical", "unknown key 'numerical'", "did you mean 'numeric'?"),
    ("      drift: [", "      drifts: [", 18, "M.metrics.drifts", "unknown key 'drifts'", "did you mean 'drift'?"),
    ("constant: {upper", "constant: {uper", 25, "M.thresholds[0].constant.uper", "unknown key 'uper'", "did you mean 'upper'?"),
    ("    chunks: month\n", "", 4, "M", "key 'chunks' is missing", "add 'chunks:'"),
    ("{column: late, ", "{", 13, "M.target", "key 'column' is missing", "add 'column:'"),
    ("version: 1\n", "", 1, None, "key 'version' is missing", "add 'version:'"),
    (", true_negative: 4", "", 21, "M.kpis[0].value_matrix", "key 'true_negative' is missing", "add"),
    # types
    ("id: flight_id", "id: 7", 8, "M.id", "must be text, not 7", "quote it: '7'"),
    ("id: flight_id", "id: [a]", 8, "M.id", "must be text, not a list", ""),
    ("id: flight_id", "id: ''", 8, "M.id", "must not be empty", ""),
    ("id: flight_id", "id: '  '", 8, "M.id", "must not be empty", ""),
    ("name: late_flights", "name:", 4, "M.name", "must be text, but is empty", ""),
    ("name: late_flights", 'name: "a\\tb"', 4, "M.name", "must be printable text", ""),
    ("numeric: [distance, temp]", "numeric: distance", 15, "M.features.numeric", "must be a list, not 'distance'", "write it as a list: [distance]"),
    ("numeric: [distance, temp]", "numeric: [distance, 3]", 15, "M.features.numeric[1]", "must be text, not 3", "quote it"),
    ("drift: [jensen_shannon]", "drift: ['']", 18, "M.metrics.drift[0]", "must not be empty", ""),
    ("model: {score: p_late, label: predicted_late}", "model: p_late", 12, "M.model", "must be a mapping of keys", "allowed: score, label"),
    ("true_positive: 1", "true_positive: many", 21, "M.kpis[0].value_matrix.true_positive", "must be a number, not 'many'", ""),
    ("true_positive: 1", "true_positive: .nan", 21, "M.kpis[0].value_matrix.true_positive", "must be a finite number", ""),
    ("id: flight_id", "id: flight_id\n    min_rows: 1.5", 9, "M.min_rows", "must be a whole number, not 1.5", ""),
    ("id: flight_id", "id: flight_id\n    min_label_coverage: 50", 9, "M.min_label_coverage", "less than or equal to 1, not 50", ""),
    ("id: flight_id", "id: flight_id\n    blended: maybe", 9, "M.blended", "must be true or false, not 'maybe'", ""),
    ("target: {column: late, relation: outcomes, maturity: 2 days}", "blended: true", 13, "M.blended", "blended values are of a classification with a target", "remove 'blended:'"),
    ("version: 1", "version: 1\nsettings: {threads: [1]}", 2, "settings.threads", "must be a number, text, or true or false", ""),
    ("version: 1", "version: 1\nsettings: [threads]", 2, "settings", "must be a mapping of keys, not a list", ""),
    ("chunks: month", "chunks: {size: 0}", 11, "M.chunks.size", "greater than or equal to 1, not 0", ""),
    ("drift: [jensen_shannon]", "performance: [f1, 3]", 18, "M.metrics.performance[1]", "must be a metric's name", "{confusion_matrix: {normalize: all}}"),
    ("drift: [jensen_shannon]", "performance: f1", 18, "M.metrics.performance", "must be a list, not 'f1'", "write it as a list: [f1]"),
    ("drift: [jensen_shannon]", "performance: ['']", 18, "M.metrics.performance[0]", "must not be empty", ""),
    ("drift: [jensen_shannon]", "performance: [f1, f1]", 18, "M.metrics.performance[1]", "'f1' stands twice", "keep one"),
    ("drift: [jensen_shannon]", "performance:\n        - confusion_matrix\n        - confusion_matrix:\n            normalize: all", 20, "M.metrics.performance[1]", "'confusion_matrix' stands twice", "keep one"),
    ("drift: [jensen_shannon]", "performance:\n        - f1\n        - confusion_matrix:\n            normalize: pred", 21, "M.metrics.performance[1].confusion_matrix.normalize", "unknown value 'pred'", "did you mean 'predicted'?"),
    ("drift: [jensen_shannon]", "performance: [{confusion_matrix: {normalize: false}}]", 18, "M.metrics.performance[0].confusion_matrix.normalize", "unknown value 'false'", "for counts leave it out"),
    ("drift: [jensen_shannon]", "performance: [{confusion_matrix: {normalise: all}}]", 18, "M.metrics.performance[0].confusion_matrix.normalise", "unknown key 'normalise'", "did you mean 'normalize'?"),
    ("drift: [jensen_shannon]", "performance: [{confusion_matrix: {}}]", 18, "M.metrics.performance[0].confusion_matrix", "key 'normalize' is missing", "add 'normalize:'"),
    ("drift: [jensen_shannon]", "performance: [{confusion_matrix: all}]", 18, "M.metrics.performance[0].confusion_matrix", "must be a mapping of keys", "allowed: normalize"),
    ("drift: [jensen_shannon]", "performance: [{confusion_matrx: {normalize: all}}]", 18, "M.metrics.performance[0].confusion_matrx", "unknown key 'confusion_matrx'", "did you mean 'confusion_matrix'?"),
    ("drift: [jensen_shannon]", "performance: [{}]", 18, "M.metrics.performance[0]", "exactly one of name and confusion_matrix", ""),
    # choices
    ("binary_classification", "binary_clasification", 5, "M.task", "unknown value 'binary_clasification'", "did you mean 'binary_classification'?"),
    ("chunks: month", "chunks: monthly", 11, "M.chunks", "unknown value 'monthly'", "did you mean 'month'?"),
    ("family: drift", "family: estimate", 25, "M.thresholds[0].family", "unknown value 'estimate'", "did you mean 'estimated'?"),
    ("id: flight_id", "id: flight_id\n    resolution: exactly", 9, "M.resolution", "unknown value 'exactly'", "allowed: binned, exact"),
    ("features:\n      numeric: [distance, temp]\n      categorical: [carrier]", "features: every", 14, "M.features", "unknown value 'every'", "allowed: all"),
    ("numeric: [distance, temp]", "exclude: [temp]", 15, "M.features.exclude", "exclude needs all: true", "add 'all: true'"),
    ("numeric: [distance, temp]", "all: true\n      exclude: [carrier]", 16, "M.features.exclude[0]", "'carrier' is listed and excluded", "keep it in one"),
    ("version: 1", "version: 2", 1, "version", "version 2 is unknown", "version: 1"),
    ("version: 1", "version: '1'", 1, "version", "version '1' is unknown", "version: 1"),
    # exactly one of
    ("predictions: flights_scored", "predictions: {relation: a, sql: select 1}", 6, "M.predictions", "exactly one of relation, sql and dbt, but has relation and sql", ""),
    ("predictions: flights_scored", "predictions: {}", 6, "M.predictions", "but has none", ""),
    ("predictions: flights_scored", "predictions: {dbt: flights}", 6, "M.predictions.dbt", "'flights' is not a dbt reference", "ref('model')"),
    ("chunks: month", "chunks: {size: 5, count: 2}", 11, "M.chunks", "but has size and count", "{size: 5000}"),
    ("reference: \"scheduled_at < timestamp '2013-05-01'\"", "reference: {}", 10, "M.reference", "at least one of where, relation and sql", "condition"),
    ("        sql: \"sum(arr_delay) / count(*)\"\n", "", 22, "M.kpis[1]", "exactly one of value_matrix and sql, but has none", ""),
    ("constant: {upper: 0.1}", "metric: x", 25, "M.thresholds[0]", "exactly one of constant and standard_deviation, but has none", ""),
    ("constant: {upper: 0.1}", "constant: {}", 25, "M.thresholds[0].constant", "at least one of lower and upper", ""),
    ("constant: {upper: 0.1}", "constant: {lower: 1, upper: 0.1}", 25, "M.thresholds[0].constant", "lower (1) must be below upper (0.1)", ""),
    ("constant: {upper: 0.1}", "standard_deviation: {upper: -1}", 25, "M.thresholds[0].standard_deviation.upper", "greater than or equal to 0, not -1", ""),
    # things that do not fit together
    ("    timestamp: scheduled_at\n", "", 10, "M.chunks", "chunks by month need a timestamp", "{size: 5000}"),
    ("    id: flight_id\n", "", 12, "M.target.relation", "needs a column to join on", "add 'on:'"),
    ("    model: {score: p_late, label: predicted_late}\n", "", 4, "M", "task binary_classification needs a model", "add 'model:'"),
    ("score: p_late, ", "", 12, "M.model", "needs one score column", "score:"),
    ("task: binary_classification", "task: regression", 12, "M.model.score", "task regression has no score", "label:"),
    ("task: binary_classification", "task: none", 12, "M.model", "task none watches data only", "remove 'model:'"),
    ("task: binary_classification", "task: multiclass_classification", 12, "M.model.score", "needs a score column per class", "{class: column"),
    ("score: p_late", "score: {a: x, b: y}", 12, "M.model.score", "needs one score column", ""),
    ("score: p_late", "score: {a: x, b: x}", 12, "M.model.score", "two classes have the same column", ""),
    ("score: p_late", "score: {'': x, b: y}", 12, "M.model.score", "a class needs a name", "write the value"),
    ("score: p_late", "score: 3", 12, "M.model.score", "must be a column", ""),
    ("label: predicted_late", "positive: a, negative: a", 12, "M.model.negative", "are the same value", ""),
    ("label: predicted_late", "positive: 0.5", 12, "M.model.positive", "must be a whole number, text", "quote"),
    ("relation: outcomes, ", "on: flight_id, ", 13, "M.target.on", "on needs a relation", "relation:"),
    ("maturity: 2 days", "maturity: 2 months", 13, "M.target.maturity", "'2 months' is not a duration", "2 days"),
    ("maturity: 2 days", "maturity: 2", 13, "M.target.maturity", "'2' is not a duration", "2 days"),
    ("maturity: 2 days", "maturity: 99999999999999 weeks", 13, "M.target.maturity", "longer than a hundred years", ""),
    ("categorical: [carrier]", "categorical: [carrier, temp]", 16, "M.features.categorical[1]", "'temp' is in numeric and in categorical", "keep it in one"),
    ("numeric: [distance, temp]", "numeric: [temp, temp]", 15, "M.features.numeric[1]", "'temp' stands twice", "keep one"),
    ("name: delay", "name: cost", 22, "M.kpis[1].name", "two KPIs are named 'cost'", "its own name"),
    # SQL
    ("carrier <> 'ZZ'", "carrier <> 'ZZ", 7, "M.where", "never closed", "true-or-false"),
    ("carrier <> 'ZZ'", "carrier = 'A'; drop table x", 7, "M.where", "cannot have a semicolon", "true-or-false"),
    ("carrier <> 'ZZ'", "sum(x) > 1", 7, "M.where", "cannot have aggregates", "true-or-false"),
    ("carrier <> 'ZZ'", "read_text('x') = ''", 7, "M.where", "read_text reaches files", "in FROM"),
    ("scheduled_at < timestamp '2013-05-01'", "scheduled_at <", 10, "M.reference", "not readable as SQL", "true-or-false"),
    ("predictions: flights_scored", "predictions: flights scored rows", 6, "M.predictions", "not readable as SQL", "double quotes"),
    ("predictions: flights_scored", "predictions:\n      sql: select 1; drop table x", 7, "M.predictions.sql", "more than one statement", "one SELECT"),
    ("relation: outcomes", "relation: getenv('x')", 13, "M.target.relation", "getenv cannot stand in place", "allowed: parquet_scan"),
    ("sum(arr_delay) / count(*)", "arr_delay / 2", 23, "M.kpis[1].sql", "has no aggregate", "one aggregate expression"),
    ("sum(arr_delay) / count(*)", "sum(arr_delay), 1", 23, "M.kpis[1].sql", "not readable as SQL", "one aggregate expression"),
    ("sum(arr_delay) / count(*)", "geomean(arr_delay)", 23, "M.kpis[1].sql", "function geomean is not known", "allow_functions: [geomean]"),
    # the warehouse
    ("duckdb:///flights.duckdb", "flights.duckdb", 2, "warehouse", "must be a URL", "duckdb:///"),
    ("duckdb:///flights.duckdb", "duckbd:///flights.duckdb", 2, "warehouse", "unknown engine 'duckbd'", "did you mean 'duckdb'?"),
    ("duckdb:///flights.duckdb", "${NO_SUCH_VARIABLE}", 2, "warehouse", "environment variable NO_SUCH_VARIABLE is not set", "export NO_SUCH_VARIABLE"),
    ("duckdb:///flights.duckdb", "{profile: shop}", 2, "warehouse.profile", "unknown key 'profile'", "did you mean 'dbt_profile'?"),
    ("duckdb:///flights.duckdb", "{target: prod}", 2, "warehouse", "key 'dbt_profile' is missing", "add"),
    ("duckdb:///flights.duckdb", "3", 2, "warehouse", "must be a URL", "duckdb:///"),
]
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[3]}: {case[4]}")
def test_a_bad_value_is_an_error_with_its_place(
    case: tuple[str, str, int, str | None, str, str],
) -> None:
    good, bad, line, key, message, hint = case
    assert good in GOOD
    error = fails(GOOD.replace(good, bad, 1))
    expected_key = key.replace("M", "monitors[0]", 1) if key and key.startswith("M") else key
    assert (error.file, error.line, error.key) == ("project.yml", line, expected_key)
    assert message in error.message
    assert hint in "\n".join(error.hints())
    assert error.exit_code == 2
    assert str(error).startswith(f"project.yml, line {line}")


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("", None, "the file is empty", "sqlmonitor init"),
        ("# nothing\n", None, "the file is empty", "sqlmonitor init"),
        ("- a\n- b\n", 1, "must be a mapping of keys, but is a list", "version"),
        ("just text", 1, "must be a mapping of keys, but is a single value", "version"),
        ("a: 1\nb: [1\nc: 2\n", 3, "not valid YAML", "indentation"),
        ("a: 1\n\tb: 2\n", 2, "a tab stands where YAML wants spaces", "spaces"),
        ("a: 1\nb: 2\na: 3\n", 3, "key 'a' stands twice", "keep one"),
        ("a: 1\n---\nb: 2\n", 2, "a second YAML document", "one document"),
        ("a: 1\nb: *c\n", 2, "undefined alias", "anchor"),
        ("a: 'never closed\n", 2, "not valid YAML", "quotes"),
        ("a: 1\nb: \0\n", 2, "a character that YAML does not allow", "control character"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "is not allowed", "plain value"),
        ("&x\na: 1\nb: [1, *x]\n", 1, "an alias stands inside what it names", ""),
        ("a: &x {<<: *x}\n", None, "a merge (<<) cannot be resolved", "write the keys out"),
    ],
)
def test_broken_yaml_is_an_error_with_its_line(text: str, line: int | None, message: str, hint: str) -> None:
    error = fails(text)
    assert (error.file, error.line) == ("project.yml", line)
    assert message in error.message
    assert hint in "\n".join(error.hints())


def test_a_bomb_of_aliases_is_refused() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "holds more than 100000 values" in fails("\n".join(levels)).message


def test_nesting_without_end_is_refused() -> None:
    assert "nested too deeply" in fails("a: " + "[" * 5000 + "]" * 5000).message


def test_the_problem_nearest_the_top_comes_first() -> None:
    text = GOOD.replace("task: binary", "task: binry").replace("id: flight_id", "id: 7")
    assert fails(text.replace("upper: 0.1", "uper: 0.1")).line == 5


def test_two_monitors_of_one_name_are_refused() -> None:
    error = fails(GOOD + GOOD[GOOD.index("  - name") :])
    assert (error.line, error.key) == (26, "monitors[1].name")
    assert error.message == "two monitors are named 'late_flights'"


def test_a_file_without_monitors_is_refused() -> None:
    error = fails("version: 1\nwarehouse: duckdb://\nmonitors: []\n")
    assert (error.line, error.key, error.message) == (3, "monitors", "must not be empty")


def test_the_address_of_the_warehouse_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDRESS", "secret-engine://user:hunter2@host")
    for address in (
        "${ADDRESS}",
        "nosuch://user:hunter2@host",
        "[hunter2]",
        "{dbt_profile: [hunter2]}",
    ):
        error = fails(GOOD.replace("duckdb:///flights.duckdb", address))
        assert error.line == 2
        assert "hunter2" not in str(error)
        assert "secret" not in str(error)
        assert error.__suppress_context__


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "sqlmonitor.yml"
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert caught.value.file == str(path)
    assert "no such file" in str(caught.value)
    assert "sqlmonitor init" in str(caught.value)


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a folder, not a file"):
        load(tmp_path)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "sqlmonitor.yml"
    path.write_bytes(b"\xff\xfe\x00version")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        load(path)
