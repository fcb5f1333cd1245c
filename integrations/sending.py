"""One attempt to hand a delivery over: claim it, speak without a transaction, note the answer.

Whoever dies in between leaves a lease; when it is over the mail may have gone or not, so it goes
once more under the same Message-ID and is marked (security.md B1.4, I4, I7).
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import outbound
from integrations.base import DeliveryError, Receipt
from integrations.models import Channel, Delivery, DeliveryKind, DeliveryState
from integrations.registry import adapter
from tickets import clock
from tickets.actions import addresses
from tickets.models import Ticket, User
from tickets.permissions import scope_of
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from django.db.models import QuerySet

log = structlog.get_logger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=3)


def attempt(delivery_id: int) -> None:
    """Try once to send a delivery that is due; anything else is left alone.

    Safe to call twice and at the same time: only who holds the lease may note the outcome.
    """
    delivery = _claimed(delivery_id)
    if delivery is None:
        return
    try:
        receipt = _handed_over(delivery)
    except DeliveryError as error:
        _note_refusal(delivery, error)
    except Exception as error:
        # A fault of ours before anything was said: the row keeps it, nobody waits for ever.
        log.exception("delivery_crashed", delivery=delivery.pk)
        _note_refusal(delivery, DeliveryError(f"{type(error).__name__}: {error}"))
    else:
        _note_receipt(delivery, receipt)


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many refusals: 1 minute, doubled up to 4 hours; None to give up.

    Counted in attempts, so that time in which nothing ran does not use up a mail's chances.
    """
    waited, wait = timedelta(0), FIRST_WAIT
    for _refusal in range(attempts - 1):
        waited += wait
        wait = min(2 * wait, LONGEST_WAIT)
    return None if waited + wait > GIVE_UP_AFTER else wait


@transaction.atomic
def _claimed(delivery_id: int) -> Delivery | None:
    """The delivery under a lease of ours, or None when there is nothing to do now."""
    rows = outbound.due().select_for_update(skip_locked=True, of=("self",))
    delivery = rows.select_related("channel", "ticket").filter(pk=delivery_id).first()
    if delivery is None:
        return None
    if delivery.state == DeliveryState.SENDING and not _may_repeat(delivery):
        return None
    if not _may_still_be_told(delivery):
        delivery.state = DeliveryState.CANCELLED
        delivery.response = _("They may no longer see this ticket.")
        delivery.save(update_fields=["state", "response"])
        return None
    delivery.state = DeliveryState.SENDING
    delivery.attempts += 1
    delivery.lease_token = uuid.uuid4()
    delivery.lease_until = clock.now() + timedelta(seconds=settings.LEASE_S)
    # What is due and whose lease is over are then found by one index.
    delivery.next_attempt_at = delivery.lease_until
    delivery.save()
    return delivery


def _may_repeat(delivery: Delivery) -> bool:
    """After an attempt that may have arrived: once more, then staff decide."""
    if delivery.possibly_sent_twice:
        outbound.fail(
            delivery,
            _("Twice the connection ended before the server confirmed. It may have arrived."),
        )
        return False
    delivery.possibly_sent_twice = True
    return True


def _may_still_be_told(delivery: Delivery) -> bool:
    """Whether a colleague who is notified still has the ticket (C05); others always."""
    if delivery.kind != DeliveryKind.NOTIFICATION or delivery.ticket is None:
        return True
    user = User.objects.filter(contact__isnull=False, contact=delivery.contact_id).first()
    if user is None:
        return False
    return Ticket.objects.visible_to(scope_of(user)).filter(pk=delivery.ticket.pk).exists()


def _handed_over(delivery: Delivery) -> Receipt:
    channel = delivery.channel
    if channel and not channel.is_active:
        raise DeliveryError(_("The channel it should leave by is turned off."))
    # What belongs to no channel, as a mail about an account may, leaves by our own mail server.
    return adapter(channel.kind if channel else IdentityKind.EMAIL).send(delivery)


def _note_receipt(delivery: Delivery, receipt: Receipt) -> None:
    held = Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token)
    noted = held.update(
        state=DeliveryState.SENT,
        response=receipt.response,
        sent_at=clock.now(),
        lease_token=None,
        lease_until=None,
    )
    if not noted:
        log.warning("delivery_lease_lost", delivery=delivery.pk, response=receipt.response)
    _of_channel(delivery).update(last_ok_at=clock.now(), last_error="")


@transaction.atomic
def _note_refusal(delivery: Delivery, error: DeliveryError) -> None:
    held = Delivery.objects.select_for_update(of=("self",)).select_related("ticket")
    row = held.filter(pk=delivery.pk, lease_token=delivery.lease_token).first()
    if row is None:
        log.warning("delivery_lease_lost", delivery=delivery.pk, error=str(error))
        return
    if error.ambiguous:
        _note_ambiguous(row, error)
    elif error.permanent or (wait := wait_after(row.attempts)) is None:
        outbound.fail(row, str(error))
        if error.unknown:
            addresses.note_undeliverable(
                kind=IdentityKind.EMAIL, external_id=row.address, because=str(error)
            )
    else:
        # What is refused for good is the mail's own fault; the rest is told on the channel too.
        _of_channel(row).update(last_error=str(error), last_error_at=clock.now())
        _wait(row, error, wait=wait)


def _of_channel(delivery: Delivery) -> QuerySet[Channel]:
    return Channel.objects.filter(deliveries=delivery)


def _note_ambiguous(row: Delivery, error: DeliveryError) -> None:
    if _may_repeat(row):
        # Not before the lease would have ended: a slow server has time to finish with the first.
        _wait(row, error, wait=timedelta(seconds=settings.LEASE_S))


def _wait(row: Delivery, error: DeliveryError, *, wait: timedelta) -> None:
    row.state = DeliveryState.QUEUED
    row.response = str(error)
    row.next_attempt_at = clock.now() + wait
    row.lease_token = row.lease_until = None
    row.save()
