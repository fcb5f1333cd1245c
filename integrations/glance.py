"""From whom and about what, read off an original without understanding it.

For lists of mail that could not be read: nothing here parses, decodes a body or can take long,
also of a mail that ended the process of whoever read it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from integrations import originals
from integrations.email import headers
from tickets.crypto import CannotUnseal

if TYPE_CHECKING:
    from integrations.base import Inbound
    from integrations.models import RawInbound

_HEAD = 64 * 1024
_LINE = 2_000
_NAMED = re.compile(rb"(?im)^(from|subject)[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*){0,20})")
_SENDER, _SUBJECT = 320, 500


def of(raw: RawInbound, inbound: Inbound | None) -> dict[str, str]:
    """The fields `sender` and `subject` of an original: as understood, else as they stand."""
    if inbound is not None:
        author = inbound.author.external_id if inbound.author else inbound.author_name
        return {"sender": author[:_SENDER], "subject": inbound.subject[:_SUBJECT]}
    found = {
        name.lower().decode(): _words(value)
        for name, value in reversed(_NAMED.findall(head_of(_bytes_of(raw))))
    }
    return {
        "sender": found.get("from", "")[:_SENDER],
        "subject": found.get("subject", "")[:_SUBJECT],
    }


def head_of(data: bytes) -> bytes:
    """The header block as received: up to the first empty line, and no longer than bearable."""
    head = data[:_HEAD]
    return re.split(rb"\r?\n\r?\n", head.lstrip(b"\r\n"), maxsplit=1)[0]


def _bytes_of(raw: RawInbound) -> bytes:
    try:
        return originals.read(raw)
    except (OSError, CannotUnseal, originals.Damaged):
        return b""


def _words(value: bytes) -> str:
    text = value[:_LINE].decode("utf-8", "replace").replace("\r", " ").replace("\n", " ")
    return headers.words(text)
