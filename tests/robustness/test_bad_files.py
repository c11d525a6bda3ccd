"""Files that are missing, broken, foreign, locked or not to be written get a clear answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sqlmonitor import runner
from sqlmonitor.engines import connect
from sqlmonitor.errors import SqlmonitorError

# The text of the project file, and the words of the answer.
FILES: dict[str, tuple[Callable[[str], str], list[str]]] = {
    "broken YAML": (lambda text: text[:-3], ["sqlmonitor.yml, line ", "YAML"]),
    "unknown key": (
        lambda text: text.replace('"segments"', '"segmnts"'),
        ["sqlmonitor.yml, line ", "unknown key 'segmnts'", "did you mean 'segments'?"],
    ),
    "no such warehouse": (
        lambda text: text.replace("shop.duckdb", "gone.duckdb"),
        ["no DuckDB file gone.duckdb", "`warehouse`"],
    ),
    "another engine": (
        lambda text: text.replace("duckdb:///", "oracle:///"),
        ["sqlmonitor.yml, line ", "unknown engine 'oracle'", "allowed: duckdb"],
    ),
    "an engine that is not served yet": (
        lambda text: text.replace("duckdb:///", "bigquery:///"),
        ["no engine for 'bigquery:'", "`sqlmonitor compile` writes", "monitors run on: duckdb:///"],
    ),
}


@pytest.mark.parametrize("command", ["validate", "run", "fit", "check"])
@pytest.mark.parametrize("name", FILES)
def test_bad_project_file(
    world_on_file: Any,
    name: str,
    command: str,
    tmp_path: Path,
    command_line: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    change, words = FILES[name]
    text = change(world_on_file.text("duckdb:///shop.duckdb"))
    (tmp_path / "sqlmonitor.yml").write_text(text, encoding="utf-8")
    world_on_file.connection.close()
    code, out, err = command_line(command)
    assert (code, out) == (2, ""), err
    assert not [word for word in words if word not in err], err
    assert {path.name for path in tmp_path.iterdir()} == {"sqlmonitor.yml", "shop.duckdb"}


@pytest.mark.parametrize("command", ["validate", "run"])
def test_no_project_file(
    command: str, tmp_path: Path, command_line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = command_line(command)
    assert (code, out) == (2, "")
    assert "sqlmonitor.yml" in err
    assert "sqlmonitor init" in err
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_warehouse_on_the_command_line(
    world_on_file: Any,
    tmp_path: Path,
    command_line: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sqlmonitor.yml").write_text(world_on_file.text("duckdb:///shop.duckdb"), encoding="utf-8")
    world_on_file.connection.close()
    # File modes do not bind every user, so the connection itself is made read-only.
    whole = duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda file, read_only=False: whole(file, read_only=True))
    code, _, err = command_line("run")
    assert code == 2
    assert "read-only" in err
    assert "write access" in err


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SqlmonitorError, match=r"(?s)no DuckDB file gone\.duckdb.*warehouse") as raised:
        connect("duckdb:///gone.duckdb", directory=tmp_path)
    assert raised.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_foreign_file(tmp_path: Path) -> None:
    (tmp_path / "notes.duckdb").write_text("not a database " * 1000, encoding="utf-8")
    with pytest.raises(SqlmonitorError) as raised:
        connect("duckdb:///notes.duckdb", directory=tmp_path)
    assert raised.value.exit_code == 2


def test_locked_file(tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"
    code = (
        f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(SqlmonitorError, match=r"(?s)shop\.duckdb is locked.*close") as raised:
            connect("duckdb:///shop.duckdb", directory=tmp_path)
        other.communicate()
    assert raised.value.exit_code == 2


def test_read_only_file(tmp_path: Path, world: Any) -> None:
    file = tmp_path / "shop.duckdb"
    world.sql(f"attach '{file}' as shop")
    for table in ("scored", "outcomes"):
        world.sql(f"create table shop.{table} as select * from {table}")
    world.sql("detach shop")
    with (
        connect("duckdb:///shop.duckdb", directory=tmp_path, read_only=True) as engine,
        pytest.raises(SqlmonitorError, match=r"(?s)read-only.*write access") as raised,
    ):
        runner.run(*world.definition(), engine)
    assert raised.value.exit_code == 2
    with duckdb.connect(str(file)) as connection:
        assert connection.execute(
            "select count(*) from duckdb_schemas() where schema_name = 'sqlmonitor'"
        ).fetchall() == [(0,)]
