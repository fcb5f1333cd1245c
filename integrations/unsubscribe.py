"""Stopping automatic mails by the link in them, without signing in (RFC 2369, RFC 8058).

The link is signed for one address and one kind of mail: who has it got such a mail. Opening it
changes nothing, since programs open links to look at them; only sending its form does.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from integrations.models import MailKind, MailStop

_SALT = "integrations.unsubscribe"


@dataclass(frozen=True)
class Asked:
    """Whose mails of which kind a link is about."""

    address: str
    kind: MailKind


def link(address: str, kind: MailKind) -> str:
    """The address of the page that stops mails of a kind to somebody; it never expires."""
    token = signing.dumps([address, kind.value], salt=_SALT)
    return f"{settings.BASE_URL}{reverse('mail-stop', args=[token])}"


def read(token: str) -> Asked | None:
    """What a link is about; None when we did not sign it."""
    try:
        address, kind = signing.loads(token, salt=_SALT)
        return Asked(address, MailKind(kind))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def is_stopped(address: str, kind: MailKind) -> bool:
    """Whether somebody wants no more mails of this kind."""
    return MailStop.objects.filter(address=address, kind=kind).exists()


def stop(asked: Asked) -> None:
    """No more of them; asked twice does no harm."""
    MailStop.objects.get_or_create(address=asked.address, kind=asked.kind)


def resume(asked: Asked) -> None:
    """They may come again."""
    MailStop.objects.filter(address=asked.address, kind=asked.kind).delete()
