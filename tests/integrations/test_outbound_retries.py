"""Trying again: when, how often, and what is said when nobody knows (I4, I7)."""

from datetime import timedelta

import pytest

from integrations import sending
from integrations.base import DeliveryError, Receipt
from integrations.models import Channel, Delivery, DeliveryState
from tests import factories
from tests.integrations import sink
from tests.integrations.outgoing import make_channel, tried
from tickets.actions import participants
from tickets.clock import now
from tickets.events import EventKind
from tickets.models import Identity, Notification
from tickets.scope import SYSTEM

pytestmark = pytest.mark.django_db

LEASE_S = 90


@pytest.fixture(autouse=True)
def _lease(settings):
    settings.LEASE_S = LEASE_S


@pytest.fixture
def server(settings):
    with sink.running() as running:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{running.port}"
        yield running


@pytest.fixture
def agent(queue):
    return factories.make_agent(queue)


@pytest.fixture
def queue(db):
    return factories.QueueFactory()


@pytest.fixture
def delivery(clock, queue, agent):
    make_channel(queue)
    ticket = factories.make_ticket(queue=queue)
    return factories.make_message(ticket, by=agent).deliveries.get()


def test_waits_double_from_a_minute_to_four_hours_and_end_after_three_days():
    waits = []
    while (wait := sending.wait_after(len(waits) + 1)) is not None:
        waits.append(wait)
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert max(waits) == timedelta(hours=4)
    assert timedelta(days=3) - timedelta(hours=4) < sum(waits, timedelta()) <= timedelta(days=3)


def test_a_channel_shows_what_was_wrong_until_it_works_again(server, clock, delivery):
    server.says("RCPT", "451 too busy")
    tried(delivery)
    channel = Channel.objects.get()
    assert "451 too busy" in channel.last_error
    assert channel.last_error_at
    assert channel.last_ok_at is None
    clock.advance(minutes=1)
    tried(delivery)
    channel = Channel.objects.get()
    assert channel.last_error == ""
    assert channel.last_ok_at > channel.last_error_at


def test_a_greylisted_mail_is_tried_again_when_it_is_due_and_not_before(server, clock, delivery):
    server.says("RCPT", "450 greylisted")
    assert tried(delivery).state == DeliveryState.QUEUED
    assert delivery.response == "The server refused the recipient: 450 greylisted"
    clock.advance(seconds=50)
    assert tried(delivery).attempts == 1
    clock.advance(seconds=10)
    assert tried(delivery).state == DeliveryState.SENT
    assert (delivery.attempts, delivery.possibly_sent_twice) == (2, False)


def test_after_three_days_of_refusals_staff_are_told(server, clock, delivery, agent):
    server.says("RCPT", *["450 later"] * 100)
    while delivery.state == DeliveryState.QUEUED:
        tried(delivery)
        clock.set(delivery.next_attempt_at)
    assert delivery.state == DeliveryState.FAILED
    assert delivery.ticket.events.filter(kind=EventKind.DELIVERY_FAILED).count() == 1
    assert Notification.objects.get(user=agent).reason == "not_sent"


def test_a_refusal_for_good_is_shown_at_once(server, delivery, agent):
    server.says("RCPT", "550 no such user")
    assert tried(delivery).state == DeliveryState.FAILED
    event = delivery.ticket.events.get(kind=EventKind.DELIVERY_FAILED)
    assert event.data["because"] == "The server refused the recipient: 550 no such user"
    assert Notification.objects.get(user=agent).event == event
    assert tried(delivery).attempts == 1


def test_each_recipient_is_refused_and_tried_again_alone(server, clock, queue, agent):
    make_channel(queue)
    ticket = factories.make_ticket(queue=queue)
    for name in ("later", "never"):
        reader = factories.ContactFactory(email=f"{name}@customer.example")
        participants.add(ticket, reader, by=SYSTEM)
    message = factories.make_message(ticket, by=agent)
    server.says("RCPT", "250 OK", "450 greylisted", "550 no such user")
    states = [tried(delivery).state for delivery in message.deliveries.order_by("pk")]
    assert states == [DeliveryState.SENT, DeliveryState.QUEUED, DeliveryState.FAILED]
    clock.advance(minutes=1)
    for delivery in message.deliveries.order_by("pk"):
        tried(delivery)
    assert [caught.recipients for caught in server.caught] == [
        [ticket.requester.identities.get().external_id],
        ["later@customer.example"],
    ]


def test_greylisting_of_ten_minutes_ends_in_delivery(server, clock, delivery):
    began = now()
    while delivery.state == DeliveryState.QUEUED:
        clock.set(max(now(), delivery.next_attempt_at))
        if now() - began < timedelta(minutes=10):
            server.says("RCPT", "450 greylisted")
        tried(delivery)
    assert delivery.state == DeliveryState.SENT
    assert delivery.attempts == 5


@pytest.mark.parametrize("url", ["smtp+tls://127.0.0.1", "smtps://127.0.0.1"])
def test_a_server_that_cannot_be_trusted_is_named_on_the_channel(
    server, clock, delivery, settings, url
):
    settings.EMAIL_URL = f"{url}:{server.port}"
    assert tried(delivery).state == DeliveryState.QUEUED
    assert "cannot be used" in Channel.objects.get().last_error
    assert server.caught == []


def test_a_cut_after_the_text_is_repeated_once_under_the_same_id(server, clock, delivery):
    server.says("DATA", sink.CUT)
    assert tried(delivery).state == DeliveryState.QUEUED
    assert delivery.possibly_sent_twice is True
    assert tried(delivery).attempts == 1
    clock.advance(seconds=LEASE_S)
    assert tried(delivery).state == DeliveryState.SENT
    assert {caught.mail["Message-ID"] for caught in server.caught} == {delivery.remote_id}
    assert len(server.caught) == 2


def test_a_second_cut_is_left_to_staff(server, clock, delivery):
    server.says("DATA", sink.CUT, sink.CUT)
    tried(delivery)
    clock.advance(seconds=LEASE_S)
    assert tried(delivery).state == DeliveryState.FAILED
    assert "may have arrived" in delivery.response
    clock.advance(days=1)
    assert tried(delivery).attempts == 2
    assert len(server.caught) == 2


def test_a_worker_that_died_while_sending_counts_as_a_cut(server, clock, delivery):
    assert sending._claimed(delivery.pk)
    assert tried(delivery).attempts == 1
    clock.advance(seconds=LEASE_S)
    assert tried(delivery).state == DeliveryState.SENT
    assert delivery.possibly_sent_twice is True


def test_two_workers_that_died_leave_it_to_staff(clock, delivery):
    for _death in range(2):
        assert sending._claimed(delivery.pk)
        clock.advance(seconds=LEASE_S)
    assert tried(delivery).state == DeliveryState.FAILED


def test_who_comes_back_after_the_lease_notes_nothing(server, clock, delivery):
    late = sending._claimed(delivery.pk)
    clock.advance(seconds=LEASE_S)
    assert tried(delivery).state == DeliveryState.SENT
    sending._note_refusal(late, DeliveryError("late", permanent=True))
    sending._note_receipt(late, Receipt(response="250 late"))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.response) == (DeliveryState.SENT, "250 2.0.0 kept")


def test_a_fault_of_ours_is_noted_and_tried_again(server, clock, delivery):
    Delivery.objects.update(inputs={})
    assert tried(delivery).state == DeliveryState.QUEUED
    assert "KeyError" in delivery.response
    assert delivery.possibly_sent_twice is False


def test_a_channel_that_is_off_keeps_its_mail(server, clock, delivery):
    delivery.channel.is_active = False
    delivery.channel.save()
    assert tried(delivery).state == DeliveryState.QUEUED
    assert "turned off" in delivery.response
    delivery.channel.is_active = True
    delivery.channel.save()
    clock.advance(minutes=1)
    assert tried(delivery).state == DeliveryState.SENT


@pytest.mark.parametrize(
    ("said", "is_marked"),
    [
        ("550 5.1.1 no such user", True),
        ("550 5.1.10 recipient not found", True),
        # The fault of our server's settings says nothing about the address.
        ("550 5.7.1 relaying denied", False),
        ("451 4.2.2 mailbox full", False),
    ],
)
def test_an_address_its_server_does_not_know_is_marked(server, delivery, said, is_marked):
    server.says("RCPT", said)
    tried(delivery)
    address = Identity.objects.get(external_id=delivery.address)
    assert bool(address.undeliverable_since) is is_marked
    assert (said in address.undeliverable_because) is is_marked
