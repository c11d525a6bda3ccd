"""Times that a user gives, as the store has them: in UTC, without a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlmonitor.errors import ConfigurationError

Time = str | date | datetime
"""A date, or a time: in UTC where it names no time zone."""


def utc(given: Time, key: str, *, is_end: bool = False) -> datetime:
    """Reads a time.

    Args:
        given: such as ``2013-06-01`` or ``2013-06-01T14:30+02:00``.
        key: what to call it in an error.
        is_end: True where a date alone means its last moment, not its first.

    Returns:
        The time in UTC, without a time zone.

    Raises:
        ConfigurationError: for text that is no time.
    """
    try:
        time = datetime.fromisoformat(given.strip() if isinstance(given, str) else given.isoformat())
    except ValueError:
        raise ConfigurationError(
            f"'{given}' is no date or time",
            key=key,
            remedy="write 2013-06-01 or 2013-06-01T14:30, which is UTC where it names no time zone",
        ) from None
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    is_date = (isinstance(given, str) and len(given.strip()) <= 10) or (
        isinstance(given, date) and not isinstance(given, datetime)
    )
    return time + timedelta(days=1, microseconds=-1) if is_date and is_end else time
