"""Who among staff is told, and who is not."""

import pytest

from tests import factories
from tickets.actions import assign
from tickets.actions.annotate import annotate
from tickets.models import Access, Notification, Watcher
from tickets.permissions import scope_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue():
    return factories.QueueFactory()


@pytest.fixture
def ada(queue):
    return factories.make_agent(queue, email="ada@desk.example")


@pytest.fixture
def bob(queue):
    return factories.make_agent(queue, email="bob@desk.example")


@pytest.fixture
def ticket(queue):
    return factories.make_ticket(queue=queue)


def told(user):
    return list(Notification.objects.filter(user=user).values_list("reason", flat=True))


def test_being_given_a_ticket_is_told_taking_one_is_not(ticket, ada, bob):
    assign.take(ticket, by=scope_of(ada))
    assert told(ada) == []
    assign.to_agent(ticket, bob, by=scope_of(ada))
    assert told(bob) == ["assigned"]


def test_the_assignee_hears_of_the_customers_answer(ticket, ada):
    assign.take(ticket, by=scope_of(ada))
    factories.make_message(ticket)
    assert told(ada) == ["answered"]


@pytest.mark.promise("S2.3")
def test_a_mention_calls_a_colleague_and_never_its_author(ticket, ada, bob):
    annotate(ticket, "@bob, @ada: look", by=scope_of(ada))
    assert told(bob) == ["mentioned"]
    assert told(ada) == []


def test_watchers_hear_of_messages_and_annotations_of_others(ticket, ada, bob):
    Watcher.objects.create(ticket=ticket, user=bob)
    annotate(ticket, "hm", by=scope_of(bob))
    assert told(bob) == []
    annotate(ticket, "hm", by=scope_of(ada))
    assert told(bob) == ["watching"]


def test_what_is_unread_collapses_and_what_is_read_stays(ticket, ada, bob, clock):
    Watcher.objects.create(ticket=ticket, user=bob)
    factories.make_message(ticket)
    annotate(ticket, "@bob", by=scope_of(ada))
    notice = Notification.objects.get(user=bob)
    assert (notice.reason, notice.event.kind) == ("mentioned", "annotation.added")

    Notification.objects.update(read_at=notice.created_at)
    factories.make_message(ticket)
    assert told(bob) == ["mentioned", "watching"]


def test_who_no_longer_sees_the_ticket_is_not_told(ticket, bob):
    Watcher.objects.create(ticket=ticket, user=bob)
    Access.objects.all().delete()
    factories.make_message(ticket)
    assert told(bob) == []


def test_who_left_is_not_told(ticket, bob):
    Watcher.objects.create(ticket=ticket, user=bob)
    bob.is_active = False
    bob.save()
    factories.make_message(ticket)
    assert told(bob) == []
