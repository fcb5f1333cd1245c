"""Encodings that switch sets of letters by escape sequences (RFC 1468, 1554, 1557, 1922).

Python's own codecs are tried first; they refuse what every mail program in Japan writes: half
width kana, the circled numbers of row 13, sequences that are never closed.
"""

from __future__ import annotations

import re

_PIECE = re.compile(rb"\x1b(?:\(([BJIH])|\$([@BA])|\$\(([@BCD])|\$([)*][ACGEH]))|([\x0e\x0f])|(\n)")
_SETS = {
    b"B": "",
    b"J": "",
    b"H": "",
    b"I": "kana",
    b"@": "jis",
    b"A": "gb",
    b"C": "ksc",
    b"D": "jis212",
}
_SECOND_SETS = {b")A": "gb", b")E": "gb", b")C": "ksc"}
_CODECS = {"gb": "gb2312", "ksc": "cp949"}


def decode(data: bytes, *, korean: bool = False, chinese: bool = False) -> str:
    """Text from bytes in any of the ISO-2022 encodings of mail; never raises."""
    names: tuple[str, ...] = (
        ("iso2022_kr",) if korean else ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2")
    )
    if not data.isascii():
        # Eight-bit bytes are in none of them: the label is wrong.
        names = ("utf-8", "cp949" if korean else "gb18030" if chinese else "cp932")
    elif chinese:
        names = ()
    for name in names:
        try:
            return data.decode(name)
        except UnicodeError:
            continue
    return _decoded(data, second="ksc" if korean else "gb" if chinese else "kana")


def _decoded(data: bytes, *, second: str) -> str:
    text: list[str] = []
    first, is_shifted, at = "", False, 0
    for found in _PIECE.finditer(data):
        text.append(_run(data[at : found.start()], second if is_shifted else first))
        at = found.end()
        single, double, named, designated, shift, newline = found.groups()
        if single or double or named:
            # In `ESC $ B` the letter B is the Japanese set, in `ESC ( B` it is ASCII.
            first = "jis" if (double or named) == b"B" else _SETS[single or double or named]
        elif designated:
            second = _SECOND_SETS.get(designated, second)
        elif shift:
            is_shifted = shift == b"\x0e"
        elif newline:
            first, is_shifted = "", False
            text.append("\n")
    text.append(_run(data[at:], second if is_shifted else first))
    return "".join(text)


def _run(data: bytes, letters: str) -> str:
    if not letters:
        return data.decode("ascii", "replace")
    if letters == "jis":
        return b"".join(map(_shifted, data[0::2], data[1::2])).decode("cp932", "replace")
    high = bytes(byte | 0x80 if byte > 32 else byte for byte in data)  # noqa: PLR2004 - a space
    if letters == "kana":
        return high.decode("cp932", "replace")
    if letters == "jis212":
        pairs = zip(high[0::2], high[1::2], strict=False)
        coded = b"".join(bytes((0x8F, one, two)) for one, two in pairs)
        return coded.decode("euc_jp", "replace")
    return high.decode(_CODECS[letters], "replace")


def _shifted(row: int, cell: int) -> bytes:
    """A letter of JIS X 0208 as Shift_JIS counts them, two rows to one lead byte."""
    lead = ((row - 1) >> 1) + (0x71 if row <= 0x5E else 0xB1)  # noqa: PLR2004
    odd = cell + (0x20 if cell >= 0x60 else 0x1F)  # noqa: PLR2004
    return bytes((lead & 255, (odd if row % 2 else cell + 0x7E) & 255))
