"""URLs of warehouses: their engine, and messages without their passwords."""

from __future__ import annotations

from sqlmonitor.masking import secrets_of, without


def scheme(url: str) -> str:
    """The engine's part of ``engine+driver://…``, in lower case."""
    return url.partition(":")[0].partition("+")[0].casefold()


def without_driver(url: str) -> str:
    """``engine+driver://…`` as ``engine://…``, which drivers take."""
    return scheme(url) + ":" + url.partition(":")[2]


def without_secrets(text: str, url: str) -> str:
    """The text with what is secret in the URL hidden.

    Args:
        text: such as a driver's message.
        url: with a password, or not.
    """
    return without(text, secrets_of(url))
