"""Out and in again: what comes back on a mail of ours."""

import pytest

from integrations import inbound, originals
from integrations.models import Delivery, DeliveryKind
from tests import factories
from tests.integrations import sink
from tests.integrations.outgoing import make_channel, tried
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

QUESTION = (
    b"From: Grace <grace@customer.example>\r\nTo: help@desk.example\r\n"
    b"Message-ID: <1@customer.example>\r\nSubject: It burns\r\n\r\nThe printer.\r\n"
)


@pytest.fixture
def server(settings):
    with sink.running() as running:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{running.port}"
        yield running


@pytest.fixture
def channel():
    return make_channel(factories.QueueFactory())


def received(data, *, channel, sender="grace@customer.example"):
    """A mail that came in by the channel, after reading."""
    key = str(originals.RawInbound.objects.count())
    raw, _new = originals.keep(
        data,
        source=originals.Source(name="smtp", key=key),
        channel=channel,
        envelope={"mail_from": sender},
    )
    return inbound.process(raw.pk)


@pytest.mark.promise("S1.1")
def test_an_answer_to_our_reply_joins_its_ticket(server, channel):
    ticket = received(QUESTION, channel=channel).ticket
    agent = factories.make_agent(ticket.queue)
    message = factories.make_message(ticket, by=agent)
    assert tried(message.deliveries.get()).state == "sent"

    reply = server.caught[-1].mail
    answer = (
        f"From: grace@customer.example\r\nMessage-ID: <2@customer.example>\r\n"
        f"Subject: whatever\r\nIn-Reply-To: {reply['Message-ID']}\r\n\r\nIt is out.\r\n"
    ).encode()
    assert received(answer, channel=channel).ticket == ticket
    assert ticket.messages.count() == 3


def test_two_desks_that_acknowledge_each_other_stop_at_once(server, channel):
    received(QUESTION, channel=channel)
    ours = Delivery.objects.get(kind=DeliveryKind.ACKNOWLEDGEMENT)
    assert tried(ours).state == "sent"

    theirs = (
        server.caught[0]
        .data.replace(b"help@desk.example", b"desk@other.example")
        .replace(ours.remote_id.encode(), b"<99@other.example>")
    )
    raw = received(theirs, channel=channel, sender="")
    assert (raw.state, raw.reason) == ("suppressed", "auto_reply")
    assert Ticket.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_our_own_mail_come_back_is_no_request(server, channel):
    received(QUESTION, channel=channel)
    tried(Delivery.objects.get())
    raw = received(server.caught[0].data, channel=channel, sender="")
    assert raw.state == "suppressed"
    assert Ticket.objects.count() == 1
