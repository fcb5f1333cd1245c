"""Small pictures for mails: what they are is read from their bytes, never from their name."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from integrations.models import Picture

LARGEST = 100_000
WIDEST, HIGHEST = 2_000, 1_000
# Of a JPEG the segments that give its size (ITU T.81, B.1.1.3): all frames but DHT, JPG and DAC.
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}


class NoPicture(ValueError):
    """The bytes are no picture that mail programs show; `str()` says what to do."""


@dataclass(frozen=True)
class Shape:
    """Type and size in pixels."""

    content_type: str
    width: int
    height: int


def shape_of(data: bytes) -> Shape:
    """What a picture is. Raises NoPicture unless it is a PNG, JPEG or GIF of bearable size."""
    if len(data) > LARGEST:
        raise NoPicture(
            _("The picture has %(size)s, and %(limit)s is the most. Choose a smaller one.")
            % {"size": filesizeformat(len(data)), "limit": filesizeformat(LARGEST)}
        )
    try:
        shape = _read(data)
    except (struct.error, IndexError):
        shape = None
    if shape is None:
        raise NoPicture(_("This is no PNG, JPEG or GIF: mail programs show no others."))
    if not (0 < shape.width <= WIDEST and 0 < shape.height <= HIGHEST):
        raise NoPicture(
            _("The picture may be at most %(width)s × %(height)s pixels large.")
            % {"width": WIDEST, "height": HIGHEST}
        )
    return shape


def kept(data: bytes) -> Picture:
    """The row of these bytes, made when they are new. Raises NoPicture."""
    shape = shape_of(data)
    picture, _made = Picture.objects.get_or_create(
        sha256=hashlib.sha256(data).digest(),
        defaults={
            "data": data,
            "content_type": shape.content_type,
            "width": shape.width,
            "height": shape.height,
        },
    )
    return picture


def _read(data: bytes) -> Shape | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return Shape("image/png", *struct.unpack(">II", data[16:24]))
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Shape("image/gif", *struct.unpack("<HH", data[6:10]))
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    return None


def _read_jpeg(data: bytes) -> Shape | None:
    at = 2
    while data[at] == 0xFF:  # noqa: PLR2004 - how each marker of a JPEG begins
        marker = data[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Shape("image/jpeg", width, height)
        if marker in _BARE_MARKERS:
            at += 2
        else:
            at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None
