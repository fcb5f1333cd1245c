"""Contacts are found by their address, made once, and join by a proven domain."""

import pytest

from tests.factories import (
    ContactFactory,
    OrganisationFactory,
    UserFactory,
    make_member,
    make_ticket,
)
from tickets import clock
from tickets.actions.people import contact_for, contact_of
from tickets.models import Contact, Identity, Membership, OrganisationDomain
from tickets.states import IdentityKind

pytestmark = pytest.mark.django_db
EMAIL = IdentityKind.EMAIL


def test_an_address_is_one_person_in_any_case():
    first = contact_for(kind=EMAIL, external_id=" Zoe@Customer.Example ", name="Zoe")
    again = contact_for(kind=EMAIL, external_id="zoe@customer.example", name="Somebody else")
    assert first == again
    assert Contact.objects.get().name == "Zoe"


def test_the_same_text_of_another_kind_is_another_person():
    on_chat = contact_for(kind=IdentityKind.MATRIX, external_id="zoe@customer.example")
    assert contact_for(kind=EMAIL, external_id="zoe@customer.example") != on_chat


def test_a_name_is_learned_later():
    nameless = contact_for(kind=EMAIL, external_id="zoe@customer.example")
    assert (nameless.name, nameless.short_name) == ("zoe@customer.example", "zoe")
    assert contact_for(kind=EMAIL, external_id="zoe@customer.example", name="Zoe").name == "Zoe"


@pytest.mark.parametrize(
    ("verified", "address", "joins"),
    [
        (True, "zoe@lantern.example", True),
        (False, "zoe@lantern.example", False),
        (True, "zoe@not-lantern.example", False),
        (True, "zoe@sub.lantern.example", False),
    ],
)
def test_new_writers_of_a_proven_domain_are_members(verified, address, joins):
    OrganisationDomain.objects.create(
        organisation=OrganisationFactory(),
        domain="lantern.example",
        verified_at=clock.now() if verified else None,
    )
    contact = contact_for(kind=EMAIL, external_id=address)
    assert contact.memberships.filter(role="member").exists() == joins


def test_who_belongs_to_two_speaks_for_neither():
    lantern, harbour = OrganisationFactory(), OrganisationFactory()
    contact = make_member(lantern)
    assert make_ticket(requester=contact).organisation == lantern
    Membership.objects.create(organisation=harbour, contact=contact)
    assert make_ticket(requester=contact).organisation is None
    assert make_ticket(requester=ContactFactory()).organisation is None


def test_a_login_email_is_a_proven_address():
    user = UserFactory(email="ada@desk.example", name="Ada")
    contact = contact_of(user)
    assert contact_of(user) == contact
    assert Identity.objects.get(contact=contact).verified_at


def test_a_user_speaks_as_the_contact_who_wrote_before():
    wrote = contact_for(kind=EMAIL, external_id="ada@desk.example")
    assert contact_of(UserFactory(email="ada@desk.example")) == wrote
