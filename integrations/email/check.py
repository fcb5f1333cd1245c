"""Trying a channel's connections out, step by step, in the servers' own words.

Both ways are tried at once and never longer than a person waits for a page.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from django.db import connections
from django.utils.translation import gettext as _

from integrations.base import DeliveryError
from integrations.email import smtp
from integrations.email.imap.advice import TITLES, advice_for
from integrations.email.imap.enter import entered, select
from integrations.email.imap.settings import After, mailbox_of
from integrations.email.imap.trouble import Step, Trouble, as_words, step
from tickets.crypto import CannotUnseal

if TYPE_CHECKING:
    from integrations.email.imap.settings import Mailbox
    from integrations.email.imap.wire import Client
    from integrations.models import Channel

log = structlog.get_logger(__name__)

_ANSWER_S = 8
_PATIENCE_S = 20


@dataclass(frozen=True, kw_only=True)
class Line:
    """One step: whether it went well, what the server said, and what to try if not."""

    title: str
    is_ok: bool
    words: str = ""
    advice: str = ""


@dataclass(kw_only=True)
class Report:
    """All steps of both ways; `receiving` is empty where no mailbox is read."""

    receiving: list[Line] = field(default_factory=list)
    sending: list[Line] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        """Whether every step went well."""
        return all(line.is_ok for line in [*self.receiving, *self.sending])


def check(channel: Channel, *, patience_s: float = _PATIENCE_S) -> Report:
    """Connect as the channel would, change nothing and send nothing."""
    try:
        mailbox, server = mailbox_of(channel), smtp.server_of(channel)
    except CannotUnseal as error:
        advice = _("Give MASTER_KEYS the key they were stored with, or enter the passwords again.")
        line = Line(title=_("Stored passwords"), is_ok=False, words=str(error), advice=advice)
        return Report(receiving=[line])
    end = time.monotonic() + patience_s
    sending = _Way(lambda lines: _send(server, lines))
    receiving = _Way(lambda lines: _receive(mailbox, lines)) if mailbox else None
    return Report(
        sending=sending.lines_by(end), receiving=receiving.lines_by(end) if receiving else []
    )


class _Way:
    """One of the two, tried in a thread of its own."""

    def __init__(self, way: Callable[[list[Line]], None]) -> None:
        self._way = way
        self._lines: list[Line] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def lines_by(self, end: float) -> list[Line]:
        """The steps until then, a moment of the monotonic clock; what comes later is not told."""
        self._thread.join(max(0.0, end - time.monotonic()))
        lines = list(self._lines)
        return [*lines, _too_slow()] if self._thread.is_alive() else lines

    def _run(self) -> None:
        try:
            self._way(self._lines)
        # A test that breaks off must not look like one that went well.
        except Exception as error:
            log.exception("channel_test_failed")
            words = as_words(f"{type(error).__name__}: {error}")
            self._lines.append(Line(title=_("Test"), is_ok=False, words=words))
        finally:
            connections.close_all()


def _too_slow() -> Line:
    return Line(
        title=_("Wait for an answer"),
        is_ok=False,
        words=_("No answer came in time."),
        advice=_("A firewall may be in between, or the server is overloaded. Try once more."),
    )


def _receive(mailbox: Mailbox, lines: list[Line]) -> None:
    def tell(name: Step, words: str) -> None:
        lines.append(Line(title=str(TITLES[name]), is_ok=True, words=words))

    try:
        with entered(mailbox, tell=tell, answer_s=_ANSWER_S) as client:
            folder = select(client, mailbox)
            tell(
                Step.FOLDER,
                _("%(folder)s, mails in it: %(number)d")
                % {"folder": mailbox.folder, "number": folder.messages},
            )
            lines.append(_abilities(client))
            if mailbox.after == After.MOVE:
                lines.append(_target(client, mailbox))
    except Trouble as trouble:
        lines.append(_failed(trouble))


def _failed(trouble: Trouble) -> Line:
    return Line(
        title=str(TITLES[trouble.step]),
        is_ok=False,
        words=trouble.words,
        advice=advice_for(trouble.step, trouble.words),
    )


def _abilities(client: Client) -> Line:
    with step(Step.READ, client):
        has_idle = client.has_capability("IDLE")
    words = (
        _("IDLE: new mail comes in at once.")
        if has_idle
        else _("No IDLE: the mailbox is looked at once a minute.")
    )
    return Line(title=_("What the server can do"), is_ok=True, words=words)


def _target(client: Client, mailbox: Mailbox) -> Line:
    with step(Step.TIDY, client):
        can_move = client.has_capability("MOVE") or client.has_capability("UIDPLUS")
        is_there = client.folder_exists(mailbox.move_to)
    if not can_move:
        return Line(
            title=str(TITLES[Step.TIDY]),
            is_ok=False,
            words=_("The server can move no mail (neither MOVE nor UIDPLUS)."),
            advice=_("Choose to leave what was read as it is, or to mark it as seen."),
        )
    words = _("%(folder)s is there.") if is_there else _("%(folder)s will be made.")
    return Line(title=str(TITLES[Step.TIDY]), is_ok=True, words=words % {"folder": mailbox.move_to})


def _send(server: smtp.Server, lines: list[Line]) -> None:
    def tell(name: Step, words: str) -> None:
        lines.append(Line(title=str(TITLES[name]), is_ok=True, words=words))

    try:
        smtp.check(server, tell=tell)
    except DeliveryError as error:
        lines.append(
            Line(
                title=_("Hand mail over"),
                is_ok=False,
                words=as_words(error),
                advice=_smtp_advice(str(error)),
            )
        )


def _smtp_advice(words: str) -> str:
    if "535" in words or "534" in words or "530" in words:
        return advice_for(Step.LOGIN, words)
    if "SSL" in words or "STARTTLS" in words:
        return _(
            "SMTP has 465 for smtps:// and 587 for smtp+tls://; the name must be that of "
            "the certificate."
        )
    return _("Check server and port of the mail server: 465 for smtps://, 587 for smtp+tls://.")
