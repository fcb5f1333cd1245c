"""Our own addresses: which mailbox a mail is for, and whether somebody is one of us."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from integrations.models import ChannelAddress

if TYPE_CHECKING:
    from integrations.models import Channel

_DETAIL = re.compile(r"[0-9a-f]{40}")


def channel_of(address: str) -> Channel | None:
    """The active channel an address belongs to, `support+anything@` included; None if none."""
    wanted = {address.lower(), plain(address)}
    found = (
        ChannelAddress.objects.filter(address__in=wanted, channel__is_active=True)
        .select_related("channel__queue")
        .order_by("-address")
        .first()
    )
    return found.channel if found else None


def is_ours(address: str) -> bool:
    """Whether an address is a mailbox of ours, active or not: nobody answers those."""
    wanted = {address.lower(), plain(address)}
    return ChannelAddress.objects.filter(address__in=wanted).exists()


def ours_among(addresses: set[str]) -> set[str]:
    """Those of the addresses that are ours. One query."""
    forms = {address: {address.lower(), plain(address)} for address in addresses}
    asked = set().union(*forms.values())
    found = ChannelAddress.objects.filter(address__in=asked).values_list("address", flat=True)
    known = set(found)
    return {address for address, own in forms.items() if own & known}


def plain(address: str) -> str:
    """An address in lower case without its `+detail` (RFC 5233)."""
    local, at, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def detail_of(address: str) -> str | None:
    """The token that stands after the plus of an address, if one does."""
    detail = address.rpartition("@")[0].partition("+")[2].lower()
    return detail if _DETAIL.fullmatch(detail) else None
