"""Encoded words (RFC 2047), read as broken as they come; nothing raises."""

from __future__ import annotations

import binascii
import re

from integrations.email import charsets

_WORD = re.compile(r"=\?([^?\s]{1,75})\?([bqBQ])\?([^?]*)\?=")


def decode(value: str) -> str:
    """Text with its encoded words decoded.

    White space between two words is theirs, not the text's. Neighbours in one charset are joined
    before decoding, since many senders cut a character in two.
    """
    text: list[str] = []
    waiting, charset, at = b"", "", 0
    for found in _WORD.finditer(value):
        gap, at = value[at : found.start()], found.end()
        name = found[1].partition("*")[0].lower()
        if gap.strip() or (waiting and name != charset):
            text.append(charsets.decode(waiting, declared=charset) if waiting else "")
            waiting = b""
        if gap.strip() or not text:
            text.append(gap)
        charset = name
        waiting += _bytes_of(found[2], found[3])
    if waiting:
        text.append(charsets.decode(waiting, declared=charset))
    return "".join([*text, value[at:]])


def _bytes_of(encoding: str, text: str) -> bytes:
    if encoding in "qQ":
        return binascii.a2b_qp(text.encode("utf-8", "replace"), header=True)
    letters = re.sub(r"[^A-Za-z0-9+/]", "", text)
    # One letter too many holds no whole byte.
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))
