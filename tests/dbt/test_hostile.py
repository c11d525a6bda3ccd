"""Whatever a repository's dbt files hold, nothing runs but the user's own SELECT, and nothing is read but dbt's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_manifests import Shop, changed

import sqlmonitor
from sqlmonitor import dbt
from sqlmonitor.cli.entry import main
from sqlmonitor.dbt.importing import import_text
from sqlmonitor.dbt.project import DbtProject
from sqlmonitor.errors import ConfigurationError

EXPOSURE = "exposure.shop.loan_default"
SCORED = "model.shop.scored_loans.v2"
OUTCOMES = "model.shop.outcomes"
DROP = "'); drop table canary; --"
EXPRESSION = "{{ env_var('CANARY') }} {{ var('x') }} {% include '/etc/passwd' %} ${CANARY}"
LINES = "one\nmonitors: []\n- x\r\n\x1b[2J# two: 'three' \"four\" \u2028 &five *six"


@pytest.mark.parametrize(
    "relation",
    [
        '"shop"."main"."x"; drop table canary',
        "canary where 1 = 1",
        "(select 1)",
        "(drop table canary)",
        "read_text('/etc/passwd')",
        "getenv('HOME')",
        "query('drop table canary')",
        "canary -- ",
        '"canary" as x join y',
        "a.b.c.d",
        "copy canary to 'x'",
        "\0",
    ],
)
def test_a_relation_of_the_manifest_is_a_name_or_refused(shop: Shop, relation: str) -> None:
    # Half of them as the predictions, half as the target's.
    node = SCORED if len(relation) % 2 else OUTCOMES
    folder = shop(change=lambda data: data["nodes"][node].update(relation_name=relation))
    if relation == "canary -- ":
        # The comment is dropped where it is parsed.
        dbt.load(dbt=folder)
        return
    with pytest.raises(ConfigurationError) as found:
        dbt.load(dbt=folder)
    assert found.value.file == str(folder / "models" / "exposures.yml")


@pytest.mark.parametrize(
    "code",
    [
        "drop table canary",
        "select 1 as a; drop table canary",
        "with x as (select 1) insert into canary select * from x",
        "copy (select 1) to 'stolen.csv'",
        "attach 'stolen.duckdb'",
        "select * from read_text('/etc/passwd')",
        "select getenv('CANARY') as a",
        "select 1 as a into canary",
        "pragma database_list",
        "{{ drop }}",
        "select * from query('drop table canary')",
    ],
)
def test_sql_of_the_manifest_is_one_select_or_refused(shop: Shop, code: str) -> None:
    def change(data: dict[str, Any]) -> None:
        data["nodes"][SCORED].update(relation_name=None, compiled_code=code)

    folder = shop(change=change)
    with pytest.raises(ConfigurationError) as found:
        dbt.load(dbt=folder)
    assert found.value.file == str(folder / "models" / "exposures.yml")


@pytest.mark.parametrize(
    "change",
    [
        {"where": "1 = 1; drop table canary"},
        {"where": "exists (select * from read_text('/etc/passwd'))"},
        {"predictions": {"sql": "drop table canary"}},
        {"predictions": {"dbt": "__import__('os').system('touch stolen')"}},
        {"predictions": "ref('x' + __import__('os').sep)"},
        {"kpis": [{"name": "x", "sql": "sum((select 1))"}]},
        {"custom_metrics": [{"name": "x", "derived": "getenv('CANARY')"}]},
        {"warehouse": "duckdb:///stolen.duckdb"},
    ],
)
def test_meta_is_a_monitor_or_refused(shop: Shop, change: dict[str, Any]) -> None:
    def apply(data: dict[str, Any]) -> None:
        data["exposures"][EXPOSURE]["config"]["meta"]["sqlmonitor"].update(change)

    folder = shop(change=apply)
    with pytest.raises(ConfigurationError):
        dbt.load(dbt=folder)
    assert not (folder / "stolen").exists()


def test_hostile_names_and_texts_are_data(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run over them gives results, and the canary lives."""
    monkeypatch.setenv("CANARY", "tweet")
    column = f'a"b {DROP} {EXPRESSION}'
    relation = f't"b {DROP} {EXPRESSION}'
    quoted = ['"' + name.replace('"', '""') + '"' for name in (column, relation)]

    def change(data: dict[str, Any]) -> None:
        exposure = data["exposures"].pop(EXPOSURE)
        exposure.update(description=EXPRESSION + LINES, url=DROP + LINES)
        exposure["owner"] = {"name": DROP + EXPRESSION, "email": LINES}
        meta = {
            **{"name": DROP + EXPRESSION, "task": "none", "id": "loan_id", "timestamp": "asked_at"},
            **{"reference": "asked_at < timestamp '2024-03-01'", "chunks": "month", "features": [column]},
            **{"metrics": {"drift": ["jensen_shannon"], "quality": ["missing"], "summary": []}},
        }
        exposure["config"]["meta"] = {"sqlmonitor": meta}
        exposure["depends_on"]["nodes"] = [SCORED]
        data["exposures"] = {DROP: exposure}
        data["nodes"] = {SCORED: data["nodes"][SCORED]}
        hostile = {"name": column, "data_type": "double", "description": LINES + EXPRESSION, "meta": {}}
        data["nodes"][SCORED].update(relation_name=f"main.{quoted[1]}", columns={column: hostile})

    folder = shop(warehouse=True, change=change)
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("create table canary as select 1 as alive")
        connection.execute(
            f"create table main.{quoted[1]} as select loan_id, asked_at, amount as {quoted[0]} from raw.loans_2024"
        )
    project = sqlmonitor.load(dbt=folder)
    (monitor,) = project.definition.monitors
    assert monitor.name == DROP + EXPRESSION
    assert monitor.description is not None
    assert monitor.description.startswith(EXPRESSION + "one monitors: []")
    assert "\x1b" not in (monitor.description + str(monitor.owner) + str(monitor.url))
    with project.connect() as warehouse:
        results = project[monitor.name].run(warehouse).to_pandas()
    assert set(results["column_name"]) == {column}
    assert results["value"].notna().all()
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        assert connection.sql("select alive from canary").fetchall() == [(1,)]
        stored = connection.sql("select monitor, owner, url from sqlmonitor.monitors").fetchall()
    assert stored == [(monitor.name, monitor.owner, monitor.url)]
    # What is written says the same as what was read: no text of theirs is an expression, a key or a second line.
    text, names = import_text(folder, folder / "sqlmonitor.yml")
    assert names == [monitor.name]
    (folder / "sqlmonitor.yml").write_text(text, encoding="utf-8")
    written = dbt.load(folder / "sqlmonitor.yml")
    assert written.monitors == project.definition.monitors
    assert "tweet" not in text
    assert "\x1b" not in text


def test_files_outside_of_the_project_are_not_opened(shop: Shop, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yml"
    secret.write_text("exposures: [{name: loan_default, meta: {sqlmonitor: hunter2}}]", encoding="utf-8")
    folder = shop()
    (folder / "link.yml").symlink_to(secret)
    project = DbtProject(folder)
    for path in ("../secret.yml", str(secret), "link.yml", "models", "\0", "x" * 5000):
        assert project.inside(path) is None
    assert project.inside("models/exposures.yml") is not None

    def change(data: dict[str, Any]) -> None:
        exposure = data["exposures"][EXPOSURE]
        exposure["original_file_path"] = "../secret.yml"
        exposure["config"]["meta"]["sqlmonitor"]["chunks"] = "mnth"

    changed(folder / "target" / "manifest.json", change)
    with pytest.raises(ConfigurationError) as found:
        dbt.load(dbt=folder)
    assert found.value.line == 1
    assert "hunter2" not in str(found.value)


ODD = (None, 3, ["x", None], {"a": ["b"]}, {"nodes": 3}, {"meta": {"sqlmonitor": 3}})
PLACES: tuple[tuple[str | int, ...], ...] = (
    *((key,) for key in ("nodes", "sources", "exposures", "disabled", "groups", "macros", "metadata")),
    *(("nodes", SCORED, key) for key in ("columns", "config", "checksum", "fqn", "version", "meta")),
    *(("exposures", EXPOSURE, key) for key in ("depends_on", "config", "meta", "owner", "url")),
    ("nodes", SCORED, "columns", "grade", "meta"),
    ("exposures", EXPOSURE, "config", "meta", "sqlmonitor", "features"),
    ("exposures", EXPOSURE, "config", "meta", "sqlmonitor", "target"),
    ("sources", "source.shop.bank.loans", "name"),
    ("disabled", "model.shop.switched_off", 0),
)


def test_an_import_is_not_written_through_a_link(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A repository may have a link that leads to where the user's shell looks."""
    folder = shop()
    (folder / "sqlmonitor.yml").symlink_to(tmp_path / "profile.sh")
    with pytest.raises(SystemExit) as stopped:
        main(["dbt", "import", "--dbt", str(folder), "--force"])
    assert stopped.value.code == 2
    assert "is a link" in capsys.readouterr().err
    assert not (tmp_path / "profile.sh").exists()


def test_a_manifest_of_odd_shape_is_nobodys_traceback(shop: Shop) -> None:
    folder = shop()
    file = folder / "target" / "manifest.json"
    text = file.read_text(encoding="utf-8")
    refused = 0
    for place in PLACES:
        for odd in ODD:
            data = holder = json.loads(text)
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = odd
            file.write_text(json.dumps(data), encoding="utf-8")
            try:
                dbt.load(dbt=folder)
            except ConfigurationError:
                refused += 1
    assert refused > len(PLACES)
