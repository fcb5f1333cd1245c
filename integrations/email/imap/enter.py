"""Getting into a mailbox: connect, sign in, select its folder."""

from __future__ import annotations

import base64
import binascii
import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from imapclient.exceptions import IMAPClientError

from integrations.email import oauth
from integrations.email.imap.settings import After, Mailbox, Security
from integrations.email.imap.trouble import Step, Trouble, as_words, step
from integrations.email.imap.wire import Client, Tell, tell_nobody

_ANSWER_S = 60


@dataclass(frozen=True, kw_only=True)
class Folder:
    """What the server says of the selected folder; `uid_next` is 0 when it does not."""

    messages: int
    uid_validity: int
    uid_next: int = 0


@contextlib.contextmanager
def entered(
    mailbox: Mailbox, *, tell: Tell = tell_nobody, answer_s: float = _ANSWER_S
) -> Iterator[Client]:
    """A client that is signed in; it is signed out and closed at the end. Raises Trouble."""
    client = _connected(mailbox, tell=tell, answer_s=answer_s)
    try:
        if mailbox.security == Security.STARTTLS:
            with step(Step.TLS, client):
                client.starttls(ssl.create_default_context())
            tell(Step.TLS, client.cipher)
        _sign_in(client, mailbox, tell=tell)
        yield client
    except BaseException:
        client.hang_up()
        raise
    finally:
        _leave(client)


def select(client: Client, mailbox: Mailbox) -> Folder:
    """Select the folder; only to read where nothing is to change there. Raises Trouble."""
    with step(Step.FOLDER, client):
        said = client.select_folder(mailbox.folder, readonly=mailbox.after == After.LEAVE)
        folder = Folder(
            messages=int(said.get(b"EXISTS", 0)),
            uid_validity=int(said.get(b"UIDVALIDITY", 0)),
            uid_next=int(said.get(b"UIDNEXT", 0)),
        )
    if folder.uid_validity == 0:
        raise Trouble(
            Step.FOLDER,
            _("The server gives no UIDVALIDITY for the folder, so nobody can tell what was read."),
        )
    return folder


def _connected(mailbox: Mailbox, *, tell: Tell, answer_s: float) -> Client:
    _check(mailbox)
    try:
        client = Client(mailbox, tell=tell, answer_s=answer_s)
    except (IMAPClientError, OSError) as error:
        raise Trouble(Step.GREETING, as_words(error)) from error
    welcome = client.welcome or b""
    tell(Step.GREETING, as_words(welcome.decode("utf-8", "replace")))
    return client


def _check(mailbox: Mailbox) -> None:
    """Nothing that ends a line may stand in what becomes part of one (ASVS 1.3.11)."""
    for said in (mailbox.user, mailbox.folder, mailbox.move_to, *mailbox.secrets):
        if any(ord(sign) < ord(" ") for sign in said):
            raise Trouble(Step.SETTINGS, _("A setting holds a line break or a control sign."))


def _sign_in(client: Client, mailbox: Mailbox, *, tell: Tell) -> None:
    if mailbox.oauth:
        _sign_in_with_token(client, mailbox, mailbox.oauth, tell=tell)
    else:
        with step(Step.LOGIN, client):
            # LOGIN takes plain ASCII alone (RFC 3501, 6.2.3).
            sign_in = client.login if mailbox.password.isascii() else client.plain_login
            sign_in(mailbox.user, mailbox.password)
    tell(Step.LOGIN, client.without_secrets(client.said))


def _sign_in_with_token(client: Client, mailbox: Mailbox, how: oauth.OAuth, *, tell: Tell) -> None:
    """As RFC 7628 has it, or the older way of Google and Microsoft.

    A token that the provider has withdrawn since it was kept is fetched anew, once.
    """
    token = _token(how)
    tell(Step.TOKEN, "")
    try:
        _bearer(client, mailbox.user, token)
    except Trouble as error:
        if not (error.is_refusal and token.is_kept):
            raise
        oauth.forget(how)
        _bearer(client, mailbox.user, _token(how))


def _token(how: oauth.OAuth) -> oauth.Token:
    try:
        return oauth.token_for(how)
    except oauth.NoToken as error:
        raise Trouble(Step.TOKEN, as_words(error), is_refusal=error.is_refusal) from error


def _bearer(client: Client, user: str, token: oauth.Token) -> None:
    is_standard = client.has_capability("AUTH=OAUTHBEARER")
    mechanism = "OAUTHBEARER" if is_standard else "XOAUTH2"
    first = (
        f"n,a={user.replace('=', '=3D').replace(',', '=2C')},\1auth=Bearer {token.value}\1\1"
        if is_standard
        else f"user={user}\1auth=Bearer {token.value}\1\1"
    )
    why: list[str] = []

    def answer(challenge: bytes) -> str:
        if not challenge:
            return first
        # The server says in a challenge why it refuses, and waits for an empty answer.
        why.append(_readable(challenge))
        return "\1" if is_standard else ""

    try:
        with step(Step.LOGIN, client):
            client.sasl_login(mechanism, answer)
    except Trouble as error:
        words = " ".join([error.words, *why]).replace(token.value, "***")
        raise Trouble(Step.LOGIN, words, is_refusal=error.is_refusal) from error


def _readable(challenge: bytes) -> str:
    with contextlib.suppress(binascii.Error, ValueError):
        challenge = base64.b64decode(challenge, validate=True)
    return as_words(challenge.decode("utf-8", "replace"))


def _leave(client: Client) -> None:
    """Say good-bye where that is still possible; what was read is read."""
    how: Any
    for how in (client.logout, client.shutdown):
        with contextlib.suppress(Exception):
            how()
            return
