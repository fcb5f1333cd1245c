"""Everybody who can knock, each with a scope and a signed-in client (`permissions.PRINCIPALS`).

The staff work in `queue`; `customer`, `member` and `manager` are on the customer's side of it;
`colleague` works in `other_queue` alone and `outsider` belongs to another organisation.
"""

import secrets
from dataclasses import dataclass

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import HttpRequest
from django.test import Client

from tests.factories import (
    ContactFactory,
    OrganisationFactory,
    QueueFactory,
    StaffFactory,
    UserFactory,
    make_agent,
    make_member,
)
from tickets.admin.administrators import administrators
from tickets.models import Contact, Membership, User
from tickets.permissions import ANONYMOUS, Scope, scope_of, scope_of_contact
from tickets.states import Level, Tier


@dataclass(frozen=True, kw_only=True)
class Role:
    """One principal; `scope` is resolved anew each time, as for each request."""

    user: User | None = None
    contact: Contact | None = None

    @property
    def scope(self) -> Scope:
        """What they may see and do now."""
        if self.user:
            return scope_of(User.objects.get(pk=self.user.pk))
        return scope_of_contact(self.contact) if self.contact else ANONYMOUS

    @property
    def client(self) -> Client:
        """A browser of theirs, signed in with a second factor where staff need one."""
        return signed_in(self.user) if self.user else Client()


def signed_in(user: User) -> Client:
    """A client that has just signed in: by password, and by TOTP if the user is staff."""
    client = Client()
    client.force_login(user)
    request = HttpRequest()
    request.session, request.user = client.session, user
    record_authentication(request, user, method="password", email=user.email)
    if user.is_staff:
        authenticator = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
        found = authenticator.first() or TOTP.activate(user, generate_totp_secret()).instance
        record_authentication(request, user, method="mfa", id=found.pk, type="totp")
    request.session.save()
    return client


def _can_sign_in(user: User) -> User:
    user.set_password(secrets.token_urlsafe(16))
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _staff(queue, level: Level, **fields) -> Role:
    return Role(user=_can_sign_in(make_agent(queue, level, **fields)))


def _customer(contact: Contact) -> Role:
    user = UserFactory(contact=contact, name=contact.name)
    return Role(user=_can_sign_in(user), contact=contact)


@pytest.fixture
def queue(db):
    """The queue most tests happen in."""
    return QueueFactory(name="Paid support", slug="paid")


@pytest.fixture
def other_queue(db):
    """A queue the staff of `queue` have no access to."""
    return QueueFactory(name="Free support", slug="free", tier=Tier.FREE)


@pytest.fixture
def organisation(db):
    """The organisation of `member` and `manager`."""
    return OrganisationFactory(name="Lantern Works")


@pytest.fixture
def agent(queue):
    """Staff who work in the queue."""
    return _staff(queue, Level.WORK, name="Ada Agent", email="ada@desk.example")


@pytest.fixture
def lead(queue):
    """Staff who lead the queue."""
    return _staff(queue, Level.LEAD, name="Lea Lead", email="lea@desk.example")


@pytest.fixture
def reader(queue):
    """Staff who may read the queue and change nothing."""
    return _staff(queue, Level.READ, name="Rhea Reader", email="rhea@desk.example")


@pytest.fixture
def own_only(queue):
    """Staff who have only the tickets assigned to them."""
    return _staff(queue, Level.OWN, name="Otto Own", email="otto@desk.example")


@pytest.fixture
def colleague(other_queue):
    """Staff of another queue."""
    return _staff(other_queue, Level.WORK, name="Cole Colleague", email="cole@desk.example")


@pytest.fixture
def admin(db):
    """Staff who configure everything and have no queue."""
    user = _can_sign_in(StaffFactory(name="Ann Admin", email="ann@desk.example"))
    user.groups.add(administrators())
    return Role(user=user)


@pytest.fixture
def customer(db):
    """A contact with a login and without an organisation."""
    return _customer(ContactFactory(name="Cusi Customer"))


@pytest.fixture
def member(organisation):
    """A member of the organisation, with a login."""
    return _customer(make_member(organisation))


@pytest.fixture
def manager(organisation):
    """A manager of the organisation, with a login."""
    return _customer(make_member(organisation, role="manager"))


@pytest.fixture
def outsider(db):
    """A manager of another organisation, with a login."""
    contact = ContactFactory(name="Olga Outsider")
    Membership.objects.create(
        organisation=OrganisationFactory(name="Elsewhere"), contact=contact, role="manager"
    )
    return _customer(contact)


@pytest.fixture
def anonymous(db):
    """Nobody we know."""
    return Role()
