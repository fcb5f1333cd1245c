"""Acknowledgements: at once, once, to people only, and never a means to flood somebody."""

from datetime import timedelta

import pytest

from integrations import acknowledge
from integrations.base import Authentication, Inbound, Machine, Person
from integrations.models import Delivery, DeliveryState
from tests import factories
from tests.integrations import sink
from tests.integrations.outgoing import make_channel, tried
from tickets.clock import now
from tickets.content import Content
from tickets.states import Authority, IdentityKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue():
    return factories.QueueFactory(name="Support")


@pytest.fixture
def channel(queue):
    return make_channel(queue)


def opened(
    channel,
    *,
    address="grace@customer.example",
    authority="verified",
    subject="Buy cheap pills",
    **inbound,
):
    """A ticket just opened by a mail, and the acknowledgement it got, if any."""
    person = Person(kind=IdentityKind.EMAIL, external_id=address)
    known = factories.models.Identity.objects.filter(external_id=address.lower()).first()
    ticket = factories.make_ticket(
        queue=channel.queue,
        requester=known.contact if known else factories.ContactFactory(email=address.lower()),
        subject=subject,
        body="At http://evil.example",
    )
    message = ticket.messages.get()
    message.authority = authority
    fields = {"remote_id": "<1@customer.example>", "content": Content(body=""), **inbound}
    acknowledge.maybe(message, inbound=Inbound(author=person, **fields), channel=channel)
    return Delivery.objects.filter(message=message).first()


@pytest.mark.promise("S1.4")
def test_a_new_request_is_acknowledged_as_machines_do(channel, settings):
    delivery = opened(channel)
    with sink.running() as server:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.port}"
        assert tried(delivery).state == DeliveryState.SENT
    (caught,) = server.caught
    assert caught.sender == "<>"
    assert caught.recipients == ["grace@customer.example"]
    mail = caught.mail
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["In-Reply-To"] == mail["References"] == "<1@customer.example>"
    assert mail["Subject"] == f"Re: Buy cheap pills [#{delivery.ticket_id}]"
    assert f"#{delivery.ticket_id}" in caught.part("plain")
    assert "answers you by mail" in caught.part("plain")


@pytest.mark.parametrize("authority", [kind for kind in Authority if kind != Authority.VERIFIED])
def test_an_unverified_address_gets_no_word_of_what_was_written(channel, authority):
    inputs = opened(channel, authority=authority).inputs
    assert "pills" not in str(inputs)
    assert "evil" not in str(inputs)


def test_nor_does_the_sender_to_a_confidential_queue(channel):
    channel.queue.is_confidential = True
    channel.queue.save()
    assert "pills" not in str(opened(channel).inputs)


@pytest.mark.parametrize("machine", Machine)
def test_no_machine_is_answered(channel, machine):
    assert opened(channel, machine=machine) is None


def test_no_forger_is_answered(channel):
    assert opened(channel, authentication=Authentication.FAIL) is None


def test_no_address_of_ours_is_answered(channel):
    assert opened(channel, address="Help@desk.example") is None


def test_a_queue_can_keep_silent(channel):
    channel.queue.acknowledges = False
    channel.queue.save()
    assert opened(channel) is None


def test_mail_that_was_held_up_for_a_day_is_not_answered(channel):
    assert opened(channel, sent_at=now() - timedelta(hours=25)) is None
    assert opened(channel, sent_at=now() - timedelta(hours=23)) is not None


def test_at_most_three_an_hour_to_a_sender(channel, clock):
    mails = [opened(channel, subject=subject) for subject in "abcdefghij"]
    assert sum(mail is not None for mail in mails) == 3
    clock.advance(minutes=59)
    assert opened(channel, subject="k") is None
    clock.advance(minutes=2)
    assert opened(channel, subject="l") is not None


def test_at_most_one_an_hour_to_an_unverified_address(channel, clock):
    mails = [opened(channel, authority=Authority.PLAUSIBLE) for _mail in range(10)]
    assert len([mail for mail in mails if mail]) == 1


def test_at_most_ten_in_three_hours_to_a_person_of_many_addresses(channel, clock):
    grace = factories.ContactFactory(email="grace0@customer.example")
    for number in range(1, 6):
        factories.models.Identity.objects.create(
            contact=grace, kind=IdentityKind.EMAIL, external_id=f"grace{number}@customer.example"
        )
    mails = [opened(channel, address=f"grace{number % 6}@customer.example") for number in range(18)]
    assert sum(mail is not None for mail in mails) == 10


def test_what_stands_after_a_plus_makes_no_other_mailbox(channel):
    addresses = ["grace@customer.example", "grace+1@customer.example", "grace+2@customer.example"]
    told = [opened(channel, address=address, authority="plausible") for address in addresses]
    assert [bool(delivery) for delivery in told] == [True, False, False]
    assert opened(channel, address="gracey@customer.example", authority="plausible")
