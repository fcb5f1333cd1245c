"""Changes of access: each is recorded, nobody changes their own, one admin always remains (C06).

The rights of all staff are compared before and after a page has saved, so no form, inline,
bulk action or cascade gets round the rule.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, cast

from django.contrib import admin, messages
from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from tickets.admin.administrators import active_admins
from tickets.errors import Refused
from tickets.events import EventKind, record
from tickets.models import Access, TeamMembership, User
from tickets.permissions import scope_of
from tickets.states import Audience

_LOCK = 0x61636365  # "acce": changes of access wait for each other


# What is held: which right and whose, by id; then the names as they were, and how much.
Key = tuple[str, tuple[tuple[str, int], ...]]
Rights = dict[Key, tuple[tuple[str, ...], Any]]


class GuardedAccessAdmin(admin.ModelAdmin):
    """An admin page on which access can change."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Add and change."""
        return _guarded(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Delete one."""
        return _guarded(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The list, with its bulk actions."""
        return _guarded(request, super().changelist_view, *args, **kwargs)


def _guarded(
    request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
) -> HttpResponse:
    if request.method != "POST":
        return view(request, *args, **kwargs)
    try:
        with transaction.atomic(), recorded(cast(User, request.user)):
            return view(request, *args, **kwargs)
    except Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(request.get_full_path())


@contextlib.contextmanager
def recorded(by: User) -> Iterator[None]:
    """Record every change of access made inside; must stand in a transaction.

    Raises Refused when somebody other than a superuser changed their own rights, or when no
    admin would be left.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    had_admins = active_admins().exists()
    own, before = _rights_of(by), _rights_of_all()
    yield
    _demand_an_admin(had_admins=had_admins)
    if not by.is_superuser and _rights_of(by) != own:
        raise Refused(_("You cannot change your own rights. Ask another admin to do it."))
    _record_differences(before, _rights_of_all(), by=by)


def _demand_an_admin(*, had_admins: bool) -> None:
    if had_admins and not active_admins().exists():
        raise Refused(
            _("This is the last admin. Make somebody else an admin first, then try again.")
        )


def _rights_of(user: User) -> object:
    """Everything that decides what one member of staff may do."""
    fresh = User.objects.get(pk=user.pk)
    scope = scope_of(fresh)
    queues = (scope.own, scope.read, scope.work, scope.lead, scope.in_security_team)
    return queues, _flags(fresh)


def _flags(user: User) -> tuple[str, ...]:
    flags = [name for name in ("is_active", "is_staff", "is_superuser") if getattr(user, name)]
    return (*flags, *sorted(group.name for group in user.groups.all()))


def _rights_of_all() -> Rights:
    rights: Rights = {}
    for held in Access.objects.select_related("team", "queue"):
        key = ("access", (("team", held.team_id), ("queue", held.queue_id)))
        rights[key] = (held.team.name, held.queue.name), held.level
    for member in TeamMembership.objects.select_related("team", "user"):
        key = ("membership", (("team", member.team_id), ("user", member.user_id)))
        rights[key] = (member.team.name, str(member.user)), True
    staff = User.objects.filter(Q(is_staff=True) | Q(is_superuser=True))
    for user in staff.prefetch_related("groups"):
        rights["account", (("user", user.pk),)] = (str(user),), _flags(user)
    return rights


def _record_differences(before: Rights, after: Rights, *, by: User) -> None:
    scope = scope_of(by)
    nothing: tuple[tuple[str, ...], Any] = ((), None)
    for key in sorted(before.keys() | after.keys()):
        (names, old), (new_names, new) = before.get(key, nothing), after.get(key, nothing)
        if old == new:
            continue
        what, ids = key
        data = {"what": what, **dict(ids), "names": names or new_names, "from": old, "to": new}
        record(EventKind.ACCESS_CHANGED, by=scope, audience=Audience.STAFF, data=data)
