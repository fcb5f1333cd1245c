"""Furnishing the demo: queues, words, staff with their teams, customers with their companies."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings

from helpdesk.demo import desk, letters, people
from integrations.models import Channel, ChannelAddress
from tickets import clock
from tickets.actions.people import contact_for
from tickets.admin.administrators import administrators
from tickets.models import (
    Access,
    Contact,
    Identity,
    Label,
    Membership,
    MembershipRole,
    Organisation,
    OrganisationDomain,
    Product,
    Queue,
    StatusReason,
    Team,
    TeamMembership,
    User,
)
from tickets.permissions import Scope, scope_of
from tickets.states import IdentityKind, Tier


@dataclass(frozen=True)
class House:
    """All that conversations refer to, by the names the data uses."""

    queues: dict[str, Queue]
    channels: dict[str, Channel]
    products: dict[str, Product]
    labels: dict[str, Label]
    reasons: dict[str, StatusReason]
    staff: dict[str, User]
    scopes: dict[str, Scope]
    companies: dict[str, list[Contact]]
    solo: list[Contact]
    by_email: dict[str, Contact]


def furnish() -> House:
    """Make everything but tickets."""
    queues = {slug: _queue(slug, place) for place, slug in enumerate(desk.QUEUES)}
    staff = {colleague.handle: _colleague(colleague) for colleague in people.STAFF}
    _teams(staff, queues)
    staff[people.ADMIN].groups.add(administrators())
    companies = {company.name: _company(company) for company in people.ORGANISATIONS}
    letters.furnish(queues, staff, domain=settings.MAIL_DOMAIN)
    solo = [_contact(email, name=name) for name, email in people.SOLO]
    _customer_logins()
    everybody = [*solo, *(contact for company in companies.values() for contact in company)]
    return House(
        queues=queues,
        channels={slug: _channel(slug, queue) for slug, queue in queues.items()},
        products=_products(staff, queues),
        labels={name: Label.objects.create(name=name, tone=t) for name, t in desk.LABELS.items()},
        reasons=_reasons(),
        staff=staff,
        scopes={handle: scope_of(user) for handle, user in staff.items()},
        companies=companies,
        solo=solo,
        by_email={contact.identities.get().external_id: contact for contact in everybody},
    )


def email_of(handle: str) -> str:
    """A colleague's email at our own domain."""
    return f"{handle}@{settings.MAIL_DOMAIN}"


def _queue(slug: str, place: int) -> Queue:
    plan = desk.QUEUES[slug]
    return Queue.objects.create(
        name=plan.name,
        slug=slug,
        tier=Tier(slug),
        description=plan.description,
        default_priority=plan.default_priority,
        is_confidential=plan.is_confidential,
        position=place,
    )


def _channel(slug: str, queue: Queue) -> Channel:
    channel = Channel.objects.create(
        kind="email", name=f"Mail to {queue.name.lower()}", slug=slug, queue=queue
    )
    for place, local in enumerate(desk.QUEUES[slug].addresses):
        ChannelAddress.objects.create(
            channel=channel, address=email_of(local).lower(), is_primary=place == 0
        )
    return channel


def _products(staff: dict[str, User], queues: dict[str, Queue]) -> dict[str, Product]:
    return {
        slug: Product.objects.create(
            name=name, slug=slug, owner=staff[owner], queue=queues[queue] if queue else None
        )
        for slug, (name, owner, queue) in desk.PRODUCTS.items()
    }


def _reasons() -> dict[str, StatusReason]:
    return {
        text: StatusReason.objects.create(status=status, text=text, position=place)
        for status, texts in desk.REASONS.items()
        for place, text in enumerate(texts)
    }


def _colleague(colleague: people.Colleague) -> User:
    user = User.objects.create_user(
        email_of(colleague.handle),
        people.PASSWORD,
        name=colleague.name,
        is_staff=True,
        time_zone=colleague.time_zone,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    TOTP.activate(user, people.TOTP_SECRET)
    return user


def _teams(staff: dict[str, User], queues: dict[str, Queue]) -> None:
    for plan in people.TEAMS:
        team = Team.objects.create(name=plan.name, is_security=plan.is_security)
        for handle in plan.members:
            TeamMembership.objects.create(team=team, user=staff[handle])
        for slug, level in plan.levels.items():
            Access.objects.create(team=team, queue=queues[slug], level=level)


def _company(company: people.Company) -> list[Contact]:
    organisation = Organisation.objects.create(name=company.name, notes=company.notes)
    OrganisationDomain.objects.create(
        organisation=organisation, domain=company.domain, verified_at=clock.now()
    )
    contacts = [
        _contact(f"{local_part(name)}@{company.domain}", name=name) for name in company.people
    ]
    Membership.objects.filter(contact=contacts[0]).update(role=MembershipRole.MANAGER)
    return contacts


def _contact(email: str, *, name: str) -> Contact:
    contact = contact_for(kind=IdentityKind.EMAIL, external_id=email, name=name)
    contact.is_bot = not name
    if contact.is_bot:
        contact.name = "Build machine"
    contact.save(update_fields=["is_bot", "name"])
    return contact


def local_part(name: str) -> str:
    """What stands before the @ for a name: "Dr. Zoë de Vries" is zoe.devries."""
    words = [word for word in name.split() if not word.endswith(".")]
    plain = unicodedata.normalize("NFKD", f"{words[0]}.{''.join(words[1:])}")
    return "".join(c for c in plain if c.isascii()).lower()


def _customer_logins() -> None:
    for email, _role in people.CUSTOMER_LOGINS:
        identity = Identity.objects.get(kind=IdentityKind.EMAIL, external_id=email)
        identity.verified_at = clock.now()
        identity.save(update_fields=["verified_at"])
        contact = identity.contact
        user = User.objects.create_user(email, people.PASSWORD, name=contact.name, contact=contact)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
