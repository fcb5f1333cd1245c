"""Answering: nothing outdated, nothing twice, nothing that was taken back (S2.4)."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from tests.factories import (
    INSTANTLY,
    ContactFactory,
    StatusReasonFactory,
    make_message,
    make_ticket,
)
from tickets.actions import drafts, participants
from tickets.actions.reply import Reply, newest_seen, release, submit, undo
from tickets.actions.triage import set_status
from tickets.errors import Incomplete, Stale, TooLate
from tickets.models import Draft, DraftKind, DraftState, Event, Message, TeamMembership
from tickets.states import Status, Turn

pytestmark = pytest.mark.promise("S2.4")
WINDOW = timedelta(seconds=10)


@pytest.fixture
def ticket(queue, clock):
    return make_ticket(queue=queue)


@pytest.fixture
def send(ticket, agent):
    """Submit a reply by the agent, on the conversation as it is unless told otherwise."""

    def _send(body="We look into it.", *, window=WINDOW, by=agent, **fields):
        fields.setdefault("last_seen_event", newest_seen(ticket))
        return submit(ticket, Reply(body=body, **fields), by=by.scope, window=window)

    return _send


def _sent():
    return list(Message.objects.filter(by_staff=True))


def test_within_the_window_nothing_exists_but_the_draft(ticket, send, clock):
    draft = send()
    clock.advance(seconds=9)
    assert release(draft.pk) is None
    assert not _sent()
    assert not Event.objects.filter(kind="message.sent").exists()


def test_after_the_window_it_leaves_with_the_time_it_was_written(ticket, send, clock, agent):
    draft = send()
    written = draft.submitted_at
    clock.advance(seconds=11)
    message = release(draft.pk)
    assert (message.occurred_at, message.event.occurred_at) == (written, written)
    assert message.event.user == agent.user
    assert message.author == type(agent.user).objects.get(pk=agent.user.pk).contact
    ticket.refresh_from_db()
    assert ticket.turn == Turn.CUSTOMER


def test_released_twice_it_leaves_once(send):
    draft = send(window=INSTANTLY)
    assert release(draft.pk)
    assert release(draft.pk) is None
    assert len(_sent()) == 1


def test_the_same_form_posted_twice_is_one_reply(send):
    key = uuid.uuid4()
    first = send(key=key, window=INSTANTLY)
    assert send(key=key).pk == first.pk
    release(first.pk)
    assert send(key=key).pk == first.pk
    assert Draft.objects.count() == len(_sent()) == 1


def test_undo_brings_the_text_back(ticket, send, agent):
    draft = send("Oops, wrong ticket.")
    back = undo(draft, by=agent.scope)
    assert (back.state, back.body) == (DraftState.DRAFT, "Oops, wrong ticket.")
    assert release(draft.pk) is None
    assert not _sent()


def test_undo_keeps_what_was_begun_meanwhile(ticket, send, agent):
    draft = send("First.")
    drafts.save(ticket, DraftKind.REPLY, "Second.", by=agent.scope)
    assert undo(draft, by=agent.scope).body == "First.\n\nSecond."
    assert Draft.objects.count() == 1


def test_undo_after_it_left_is_too_late(send, agent):
    draft = send(window=INSTANTLY)
    release(draft.pk)
    with pytest.raises(TooLate, match="left already"):
        undo(draft, by=agent.scope)


def test_an_outdated_reply_is_held_and_shows_what_came_in(ticket, send):
    seen = newest_seen(ticket)
    newer = make_message(ticket, body="It is solved!")
    with pytest.raises(Stale) as refused:
        send(last_seen_event=seen)
    assert list(refused.value.newer) == [newer]
    assert str(ticket.requester) in str(refused.value)

    draft = send(window=INSTANTLY)  # having seen it
    assert release(draft.pk)


def test_a_colleagues_reply_counts_as_news_my_own_does_not(ticket, send, lead):
    seen = newest_seen(ticket)
    release(send(window=INSTANTLY).pk)
    send(last_seen_event=seen)
    with pytest.raises(Stale, match="Ada Agent"):
        send(last_seen_event=seen, by=lead)


def test_what_comes_in_within_the_window_holds_the_reply(ticket, send, clock):
    draft = send()
    make_message(ticket, body="Wait, I found it.")
    clock.advance(seconds=11)
    assert release(draft.pk) is None
    draft.refresh_from_db()
    assert (draft.state, draft.held_because) == (DraftState.DRAFT, "moved")
    event = Event.objects.get(kind="reply.held")
    assert event.data == {"author": draft.author_id, "because": "moved"}
    assert not _sent()


def test_who_lost_access_within_the_window_sends_nothing(send, clock, agent):
    draft = send()
    TeamMembership.objects.filter(user=agent.user).delete()
    clock.advance(seconds=11)
    assert release(draft.pk) is None
    draft.refresh_from_db()
    assert draft.held_because == "no_access"
    assert not _sent()


def test_send_and_set(ticket, send):
    release(send(window=INSTANTLY, status=Status.AWAITING_CONFIRMATION).pk)
    ticket.refresh_from_db()
    assert ticket.status == Status.AWAITING_CONFIRMATION


def test_send_still_our_turn(ticket, send):
    release(send(window=INSTANTLY, turn=Turn.US).pk)
    ticket.refresh_from_db()
    assert ticket.turn == Turn.US


def test_sending_never_ends_a_ticket_without_its_reason(ticket, send):
    release(send(window=INSTANTLY, status=Status.ABANDONED).pk)
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN


def test_an_answer_on_an_ended_ticket_is_nobodys_turn(ticket, send, agent):
    reason = StatusReasonFactory()
    set_status(ticket, Status.ABANDONED, by=agent.scope, reason=reason, annotation="So.")
    release(send("Goodbye.", window=INSTANTLY).pk)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.turn) == (Status.ABANDONED, Turn.NOBODY)


@pytest.mark.parametrize("body", ["", "  \n "])
def test_an_empty_reply_is_refused(send, body):
    with pytest.raises(Incomplete) as refused:
        send(body)
    assert refused.value.field == "body"


def test_nobody_to_reach_is_refused(queue, agent):
    ticket = make_ticket(queue=queue, requester=ContactFactory(email=False))
    reply = Reply(body="Hello?", last_seen_event=newest_seen(ticket))
    with pytest.raises(Incomplete) as refused:
        submit(ticket, reply, by=agent.scope)
    assert refused.value.field == "to"


@pytest.mark.parametrize("role", ["reader", "own_only", "colleague", "admin", "customer"])
def test_who_may_not_work_drafts_and_sends_nothing(request, ticket, role):
    scope = request.getfixturevalue(role).scope
    reply = Reply(body="Hello", last_seen_event=newest_seen(ticket))
    with pytest.raises(PermissionDenied):
        submit(ticket, reply, by=scope)
    with pytest.raises(PermissionDenied):
        drafts.save(ticket, DraftKind.REPLY, "Hello", by=scope)
    assert not Draft.objects.exists()


def test_only_its_author_takes_a_reply_back(send, lead):
    with pytest.raises(PermissionDenied):
        undo(send(), by=lead.scope)


def test_a_key_is_its_authors_own(ticket, send, lead):
    key = uuid.uuid4()
    mine = send(key=key)
    assert send(key=key) == mine
    assert send(key=key, by=lead).author == lead.user


def test_who_is_taken_off_within_the_window_gets_nothing(ticket, send, agent, clock):
    for email in ("gone@customer.example", "stays@customer.example"):
        participants.add(ticket, ContactFactory(email=email), by=agent.scope)
    draft = send()
    participants.remove(ticket.participants.earliest("pk"), by=agent.scope)
    clock.advance(seconds=WINDOW.total_seconds() + 1)
    assert [copy["address"] for copy in release(draft.pk).cc] == ["stays@customer.example"]
