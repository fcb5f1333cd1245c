"""Saying something to colleagues on a ticket; it can never leave (S2.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from tickets import attachments, clock
from tickets.errors import Incomplete
from tickets.events import EventKind, record
from tickets.models import Annotation, Mention, Ticket, User
from tickets.permissions import demand_on_desk, demand_work, scope_of
from tickets.states import Audience

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickets.content import NewFile
    from tickets.scope import Scope

_MENTION = re.compile(r"(?<![\w@])@([\w.+-]{1,64})")


@transaction.atomic
def annotate(ticket: Ticket, body: str, *, by: Scope, files: Sequence[NewFile] = ()) -> Annotation:
    """Add an annotation; colleagues named as @handle are mentioned.

    Raises Incomplete without any text, NotAllowedNow for a ticket in the trash.
    """
    demand_work(by, ticket)
    demand_on_desk(ticket)
    if not body.strip() and not files:
        raise Incomplete(_("Write the annotation first: it is still empty."), field="body")
    return add_annotation(ticket, body, by=by, files=files)


def add_annotation(
    ticket: Ticket, body: str, *, by: Scope, files: Sequence[NewFile] = ()
) -> Annotation:
    """Write the annotation, its mentions and its event; for actions that have decided."""
    if by.user is None:
        raise PermissionDenied(_("Only staff can annotate."))
    annotation = Annotation.objects.create(
        ticket=ticket, author=by.user, body=body.replace("\x00", ""), occurred_at=clock.now()
    )
    for file in files:
        attachments.store(file, ticket=ticket, annotation=annotation)
    called = mentioned_in(body, ticket=ticket)
    Mention.objects.bulk_create(Mention(annotation=annotation, user=user) for user in called)
    record(
        EventKind.ANNOTATION_ADDED,
        by=by,
        ticket=ticket,
        audience=Audience.STAFF,
        annotation=annotation,
        data={"mentions": [user.pk for user in called]},
        occurred_at=annotation.occurred_at,
    )
    return annotation


def mentioned_in(body: str, *, ticket: Ticket) -> list[User]:
    """Colleagues named in the text who can see the ticket; a handle is the email's local part."""
    handles = {handle.lower().rstrip(".") for handle in _MENTION.findall(body)}
    if not handles:
        return []
    staff = User.objects.filter(is_active=True, is_staff=True)
    named = [user for user in staff if handle_of(user) in handles]
    this = Ticket.objects.filter(pk=ticket.pk)
    return [user for user in named if this.visible_to(scope_of(user)).exists()]


def handle_of(user: User) -> str:
    """What follows the @ when a colleague is mentioned."""
    return user.email.partition("@")[0].lower()
