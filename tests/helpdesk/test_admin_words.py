"""What admins type is checked in words, and secrets never come back."""

import json

import pytest
from django.urls import reverse

from integrations.email.smtp import server_of
from integrations.models import Channel, ChannelAddress
from tests.factories import ContactFactory, OrganisationFactory
from tickets.crypto import Sealed, unseal
from tickets.models import OrganisationDomain

pytestmark = pytest.mark.django_db


def _rows(prefix, *rows):
    data = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def _channel(queue, *addresses, **fields):
    form = {"kind": "email", "name": "Mail", "slug": "mail", "queue": queue.pk, "is_active": "on"}
    rows = [{"address": address, "is_primary": "on"} for address in addresses]
    return {**form, **_rows("addresses", *rows), **fields}


@pytest.fixture
def add_channel(admin):
    page = reverse("admin:integrations_channel_add")
    client = admin.client
    return lambda data: client.post(page, data).text


def test_a_channel_seals_its_password_and_never_shows_it(admin, queue, add_channel):
    add_channel(_channel(queue, "Help@Desk.Example", smtp_password=" hunter2-hunter2 "))
    channel = Channel.objects.get()
    assert channel.addresses.get().address == "help@desk.example"
    sealed = Sealed(key=bytes(channel.sealed_key), data=bytes(channel.sealed_secrets))
    assert json.loads(unseal(sealed)) == {"smtp_password": " hunter2-hunter2 "}

    page = reverse("admin:integrations_channel_change", args=[channel.pk])
    assert "hunter2" not in admin.client.get(page).text


def test_an_empty_password_keeps_the_one_there_is(admin, queue, add_channel):
    add_channel(_channel(queue, smtp_password="hunter2"))
    channel = Channel.objects.get()
    page = reverse("admin:integrations_channel_change", args=[channel.pk])
    admin.client.post(page, _channel(queue, name="Renamed", smtp_password=""))
    kept = Channel.objects.get()
    assert kept.name == "Renamed"
    assert bytes(kept.sealed_secrets) == bytes(channel.sealed_secrets)


def test_a_channel_sends_by_its_own_server(queue, add_channel):
    url = "smtp+tls://desk@mail.example:587"
    add_channel(_channel(queue, smtp_url=url, smtp_password="hunter2", plus_addressing="on"))
    channel = Channel.objects.get()
    server = server_of(channel)
    assert (server.host, server.user, server.password) == ("mail.example", "desk", "hunter2")
    assert channel.config["plus_addressing"] is True


@pytest.mark.parametrize(
    "url", ["mail.example", "https://mail.example", "smtps://a:b@mail.example", "smtp://h:port"]
)
def test_a_mail_server_is_checked_in_words(queue, add_channel, url):
    assert "no password in it" in add_channel(_channel(queue, smtp_url=url))
    assert not Channel.objects.exists()


def test_an_address_has_one_channel(queue, add_channel):
    other = Channel.objects.create(kind="email", name="Sales desk", slug="sales", queue=queue)
    ChannelAddress.objects.create(channel=other, address="help@desk.example")
    text = add_channel(_channel(queue, "HELP@desk.example"))
    assert "help@desk.example belongs to the channel Sales desk" in text


def test_answers_come_from_exactly_one_address(queue, add_channel):
    text = add_channel(_channel(queue, "a@desk.example", "b@desk.example"))
    assert "Tick the one address" in text


def _organisation(domain, **row):
    return {
        "name": "Lantern",
        **_rows("domains", {"domain": domain, **row}),
        **_rows("memberships"),
    }


def test_a_domain_is_kept_bare_and_noted_as_checked(admin):
    page = reverse("admin:tickets_organisation_add")
    admin.client.post(page, _organisation("@Lantern.Example.", is_verified="on"))
    domain = OrganisationDomain.objects.get()
    assert domain.domain == "lantern.example"
    assert domain.verified_at


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("lantern", "Write the part after the @ alone"),
        ("a b.example", "Write the part after the @ alone"),
        ("taken.example", "belongs to Harbour"),
    ],
)
def test_a_bad_domain_is_refused_in_words(admin, domain, said):
    harbour = OrganisationFactory(name="Harbour")
    OrganisationDomain.objects.create(organisation=harbour, domain="taken.example")
    page = reverse("admin:tickets_organisation_add")
    assert said in admin.client.post(page, _organisation(domain)).text


@pytest.mark.parametrize(
    ("address", "said"),
    [("ZOE@customer.example", "belongs to Zoe"), ("no address", "Enter a valid email address")],
)
def test_a_contact_takes_nobody_elses_address(admin, address, said):
    ContactFactory(name="Zoe", email="zoe@customer.example")
    page = reverse("admin:tickets_contact_add")
    row = {"kind": "email", "external_id": address}
    text = admin.client.post(page, {"name": "Yann", **_rows("identities", row)}).text
    assert said in text
