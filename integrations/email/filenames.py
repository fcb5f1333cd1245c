"""A file's name for every mail program: exactly (RFC 2231), and once more in plain ASCII."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

# What a quoted string may not hold bare, and what would end or encode it for some readers.
_NOT_PLAIN = re.compile(r'[^\x20-\x7e]|["\\%]|=\?')
# Signs of an extended value that need no percent (RFC 8187, 3.2.1).
_BARE = "!#$&+-.^_`|~"
# Folded there, so that no line of a header grows past what servers take (RFC 5322, 2.1.1).
_PIECE = 60


def of_disposition(name: str) -> str:
    """`filename` as it stands in Content-Disposition: exactly, percent-encoded where it must be.

    The plain name stands in Content-Type: programs differ in which of two they would take here.
    """
    if ascii_name(name) == name:
        return f'filename="{name}"'
    encoded = f"utf-8''{quote(name, safe=_BARE)}"
    if len(encoded) <= _PIECE:
        return f"filename*={encoded}"
    pieces = re.findall(rf"(?:%[0-9A-F]{{2}}|.){{1,{_PIECE // 3}}}", encoded)
    return ";\r\n ".join(f"filename*{number}*={piece}" for number, piece in enumerate(pieces))


def ascii_name(name: str) -> str:
    """The name without accents and signs of other scripts; the ending is kept."""
    apart = unicodedata.normalize("NFKD", name)
    letters = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return _NOT_PLAIN.sub("_", letters)
