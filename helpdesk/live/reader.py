"""What the live process reads from PostgreSQL: who listens, and what happened. All synchronous.

Each function opens a connection, reads, and gives it back: an open stream holds none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http.cookies import SimpleCookie
from importlib import import_module
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections, connection, connections
from django.http import HttpRequest

from helpdesk.accounts import has_second_factor
from tickets.models import User
from tickets.permissions import scope_of
from tickets.states import Audience

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.sessions.backends.base import SessionBase

    from tickets.scope import Scope

P = ParamSpec("P")
T = TypeVar("T")

READ_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a follower stands in the events: transactions settle in the order of their ids."""

    txid: int = 0
    event: int = 0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The place a browser was last told (`Last-Event-ID`); None for nonsense."""
        txid, _, event = text.partition("-")
        if not (txid.isdecimal() and event.isdecimal() and len(text) < 40):  # noqa: PLR2004
            return None
        return cls(txid=min(int(txid), 2**63), event=min(int(event), 2**62))

    def __str__(self) -> str:
        return f"{self.txid}-{self.event}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something happened: what a browser is told, and what decides who is told.

    Without a ticket it concerns everybody's rights.
    """

    place: Place
    ticket: int | None
    version: int | None
    queue: int | None
    assignee: int | None
    audience: str
    by: int | None


def _returning_connections(read: Callable[P, T]) -> Callable[P, T]:
    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        close_old_connections()
        try:
            return read(*args, **kwargs)
        finally:
            connections.close_all()

    return reading


@_returning_connections
def listener(cookies: str) -> Scope | None:
    """The scope of the member of staff whose session this cookie names, or None."""
    user = _user(cookies)
    if user is None or not user.is_staff:
        return None
    if settings.STAFF_MFA_REQUIRED and not has_second_factor(user):
        return None
    return scope_of(user)


def _user(cookies: str) -> User | None:
    """As the session and authentication middleware do, with the same checks."""
    morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    if morsel is None:
        return None
    request = HttpRequest()
    request.session = _session(morsel.value)
    user = get_user(request)
    return user if isinstance(user, User) else None


def _session(key: str) -> SessionBase:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    session: SessionBase = store(key)
    return session


# Events get their numbers before their transactions settle; so far back one may still appear.
_SLACK = 1000
_CHANGES = """
SELECT e.txid::text, e.id, e.ticket_id, t.version, t.queue_id, t.assignee_id, e.audience, e.user_id
FROM tickets_event e LEFT JOIN tickets_ticket t ON t.number = e.ticket_id
"""
_NAMED = f"{_CHANGES} WHERE e.id = ANY(%(events)s) ORDER BY e.id"
_SINCE = f"""{_CHANGES}
WHERE e.id > %(event)s - %(slack)s
  AND (e.txid > %(txid)s::xid8 OR (e.txid = %(txid)s::xid8 AND e.id > %(event)s))
  AND e.txid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY e.txid, e.id
LIMIT %(limit)s
"""
_NEWEST = """
SELECT txid::text, id FROM (
    SELECT txid, id FROM tickets_event ORDER BY id DESC LIMIT %(slack)s
) AS latest
WHERE txid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY txid DESC, id DESC LIMIT 1
"""


@_returning_connections
def changes_since(place: Place) -> list[Change]:
    """What happened after a place, oldest first, as far as it is settled.

    A plain `id > last` loses rows of transactions that commit late; so only transactions older
    than every one still under way are read, in their own order (decisions, Models and keys).
    """
    values: dict[str, str | int] = {
        "txid": str(place.txid),
        "event": place.event,
        "slack": _SLACK,
        "limit": READ_AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, values)
        return [_change(row) for row in cursor.fetchall()]


@_returning_connections
def changes_named(events: list[int]) -> list[Change]:
    """The events with these numbers, just committed: told at once, whoever else is under way."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, {"events": events})
        return [_change(row) for row in cursor.fetchall()]


@_returning_connections
def newest() -> Place:
    """The place after everything settled."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"slack": _SLACK})
        row = cursor.fetchone()
    return Place(txid=int(row[0]), event=row[1]) if row else Place()


def _change(row: Sequence[Any]) -> Change:
    txid, event, ticket, version, queue, assignee, audience, by = row
    return Change(
        place=Place(txid=int(txid), event=event),
        ticket=ticket,
        version=version,
        queue=queue,
        assignee=assignee,
        audience=audience,
        by=by,
    )


def may_hear(scope: Scope, change: Change) -> bool:
    """Whether this listener sees the ticket, and events of this audience (C04)."""
    if change.queue is None:
        return False
    if change.audience == Audience.SECURITY and not scope.in_security_team:
        return False
    if change.queue in scope.read:
        return True
    mine = scope.user is not None and change.assignee == scope.user.pk
    return mine and change.queue in scope.own
