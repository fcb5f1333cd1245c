"""What a template makes of a ticket, to look at and to send to oneself."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from integrations import letterheads, outbound, wording
from integrations.email import render
from integrations.email.letter import Letter, Mailbox
from integrations.models import Channel, DeliveryKind, Picture
from tickets.models import Contact, Queue, Ticket, User
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from integrations.models import Delivery
    from tickets.models import MessageTemplate

_SAMPLE_NUMBER = 1042


def letter_of(template: MessageTemplate, *, by: User, ticket: Ticket | None = None) -> Letter:
    """The mail of a template, saved or not, addressed to `by`; without a ticket of a made-up one.

    Raises ValueError when the template cannot be used.
    """
    queue = template.queue or (ticket.queue if ticket else _some_queue())
    about = ticket or _sample(queue)
    channel = _channel_of(about, queue)
    ours = outbound.address_of(channel) if channel else settings.DEFAULT_FROM_EMAIL
    facts = wording.Facts(
        ticket=about,
        queue=queue,
        address=ours,
        customer=about.requester,
        customer_address="grace@customer.example",
        colleague=by if template.kind in wording.OF_PERSONS else None,
    )
    words = wording.filled(template, facts)
    letterhead = letterheads.of(queue)
    name = letterheads.name_in_from(letterhead, colleague=by.first_name)
    with translation.override(words.language):
        subject = words.subject or outbound.subject_of(about)
        text = words.body or _newest_answer(ticket) or _("Here is what your colleague wrote.")
    return Letter(
        sender=Mailbox(address=ours, name=name if facts.colleague else letterhead.name),
        reply_to=ours,
        to=[Mailbox(address=by.email, name=by.name)],
        subject=subject,
        opening=words.opening,
        body=text,
        closing=words.closing,
        signature=words.signature,
        ticket=about.pk,
        automatic=True,
        earlier=_some_earlier(ticket, most=letterhead.earlier),
        look=letterheads.look_of(letterhead),
        language=words.language,
    )


def pictures_of(letter: Letter) -> dict[str, str]:
    """Its logo as an address that a preview can show without asking for anything."""
    logo = Picture.objects.filter(pk=letter.look.logo).first() if letter.look.logo else None
    if logo is None:
        return {}
    data = base64.b64encode(bytes(logo.data)).decode()
    return {render.LOGO_NAME: f"data:{logo.content_type};base64,{data}"}


def send(letter: Letter, *, to: User) -> Delivery:
    """Queue a letter to a colleague's own address, marked as a test.

    It leaves by the channel of the address it is from, as a real one would.
    """
    channel = Channel.objects.filter(
        is_active=True, addresses__address=letter.sender.address
    ).first()
    return outbound.queued(
        letter,
        kind=DeliveryKind.TEST,
        once=f"test:{uuid.uuid4()}",
        channel=channel,
        address=to.email,
    )


def _some_queue() -> Queue:
    return Queue.objects.first() or Queue(name=_("Support"))


def _sample(queue: Queue) -> Ticket:
    """A ticket that is nobody's; never stored."""
    return Ticket(
        pk=_SAMPLE_NUMBER,
        queue=queue,
        subject=_("The printer is on fire"),
        requester=Contact(name="Grace Hopper"),
    )


def _channel_of(ticket: Ticket, queue: Queue) -> Channel | None:
    if ticket.queue_id == queue.pk and ticket.origin_channel:
        return outbound.channel_for(ticket, kind=IdentityKind.EMAIL)
    active = Channel.objects.filter(kind=IdentityKind.EMAIL, is_active=True, queue=queue.pk)
    return active.filter(addresses__isnull=False).order_by("pk").first()


def _some_earlier(ticket: Ticket | None, *, most: int) -> list[int]:
    if ticket is None or not most:
        return []
    return list(ticket.messages.order_by("-occurred_at").values_list("pk", flat=True)[:most])


def _newest_answer(ticket: Ticket | None) -> str:
    if ticket is None:
        return ""
    newest = ticket.messages.filter(by_staff=True).order_by("-occurred_at").first()
    return newest.body if newest else ""
