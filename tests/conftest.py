"""What holds for every test."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _same_log_level() -> Iterator[None]:
    """A command with -v logs statements from then on, and later tests of the process would see them."""
    logger = logging.getLogger("sqlmonitor")
    level = logger.level
    yield
    logger.setLevel(level)
