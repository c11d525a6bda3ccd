"""Every engine that tests run on, opened once, and a fresh warehouse of each for a test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pyarrow as pa
import pytest
import shop
from executed_engines import ENGINES, Warehouse

Opener = Callable[[str], Warehouse]


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    """Makes a fresh warehouse of the engine of that name; its server starts with the first one."""
    makers: dict[str, Callable[[], Warehouse]] = {}
    with ExitStack() as stack:

        def make(name: str) -> Warehouse:
            if name not in makers:
                makers[name] = stack.enter_context(ENGINES[name](tmp_path_factory.mktemp(name)))
            return makers[name]()

        yield make


@pytest.fixture(scope="session")
def tables() -> dict[str, pa.Table]:
    """Few predictions and their outcomes."""
    return shop.tables()


@pytest.fixture
def deep_statements() -> Iterator[None]:
    """Continued fractions of 25 levels, which sqlglot reads by recursion."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    yield
    sys.setrecursionlimit(limit)


@pytest.fixture(params=ENGINES)
def warehouse(request: pytest.FixtureRequest, opened: Opener) -> Warehouse:
    """A fresh warehouse of every engine in turn."""
    return opened(request.param)
