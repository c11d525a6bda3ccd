"""How long a command may take, and how often it tries again where the warehouse cannot be reached."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlmonitor.errors import TimeUpError, UnreachableError, UnsupportedError

__all__ = ["deadline", "persistent"]

FIRST_PAUSE = 2.0
"""Seconds before the second attempt; each later pause is twice as long."""
LONGEST_PAUSE = 60.0
REMINDER = 5.0
"""Seconds after which a signal is sent again: drivers swallow some, such as one that comes during a call of gRPC."""

logger = logging.getLogger("sqlmonitor")
Result = TypeVar("Result")


def persistent(work: Callable[[], Result], retries: int) -> Result:
    """Does something again where the warehouse was not reached, or was lost on the way.

    A run that lost its connection may be stored or not. Done again it first reads what is stored, as every run
    does, so it ends with the same rows either way.

    Args:
        work: from opening the warehouse on.
        retries: how many more times at most.

    Raises:
        UnreachableError: where the last attempt fails so as well.
    """
    for attempt in range(retries + 1):
        try:
            return work()
        except UnreachableError as error:
            if attempt == retries:
                raise
            pause = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
            logger.warning("%s\n  trying again in %.0f seconds", error.headline(), pause)
            time.sleep(pause)
    raise AssertionError("a loop of at least one attempt ends before")


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Stops what is inside when the time is over, as Ctrl-C would: statements are cancelled, nothing is half stored.

    Args:
        seconds: how long it may take; None for as long as it takes.

    Raises:
        TimeUpError: when the time is over.
        UnsupportedError: where the system has no timer that interrupts.
    """
    if seconds is None:
        yield
        return
    if not hasattr(signal, "setitimer"):
        raise UnsupportedError(
            "this system has no timer for --timeout",
            remedy="set a time-out of the warehouse under `settings`",
        )
    is_over = False

    def stop(*_: Any) -> None:
        nonlocal is_over
        is_over = True
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, REMINDER)
    try:
        yield
    except KeyboardInterrupt:
        if not is_over:
            raise
        raise TimeUpError(
            f"stopped after {seconds:g} seconds, as --timeout says",
            remedy="the store is as the last whole run left it; allow more time, or see with -v what takes it",
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
