"""Content transfer encodings (RFC 2045 6), undone as far as the damage lets; nothing raises."""

from __future__ import annotations

import binascii
import re

from integrations.email import blocks

_STRAY = re.compile(rb"[^A-Za-z0-9+/]+")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2})")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_ODD = re.compile(rb"[^A-Za-z0-9+/=_-]+")
_SAMPLE_LINES = 40
# So many spaces in a line are those between words.
_WORDS = 2


def decode(data: bytes, *, encoding: str) -> bytes:
    """The bytes that were encoded; those given when the encoding is none or unknown."""
    if encoding in {"base64", "b", "base-64", "x-base64"}:
        return from_base64(data)
    if encoding in {"quoted-printable", "quoted/printable", "quotedprintable", "qp", "q"}:
        return from_quoted_printable(data)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return blocks.whole_uuencode(data)
    if encoding in {"x-yencode", "yenc", "x-yenc"}:
        return blocks.whole_yenc(data)
    return data


def from_base64(data: bytes) -> bytes:
    """RFC 2045 6.8: letters outside the alphabet are skipped, missing padding is no matter.

    What follows the padding is read on only where it is base64 again: lists and virus scanners
    put lines of text there. A body that is not base64 at all is given back.
    """
    try:
        return binascii.a2b_base64(b"".join(data.split()), strict_mode=True)
    except binascii.Error:
        pass
    lines = [line.strip() for line in _LINE_END.split(data)]
    if not _looks_like_base64(lines):
        return data
    pieces: list[bytes] = []
    is_over = False
    for line in lines:
        if is_over and line and not _is_base64(line):
            break
        pieces.append(line)
        is_over = line.endswith(b"=") if line else bool(pieces)
    return b"".join(_segment(piece) for piece in re.split(rb"=+", b"".join(pieces)))


def _looks_like_base64(lines: list[bytes]) -> bool:
    """Whether most lines of the first paragraph are hardly more than letters of the alphabet."""
    seen: list[bytes] = []
    for line in lines[: _SAMPLE_LINES * 4]:
        if line:
            seen.append(line)
        if len(seen) == _SAMPLE_LINES or (seen and not line):
            break
    return sum(map(_is_nearly_base64, seen)) * 2 >= len(seen)


def _is_nearly_base64(line: bytes) -> bool:
    strays = sum(len(piece) for piece in _ODD.findall(line))
    return strays * 3 <= len(line) and line.count(b" ") < _WORDS


def _is_base64(line: bytes) -> bool:
    return len(line) % 4 == 0 and bool(_BASE64_LINE.fullmatch(line))


def _segment(data: bytes) -> bytes:
    if b"-" in data or b"_" in data:
        data = data.replace(b"-", b"+").replace(b"_", b"/")
    letters = _STRAY.sub(b"", data)
    # One letter too many holds no whole byte.
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def from_quoted_printable(data: bytes) -> bytes:
    """RFC 2045 6.7: white space at the end of a line is none of the text, `=` there joins it to
    the next; an escape that is none stands for itself."""
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        found = _LINE_END.search(data, at)
        end, after = (found.start(), found.end()) if found else (len(data), len(data))
        line = data[at:end].rstrip(b" \t")
        if line.endswith(b"="):
            pieces.append(line[:-1])
        else:
            pieces += [line, data[end:after]]
        at = after
    return binascii.a2b_qp(_BAD_ESCAPE.sub(b"=3D", b"".join(pieces)))


def from_q(data: bytes) -> bytes:
    """RFC 2047 4.2: as quoted-printable, with `_` for a space."""
    return binascii.a2b_qp(_BAD_ESCAPE.sub(b"=3D", data), header=True)


def from_base64_letters(data: bytes) -> bytes:
    """One run of base64 with whatever else stands in it left out (RFC 2047 4.1)."""
    return b"".join(_segment(piece) for piece in data.split(b"="))
