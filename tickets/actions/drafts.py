"""What lies beside the text of a draft: its files, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from tickets import attachments
from tickets.models import Draft, DraftKind, DraftState
from tickets.permissions import demand_work

if TYPE_CHECKING:
    import uuid

    from django.db.models import QuerySet

    from tickets.content import NewFile
    from tickets.models import Ticket, User
    from tickets.scope import Scope


@transaction.atomic
def add_files(ticket: Ticket, files: Sequence[NewFile], *, by: Scope) -> Draft:
    """Put files beside one's reply, also before there is any text.

    Raises OSError when the storage is full or away; no file is kept then.
    """
    demand_work(by, ticket)
    draft, _made = _mine(ticket, DraftKind.REPLY, by=by).get_or_create(
        defaults={"ticket": ticket, "kind": DraftKind.REPLY, "author": _author(by)}
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


def of_key(key: uuid.UUID, *, by: Scope) -> Draft | None:
    """What came of a form of one's own that was taken already, known by its key."""
    mine = Draft.objects.filter(author=by.user, idempotency_key=key)
    return mine.exclude(state=DraftState.DRAFT).first()


@transaction.atomic
def finish(ticket: Ticket, kind: DraftKind, key: uuid.UUID, *, by: Scope) -> None:
    """Remember that a form was taken, so that posted twice it counts once.

    Raises IntegrityError when another request was quicker: its work is the one that stands.
    """
    _mine(ticket, kind, by=by).delete()
    Draft.objects.create(
        ticket=ticket, kind=kind, author=_author(by), state=DraftState.SENT, idempotency_key=key
    )


def _author(by: Scope) -> User:
    if by.user is None:
        raise PermissionDenied(_("Only staff keep drafts."))
    return by.user


def _mine(ticket: Ticket, kind: DraftKind, *, by: Scope) -> QuerySet[Draft]:
    return Draft.objects.filter(ticket=ticket, kind=kind, author=by.user, state=DraftState.DRAFT)
