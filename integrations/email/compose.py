"""From a frozen letter to the bytes that go over the wire."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email import encoders
from email.errors import MessageError
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.parser import BytesHeaderParser
from email.utils import format_datetime, formataddr
from typing import cast

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import utf8_charset_qp

from integrations.base import DeliveryError
from integrations.email import filenames, render
from integrations.email.headers import clean
from integrations.email.letter import File, Letter, Mailbox
from integrations.models import Picture
from tickets import attachments, rendering
from tickets.models import Attachment

log = structlog.get_logger(__name__)

_LONGEST_NAME = 60
_LONGEST_SUBJECT = 250
# Printable ASCII between angle brackets, and nothing that reads as an encoded word (M07).
_MESSAGE_ID = re.compile(r"<(?!.*=\?)[\x21-\x3b\x3d\x3f-\x7e]{1,996}>")
_LINK = re.compile(r"https?://[\x21-\x3b\x3d\x3f-\x7e]{1,900}")
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
        files = [_Loaded.of(file) for file in letter.files]
        inline = _inline(letter, files)
        mail = EmailMultiAlternatives(
            subject=_subject(letter.subject),
            body=_text(letter),
            from_email=_mailbox(letter.sender),
            to=[_mailbox(mailbox) for mailbox in letter.to],
            cc=[_mailbox(mailbox) for mailbox in letter.cc],
            reply_to=[_mailbox(Mailbox(address=letter.reply_to))],
            headers=headers,
        )
        # Quoted-printable passes servers that know no 8-bit text, and keeps spaces at line ends.
        mail.encoding = utf8_charset_qp
        sources = {name: f"cid:{picture.cid}" for name, picture in inline.items()}
        mail.attach_alternative(_html(letter, sources), "text/html")
        shown = {picture.key for picture in inline.values()}
        for file in files:
            if file.key not in shown:
                mail.attach(_part(file.name, file.content_type, file.data))
        message = mail.message()
        _relate(message, inline.values())
        data = message.as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own
    except (ValueError, MessageError) as error:
        raise DeliveryError(f"The mail cannot be written: {error}", permanent=True) from error
    expected = {*headers, "Subject", "From", "To", "Reply-To"} | ({"Cc"} if letter.cc else set())
    demand_only(data, expected=expected)
    return data


def _text(letter: Letter) -> str:
    """The plain part; as typed when it cannot be laid out, for a mail must not wait for that."""
    try:
        return render.text(letter)
    except Exception:
        log.exception("letter_text_failed", ticket=letter.ticket)
        parts = (letter.opening, letter.body, letter.closing, letter.signature)
        return "\n\n".join(part for part in parts if part)


def _html(letter: Letter, sources: Mapping[str, str]) -> str:
    """The HTML part; without any layout when that fails."""
    try:
        return render.html(letter, pictures=sources)
    except Exception:
        log.exception("letter_html_failed", ticket=letter.ticket)
        return render.bare_html(letter)


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
    if _LINK.fullmatch(letter.unsubscribe):
        headers["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        # By one press in the mail program, which asks for a secure address (RFC 8058, 3.1).
        if letter.unsubscribe.startswith("https://"):
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        # Whoever sends it back under another id keeps this one, and we know it again.
        headers["X-Loop"] = message_id
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


@dataclass(frozen=True)
class _Loaded:
    """A file that goes along, its bytes proven."""

    key: str
    name: str
    content_type: str
    data: bytes

    @classmethod
    def of(cls, file: File) -> _Loaded:
        """Read a frozen file. Raises DeliveryError: away, or not the one that was attached."""
        attachment = Attachment.objects.get(pk=file.attachment)
        try:
            data = attachments.read(attachment)
        except OSError as error:
            raise DeliveryError(f"The file {attachment.name} cannot be read just now.") from error
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise DeliveryError(
                f"The file {attachment.name} is not the one that was attached.", permanent=True
            )
        key = f"{attachment.pk}.{file.sha256[:16]}"
        return cls(key, attachment.name, attachment.content_type, data)

    @property
    def cid(self) -> str:
        """Its Content-ID, without brackets (RFC 2392)."""
        return f"{self.key}@{settings.MAIL_DOMAIN}"


def _inline(letter: Letter, files: Sequence[_Loaded]) -> dict[str, _Loaded]:
    """The pictures that stand in the text, by the name they have there, and the logo."""
    wanted = rendering.pictures_in(letter.body)
    found: dict[str, _Loaded] = {}
    for file in files:
        kind = attachments.served_type(file.data)
        if file.name in wanted and kind:
            found.setdefault(file.name, replace(file, content_type=kind))
    if logo := _logo(letter):
        found[render.LOGO_NAME] = logo
    return found


def _logo(letter: Letter) -> _Loaded | None:
    """The logo as it was; without it the mail leaves all the same."""
    picture = Picture.objects.filter(pk=letter.look.logo).first() if letter.look.logo else None
    if picture is None or bytes(picture.sha256).hex() != letter.look.logo_sha256:
        return None
    kind = picture.content_type
    name = f"logo.{kind.partition('/')[2]}"
    return _Loaded(f"logo.{letter.look.logo_sha256[:16]}", name, kind, bytes(picture.data))


def _relate(message: Message, pictures: Collection[_Loaded]) -> None:
    """Put the HTML and its pictures into one multipart/related (RFC 2387)."""
    if not pictures:
        return
    holder = next(part for part in message.walk() if part.get_content_subtype() == "alternative")
    parts = cast("list[Message]", holder.get_payload())
    related = MIMEMultipart("related", type="text/html")
    related.attach(parts[-1])
    for picture in pictures:
        part = _part(picture.name, picture.content_type, picture.data, disposition="inline")
        part["Content-ID"] = f"<{picture.cid}>"
        related.attach(part)
    parts[-1] = related


def _part(name: str, kind: str, data: bytes, *, disposition: str = "attachment") -> MIMEBase:
    """A file byte for byte: base64 passes every server, whatever the lines in it end with."""
    known = _CONTENT_TYPE.fullmatch(kind)
    name = clean(name)
    part = MIMEBase(*(kind if known else "application/octet-stream").split("/"))
    part.set_param("name", filenames.ascii_name(name))
    part.set_payload(data)
    encoders.encode_base64(part)
    part["Content-Disposition"] = f"{disposition}; {filenames.of_disposition(name)}"
    return part
