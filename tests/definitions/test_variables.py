"""vars and env_var in the project file: what they give, how it is put in, and what they cannot reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

import sqlmonitor.api
from sqlmonitor.cli.entry import main
from sqlmonitor.definitions import Project, loads, read_overrides
from sqlmonitor.errors import ConfigurationError, WarehouseError

TEXT = """\
version: 1
warehouse: duckdb:///flights.duckdb
vars: {cutoff: 2013-05-01, rows: 5, share: 0.25, carrier: "ZZ", table: flights_scored, is_on: true}
monitors:
  - name: late_flights
    description: "Flights of {{ var('carrier') }}'s, up to {{ var('rows') }}"
    task: none
    predictions: "{{ var('table') }}"
    where: "carrier <> '{{ var('carrier') }}'"
    id: flight_id
    reference: "scheduled_at < timestamp '{{ var('cutoff') }}'"
    chunks: {size: "{{ var('rows') }}"}
"""


def load(text: str = TEXT, **variables: Any) -> Project:
    return loads(text, "project.yml", variables=variables or None)


def fails(text: str, **variables: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as found:
        load(text, **variables)
    return found.value


def where(written: str, **variables: Any) -> str | None:
    return load(TEXT.replace("""carrier <> '{{ var('carrier') }}'""", written), **variables).monitors[0].where


def test_values_are_put_in_with_their_types() -> None:
    monitor = load().monitors[0]
    assert monitor.where == "carrier <> 'ZZ'"
    assert monitor.reference.where == "scheduled_at < timestamp '2013-05-01'"
    assert monitor.predictions.relation == "flights_scored"
    assert monitor.chunks.size == 5
    assert monitor.description == "Flights of ZZ's, up to 5"


def test_the_command_line_goes_before_the_file() -> None:
    assert load(**read_overrides("{cutoff: 2014-01-01, rows: 7}")).monitors[0].chunks.size == 7
    given = read_overrides("cutoff: 2014-01-01")
    assert load(**given).monitors[0].reference.where == "scheduled_at < timestamp '2014-01-01'"
    for text in ("cutoff", "[cutoff]", "{cutoff: ", ""):
        with pytest.raises(ConfigurationError) as found:
            read_overrides(text)
        assert "--vars" in str(found.value)


def test_the_environment_is_read_with_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARRIER", "AA")
    monkeypatch.delenv("NO_SUCH", raising=False)
    assert where("carrier <> '{{ env_var('CARRIER') }}'") == "carrier <> 'AA'"
    assert where("carrier <> '{{ env_var('NO_SUCH', 'BB') }}'") == "carrier <> 'BB'"
    in_vars = TEXT.replace('carrier: "ZZ"', "carrier: \"{{ env_var('CARRIER') }}\"")
    assert load(in_vars).monitors[0].where == "carrier <> 'AA'"
    monkeypatch.setenv("ROWS", "9")
    number = TEXT.replace("""size: "{{ var('rows') }}\"""", """size: "{{ env_var('ROWS') | int }}\"""")
    assert load(number).monitors[0].chunks.size == 9
    error = fails(TEXT.replace("var('carrier') }}'\"", "env_var('NO_SUCH') }}'\""))
    assert (error.line, error.key, error.message) == (
        9,
        "monitors[0].where",
        "environment variable NO_SUCH is not set",
    )


def test_variables_of_the_shell_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILE", "other.duckdb")
    assert load(TEXT.replace("flights.duckdb", "${FILE}")).warehouse == "duckdb:///other.duckdb"
    assert load(TEXT.replace("flights.duckdb", "{{ env_var('FILE') }}")).warehouse == "duckdb:///other.duckdb"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("carrier = '{{ var('carrier') | lower }}'", "carrier = 'zz'"),
        ("delay > {{ var('share') }}", "delay > 0.25"),
        ("delay > {{ -1 }}", "delay > -1"),
        ("is_late = {{ var('is_on') }}", "is_late = true"),
        ("carrier = '{{ 'A' ~ 'B' }}'", "carrier = 'AB'"),
        ("x = '{{ 'a b' if var('rows') > 3 and var('is_on') else 'c' }}'", "x = 'a b'"),
        ("x = '{{ var('none_such', 'd') }}'", "x = 'd'"),
        ("x = '{# nothing #}{{ 'e' }}'", "x = 'e'"),
        ("{{ 'x > ' ~ var('rows') }}", "x > 5"),
        ("x{{ env_var('NO_SUCH', '') }} > 1", "x > 1"),
        ("x = '{%'", "x = '{%'"),
    ],
)
def test_what_an_expression_can_say(expression: str, expected: str) -> None:
    assert where(expression) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x' or '1' = '1", "cannot stand inside '…'"),
        ("x\\", "cannot stand inside '…'"),
        ("x\ny", "cannot stand inside '…'"),
        ('x"', "cannot stand inside '…'"),
        ("1 or true", "cannot stand outside of quotes"),
        ("1; drop table x", "cannot stand outside of quotes"),
        ("(select 1)", "cannot stand outside of quotes"),
        ("1--", "cannot stand outside of quotes"),
        ("1/*", "cannot stand outside of quotes"),
    ],
)
def test_a_value_cannot_reach_beyond_its_place_in_sql(value: str, message: str) -> None:
    quoted = "inside" in message
    text = TEXT if quoted else TEXT.replace("<> '{{ var('carrier') }}'", "<> {{ var('carrier') }}")
    error = fails(text, carrier=value)
    assert (error.line, error.key) == (9, "monitors[0].where")
    assert message in error.message
    assert value not in str(error)


def test_a_value_that_is_all_of_a_condition_is_parsed_like_any_other() -> None:
    text = TEXT.replace("carrier <> '{{ var('carrier') }}'", "{{ var('carrier') }}")
    assert load(text, carrier="a > 1 or b").monitors[0].where == "a > 1 or b"
    error = fails(text, carrier="a > 1; drop table x")
    assert (error.line, error.key) == (9, "monitors[0].where")
    assert "cannot have a semicolon" in error.message


def test_what_a_value_holds_is_not_read_again() -> None:
    text = TEXT.replace("where: ", "name: ", 1).replace(
        "  - name: late_flights\n    description", "  - description"
    )
    monitor = load(
        text.replace("carrier <> '{{ var('carrier') }}'", "{{ var('carrier') }}"), carrier="{{ 7 }}"
    )
    assert monitor.monitors[0].name == "{{ 7 }}"


@pytest.mark.parametrize("value", ["[a, b]", "{a: b}"])
def test_a_value_is_never_structure(value: str) -> None:
    error = fails(TEXT.replace('carrier: "ZZ"', f"carrier: {value}"))
    assert (error.line, error.key) == (3, "vars.carrier")
    as_text = load(TEXT.replace("\"{{ var('table') }}\"", "\"'{{ var('table') }}.csv'\""), table="[a, b]")
    assert as_text.monitors[0].predictions.relation == "'[a, b].csv'"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("{{ var('carier') }}", "there is no variable 'carier'"),
        ("{{ vra('carrier') }}", "'vra' is not known here"),
        ("{{ carrier }}", "'carrier' is not known here"),
        ("{{ var }}", "'var' is a function, and must be called"),
        ("{{ var( }}", "cannot be read"),
        ("{{ var('carrier')", "is never closed"),
        ("{{ 'x' | int }}", "cannot be computed"),
        ("{{ env_var(1) }}", "cannot be computed"),
        ("{{ var() }}", "cannot be computed"),
        ("{{ ref('scored') }}", "'ref' is not known here"),
        ("{{ 'x' | center(10000000000) }}", "unknown filter 'center'"),
        ("{{ 'x' * 10000000000 }}", "has more than may stand there (mul)"),
        ("{{ 9 ** 9 ** 9 }}", "has more than may stand there (pow)"),
        ("{{ range(10 ** 9) }}", "has more than may stand there"),
        ("{{ [1] }}", "has more than may stand there (list)"),
        ("{{ {} }}", "has more than may stand there (dict)"),
        ("{{ ''.__class__ }}", "has more than may stand there (getattr)"),
        ("{{ ''['__class__'] }}", "has more than may stand there (getitem)"),
        ("{{ var.__globals__ }}", "has more than may stand there (getattr)"),
        ("{{ var('carrier').upper() }}", "has more than may stand there (getattr)"),
        ("{{ var('carrier') | attr('__class__') }}", "unknown filter 'attr'"),
        ("{{ ''|format }}", "unknown filter 'format'"),
        ("{{ cycler }}", "'cycler' is not known here"),
        ("{{ self }}", "'self' is not known here"),
        ("{{ 1 is defined }}", "has more than may stand there (test)"),
        ("{{ 1 }}{% for x in [1] %}{% endfor %}", "{% … %} is not allowed"),
        ("{{ 1 }}{% include '/etc/passwd' %}", "{% … %} is not allowed"),
        ("{{ 1 }}{% import 'os' as os %}", "{% … %} is not allowed"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "longer than 1000 characters"),
        ("{{ " + "(" * 490 + "1" + ")" * 490 + " }}", "nested too deeply"),
        ("{{ " + "-" * 990 + "1 }}", "nested too deeply"),
    ],
)
def test_what_an_expression_cannot_say(expression: str, message: str) -> None:
    error = fails(TEXT.replace("carrier <> '{{ var('carrier') }}'", expression))
    assert (error.file, error.line, error.key) == ("project.yml", 9, "monitors[0].where")
    assert message in error.message


def test_names_that_are_nearly_right_are_proposed() -> None:
    assert "did you mean 'carrier'?" in str(
        fails(TEXT.replace("{{ var('carrier') }}'\"", "{{ var('carier') }}'\""))
    )
    assert '{dbt: "ref(…)"}' in str(fails(TEXT.replace("{{ var('table') }}", "{{ ref('table') }}")))
    error = fails(TEXT, crrier="x")
    assert error.message == "the file has no variable 'crrier'"
    assert "did you mean 'carrier'?" in str(error)


def test_secrets_stand_under_the_warehouse_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_PASSWORD", "hunter2 &x")
    monkeypatch.setenv("HOST", "db.internal")
    call = "{{ env_var('DBT_ENV_SECRET_PASSWORD') }}"
    for text in (TEXT.replace('"ZZ"', f'"{call}"'), TEXT.replace("{{ var('carrier') }}'\"", f"{call}'\"")):
        error = fails(text)
        assert "DBT_ENV_SECRET_PASSWORD is a secret and may stand under 'warehouse' only" in error.message
    address = f"postgresql://me:{call}@{{{{ env_var('HOST') }}}}/shop"
    text = TEXT.replace("duckdb:///flights.duckdb", f'"{address}"')
    assert load(text).warehouse == "postgresql://me:hunter2 &x@db.internal/shop"
    file = tmp_path / "sqlmonitor.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(["validate", "--show", "-c", str(file), "--vars", "{rows: 8}"])
    said = capsys.readouterr().out
    assert stopped.value.code == 0
    assert "warehouse: postgresql://me:***@***/shop" in said
    assert "hunter2" not in said
    assert "db.internal" not in said
    assert "where: carrier <> 'ZZ'" in said
    assert "rows: 8" in said
    # What is shown is a file that says the same.
    shown = loads(said.replace("postgresql://me:***@***/shop", "duckdb://"))
    assert shown.monitors == load(TEXT, rows=8).monitors


def test_a_variable_that_came_into_the_warehouse_is_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORD", "tweety")
    file = tmp_path / "sqlmonitor.yml"
    text = TEXT.replace("vars: {", "vars: {word: \"{{ env_var('WORD') }}\", typed: x, host: h, ")
    address = "postgresql://u:{{ var('word') }}@{{ var('host') }}/{{ var('typed') }}"
    file.write_text(text.replace("duckdb:///flights.duckdb", f'"{address}"'), encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["validate", "--show", "-c", str(file), "--vars", "{typed: hunter2}"])
    said = capsys.readouterr().out
    assert "warehouse: postgresql://u:***@h/***" in said
    assert "host: h\n" in said
    assert "word: '***'" in said
    assert "tweety" not in said
    assert "hunter2" not in said


def test_a_secret_is_not_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_PASSWORD", "hunter2")
    for address in (
        "{{ env_var('DBT_ENV_SECRET_PASSWORD') }}",
        "{{ env_var('DBT_ENV_SECRET_PASSWORD') | int }}",
        "nosuch://{{ env_var('DBT_ENV_SECRET_PASSWORD') }}",
    ):
        error = fails(TEXT.replace("duckdb:///flights.duckdb", f'"{address}"'))
        assert error.line == 2
        assert "hunter2" not in str(error)
        assert error.__suppress_context__


def said_by(capsys: pytest.CaptureFixture[str], tmp_path: Path, address: str, *options: str) -> str:
    file = tmp_path / "sqlmonitor.yml"
    file.write_text(TEXT.replace("duckdb:///flights.duckdb", f'"{address}"'), encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(["validate", "-c", str(file), *options])
    assert stopped.value.code == 2
    return capsys.readouterr().err


def test_a_secret_is_not_in_an_error_of_the_warehouse(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "duckdb:///{{ env_var('DBT_ENV_SECRET_FILE') }}.db"
    for secret in ("tops3cret", "Tops3cret", " tops3cret", "tops3%63ret"):
        monkeypatch.setenv("DBT_ENV_SECRET_FILE", secret)
        said = said_by(capsys, tmp_path, address)
        assert "there is no DuckDB file" in said
        assert "***.db" in said
        assert "s3cret" not in said
        assert "s3%63ret" not in said
        # With the traceback, and what the driver said.
        assert "s3cret" not in said_by(capsys, tmp_path, address, "-v").casefold()
    # A short one is hidden as a word, and does not eat others.
    monkeypatch.setenv("DBT_ENV_SECRET_FILE", "il")
    assert "there is no DuckDB file ***.db" in said_by(capsys, tmp_path, address)


def test_a_secret_is_not_in_an_error_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_FILE", "tops3cret")
    address = "\"duckdb:///{{ env_var('DBT_ENV_SECRET_FILE') }}.db\""
    project = sqlmonitor.api.Project(load(TEXT.replace("duckdb:///flights.duckdb", address)))
    with pytest.raises(WarehouseError, match=r"no DuckDB file \*\*\*\.db") as found:
        project.connect(read_only=True)
    assert "tops3cret" not in repr(found.value)


@pytest.mark.parametrize(
    ("address", "user", "password", "host"),
    [
        ("postgresql://me:{{ env_var('DBT_ENV_SECRET_X') }}@h/shop", "me", "a@b/c?d#e f", "h"),
        ("postgresql://{{ env_var('USER_X') }}:{{ env_var('DBT_ENV_SECRET_X') }}@h/shop", "w@x", "a@b/c?d#e f", "h"),
        ("postgresql://{{ env_var('BOTH_X') }}@{{ env_var('HOST_X') }}/shop", "me", "p@w", "h:5"),
    ],
)  # fmt: skip
def test_a_user_and_a_password_are_escaped(
    monkeypatch: pytest.MonkeyPatch, address: str, user: str, password: str, host: str
) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_X", "a@b/c?d#e f")
    monkeypatch.setenv("USER_X", "w@x")
    monkeypatch.setenv("BOTH_X", "me:p@w")
    monkeypatch.setenv("HOST_X", "h:5")
    url = load(TEXT.replace("duckdb:///flights.duckdb", f'"{address}"')).warehouse
    assert isinstance(url, str)
    parts = urlsplit(url)
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (user, password)
    assert parts.netloc.rpartition("@")[2] == host
    assert parts.path == "/shop"
    # One that is escaped already stays as it is.
    monkeypatch.setenv("DBT_ENV_SECRET_X", "a%40b")
    monkeypatch.setenv("USER_X", "w%40x")
    again = str(load(TEXT.replace("duckdb:///flights.duckdb", f'"{address}"')).warehouse)
    assert "%25" not in again


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vars: [a]", "must be a mapping"),
        ("vars: 5", "must be a mapping"),
        ("vars: {a: [1]}", "must be one value"),
    ],
)
def test_vars_are_a_mapping_of_plain_values(text: str, message: str) -> None:
    bare = TEXT.replace(TEXT.splitlines()[2], text).replace("{{ var('rows') }}", "{{ var('rows', 5) }}")
    error = fails(bare)
    assert error.line == 3
    assert message in error.message
