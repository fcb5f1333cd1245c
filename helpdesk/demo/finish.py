"""What lies on desks besides conversations: drafts, links, notices, a mail that bounced."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from helpdesk.demo.house import House
from helpdesk.demo.play import Talk
from integrations.models import Delivery, DeliveryState
from tickets import clock
from tickets.actions.link import link
from tickets.actions.participants import propose
from tickets.actions.reply import save_draft
from tickets.events import EventKind, record
from tickets.models import (
    DraftKind,
    Event,
    LinkKind,
    Mention,
    NoticeReason,
    Notification,
    Ticket,
    User,
    Watcher,
)
from tickets.permissions import SYSTEM
from tickets.states import Status

DRAFTS = (
    "Hello, I tried it on our test machine and see the same. Before I send you a way around it, ",
    "Thank you for the log. Line 214 is the interesting one:\n\n> lock timeout after 60 s\n\n",
    "Good news: the change went in this morning. ",
    "Short answer: yes. Long answer: ",
)
FRESH = timedelta(days=4)


def touch_up(talks: list[Talk], house: House) -> None:
    """Add what no conversation brings along."""
    _drafts(house)
    _links(talks, house)
    _propose(talks, house)
    _bounce(house)
    _watchers(talks, house)
    _notices()


def _drafts(house: House) -> None:
    scopes = {house.staff[handle].pk: scope for handle, scope in house.scopes.items()}
    waiting = Ticket.objects.live().filter(assignee__isnull=False).order_by("-last_customer_at")
    for text, ticket in zip(DRAFTS, waiting, strict=False):
        save_draft(ticket, DraftKind.REPLY, text, by=scopes[ticket.assignee_id])
    if last := waiting.first():
        note = "Ask Bilal whether the trial build is signed before "
        save_draft(last, DraftKind.ANNOTATION, note, by=scopes[last.assignee_id])


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
    failed = sent.select_related("ticket", "message").order_by("-sent_at").first()
    if failed is None:
        return
    failed.sent_at = None
    failed.state = DeliveryState.FAILED
    failed.response = "550 5.1.1 Mailbox does not exist"
    failed.save(update_fields=["state", "response", "sent_at"])
    record(
        EventKind.DELIVERY_FAILED,
        by=SYSTEM,
        ticket=failed.ticket,
        data={"delivery": failed.pk, "address": failed.address, "response": failed.response},
    )


def _watchers(talks: list[Talk], house: House) -> None:
    for key in ("outage-long", "third-party-wait", "stored-script"):
        for ticket in _tickets(talks, key)[:1]:
            Watcher.objects.create(ticket=ticket, user=house.staff["mara"])


def _notices() -> None:
    """What the last days would have told people; older ones have been read."""
    newest = Event.objects.filter(kind=EventKind.MESSAGE_RECEIVED).order_by("-id")
    for event in newest.filter(ticket__assignee__isnull=False).select_related("ticket")[:60]:
        _notice(event.ticket.assignee, event, NoticeReason.ANSWERED)
    mentions = Mention.objects.select_related("user", "annotation__event", "annotation__ticket")
    for mention in mentions.order_by("-pk")[:25]:
        _notice(mention.user, mention.annotation.event, NoticeReason.MENTIONED)


def _notice(user: User, event: Event, reason: NoticeReason) -> None:
    first = not Notification.objects.filter(user=user, ticket=event.ticket).exists()
    fresh = clock.now() - event.occurred_at < FRESH
    if first:
        Notification.objects.create(
            user=user,
            ticket=event.ticket,
            event=event,
            reason=reason,
            created_at=event.occurred_at,
            read_at=None if fresh else event.occurred_at + timedelta(hours=1),
        )
