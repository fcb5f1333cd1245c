"""Handing a mail to a server that takes it from here: stdlib SMTP, with each answer told apart."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from django.conf import settings

from integrations import sealed
from integrations.base import DeliveryError, Receipt
from integrations.email import dkim, oauth
from integrations.email.compose import compose, on_the_wire
from integrations.email.headers import clean
from integrations.email.imap.trouble import Step
from integrations.email.imap.wire import Tell, tell_nobody
from integrations.email.letter import Letter

if TYPE_CHECKING:
    from integrations.email.oauth import OAuth
    from integrations.models import Channel, Delivery

# Each answer of the server may take this long; a worker's task ends before its lease does.
_CONNECT_S, _ANSWER_S, _GOODBYE_S = 10, 30, 2
PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_OK, _GO_AHEAD, _PERMANENT = 2, 354, 5
_LONGEST_ANSWER = 500
# No such mailbox or domain, or a mailbox that was closed (RFC 3463, 3.2 and 3.3).
_UNKNOWN = re.compile(r"\b5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b")


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where mail is handed in: `scheme` is smtp (clear), smtp+tls (STARTTLS) or smtps."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    oauth: OAuth | None = None

    @classmethod
    def from_url(cls, url: str, *, password: str = "", oauth: OAuth | None = None) -> Server:
        """As in EMAIL_URL: `smtp+tls://user:password@host:587`."""
        parts = urlsplit(url)
        return cls(
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=parts.port or PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=password or unquote(parts.password or ""),
            oauth=oauth,
        )


def server_of(channel: Channel | None) -> Server:
    """The channel's own server (`smtp_url` in its settings, `smtp_password` sealed), or ours.

    Without a password it takes the token that the channel's mailbox is read with.
    """
    url = channel.config.get("smtp_url") if channel else None
    if channel is None or not url:
        return Server.from_url(settings.EMAIL_URL)
    secrets = sealed.opened(channel)
    password = secrets.get("smtp_password", "")
    bearer = None if password else oauth.oauth_of(channel, secrets)
    return Server.from_url(url, password=password, oauth=bearer)


def send(delivery: Delivery) -> Receipt:
    """Render a delivery's frozen letter and hand it over. Raises DeliveryError.

    What comes back to a person's mail is for us to read, so its return path is our address;
    an automatic mail has none, so that no machine ever answers it (RFC 3834).
    """
    channel = delivery.channel
    letter = Letter.thawed(delivery.inputs)
    if channel and channel.config.get("plus_addressing"):
        letter = replace(letter, reply_to=_with_token(letter.reply_to, delivery.token))
    data = compose(letter, message_id=delivery.remote_id, date=delivery.created_at)
    data = dkim.signed(data, address=letter.sender.address)
    return hand_over(
        server_of(channel),
        sender="" if letter.automatic else letter.reply_to,
        recipient=on_the_wire(delivery.address),
        data=data,
    )


def _with_token(address: str, token: str) -> str:
    local, _at, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def hand_over(server: Server, *, sender: str, recipient: str, data: bytes) -> Receipt:
    """Give one mail for one recipient to the server; an empty `sender` is the null path.

    Raises DeliveryError. What the server says of the mail or its addresses decides by its code:
    4yz may be tried again, 5yz not. Trouble before that (no connection, TLS, a refused login) is
    never the mail's fault and may always be tried again. A cut after the text is ambiguous.
    """
    with _session(server) as client:
        _demand(client.mail(sender, _size_of(data, client)), "sender")
        _demand(client.rcpt(recipient), "recipient")
        _demand(client.docmd("DATA"), "mail", go_ahead=_GO_AHEAD)
        return Receipt(response=_given(client, data, to=server))


def _size_of(data: bytes, client: smtplib.SMTP) -> list[str]:
    """The size for a server that asks for it, before anything of the mail is sent (RFC 1870).

    Raises DeliveryError when it says that it takes less.
    """
    if not client.has_extn("size"):
        return []
    most = client.esmtp_features.get("size", "")
    if most.isdecimal() and 0 < int(most) < len(data):
        raise DeliveryError(
            f"The mail has {len(data):,} bytes, and the server takes at most {int(most):,}. "
            "Send it again with fewer or smaller files.",
            permanent=True,
        )
    return [f"size={len(data)}"]


def check(server: Server, *, tell: Tell) -> None:
    """Connect and sign in as for sending, hand nothing over. Raises DeliveryError."""
    with _session(server, tell=tell):
        pass


def _given(client: smtplib.SMTP, data: bytes, *, to: Server) -> str:
    """Send the text and its end, and read the answer that makes it the server's.

    Cut before the end, the server has no mail; cut after it, nobody knows.
    """
    body = data if data.endswith(b"\r\n") else data + b"\r\n"
    client.send(body.replace(b"\r\n.", b"\r\n.."))
    try:
        client.send(b".\r\n")
        answer = client.getreply()
    # Whatever ends it here, a time limit of the worker too, the server may have the mail.
    except Exception as error:
        raise DeliveryError(
            f"The connection was cut before {to.host} confirmed the mail: {_said(error)}",
            ambiguous=True,
        ) from error
    return _demand(answer, "mail")


def _demand(answer: tuple[int, bytes], what: str, *, go_ahead: int = 0) -> str:
    code, words = answer
    said = f"{code} {_as_text(words)}"
    if code // 100 == _OK or code == go_ahead:
        return said
    raise DeliveryError(
        f"The server refused the {what}: {said}",
        permanent=code // 100 == _PERMANENT,
        unknown=what == "recipient" and bool(_UNKNOWN.search(said)),
    )


@contextlib.contextmanager
def _session(server: Server, *, tell: Tell = tell_nobody) -> Iterator[smtplib.SMTP]:
    """A connection that is encrypted and signed in as the server's URL demands, or none."""
    if (server.password or server.oauth) and server.scheme == "smtp":
        raise DeliveryError("A password is never sent in clear: use smtp+tls:// or smtps://.")
    try:
        client = _connected(server, tell=tell)
    except (OSError, smtplib.SMTPException, oauth.NoToken) as error:
        raise DeliveryError(
            f"{server.host}:{server.port} cannot be used: {_said(error)}"
        ) from error
    try:
        yield client
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"The connection to {server.host} was cut: {_said(error)}") from error
    else:
        # The mail is theirs already; a server that does not answer good-bye changes nothing.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            _patience(client, seconds=_GOODBYE_S)
            client.quit()
    finally:
        client.close()


def _patience(client: smtplib.SMTP, *, seconds: int) -> None:
    if client.sock:
        client.sock.settimeout(seconds)


def _connected(server: Server, *, tell: Tell) -> smtplib.SMTP:
    place, name = (server.host, server.port), settings.MAIL_DOMAIN
    client = (
        smtplib.SMTP_SSL(*place, local_hostname=name, timeout=_CONNECT_S, context=_verified())
        if server.scheme == "smtps"
        else smtplib.SMTP(*place, local_hostname=name, timeout=_CONNECT_S)
    )
    try:
        _patience(client, seconds=_ANSWER_S)
        tell(Step.CONNECT, f"{server.host}:{server.port}")
        client.ehlo_or_helo_if_needed()
        if server.scheme == "smtp+tls":
            # Raises when the server offers none: a stripped STARTTLS must not open the text.
            client.starttls(context=_verified())
            client.ehlo()
        if isinstance(client.sock, ssl.SSLSocket):
            tell(Step.TLS, client.sock.version() or "")
        if server.user:
            code, words = _signed_in(client, server)
            tell(Step.LOGIN, f"{code} {_as_text(words)}")
    except BaseException:
        client.close()
        raise
    return client


def _verified() -> ssl.SSLContext:
    """Trusts what this machine trusts; made only where it is used, as it takes a while."""
    return ssl.create_default_context()


def _signed_in(client: smtplib.SMTP, server: Server) -> tuple[int, bytes]:
    """By password, or by token as Google and Microsoft take it (XOAUTH2)."""
    if server.oauth is None:
        return client.login(server.user, server.password)
    token = oauth.token_for(server.oauth)
    first = f"user={server.user}\1auth=Bearer {token.value}\1\1"
    try:
        # A second challenge says why it refuses, and waits for an empty answer.
        return client.auth("XOAUTH2", lambda challenge=None: "" if challenge else first)
    except smtplib.SMTPAuthenticationError:
        oauth.forget(server.oauth)
        raise


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_as_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _as_text(words: bytes | str) -> str:
    """A server's words as text that a database takes and a page can show."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(clean(text).split())[:_LONGEST_ANSWER]
