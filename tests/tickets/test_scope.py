"""What one principal may reach: resolved from teams and memberships, never from being staff."""

import pytest

from tests.factories import StaffFactory, UserFactory, give, make_agent
from tickets.permissions import (
    ANONYMOUS,
    PRINCIPALS,
    SYSTEM,
    Principal,
    can_be_assigned,
    leads_in_words,
    scope_of,
)
from tickets.states import Level

pytestmark = pytest.mark.promise("S4.1")


def test_every_principal_is_in_the_table():
    assert set(PRINCIPALS) == set(Principal)


@pytest.mark.parametrize(
    ("role", "held"),
    [
        ("own_only", {"own"}),
        ("reader", {"read"}),
        ("agent", {"read", "work"}),
        ("lead", {"read", "work", "lead"}),
        ("admin", set()),
    ],
)
def test_each_level_includes_the_ones_before(request, queue, role, held):
    scope = request.getfixturevalue(role).scope
    rights = ("own", "read", "work", "lead")
    assert {right for right in rights if queue.pk in getattr(scope, right)} == held


def test_to_be_staff_or_superuser_gives_no_queue(queue):
    for user in (StaffFactory(), StaffFactory(is_superuser=True)):
        assert not scope_of(user).reachable


def test_the_highest_of_several_levels_counts(queue):
    user = make_agent(queue, Level.OWN)
    give(user, queue, Level.READ)
    scope = scope_of(user)
    assert (scope.own, scope.read, scope.work) == (frozenset(), {queue.pk}, frozenset())


def test_who_was_switched_off_reaches_nothing(agent):
    agent.user.is_active = False
    assert scope_of(agent.user) is ANONYMOUS


def test_a_login_without_a_person_reaches_nothing(db):
    assert scope_of(UserFactory()) is ANONYMOUS


def test_customers_reach_their_organisations(member, manager, organisation):
    assert member.scope.member_of == manager.scope.member_of == {organisation.pk}
    assert (member.scope.manager_of, manager.scope.manager_of) == (frozenset(), {organisation.pk})


def test_a_scope_costs_two_queries_at_most(agent, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        scope_of(agent.user)


def test_the_security_team_is_known(queue):
    user = StaffFactory()
    give(user, queue, Level.READ, security=True)
    assert Principal.SECURITY_TEAM in scope_of(user).principals


def test_principals_of_a_scope(lead, member, anonymous):
    assert anonymous.scope.principals == {Principal.ANONYMOUS}
    assert SYSTEM.principals == {Principal.SYSTEM}
    assert member.scope.principals == {Principal.CONTACT, Principal.MEMBER}
    assert Principal.STAFF_LEAD in lead.scope.principals


def test_leads_are_named(queue, other_queue, lead, agent):
    make_agent(queue, Level.LEAD, name="Bea Boss")
    make_agent(queue, Level.LEAD, name="Gone Girl", is_active=False)
    assert leads_in_words(queue.pk) == "Bea Boss, Lea Lead"
    assert leads_in_words(other_queue.pk) == "nobody yet; ask an admin"


def test_customers_are_never_assigned(queue, customer, own_only):
    ticket = type("Ticket", (), {"queue_id": queue.pk})()
    assert not can_be_assigned(customer.user, ticket)
    assert can_be_assigned(own_only.user, ticket)
