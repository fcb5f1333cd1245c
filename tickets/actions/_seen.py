"""What somebody had on the page when they wrote, and what came since (S2.4).

A side conversation and what is said in public are two conversations: news in one do not hold
back what is written in the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import ngettext

from tickets.errors import Stale
from tickets.events import EventKind

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tickets.models import Event, Message, SideConversation, Ticket, User

_PUBLIC = [EventKind.MESSAGE_RECEIVED, EventKind.MESSAGE_SENT]
_BESIDE = [EventKind.SIDE_RECEIVED, EventKind.SIDE_SENT]


def newest(ticket: Ticket, *, side: SideConversation | None = None) -> int:
    """The id of the newest message's event, 0 for none."""
    return _events(ticket, side).order_by("-id").values_list("id", flat=True).first() or 0


def newer(
    ticket: Ticket,
    last_seen: int | None,
    *,
    by: User | None,
    side: SideConversation | None = None,
) -> list[Message]:
    """Messages by others that came after the event somebody last saw, oldest first."""
    events = _events(ticket, side).filter(id__gt=last_seen or 0).exclude(user=by)
    found = events.select_related("message__author").order_by("id")
    return [event.message for event in found if event.message]


def demand(
    ticket: Ticket,
    last_seen: int | None,
    *,
    by: User | None,
    side: SideConversation | None = None,
) -> None:
    """Hold what was written against an outdated conversation (S2.4). Raises Stale."""
    found = newer(ticket, last_seen, by=by, side=side)
    if found:
        names = ", ".join(dict.fromkeys(str(message.author) for message in found))
        raise Stale(
            ngettext(
                "%(names)s wrote meanwhile. Read it before you send.",
                "%(names)s wrote meanwhile. Read it before you send.",
                len(found),
            )
            % {"names": names},
            newer=found,
        )


def _events(ticket: Ticket, side: SideConversation | None) -> QuerySet[Event]:
    if side is None:
        return ticket.events.filter(kind__in=_PUBLIC)
    return ticket.events.filter(kind__in=_BESIDE, message__side=side)
