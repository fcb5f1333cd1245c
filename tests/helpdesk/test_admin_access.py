"""Who may change access, and what is remembered of it (security.md C06)."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from tests.factories import StaffFactory, TeamFactory, give, make_agent
from tests.roles import Role
from tickets.admin.administrators import administrators
from tickets.models import Access, Event, Team, TeamMembership, User
from tickets.states import Level

pytestmark = pytest.mark.django_db


def _inline(prefix, rows, *, initial=0):
    data = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def _team_form(team, *, members=(), accesses=()):
    """What the browser sends to add these members and accesses to a team that has none."""
    return {
        "name": team.name,
        **_inline("memberships", [{"team": team.pk, "user": user.pk} for user in members]),
        **_inline("accesses", [{"team": team.pk, **row} for row in accesses]),
    }


def _post(role, model, obj, data):
    page = reverse(f"admin:tickets_{model}_change", args=[obj.pk])
    answer = role.client.post(page, data)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def _user_form(user, **changes):
    data = {
        "email": user.email,
        "name": user.name,
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "groups": [group.pk for group in user.groups.all()],
        "time_zone": "UTC",
        "language": "en",
        "theme": "system",
        "contact": "",
        **_inline("team_memberships", []),
        **changes,
    }
    return {name: value for name, value in data.items() if value is not False}


@pytest.fixture
def superuser(db):
    return Role(user=StaffFactory(is_superuser=True))


def test_each_change_of_access_is_an_event(admin, queue, agent):
    team = TeamFactory(name="Night shift")
    rows = [{"queue": queue.pk, "level": "work"}]
    _post(admin, "team", team, _team_form(team, members=[agent.user], accesses=rows))

    events = Event.objects.filter(kind="access.changed").order_by("id")
    assert [event.data["what"] for event in events] == ["access", "membership"]
    assert events[0].user == admin.user
    assert events[0].audience == "staff"
    assert events[0].data == {
        "what": "access",
        "team": team.pk,
        "queue": queue.pk,
        "names": ["Night shift", "Paid support"],
        "from": None,
        "to": "work",
    }


def test_access_that_goes_with_a_team_is_recorded_too(admin, queue, agent):
    team = give(agent.user, queue, Level.READ)
    admin.client.post(reverse("admin:tickets_team_delete", args=[team.pk]), {"post": "yes"})
    lost = Event.objects.filter(kind="access.changed", data__to=None)
    assert {event.data["what"] for event in lost} == {"access", "membership"}


def test_saving_without_a_change_records_nothing(admin):
    team = TeamFactory()
    _post(admin, "team", team, _team_form(team))
    assert not Event.objects.exists()


def test_nobody_joins_a_team_by_themselves(admin, queue):
    team = TeamFactory()
    rows = [{"queue": queue.pk, "level": "read"}]
    said = _post(admin, "team", team, _team_form(team, members=[admin.user], accesses=rows))
    assert "Ask another admin" in said
    assert not TeamMembership.objects.exists()
    assert not Event.objects.exists()


def test_nobody_raises_a_team_of_their_own(admin, queue):
    team = TeamFactory()
    TeamMembership.objects.create(team=team, user=admin.user)
    page = reverse("admin:tickets_queue_change", args=[queue.pk])
    rows = [{"queue": queue.pk, "team": team.pk, "level": "lead"}]
    form = {"name": queue.name, "slug": queue.slug, "tier": "paid", "default_priority": "P2"}
    admin.client.post(page, {**form, "position": 0, **_inline("accesses", rows)})
    assert not Access.objects.exists()


def test_nobody_makes_themselves_superuser(admin):
    _post(admin, "user", admin.user, _user_form(admin.user, is_superuser="on"))
    assert not User.objects.get(pk=admin.user.pk).is_superuser


def test_an_admin_cannot_touch_a_superuser(admin, superuser):
    page = reverse("admin:tickets_user_change", args=[superuser.user.pk])
    assert admin.client.post(page, _user_form(superuser.user, name="Mine")).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[superuser.user.pk])
    assert admin.client.get(password).status_code == 403


def test_an_admin_makes_no_superuser(admin, agent):
    _post(admin, "user", agent.user, _user_form(agent.user, is_superuser="on"))
    assert not User.objects.get(pk=agent.user.pk).is_superuser


def test_the_last_admin_stays(superuser):
    said = _post(superuser, "user", superuser.user, _user_form(superuser.user, is_superuser=False))
    assert "last admin" in said
    assert User.objects.get(pk=superuser.user.pk).is_superuser


def test_one_of_two_admins_may_go(superuser, admin):
    _post(superuser, "user", admin.user, _user_form(admin.user, groups=[]))
    assert not admin.user.groups.exists()
    event = Event.objects.get(kind="access.changed")
    assert event.data["from"] == ["is_active", "is_staff", "Admins"]
    assert event.data["to"] == ["is_active", "is_staff"]


def test_to_be_admin_gives_no_ticket(admin):
    assert not admin.scope.reachable


def test_logins_are_never_deleted(superuser, agent):
    page = reverse("admin:tickets_user_delete", args=[agent.user.pk])
    assert superuser.client.post(page, {"post": "yes"}).status_code == 403


def test_a_login_is_made_with_its_email_in_lower_case(admin):
    data = {"email": "New@Desk.Example", "name": "New", "is_staff": "on"}
    password = {"password1": "correct-horse-9", "password2": "correct-horse-9"}
    page = reverse("admin:tickets_user_add")
    admin.client.post(page, {**data, **password, "usable_password": "true"})
    assert User.objects.get(email="new@desk.example").check_password("correct-horse-9")


def test_an_email_has_one_login(admin, agent):
    page = reverse("admin:tickets_user_add")
    text = admin.client.post(page, {"email": agent.user.email.upper()}).text
    assert "Another login has this email" in text


def test_the_group_of_admins_configures_and_nothing_else():
    codes = administrators().permissions.values_list("codename", flat=True)
    assert {"change_queue", "view_channel"} <= set(codes)
    assert not [code for code in codes if code.endswith(("_ticket", "_message", "_annotation"))]


def test_a_bulk_deletion_is_recorded(superuser, queue):
    make_agent(queue)
    team = Team.objects.get()
    page = reverse("admin:tickets_team_changelist")
    data = {"action": "delete_selected", "_selected_action": [team.pk], "post": "yes"}
    superuser.client.post(page, data)
    assert Event.objects.filter(data__what="access", data__to=None).count() == 1
