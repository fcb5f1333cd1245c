"""What staff do with mail that became no ticket, and with mail that did not leave.

Each of these is decided under the lock of the row, so that of two people the quicker one decides
and the other is told; pressed twice it has the effect of once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import accepting, glance, inbound, originals, outbound
from integrations.base import Inbound, Machine
from integrations.email import addresses
from integrations.models import Delivery, DeliveryState, InboundState, RawInbound
from tickets import clock
from tickets.content import Content, NewFile
from tickets.crypto import CannotUnseal
from tickets.errors import NotAllowedNow
from tickets.events import EventKind, record
from tickets.models import BodyFormat
from tickets.permissions import demand_on_desk, demand_work
from tickets.states import Aside

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tickets.models import Ticket
    from tickets.scope import Scope

log = structlog.get_logger(__name__)

# What was put aside so long ago is destroyed.
KEPT_ASIDE = timedelta(days=30)
_BATCH = 200
# From these states staff can still make something of an original.
OPEN = {InboundState.HELD, InboundState.DEAD, InboundState.SUPPRESSED}


def release(raw: RawInbound, *, by: Scope, ticket: Ticket | None = None) -> Ticket:
    """Make the message staff want of an original, on a new ticket or on `ticket`.

    What cannot be read becomes a file on it, as it came. Gives the ticket it is on. Raises
    PermissionDenied, or NotAllowedNow when somebody was quicker or its bytes are gone.
    """
    _demand(raw, by=by)
    if ticket:
        demand_work(by, ticket)
        demand_on_desk(ticket)
    _demand_bytes(raw)
    understood = readable(raw) or _as_a_file(raw)
    with transaction.atomic():
        row = _open(raw, by=by)
        if row.channel is None:
            raise NotAllowedNow(
                _("It came by a channel that is no longer set up. Download the original instead.")
            )
        verdict = accepting.place(row, understood, channel=row.channel, ticket=ticket)
        if verdict.ticket is None:
            raise NotAllowedNow(_("No ticket came of it. Download the original instead."))
        was = row.reason
        row.state, row.reason, row.error = verdict.state, verdict.reason, ""
        row.ticket, row.message, row.finished_at = verdict.ticket, verdict.message, clock.now()
        row.aside, row.aside_at = "", None
        row.save()
        data = {"original": row.pk, "reason": was, "onto": ticket.pk if ticket else None}
        record(EventKind.ORIGINAL_RELEASED, by=by, ticket=verdict.ticket, data=data)
    return verdict.ticket


@transaction.atomic
def set_aside(raw: RawInbound, aside: Aside, *, by: Scope) -> RawInbound:
    """Discard an original, or call it spam; it can be restored until it is destroyed."""
    row = _locked(raw, by=by)
    if row.aside == aside:
        return row
    row = _open(row, by=by)
    row.aside, row.aside_at = aside, clock.now()
    row.save(update_fields=["aside", "aside_at"])
    record(EventKind.ORIGINAL_DISCARDED, by=by, data={"original": row.pk, "as": aside})
    return row


@transaction.atomic
def restore(raw: RawInbound, *, by: Scope) -> RawInbound:
    """Bring an original back to where it waited. Raises NotAllowedNow when it was destroyed."""
    row = _locked(raw, by=by)
    if not row.aside:
        return row
    _demand_bytes(row)
    was, row.aside, row.aside_at = row.aside, "", None
    row.save(update_fields=["aside", "aside_at"])
    record(EventKind.ORIGINAL_RESTORED, by=by, data={"original": row.pk, "from": was})
    return row


@transaction.atomic
def parse_again(raw: RawInbound, *, by: Scope) -> RawInbound:
    """Have an original read and judged anew by a worker, as if it had just come."""
    row = _locked(raw, by=by)
    if row.state == InboundState.NEW:
        return row
    row = _open(row, by=by)
    data = {"original": row.pk, "reason": row.reason}
    row.state, row.reason, row.error, row.attempts = InboundState.NEW, "", "", 0
    row.aside, row.aside_at = "", None
    row.next_attempt_at, row.finished_at = clock.now(), None
    row.save()
    record(EventKind.ORIGINAL_REQUEUED, by=by, data=data)
    return row


def download(raw: RawInbound, *, by: Scope) -> bytes:
    """The bytes as received, for somebody who may see them; recorded.

    Raises PermissionDenied, or NotAllowedNow with why they cannot be had.
    """
    _demand(raw, by=by)
    _demand_bytes(raw)
    try:
        data = originals.read(raw)
    except (OSError, CannotUnseal, originals.Damaged) as error:
        raise NotAllowedNow(
            _("The stored bytes cannot be read: %(error)s. Tell an admin.") % {"error": error}
        ) from error
    record(EventKind.ORIGINAL_DOWNLOADED, by=by, ticket=raw.ticket, data={"original": raw.pk})
    return data


def retry(delivery: Delivery, *, by: Scope) -> Delivery:
    """Send once more what was not delivered. Raises as `outbound.resend`."""
    _demand_delivery(delivery, by=by)
    return outbound.resend(delivery, by=by)


@transaction.atomic
def dismiss(delivery: Delivery, *, by: Scope) -> Delivery:
    """Take a failed delivery off the list; on its ticket it stays, as not delivered."""
    _demand_delivery(delivery, by=by)
    row = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    if row.state != DeliveryState.FAILED:
        raise NotAllowedNow(_("Somebody has sent it again meanwhile."))
    if row.dismissed_at is None:
        row.dismissed_at = clock.now()
        row.save(update_fields=["dismissed_at"])
        data = {"delivery": row.pk, "address": row.address}
        record(EventKind.DELIVERY_DISMISSED, by=by, ticket=row.ticket, data=data)
    return row


def readable(raw: RawInbound) -> Inbound | None:
    """What an original says, for a page; None when it cannot be read.

    What ended its readers again and again is not read by a page.
    """
    if raw.state == InboundState.DEAD:
        return None
    try:
        return inbound.understood(raw)
    # A page about broken mail must open whatever the mail does to our code.
    except Exception:
        log.exception("original_not_readable", raw=raw.pk)
        return None


def destroy_old() -> int:
    """Destroy what was put aside a month ago: the key, the bytes and what was read off them.

    The row stays with the sha256 and its reason. Gives how many; safe to run twice at once.
    """
    old = RawInbound.objects.put_aside().filter(aside_at__lte=clock.now() - KEPT_ASIDE)
    destroyed = 0
    for pk in old.values_list("pk", flat=True)[:_BATCH]:
        with transaction.atomic():
            if raw := old.select_for_update(skip_locked=True).filter(pk=pk).first():
                originals.destroy(raw)
                destroyed += 1
    return destroyed


def _locked(raw: RawInbound, *, by: Scope) -> RawInbound:
    _demand(raw, by=by)
    rows = RawInbound.objects.select_for_update(of=("self",))
    return rows.select_related("channel__queue", "ticket__queue").get(pk=raw.pk)


def _open(raw: RawInbound, *, by: Scope) -> RawInbound:
    """The original's row, locked, if something can still be made of it."""
    row = _locked(raw, by=by)
    if row.state == InboundState.NEW:
        raise NotAllowedNow(_("It is being read just now. Look again in a minute."))
    if row.state not in OPEN:
        raise NotAllowedNow(_("It is on ticket #%(ticket)s already.") % {"ticket": row.ticket_id})
    _demand_bytes(row)
    return row


def _demand(raw: RawInbound, *, by: Scope) -> None:
    if not RawInbound.objects.visible_to(by).filter(pk=raw.pk).exists():
        raise PermissionDenied(_("There is no such mail for you."))


def _demand_bytes(raw: RawInbound) -> None:
    if not raw.sealed_key:
        raise NotAllowedNow(_("Its bytes were destroyed after a month in the trash."))


def _demand_delivery(delivery: Delivery, *, by: Scope) -> None:
    if not Delivery.objects.workable_by(by).filter(pk=delivery.pk).exists():
        raise PermissionDenied(_("There is no such mail for you."))


def _as_a_file(raw: RawInbound) -> Inbound:
    """A message that carries what nobody can read, as it came."""
    try:
        data = originals.read(raw)
    except (OSError, CannotUnseal, originals.Damaged) as error:
        raise NotAllowedNow(
            _("The stored bytes cannot be read: %(error)s. Tell an admin.") % {"error": error}
        ) from error
    named = glance.of(raw, None)
    return Inbound(
        remote_id=f"sha256:{bytes(raw.sha256).hex()}@missing",
        author=addresses.author_of([named["sender"]]) if named["sender"] else None,
        author_name=named["sender"],
        subject=named["subject"],
        content=Content(
            body=_("This mail could not be read. It is attached as it came."),
            format=BodyFormat.PLAIN,
            files=[NewFile(name="mail.eml", content_type="message/rfc822", data=data)],
        ),
        # Nobody is answered on the strength of what could not be read.
        machine=Machine.GENERATED,
        sha256=bytes(raw.sha256),
    )


def to_parse_again(
    *, reason: str = "", state: str = "", since: timedelta | None = None
) -> QuerySet[RawInbound]:
    """The originals a bulk run is about, oldest first; put-aside ones are left alone.

    What needed no ticket only by its state or its reason: a report that is read again says again
    what it said.
    """
    states = OPEN if state or reason else OPEN - {InboundState.SUPPRESSED}
    rows = RawInbound.objects.filter(state__in=states, aside="").exclude(sealed_key=b"")
    if reason:
        rows = rows.filter(reason=reason)
    if state:
        rows = rows.filter(state=state)
    if since:
        rows = rows.filter(received_at__gte=clock.now() - since)
    return rows.order_by("received_at", "pk")
