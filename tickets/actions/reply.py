"""Answering the customer: draft, undo window, release.

Within the undo window a reply is only its frozen draft; no message, event or delivery exists.
`release` checks everything once more and then writes all three in one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from tickets import clock, recipients
from tickets.actions import _seen, _window, drafts, forward, participants
from tickets.actions._lock import locked, locked_for
from tickets.actions._message import add_message
from tickets.actions.people import contact_of
from tickets.actions.triage import change_status
from tickets.content import Content, Recipient
from tickets.errors import Incomplete, TooLate
from tickets.events import EventKind, record
from tickets.models import Contact, Draft, DraftKind, DraftState, Message, Ticket, Via
from tickets.permissions import can_work, demand_work, scope_of
from tickets.scope import SYSTEM
from tickets.states import STATUSES, Audience, Status, Turn, may_follow

if TYPE_CHECKING:
    from tickets.scope import Scope

UNDO_WINDOW = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a form sends: text, chosen recipients, and what its author had seen.

    Without `to` (None) it goes to the requester, without `cc` to the confirmed participants.
    Others are written to at the address in `at`, by contact; of them those in `joining` are put
    on the ticket by it, the rest get this one reply. `form` is what the form held of all that.
    `key` is the form's own: posted twice, it is one reply. `turn` and `status` follow sending.
    """

    body: str
    last_seen_event: int | None
    to: Sequence[Contact] | None = None
    cc: Sequence[Contact] | None = None
    at: Mapping[int, str] = field(default_factory=dict)
    joining: frozenset[int] = frozenset()
    form: Mapping[str, Any] = field(default_factory=dict)
    key: uuid.UUID | None = None
    status: Status | None = None
    turn: Turn | None = None


@transaction.atomic
def submit(ticket: Ticket, reply: Reply, *, by: Scope, window: timedelta = UNDO_WINDOW) -> Draft:
    """Freeze a reply and start its undo window; a later `release` sends it.

    Raises Incomplete without text or reachable recipient, Stale when somebody else wrote since
    `last_seen_event` (what came in is on the exception). The text is kept as a draft whenever
    this refuses: call `drafts.save` first.
    """
    ticket = locked_for(by, ticket)
    if reply.key and (done := drafts.of_key(reply.key, by=by)):
        return done
    _demand_text(reply)
    to, cc = _recipients(ticket, reply)
    _seen.demand(ticket, reply.last_seen_event, by=by.user)
    fields = {
        "body": reply.body,
        "form": dict(reply.form),
        "to": to,
        "cc": cc,
        "set_status": reply.status or "",
        "set_turn": reply.turn or "",
        "last_seen_event": reply.last_seen_event,
        "idempotency_key": reply.key,
    }
    return _window.freeze(ticket, DraftKind.REPLY, by=by, window=window, fields=fields)


def _demand_text(reply: Reply) -> None:
    if not reply.body.strip():
        raise Incomplete(_("Write the reply first: it is still empty."), field="body")


def _recipients(ticket: Ticket, reply: Reply) -> tuple[list[Recipient], list[Recipient]]:
    chosen = recipients.default_to(ticket) if reply.to is None else reply.to
    copies = recipients.default_cc(ticket) if reply.cc is None else reply.cc
    _demand_on_ticket(ticket, [*chosen, *copies], reply)
    if not chosen:
        raise Incomplete(_("Nobody stands in To. Choose who gets it."), field="to")
    to = _frozen(ticket, chosen, reply)
    if not to:
        raise Incomplete(
            _("Nobody can be reached: no recipient has an address. Choose another one."),
            field="to",
        )
    return to, _frozen(ticket, [person for person in copies if person not in chosen], reply)


def _demand_on_ticket(ticket: Ticket, chosen: Sequence[Contact], reply: Reply) -> None:
    """Nobody gets a reply because they once were on the ticket (C05)."""
    present = [*recipients.default_to(ticket), *recipients.default_cc(ticket)]
    for contact in chosen:
        if contact not in present and contact.pk not in reply.at:
            raise Incomplete(
                _("%(name)s is no longer on the ticket. Look at who gets it, then send.")
                % {"name": contact},
                field="to",
            )


def _frozen(ticket: Ticket, chosen: Sequence[Contact], reply: Reply) -> list[Recipient]:
    people = recipients.frozen(chosen, prefer=ticket.origin_kind, at=reply.at)
    joining = {str(pk) for pk in reply.joining}
    return [
        {**person, "joins": "yes"} if person["contact"] in joining else person for person in people
    ]


def newest_seen(ticket: Ticket) -> int:
    """The id a form remembers as `last_seen_event`: the newest public message's event."""
    return _seen.newest(ticket)


@transaction.atomic
def undo(draft: Draft, *, by: Scope) -> Draft:
    """Bring one's own reply back from its undo window, exactly as it was typed.

    Raises TooLate when it has left. A newer draft begun meanwhile is put below the old text.
    """
    demand_work(by, draft.ticket)
    if draft.author != by.user:
        raise PermissionDenied(_("Only who wrote a reply can take it back."))
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    if draft.state == DraftState.SENT:
        raise TooLate(_("It has left already. Write again to correct it."))
    if draft.state == DraftState.SENDING:
        _window.give_back(draft)
    return draft


@transaction.atomic
def release(draft_id: int) -> Message | None:
    """Send a reply whose undo window is over: message, event and deliveries at once.

    Called by a worker, safe to call twice. Gives None when there is nothing to send: undone,
    sent already, still within its window, or held because something changed since.
    """
    draft = (
        Draft.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("author", "ticket", "side")
        .filter(pk=draft_id, state=DraftState.SENDING, release_at__lte=clock.now())
        .first()
    )
    if draft is None:
        return None
    ticket = locked(draft.ticket)
    by = scope_of(draft.author)
    if held := _reason_to_hold(draft, ticket, by=by):
        _hold(draft, ticket, held)
        return None
    send = forward.send if draft.kind == DraftKind.FORWARD else _send
    return send(draft, ticket, by=by)


def _reason_to_hold(draft: Draft, ticket: Ticket, *, by: Scope) -> str:
    if not can_work(by, ticket):
        return "no_access"
    if ticket.aside:
        return "aside"
    if draft.kind == DraftKind.FORWARD:
        return forward.reason_to_hold(draft, ticket)
    if _seen.newer(ticket, draft.last_seen_event, by=draft.author):
        return "moved"
    return "" if _window.remaining(draft, draft.to) else "nobody_left"


def _hold(draft: Draft, ticket: Ticket, held: str) -> None:
    _window.give_back(draft, held_because=held)
    record(
        EventKind.REPLY_HELD,
        by=SYSTEM,
        ticket=ticket,
        data={"author": draft.author_id, "because": held},
    )


def _send(draft: Draft, ticket: Ticket, *, by: Scope) -> Message:
    written = draft.submitted_at or clock.now()
    to, cc = (_window.remaining(draft, chosen) for chosen in (draft.to, draft.cc))
    _let_in([*to, *cc], ticket, by=by, since=written)
    message = add_message(
        ticket,
        author=contact_of(draft.author),
        by_staff=True,
        content=Content(body=draft.body, to=recipients.plain(to), cc=recipients.plain(cc)),
        via=Via(ticket.origin_kind) if ticket.origin_kind in Via.values else Via.WEB,
        occurred_at=written,
    )
    _window.done(draft, message)
    record(
        EventKind.MESSAGE_SENT,
        by=by,
        ticket=ticket,
        audience=Audience.PUBLIC,
        message=message,
        data={"turn": _window.pass_turn(draft, ticket, Turn.CUSTOMER)},
        occurred_at=written,
    )
    _follow_up(draft, ticket, by=by)
    return message


def _let_in(chosen: list[Recipient], ticket: Ticket, *, by: Scope, since: datetime) -> None:
    """Put on the ticket whom the reply brings along; it is the first they see of it."""
    joining = [person["contact"] for person in chosen if "joins" in person]
    for contact in Contact.objects.filter(pk__in=joining).exclude(pk=ticket.requester_id):
        participants.add(ticket, contact, by=by, since=since)


def _follow_up(draft: Draft, ticket: Ticket, *, by: Scope) -> None:
    """Set the status the author chose; one that no longer may follow is left alone."""
    if not draft.set_status or not may_follow(ticket.status, draft.set_status):
        return
    status = Status(draft.set_status)
    if not STATUSES[status].needs_reason:
        change_status(ticket, status, by=by)
