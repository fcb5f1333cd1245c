"""Whom a reply reaches, and at which address."""

import pytest

from tests.factories import ContactFactory, make_ticket
from tickets import recipients
from tickets.models import Identity
from tickets.states import IdentityKind

pytestmark = pytest.mark.django_db


def _known_by(contact, **addresses):
    for kind, address in addresses.items():
        Identity.objects.create(contact=contact, kind=kind, external_id=address)
    return contact


@pytest.mark.parametrize(
    ("prefer", "address"),
    [
        ("email", "zoe@customer.example"),
        ("matrix", "@zoe:chat.example"),
        ("github", "zoe@customer.example"),
        ("web", "zoe@customer.example"),
    ],
)
def test_answers_go_back_the_way_it_came_else_by_email(prefer, address):
    zoe = ContactFactory(name="Zoe", email=False)
    _known_by(zoe, matrix="@zoe:chat.example", email="zoe@customer.example")
    assert recipients.recipient_of(zoe, prefer=prefer)["address"] == address


def test_frozen_is_plain_data_and_leaves_out_the_unreachable():
    zoe = ContactFactory(name="Zoe", email="zoe@customer.example")
    nobody = ContactFactory(email=False)
    assert recipients.frozen([zoe, nobody], prefer="email") == [
        {
            "contact": str(zoe.pk),
            "name": "Zoe",
            "kind": IdentityKind.EMAIL,
            "address": "zoe@customer.example",
        }
    ]


def test_by_default_the_requester_is_written_to():
    ticket = make_ticket(others=[ContactFactory()])
    assert recipients.default_to(ticket) == [ticket.requester]
    assert recipients.default_cc(ticket) == []
