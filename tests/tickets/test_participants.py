"""Who else is on a ticket: let in by staff, sees what comes after (security.md M02)."""

import pytest
from django.core.exceptions import PermissionDenied

from tests.factories import ContactFactory, make_message, make_ticket
from tickets import recipients
from tickets.actions.participants import add, confirm, propose, remove
from tickets.models import Event, Message, Ticket
from tickets.permissions import SYSTEM, scope_of_contact
from tickets.states import Audience


@pytest.fixture
def ticket(queue, clock):
    return make_ticket(queue=queue, body="Before")


@pytest.fixture
def guest(db):
    return ContactFactory(name="Gus Guest")


def _sees(guest):
    scope = scope_of_contact(guest)
    messages = Message.objects.all().visible_to(scope).order_by("id")
    return Ticket.objects.all().visible_to(scope).exists(), [message.body for message in messages]


def test_who_was_added_sees_what_comes_after(ticket, guest, agent, clock):
    clock.advance(minutes=1)
    add(ticket, guest, by=agent.scope)
    clock.advance(minutes=1)
    make_message(ticket, body="After")
    assert _sees(guest) == (True, ["After"])


def test_who_was_named_in_a_copy_sees_and_gets_nothing_until_let_in(ticket, guest, agent, clock):
    clock.advance(minutes=1)
    participant = propose(ticket, guest, by=SYSTEM)
    clock.advance(minutes=1)
    make_message(ticket, body="Between")
    assert _sees(guest) == (False, [])
    assert recipients.default_cc(ticket) == []
    assert Event.objects.get(kind="participant.proposed").audience == Audience.STAFF

    clock.advance(minutes=1)
    confirm(participant, by=agent.scope)
    make_message(ticket, body="After")
    assert _sees(guest) == (True, ["After"])
    assert recipients.default_cc(ticket) == [guest]


def test_who_was_taken_off_sees_nothing_any_more(ticket, guest, agent, clock):
    participant = add(ticket, guest, by=agent.scope)
    make_message(ticket, body="After")
    remove(participant, by=agent.scope)
    assert _sees(guest) == (False, [])


def test_added_twice_is_added_once(ticket, guest, agent):
    assert add(ticket, guest, by=agent.scope) == add(ticket, guest, by=agent.scope)
    assert Event.objects.filter(kind__startswith="participant.").count() == 1


def test_adding_who_was_proposed_lets_them_in(ticket, guest, agent):
    propose(ticket, guest, by=SYSTEM)
    assert add(ticket, guest, by=agent.scope).confirmed_at
    kinds = Event.objects.filter(kind__startswith="participant.").order_by("id")
    assert [event.kind for event in kinds] == ["participant.proposed", "participant.confirmed"]


def test_the_requester_is_no_participant(ticket):
    assert propose(ticket, ticket.requester, by=SYSTEM) is None


def test_readers_let_nobody_in(ticket, guest, reader):
    participant = propose(ticket, guest, by=SYSTEM)
    for attempt in (
        lambda: add(ticket, guest, by=reader.scope),
        lambda: confirm(participant, by=reader.scope),
        lambda: remove(participant, by=reader.scope),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert _sees(guest) == (False, [])
