"""Who may do what: the table of principals, how a scope is made, and the predicates.

`PRINCIPALS` is the table of record; `querysets.visible_to` is its rule in SQL, and the access
matrix takes its columns from it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from tickets.errors import NotAllowedNow
from tickets.models import Access, User
from tickets.scope import ANONYMOUS, SYSTEM, Principal, Scope
from tickets.states import Aside, Level

if TYPE_CHECKING:
    from tickets.models import Contact, Ticket

__all__ = [
    "ANONYMOUS",
    "PRINCIPALS",
    "SYSTEM",
    "Principal",
    "Scope",
    "scope_of",
    "scope_of_contact",
]

# What `visible_to` gives each principal. A person may stand in several rows.
PRINCIPALS: dict[Principal, str] = {
    Principal.ANONYMOUS: "nothing",
    Principal.LINK_HOLDER: "one ticket: its messages and public events",
    Principal.CONTACT: "tickets they asked for, and those they take part in since they joined",
    Principal.MEMBER: "the organisation's tickets, except confidential queues and private ones",
    Principal.MANAGER: "as a member; may also file and manage",
    Principal.COMMUNITY_HELPER: "nothing beyond their own until a queue admits helpers",
    Principal.STAFF_OWN: "in the queue, tickets assigned to them",
    Principal.STAFF_READ: "every ticket of the queue, with annotations and staff events",
    Principal.STAFF_WORK: "as read; may answer and change; held mail of the queue's channels",
    Principal.STAFF_LEAD: "as work; decides who is in, deletes for good, blocks whole domains",
    Principal.SECURITY_TEAM: "events meant for the security team, where they have the queue",
    Principal.ADMIN: "configuration, mail of no channel; no ticket without an access",
    Principal.SUPERUSER: "configuration; no ticket without an access, each grant recorded",
    Principal.TOKEN: "what its owner sees, narrowed by its scopes",
    Principal.SYSTEM: "everything: workers and commands, never a request",
}

_INCLUDES: dict[str, tuple[str, ...]] = {
    Level.OWN: ("own",),
    Level.READ: ("read",),
    Level.WORK: ("read", "work"),
    Level.LEAD: ("read", "work", "lead"),
}


def scope_of(user: User) -> Scope:
    """The scope of somebody signed in, staff or customer. Two queries."""
    if not user.is_active:
        return ANONYMOUS
    if not user.is_staff:
        return scope_of_contact(user.contact) if user.contact else ANONYMOUS
    queues: defaultdict[str, set[int]] = defaultdict(set)
    in_security_team = False
    for queue_id, level, is_security in _accesses(user):
        in_security_team |= is_security
        for right in _INCLUDES[level]:
            queues[right].add(queue_id)
    return Scope(
        user=user,
        contact=user.contact,
        own=frozenset(queues["own"] - queues["read"]),
        read=frozenset(queues["read"]),
        work=frozenset(queues["work"]),
        lead=frozenset(queues["lead"]),
        is_staff=True,
        in_security_team=in_security_team,
    )


def _accesses(user: User) -> list[tuple[int, str, bool]]:
    rows = Access.objects.filter(team__members=user)
    return list(rows.values_list("queue_id", "level", "team__is_security"))


def scope_of_contact(contact: Contact) -> Scope:
    """The scope of a customer, known by login or by a message of theirs. One query."""
    roles = list(contact.memberships.values_list("organisation_id", "role"))
    return Scope(
        user=getattr(contact, "user", None),
        contact=contact,
        member_of=frozenset(organisation for organisation, role in roles),
        manager_of=frozenset(organisation for organisation, role in roles if role == "manager"),
    )


def can_work(scope: Scope, ticket: Ticket) -> bool:
    """Whether staff may answer, annotate and change this ticket."""
    if scope.is_system or ticket.queue_id in scope.work:
        return True
    return bool(scope.user and ticket.queue_id in scope.own and ticket.assignee_id == scope.user.pk)


def can_be_assigned(user: User, ticket: Ticket) -> bool:
    """Whether a colleague could work on this ticket once it is theirs."""
    theirs = scope_of(user)
    return ticket.queue_id in theirs.work | theirs.own


def demand_work(scope: Scope, ticket: Ticket) -> None:
    """Let staff with the right pass.

    Raises PermissionDenied in words that name what is missing and who can grant it.
    """
    if can_work(scope, ticket):
        return
    if ticket.queue_id in scope.reachable:
        raise PermissionDenied(
            _("You can read %(queue)s but not work in it. Its leads: %(leads)s.")
            % {"queue": ticket.queue.name, "leads": leads_in_words(ticket.queue_id)}
        )
    raise PermissionDenied(_("There is no such ticket for you."))


def demand_on_desk(ticket: Ticket) -> None:
    """Let nothing be done to a ticket in the trash but bringing it back. Raises NotAllowedNow."""
    if ticket.purged_at:
        raise NotAllowedNow(_("This ticket was deleted for good."))
    if ticket.aside == Aside.SPAM:
        raise NotAllowedNow(_("This ticket is marked as spam. Say that it is none first."))
    if ticket.aside:
        raise NotAllowedNow(_("This ticket is in the trash. Restore it first."))


def leads_in_words(queue_id: int) -> str:
    """The names of those who lead a queue, for a sentence that says whom to ask."""
    leads = User.objects.filter(
        is_active=True,
        teams__accesses__queue=queue_id,
        teams__accesses__level=Level.LEAD,
    )
    names = sorted({str(user) for user in leads})
    return ", ".join(names) or _("nobody yet; ask an admin")
