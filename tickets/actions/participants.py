"""Who else is on a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from tickets import clock
from tickets.actions._lock import locked_for
from tickets.errors import Conflict, NotAllowedNow
from tickets.events import EventKind, record
from tickets.models import Participant
from tickets.states import Audience

if TYPE_CHECKING:
    from datetime import datetime

    from tickets.models import Contact, Ticket
    from tickets.scope import Scope


@transaction.atomic
def add(
    ticket: Ticket,
    contact: Contact,
    *,
    by: Scope,
    sees_all: bool = False,
    since: datetime | None = None,
) -> Participant:
    """Put somebody on the ticket, confirmed: replies reach them from now on.

    They see what comes after `since` (default: now), or everything (M02). Who was proposed or
    refused before is confirmed. Raises NotAllowedNow for the requester, who is on it anyhow.
    """
    ticket = locked_for(by, ticket)
    if contact.pk == ticket.requester_id:
        raise NotAllowedNow(
            _("%(name)s asked for this ticket and gets every reply already.") % {"name": contact}
        )
    now = since or clock.now()
    participant, made = Participant.objects.get_or_create(
        ticket=ticket,
        contact=contact,
        defaults={"added_at": now, "confirmed_at": now, "sees_all": sees_all},
    )
    if not made and participant.confirmed_at:
        if sees_all:
            _show(participant, everything=True, by=by)
        return participant
    if not made:
        return _confirm(participant, by=by, sees_all=sees_all)
    _record(EventKind.PARTICIPANT_ADDED, participant, by=by)
    return participant


@transaction.atomic
def propose(ticket: Ticket, contact: Contact, *, by: Scope) -> Participant | None:
    """Note somebody a mail named in its Cc; nothing is sent to them until staff confirm (M02).

    Whom staff refused once is not proposed again.
    """
    if contact.pk == ticket.requester_id:
        return None
    participant, made = Participant.objects.get_or_create(
        ticket=ticket, contact=contact, defaults={"added_at": clock.now()}
    )
    if made:
        _record(EventKind.PARTICIPANT_PROPOSED, participant, by=by)
    return participant


@transaction.atomic
def confirm(participant: Participant, *, by: Scope) -> Participant:
    """Let a proposed participant in; they see what comes from now on."""
    return _confirm(_locked(participant, by=by), by=by)


@transaction.atomic
def refuse(participant: Participant, *, by: Scope) -> None:
    """Keep a proposed participant out, also when later mails name them again.

    Raises NotAllowedNow for one who is in: they are removed. `add` lets them in after all.
    """
    participant = _locked(participant, by=by)
    if participant.confirmed_at:
        raise NotAllowedNow(
            _("%(name)s was confirmed meanwhile. Remove them if they should not be here.")
            % {"name": participant.contact}
        )
    if participant.refused_at is None:
        participant.refused_at = clock.now()
        participant.save(update_fields=["refused_at"])
        _record(EventKind.PARTICIPANT_REFUSED, participant, by=by)


@transaction.atomic
def show(participant: Participant, *, everything: bool, by: Scope) -> None:
    """Let a confirmed participant see what was said in public before they came, or no longer."""
    _show(_locked(participant, by=by), everything=everything, by=by)


def _show(participant: Participant, *, everything: bool, by: Scope) -> None:
    if participant.sees_all == everything:
        return
    participant.sees_all = everything
    participant.save(update_fields=["sees_all"])
    shown = (
        EventKind.PARTICIPANT_HISTORY_SHARED
        if everything
        else EventKind.PARTICIPANT_HISTORY_UNSHARED
    )
    _record(shown, participant, by=by)


@transaction.atomic
def remove(participant: Participant, *, by: Scope) -> None:
    """Take somebody off the ticket: nothing more is sent to them, they no longer see it."""
    participant = _locked(participant, by=by)
    participant.delete()
    _record(EventKind.PARTICIPANT_REMOVED, participant, by=by)


def _locked(participant: Participant, *, by: Scope) -> Participant:
    """The row as it is now, its ticket locked. Raises PermissionDenied, or Conflict if gone."""
    ticket = locked_for(by, participant.ticket)
    found = ticket.participants.select_related("contact").filter(pk=participant.pk).first()
    if found is None:
        raise Conflict(
            _("%(name)s was taken off the ticket meanwhile.") % {"name": participant.contact}
        )
    return found


def _confirm(participant: Participant, *, by: Scope, sees_all: bool = False) -> Participant:
    if participant.confirmed_at:
        return participant
    participant.confirmed_at = participant.added_at = clock.now()
    participant.refused_at, participant.sees_all = None, sees_all
    participant.save(update_fields=["confirmed_at", "refused_at", "added_at", "sees_all"])
    _record(EventKind.PARTICIPANT_CONFIRMED, participant, by=by)
    return participant


# What the customer's side may read: who is on the ticket. What staff think of it is theirs.
_PUBLIC = {
    EventKind.PARTICIPANT_ADDED,
    EventKind.PARTICIPANT_CONFIRMED,
    EventKind.PARTICIPANT_REMOVED,
}


def _record(kind: EventKind, participant: Participant, *, by: Scope) -> None:
    data = {"contact": participant.contact_id, "name": str(participant.contact)}
    if participant.sees_all and kind in _PUBLIC - {EventKind.PARTICIPANT_REMOVED}:
        data["sees_all"] = True
    record(
        kind,
        by=by,
        ticket=participant.ticket,
        audience=Audience.PUBLIC if kind in _PUBLIC else Audience.STAFF,
        data=data,
    )
