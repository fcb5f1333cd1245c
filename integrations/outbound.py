"""The outbox: everything that has to go out stands in a row before anybody tries to send it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from integrations import beside, letterheads, wording
from integrations.email import conversation, ids
from integrations.email.letter import File, Letter, Mailbox
from integrations.models import Channel, ChannelAddress, Delivery, DeliveryKind, DeliveryState
from tickets import clock
from tickets.errors import NotAllowedNow
from tickets.events import EventKind, record
from tickets.models import Attachment, Contact, Draft, Message, Queue, Ticket
from tickets.permissions import demand_on_desk, demand_work, scope_of_contact
from tickets.scope import SYSTEM
from tickets.states import IdentityKind, Status

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.models import Letterhead
    from tickets.content import Recipient
    from tickets.models import Event
    from tickets.scope import Scope

_LONGEST_KEY = 120
_RE = re.compile(r"^(?:(?:re|aw|sv|tr):\s*)+", re.IGNORECASE)
# Two processes read the database's clock a few milliseconds apart.
_CLOCKS_DIFFER_BY = timedelta(seconds=1)


def enqueue(event: Event) -> None:
    """Write one delivery for each recipient of a message of ours, in the message's transaction.

    All see the same To and Cc; each gets a Message-ID of their own. Whoever cannot be reached
    has a delivery too, failed at once and shown on the ticket: nothing is dropped in silence.
    """
    message = event.message
    if message is None or event.ticket is None:
        return
    to_whom = {recipient["address"]: recipient for recipient in [*message.to, *message.cc]}
    ours = set(ChannelAddress.objects.filter(address__in=to_whom).values_list("address", flat=True))
    files = _files(message)
    written = _written(message, event.ticket)
    for address, recipient in to_whom.items():
        channel = channel_for(event.ticket, kind=recipient["kind"])
        letter = _letter(
            message,
            event.ticket,
            channel=channel,
            address=address,
            reader=int(recipient.get("contact") or 0),
            files=files,
            written=written,
        )
        delivery = queued(
            letter,
            kind=DeliveryKind.REPLY,
            once=f"message:{message.pk}:{address}",
            channel=channel,
            ticket=event.ticket,
            message=message,
            contact=int(recipient["contact"]),
            address=address,
        )
        if because := _unreachable(recipient, channel, is_ours=address in ours):
            fail(delivery, because)


def queued(
    letter: Letter,
    *,
    kind: DeliveryKind,
    once: str,
    channel: Channel | None,
    address: str,
    ticket: Ticket | None = None,
    message: Message | None = None,
    contact: int | None = None,
) -> Delivery:
    """A row in the outbox, due now. `once` names what must never be sent twice.

    A mail about an account is about no ticket.
    """
    now = clock.now()
    token = ids.new_token()
    return Delivery.objects.create(
        kind=kind,
        channel=channel,
        ticket=ticket,
        message=message,
        contact_id=contact,
        address=address,
        remote_id=ids.message_id(token),
        token=token,
        once=_key(once),
        inputs=letter.frozen(),
        next_attempt_at=now,
        created_at=now,
    )


def due() -> QuerySet[Delivery]:
    """Deliveries to be tried now: new, waited long enough, or left by a worker that died."""
    return Delivery.objects.filter(
        state__in=[DeliveryState.QUEUED, DeliveryState.SENDING],
        next_attempt_at__lte=clock.now() + _CLOCKS_DIFFER_BY,
    )


def fail(delivery: Delivery, because: str) -> None:
    """Give a delivery up and say so on its ticket; `because` is a sentence for its author."""
    delivery.state = DeliveryState.FAILED
    delivery.response = because
    delivery.lease_token = delivery.lease_until = None
    delivery.save(update_fields=["state", "response", "lease_token", "lease_until"])
    if delivery.ticket is None:
        return
    record(
        EventKind.DELIVERY_FAILED,
        by=SYSTEM,
        ticket=delivery.ticket,
        data={
            "delivery": delivery.pk,
            "message": delivery.message_id,
            "kind": delivery.kind,
            "address": delivery.address,
            "because": because,
        },
    )


def report(delivery: Delivery, *, fate: str, because: str) -> None:
    """Note on the ticket what a server said about a delivery that did not fail, once a fate."""
    if delivery.ticket is None:
        return
    data = {"delivery": delivery.pk, "fate": fate}
    if delivery.ticket.events.filter(
        kind=EventKind.DELIVERY_REPORTED, data__contains=data
    ).exists():
        return
    record(
        EventKind.DELIVERY_REPORTED,
        by=SYSTEM,
        ticket=delivery.ticket,
        data={**data, "address": delivery.address, "because": because},
    )


@transaction.atomic
def resend(delivery: Delivery, *, by: Scope) -> Delivery:
    """Try a failed delivery again from the start, under the Message-ID it has.

    Raises PermissionDenied, or NotAllowedNow when it did not fail or still cannot leave.
    """
    delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    if delivery.ticket:
        demand_work(by, delivery.ticket)
        demand_on_desk(delivery.ticket)
    if delivery.ticket is None or delivery.state != DeliveryState.FAILED:
        raise NotAllowedNow(_("Only what was not delivered can be sent again."))
    channel = channel_for(delivery.ticket, kind=IdentityKind.EMAIL)
    if channel is None:
        raise NotAllowedNow(no_channel(delivery.ticket.queue))
    letter = Letter.thawed(delivery.inputs)
    ours = address_of(channel)
    delivery.inputs = replace(
        letter, sender=Mailbox(address=ours, name=letter.sender.name), reply_to=ours
    ).frozen()
    delivery.channel, delivery.state = channel, DeliveryState.QUEUED
    delivery.attempts, delivery.response, delivery.dismissed_at = 0, "", None
    delivery.next_attempt_at = clock.now()
    delivery.save()
    record(
        EventKind.DELIVERY_REPEATED,
        by=by,
        ticket=delivery.ticket,
        data={"delivery": delivery.pk, "address": delivery.address},
    )
    return delivery


def channel_for(ticket: Ticket, *, kind: str) -> Channel | None:
    """The channel the ticket came by, else the first of its queue; None when all are off."""
    active = Channel.objects.filter(kind=kind, is_active=True, addresses__isnull=False)
    came_by = active.filter(slug=ticket.origin_channel).first()
    return came_by or active.filter(queue=ticket.queue_id).order_by("pk").first()


def address_of(channel: Channel) -> str:
    """The address that answers of a channel come from."""
    addresses = channel.addresses.order_by("-is_primary", "pk")
    return addresses.values_list("address", flat=True)[0]


def no_channel(queue: Queue) -> str:
    """Why nothing can leave, and who can change it."""
    return _(
        "No active email channel serves %(queue)s. An admin can add one; then send it again."
    ) % {"queue": queue.name}


def subject_of(ticket: Ticket) -> str:
    """The subject of answers; the number is for people and never trusted."""
    return f"Re: {_RE.sub('', ticket.subject)} [#{ticket.pk}]"


@dataclass(frozen=True, kw_only=True)
class _Written:
    """What all copies of one message have in common."""

    wording: wording.Wording
    letterhead: Letterhead
    name: str


def _written(message: Message, ticket: Ticket) -> _Written:
    """The words round a message and the name it carries, as admins set them for its queue."""
    colleague = getattr(message.author, "user", None)
    letterhead = letterheads.of(ticket.queue)
    reader = _first_reader(message, ticket)
    channel = channel_for(ticket, kind=IdentityKind.EMAIL)
    facts = wording.Facts(
        ticket=ticket,
        queue=ticket.queue,
        address=address_of(channel) if channel else "",
        customer=reader,
        colleague=colleague,
    )
    name = colleague.first_name if colleague else message.author.short_name
    return _Written(
        wording=wording.of_reply(
            facts, language=reader.language or settings.LANGUAGE_CODE, ends=_ends(message)
        ),
        letterhead=letterhead,
        name=letterheads.name_in_from(letterhead, colleague=name),
    )


def _first_reader(message: Message, ticket: Ticket) -> Contact:
    """Whose name and language the words take: who stands first in To."""
    known = [recipient["contact"] for recipient in message.to if recipient.get("contact")]
    first = Contact.objects.filter(pk=known[0]).first() if known else None
    return first or ticket.requester


def _ends(message: Message) -> bool:
    """Whether its author chose to close the ticket with it."""
    drafts = Draft.objects.filter(message=message)
    return drafts.filter(set_status__in=[Status.CLOSED, Status.AWAITING_CONFIRMATION]).exists()


def _letter(
    message: Message,
    ticket: Ticket,
    *,
    channel: Channel | None,
    address: str,
    reader: int,
    files: list[File],
    written: _Written,
) -> Letter:
    ours = address_of(channel) if channel else ""
    in_reply_to, references = conversation.place_of(ticket, address=address, side=message.side)
    words = written.wording
    letter = Letter(
        sender=Mailbox(address=ours, name=written.name),
        reply_to=ours,
        to=_seen(message.to),
        cc=_seen(message.cc),
        subject=words.subject or subject_of(ticket),
        opening=words.opening,
        body=message.body,
        closing=words.closing,
        signature=words.signature,
        ticket=ticket.pk,
        in_reply_to=in_reply_to,
        references=references,
        files=files,
        earlier=_earlier(message, most=written.letterhead.earlier, reader=reader),
        look=letterheads.look_of(written.letterhead),
        language=words.language,
        written_with=words.templates,
    )
    return beside.letter_of(letter, message) if message.side else letter


def _earlier(message: Message, *, most: int, reader: int) -> list[int]:
    """The newest messages before this one that its reader may see (M02), newest first."""
    contact = Contact.objects.filter(pk=reader).first() if most else None
    if contact is None:
        return []
    visible = Message.objects.visible_to(scope_of_contact(contact)).filter(ticket=message.ticket)
    before = visible.exclude(pk=message.pk).filter(occurred_at__lte=message.occurred_at)
    return list(before.order_by("-occurred_at", "-pk").values_list("pk", flat=True)[:most])


def _seen(recipients: list[Recipient]) -> list[Mailbox]:
    return [
        Mailbox(address=recipient["address"], name=recipient["name"])
        for recipient in recipients
        if recipient["kind"] == IdentityKind.EMAIL
    ]


def _files(message: Message) -> list[File]:
    wanted = Q(message=message) | Q(enclosed_in=message)
    found = Attachment.objects.filter(wanted).distinct().order_by("pk")
    return [File(attachment=file.pk, sha256=bytes(file.sha256).hex()) for file in found]


def _unreachable(recipient: Recipient, channel: Channel | None, *, is_ours: bool) -> str:
    if is_ours:
        return _("This is an address of ours: a mail to it would only come back.")
    if channel is None:
        return _("No active channel leads to %(address)s. An admin can add one.") % recipient
    return ""


def _key(once: str) -> str:
    if len(once) <= _LONGEST_KEY:
        return once
    return f"{once[:40]}:{hashlib.sha256(once.encode()).hexdigest()}"
