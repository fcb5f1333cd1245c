"""How many automatic mails leave: what a forged sender can make us send to a victim, and what
two machines that answer each other can make of it (security.md M08, M09).

Counted in the rows of what was sent, in a row for one mailbox and one source, so two mails read
at the same moment count each other.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from integrations import locks
from integrations.models import Delivery, DeliveryKind
from tickets import clock
from tickets.states import Authority

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from tickets.models import Message

_HOUR, _DAY, _WHILE = timedelta(hours=1), timedelta(hours=24), timedelta(minutes=180)
_TO_ONE_AN_HOUR, _TO_UNVERIFIED_AN_HOUR = 3, 1
_TO_A_PERSON, _ABOUT_ONE_SUBJECT = 10, 2
# What nobody vouches for may be a list of victims: from one network, and to a queue in all.
_FROM_A_NETWORK_AN_HOUR, _OF_A_QUEUE_AN_HOUR = 20, 100
_PREFIX = {4: 24, 6: 64}
_VARIES = re.compile(r"\d+|^(?:[^\W\d_]{1,5}\s?[:：]\s*)+", re.IGNORECASE)


def is_flood(message: Message, *, address: str, network: str, is_answer: bool) -> bool:
    """Whether one more automatic mail to `address` would be too many.

    `network` is where the mail came from ("" for unknown), `is_answer`: it answered one of ours.
    """
    mailbox, sent = _mailbox(address), _sent()
    locks.in_turn(f"acknowledge:{mailbox}")
    to_them = sent.filter(_is_to(mailbox))
    is_verified = message.authority == Authority.VERIFIED
    most = _TO_ONE_AN_HOUR if is_verified else _TO_UNVERIFIED_AN_HOUR
    return (
        to_them.filter(_since(_HOUR)).count() >= most
        or (is_answer and to_them.filter(_since(_DAY)).exists())
        or sent.filter(_since(_WHILE), contact=message.author_id).count() >= _TO_A_PERSON
        or _about_it(message, to_them) >= _ABOUT_ONE_SUBJECT
        or (not is_verified and _is_spread(message, sent, network=network))
    )


def network_of(peer: str) -> str:
    """The network of an address that spoke to us; "" for ours, whose mail is from anywhere."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return ""
    if not address.is_global:
        return ""
    return str(ipaddress.ip_network((address, _PREFIX[address.version]), strict=False))


def _mailbox(address: str) -> str:
    """Whatever stands after a plus, it is one mailbox that fills."""
    person, _at, domain = address.rpartition("@")
    return f"{person.partition('+')[0]}@{domain}"


def _is_to(mailbox: str) -> Q:
    person, _at, domain = mailbox.rpartition("@")
    return Q(address=mailbox) | Q(address__startswith=f"{person}+", address__endswith=f"@{domain}")


def _sent() -> QuerySet[Delivery]:
    return Delivery.objects.filter(kind=DeliveryKind.ACKNOWLEDGEMENT)


def _since(span: timedelta) -> Q:
    begin: datetime = clock.now() - span
    return Q(created_at__gt=begin)


def _about_it(message: Message, to_them: QuerySet[Delivery]) -> int:
    """How many were about the same, whatever number another helpdesk puts into it."""
    told = to_them.filter(_since(_WHILE)).values_list("ticket__subject", flat=True)
    subject = _plain(message.ticket.subject)
    return sum(_plain(known or "") == subject for known in told)


def _plain(subject: str) -> str:
    return " ".join(_VARIES.sub("", subject).lower().split())


def _is_spread(message: Message, sent: QuerySet[Delivery], *, network: str) -> bool:
    queue = message.ticket.queue_id
    locks.in_turn(f"acknowledge queue:{queue}")
    lately = sent.filter(_since(_HOUR))
    from_there = lately.filter(network=network).count() if network else 0
    unverified = lately.filter(ticket__queue=queue).exclude(message__authority=Authority.VERIFIED)
    return from_there >= _FROM_A_NETWORK_AN_HOUR or unverified.count() >= _OF_A_QUEUE_AN_HOUR
