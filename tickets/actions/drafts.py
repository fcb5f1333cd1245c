"""What lies beside the text of a draft: its files, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from tickets import attachments
from tickets.models import Draft, DraftKind, DraftState
from tickets.permissions import demand_work

if TYPE_CHECKING:
    import uuid

    from django.db.models import QuerySet

    from tickets.content import NewFile
    from tickets.models import Ticket
    from tickets.scope import Scope


@transaction.atomic
def add_files(ticket: Ticket, files: Sequence[NewFile], *, by: Scope) -> Draft:
    """Put files beside one's reply, also before there is any text.

    Raises OSError when the storage is full or away; no file is kept then.
    """
    demand_work(by, ticket)
    draft, _made = _mine(ticket, DraftKind.REPLY, by=by).get_or_create(
        defaults={"ticket": ticket, "kind": DraftKind.REPLY, "author": by.user}
    )
    for file in files:
        attachments.store(file, ticket=ticket, draft=draft)
    return draft


@transaction.atomic
def remove_file(ticket: Ticket, attachment_id: int, *, by: Scope) -> None:
    """Take a file off one's own draft; anybody else's, or a sent one, is left alone."""
    demand_work(by, ticket)
    drafts = _mine(ticket, DraftKind.REPLY, by=by).values("pk")
    ticket.attachments.filter(pk=attachment_id, draft__in=drafts).update(draft=None)


@transaction.atomic
def discard(ticket: Ticket, kind: DraftKind, *, by: Scope) -> None:
    """Throw one's draft away with its files."""
    demand_work(by, ticket)
    _mine(ticket, kind, by=by).delete()


def is_done(key: uuid.UUID) -> bool:
    """Whether the form with this key was taken already."""
    return Draft.objects.filter(idempotency_key=key).exclude(state=DraftState.DRAFT).exists()


@transaction.atomic
def finish(ticket: Ticket, kind: DraftKind, key: uuid.UUID, *, by: Scope) -> None:
    """Remember that a form was taken, so that posted twice it counts once.

    Raises IntegrityError when another request was quicker: its work is the one that stands.
    """
    _mine(ticket, kind, by=by).delete()
    Draft.objects.create(
        ticket=ticket, kind=kind, author=by.user, state=DraftState.SENT, idempotency_key=key
    )


def _mine(ticket: Ticket, kind: DraftKind, *, by: Scope) -> QuerySet[Draft]:
    return Draft.objects.filter(ticket=ticket, kind=kind, author=by.user, state=DraftState.DRAFT)
