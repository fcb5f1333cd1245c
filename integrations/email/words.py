"""Encoded words (RFC 2047), read as broken as they come; nothing raises."""

from __future__ import annotations

import re
from dataclasses import dataclass

from integrations.email import charsets, transfer

_OPENING = re.compile(r"=\?([^?\s]{0,75})\?([bqBQ])\?")


@dataclass(frozen=True, slots=True)
class _Word:
    """One encoded word: where it stands, its charset and its bytes."""

    start: int
    end: int
    charset: str
    data: bytes


def decode(value: str) -> str:
    """Text with its encoded words decoded.

    White space between two words is theirs, not the text's. Neighbours in one charset are joined
    before decoding, since many senders cut a character in two.
    """
    text: list[str] = []
    waiting, charset, at = b"", "", 0
    for word in _words(value):
        gap, at = value[at : word.start], word.end
        if gap.strip() or (waiting and word.charset != charset):
            text.append(_text(waiting, charset))
            waiting = b""
        if gap.strip() or not text:
            text.append(gap)
        charset = word.charset
        waiting += word.data
    return "".join([*text, _text(waiting, charset), value[at:]])


def _text(data: bytes, charset: str) -> str:
    return charsets.decode(data, declared=charset) if data else ""


def _words(value: str) -> list[_Word]:
    """The words in their order. The text of one may hold spaces and question marks, which RFC
    2047 forbids, but no beginning of another word."""
    words: list[_Word] = []
    at, end = 0, -1
    while found := _OPENING.search(value, at):
        if end < found.end():
            end = value.find("?=", found.end())
        if end < 0:
            break
        following = _OPENING.search(value, found.end(), end + 2)
        if following:
            at = following.start()
            continue
        charset = found[1].partition("*")[0].lower()
        data = _bytes_of(found[2], value[found.end() : end])
        words.append(_Word(start=found.start(), end=end + 2, charset=charset, data=data))
        at = end + 2
    return words


def _bytes_of(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return transfer.from_q(raw)
    return transfer.from_base64_letters(raw)
