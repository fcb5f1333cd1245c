"""Senders nobody wants to hear from: their mail is kept, but becomes no ticket and no answer.

An address is known in one form: lower case, without its `+detail`, its domain in the ASCII form
of IDNA. Blocking `example.com` blocks everybody there and at each domain below it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from integrations import threads
from integrations.base import Person
from integrations.email import addresses, mailboxes
from integrations.models import BlockedSender, ChannelAddress
from tickets import clock
from tickets.errors import Incomplete, NotAllowedNow
from tickets.events import EventKind, record
from tickets.models import Identity, OrganisationDomain, User
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from tickets.models import Ticket
    from tickets.scope import Scope

# Of a domain name (RFC 1035, 2.3.4).
_LONGEST = 253
# So many people have their mail there that nobody means all of them.
_PUBLIC_PROVIDERS = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
        *("yahoo.com", "aol.com", "icloud.com", "me.com", "mac.com", "proton.me"),
        *("protonmail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "mail.ru", "yandex.ru"),
        *("qq.com", "163.com", "126.com", "naver.com", "orange.fr", "free.fr", "libero.it"),
        *("wp.pl", "seznam.cz", "fastmail.com", "zoho.com", "posteo.de", "mailbox.org"),
    }
)


def is_blocked(person: Person) -> bool:
    """Whether somebody's mail is put aside; counts it on what blocks them.

    Colleagues and our own mailboxes never are, also where a wider block would cover them. One
    query for everybody else.
    """
    if person.kind != IdentityKind.EMAIL:
        return False
    blocked = active().filter(sender__in=_covering(person.external_id)).first()
    if blocked is None or mailboxes.is_ours(person.external_id) or threads.is_staff(person):
        return False
    BlockedSender.objects.filter(pk=blocked.pk).update(hits=F("hits") + 1, last_hit_at=clock.now())
    return True


def active() -> QuerySet[BlockedSender]:
    """What blocks somebody now; an end that is over blocks nobody."""
    return BlockedSender.objects.filter(Q(until=None) | Q(until__gt=clock.now()))


def normal(text: str) -> str | None:
    """An address or a domain in the form it is blocked under; None when it is neither."""
    local, at, domain = text.strip().rstrip(".").lower().rpartition("@")
    if not local:
        return _domain(domain.removeprefix("*").removeprefix("."), labels=2)
    form = _domain(domain, labels=1)
    if form is None or addresses.canonical(f"{local}{at}{domain}") is None:
        return None
    return f"{local.partition('+')[0] or local}@{form}"


def _domain(name: str, *, labels: int) -> str | None:
    """A domain in ASCII (IDNA), of that many labels at least."""
    try:
        plain = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    parts = plain.split(".")
    is_one = len(parts) >= labels and all(re.fullmatch(r"[a-z0-9_-]+", part) for part in parts)
    return plain if is_one and len(plain) <= _LONGEST else None


def _covering(address: str) -> list[str]:
    """Everything that, blocked, would block this address: itself, its domain, those above."""
    known = normal(address)
    if known is None:
        return [address.lower()]
    labels = known.rpartition("@")[2].split(".")
    return [known, *(".".join(labels[start:]) for start in range(len(labels) - 1))]


def may_block(by: Scope, *, whole_domain: bool = False) -> bool:
    """Whether staff may block: an address whoever works in a queue, a domain its leads and
    admins, since a block holds for every queue.
    """
    if by.is_system or by.lead:
        return True
    if by.work and not whole_domain:
        return True
    return bool(by.user and by.is_staff and by.user.has_perm("integrations.add_blockedsender"))


@transaction.atomic
def block(
    sender: str,
    *,
    by: Scope,
    reason: str = "",
    until: datetime | None = None,
    ticket: Ticket | None = None,
) -> BlockedSender:
    """Put aside what comes from an address or a domain from now on; blocked twice is once.

    A second time gives it the new reason and end. `ticket` is where it was decided. Raises
    PermissionDenied, Incomplete for what is no address, NotAllowedNow for our own and for whom
    nobody can have meant.
    """
    form = normal(sender)
    if form is None:
        _demand(by, whole_domain=False)
        raise Incomplete(
            _("Write an address such as ann@example.com, or a domain such as example.com."),
            field="sender",
        )
    _demand(by, whole_domain="@" not in form)
    if until and until <= clock.now():
        raise Incomplete(_("This end is over already. Choose a later day."), field="until")
    if because := why_never(form):
        raise NotAllowedNow(because)
    reason = reason.strip()[:200]
    made = BlockedSender(
        sender=form, reason=reason, until=until, blocked_by=by.user, since=clock.now()
    )
    row, is_new = _kept(made)
    if not is_new and (row.reason, row.until) == (reason, until):
        return row
    if not is_new:
        row.reason, row.until = reason, until
        row.save(update_fields=["reason", "until"])
    data = {"sender": form, "reason": row.reason, "until": until.isoformat() if until else ""}
    record(EventKind.SENDER_BLOCKED, by=by, ticket=ticket, data=data)
    return row


def _kept(row: BlockedSender) -> tuple[BlockedSender, bool]:
    """The row stored, or the one that was there; and whether it is new."""
    known = BlockedSender.objects.filter(sender=row.sender)
    if found := known.first():
        return found, False
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return known.get(), False
    return row, True


@transaction.atomic
def unblock(row: BlockedSender, *, by: Scope) -> None:
    """Let an address or a domain in again; what came meanwhile stays where it is kept."""
    _demand(by, whole_domain=row.is_domain)
    deleted, _rows = BlockedSender.objects.filter(pk=row.pk).delete()
    if deleted:
        record(EventKind.SENDER_UNBLOCKED, by=by, data={"sender": row.sender, "hits": row.hits})


def _demand(by: Scope, *, whole_domain: bool) -> None:
    if may_block(by, whole_domain=whole_domain):
        return
    if whole_domain and may_block(by):
        raise PermissionDenied(
            _("Only leads of a queue and admins block a whole domain. Block the address, or ask.")
        )
    raise PermissionDenied(_("Only who works in a queue blocks and unblocks senders."))


def can_be_blocked(sender: str) -> bool:
    """Whether this is an address or a domain, and one that may be blocked."""
    form = normal(sender)
    return form is not None and not why_never(form)


def why_never(form: str) -> str:
    """Why an address or domain in its normal form may not be blocked; "" when it may."""
    if "@" in form:
        return _why_no_address(form)
    return _why_no_domain(form)


def _why_no_address(address: str) -> str:
    person = Person(kind=IdentityKind.EMAIL, external_id=address)
    if mailboxes.is_ours(address):
        return _("%(address)s is a mailbox of ours. Nothing was blocked.") % {"address": address}
    if threads.is_staff(person):
        return _("%(address)s belongs to a colleague. Nothing was blocked.") % {"address": address}
    return ""


def _why_no_domain(domain: str) -> str:
    words = {"domain": domain}
    if domain in _PUBLIC_PROVIDERS:
        return _("Very many people write from %(domain)s. Block the one address instead.") % words
    if _any_at(ChannelAddress.objects.all(), "address", domain):
        return _("%(domain)s holds mailboxes of ours. Nothing was blocked.") % words
    theirs = Identity.objects.filter(kind=IdentityKind.EMAIL, contact__user__is_staff=True)
    if _any_at(User.objects.filter(is_staff=True), "email", domain) or _any_at(
        theirs, "external_id", domain
    ):
        return _("Colleagues have addresses at %(domain)s. Nothing was blocked.") % words
    below = Q(domain=domain) | Q(domain__endswith=f".{domain}")
    known = OrganisationDomain.objects.filter(below, verified_at__isnull=False)
    if customer := known.select_related("organisation").first():
        return _(
            "%(domain)s belongs to the customer %(customer)s. Block the one address instead."
        ) % {**words, "customer": customer.organisation}
    return ""


def _any_at(rows: QuerySet[Any], field: str, domain: str) -> bool:
    at = Q(**{f"{field}__iendswith": f"@{domain}"}) | Q(**{f"{field}__iendswith": f".{domain}"})
    return rows.filter(at).exists()
