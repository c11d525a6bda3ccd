"""The schedulers' examples: each can be read, and what it starts is a command that there is."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import click
import duckdb
import pytest
from ruamel.yaml import YAML

from sqlmonitor.cli.entry import commands

FOLDER = Path(__file__).parents[2] / "examples" / "schedulers"
TIME = re.compile(r"(\*|[0-9]+)( (\*|[0-9]+)){4}")


def options(command: str) -> dict[str, Any]:
    """What the command line makes of a command, by the option's name."""
    words = shlex.split(command)
    assert words[0] == "sqlmonitor"
    found = commands.commands[words[1]]
    return dict(found.make_context(words[1], words[2:]).params)


def check_run(command: str) -> None:
    given = options(command)
    assert given["log_format"] == "json"
    assert given["timeout"] >= 3600
    assert given["retries"] > 0


def test_every_file_is_named_and_the_commands_are_there() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {
        f"[{path.name}]({path.name})" for path in FOLDER.iterdir() if path.suffix not in (".md", "")
    } <= set(re.findall(r"\[\w+\.\w+\]\(\w+\.\w+\)", text))
    assert "[crontab](crontab)" in text
    (block,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    run, check = block.strip().splitlines()
    check_run(run)
    options(check)
    with pytest.raises(click.NoSuchOption):
        options("sqlmonitor run --nothing")


def test_cron() -> None:
    lines = (FOLDER / "crontab").read_text(encoding="utf-8").splitlines()
    jobs = [line for line in lines if line and not line.startswith("#") and not re.match(r"[A-Z]+=", line)]
    assert len(jobs) == 2
    for job in jobs:
        time, command = " ".join(job.split()[:5]), job.split(maxsplit=5)[5]
        assert TIME.fullmatch(time), time
        # A percent sign ends the command there.
        assert "%" not in command
        started = re.findall(r"sqlmonitor (?:run|check)[^>&|;}]*", command)
        assert started
        check_run(started[0])
        for other in started[1:]:
            options(other)
    assert options(re.findall(r"sqlmonitor run[^>]*", jobs[1])[0])["full"] is True


def test_github_actions() -> None:
    workflow = YAML(typ="safe").load((FOLDER / "github_actions.yml").read_text(encoding="utf-8"))
    # YAML 1.2, so that `on` is no boolean.
    assert TIME.fullmatch(workflow["on"]["schedule"][0]["cron"])
    assert workflow["concurrency"]["cancel-in-progress"] is False
    (job,) = workflow["jobs"].values()
    steps = {step["name"]: step for step in job["steps"] if "name" in step}
    run = steps["Run"]["run"].partition("|")[0].replace('${SINCE:+--since "$SINCE"}', "--since 2026-06-01")
    check_run(run)
    # A pipe fails where any part does, which it does in a shell that is named.
    assert all(step["shell"] == "bash" for step in steps.values() if "|" in step["run"])
    options(steps["Check"]["run"].partition("|")[0])
    assert job["timeout-minutes"] * 60 > options(run)["timeout"]


class Task(SimpleNamespace):
    def __rshift__(self, other: Task) -> Task:
        self.next = other
        return other


class Dag(SimpleNamespace):
    def __enter__(self) -> Dag:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class FailureError(Exception):
    def __init__(self, description: str, metadata: dict[str, Any]) -> None:
        super().__init__(description)
        self.metadata = metadata


def plain(**_: Any) -> Any:
    """A decorator that leaves what it decorates as it is."""
    return lambda decorated: decorated


STAND_INS: dict[str, dict[str, Any]] = {
    "airflow": {},
    "airflow.sdk": {"DAG": Dag},
    "airflow.providers": {},
    "airflow.providers.standard": {},
    "airflow.providers.standard.operators": {},
    "airflow.providers.standard.operators.bash": {"BashOperator": Task},
    "dagster": {
        "asset": plain,
        "asset_check": plain,
        "Failure": FailureError,
        "MetadataValue": SimpleNamespace(json=lambda value: value),
        "define_asset_job": lambda name, **given: SimpleNamespace(name=name, **given),
        **dict.fromkeys(
            ["RetryPolicy", "MaterializeResult", "AssetCheckResult", "Definitions", "ScheduleDefinition"],
            SimpleNamespace,
        ),
    },
}


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports an example, where its library is not installed against what stands in for it."""
    missing = [name for name in ("airflow", "dagster") if importlib.util.find_spec(name) is None]

    def load(name: str) -> ModuleType:
        for module, content in STAND_INS.items():
            if module.partition(".")[0] in missing:
                made = ModuleType(module)
                made.__dict__.update({"__path__": []} | content)
                monkeypatch.setitem(sys.modules, module, made)
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def test_airflow(loaded) -> None:
    example = loaded("airflow_dag")
    check_run(example.run.bash_command)
    options(example.check.bash_command)
    assert example.run.execution_timeout.total_seconds() > options(example.run.bash_command)["timeout"]
    assert example.check.retries == 0


@pytest.fixture
def monitoring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a thing that alerts."""
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(
            "create table scored as select number as id, timestamp '2024-01-01' + number * interval '6 hours' "
            "as happened, number as amount from range(720) as numbers (number)"
        )
    monitor = {
        "name": "loans",
        "task": "none",
        "predictions": "scored",
        "id": "id",
        "timestamp": "happened",
        "reference": "happened < timestamp '2024-03-01'",
        "chunks": "month",
        "features": {"numeric": ["amount"]},
        "metrics": {"drift": [], "quality": [], "summary": ["mean"]},
    }
    project = {"version": 1, "warehouse": "duckdb:///shop.duckdb", "monitors": [monitor]}
    (tmp_path / "sqlmonitor.yml").write_text(json.dumps(project))
    monkeypatch.setenv("MONITORING_FOLDER", str(tmp_path))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    return tmp_path


def test_dagster(loaded, monitoring: Path) -> None:
    example = loaded("dagster_definitions")
    result = example.model_results()
    (outcome,) = result.metadata["outcomes"]
    assert outcome["outcome"] == "complete"
    assert result.metadata["rows_read"] == 720
    assert result.metadata["alerts"] > 0
    checked = example.no_alerts()
    assert not checked.passed
    assert "loans, chunk 2024-05-01" in str(checked.metadata["said"])
    (monitoring / "sqlmonitor.yml").write_text("version: 2")
    with pytest.raises(sys.modules["dagster"].Failure):
        example.model_results()
