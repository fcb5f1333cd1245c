"""From the bytes of a mail to an `Inbound`; raises CannotParse and nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from integrations.base import CannotParse, Inbound
from integrations.email import (
    addresses,
    apart,
    bodies,
    bounces,
    headers,
    ids,
    limits,
    machines,
    mailboxes,
    quotes,
    spam,
    tree,
    trust,
)
from tickets.content import Content
from tickets.models import BodyFormat

if TYPE_CHECKING:
    from integrations.email.bodies import Body
    from integrations.email.tree import Part

# A mail has at least one of these; without any the bytes are something else.
_KNOWN = (
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "received",
    "mime-version",
    "sender",
    "content-type",
)

# One server away and one back.
_HOPS_OF_A_LOOP = 2

# Who it is to: as servers note it on delivery, and as it was written.
_SENT_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")


def parse(data: bytes, *, envelope: dict[str, Any]) -> Inbound:
    """Understand a mail.

    `envelope` may hold `mail_from` and `rcpt_tos` as the door heard them. Raises CannotParse, or
    its kind OverLimit, with a sentence for staff.
    """
    weight = limits.check(data)
    if weight.is_suspicious:
        return apart.parse(data, envelope=envelope)
    return understand(data, envelope=envelope)


def understand(data: bytes, *, envelope: dict[str, Any]) -> Inbound:
    """As `parse`, here and now, for a mail whose weight has been checked."""
    try:
        return _understood(data, envelope=envelope)
    except CannotParse:
        raise
    except MemoryError as error:
        raise apart.TooHeavy(_("Reading the mail took more memory than there is.")) from error
    # Libraries are known to raise what they never promised on hostile mail.
    except Exception as error:
        raise CannotParse(
            _("The mail cannot be read: %(error)s.") % {"error": f"{type(error).__name__}: {error}"}
        ) from error


def _understood(data: bytes, *, envelope: dict[str, Any]) -> Inbound:
    message = _message_in(data)
    author = addresses.author_of(headers.raw_values(message, "From"))
    body = bodies.body_of(message)
    remote_id = headers.message_id_of(message)
    tokens = _tokens_in(message, envelope)
    answers = [*tokens, *headers.answers_of(message)]
    is_null = machines.is_null(message, sender=envelope.get("mail_from"))
    report = bounces.report_of(message, is_null=is_null, tokens=tokens)
    text = body.text or ""
    subject = headers.subject_of(message)
    digest = _digest(subject, body)
    # A forwarded mail is what its sender wants us to read, though it may name the mail it came
    # from; an answer of which a server lost the ids still says so in its subject.
    new, quoted = quotes.split(
        text,
        is_answer=bool(answers) or quotes.is_answer(subject),
        is_forward=quotes.is_forward(subject, text=text),
    )
    return Inbound(
        remote_id=remote_id or _made_id(message, digest=digest, data=data),
        answers=answers,
        author=author,
        author_name=author.name
        if author
        else addresses.name_of(headers.raw_values(message, "From")),
        to=addresses.everybody_in(headers.raw_values(message, "To")),
        cc=addresses.everybody_in(headers.raw_values(message, "Cc")),
        subject=subject,
        content=Content(
            body=new,
            format=BodyFormat.PLAIN,
            quoted=quoted,
            html=body.shown,
            files=body.files,
        ),
        text=body.text,
        html=body.html,
        sent_at=headers.date_of(message),
        authentication=trust.authentication_of(
            message, address=author.external_id if author else None, data=data.lstrip(b"\r\n")
        ),
        machine=machines.machine_of(
            message,
            author=author,
            is_null=is_null,
            is_ours=bool(remote_id and ids.token_in(remote_id)) or _was_here(message, envelope),
            report=report,
        ),
        report=report,
        is_spam=spam.is_marked(message),
        sha256=digest,
    )


def _message_in(data: bytes) -> Part:
    message = tree.read(data.lstrip(b"\r\n"))
    if not any(name in message for name in _KNOWN):
        raise CannotParse(_("This is no mail: it has none of the headers every mail has."))
    return message


def _was_here(message: Part, envelope: dict[str, Any]) -> bool:
    """Whether it was delivered to the mailbox it is for, left, and came again.

    Each delivery puts a Delivered-To above; two servers on the way in may both do so, so hops in
    between are needed.
    """
    mailbox = {str(address).lower() for address in envelope.get("rcpt_tos", ())}
    hops: list[int] = []
    received = 0
    for name, value in message.raw_items():
        received += name.lower() == "received"
        if name.lower() == "delivered-to" and str(value).strip("<> \r\n").lower() in mailbox:
            hops.append(received)
    return len(hops) > 1 and hops[-1] - hops[0] >= _HOPS_OF_A_LOOP


def _tokens_in(message: Part, envelope: dict[str, Any]) -> list[str]:
    """Tokens in the addresses it was sent to, as the ids of the deliveries they came from.

    A mailbox keeps no envelope; there the headers name them.
    """
    told = envelope.get("rcpt_tos")
    sent_to = _addressed(message) if told is None else map(str, told)
    details = (mailboxes.detail_of(address) for address in sent_to)
    return [ids.message_id(detail) for detail in details if detail]


def _addressed(message: Part) -> list[str]:
    return [
        person.external_id
        for name in _SENT_TO
        for person in addresses.everybody_in(headers.raw_values(message, name))
    ]


def _made_id(message: Part, *, digest: bytes, data: bytes) -> str:
    """An id for a mail that has none: the same by every road, when its sender dated it."""
    said = [headers.value_of(message, name) for name in ("Date", "From", "To")]
    unique = "\n".join(said).encode("utf-8", "replace") + digest if said[0] else data
    return f"sha256:{hashlib.sha256(unique).hexdigest()}@missing"


def _digest(subject: str, body: Body) -> bytes:
    """Of what a reader gets: the same mail by another road has the same."""
    digest = hashlib.sha256()
    pieces = [subject, (body.text or "").strip(), (body.html or "").strip()]
    blobs = [piece.encode("utf-8", "replace") for piece in pieces]
    blobs += [blob for file in body.files for blob in (file.name.encode(), file.data)]
    for blob in blobs:
        digest.update(len(blob).to_bytes(8, "big"))
        digest.update(blob)
    return digest.digest()
