"""From bytes to text, whatever the sender called the encoding; nothing raises."""

from __future__ import annotations

import codecs

import chardet

# What senders write and what they mean (WHATWG Encoding, "names and labels").
_MEANT = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso8859-1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "iso-2022-jp": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-windows-949": "cp949",
    "x-user-defined": "cp1252",
    "big5": "big5hkscs",
}
# No encodings of text a mail can be in; some of them take quadratic time.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}
# Guessing reads this much, and needs so many letters beyond ASCII to be better than the usual.
_SAMPLE = 16 * 1024
_ENOUGH = 8
_USUAL = "cp1252"


def decode(data: bytes, *, declared: str | None = None) -> str:
    """Text from bytes: as declared if that fits, else UTF-8, else the likeliest guess."""
    for name in (declared, "utf-8"):
        text = _strictly(data, name)
        if text is not None:
            return text
    text = _strictly(data, _guess(data[:_SAMPLE]))
    if text is not None:
        return text
    return data.decode(_codec(declared) or _USUAL, "replace")


def _guess(sample: bytes) -> str | None:
    if sum(byte > 127 for byte in sample) < _ENOUGH:  # noqa: PLR2004 - the end of ASCII
        return _USUAL
    return chardet.detect(sample).get("encoding")


def _strictly(data: bytes, name: str | None) -> str | None:
    codec = _codec(name)
    if codec is None:
        return None
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _codec(name: str | None) -> str | None:
    """The codec a label stands for, or None when it is no encoding of text."""
    label = (name or "").strip().strip("'\"").lower()
    try:
        found = codecs.lookup(_MEANT.get(label, label))
    except (LookupError, ValueError, TypeError):
        return None
    is_text = getattr(found, "_is_text_encoding", False)
    return found.name if is_text and found.name.replace("-", "_") not in _REFUSED else None
