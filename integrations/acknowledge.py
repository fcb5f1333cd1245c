"""Telling a sender at once that their request arrived; never a machine, never too often."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from integrations import flood, letterheads, outbound, unsubscribe, wording
from integrations.email import mailboxes
from integrations.email.letter import Letter, Mailbox
from integrations.email.machines import may_answer
from integrations.models import Delivery, DeliveryKind, MailKind
from tickets import clock
from tickets.actions.people import normal_id
from tickets.states import Authority

if TYPE_CHECKING:
    from integrations.base import Inbound
    from integrations.models import Channel
    from tickets.models import Message, Ticket

# Mail that arrives this late was waiting somewhere; its sender needs no robot any more.
_TOO_OLD = timedelta(hours=24)


def maybe(
    message: Message,
    *,
    inbound: Inbound,
    channel: Channel,
    peer: str = "",
    is_answer: bool = False,
) -> None:
    """Queue an acknowledgement of a ticket just opened, unless a machine wrote it.

    Called in the transaction that opened the ticket, after it. One per ticket at most. It names
    the number and what happens next; the sender's own words only when the sender is verified.
    `peer` is the address that handed the mail in, "" when unknown; `is_answer`: the mail answers
    one of ours, and came on a ticket of its own all the same.
    """
    if inbound.author is None or not may_answer(inbound) or not _wanted(message, inbound):
        return
    address = normal_id(inbound.author.kind, inbound.author.external_id)
    if unsubscribe.is_stopped(address, MailKind.ACKNOWLEDGEMENT):
        return
    network = flood.network_of(peer)
    if mailboxes.is_ours(address) or flood.is_flood(
        message, address=address, network=network, is_answer=is_answer
    ):
        return
    delivery = outbound.queued(
        _letter(message, inbound=inbound, channel=channel, address=address),
        kind=DeliveryKind.ACKNOWLEDGEMENT,
        once=f"acknowledgement:{message.ticket_id}",
        channel=channel,
        ticket=message.ticket,
        message=message,
        contact=message.author_id,
        address=address,
    )
    if network:
        Delivery.objects.filter(pk=delivery.pk).update(network=network)


def _wanted(message: Message, inbound: Inbound) -> bool:
    written = min(message.occurred_at, inbound.sent_at or message.occurred_at)
    return message.ticket.queue.acknowledges and written > clock.now() - _TOO_OLD


def _is_verified(message: Message) -> bool:
    return message.authority == Authority.VERIFIED


def _letter(message: Message, *, inbound: Inbound, channel: Channel, address: str) -> Letter:
    ticket = message.ticket
    ours = outbound.address_of(channel)
    letterhead = letterheads.of(ticket.queue)
    repeats_subject = _is_verified(message) and not ticket.queue.is_confidential
    words = wording.of_acknowledgement(
        wording.Facts(
            ticket=ticket,
            queue=ticket.queue,
            address=ours,
            customer=message.author,
            customer_address=address,
            is_verified=repeats_subject,
        ),
        language=message.author.language or settings.LANGUAGE_CODE,
    )
    return Letter(
        sender=Mailbox(address=ours, name=letterhead.name),
        reply_to=ours,
        to=[Mailbox(address=address)],
        subject=words.subject or _subject(ticket, repeats_it=repeats_subject, in_=words.language),
        body=words.body,
        signature=words.signature,
        ticket=ticket.pk,
        in_reply_to=inbound.remote_id,
        references=[inbound.remote_id],
        automatic=True,
        unsubscribe=unsubscribe.link(address, MailKind.ACKNOWLEDGEMENT),
        look=letterheads.look_of(letterhead),
        language=words.language,
        written_with=words.templates,
    )


def _subject(ticket: Ticket, *, repeats_it: bool, in_: str) -> str:
    if repeats_it:
        return outbound.subject_of(ticket)
    with translation.override(in_):
        return _("We have your request [#%(number)s]") % {"number": ticket.pk}
