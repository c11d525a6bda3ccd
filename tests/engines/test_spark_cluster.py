"""Apache Spark itself, where ``SPARK_HOME`` names it: every stored row is as on DuckDB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("spark_cluster.py")


@pytest.mark.slow
@pytest.mark.skipif("SPARK_HOME" not in os.environ, reason="SPARK_HOME names no Apache Spark")
def test_a_cluster_stores_what_duckdb_stores() -> None:
    # In a process of its own: the servers are ended with it.
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "flights", "extreme", "scans"],
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.count("as on DuckDB") == 2
    assert "as on every engine" in done.stdout
