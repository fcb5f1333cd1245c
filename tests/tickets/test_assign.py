"""Who has a ticket."""

import pytest
from django.core.exceptions import PermissionDenied

from tests.factories import StatusReasonFactory, make_ticket
from tickets.actions.assign import take, to_agent, to_team, unassign
from tickets.actions.triage import set_status
from tickets.errors import Conflict, NotAllowedNow
from tickets.models import Event, Team
from tickets.states import Status


@pytest.fixture
def ticket(queue):
    return make_ticket(queue=queue)


@pytest.mark.promise("S2.4")
def test_taking_makes_it_mine_and_pending(ticket, agent):
    taken = take(ticket, by=agent.scope)
    assert (taken.assignee, taken.status) == (agent.user, Status.PENDING)
    kinds = Event.objects.order_by("-id").values_list("kind", flat=True)[:2]
    assert list(kinds) == ["ticket.status_changed", "ticket.assigned"]


def test_taking_twice_is_taking_once(ticket, agent):
    taken = take(ticket, by=agent.scope)
    assert take(ticket, by=agent.scope).version == taken.version


@pytest.mark.promise("S2.4")
def test_who_comes_second_is_told(ticket, agent, lead):
    take(ticket, by=agent.scope, seen_version=ticket.version)
    with pytest.raises(Conflict):
        take(ticket, by=lead.scope, seen_version=ticket.version)


@pytest.mark.promise("S2.4")
def test_what_a_colleague_has_is_taken_over_knowingly(ticket, agent, lead):
    take(ticket, by=agent.scope)
    with pytest.raises(Conflict, match=str(agent.user)):
        take(ticket, by=lead.scope)
    ticket.refresh_from_db()
    assert take(ticket, by=lead.scope, seen_version=ticket.version).assignee == lead.user


def test_who_lost_the_ticket_meanwhile_changes_nothing(ticket, agent, own_only, lead):
    mine = to_agent(ticket, own_only.user, by=lead.scope)
    to_agent(ticket, lead.user, by=lead.scope)
    with pytest.raises(PermissionDenied):
        set_status(mine, Status.CLOSED, by=own_only.scope)


def test_only_who_could_work_on_it_is_given_it(ticket, lead, own_only, reader, colleague):
    assert to_agent(ticket, own_only.user, by=lead.scope).assignee == own_only.user
    for stranger in (reader, colleague):
        with pytest.raises(NotAllowedNow, match="has no access to Paid support"):
            to_agent(ticket, stranger.user, by=lead.scope)


def test_own_only_works_on_what_was_given(ticket, lead, own_only):
    given = to_agent(ticket, own_only.user, by=lead.scope)
    assert set_status(given, Status.IN_PROGRESS, by=own_only.scope).status == Status.IN_PROGRESS


def test_an_ended_ticket_is_not_given(ticket, agent):
    reason = StatusReasonFactory()
    ended = Status.ABANDONED
    set_status(ticket, ended, by=agent.scope, reason=reason, annotation="No answer.")
    with pytest.raises(NotAllowedNow, match="has ended"):
        take(ticket, by=agent.scope)


@pytest.mark.promise("S2.2")
def test_put_back_it_is_open_and_nobodys(ticket, agent):
    take(ticket, by=agent.scope)
    back = unassign(ticket, by=agent.scope)
    assert (back.assignee, back.status) == (None, Status.OPEN)


def test_a_team_needs_access_too(ticket, agent, colleague):
    ours, theirs = (role.user.teams.get() for role in (agent, colleague))
    assert to_team(ticket, ours, by=agent.scope).team == ours
    with pytest.raises(NotAllowedNow, match="has no access"):
        to_team(ticket, theirs, by=agent.scope)
    assert to_team(ticket, None, by=agent.scope).team is None
    assert Team.objects.count() == 2
