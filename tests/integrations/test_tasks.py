"""Workers are woken, and the sweep finds what nobody was woken for."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from integrations import locks, sweeps, tasks, wake
from integrations.models import Delivery, RawInbound
from tests import factories
from tests.integrations.outgoing import make_channel
from tickets.actions.reply import Reply, newest_seen, submit, undo
from tickets.models import DraftState
from tickets.permissions import scope_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch):
    """What was published, instead of a broker: (task, id, seconds to wait)."""
    calls = []

    def noting(name):
        return lambda args, kwargs=None, *, countdown=0, **options: calls.append(
            (name, args[0], countdown)
        )

    for name in ("deliver", "process_inbound", "release_reply"):
        monkeypatch.setattr(getattr(tasks, name), "apply_async", noting(name))
    return calls


@pytest.fixture
def agent():
    return factories.make_agent(factories.QueueFactory())


@pytest.fixture
def ticket(agent):
    queue = agent.teams.get().accesses.get().queue
    make_channel(queue)
    return factories.make_ticket(queue=queue)


def submitted(ticket, agent, *, window=timedelta(seconds=10)):
    reply = Reply(body="Hello", last_seen_event=newest_seen(ticket))
    return submit(ticket, reply, by=scope_of(agent), window=window)


def kept(**fields):
    number = RawInbound.objects.count()
    return RawInbound.objects.create(
        source="smtp", source_key=str(number), sha256=b"", size=0, **fields
    )


def test_a_reply_wakes_a_sender_once_it_is_committed(
    woken, ticket, agent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        message = factories.make_message(ticket, by=agent)
        assert woken == []
    assert woken == [("deliver", message.deliveries.get().pk, 0)]


def test_a_submitted_reply_is_woken_at_the_end_of_its_window(
    woken, ticket, agent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        draft = submitted(ticket, agent)
        wake.release(draft, seconds=9.2)
    assert woken == [("release_reply", draft.pk, 10)]


def test_no_countdown_is_longer_than_a_minute(
    woken, ticket, agent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        wake.release(submitted(ticket, agent), seconds=61)
    assert woken == []


def test_a_reply_leaves_after_its_window_and_an_undone_one_never(clock, ticket, agent):
    draft = submitted(ticket, agent)
    tasks.release_reply(draft.pk)
    draft.refresh_from_db()
    assert draft.state == DraftState.SENDING

    undo(draft, by=scope_of(agent))
    clock.advance(seconds=10)
    tasks.release_reply(draft.pk)
    assert not Delivery.objects.exists()

    again = submitted(ticket, agent)
    clock.advance(seconds=10)
    tasks.release_reply(again.pk)
    tasks.release_reply(again.pk)
    assert Delivery.objects.count() == 1


def test_the_sweep_finds_what_is_due_and_nothing_else(woken, clock, ticket, agent):
    clock.advance(seconds=5)
    factories.make_message(ticket, by=agent)
    delivery = Delivery.objects.get()
    unread = kept()
    abandoned = kept(lease_until=delivery.created_at)
    kept(lease_until=delivery.created_at + timedelta(minutes=1))
    kept(next_attempt_at=delivery.created_at + timedelta(hours=1))
    kept(state="done")

    tasks.sweep()
    assert sorted(woken) == [
        ("deliver", delivery.pk, 0),
        ("process_inbound", unread.pk, 0),
        ("process_inbound", abandoned.pk, 0),
    ]


def test_the_sweep_releases_replies_nobody_was_woken_for(woken, clock, ticket, agent):
    draft = submitted(ticket, agent)
    tasks.sweep()
    assert not Delivery.objects.exists()
    clock.advance(seconds=10)
    tasks.sweep()
    draft.refresh_from_db()
    assert draft.state == DraftState.SENT
    assert woken == [("deliver", Delivery.objects.get().pk, 0)]


def test_what_waits_behind_a_long_queue_is_not_queued_again_at_once(woken, clock):
    clock.advance(seconds=5)
    kept()
    tasks.sweep()
    tasks.sweep()
    assert len(woken) == 1


def test_one_reply_that_cannot_leave_does_not_hold_back_the_next(
    woken, clock, ticket, agent, monkeypatch
):
    bad = submitted(ticket, agent)
    clock.advance(seconds=1)
    good = submitted(factories.make_ticket(queue=ticket.queue), agent)
    clock.advance(seconds=10)
    real = sweeps.reply.release

    def release(draft_id):
        assert draft_id != bad.pk, "broken"
        return real(draft_id)

    monkeypatch.setattr(sweeps.reply, "release", release)
    tasks.sweep()
    good.refresh_from_db()
    assert good.state == DraftState.SENT


def test_two_sweeps_at_once_do_the_work_of_one(woken, clock):
    clock.advance(seconds=5)
    kept()
    inside, done = threading.Event(), threading.Event()

    def elsewhere():
        with locks.alone("sweep") as mine:
            assert mine
            inside.set()
            done.wait(10)
        connection.close()

    other = threading.Thread(target=elsewhere)
    other.start()
    inside.wait(10)
    tasks.sweep()
    done.set()
    other.join()
    assert woken == []
    tasks.sweep()
    assert len(woken) == 1
