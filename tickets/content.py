"""What is said: the text of a message and its files, before it is part of a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.models import BodyFormat

# {"contact": id, "name": …, "kind": …, "address": …}; outside people may lack the contact.
# On its way, until it is sent, also {"joins": "yes"}: it puts them on the ticket.
Recipient = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class NewFile:
    """A file that arrived: the sender's name and type are hints, the bytes are the truth."""

    name: str
    content_type: str
    data: bytes
    content_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Content:
    """A message's text: `body` is the new text, `quoted` what it answers, `html` as received.

    `to` and `cc` name whom it was addressed to, as far as its channel says. `is_automatic`: a
    program wrote it.
    """

    body: str
    format: BodyFormat = BodyFormat.MARKDOWN
    quoted: str = ""
    html: str = ""
    files: Sequence[NewFile] = ()
    to: Sequence[Recipient] = ()
    cc: Sequence[Recipient] = ()
    is_automatic: bool = False
