"""What lies on desks besides conversations: drafts, links, notices, a mail that bounced."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from django.db.models import F

from helpdesk.demo import beside, mailboxes, unwanted
from helpdesk.demo.house import House
from helpdesk.demo.outbox import bounce
from helpdesk.demo.play import Talk
from integrations.models import Delivery
from integrations.notifications import notify
from tickets import clock
from tickets.actions import drafts
from tickets.actions.link import link
from tickets.actions.participants import propose
from tickets.actions.receive import file
from tickets.content import Content
from tickets.events import EventKind
from tickets.models import (
    BodyFormat,
    DraftKind,
    Event,
    LinkKind,
    Notification,
    Ticket,
    User,
    Via,
    Watcher,
)
from tickets.permissions import SYSTEM
from tickets.states import Authority, Status

DRAFTS = (
    "Hello, I tried it on our test machine and see the same. Before I send you a way around it, ",
    "Thank you for the log. Line 214 is the interesting one:\n\n> lock timeout after 60 s\n\n",
    "Good news: the change went in this morning. ",
    "Short answer: yes. Long answer: ",
)
AWAY = "Thank you for your mail. I am out of the office and back on Monday."
TOLD, UNREAD = timedelta(days=14), timedelta(days=3)


def touch_up(talks: list[Talk], house: House) -> None:
    """Add what no conversation brings along."""
    _drafts(house)
    _links(talks, house)
    _propose(talks, house)
    _bounce(house)
    _away(talks)
    beside.add(_tickets(talks, "third-party-wait"), house)
    _watchers(talks, house)
    unwanted.add(talks, house)
    _notices(clock.now())
    mailboxes.add(house)


def _drafts(house: House) -> None:
    scopes = {house.staff[handle]: scope for handle, scope in house.scopes.items()}
    waiting = Ticket.objects.live().filter(assignee__isnull=False).for_inbox()
    waiting = waiting.order_by("-last_customer_at")
    for text, ticket in zip(DRAFTS, waiting, strict=False):
        drafts.save(ticket, DraftKind.REPLY, text, by=scopes[cast(User, ticket.assignee)])
    if last := waiting.first():
        thought = "Ask Bilal whether the trial build is signed before "
        drafts.save(last, DraftKind.ANNOTATION, thought, by=scopes[cast(User, last.assignee)])


def _tickets(talks: Iterable[Talk], key: str) -> list[Ticket]:
    return [talk.ticket for talk in talks if talk.script.key == key and talk.ticket]


def _links(talks: list[Talk], house: House) -> None:
    by = house.scopes["mara"]
    pairs = (
        ("slow-search", LinkKind.DUPLICATE_OF),
        ("export-timeout", LinkKind.POSSIBLY_RELATED),
        ("maintenance-angry", LinkKind.FOLLOW_UP),
    )
    for key, kind in pairs:
        first, *later = _tickets(talks, key)
        for ticket in later[:2]:
            link(ticket, first, kind, by=by)


def _propose(talks: list[Talk], house: House) -> None:
    """Somebody a mail named in copy waits to be let in."""
    for ticket in _tickets(talks, "new-colleague")[:2]:
        company = house.companies[ticket.organisation.name] if ticket.organisation else []
        propose(ticket, company[-1], by=SYSTEM)


def _bounce(house: House) -> None:
    """The newest reply to somebody without a company could not be delivered."""
    sent = Delivery.objects.filter(contact__in=house.solo, ticket__status=Status.IN_PROGRESS)
    if newest := sent.select_related("ticket").order_by("-sent_at").first():
        bounce(newest)


def _away(talks: list[Talk]) -> None:
    """Somebody's mail program said at once that they are out of the office."""
    for ticket in _tickets(talks, "third-party-wait")[:1]:
        last = ticket.messages.filter(by_staff=True).order_by("-occurred_at").first()
        if last:
            file(
                ticket,
                by=SYSTEM,
                author=ticket.requester,
                content=Content(body=AWAY, format=BodyFormat.PLAIN),
                via=Via.EMAIL,
                authority=Authority.PLAUSIBLE,
                occurred_at=last.occurred_at + timedelta(minutes=1),
            )


def _watchers(talks: list[Talk], house: House) -> None:
    for key in ("outage-long", "third-party-wait", "stored-script"):
        for ticket in _tickets(talks, key)[:1]:
            Watcher.objects.create(ticket=ticket, user=house.staff["mara"])


def _notices(now: datetime) -> None:
    """What people were told lately; what is older than a few days they have read."""
    kinds = [
        EventKind.MESSAGE_RECEIVED,
        EventKind.SIDE_RECEIVED,
        EventKind.ANNOTATION_ADDED,
        EventKind.DELIVERY_FAILED,
    ]
    told = Event.objects.filter(kind__in=kinds, occurred_at__gt=now - TOLD).order_by("id")
    for event in told.select_related("ticket", "annotation"):
        with clock.standing_at(event.occurred_at):
            notify(event)
    read_at = F("created_at") + timedelta(hours=1)
    Notification.objects.filter(created_at__lt=now - UNREAD).update(read_at=read_at)
