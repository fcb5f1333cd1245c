"""Status, turn, priority, kind, labels and queue; who may, and what is demanded."""

import pytest
from django.core.exceptions import PermissionDenied

from tests.factories import LabelFactory, QueueFactory, StatusReasonFactory, give, make_ticket
from tickets.actions.assign import take
from tickets.actions.triage import (
    assess_priority,
    move_to_queue,
    set_kind,
    set_labels,
    set_status,
    set_turn,
)
from tickets.errors import Conflict, Incomplete, NotAllowedNow
from tickets.models import Annotation, Event
from tickets.states import Kind, Level, Priority, Status, Turn


@pytest.fixture
def ticket(queue):
    return make_ticket(queue=queue)


@pytest.mark.promise("S2.2")
@pytest.mark.parametrize("status", [Status.ABANDONED, Status.INVALID])
def test_ending_without_a_fix_demands_reason_and_annotation(ticket, agent, status):
    reason = StatusReasonFactory(status=status)
    for given in ({}, {"annotation": "They wrote twice."}, {"reason": reason}):
        with pytest.raises(Incomplete):
            set_status(ticket, status, by=agent.scope, **given)
    assert not Annotation.objects.exists()

    done = set_status(ticket, status, by=agent.scope, reason=reason, annotation="They wrote.")
    assert (done.status, done.turn, done.reason) == (status, Turn.NOBODY, reason)
    assert Annotation.objects.get().body == "They wrote."


def test_a_reason_for_something_else_is_no_reason(ticket, agent):
    spam = StatusReasonFactory(status=Status.INVALID)
    with pytest.raises(Incomplete) as refused:
        set_status(ticket, Status.ABANDONED, by=agent.scope, reason=spam, annotation="So.")
    assert refused.value.field == "reason"


@pytest.mark.promise("S2.2")
def test_a_status_that_may_not_follow_is_refused_in_words(ticket, agent):
    set_status(ticket, Status.CLOSED, by=agent.scope)
    with pytest.raises(NotAllowedNow, match="Open it again first"):
        set_status(ticket, Status.PENDING, by=agent.scope)


def test_the_same_status_again_is_no_event(ticket, agent):
    before = Event.objects.count()
    set_status(ticket, Status.OPEN, by=agent.scope)
    assert Event.objects.count() == before


def test_back_to_open_nobody_has_it(ticket, agent):
    take(ticket, by=agent.scope)
    assert set_status(ticket, Status.OPEN, by=agent.scope).assignee is None


def test_reopened_work_is_our_turn_again(ticket, agent):
    set_status(ticket, Status.CLOSED, by=agent.scope)
    assert set_status(ticket, Status.IN_PROGRESS, by=agent.scope).turn == Turn.US


@pytest.mark.promise("S2.4")
def test_a_decision_on_an_old_version_is_a_conflict(ticket, agent, lead):
    seen = ticket.version
    set_kind(ticket, Kind.BUG, by=lead.scope)
    with pytest.raises(Conflict, match="Somebody changed"):
        set_status(ticket, Status.CLOSED, by=agent.scope, seen_version=seen)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda t, by: set_kind(t, Kind.BUG, by=by), "ticket.kind_changed"),
        (lambda t, by: set_kind(t, None, by=by), None),
        (lambda t, by: set_turn(t, Turn.THIRD_PARTY, by=by), "ticket.turn_changed"),
        (lambda t, by: set_turn(t, Turn.US, by=by), None),
        (lambda t, by: assess_priority(t, Priority.P0, by=by), "ticket.priority_assessed"),
        (lambda t, by: set_labels(t, [LabelFactory()], by=by), "ticket.labels_changed"),
        (lambda t, by: set_labels(t, [], by=by), None),
    ],
)
def test_each_change_is_one_event_and_no_change_none(ticket, agent, change, kind):
    first = Event.objects.count()
    after = change(ticket, agent.scope)
    kinds = list(Event.objects.order_by("id").values_list("kind", flat=True))[first:]
    assert kinds == ([kind] if kind else [])
    assert after.version == ticket.version + len(kinds)


def test_priority_other_than_asked_for_needs_a_reason(queue, agent):
    ticket = make_ticket(queue=queue, requested_priority=Priority.P0)
    with pytest.raises(Incomplete, match="The customer asked for P0"):
        assess_priority(ticket, Priority.P2, by=agent.scope)
    assessed = assess_priority(ticket, Priority.P2, by=agent.scope, reason="Work goes on.")
    assert (assessed.requested_priority, assessed.priority) == (Priority.P0, Priority.P2)


def test_until_assessed_the_queues_default_holds(agent, queue, other_queue):
    give(agent.user, other_queue, Level.WORK)
    other_queue.default_priority = Priority.P1
    other_queue.save()
    ticket = make_ticket(queue=queue)
    assert ticket.priority == Priority.P2
    assert move_to_queue(ticket, other_queue, by=agent.scope).priority == Priority.P1
    assess_priority(ticket, Priority.P0, by=agent.scope)
    assert move_to_queue(ticket, queue, by=agent.scope).priority == Priority.P0


def test_moving_needs_both_queues(ticket, agent, other_queue):
    with pytest.raises(PermissionDenied):
        move_to_queue(ticket, other_queue, by=agent.scope)


def test_who_lacks_the_new_queue_lets_go(ticket, agent, lead):
    new = QueueFactory()
    give(lead.user, new, Level.WORK)
    take(ticket, by=agent.scope)
    moved = move_to_queue(ticket, new, by=lead.scope)
    assert (moved.assignee, moved.status) == (None, Status.OPEN)


@pytest.mark.parametrize("role", ["reader", "own_only", "colleague", "admin", "customer"])
def test_who_may_not_work_changes_nothing(request, ticket, role):
    scope = request.getfixturevalue(role).scope
    before = Event.objects.count()
    for change in (
        lambda: set_status(ticket, Status.CLOSED, by=scope),
        lambda: set_kind(ticket, Kind.BUG, by=scope),
        lambda: set_turn(ticket, Turn.CUSTOMER, by=scope),
        lambda: assess_priority(ticket, Priority.P0, by=scope),
        lambda: set_labels(ticket, [], by=scope),
        lambda: take(ticket, by=scope),
    ):
        with pytest.raises(PermissionDenied):
            change()
    assert Event.objects.count() == before


def test_a_reader_is_told_whom_to_ask(ticket, reader, lead):
    with pytest.raises(PermissionDenied, match="Its leads: Lea Lead"):
        set_kind(ticket, Kind.BUG, by=reader.scope)
