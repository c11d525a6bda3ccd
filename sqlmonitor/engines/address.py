"""URLs of warehouses: their engine, and messages without their passwords."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

HIDDEN = "***"
SECRET_KEYS = ("password", "passwd", "pwd", "token", "access_token", "secret", "passfile", "sslpassword")


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
    for secret in sorted(_secrets(url), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _secrets(url: str) -> set[str]:
    # Not by urlsplit: it refuses some of the URLs that are complained of here.
    place, _, query = url.partition("://")[2].partition("?")
    found = {place.rpartition("@")[0].partition(":")[2]}
    # Some write their parameters behind semicolons.
    given = parse_qsl(query) + [pair.partition("=")[::2] for pair in url.split(";")[1:]]
    found |= {value for key, value in given if key.casefold() in SECRET_KEYS}
    # A sign that should have been escaped may have moved the password's end.
    found |= {url.partition("://")[2].rpartition("@")[0].partition(":")[2]}
    return {form for secret in found for form in (secret, unquote(secret)) if form}
