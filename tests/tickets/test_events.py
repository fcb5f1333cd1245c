"""News: written with the action or not at all; who hears of it is one table (B1, I5)."""

import pytest
from django.db import transaction

from tests.factories import make_ticket
from tickets import events
from tickets.actions.assign import take
from tickets.actions.triage import set_kind
from tickets.events import EventKind, record, silenced
from tickets.models import Event, Ticket
from tickets.permissions import SYSTEM
from tickets.states import Kind

KIND = EventKind.TICKET_KIND_CHANGED


@pytest.fixture
def wired(monkeypatch):
    """Connect handlers for one kind of event in place of the product's own."""

    def _wire(*, in_transaction=(), after_commit=()):
        monkeypatch.setattr(events, "_in_transaction", {KIND: in_transaction})
        monkeypatch.setattr(events, "_after_commit", {KIND: after_commit})

    return _wire


@pytest.fixture
def ticket(queue):
    return make_ticket(queue=queue)


def _fail(event):
    raise RuntimeError("no")


def test_a_handler_inside_the_transaction_takes_the_action_back(wired, ticket, agent):
    wired(in_transaction=[_fail])
    with pytest.raises(RuntimeError):
        set_kind(ticket, Kind.BUG, by=agent.scope)
    ticket.refresh_from_db()
    assert ticket.kind == ""
    assert not Event.objects.filter(kind=KIND).exists()


def test_a_handler_after_the_commit_may_fail_without_harm(
    wired, ticket, agent, django_capture_on_commit_callbacks, caplog
):
    heard = []
    wired(after_commit=[_fail, heard.append])
    with django_capture_on_commit_callbacks(execute=True):
        set_kind(ticket, Kind.BUG, by=agent.scope)
    ticket.refresh_from_db()
    assert ticket.kind == Kind.BUG
    assert [event.kind for event in heard] == [KIND]


def test_nothing_is_told_of_what_was_rolled_back(
    wired, ticket, agent, django_capture_on_commit_callbacks
):
    heard = []
    wired(after_commit=[heard.append])

    @transaction.atomic
    def broken_off():
        take(ticket, by=agent.scope)
        set_kind(ticket, Kind.BUG, by=agent.scope)
        raise RuntimeError

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        broken_off()
    assert heard == []
    assert not Event.objects.filter(kind__in=[KIND, EventKind.TICKET_ASSIGNED]).exists()
    assert Ticket.objects.get().assignee is None


def test_silenced_it_is_recorded_without_consequences(wired, ticket, agent):
    wired(in_transaction=[_fail])
    with silenced():
        set_kind(ticket, Kind.BUG, by=agent.scope)
    assert Event.objects.filter(kind=KIND).exists()
    with pytest.raises(RuntimeError):
        set_kind(ticket, Kind.FEATURE, by=agent.scope)


def test_an_event_knows_its_actor(ticket, agent, customer):
    assert record(KIND, by=agent.scope, ticket=ticket).user == agent.user
    assert record(KIND, by=customer.scope, ticket=ticket).contact == customer.contact
    by_nobody = record(KIND, by=SYSTEM)
    assert (by_nobody.user, by_nobody.contact, by_nobody.ticket) == (None, None, None)


def test_kinds_are_named_alike():
    for kind in EventKind:
        noun, verb = kind.split(".")
        assert noun.isalpha()
        assert verb.endswith(("ed", "sent", "held", "set_aside"))
