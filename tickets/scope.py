"""What one principal may see and do, resolved once and carried along.

A `Scope` is plain data, so that a queryset, a predicate and a test can all read it. It is made by
`tickets.permissions` and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tickets.models import Contact, User


class Principal(StrEnum):
    """Everybody who can knock; `permissions.PRINCIPALS` says what each is given."""

    ANONYMOUS = "anonymous"
    LINK_HOLDER = "link holder"
    CONTACT = "contact"
    MEMBER = "member"
    MANAGER = "manager"
    COMMUNITY_HELPER = "community helper"
    STAFF_OWN = "staff own"
    STAFF_READ = "staff read"
    STAFF_WORK = "staff work"
    STAFF_LEAD = "staff lead"
    SECURITY_TEAM = "security team"
    ADMIN = "admin"
    SUPERUSER = "superuser"
    TOKEN = "token"  # noqa: S105 - the name of a principal
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One principal's reach: ids of queues by level, of organisations, and flags.

    `read` holds the queues of level read and above, `work` of work and above, `lead` of lead;
    `own` the queues where only tickets assigned to the user are theirs.
    """

    user: User | None = None
    contact: Contact | None = None
    own: frozenset[int] = field(default_factory=frozenset)
    read: frozenset[int] = field(default_factory=frozenset)
    work: frozenset[int] = field(default_factory=frozenset)
    lead: frozenset[int] = field(default_factory=frozenset)
    member_of: frozenset[int] = field(default_factory=frozenset)
    manager_of: frozenset[int] = field(default_factory=frozenset)
    link_ticket: int | None = None
    is_staff: bool = False
    in_security_team: bool = False
    is_system: bool = False

    @property
    def reachable(self) -> frozenset[int]:
        """Every queue in which at least something may be visible."""
        return self.own | self.read

    @property
    def principals(self) -> frozenset[Principal]:
        """The rows of the table of principals that this scope stands in."""
        held = {
            Principal.SYSTEM: self.is_system,
            Principal.LINK_HOLDER: self.link_ticket is not None,
            Principal.CONTACT: self.contact is not None and not self.is_staff,
            Principal.MEMBER: bool(self.member_of),
            Principal.MANAGER: bool(self.manager_of),
            Principal.STAFF_OWN: bool(self.own),
            Principal.STAFF_READ: bool(self.read),
            Principal.STAFF_WORK: bool(self.work),
            Principal.STAFF_LEAD: bool(self.lead),
            Principal.SECURITY_TEAM: self.in_security_team,
            Principal.SUPERUSER: bool(self.user and self.user.is_superuser),
        }
        found = frozenset(principal for principal, holds in held.items() if holds)
        return found or frozenset({Principal.ANONYMOUS})


ANONYMOUS = Scope()
SYSTEM = Scope(is_system=True)
