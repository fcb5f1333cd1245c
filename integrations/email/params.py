"""Values with parameters, as in Content-Type and Content-Disposition: by RFC 2045, RFC 2183 and
RFC 2231, and in the forms that mail programs made of them; nothing raises."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from integrations.email import charsets

_COMMENT = re.compile(r"\([^()]*\)")
_HEAD = re.compile(r"[^\s;=]*+(?!\s*+=)")
_GAP = re.compile(r"[\s;]*+")
# A quoted value, or whatever stands there up to the next semicolon.
_PAIR = re.compile(
    r"([^\s=;\"()<>@,\[\]?]{1,100}+)\s*+=\s*+"
    r"(?:\"((?:[^\"\\]|\\.)*+)(?:\"|\\?\Z)|([^;\"]*+))",
    re.DOTALL,
)
_NEXT = re.compile(r"(?<=\s)[A-Za-z-]{2,30}\*?\d{0,3}\*?=")
_SECTION = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*?))?")
_EXTENDED = re.compile(r"([^']{0,60})'([^']{0,20})'(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\([\"\\])")
_MOST = 500


def token(value: str) -> str:
    """What stands before the parameters, in lower case, without comments and quotes."""
    bare = _COMMENT.sub(" ", value).partition(";")[0].strip().strip("\"'").lower()
    return bare.split()[0] if bare else ""


def parse(value: str) -> dict[str, str]:
    """The parameters of a header by name, in lower case, the first of each name.

    An extended value (RFC 2231) is preferred to a plain one of the same name.
    """
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in _pairs(value):
        found = _SECTION.fullmatch(name)
        if found is None:
            plain.setdefault(name, text)
            continue
        number = int(found[2]) if found[2] else 0
        is_coded = bool(found[3]) or not found[2]
        sections.setdefault(found[1], {}).setdefault(number, (text, is_coded))
    return {**plain, **{name: _joined(parts) for name, parts in sections.items()}}


def _pairs(value: str) -> list[tuple[str, str]]:
    """Names and values in their order; a value without quotes may hold spaces."""
    pairs: list[tuple[str, str]] = []
    head = _HEAD.match(value)
    at = head.end() if head else 0
    while len(pairs) < _MOST:
        gap = _GAP.match(value, at)
        at = gap.end() if gap else at
        found = _PAIR.match(value, at)
        if found is None:
            at = value.find(";", at)
            if at < 0:
                break
            continue
        at, text = found.end(), found[2]
        if text is None:
            at, text = _bare(found)
        pairs.append((found[1].lower(), _ESCAPED.sub(r"\1", text)))
    return pairs


def _bare(found: re.Match[str]) -> tuple[int, str]:
    """A value without quotes, and where it ends: the semicolon after it may be left out."""
    at, text = found.end(), found[3]
    if after := _NEXT.search(text):
        at, text = found.start(3) + after.start(), text[: after.start()]
    text = text.strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] == "'"
    return at, text[1:-1] if is_quoted else text


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    """The sections of one value in the order of their numbers; the first names the charset."""
    charset, data, is_first = "", b"", True
    for number in sorted(parts):
        text, is_coded = parts[number]
        extended = _EXTENDED.fullmatch(text) if is_coded else None
        if extended and (is_first or extended[1].lower() == charset):
            charset, text = extended[1].lower(), extended[3]
        is_first = False
        raw = text.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(raw) if is_coded else raw
    return charsets.decode(data, declared=charset or None)
