"""Whether channels work, in words: what came in, what goes out, and what the servers said last."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Max, Min, OuterRef, Prefetch, Q, Subquery
from django.utils.translation import gettext as _

from integrations import wording
from integrations.email import domain_words, domains
from integrations.email.imap.advice import TITLES, advice_for
from integrations.email.imap.settings import FOLDER
from integrations.models import Channel, Cursor, InboundState, RawInbound
from integrations.querysets import may_configure
from tickets import clock

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.models import SendingDomain
    from tickets.models import MessageTemplate
    from tickets.scope import Scope

# A reader that is well looks at its mailbox each minute, or renews its wait each nine.
_SILENT_AFTER = timedelta(minutes=30)
# An original that nobody read by then means that workers lag behind.
_LATE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One direction: `tone` and `word` name its state, `sentence` says what that means.

    `said` is a server's own words, `step` where they were said, `advice` what to try.
    """

    tone: str
    word: str
    sentence: str = ""
    ok_at: datetime | None = None
    step: str = ""
    said: str = ""
    said_at: datetime | None = None
    advice: str = ""
    again_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Health:
    """A channel and how it does; `unread_since`: its oldest mail that waits to be read."""

    channel: Channel
    receiving: Side
    sending: Side
    unread_since: datetime | None
    is_late: bool
    domain: SendingDomain | None = None
    unusable: list[MessageTemplate] = field(default_factory=list)

    @property
    def findings(self) -> list[domain_words.Shown]:
        """What DNS says of the domain that answers leave from, in words."""
        return domain_words.in_words(self.domain) if self.domain else []

    @property
    def _is_doubtful(self) -> bool:
        """Whether mail arrives, but its readers may not trust it or not read what admins wrote."""
        in_dns = bool(self.domain and domain_words.worst(self.domain) == domain_words.BAD)
        return self.is_late or in_dns or bool(self.unusable)

    @property
    def tone(self) -> str:
        """The worse of all that is known."""
        if not self.channel.is_active:
            return "paused"
        tones = {self.receiving.tone, self.sending.tone, "warn" if self._is_doubtful else "ok"}
        return next((tone for tone in ("bad", "warn") if tone in tones), "ok")

    @property
    def word(self) -> str:
        """The tone in a word."""
        return {
            "bad": _("Does not work"),
            "warn": _("Needs a look"),
            "ok": _("Works"),
            "paused": _("Switched off"),
        }[self.tone]


def channels_for(scope: Scope) -> list[Health]:
    """The channels of queues the reader works in, all for who configures them.

    With the same few queries however many there are.
    """
    now = clock.now()
    mine = Q(queue__in=scope.work) | Q(may_configure(scope))
    channels = Channel.objects.filter(mine).select_related("queue").order_by("name")
    found = list(_with_figures(channels, now))
    known, broken = domains.of_channels(found), wording.unusable()
    return [
        replace(
            _health(channel, now),
            domain=known.get(channel.pk),
            unusable=[row for row in broken if row.queue_id in {None, channel.queue_id}],
        )
        for channel in found
    ]


def failing_for(scope: Scope) -> QuerySet[Channel]:
    """Those of them that are switched on and cannot be read or sent by just now."""
    mine = Q(queue__in=scope.work) | Q(may_configure(scope))
    unread = Cursor.objects.exclude(error="").values("channel")
    is_trouble = ~Q(last_error="") | Q(config__imap_host__regex=".", pk__in=unread)
    return Channel.objects.filter(mine, is_trouble, is_active=True)


def _with_figures(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    own = RawInbound.objects.filter(channel=OuterRef("pk")).order_by().values("channel")
    unread = own.filter(state=InboundState.NEW, next_attempt_at__lte=now)
    return channels.annotate(
        received_at=Subquery(own.annotate(at=Max("received_at")).values("at")),
        unread_since=Subquery(unread.annotate(at=Min("next_attempt_at")).values("at")),
    ).prefetch_related("addresses", Prefetch("cursors", queryset=Cursor.objects.order_by("pk")))


def _health(channel: Channel, now: datetime) -> Health:
    figures = vars(channel)
    unread_since: datetime | None = figures["unread_since"]
    return Health(
        channel=channel,
        receiving=_receiving(channel, figures["received_at"], now),
        sending=_sending(channel),
        unread_since=unread_since,
        is_late=bool(unread_since and unread_since < now - _LATE_AFTER),
    )


def _receiving(channel: Channel, received_at: datetime | None, now: datetime) -> Side:
    if not channel.config.get("imap_host"):
        return Side(
            tone="ok" if received_at else "neutral",
            word=_("By the door") if received_at else _("Nothing received yet"),
            sentence=_("Mail is handed in by a mail server, a pipe or a provider."),
            ok_at=received_at,
        )
    cursor = _cursor(channel)
    if not channel.is_active:
        ok_at = cursor.ok_at if cursor else None
        return Side(tone="paused", word=_("Not read"), ok_at=ok_at)
    if cursor is None:
        return Side(
            tone="warn",
            word=_("Not read yet"),
            sentence=_("The listener looks for new channels every few seconds. Does it run?"),
        )
    return _of_cursor(cursor, now)


def _cursor(channel: Channel) -> Cursor | None:
    folder = channel.config.get("imap_folder") or FOLDER
    return next((row for row in channel.cursors.all() if row.folder == folder), None)


def _of_cursor(cursor: Cursor, now: datetime) -> Side:
    if cursor.error:
        return Side(
            tone="bad",
            word=_("Cannot be read"),
            ok_at=cursor.ok_at,
            step=str(TITLES.get(cursor.error_step, "")),
            said=cursor.error,
            said_at=cursor.error_at,
            advice=advice_for(cursor.error_step, cursor.error),
            again_at=cursor.next_attempt_at if cursor.next_attempt_at > now else None,
        )
    is_held = bool(cursor.lease_until and cursor.lease_until > now)
    if not is_held:
        return Side(
            tone="warn",
            word=_("Nobody reads it"),
            sentence=_("No listener has this mailbox in hand. Does one run?"),
            ok_at=cursor.ok_at,
        )
    is_silent = cursor.ok_at is not None and cursor.ok_at < now - _SILENT_AFTER
    return Side(
        tone="warn" if is_silent else "ok",
        word=_("Silent for long") if is_silent else _("Is being read"),
        sentence=_("A listener has the mailbox in hand and waits for new mail."),
        ok_at=cursor.ok_at,
    )


def _sending(channel: Channel) -> Side:
    if not channel.is_active:
        return Side(tone="paused", word=_("Nothing is sent"), ok_at=channel.last_ok_at)
    if channel.last_error:
        return Side(
            tone="bad",
            word=_("Cannot send"),
            ok_at=channel.last_ok_at,
            said=channel.last_error,
            said_at=channel.last_error_at,
            advice=_("What waits is tried again by itself for three days, and nothing is lost."),
        )
    if channel.last_ok_at is None:
        return Side(tone="neutral", word=_("Nothing sent yet"))
    return Side(tone="ok", word=_("Sends"), ok_at=channel.last_ok_at)
