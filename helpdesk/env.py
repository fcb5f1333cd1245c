"""Reads the environment; a missing or unsafe value ends the program with one line that names it."""

import base64
import binascii
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}
MASTER_KEY_BYTES = 32
SECRET_KEY_LENGTH = 50
SECRET_KEY_LETTERS = 5


class BadSetting(SystemExit):
    """Ends the program: whoever starts it reads one line instead of a traceback."""


def fail(name: str, reason: str) -> NoReturn:
    """Stop with exit code 1 and the line `name reason`."""
    message = f"{name} {reason}"
    raise BadSetting(message)


def env_text(name: str, *, default: str | None = None) -> str:
    """The variable's text; without a default an empty or missing one is an error."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        fail(name, "is missing: set it in the environment (README.md lists every variable).")
    return default


def env_bool(name: str, *, default: bool) -> bool:
    """1, true, yes, on or 0, false, no, off in any case; anything else is an error."""
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word not in TRUE | FALSE:
        fail(name, f"is {value!r}: use true or false.")
    return word in TRUE


def env_int(name: str, *, default: int, least: int = 0) -> int:
    """A whole number not below `least`."""
    value = env_text(name, default=str(default))
    if not value.isascii() or not value.isdigit() or int(value) < least:
        fail(name, f"is {value!r}: use a whole number from {least} up.")
    return int(value)


def env_list(name: str, *, default: Collection[str] | None = None) -> list[str]:
    """Comma-separated words without empty ones; without a default at least one is needed."""
    text = env_text(name, default=None if default is None else ",".join(default))
    return [word.strip() for word in text.split(",") if word.strip()]


def env_choice(name: str, *, choices: Collection[str], default: str) -> str:
    """One of the given words."""
    value = env_text(name, default=default)
    if value not in choices:
        fail(name, f"is {value!r}: use one of {', '.join(choices)}.")
    return value


def env_secret(name: str, *, default: str | None = None) -> str:
    """The variable, or the content of the file that `<name>_FILE` names (container secrets)."""
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return env_text(name, default=default)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{name}_FILE", f"cannot be read: {error}.")


def env_secret_key(name: str, *, default: str | None = None) -> str:
    """A secret long and mixed enough to sign with (Django's security.W009)."""
    value = env_secret(name, default=default)
    weak = len(value) < SECRET_KEY_LENGTH or len(set(value)) < SECRET_KEY_LETTERS
    if weak or (value != default and value.startswith("django-insecure-")):
        fail(name, f"is weak: use at least {SECRET_KEY_LENGTH} random characters.")
    return value


def env_keys(name: str, *, default: str | None = None) -> list[bytes]:
    """Comma-separated base64 keys of 32 bytes: the first encrypts, all decrypt."""
    keys = [_key(name, text) for text in env_secret(name, default=default).split(",")]
    if len(set(keys)) < len(keys):
        fail(name, "names the same key twice.")
    return keys


def _key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        # The value itself is never repeated: a log is no place for a key.
        fail(name, f"needs keys of {MASTER_KEY_BYTES} bytes in base64, separated by commas.")
    return key


def env_url(name: str, *, schemes: Collection[str], default: str | None = None) -> str:
    """A URL with one of the schemes; errors never repeat it, it may hold a password."""
    text = env_secret(name, default=default)
    split_url(name, text, schemes=schemes)
    return text


def split_url(name: str, text: str, *, schemes: Collection[str]) -> SplitResult:
    """The parts of a URL given by the variable `name`; a bad scheme or port is an error."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        fail(name, f"is not a URL: {error}.")
    if parts.scheme not in schemes:
        fail(name, f"needs a URL that starts with {' or '.join(f'{s}://' for s in schemes)}.")
    return parts


def env_address(name: str, *, default: str) -> tuple[str, int]:
    """`host:port` as a pair."""
    value = env_text(name, default=default)
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 1 << 16:
        fail(name, f"is {value!r}: use host:port, as in 127.0.0.1:2525.")
    return host.strip("[]"), int(port)


def env_database(
    name: str, *, default: str | None = None, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Django's settings of a PostgreSQL URL.

    `postgres://user:password@host:port/name?sslmode=require`; a socket folder stands in the
    query as `host`, as libpq has it. What the query says wins over `options`.
    """
    url = split_url(name, env_secret(name, default=default), schemes=["postgres", "postgresql"])
    query = dict(parse_qsl(url.query))
    database = unquote(url.path.lstrip("/"))
    if not database:
        fail(name, "names no database: postgres://user@host:5432/database.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": unquote(url.username or query.pop("user", "")),
        "PASSWORD": unquote(url.password or ""),
        "HOST": query.pop("host", unquote(url.hostname or "")),
        "PORT": str(url.port or query.pop("port", "")),
        "OPTIONS": {**options, **query},
    }
