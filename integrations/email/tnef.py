"""The files and the text within a winmail.dat (Microsoft's MS-OXTNEF)."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from striprtf.striprtf import rtf_to_text
from tnefparse import TNEF  # type: ignore[import-untyped]

from integrations.email import charsets, names
from tickets.content import NewFile

_SIGNATURE = b"\x78\x9f\x3e\x22"
_HEAD, _FRAME, _LEAST = 6, 11, 12
# The library copies what is left for each object, so objects times bytes is what it costs.
_MOST_COPIED = 2 * 1024**3
_LARGEST_RTF = 512 * 1024
_DEEPEST = 3
_CONTENT_ID = 0x3712
# The library tells the log of every oddity in what strangers send.
logging.getLogger("tnefparse").setLevel(logging.CRITICAL)


@dataclass(kw_only=True)
class Unpacked:
    """What was found; `is_whole`: nothing in it was left behind."""

    text: str | None = None
    html: str | None = None
    files: list[NewFile] = field(default_factory=list)
    is_whole: bool = True


def unpack(data: bytes) -> Unpacked:
    """Read a winmail.dat; never raises. What cannot be read makes the result not whole."""
    found = Unpacked()
    starts = list(_objects(data)) if data.startswith(_SIGNATURE) else []
    if not starts or sum(len(data) - at for at in starts) > _MOST_COPIED:
        found.is_whole = False
        return found
    try:
        _read(TNEF(data, do_checksum=False), found, depth=0)
    # The library raises what the bytes provoke.
    except Exception:  # noqa: BLE001
        found.is_whole = False
    has_any = found.files or found.text is not None or found.html is not None
    found.is_whole &= bool(has_any) and _is_complete(data, starts[-1])
    return found


def _is_complete(data: bytes, last: int) -> bool:
    (length,) = struct.unpack_from("<I", data, last + 5)
    return bool(last + length + _FRAME <= len(data))


def _objects(data: bytes) -> Iterator[int]:
    at = _HEAD
    while at + _LEAST < len(data):
        yield at
        (length,) = struct.unpack_from("<I", data, at + 5)
        at += length + _FRAME


def _read(tnef: Any, found: Unpacked, *, depth: int) -> None:
    if depth == 0:
        _take_bodies(tnef, found)
    for number, attachment in enumerate(tnef.attachments, start=1):
        try:
            _take(attachment, found, number=number, depth=depth)
        # One damaged file does not cost the others.
        except Exception:  # noqa: BLE001
            found.is_whole = False


def _take(attachment: Any, found: Unpacked, *, number: int, depth: int) -> None:
    inner = getattr(attachment, "embed", None)
    if inner is not None and depth < _DEEPEST:
        # A mail within: its files are taken, its own text stays in the original.
        found.is_whole = False
        _read(inner, found, depth=depth + 1)
        return
    name = names.cleaned(_text(attachment.long_filename()))
    data = attachment.data
    if not isinstance(data, bytes) or not data:
        found.is_whole = False
        return
    found.files.append(
        NewFile(
            name=name or f"file-{number}.bin",
            content_type=names.type_for(name),
            data=data,
            content_id=_content_id(attachment),
        )
    )


def _content_id(attachment: Any) -> str:
    values = [p.data for p in attachment.mapi_attrs if p.name == _CONTENT_ID]
    return _text(values[0]).strip("<> ")[:255] if values else ""


def _take_bodies(tnef: Any, found: Unpacked) -> None:
    if tnef.htmlbody:
        found.html = _text(tnef.htmlbody)
    if tnef.body:
        found.text = _text(tnef.body)
    # Its property would decompress whatever the size.
    packed = tnef._rtfbody
    if packed and found.html is None and found.text is None:
        found.text = _text_of_rtf(tnef, len(packed))


def _text_of_rtf(tnef: Any, size: int) -> str | None:
    if size > _LARGEST_RTF:
        return None
    try:
        rtf = tnef.rtfbody
        return str(rtf_to_text(rtf.decode("latin-1"), errors="ignore")).strip() or None  # type: ignore[no-untyped-call]
    # As above.
    except Exception:  # noqa: BLE001
        return None


def _text(value: Any) -> str:
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, bytes):
        value = charsets.decode(value.rstrip(b"\x00"))
    text = str(value or "").replace("\r\n", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8")
