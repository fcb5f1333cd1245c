"""Several at once: one winner, nothing lost, nothing twice (security.md S11)."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from tests.factories import INSTANTLY, QueueFactory, make_agent, make_ticket
from tests.roles import signed_in
from tickets.actions.assign import take
from tickets.actions.people import contact_for
from tickets.actions.reply import Reply, newest_seen, release, submit
from tickets.errors import Conflict
from tickets.models import Contact, Draft, Event, Identity, Message, Ticket
from tickets.permissions import scope_of
from tickets.states import IdentityKind

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


def together(*calls):
    """Run all calls at the same moment; what each gave or raised."""
    start = threading.Barrier(len(calls))

    def run(call):
        try:
            start.wait(timeout=10)
            return call()
        except Exception as error:  # noqa: BLE001 - the outcome is what is asked for
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def ticket():
    return make_ticket(queue=QueueFactory())


@pytest.mark.promise("S2.4")
def test_one_of_many_takes_a_ticket(ticket):
    scopes = [scope_of(make_agent(ticket.queue)) for _ in range(AT_ONCE)]
    version = ticket.version
    outcomes = together(
        *[lambda scope=scope: take(ticket, by=scope, seen_version=version) for scope in scopes]
    )
    assert sum(isinstance(outcome, Ticket) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == AT_ONCE - 1
    assert Event.objects.filter(kind="ticket.assigned").count() == 1


@pytest.mark.promise("S2.4")
def test_one_form_posted_by_many_requests_is_one_reply(ticket):
    scope = scope_of(make_agent(ticket.queue))
    reply = Reply(body="Once.", last_seen_event=newest_seen(ticket), key=uuid.uuid4())
    post = lambda: submit(ticket, reply, by=scope, window=INSTANTLY)  # noqa: E731
    drafts = together(*[post] * AT_ONCE)
    assert len({draft.pk for draft in drafts}) == 1

    sent = together(*[lambda: release(drafts[0].pk)] * AT_ONCE)
    assert sum(isinstance(message, Message) for message in sent) == 1
    assert Message.objects.filter(by_staff=True).count() == Draft.objects.count() == 1


def test_a_new_sender_met_twice_at_once_is_one_contact():
    meet = lambda: contact_for(  # noqa: E731
        kind=IdentityKind.EMAIL, external_id="new@customer.example", name="New"
    )
    people = together(*[meet] * AT_ONCE)
    assert len({person.pk for person in people}) == 1
    assert Identity.objects.count() == Contact.objects.count() == 1


@pytest.mark.promise("S2.4")
def test_a_form_pressed_many_times_at_once_is_one_reply_and_no_draft(ticket):
    client = signed_in(make_agent(ticket.queue))
    form = {"visibility": "public", "body": "We look into it.", "idempotency_key": uuid.uuid4()}
    form["last_seen_event"] = newest_seen(ticket)

    def press():
        again = Client()
        again.cookies = client.cookies
        return again.post(f"/t/{ticket.pk}/reply/", form).status_code

    assert together(*[press] * AT_ONCE) == [302] * AT_ONCE
    assert [draft.state for draft in Draft.objects.all()] == ["sending"]
