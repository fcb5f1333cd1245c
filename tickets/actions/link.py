"""Saying how two tickets relate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from tickets import clock
from tickets.errors import NotAllowedNow
from tickets.events import EventKind, record
from tickets.models import LinkKind, TicketLink
from tickets.permissions import demand_on_desk, demand_work

if TYPE_CHECKING:
    from tickets.models import Ticket
    from tickets.scope import Scope


@transaction.atomic
def link(source: Ticket, target: Ticket, kind: LinkKind, *, by: Scope) -> TicketLink:
    """Relate two tickets: "source is a follow-up of target". Linked twice is linked once.

    The caller has fetched both through `visible_to`. Raises NotAllowedNow for a ticket and itself.
    """
    demand_work(by, source)
    demand_on_desk(source)
    if source.pk == target.pk:
        raise NotAllowedNow(_("A ticket cannot be linked to itself. Give another number."))
    made, is_new = TicketLink.objects.get_or_create(
        source=source, target=target, kind=kind, defaults={"created_at": clock.now()}
    )
    if is_new:
        data = {"source": source.pk, "target": target.pk, "kind": kind}
        record(EventKind.TICKET_LINKED, by=by, ticket=source, data=data)
        record(EventKind.TICKET_LINKED, by=by, ticket=target, data=data)
    return made


@transaction.atomic
def unlink(link: TicketLink, *, by: Scope) -> None:
    """Take a relation back."""
    demand_work(by, link.source)
    source, target = link.source, link.target
    data = {"source": source.pk, "target": target.pk, "kind": link.kind}
    link.delete()
    record(EventKind.TICKET_UNLINKED, by=by, ticket=source, data=data)
    record(EventKind.TICKET_UNLINKED, by=by, ticket=target, data=data)
