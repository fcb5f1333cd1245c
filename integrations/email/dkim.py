"""Signing mail (DKIM, RFC 6376), for domains whose keys admins made and published here.

A key is prepared, published by the admin, seen in DNS, and only then signs; the one before stays
published until what it signed has arrived. No key ever reaches a log or a page.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

import dkim
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import transaction
from django.utils.translation import gettext as _

from integrations.models import DkimKey, KeyState, SendingDomain
from tickets import clock
from tickets.crypto import CannotUnseal, Sealed, seal, unseal
from tickets.errors import NotAllowedNow

if TYPE_CHECKING:
    from datetime import datetime

log = structlog.get_logger(__name__)

_BITS = 2048
# Long enough for mail that waits at a server for its next try.
KEPT_PUBLISHED = timedelta(days=7)
# Signed once more than they are there, so that nobody can add a second one (RFC 6376, 8.15).
_OVERSIGNED = ("From", "To", "Cc", "Subject", "Date", "Reply-To")
_SIGNED = (
    *_OVERSIGNED,
    *("Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type"),
    *("Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post"),
)


@transaction.atomic
def prepare(domain: SendingDomain) -> DkimKey:
    """Make the next key pair of a domain; it signs once its record was seen in DNS.

    Raises NotAllowedNow while another one waits to be published.
    """
    domain = SendingDomain.objects.select_for_update().get(pk=domain.pk)
    if domain.keys.filter(state=KeyState.PREPARED).exists():
        raise NotAllowedNow(_("A key waits to be published already. Publish it, or remove it."))
    private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    secret = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    sealed = seal(secret)
    return DkimKey.objects.create(
        domain=domain,
        selector=_free_selector(domain, clock.now()),
        public=base64.b64encode(public).decode(),
        sealed_key=sealed.key,
        sealed_private=sealed.data,
    )


@transaction.atomic
def start(key: DkimKey) -> None:
    """Sign with a prepared key from now on; the one before retires.

    Raises NotAllowedNow when it is not prepared or was never seen in DNS.
    """
    SendingDomain.objects.select_for_update().get(pk=key.domain_id)
    key = DkimKey.objects.select_related("domain").get(pk=key.pk)
    if key.state != KeyState.PREPARED:
        raise NotAllowedNow(_("This key was used already."))
    if key.published_at is None:
        raise NotAllowedNow(
            _("DNS does not hold %(name)s yet. Publish it, then press “Check now”.")
            % {"name": key.record_name}
        )
    active = DkimKey.objects.filter(domain=key.domain_id, state=KeyState.ACTIVE)
    active.update(state=KeyState.RETIRED, retired_at=clock.now())
    key.state = KeyState.ACTIVE
    key.save(update_fields=["state"])


@transaction.atomic
def stop(domain: SendingDomain) -> None:
    """Sign no more; the key stays published for what is on its way."""
    active = DkimKey.objects.filter(domain=domain, state=KeyState.ACTIVE)
    active.update(state=KeyState.RETIRED, retired_at=clock.now())


@transaction.atomic
def remove(key: DkimKey) -> None:
    """Forget a key. Raises NotAllowedNow while it signs, or while mail it signed may travel."""
    key = DkimKey.objects.select_for_update().get(pk=key.pk)
    if key.state == KeyState.ACTIVE:
        raise NotAllowedNow(_("This key signs. Let another one take over first, or stop signing."))
    if key.retired_at and key.retired_at > clock.now() - KEPT_PUBLISHED:
        raise NotAllowedNow(
            _("Mail signed with it may still be on its way. Remove it a week after it retired.")
        )
    key.delete()


def signed(data: bytes, *, address: str) -> bytes:
    """The mail with a signature of its From domain before it, or as it is where no key signs.

    A key that cannot be opened is noted on the domain; the mail leaves unsigned.
    """
    domain = address.rpartition("@")[2].lower()
    key = (
        DkimKey.objects.select_related("domain")
        .filter(domain__domain=domain, state=KeyState.ACTIVE)
        .first()
    )
    if key is None:
        return data
    try:
        return _signature(data, key) + data
    # Its text could hold parts of the key, so only its kind is told.
    except (CannotUnseal, dkim.DKIMException, ValueError) as error:
        kind = type(error).__name__
        log.error("dkim_cannot_sign", domain=domain, selector=key.selector, error=kind)  # noqa: TRY400
        SendingDomain.objects.filter(pk=key.domain_id).update(problem=kind, problem_at=clock.now())
        return data


def _signature(data: bytes, key: DkimKey) -> bytes:
    sealed = Sealed(key=bytes(key.sealed_key), data=bytes(key.sealed_private))
    head = data.partition(b"\r\n\r\n")[0].lower()
    present = [name for name in _SIGNED if f"\n{name.lower()}:".encode() in b"\n" + head]
    signature: bytes = dkim.sign(
        data,
        key.selector.encode(),
        key.domain.domain.encode(),
        unseal(sealed),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[name.lower().encode() for name in (*present, *_OVERSIGNED)],
    )
    return signature


def _free_selector(domain: SendingDomain, now: datetime) -> str:
    """Named for its month, so that admins know which is which: hd202611, hd202611b …"""
    taken = set(domain.keys.values_list("selector", flat=True))
    base = f"hd{now:%Y%m}"
    letters = "bcdefghijklmnopqrstuvwxyz"
    names = [base, *(base + letter for letter in letters)]
    return next(name for name in names if name not in taken)
