"""Who among staff hears of what."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

from integrations.models import Delivery
from tickets import clock
from tickets.events import EventKind
from tickets.models import NoticeReason, Notification, Ticket, User
from tickets.permissions import scope_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tickets.models import Event

Told = dict[int | None, NoticeReason]
_is_silent: ContextVar[bool] = ContextVar("is_silent", default=False)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """What happens inside is old news: mail that was there before we came."""
    before = _is_silent.set(True)
    try:
        yield
    finally:
        _is_silent.reset(before)


def notify(event: Event) -> None:
    """Write what staff should know of an event, in the event's transaction.

    Never of one's own acts, never of spam, and only to people who still see the ticket (C05).
    While one is unread, the next about the same ticket takes its place.
    """
    ticket = event.ticket
    if ticket is None or ticket.aside or _is_silent.get():
        return
    told = _REASONS[EventKind(event.kind)](event, ticket)
    told.pop(event.user_id, None)
    for user in User.objects.filter(pk__in=[pk for pk in told if pk], is_active=True):
        if Ticket.objects.visible_to(scope_of(user)).filter(pk=ticket.pk).exists():
            Notification.objects.update_or_create(
                user=user,
                ticket=ticket,
                read_at=None,
                defaults={
                    "event": event,
                    "reason": told[user.pk],
                    "created_at": clock.now(),
                },
            )


def _assigned(event: Event, _ticket: Ticket) -> Told:
    return {event.data.get("user"): NoticeReason.ASSIGNED}


def _annotated(event: Event, ticket: Ticket) -> Told:
    called = dict.fromkeys(event.data.get("mentions", ()), NoticeReason.MENTIONED)
    return {**_watched(event, ticket), **called}


def _answered(event: Event, ticket: Ticket) -> Told:
    # Nobody can watch a ticket before it is there.
    watching = {} if event.data.get("first") else _watched(event, ticket)
    return {**watching, ticket.assignee_id: NoticeReason.ANSWERED}


def _answered_beside(event: Event, ticket: Ticket) -> Told:
    return {**_watched(event, ticket), ticket.assignee_id: NoticeReason.THIRD_PARTY}


def _watched(_event: Event, ticket: Ticket) -> Told:
    watching = ticket.watchers.values_list("user_id", flat=True)
    return dict.fromkeys(watching, NoticeReason.WATCHING)


def _held(event: Event, _ticket: Ticket) -> Told:
    return {event.data["author"]: NoticeReason.NOT_SENT}


def _undelivered(event: Event, _ticket: Ticket) -> Told:
    delivery = Delivery.objects.filter(pk=event.data["delivery"], message__by_staff=True)
    return dict.fromkeys(
        delivery.values_list("message__author__user", flat=True), NoticeReason.NOT_SENT
    )


_REASONS: dict[EventKind, Callable[[Event, Ticket], Told]] = {
    EventKind.TICKET_ASSIGNED: _assigned,
    EventKind.ANNOTATION_ADDED: _annotated,
    EventKind.MESSAGE_RECEIVED: _answered,
    EventKind.MESSAGE_SENT: _watched,
    EventKind.SIDE_RECEIVED: _answered_beside,
    EventKind.SIDE_SENT: _watched,
    EventKind.REPLY_HELD: _held,
    EventKind.DELIVERY_FAILED: _undelivered,
}
