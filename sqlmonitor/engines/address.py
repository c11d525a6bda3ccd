"""URLs of warehouses: their engine, and messages without their passwords."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

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
    parts = urlsplit(url)
    # Not parts.password alone: a password with a sign that a URL must escape is cut elsewhere.
    user = url.partition("://")[2].rpartition("@")[0]
    found = {user.partition(":")[2], parts.password or ""}
    found |= {value for key, value in parse_qsl(parts.query) if key.casefold() in SECRET_KEYS}
    return {form for secret in found for form in (secret, unquote(secret)) if form}
