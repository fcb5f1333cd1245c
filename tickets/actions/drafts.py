"""What somebody is writing: its text, its files, and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from tickets import attachments
from tickets.errors import Incomplete
from tickets.models import Draft, DraftKind, DraftState
from tickets.permissions import demand_work

if TYPE_CHECKING:
    import uuid

    from django.db.models import QuerySet

    from tickets.content import NewFile
    from tickets.models import SideConversation, Ticket, User
    from tickets.scope import Scope

_LOCK = 0x64726166  # "draf": the forms of one writer wait for each other


def in_turn(*, by: Scope) -> None:
    """Let the forms of one writer wait for each other, until the transaction ends.

    A form pressed twice is looked up and kept once the first press is through: it finds it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, _author(by).pk])


@transaction.atomic
def save(
    ticket: Ticket,
    kind: DraftKind,
    body: str,
    *,
    by: Scope,
    form: Mapping[str, Any] | None = None,
    side: SideConversation | None = None,
) -> Draft | None:
    """Keep what is being typed, with what else the form holds (None: leave that as it is).

    An emptied text gives None and leaves at most the files.
    """
    demand_work(by, ticket)
    in_turn(by=by)
    mine = _mine(ticket, kind, by=by, side=side)
    if not body.strip():
        mine.filter(attachments=None).delete()
        mine.update(body="")
        return None
    kept = {"body": body} if form is None else {"body": body, "form": dict(form)}
    draft, _made = mine.update_or_create(
        defaults=kept, create_defaults={**_new(ticket, kind, by=by, side=side), **kept}
    )
    return draft


@transaction.atomic
def add_files(
    ticket: Ticket,
    files: Sequence[NewFile],
    *,
    by: Scope,
    kind: DraftKind = DraftKind.REPLY,
    side: SideConversation | None = None,
) -> Draft:
    """Put files beside what one writes, also before there is any text.

    Raises Incomplete when all together are more than a mail may carry, OSError when the storage is
    full or away; no file is kept then.
    """
    demand_work(by, ticket)
    mine = _mine(ticket, kind, by=by, side=side)
    _demand_room(mine, files)
    draft, _made = mine.get_or_create(defaults=_new(ticket, kind, by=by, side=side))
    for file in files:
        attachments.store(file, ticket=ticket, draft=draft)
    return draft


def _demand_room(drafts: QuerySet[Draft], files: Sequence[NewFile]) -> None:
    there = drafts.aggregate(size=Sum("attachments__size"))["size"] or 0
    size = there + sum(len(file.data) for file in files)
    if size > attachments.MOST_TOGETHER:
        raise Incomplete(
            _(
                "With the files that are there already they are %(size)s together, and %(limit)s "
                "is the most. Take one away, or send a link."
            )
            % {
                "size": filesizeformat(size),
                "limit": filesizeformat(attachments.MOST_TOGETHER),
            },
            field="files",
        )


@transaction.atomic
def remove_file(
    ticket: Ticket,
    attachment_id: int,
    *,
    by: Scope,
    kind: DraftKind = DraftKind.REPLY,
    side: SideConversation | None = None,
) -> None:
    """Take a file off one's own draft; anybody else's, or a sent one, is left alone."""
    demand_work(by, ticket)
    # Locked, so that no file is dropped from a reply that is leaving at this moment.
    if draft := _mine(ticket, kind, by=by, side=side).select_for_update().first():
        attachments.drop(draft.attachments.filter(pk=attachment_id))


@transaction.atomic
def discard(
    ticket: Ticket, kind: DraftKind, *, by: Scope, side: SideConversation | None = None
) -> None:
    """Throw one's draft away with its files."""
    demand_work(by, ticket)
    if draft := _mine(ticket, kind, by=by, side=side).select_for_update().first():
        attachments.drop(draft.attachments.all())
        draft.delete()


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


def _new(
    ticket: Ticket, kind: DraftKind, *, by: Scope, side: SideConversation | None = None
) -> dict[str, object]:
    return {"ticket": ticket, "kind": kind, "author": _author(by), "side": side}


def _mine(
    ticket: Ticket, kind: DraftKind, *, by: Scope, side: SideConversation | None = None
) -> QuerySet[Draft]:
    return Draft.objects.filter(
        ticket=ticket, kind=kind, author=by.user, side=side, state=DraftState.DRAFT
    )
