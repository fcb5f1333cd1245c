"""Reading headers that anybody may have written: each read gives clean text, none raises."""

from __future__ import annotations

import email.policy
import re
import unicodedata
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from integrations.email import charsets
from integrations.email import words as encoded_words

# How many ids of the conversation are looked up; the nearest are what counts (M11).
_MOST_IDS = 100
_LONGEST_ID = 998
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Some servers fold long ids in their middle.
_FOLD = re.compile(r"(?:\r\n|\r|\n)(?=[ \t])")
_MESSAGE_ID = re.compile(r"<([^<>]{1,998})>")
_BARE_ID = re.compile(r"[^\s<>@\"();,]{1,300}@[^\s<>@\"();,]{1,300}")


class _Lenient(email.policy.Compat32):
    """The old policy, but a header is always text: raw 8-bit bytes are decoded, not wrapped."""

    def header_fetch_parse(self, name: str, value: Any) -> str:  # noqa: ARG002 - its signature
        return unfolded(str(value))


POLICY = _Lenient(raise_on_defect=False)


def unfolded(value: str) -> str:
    """A raw header value as one line of text, its 8-bit bytes read as UTF-8 or guessed,
    raw ISO-2022-JP as such."""
    # Unfolding takes the line break alone (RFC 5322 2.2.3).
    line = _FOLD.sub("", value).replace("\r", " ").replace("\n", " ")
    if not line.isascii() or "\x1b" in line:
        declared = "iso-2022-jp" if "\x1b" in line else None
        line = charsets.decode(line.encode("utf-8", "surrogateescape"), declared=declared)
    return line.strip()


def raw_values(message: Message, name: str) -> list[str]:
    """Every value of a header in order of appearance, encoded words still encoded."""
    name = name.lower()
    return [unfolded(str(value)) for key, value in message.raw_items() if key.lower() == name]


def value_of(message: Message, name: str) -> str:
    """The first value of a header, raw, or an empty string."""
    values = raw_values(message, name)
    return values[0] if values else ""


def words(value: str) -> str:
    """A value with its encoded words decoded, as one clean line."""
    return clean(encoded_words.decode(value))


def clean(text: str) -> str:
    """One line without control characters, lone surrogates and line breaks, composed (NFC)."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = " ".join(_CONTROL.sub("", text).split())
    return unicodedata.normalize("NFC", text)


def subject_of(message: Message) -> str:
    """The decoded subject."""
    return words(value_of(message, "Subject"))


def date_of(message: Message) -> datetime | None:
    """When the sender says it was written, in UTC; None when that cannot be read."""
    try:
        said = parsedate_to_datetime(value_of(message, "Date"))
        aware = said if said.tzinfo else said.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def message_id_of(message: Message) -> str | None:
    """The Message-ID with its angle brackets, or None when there is none to speak of."""
    value = value_of(message, "Message-ID") or value_of(message, "Message-Id")
    if found := ids_in(value):
        return found[0]
    bare = clean(value).strip("<> ")
    return f"<{bare}>" if bare and " " not in bare and len(bare) < _LONGEST_ID else None


def answers_of(message: Message) -> list[str]:
    """The ids this mail refers to, nearest first: In-Reply-To, then References from its end."""
    near = [token for value in raw_values(message, "In-Reply-To") for token in ids_in(value)]
    far = [token for value in raw_values(message, "References") for token in ids_in(value)]
    return list(dict.fromkeys([*near, *reversed(far)]))[:_MOST_IDS]


def ids_in(value: str) -> list[str]:
    """The message ids of a header, with their brackets; also where it was written without any."""
    found = _MESSAGE_ID.findall(value) or _BARE_ID.findall(value)
    return [f"<{''.join(clean(name).split())}>" for name in found]
