"""How the demo's mails look: words, signatures, a colour and a logo."""

from __future__ import annotations

import struct
import zlib

from integrations import pictures
from integrations.models import Letterhead, SendingDomain
from tickets.models import MessageTemplate, Queue, User

_SIZE = 48
_ACCENT = "#0f6e56"
# A lark's wing in three bands, from the colour and two lighter ones, on nothing.
_BANDS = ((15, 110, 86, 255), (70, 160, 130, 255), (150, 210, 185, 255))

_TEMPLATES = (
    (
        "paid",
        "acknowledgement",
        "en",
        (
            "Hello {{customer.first_name}},\n\nyour request is **#{{ticket.number}}** with "
            "{{queue.name}}. The first of us who is free reads it and writes to you in this "
            "conversation."
        ),
    ),
    (
        "paid",
        "acknowledgement",
        "de",
        (
            "Guten Tag {{customer.name}},\n\nIhre Anfrage hat die Nummer **#{{ticket.number}}**. "
            "Wir lesen sie und antworten Ihnen in diesem Gespräch."
        ),
    ),
    (
        "paid",
        "signature",
        "en",
        "{{agent.signature}}\n\n{{queue.name}} · {{desk.address}} · Ticket #{{ticket.number}}",
    ),
    (
        "free",
        "closing",
        "en",
        (
            "{{reply.text}}\n\nDoes that solve it? If not, answer this mail within two weeks: "
            "we take it up again."
        ),
    ),
)
_SIGNATURES = {
    "mara": "Kind regards\n{{agent.name}}, Larkwiki",
    "ines": "Best wishes from Porto,\n**{{agent.first_name}}**",
}


def furnish(queues: dict[str, Queue], staff: dict[str, User], *, domain: str) -> None:
    """Write templates and signatures, and give the paid queue its looks."""
    for slug, kind, language, body in _TEMPLATES:
        MessageTemplate.objects.create(queue=queues[slug], kind=kind, language=language, body=body)
    for handle, signature in _SIGNATURES.items():
        staff[handle].signature = signature
        staff[handle].save(update_fields=["signature"])
    Letterhead.objects.create(
        queue=queues["paid"],
        sender_name="Lark & Ferry Support",
        accent=_ACCENT,
        logo=pictures.kept(logo()),
        logo_text="Lark & Ferry",
        earlier=1,
    )
    SendingDomain.objects.create(domain=domain.lower())


def logo() -> bytes:
    """A small PNG, drawn here so that the tree holds no picture (RFC 2083)."""
    rows = b"".join(
        b"\0" + b"".join(bytes(_colour(x, y)) for x in range(_SIZE)) for y in range(_SIZE)
    )
    head = struct.pack(">IIBBBBB", _SIZE, _SIZE, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _colour(x: int, y: int) -> tuple[int, int, int, int]:
    distance = (x * x + (_SIZE - y) ** 2) ** 0.5 / _SIZE
    for number, band in enumerate(_BANDS):
        if distance < 0.42 + 0.28 * number:
            return band
    return 0, 0, 0, 0


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
