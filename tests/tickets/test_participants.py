"""Who else is on a ticket: let in by staff, sees what comes after (security.md M02)."""

import pytest
from django.core.exceptions import PermissionDenied

from tests.factories import ContactFactory, make_message, make_ticket
from tickets import recipients
from tickets.actions.participants import add, confirm, propose, refuse, remove, show
from tickets.errors import Conflict, NotAllowedNow
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


def test_the_requester_is_no_participant(ticket, agent):
    assert propose(ticket, ticket.requester, by=SYSTEM) is None
    with pytest.raises(NotAllowedNow, match="gets every reply already"):
        add(ticket, ticket.requester, by=agent.scope)


@pytest.mark.promise("B8")
def test_staff_may_share_what_came_before_and_take_that_back(ticket, guest, agent, clock):
    clock.advance(minutes=1)
    participant = add(ticket, guest, by=agent.scope, sees_all=True)
    assert _sees(guest) == (True, ["Before"])
    show(participant, everything=False, by=agent.scope)
    assert _sees(guest) == (True, [])
    show(participant, everything=True, by=agent.scope)
    show(participant, everything=True, by=agent.scope)
    assert _sees(guest) == (True, ["Before"])
    told = Event.objects.filter(kind__startswith="participant.").order_by("id")
    assert [(event.kind, event.audience) for event in told] == [
        ("participant.added", "public"),
        ("participant.history_unshared", "staff"),
        ("participant.history_shared", "staff"),
    ]


def test_sharing_with_who_was_only_proposed_shows_them_nothing(ticket, guest, agent):
    show(propose(ticket, guest, by=SYSTEM), everything=True, by=agent.scope)
    assert _sees(guest) == (False, [])


def test_who_was_refused_is_not_proposed_again_and_can_still_be_added(ticket, guest, agent):
    refuse(propose(ticket, guest, by=SYSTEM), by=agent.scope)
    refused = propose(ticket, guest, by=SYSTEM)
    assert refused.refused_at
    assert _sees(guest) == (False, [])
    assert recipients.default_cc(ticket) == []
    assert Event.objects.get(kind="participant.refused").audience == Audience.STAFF
    assert Event.objects.filter(kind="participant.proposed").count() == 1
    participant = add(ticket, guest, by=agent.scope)
    assert (participant.refused_at, recipients.default_cc(ticket)) == (None, [guest])


def test_who_was_confirmed_meanwhile_is_not_refused(ticket, guest, agent):
    participant = propose(ticket, guest, by=SYSTEM)
    confirm(participant, by=agent.scope)
    with pytest.raises(NotAllowedNow, match="confirmed meanwhile"):
        refuse(participant, by=agent.scope)


def test_the_second_of_two_who_remove_is_told(ticket, guest, agent):
    participant = add(ticket, guest, by=agent.scope)
    remove(participant, by=agent.scope)
    participant.pk = participant.pk or 1
    with pytest.raises(Conflict, match="taken off the ticket meanwhile"):
        remove(participant, by=agent.scope)
    assert Event.objects.filter(kind="participant.removed").count() == 1


def test_readers_let_nobody_in(ticket, guest, reader):
    participant = propose(ticket, guest, by=SYSTEM)
    for attempt in (
        lambda: add(ticket, guest, by=reader.scope),
        lambda: confirm(participant, by=reader.scope),
        lambda: remove(participant, by=reader.scope),
        lambda: refuse(participant, by=reader.scope),
        lambda: show(participant, everything=True, by=reader.scope),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert _sees(guest) == (False, [])
