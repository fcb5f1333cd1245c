"""Mail that a provider hands in by HTTP: who may, and the mail itself out of what it posts.

The formats are those of the providers' documents. Where a provider can post the mail as it was
received, that is what is kept, byte for byte, and nothing looks into it before it is kept; what it
took apart itself is put together again by django-anymail, where that is installed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import importlib.util
import io
import json
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from django.core.handlers.wsgi import WSGIRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from email.message import Message

_BOUNDARY = re.compile(r'\bboundary="?([^";,]{1,200})', re.IGNORECASE)
_NAME = re.compile(rb'\bname="([^"\r\n]{1,200})"')
_MOST_FIELDS = 1000


class NoMail(Exception):
    """What was posted holds no mail that we can find; the sentence is for the provider's log."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """The mail that was posted, what makes it this one, and what was said about it."""

    data: bytes
    key: str
    envelope: dict[str, Any]


class Posted:
    """A request whose body was read once, whole; nothing in it is believed yet."""

    def __init__(self, request: WSGIRequest, body: bytes) -> None:
        self.request, self.body = request, body

    @property
    def password(self) -> str:
        """`user:password` of HTTP basic authentication (RFC 7617), or nothing."""
        scheme, _space, value = self.request.headers.get("Authorization", "").partition(" ")
        try:
            return base64.b64decode(value).decode() if scheme.lower() == "basic" else ""
        except (binascii.Error, UnicodeDecodeError):
            return ""

    @cached_property
    def fields(self) -> dict[str, bytes]:
        """The fields of a form as their bytes; files are no fields."""
        kind = self.request.headers.get("Content-Type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            pairs = parse_qsl(
                self.body.decode("latin-1"),
                keep_blank_values=True,
                encoding="latin-1",
                max_num_fields=_MOST_FIELDS,
            )
            return {name: value.encode("latin-1") for name, value in pairs}
        boundary = _BOUNDARY.search(kind)
        return _form_fields(self.body, boundary[1]) if boundary else {}

    @cached_property
    def json(self) -> dict[str, Any]:
        """A JSON object, empty when there is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def text(self, name: str) -> str:
        """A field as text."""
        return self.fields.get(name, b"").decode("utf-8", "replace")


def _form_fields(body: bytes, boundary: str) -> dict[str, bytes]:
    """RFC 7578, without looking into the values."""
    fields: dict[str, bytes] = {}
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))
    for part in parts[1 : _MOST_FIELDS + 1]:
        head, _blank, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name and b"filename" not in head:
            fields[name[1].decode("utf-8", "replace")] = value
    return fields


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One way of posting mail.

    `may` tells by the channel's secret whether the provider itself posted. `mail` and `envelope`
    find the mail as received, if it is there, and what was said about it; `event` is the view of
    django-anymail that puts together what was taken apart, and `event_secret` its name for the
    secret.
    """

    label: str | Promise
    secret: str | Promise
    may: Callable[[Posted, str], bool]
    mail: Callable[[Posted], bytes | None]
    envelope: Callable[[Posted], dict[str, Any]]
    event: str = ""
    event_secret: str = "basic_auth"  # noqa: S105 - the name of a setting


def letter_in(posted: Posted, provider: Provider, *, secret: str) -> Letter:
    """The mail that a provider who may posted. Raises NoMail."""
    if data := provider.mail(posted):
        key = hashlib.sha256(data).hexdigest()
        return Letter(data=data, key=key, envelope=provider.envelope(posted))
    if not provider.event or importlib.util.find_spec("anymail") is None:
        raise NoMail("The mail as received is missing: have the provider post the raw message.")
    return _put_together(posted, provider, secret=secret)


def _put_together(posted: Posted, provider: Provider, *, secret: str) -> Letter:
    request = WSGIRequest({**posted.request.environ, "wsgi.input": io.BytesIO()})
    # Read by us with a limit of ours; Django's is for forms of people.
    request._body = posted.body
    try:
        with warnings.catch_warnings():
            # That nobody there has an account to try a provider with is said in our README.
            warnings.simplefilter("ignore")
            view = import_string(provider.event)(**{provider.event_secret: secret})
        (event,) = view.parse_events(request)
        message: Message = event.message
        envelope = {
            "mail_from": _plain(event.message.envelope_sender),
            "rcpt_tos": _plains(event.message.envelope_recipient),
        }
        return Letter(data=message.as_bytes(), key=_key_of(message), envelope=envelope)
    # Whatever a stranger's form makes a library do, it is no mail then.
    except Exception as error:
        raise NoMail(f"No mail could be read from this: {type(error).__name__}.") from error


def _key_of(message: Message) -> str:
    """The same for the same mail, though each time it is put together by new boundaries."""
    digest = hashlib.sha256()
    for name, value in message.items():
        if name.lower() != "content-type":
            digest.update(f"{name}:{value}\n".encode("utf-8", "replace"))
    for part in message.walk():
        if not part.is_multipart():
            digest.update(bytes(part.get_payload(decode=True) or b""))
    return digest.hexdigest()


def _plain(address: Any) -> str:
    text = address if isinstance(address, str) else ""
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip().strip("<>")[:1000]


def _plains(*addresses: Any) -> list[str]:
    return [plain for address in addresses if (plain := _plain(address))]


def _by_password(posted: Posted, secret: str) -> bool:
    return constant_time_compare(posted.password, secret)


def _by_mailgun(posted: Posted, secret: str) -> bool:
    """The HMAC of time and token. Its age is not looked at: a mail that waited with the provider
    while we were away must come in, and one that comes twice has one effect.
    """
    said = (posted.text("timestamp") + posted.text("token")).encode()
    right = hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
    return bool(posted.text("token")) and constant_time_compare(posted.text("signature"), right)


def _by_signature(posted: Posted, secret: str) -> bool:
    """The HMAC of the whole body, in the header Signature."""
    right = hmac.new(secret.encode(), posted.body, hashlib.sha256).hexdigest()
    return constant_time_compare(posted.request.headers.get("Signature", ""), right)


def _text_of(value: Any) -> bytes | None:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) and value else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sendgrid_envelope(posted: Posted) -> dict[str, Any]:
    try:
        said = _object(json.loads(posted.text("envelope")))
    except (ValueError, RecursionError):
        said = {}
    to = said.get("to")
    everybody = to if isinstance(to, list) else []
    return {"mail_from": _plain(said.get("from")), "rcpt_tos": _plains(*everybody)}


def _mailersend_envelope(posted: Posted) -> dict[str, Any]:
    data = _object(posted.json.get("data"))
    to = _object(data.get("recipients")).get("rcptTo")
    everybody = [_object(one).get("email") for one in to] if isinstance(to, list) else []
    sender = _object(data.get("sender")).get("email")
    return {"mail_from": _plain(sender), "rcpt_tos": _plains(*everybody)}


_PASSWORD = _("user:password, as it stands in the address the provider posts to")
_VIEWS = "anymail.webhooks"

PROVIDERS: dict[str, Provider] = {
    "mailersend": Provider(
        label="MailerSend",
        secret=_("the inbound route's secret"),
        may=_by_signature,
        mail=lambda posted: _text_of(_object(posted.json.get("data")).get("raw")),
        envelope=_mailersend_envelope,
    ),
    "mailgun": Provider(
        label="Mailgun",
        secret=_("the HTTP webhook signing key"),
        may=_by_mailgun,
        mail=lambda posted: posted.fields.get("body-mime"),
        envelope=lambda posted: {
            "mail_from": _plain(posted.text("sender")),
            "rcpt_tos": _plains(posted.text("recipient")),
        },
        event=f"{_VIEWS}.mailgun.MailgunInboundWebhookView",
        event_secret="webhook_signing_key",  # noqa: S106 - the name of a setting
    ),
    "mailjet": Provider(
        label="Mailjet",
        secret=_PASSWORD,
        may=_by_password,
        mail=lambda _posted: None,
        envelope=lambda _posted: {},
        event=f"{_VIEWS}.mailjet.MailjetInboundWebhookView",
    ),
    "postmark": Provider(
        label="Postmark",
        secret=_PASSWORD,
        may=_by_password,
        mail=lambda posted: _text_of(posted.json.get("RawEmail")),
        envelope=lambda posted: {
            "mail_from": _plain(posted.json.get("From")),
            "rcpt_tos": _plains(posted.json.get("OriginalRecipient")),
        },
        event=f"{_VIEWS}.postmark.PostmarkInboundWebhookView",
    ),
    "sendgrid": Provider(
        label="SendGrid",
        secret=_PASSWORD,
        may=_by_password,
        mail=lambda posted: posted.fields.get("email"),
        envelope=_sendgrid_envelope,
        event=f"{_VIEWS}.sendgrid.SendGridInboundWebhookView",
    ),
    "raw": Provider(
        label=_("Another: the mail itself as the body"),
        secret=_PASSWORD,
        may=_by_password,
        mail=lambda posted: posted.body or None,
        envelope=lambda _posted: {"rcpt_tos": []},
    ),
}
