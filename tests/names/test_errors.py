"""What errors say, and how the command line ends on them."""

from __future__ import annotations

import pytest

from sqlmonitor.errors import (
    ConfigurationError,
    DataError,
    InternalError,
    SqlmonitorError,
    StoreError,
    UnsupportedError,
    WarehouseError,
    closest,
)


def test_a_configuration_error_says_where_what_is_allowed_and_what_was_meant() -> None:
    error = ConfigurationError(
        "unknown metric 'jensen_shanon'",
        file="sqlmonitor.yml",
        line=12,
        key="monitors[0].metrics.drift[1]",
        allowed=["chi_square", "jensen_shannon"],
        word="jensen_shanon",
        remedy="see `sqlmonitor metrics`",
    )
    assert str(error).splitlines() == [
        "sqlmonitor.yml, line 12, monitors[0].metrics.drift[1]: unknown metric 'jensen_shanon'",
        "  allowed: chi_square, jensen_shannon",
        "  did you mean 'jensen_shannon'?",
        "  see `sqlmonitor metrics`",
    ]


def test_parts_that_are_not_known_are_left_out() -> None:
    assert str(ConfigurationError("wrong")) == "wrong"
    assert str(ConfigurationError("wrong", key="a", allowed=["b"], word="zzzz")) == ("a: wrong\n  allowed: b")
    assert str(UnsupportedError("no medians", remedy="use DuckDB")) == "no medians\n  use DuckDB"


@pytest.mark.parametrize(
    "kind", [ConfigurationError, DataError, WarehouseError, UnsupportedError, StoreError]
)
def test_what_the_user_can_mend_ends_with_two(kind: type[SqlmonitorError]) -> None:
    assert kind("wrong").exit_code == 2


def test_what_only_we_can_mend_ends_with_three() -> None:
    assert InternalError("wrong").exit_code == 3


@pytest.mark.parametrize(
    ("word", "expected"),
    [("roc_acu", "roc_auc"), ("ROC_AUC", "roc_auc"), ("quite different", None), ("", None)],
)
def test_closest(word: str, expected: str | None) -> None:
    assert closest(word, ["f1", "roc_auc"]) == expected
