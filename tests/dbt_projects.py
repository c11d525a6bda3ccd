"""dbt itself, which tests run beside the package: in an environment of its own, as its pins are others.

SQLMONITOR_DBT is the path of its command, of dbt-core 1.11 with dbt-duckdb and dbt-postgres. CI names it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

COMMAND = os.environ.get("SQLMONITOR_DBT")

needs_dbt = pytest.mark.skipif(COMMAND is None, reason="SQLMONITOR_DBT names no dbt")
"""Where the variable names one that is not there, the test fails."""


def connection(url: str) -> dict[str, Any]:
    """A warehouse as an output of a dbt profile."""
    scheme, _, rest = url.partition("://")
    if scheme == "duckdb":
        return {
            "type": "duckdb",
            "path": rest.removeprefix("/"),
            "schema": "main",
            "threads": 2,
            "settings": {"threads": 1},
        }
    given = psycopg.conninfo.conninfo_to_dict(url)
    return {
        "type": "postgres",
        "host": given["host"],
        "port": int(given.get("port") or 5432),
        "user": given["user"],
        "password": given.get("password") or "",
        "dbname": given["dbname"],
        "schema": "public",
        "threads": 2,
    }


def write_profiles(folder: Path, **profiles: Mapping[str, Any]) -> None:
    """Writes profiles.yml, with one connection each."""
    content = {name: {"target": "dev", "outputs": {"dev": one}} for name, one in profiles.items()}
    (folder / "profiles.yml").write_text(json.dumps(content), encoding="utf-8")


def dbt(project: Path, *arguments: str, profiles: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs dbt in a project's folder."""
    assert COMMAND is not None
    quiet = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_USE_COLORS": "false"}
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [COMMAND, *arguments, "--profiles-dir", str(profiles or project)],
        cwd=project,
        # What dbt computes must not go by the machine's time zone.
        env=kept | quiet | {"TZ": "America/New_York"},
        capture_output=True,
        text=True,
        check=False,
    )


def build(project: Path, *arguments: str, profiles: Path | None = None) -> str:
    """Builds a project, all of which must succeed; gives what dbt said."""
    quick = ("--log-level-file", "none", "--no-partial-parse")
    made = dbt(project, *quick, "build", *arguments, profiles=profiles)
    assert made.returncode == 0, made.stdout[-6000:] + made.stderr[-2000:]
    return made.stdout
