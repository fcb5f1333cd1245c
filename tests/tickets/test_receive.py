"""Requests and answers of customers become tickets and messages."""

from datetime import timedelta

import pytest

from tests.factories import ContactFactory, QueueFactory, make_agent, make_message, make_ticket
from tickets import clock as clock_module
from tickets.actions.assign import take
from tickets.actions.open import Request, open_ticket
from tickets.actions.receive import may_reopen
from tickets.actions.triage import set_status
from tickets.content import Content
from tickets.errors import Incomplete
from tickets.models import Event, Ticket, Via
from tickets.permissions import SYSTEM, scope_of
from tickets.states import Status, Turn

pytestmark = pytest.mark.django_db


def test_a_request_is_an_open_ticket_of_its_queue():
    queue = QueueFactory(default_priority="P1")
    other = ContactFactory()
    ticket = make_ticket(queue=queue, subject="  Fire \n on  floor 3 ", others=[other, other])
    assert (ticket.subject, ticket.status, ticket.turn) == ("Fire on floor 3", "open", Turn.US)
    assert ticket.priority == "P1"
    assert ticket.participants.get().confirmed_at is None
    kinds = list(ticket.events.order_by("id").values_list("kind", flat=True))
    assert kinds == ["ticket.opened", "message.received"]


@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("", "\n  It burns.\nHelp", "It burns."),
        ("x" * 900, "b", "x" * 500),
        ("nul\x00l", "b", "nul\x00l".replace("\x00", "")),
    ],
)
def test_a_ticket_has_one_line_to_be_called_by(subject, body, expected):
    assert make_ticket(subject=subject, body=body).subject == expected


def test_nothing_said_is_no_ticket():
    request = Request(queue=QueueFactory(), subject=" ", requester=ContactFactory(), via=Via.EMAIL)
    with pytest.raises(Incomplete):
        open_ticket(request, by=SYSTEM, content=Content(body="\n"))
    assert not Ticket.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.promise("S2.2")
def test_an_answer_makes_it_our_turn_and_changes_no_version():
    ticket = make_ticket()
    version = ticket.version
    by = scope_of(make_agent(ticket.queue))
    make_message(ticket, by=by.user)
    make_message(ticket)
    ticket.refresh_from_db()
    assert ticket.turn == Turn.US
    assert ticket.version == version


@pytest.mark.promise("S2.2")
@pytest.mark.parametrize("is_taken", [True, False])
def test_an_answer_opens_an_ended_ticket_again(is_taken):
    ticket = make_ticket()
    by = scope_of(make_agent(ticket.queue))
    if is_taken:
        take(ticket, by=by)
    set_status(ticket, Status.CLOSED, by=by)
    make_message(ticket)
    ticket.refresh_from_db()
    assert ticket.status == (Status.IN_PROGRESS if is_taken else Status.OPEN)
    changed = Event.objects.filter(kind="ticket.status_changed").latest("id")
    assert changed.data["because"] == "customer_answered"


def test_after_two_weeks_an_ended_ticket_stays_ended(clock):
    ticket = make_ticket()
    assert may_reopen(ticket)
    ended = set_status(ticket, Status.CLOSED, by=SYSTEM)
    clock.advance(days=14)
    assert may_reopen(ended)
    clock.advance(seconds=1)
    assert not may_reopen(ended)


def test_a_message_dated_in_the_future_does_not_jump_the_list():
    ticket = make_ticket()
    now = clock_module.now()
    make_message(ticket, at=now + timedelta(days=400))
    ticket.refresh_from_db()
    assert ticket.last_customer_at <= clock_module.now()
