"""One ticket about which somebody outside was asked, and answered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from helpdesk.demo.outbox import note_sent
from tickets import clock
from tickets.actions import forward
from tickets.actions.people import contact_for
from tickets.actions.reply import newest_seen, release
from tickets.content import Content
from tickets.models import BodyFormat, Event, Ticket, Via
from tickets.permissions import SYSTEM
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from helpdesk.demo.house import House

ASKED = """Hello,

a customer of ours sees that names with this character are refused by your store, though your
documentation allows them. The report is below. Is this known, and when will it change?
"""
ANSWERED = """Hello,

yes, we know of it: case 88213. A fix is in review and should be out by the end of the month.
Until then, percent-encode the character.

Noor
"""
NAME, ADDRESS = "Noor Haddou", "noor@bucketstore.example"
WAITED = timedelta(hours=5)


def add(tickets: list[Ticket], house: House) -> None:
    """Forward the newest live one of these tickets, and let the answer come."""
    ticket = next((t for t in reversed(tickets) if t.is_live and t.assignee), None)
    if ticket is None:
        return
    by = house.scopes[next(h for h, user in house.staff.items() if user == ticket.assignee)]
    last = Event.objects.filter(ticket=ticket).latest("occurred_at").occurred_at
    step = (clock.now() - last) / 3
    asked_at = last + min(step, WAITED)
    with clock.standing_at(asked_at):
        noor = contact_for(kind=IdentityKind.EMAIL, external_id=ADDRESS, name=NAME)
        written = forward.Forward(
            body=ASKED,
            subject=ticket.subject,
            last_seen_event=newest_seen(ticket),
            to=[noor],
            messages=[ticket.messages.earliest("pk").pk],
        )
        message = release(forward.submit(ticket, written, by=by, window=timedelta(0)).pk)
        assert message
        assert message.side
        note_sent(message)
    with clock.standing_at(asked_at + min(step, WAITED)):
        content = Content(body=ANSWERED, format=BodyFormat.PLAIN)
        forward.receive(message.side, by=SYSTEM, author=noor, content=content, via=Via.EMAIL)
