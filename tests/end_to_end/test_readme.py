"""Every command and block of code in the README works, in the order in which it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Setting up and testing are what runs this test.
SET_UP = ("pip install -e '.[dev]' && ", "python -m pytest")


@pytest.fixture(scope="module")
def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(README.read_text(encoding="utf-8"))


def test_commands_configuration_python_and_sql(blocks: list[tuple[str, str]], tmp_path: Path) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    folder = tmp_path
    ran: list[str] = []
    queries: list[str] = []
    for language, text in blocks:
        if language == "yaml":
            (folder / "first.yml").write_text(text, encoding="utf-8")
        elif language == "sh":
            for line in text.strip().splitlines():
                command = line.replace(SET_UP[0], "")
                if command.startswith(SET_UP[1]) or command.startswith("pip "):
                    continue
                if command.startswith("cd "):
                    folder = folder / command[3:]
                    continue
                done = subprocess.run(
                    command,
                    shell=True,
                    cwd=folder,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
                ran.append(command)
        elif language == "python":
            done = subprocess.run(
                [sys.executable, "-c", text],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            ran.append("python")
        elif language == "sql":
            queries.append(text)
    assert "sqlmonitor demo demo" in ran
    assert "python" in ran
    with duckdb.connect(str(folder / "flights.duckdb"), read_only=True) as connection:
        for query in queries:
            assert connection.execute(query).fetchall()
