"""Writing to a third party about a ticket, beside what the customer reads.

A forward begins a side conversation; its answers come back as theirs. Like a reply it waits out
its undo window as a frozen draft, and `reply.release` lets it go.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from tickets import clock, quoting, recipients
from tickets.actions import _seen, _window, drafts
from tickets.actions._lock import locked, locked_for
from tickets.actions._message import add_message
from tickets.actions.people import contact_of
from tickets.actions.trash import bring_back
from tickets.content import Content
from tickets.errors import Conflict, Incomplete
from tickets.events import EventKind, record
from tickets.models import Attachment, Contact, DraftKind, SideConversation, ThirdParty, Via
from tickets.permissions import demand_work
from tickets.states import Aside, Authority, IdentityKind, Turn

if TYPE_CHECKING:
    from datetime import datetime

    from tickets.models import Draft, Message, Ticket
    from tickets.scope import Scope

UNDO_WINDOW = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Forward:
    """What a form sends to somebody outside.

    `to` are written to at the address in `at`, by contact. `messages` (of what was said in
    public) are quoted, `files` of the ticket go along; never an annotation or what stands on one.
    `form` is what the form held. `turn` follows sending, else it is the third party's.
    """

    body: str
    last_seen_event: int | None
    to: Sequence[Contact]
    at: Mapping[int, str] = field(default_factory=dict)
    subject: str = ""
    messages: Sequence[int] = ()
    files: Sequence[int] = ()
    form: Mapping[str, Any] = field(default_factory=dict)
    key: uuid.UUID | None = None
    turn: Turn | None = None


@transaction.atomic
def submit(
    ticket: Ticket,
    forward: Forward,
    *,
    by: Scope,
    side: SideConversation | None = None,
    window: timedelta = UNDO_WINDOW,
) -> Draft:
    """Freeze a forward, or with `side` the next message of a side conversation.

    Raises Incomplete without a recipient, a subject or anything to say, for somebody who is on
    the ticket (they read the replies) or not in the side conversation, and Stale when others
    wrote in that conversation since `last_seen_event`.
    """
    ticket = locked_for(by, ticket)
    if forward.key and (done := drafts.of_key(forward.key, by=by)):
        return done
    to = _recipients(ticket, forward, side)
    messages, files = _quoted(ticket, forward), _files(ticket, forward)
    if not (forward.body.strip() or messages or files):
        raise Incomplete(_("Write what you want of them, or choose what goes along."), field="body")
    if side is None and not forward.subject.strip():
        raise Incomplete(_("Write a subject: they do not know the ticket."), field="subject")
    _seen.demand(ticket, forward.last_seen_event, by=by.user, side=side)
    frozen = {
        "subject": forward.subject.strip()[:500],
        "quoted": quoting.history(messages),
        "files": [file.pk for file in files],
    }
    fields = {
        "body": forward.body,
        "form": {**forward.form, "frozen": frozen},
        "to": to,
        "cc": [],
        "set_turn": forward.turn or "",
        "last_seen_event": forward.last_seen_event,
        "idempotency_key": forward.key,
    }
    return _window.freeze(ticket, DraftKind.FORWARD, by=by, window=window, fields=fields, side=side)


def _recipients(
    ticket: Ticket, forward: Forward, side: SideConversation | None
) -> list[dict[str, str]]:
    allowed = {party.contact_id for party in side.parties.all()} if side else None
    present = [*recipients.default_to(ticket), *recipients.default_cc(ticket)]
    for contact in forward.to:
        if allowed is None and contact in present:
            raise Incomplete(
                _("%(name)s is on this ticket and would read it as a third party. Reply instead.")
                % {"name": contact},
                field="also_to",
            )
        if allowed is not None and contact.pk not in allowed:
            raise Incomplete(
                _("%(name)s is not in this side conversation. Forward the ticket to them.")
                % {"name": contact},
                field="to",
            )
    found = recipients.frozen(forward.to, prefer=IdentityKind.EMAIL, at=forward.at)
    to = [person for person in found if person["kind"] == IdentityKind.EMAIL]
    if not to:
        raise Incomplete(_("Nobody stands in To. Write who gets it."), field="also_to")
    return to


def _quoted(ticket: Ticket, forward: Forward) -> list[Message]:
    found = ticket.messages.in_public().filter(pk__in=forward.messages).select_related("author")
    return list(found.order_by("occurred_at", "pk"))


def _files(ticket: Ticket, forward: Forward) -> list[Attachment]:
    """The chosen files of what was said in public."""
    said = ticket.messages.in_public().values("pk")
    return list(Attachment.objects.filter(message__in=said, pk__in=forward.files).order_by("pk"))


def reason_to_hold(draft: Draft, ticket: Ticket) -> str:
    """Why a forward whose window is over does not leave, as a code; empty when it does."""
    if _seen.newer(ticket, draft.last_seen_event, by=draft.author, side=draft.side):
        return "moved"
    return "" if _window.remaining(draft, draft.to) else "nobody_left"


def send(draft: Draft, ticket: Ticket, *, by: Scope) -> Message:
    """Write message and event of a frozen forward; called by `reply.release` with its locks."""
    written = draft.submitted_at or clock.now()
    to, frozen = _window.remaining(draft, draft.to), draft.form["frozen"]
    side = draft.side or _opened(ticket, frozen["subject"], to, at=written)
    message = add_message(
        ticket,
        side=side,
        author=contact_of(draft.author),
        by_staff=True,
        content=Content(body=draft.body, quoted=frozen["quoted"], to=recipients.plain(to)),
        via=Via.EMAIL,
        occurred_at=written,
    )
    message.enclosures.set(frozen["files"])
    _window.done(draft, message)
    if side.closed_at:
        _set_closed(side, None)
    record(
        EventKind.SIDE_SENT,
        by=by,
        ticket=ticket,
        message=message,
        data={"side": side.pk, "turn": _window.pass_turn(draft, ticket, Turn.THIRD_PARTY)},
        occurred_at=written,
    )
    return message


def _opened(
    ticket: Ticket, subject: str, to: Sequence[Mapping[str, str]], *, at: datetime
) -> SideConversation:
    side = SideConversation.objects.create(ticket=ticket, subject=subject, opened_at=at)
    ThirdParty.objects.bulk_create(
        ThirdParty(side=side, contact_id=int(person["contact"])) for person in to
    )
    return side


@transaction.atomic
def receive(
    side: SideConversation,
    *,
    by: Scope,
    author: Contact,
    content: Content,
    via: Via,
    authority: Authority = Authority.VERIFIED,
    occurred_at: datetime | None = None,
) -> Message:
    """Append what a third party answered: it is theirs, for staff alone, and our turn.

    The caller has decided that this author may speak here. Whom they copied does not join. An
    ended ticket stays ended: a customer did not ask again. What a program wrote is kept, and
    changes nothing.
    """
    ticket = locked(side.ticket)
    counts = not content.is_automatic
    if counts and ticket.aside == Aside.TRASH:
        bring_back(ticket, by=by, because="third_party_answered")
    written = occurred_at or clock.now()
    message = add_message(
        ticket,
        side=side,
        author=author,
        content=content,
        via=via,
        authority=authority,
        occurred_at=written,
    )
    turn_was = ticket.turn
    if counts and ticket.is_live:
        ticket.turn = Turn.US
        ticket.save(update_fields=["turn"])
    if counts and side.closed_at:
        _set_closed(side, None)
    record(
        EventKind.SIDE_RECEIVED if counts else EventKind.SIDE_FILED,
        by=by,
        ticket=ticket,
        message=message,
        data={"side": side.pk, "turn": [turn_was, ticket.turn]},
        occurred_at=written,
    )
    return message


@transaction.atomic
def close(side: SideConversation, *, by: Scope, seen: int | None = None) -> None:
    """Expect nothing more of them; if it was their turn, it is ours. An answer reopens it.

    Raises Conflict when they answered after the event `seen`.
    """
    ticket = locked_for(by, side.ticket)
    if seen is not None and _seen.newer(ticket, seen, by=by.user, side=side):
        raise Conflict(_("They answered meanwhile. Read that, then decide."))
    if side.closed_at:
        return
    _set_closed(side, clock.now())
    turn_was = ticket.turn
    waits = ticket.side_conversations.filter(closed_at=None).exists()
    if ticket.turn == Turn.THIRD_PARTY and not waits:
        ticket.turn = Turn.US
        ticket.save(update_fields=["turn"])
    _record(EventKind.SIDE_CLOSED, side, by=by, turn=[turn_was, ticket.turn])


@transaction.atomic
def reopen(side: SideConversation, *, by: Scope) -> None:
    """Go on with a closed side conversation."""
    demand_work(by, side.ticket)
    if side.closed_at:
        _set_closed(side, None)
        _record(EventKind.SIDE_REOPENED, side, by=by)


def _set_closed(side: SideConversation, at: datetime | None) -> None:
    side.closed_at = at
    side.save(update_fields=["closed_at"])


def _record(
    kind: EventKind, side: SideConversation, *, by: Scope, turn: list[str] | None = None
) -> None:
    data: dict[str, Any] = {"side": side.pk, "subject": side.subject}
    if turn:
        data["turn"] = turn
    record(kind, by=by, ticket=side.ticket, data=data)
