"""From a frozen letter to the bytes that go over the wire."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email import encoders
from email.errors import MessageError
from email.mime.base import MIMEBase
from email.parser import BytesHeaderParser
from email.utils import format_datetime, formataddr

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import utf8_charset_qp

from integrations.base import DeliveryError
from integrations.email import render
from integrations.email.headers import clean
from integrations.email.letter import File, Letter, Mailbox
from tickets import attachments
from tickets.models import Attachment

_LONGEST_NAME = 60
_LONGEST_SUBJECT = 250
# Printable ASCII between angle brackets, and nothing that reads as an encoded word (M07).
_MESSAGE_ID = re.compile(r"<(?!.*=\?)[\x21-\x3b\x3d\x3f-\x7e]{1,996}>")
_CONTENT_TYPE = re.compile(r"(?!multipart/|message/)[\w.+-]+/[\w.+-]+")
# Of the body, beside what is set here (RFC 2045).
_OF_MIME = {"Content-Type", "MIME-Version", "Content-Transfer-Encoding"}


def compose(letter: Letter, *, message_id: str, date: datetime) -> bytes:
    """The mail, lines ended by CR LF.

    Raises DeliveryError: a file is away (try later) or not the one that was attached, or an
    address cannot stand in a header.
    """
    headers = _headers(letter, message_id=message_id, date=date)
    try:
        mail = EmailMultiAlternatives(
            subject=_subject(letter.subject),
            body=render.text(letter),
            from_email=_mailbox(letter.sender),
            to=[_mailbox(mailbox) for mailbox in letter.to],
            cc=[_mailbox(mailbox) for mailbox in letter.cc],
            reply_to=[_mailbox(Mailbox(address=letter.reply_to))],
            headers=headers,
        )
        # Quoted-printable passes servers that know no 8-bit text, and keeps spaces at line ends.
        mail.encoding = utf8_charset_qp
        mail.attach_alternative(render.html(letter), "text/html")
        for file in letter.files:
            mail.attach(_part(file))
        data = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own
    except (ValueError, MessageError) as error:
        raise DeliveryError(f"The mail cannot be written: {error}", permanent=True) from error
    expected = {*headers, "Subject", "From", "To", "Reply-To"} | ({"Cc"} if letter.cc else set())
    demand_only(data, expected=expected)
    return data


def demand_only(data: bytes, *, expected: set[str]) -> None:
    """Check what really stands in the bytes: each expected header once, and no other (M07).

    Raises DeliveryError when somebody's text has become a header.
    """
    head, _end, _body = data.partition(b"\r\n\r\n")
    found = BytesHeaderParser().parsebytes(head + b"\r\n\r\n").keys()
    single_lines = head.replace(b"\r\n", b"")
    broken = any(mark in single_lines for mark in (b"\r", b"\n", b"\0"))
    ours = [name for name in found if name not in _OF_MIME]
    if broken or sorted(ours) != sorted(expected):
        raise DeliveryError("The mail's headers are not the ones we set.", permanent=True)


def _headers(letter: Letter, *, message_id: str, date: datetime) -> dict[str, str]:
    headers = {"Message-ID": message_id, "Date": format_datetime(date)}
    # What others call their mails is repeated only where it is an id.
    references = [known for known in letter.references if _MESSAGE_ID.fullmatch(known)]
    if _MESSAGE_ID.fullmatch(letter.in_reply_to):
        headers["In-Reply-To"] = letter.in_reply_to
    if references:
        headers["References"] = " ".join(references)
    if letter.automatic:
        headers["Auto-Submitted"] = "auto-replied" if letter.in_reply_to else "auto-generated"
        headers["X-Auto-Response-Suppress"] = "All"
    return headers


def _subject(text: str) -> str:
    # What looks like an encoded word would be read as one, with whatever it hides (M07).
    return clean(text).replace("=?", "= ?")[:_LONGEST_SUBJECT]


def _mailbox(mailbox: Mailbox) -> str:
    name = clean(mailbox.name).replace("=?", "= ?")[:_LONGEST_NAME]
    return formataddr((name, on_the_wire(mailbox.address)))


def on_the_wire(address: str) -> str:
    """An address in ASCII, international domains as IDNA. Raises DeliveryError when it has none."""
    local, _at, domain = clean(address).rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise DeliveryError(f"{address} has no domain we can send to.", permanent=True) from error
    if not (local and domain and local.isascii()) or " " in address:
        raise DeliveryError(f"{address} is no address we can send to.", permanent=True)
    return f"{local}@{ascii_domain}"


def _part(file: File) -> MIMEBase:
    attachment = Attachment.objects.get(pk=file.attachment)
    try:
        data = attachments.read(attachment)
    except OSError as error:
        raise DeliveryError(f"The file {attachment.name} cannot be read just now.") from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise DeliveryError(
            f"The file {attachment.name} is not the one that was attached.", permanent=True
        )
    known = _CONTENT_TYPE.fullmatch(attachment.content_type)
    kind = attachment.content_type if known else "application/octet-stream"
    part = MIMEBase(*kind.split("/"))
    part.set_payload(data)
    encoders.encode_base64(part)
    name = clean(attachment.name)
    part.add_header(
        "Content-Disposition",
        "attachment",
        filename=name if name.isascii() else ("utf-8", "", name),
    )
    return part
