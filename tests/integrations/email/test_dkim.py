"""Signing: what a receiver verifies, keys that take over from each other, and no word of them."""

import dkim as library
import pytest
from django.urls import reverse
from structlog.testing import capture_logs

from integrations.email import dkim
from integrations.models import DkimKey, KeyState, SendingDomain
from tests import factories
from tests.integrations import sink
from tests.integrations.outgoing import make_channel, tried
from tickets import clock as time
from tickets.errors import NotAllowedNow

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain():
    return SendingDomain.objects.create(domain="desk.example")


@pytest.fixture
def server(settings):
    with sink.running() as running:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{running.port}"
        yield running


def key_of(domain):
    """A key that signs."""
    key = dkim.prepare(domain)
    DkimKey.objects.filter(pk=key.pk).update(published_at=time.now())
    dkim.start(key)
    return DkimKey.objects.get(pk=key.pk)


def dns_of(*keys):
    records = {f"{key.record_name}.".encode(): key.record.encode() for key in keys}
    return lambda name, timeout=5: records.get(name)


def sent(queue):
    """The bytes of a reply as the server got them."""
    make_channel(queue)
    agent = factories.make_agent(queue)
    ticket = factories.make_ticket(queue=queue, subject="Ünïcode", channel="mail")
    message = factories.make_message(ticket, by=agent, body="Try **it**.\n\n.\n\nGood  \n")
    delivery = message.deliveries.get()
    return tried(delivery)


@pytest.mark.promise("B10")
def test_a_signed_mail_is_verified_by_its_receiver(server, queue, domain):
    key = key_of(domain)
    assert sent(queue).state == "sent"
    (caught,) = server.caught
    assert library.verify(caught.data, dnsfunc=dns_of(key))
    assert caught.data.count(b"DKIM-Signature:") == 1
    spoiled = caught.data.replace(b"Try", b"Buy")
    assert not library.verify(spoiled, dnsfunc=dns_of(key))


def test_nobody_can_add_a_second_from_or_subject(server, queue, domain):
    key = key_of(domain)
    sent(queue)
    data = server.caught[0].data
    for line in (b"Subject: Buy\r\n", b"From: x@evil.example\r\n", b"Reply-To: x@evil.example\r\n"):
        assert not library.verify(line + data, dnsfunc=dns_of(key))


def test_without_a_key_nothing_is_signed(server, queue, domain):
    dkim.prepare(domain)
    sent(queue)
    assert b"DKIM-Signature" not in server.caught[0].data


def test_one_key_takes_over_from_the_other(domain, clock):
    first = key_of(domain)
    second = key_of(domain)
    first.refresh_from_db()
    assert first.selector != second.selector
    assert (first.state, second.state) == (KeyState.RETIRED, KeyState.ACTIVE)
    with pytest.raises(NotAllowedNow, match="still be on its way"):
        dkim.remove(first)
    with pytest.raises(NotAllowedNow, match="This key signs"):
        dkim.remove(second)
    clock.advance(days=8)
    dkim.remove(first)
    dkim.stop(domain)
    assert dkim.signed(b"From: a@desk.example\r\n\r\nx", address="a@desk.example")[:5] == b"From:"


def test_a_key_nobody_published_does_not_sign(domain):
    key = dkim.prepare(domain)
    with pytest.raises(NotAllowedNow, match="DNS does not hold"):
        dkim.start(key)
    with pytest.raises(NotAllowedNow, match="waits to be published"):
        dkim.prepare(domain)


def test_a_key_that_cannot_be_opened_holds_no_mail_up(server, queue, domain, settings):
    key_of(domain)
    settings.MASTER_KEYS = [b"x" * 32]
    with capture_logs() as logged:
        assert sent(queue).state == "sent"
    assert b"DKIM-Signature" not in server.caught[0].data
    domain.refresh_from_db()
    assert domain.problem == "CannotUnseal"
    assert any(line["event"] == "dkim_cannot_sign" for line in logged)


def test_the_private_half_is_sealed_and_shown_to_nobody(admin, domain):
    key = key_of(domain)
    assert b"PRIVATE KEY" not in bytes(key.sealed_private)
    page = reverse("admin:integrations_sendingdomain_change", args=[domain.pk])
    text = admin.client.get(page).text
    assert key.record_name in text
    assert f"p={key.public[:40]}" in text
    assert "PRIVATE" not in text


def test_an_admin_makes_publishes_and_starts_a_key(admin, domain):
    client = admin.client
    make = reverse("admin:sendingdomain_key", args=[domain.pk])
    assert client.get(make).status_code == 405
    client.post(make)
    key = DkimKey.objects.get()
    start = reverse("admin:dkimkey_start", args=[key.pk])
    assert "DNS does not hold" in client.post(start, follow=True).text
    DkimKey.objects.update(published_at=time.now())
    assert "is signed with" in client.post(start, follow=True).text
    key.refresh_from_db()
    assert key.state == KeyState.ACTIVE
    stop = reverse("admin:sendingdomain_stop", args=[domain.pk])
    assert "no longer signed" in client.post(stop, follow=True).text


def test_an_admin_adds_a_bare_domain(admin):
    page = reverse("admin:integrations_sendingdomain_add")
    assert "like example.org" in admin.client.post(page, {"domain": "a b"}).text
    admin.client.post(page, {"domain": "@News.Desk.Example."})
    assert SendingDomain.objects.get().domain == "news.desk.example"


def test_the_signature_fits_the_domain_of_from_alone():
    assert dkim.signed(b"From: a@other.example\r\n\r\nx", address="a@other.example")[:5] == b"From:"
