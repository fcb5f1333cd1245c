"""Files that stand as blocks in the text of a mail: uuencode (POSIX) and yEnc (version 1.3).

No block can begin within a block, so a broken one is read no further than the next, and the whole
stays linear.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

_BEGIN = re.compile(
    rb"^(?:begin(?P<b64>-base64)? [0-7]{3,4} (?P<name>[^\r\n]{1,250})"
    rb"|=ybegin (?P<yenc>[^\r\n]{1,400}))(?:\r\n|\n|\r)",
    re.MULTILINE,
)
_LINE = re.compile(rb"([^\r\n]*+)(\r\n|\n|\r|\Z)")
_YNAME = re.compile(rb"\bname=([^\r\n]+)")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_FULL_LINE = 63
_MOST = 100


@dataclass(frozen=True, slots=True)
class Block:
    """A file that was in the text."""

    name: bytes
    data: bytes


def taken_out(data: bytes) -> tuple[bytes, list[Block]]:
    """The text without its blocks, and the files they held; a broken block stays text."""
    kept: list[bytes] = []
    files: list[Block] = []
    at = 0
    while len(files) < _MOST and (found := _BEGIN.search(data, at)):
        if found["yenc"] is not None:
            name = _YNAME.search(found["yenc"])
            decoded, end = _yenc_from(data, found.end())
            label = name[1].strip() if name else b""
        else:
            reader = _base64_from if found["b64"] else _uuencode_from
            decoded, end = reader(data, found.end())
            label = found["name"].strip()
        if decoded is None:
            kept.append(data[at : found.end()])
            at = found.end()
            continue
        kept.append(data[at : found.start()])
        files.append(Block(name=label, data=decoded))
        at = end
    return b"".join([*kept, data[at:]]), files


def whole_uuencode(data: bytes) -> bytes:
    """A body that is one uuencoded file; its bytes as they are when it is not."""
    _text, files = taken_out(data)
    return files[0].data if files else data


def whole_yenc(data: bytes) -> bytes:
    """A body that is one yEnc file; its bytes as they are when it is not."""
    return whole_uuencode(data)


def _uuencode_from(data: bytes, at: int) -> tuple[bytes | None, int]:
    pieces: list[bytes] = []
    while at < len(data):
        found = _LINE.match(data, at)
        assert found
        at, line = found.end(), found[1].rstrip()
        if line == b"end":
            return b"".join(pieces), at
        if line in {b"", b"`"}:
            continue
        piece = _uuencode_line(line)
        if piece is None:
            return None, at
        pieces.append(piece)
    return None, at


def _uuencode_line(line: bytes) -> bytes | None:
    length = (line[0] - 32) & 63
    if not 32 <= line[0] <= 96 or length > _FULL_LINE:  # noqa: PLR2004 - the alphabet of uuencode
        return None
    wanted = (length * 4 + 2) // 3
    # Trailing spaces are lost on the way, and some write a checksum letter or fill the last three.
    padded = line[: wanted + 1].ljust(wanted + 1)
    if len(line) > wanted + 5 or any(not 32 <= byte <= 96 for byte in line):  # noqa: PLR2004
        return None
    try:
        return binascii.a2b_uu(padded)
    except binascii.Error:
        return None


def _base64_from(data: bytes, at: int) -> tuple[bytes | None, int]:
    pieces: list[bytes] = []
    while at < len(data):
        found = _LINE.match(data, at)
        assert found
        at, line = found.end(), found[1].strip()
        if line == b"====":
            try:
                return binascii.a2b_base64(b"".join(pieces), strict_mode=True), at
            except binascii.Error:
                break
        if not _BASE64.fullmatch(line):
            break
        pieces.append(line)
    return None, at


_UNSHIFTED = bytes((byte - 42) & 255 for byte in range(256))


def _yenc_from(data: bytes, at: int) -> tuple[bytes | None, int]:
    """Lines up to =yend; `=` escapes the next byte, which then is 64 more."""
    pieces: list[bytes] = []
    while at < len(data):
        found = _LINE.match(data, at)
        assert found
        at, line = found.end(), found[1]
        if line.startswith(b"=yend"):
            return b"".join(pieces), at
        if line.startswith(b"=ybegin "):
            break
        if line.startswith(b"=ypart "):
            continue
        first, *escaped = line.split(b"=")
        plain = first + b"".join(
            bytes([(part[0] - 64) & 255]) + part[1:] for part in escaped if part
        )
        pieces.append(plain.translate(_UNSHIFTED))
    return None, at
