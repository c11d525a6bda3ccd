"""What an address hides is in nothing that is shown: errors, statements, JSON; however it is escaped there."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

import duckdb
import pytest
from rich.markup import escape

from sqlmonitor.cli import main
from sqlmonitor.definitions import loads
from sqlmonitor.definitions.warehouse import hidden_in
from sqlmonitor.errors import ConfigurationError, SqlmonitorError, WarehouseError
from sqlmonitor.masking import hiding, secrets_of, without

HOSTILE = '[red]it\'s "hünter"/a@b %25 c\\d:1'

MONITOR: dict[str, Any] = {
    "name": "m",
    "task": "none",
    "predictions": "scored",
    "id": "id",
    "timestamp": "at",
    "reference": "id < 50",
    "where": "word <> '[red]hunter2'",
    "chunks": "day",
    "features": {"numeric": ["id"]},
}


def project(warehouse: str) -> str:
    return json.dumps({"version": 1, "warehouse": warehouse, "monitors": [MONITOR]})


@pytest.mark.parametrize(
    "shown",
    [
        HOSTILE,
        HOSTILE.upper(),
        quote(HOSTILE, safe=""),
        quote(HOSTILE),
        quote_plus(HOSTILE),
        json.dumps(HOSTILE),
        json.dumps(HOSTILE, ensure_ascii=False),
        repr(HOSTILE),
        escape(HOSTILE),
        HOSTILE.replace("'", "''"),
        HOSTILE.replace('"', '""'),
        unquote(HOSTILE),
    ],
)
def test_every_form_of_a_secret_is_hidden(shown: str) -> None:
    masked = without(f"before {shown} after", [HOSTILE])
    assert masked.replace('"', "").replace("'", "") == "before *** after"


def test_a_variable_in_a_login_is_escaped_and_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_LOGIN", HOSTILE)
    monkeypatch.setenv("DB_HOST", "shop.example")
    monkeypatch.setenv("API_TOKEN", "tok-31")
    made = loads(project("postgresql://me:${DB_LOGIN}@${DB_HOST}/shop?application_name=${API_TOKEN}"))
    assert isinstance(made.warehouse, str)
    parts = urlsplit(made.warehouse)
    assert (parts.hostname, parts.path) == ("shop.example", "/shop")
    # A percent sign begins an escape already, as in the docs.
    assert unquote(parts.password or "") == unquote(HOSTILE)
    with pytest.raises(WarehouseError) as caught, made.hiding():
        raise WarehouseError(
            f"shop.example refused {HOSTILE!r} and {parts.password}", remedy=f"not tok-31, {HOSTILE}"
        )
    assert str(caught.value) == "shop.example refused '***' and ***\n  not ***, ***"


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("duckdb:///flights.duckdb", set()),
        ("postgresql://me:p%40w@h/d", {"p%40w", "p@w"}),
        ("postgresql://me@h/d?password=x%20y", {"x%20y", "x y"}),
        # Mistyped, and as libpq has it besides.
        ("postgres:/me:abc@h/d", {"abc"}),
        ("postgresql:host=h password=abc", {"abc"}),
        ("sc://h/;authorization=Bearer abc;x-api-key=def", {"Bearer abc", "Bearer", "def"}),
        ("clickhousedb://h/d?client_secret=abc", {"abc"}),
        ("sc://h:15002/;token=abc", {"abc"}),
        ("duckdb:///md:?motherduck_token=abc", {"abc"}),
    ],
)
def test_secrets_of_a_url(url: str, secrets: set[str]) -> None:
    assert secrets_of(url) == secrets


def test_all_that_an_error_says_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sqlmonitor")
    with hiding({HOSTILE}):
        logging.getLogger("sqlmonitor").info("-- %s\nselect '%s'", "a step", HOSTILE)

    def fail() -> None:
        try:
            raise OSError(2, "no such file", HOSTILE)
        except OSError as error:
            raise ConfigurationError(
                "wrong", file=HOSTILE, key=HOSTILE, remedy=HOSTILE, allowed=["a", HOSTILE], word=HOSTILE
            ) from error

    with pytest.raises(SqlmonitorError) as caught, hiding({HOSTILE}):
        fail()
    error = caught.value
    assert str(error).count("***") == 5
    assert "red" not in str(error) + repr(error.__cause__) + repr(vars(error)) + caplog.text
    assert "-- a step\nselect '***'" in caplog.text
    # Outside of the block nothing is hidden.
    logging.getLogger("sqlmonitor").info("%s", HOSTILE)
    assert HOSTILE in caplog.text


FLAGS = [[], ["-v"], ["--log-format", "json"], ["-v", "--log-format", "json"]]


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
@pytest.mark.parametrize("folder", ["", "nowhere/"])
def test_commands_show_no_secret(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    folder: str,
    flags: list[str],
) -> None:
    monkeypatch.setenv("DB_SECRET", "[red]hunter2")
    file = tmp_path / "sqlmonitor.yml"
    file.write_text(project(f"duckdb:///{folder}${{DB_SECRET}}.duckdb"))
    with duckdb.connect(str(tmp_path / "[red]hunter2.duckdb")) as connection:
        connection.execute(
            "create table scored as select i as id, 'x' as word, "
            "timestamp '2024-01-01' + i * interval '1 hour' as at from range(100) as t (i)"
        )
    with pytest.raises(SystemExit) as stopped:
        main(["run", "-c", str(file), *flags])
    assert stopped.value.code == (2 if folder else 0)
    said = "".join(capfd.readouterr()) + caplog.text
    assert "hunter2" not in said
    # In the message, or in the condition of a statement.
    assert "***" in said or not (folder or "-v" in flags)


def test_comparisons_show_no_secret(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DB_SECRET", "[red]hunter2")
    with pytest.raises(SystemExit):
        main(["profile", "x", "-v", "--warehouse", "duckdb:///${DB_SECRET}/x.duckdb"])
    said = capfd.readouterr().err
    assert "hunter2" not in said
    assert "***" in said


def test_variables_of_an_address_are_hidden_where_they_are_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "COMPASS_HOST": "shop.example",
        "DATABASE_KEYSPACE": "orders",
        "WHO": "shop",
        "PGPASSWORD": "shop_secret",
        "API_KEY": "k-1",
        "ACCESS_TOKENS": "t-1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    url = "postgresql://${WHO}:${ PGPASSWORD }@${COMPASS_HOST}/${DATABASE_KEYSPACE}?a=${API_KEY}&b=${ACCESS_TOKENS}"
    assert hidden_in(url) == {"shop_secret", "k-1", "t-1"}
    assert hidden_in("duckdb:///${}.duckdb") == frozenset()


def test_a_secret_that_is_found_on_the_way_is_hidden_in_what_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "sqlmonitor")
    found: set[str] = set()
    with hiding(found):
        found.add("hunter2")
        logging.getLogger("sqlmonitor").info("select '%s'", "hunter2")
    assert caplog.messages == ["select '***'"]
