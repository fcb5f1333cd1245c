"""What an outgoing mail is made of, frozen in its delivery when it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

# The folder of templates that new letters are rendered with. A letter keeps the one it was
# written for, so that an upgrade never changes what is already on its way.
TEMPLATES = "integrations/email/v1"


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """A name and an address, as they stand in From, To and Cc."""

    address: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that goes along: only these bytes, proven by their hash (hexadecimal)."""

    attachment: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """The queue's looks as they were: a colour (#rrggbb) and a logo, proven by its hash."""

    accent: str = ""
    logo: int | None = None
    logo_sha256: str = ""
    logo_text: str = ""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """Everything that is rendered; `automatic` marks what no person wrote (RFC 3834).

    `to` and `cc` are what every recipient sees; who gets this copy is the delivery's address.
    `opening` and `closing` stand before and after `body`, `signature` below; all are Markdown.
    `quoted` is plain text that goes along whole, as in a forward.
    `unsubscribe` is the address that stops mails like this one; answers have none.
    `earlier` are ids of messages quoted at the end: they never change, so need no copy.
    `written_with` notes the templates they come from, for whoever asks later.
    """

    sender: Mailbox
    reply_to: str
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox] = ()
    subject: str
    body: str
    opening: str = ""
    closing: str = ""
    signature: str = ""
    in_reply_to: str = ""
    references: Sequence[str] = ()
    files: Sequence[File] = ()
    quoted: str = ""
    earlier: Sequence[int] = ()
    unsubscribe: str = ""
    look: Look = Look()
    ticket: int | None = None
    automatic: bool = False
    language: str = "en"
    templates: str = TEMPLATES
    written_with: Sequence[Mapping[str, int]] = ()

    def frozen(self) -> dict[str, Any]:
        """As JSON for `Delivery.inputs`."""
        return asdict(self)

    @classmethod
    def thawed(cls, inputs: Mapping[str, Any]) -> Letter:
        """Back from `Delivery.inputs`."""
        return cls(
            **{
                **inputs,
                "sender": Mailbox(**inputs["sender"]),
                "to": [Mailbox(**mailbox) for mailbox in inputs["to"]],
                "cc": [Mailbox(**mailbox) for mailbox in inputs["cc"]],
                "files": [File(**file) for file in inputs["files"]],
                "look": Look(**inputs.get("look", {})),
            }
        )
