"""Two small files whose differences are known, and an engine to compare them with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from two_sides import side

from sqlmonitor.engines.duckdb import DuckDB


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Parquet files of both sides, with a name that has a quote in it."""
    folder = tmp_path_factory.mktemp("it's sides")
    paths = [folder / f"{name} o'clock.parquet" for name in ("before", "after")]
    for number, path in enumerate(paths):
        with duckdb.connect() as connection:
            connection.register("frame", side(number))
            # NaN of pandas is NULL in a file of most.
            query = "select * replace (case when not isnan(amount) then amount end as amount) from frame"
            connection.execute(f"copy ({query}) to '{str(path).replace(chr(39), chr(39) * 2)}'")
    return [str(path) for path in paths]


@pytest.fixture
def engine() -> Iterator[DuckDB]:
    """DuckDB in memory."""
    with DuckDB(duckdb.connect()) as opened:
        yield opened


@pytest.fixture
def in_folder(tmp_path: Path, files: list[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for march.parquet and april.parquet."""
    for name, file in zip(("march", "april"), files, strict=True):
        (tmp_path / f"{name}.parquet").write_bytes(Path(file).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path
