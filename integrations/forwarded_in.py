"""A mail that a colleague forwards in is a request of whoever wrote it.

Only of a colleague whose mail is proven: anybody can write a colleague's address into a mail, and
what stands inside is the forwarder's word alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from integrations.base import Authentication
from integrations.email import forwarded, mailboxes
from integrations.models import MessageRoute
from integrations.threads import is_staff
from tickets.actions.annotate import add_annotation
from tickets.actions.people import normal_id
from tickets.models import User
from tickets.permissions import scope_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integrations.base import Inbound, Person
    from integrations.email.forwarded import Forwarded
    from integrations.models import Channel
    from tickets.models import Message


def original_of(inbound: Inbound) -> Forwarded | None:
    """What a proven colleague forwards, written by somebody outside; None for any other mail."""
    is_proven = inbound.authentication == Authentication.PASS and inbound.machine is None
    if not (is_proven and forwarded.looks_forwarded(inbound) and _colleague(inbound)):
        return None
    found = forwarded.inside(inbound)
    writer = found.original.author if found else None
    if writer is None or is_staff(writer) or mailboxes.is_ours(writer.external_id):
        return None
    return found


def _colleague(inbound: Inbound) -> User | None:
    """The colleague whose address it is, if they are still one."""
    if inbound.author is None:
        return None
    address = normal_id(inbound.author.kind, inbound.author.external_id)
    theirs = Q(email__iexact=address) | Q(
        contact__identities__kind=inbound.author.kind, contact__identities__external_id=address
    )
    return User.objects.filter(theirs, is_staff=True, is_active=True).first()


def _without(people: Sequence[Person], inbound: Inbound) -> list[Person]:
    """Whom the original was written to, but for the colleague who got it."""
    forwarder = inbound.author.external_id if inbound.author else ""
    return [person for person in people if person.external_id != forwarder]


def request_in(found: Forwarded, *, inbound: Inbound) -> Inbound:
    """The original as a request of its writer."""
    original = found.original
    return replace(original, to=_without(original.to, inbound), cc=_without(original.cc, inbound))


def explain(message: Message, found: Forwarded, *, inbound: Inbound, channel: Channel) -> None:
    """Keep what the colleague wrote above it, and by which id the writer knows the mail."""
    user = _colleague(inbound)
    if user is None:
        return
    said = _("Forwarded by mail; its sender is not verified.")
    words = f"{found.comment}\n\n{said}".strip()
    add_annotation(message.ticket, words, by=scope_of(user), files=found.files)
    if found.original.remote_id != inbound.remote_id:
        # The writer's next mail answers this one.
        MessageRoute.objects.get_or_create(
            message=message,
            channel=channel,
            remote_id=found.original.remote_id,
            sha256=found.original.sha256,
        )
