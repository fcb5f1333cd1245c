"""Addresses that staff type or choose: read with care, refused in words, suggested from what
the reader may see anyway."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from integrations.email import addresses, mailboxes
from integrations.threads import is_staff
from tickets.actions.people import contact_for
from tickets.errors import Incomplete
from tickets.models import Contact, Identity
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from integrations.base import Person
    from tickets.models import Ticket
    from tickets.scope import Scope

# More than this in one field is a mailing list pasted by mistake.
_MOST = 50
_SUGGESTED = 8
_SHORTEST = 2
_BETWEEN = re.compile(r"[\r\n;]+")
_PLAIN_NAME = re.compile(r"[\w .'-]+")


def read(text: str, *, field: str) -> list[Person]:
    """The people a text names, as `ana@example.org` or `Ana Ruiz <ana@example.org>`.

    Raises Incomplete, in words, for what is no address, an address of ours, a colleague's, or
    more people than anybody means to write to.
    """
    text = _BETWEEN.sub(",", text.replace("\x00", ""))
    people: dict[str, Person] = {}
    for person in addresses.people_in(text):
        if person is None:
            raise Incomplete(_no_address(text), field=field)
        people.setdefault(person.external_id, person)
    if len(people) > _MOST:
        words = _("These are %(number)s people; %(most)s is the most at once. Name fewer.")
        raise Incomplete(words % {"number": len(people), "most": _MOST}, field=field)
    _refuse_ours(people, field=field)
    return list(people.values())


def _no_address(text: str) -> str:
    wrong = next((bit for bit in text.split(",") if None in addresses.people_in(bit)), text)
    words = _(
        "“%(wrong)s” is no email address. Write ana@example.org or "
        "Ana Ruiz <ana@example.org>, with a comma between several."
    )
    return words % {"wrong": wrong.strip()[:80]}


def _refuse_ours(people: dict[str, Person], *, field: str) -> None:
    for ours in sorted(mailboxes.ours_among(set(people))):
        words = _("%(address)s is an address of ours: a mail to it would only come back.")
        raise Incomplete(words % {"address": ours}, field=field)
    for person in people.values():
        if is_staff(person):
            words = _(
                "%(address)s is a colleague’s. Assign the ticket to them, or mention them in an "
                "annotation."
            )
            raise Incomplete(words % {"address": person.external_id}, field=field)


def contact_of(person: Person) -> Contact:
    """The contact with this address, made where nobody has it yet."""
    return contact_for(kind=person.kind, external_id=person.external_id, name=person.name)


def mailbox(name: str, address: str) -> str:
    """Name and address as `read` understands them again."""
    name = re.sub(r'["\\]', "", name).strip()
    if not name or name == address:
        return address
    return f"{name} <{address}>" if _PLAIN_NAME.fullmatch(name) else f'"{name}" <{address}>'


def suggestions(text: str, ticket: Ticket, *, scope: Scope) -> list[str]:
    """What a field that holds `text` could become: its last entry completed to a known address.

    Only of people the reader meets on tickets anyway; without a beginning, the members of the
    ticket's organisation.
    """
    before, _comma, begun = _BETWEEN.sub(",", text).rpartition(",")
    begun = begun.strip()
    known = Contact.objects.visible_to(scope)
    if not begun and ticket.organisation_id:
        known = known.filter(memberships__organisation=ticket.organisation_id)
    elif len(begun) < _SHORTEST:
        return []
    else:
        known = known.named(begun)
    identities = Identity.objects.filter(kind=IdentityKind.EMAIL, contact__in=known.values("pk"))
    found = identities.select_related("contact").order_by("contact__name", "external_id")
    start = f"{before.strip()}, " if before.strip() else ""
    return [start + mailbox(i.contact.name, i.external_id) for i in found[:_SUGGESTED]]
