"""What other servers report about mail of ours: noted where that mail is, answered by nobody.

A report fails a delivery only when it brings back the token of that very copy, which nobody but
its recipient's server has seen; anybody can invent a report (security.md M13).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from integrations import outbound
from integrations.base import Fate
from integrations.email import ids
from integrations.models import Delivery, DeliveryState
from tickets import clock
from tickets.actions import addresses
from tickets.actions.people import normal_id
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from integrations.base import Report
    from integrations.models import Channel
    from tickets.models import Ticket

# A server gives a mail up within days (RFC 5321, 4.5.4.1); later reports are about others.
_RECENT = timedelta(days=6)
_LEFT = (DeliveryState.SENT, DeliveryState.SENDING)


def note(report: Report, *, channel: Channel) -> Ticket | None:
    """Note a report on the delivery it is about; gives the ticket of that delivery, if any.

    Called in the transaction that settles the original.
    """
    delivery = _by_token(report)
    if delivery is None:
        return _doubt(report, channel=channel)
    because = report.said or _("Their mail server gave no reason.")
    if report.fate == Fate.FAILED:
        _fail(delivery, because)
    elif report.fate != Fate.DELIVERED:
        outbound.report(delivery, fate=report.fate, because=because)
    return delivery.ticket


def _by_token(report: Report) -> Delivery | None:
    """The copy whose token the report brings back, its row locked."""
    tokens = [token for name in report.returned if (token := ids.token_in(name))]
    known = set(Delivery.objects.filter(token__in=tokens).values_list("token", flat=True))
    token = next((token for token in tokens if token in known), None)
    if token is None:
        return None
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("ticket")
    return rows.get(token=token)


def _fail(delivery: Delivery, because: str) -> None:
    """Fail what had left; a copy that waits to be sent again is not what came back."""
    if delivery.state not in _LEFT:
        return
    outbound.fail(delivery, because)
    addresses.note_undeliverable(
        kind=IdentityKind.EMAIL, external_id=delivery.address, because=because
    )


def _doubt(report: Report, *, channel: Channel) -> Ticket | None:
    """A report without proof changes nothing; staff read of it where it may belong."""
    if report.fate not in {Fate.FAILED, Fate.DELAYED}:
        return None
    named = [normal_id(IdentityKind.EMAIL, address) for address in report.addresses]
    recent = Delivery.objects.filter(
        channel=channel,
        address__in=named,
        state=DeliveryState.SENT,
        sent_at__gt=clock.now() - _RECENT,
        ticket__isnull=False,
    )
    delivery = recent.select_related("ticket").order_by("-sent_at").first() if named else None
    if delivery is None:
        return None
    outbound.report(delivery, fate="doubted", because=report.said)
    return delivery.ticket
