"""A reply becomes one mail per recipient, on the customer's channel and in the right thread."""

import hashlib

import pytest
from django.core.exceptions import PermissionDenied

from integrations import outbound, sending
from integrations.email import ids
from integrations.models import Delivery, DeliveryKind, DeliveryState, MessageRoute
from tests import factories
from tests.integrations import sink
from tests.integrations.outgoing import make_channel, tried
from tickets import attachments, clock
from tickets.actions import participants
from tickets.actions.reply import Reply, newest_seen, release, submit
from tickets.content import NewFile
from tickets.errors import NotAllowedNow
from tickets.events import EventKind
from tickets.models import Notification
from tickets.permissions import scope_of
from tickets.scope import SYSTEM
from tickets.states import Level

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    with sink.running() as running:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{running.port}"
        yield running


@pytest.fixture
def queue():
    return factories.QueueFactory(name="Support")


@pytest.fixture
def channel(queue):
    return make_channel(queue)


@pytest.fixture
def agent(queue):
    return factories.make_agent(queue, name="Ada Byron", email="ada@desk.example")


@pytest.fixture
def ticket(queue, channel):
    ticket = factories.make_ticket(
        queue=queue,
        requester=factories.ContactFactory(name="Grace Hopper", email="grace@customer.example"),
        channel=channel.slug,
    )
    outside(ticket.messages.get(), "<first@customer.example>", channel)
    return ticket


def outside(message, remote_id, channel):
    MessageRoute.objects.create(message=message, channel=channel, remote_id=remote_id)


def sent(message):
    """Send all deliveries of a message and read them anew."""
    for delivery in message.deliveries.order_by("pk"):
        sending.attempt(delivery.pk)
    return list(message.deliveries.order_by("pk"))


@pytest.mark.promise("S1.1")
def test_a_reply_leaves_on_the_customers_channel_and_in_the_thread(server, ticket, agent):
    message = factories.make_message(ticket, by=agent, body="Have you **tried** it?")
    (delivery,) = sent(message)

    assert delivery.state == DeliveryState.SENT
    assert delivery.response == "250 2.0.0 kept"
    assert delivery.sent_at
    (caught,) = server.caught
    assert (caught.sender, caught.recipients) == ("help@desk.example", ["grace@customer.example"])
    mail = caught.mail
    assert mail["From"] == '"Ada (Support)" <help@desk.example>'
    assert mail["To"] == "Grace Hopper <grace@customer.example>"
    assert mail["Reply-To"] == "help@desk.example"
    assert mail["Subject"] == f"Re: Printer on fire [#{ticket.pk}]"
    assert mail["Message-ID"] == delivery.remote_id
    assert ids.token_in(mail["Message-ID"]) == delivery.token
    assert mail["In-Reply-To"] == "<first@customer.example>"
    assert mail["References"] == "<first@customer.example>"
    assert mail["Auto-Submitted"] is None
    assert "Have you **tried** it?" in caught.part("plain")
    assert f"Ticket #{ticket.pk}" in caught.part("plain")
    assert "<strong>tried</strong>" in caught.part("html")


def test_the_next_reply_refers_to_what_its_reader_has(server, ticket, agent, channel):
    (first,) = sent(factories.make_message(ticket, by=agent))
    outside(factories.make_message(ticket), "<second@customer.example>", channel)
    sent(factories.make_message(ticket, by=agent))
    mail = server.caught[-1].mail
    assert mail["In-Reply-To"] == "<second@customer.example>"
    assert mail["References"].split() == [
        "<first@customer.example>",
        first.remote_id,
        "<second@customer.example>",
    ]


def test_references_stay_few_and_keep_the_first_and_the_newest(ticket, agent, channel):
    for number in range(40):
        outside(factories.make_message(ticket), f"<{number}@customer.example>", channel)
    (delivery,) = factories.make_message(ticket, by=agent).deliveries.all()
    references = delivery.inputs["references"]
    assert len(references) == 20
    assert references[0] == "<first@customer.example>"
    assert references[-1] == delivery.inputs["in_reply_to"] == "<39@customer.example>"


def test_each_recipient_gets_a_mail_and_a_token_of_their_own(server, ticket, agent):
    colleague = factories.ContactFactory(name="Jean Bartik", email="jean@customer.example")
    participants.add(ticket, colleague, by=scope_of(agent))
    deliveries = sent(factories.make_message(ticket, by=agent))

    assert [caught.recipients for caught in server.caught] == [
        ["grace@customer.example"],
        ["jean@customer.example"],
    ]
    assert len({delivery.token for delivery in deliveries}) == 2
    for caught, delivery in zip(server.caught, deliveries, strict=True):
        assert caught.mail["Message-ID"] == delivery.remote_id
        assert caught.mail["To"] == "Grace Hopper <grace@customer.example>"
        assert caught.mail["Cc"] == "Jean Bartik <jean@customer.example>"


def test_files_go_along_byte_for_byte(server, ticket, agent):
    data = bytes(range(256)) + b"\r\nline\nother\r"
    draft = submit(
        ticket,
        Reply(body="See the file.", last_seen_event=newest_seen(ticket)),
        by=scope_of(agent),
        window=factories.INSTANTLY,
    )
    for name, kind in [("naïve plan.txt", "text/plain"), ("mail.eml", "message/rfc822")]:
        file = NewFile(name=name, content_type=kind, data=data)
        attachments.store(file, ticket=ticket, draft=draft)
    sent(release(draft.pk))

    parts = list(server.caught[0].mail.iter_attachments())
    assert [part.get_filename() for part in parts] == ["naïve plan.txt", "mail.eml"]
    assert [part.get_payload(decode=True) for part in parts] == [data, data]


def test_a_file_that_changed_since_is_not_sent(server, ticket, agent):
    message = factories.make_message(ticket, by=agent)
    file = NewFile(name="plan.txt", content_type="text/plain", data=b"harmless")
    stored = attachments.store(file, ticket=ticket, message=message)
    delivery = message.deliveries.get()
    delivery.inputs["files"] = [
        {"attachment": stored.pk, "sha256": hashlib.sha256(b"another").hexdigest()}
    ]
    delivery.save()
    (delivery,) = sent(message)
    assert delivery.state == DeliveryState.FAILED
    assert "not the one that was attached" in delivery.response
    assert server.caught == []


def test_what_is_on_its_way_does_not_change_with_the_ticket(server, ticket, agent):
    message = factories.make_message(ticket, by=agent)
    type(ticket).objects.filter(pk=ticket.pk).update(subject="Secret plans")
    sent(message)
    assert server.caught[0].mail["Subject"] == f"Re: Printer on fire [#{ticket.pk}]"


OUR_HEADERS = {
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "References"),
    *("MIME-Version", "Content-Type"),
}
HEADER_BREAKERS = [
    "x\r\nBcc: evil@evil.example",
    "x\nBcc: evil@evil.example",
    "x\rBcc: evil@evil.example",
    "x\x01Bcc: evil@evil.example",
    "x=?UTF-8?Q?=0A?=Bcc: evil@evil.example",
    "=?utf-8?b?DQpCY2M6IGV2aWxAZXZpbC5leGFtcGxl?=",
    "x\u2028Bcc: evil@evil.example",
    "x\x85Bcc: evil@evil.example",
    "ü\r\nBcc: evil@evil.example",
    "ü" * 300 + "\r\n\r\nbody",
    '"x" <evil@evil.example>, y',
]


@pytest.mark.parametrize("text", HEADER_BREAKERS)
def test_no_text_of_others_becomes_a_header(server, ticket, agent, channel, text):
    message = factories.make_message(ticket, by=agent)
    delivery = message.deliveries.get()
    delivery.inputs["to"] = [{"name": text, "address": "grace@customer.example"}]
    delivery.inputs["subject"] = text
    delivery.inputs["in_reply_to"] = f"<{text}>"
    delivery.inputs["references"] = [f"<{text}>", "<good@customer.example>"]
    delivery.save()
    sent(message)

    (caught,) = server.caught
    assert set(caught.mail.keys()) - {"In-Reply-To"} == OUR_HEADERS
    assert len(caught.mail.keys()) == len(set(caught.mail.keys()))
    assert caught.recipients == ["grace@customer.example"]
    assert [to.addr_spec for to in caught.mail["To"].addresses] == ["grace@customer.example"]
    assert caught.mail["References"] == "<good@customer.example>"
    assert b"\nbcc:" not in caught.data.lower()


def test_long_ids_and_many_foreign_names_survive_folding(server, ticket, agent, channel):
    long_id = f"<{'a' * 180}.{'b' * 120}@mail.customer.example>"
    outside(factories.make_message(ticket), long_id, channel)
    for number in range(12):
        name = f"Zoë, Ångström {number}"
        contact = factories.ContactFactory(name=name, email=f"zoe{number}@customer.example")
        participants.add(ticket, contact, by=scope_of(agent))
    sent(factories.make_message(ticket, by=agent))
    mail = server.caught[0].mail
    assert mail["In-Reply-To"].strip() == long_id
    assert mail["References"].split()[-1] == long_id
    copies = [(who.display_name, who.addr_spec) for who in mail["Cc"].addresses]
    assert copies == [
        (f"Zoë, Ångström {number}", f"zoe{number}@customer.example") for number in range(12)
    ]


def test_an_international_domain_is_written_as_idna(server, ticket, agent):
    ticket.requester.identities.update(external_id="grace@bücher.example")
    sent(factories.make_message(ticket, by=agent))
    assert server.caught[0].recipients == ["grace@xn--bcher-kva.example"]


def test_plus_addressing_puts_the_token_into_the_address(server, ticket, agent, channel):
    channel.config = {"plus_addressing": True}
    channel.save()
    (delivery,) = sent(factories.make_message(ticket, by=agent))
    (caught,) = server.caught
    assert caught.mail["Reply-To"] == f"help+{delivery.token}@desk.example"
    # What comes back names its delivery.
    assert caught.sender == f"help+{delivery.token}@desk.example"
    assert caught.mail["From"].endswith("<help@desk.example>")


def test_a_ticket_from_the_web_leaves_by_the_queues_first_channel(server, queue, channel, agent):
    make_channel(queue, slug="second", address="second@desk.example")
    ticket = factories.make_ticket(queue=queue, via="web")
    (delivery,) = sent(factories.make_message(ticket, by=agent))
    assert delivery.channel == channel


def test_without_a_channel_the_reply_fails_in_words_its_author_is_told(queue, agent):
    ticket = factories.make_ticket(queue=queue)
    message = factories.make_message(ticket, by=agent)
    delivery = message.deliveries.get()
    assert delivery.state == DeliveryState.FAILED
    assert "An admin can add one" in delivery.response
    failed = ticket.events.get(kind=EventKind.DELIVERY_FAILED)
    assert failed.data["delivery"] == delivery.pk
    notice = Notification.objects.get(user=agent)
    assert (notice.reason, notice.event) == ("not_sent", failed)


def test_nothing_is_ever_mailed_to_an_address_of_ours(server, ticket, agent):
    ourselves = factories.ContactFactory(email="help@desk.example")
    participants.add(ticket, ourselves, by=scope_of(agent))
    to_them, to_us = sent(factories.make_message(ticket, by=agent))
    assert (to_them.state, to_us.state) == (DeliveryState.SENT, DeliveryState.FAILED)
    assert "address of ours" in to_us.response


def test_a_failed_delivery_is_sent_again_under_its_own_id(server, ticket, agent):
    server.says("RCPT", "550 no such user")
    message = factories.make_message(ticket, by=agent)
    (failed,) = sent(message)
    assert failed.state == DeliveryState.FAILED

    outbound.resend(failed, by=scope_of(agent))
    (delivery,) = sent(message)
    assert delivery.state == DeliveryState.SENT
    assert server.caught[0].mail["Message-ID"] == failed.remote_id
    assert ticket.events.filter(kind=EventKind.DELIVERY_REPEATED, user=agent).exists()


def test_a_channel_added_later_takes_what_had_none(server, queue, agent):
    message = factories.make_message(factories.make_ticket(queue=queue), by=agent)
    with pytest.raises(NotAllowedNow, match="An admin can add one"):
        outbound.resend(message.deliveries.get(), by=scope_of(agent))
    make_channel(queue)
    outbound.resend(message.deliveries.get(), by=scope_of(agent))
    (delivery,) = sent(message)
    assert delivery.state == DeliveryState.SENT
    assert server.caught[0].mail["From"] == '"Ada (Support)" <help@desk.example>'


def test_only_failed_deliveries_are_sent_again_and_only_by_staff_of_the_queue(
    server, ticket, agent
):
    (delivery,) = sent(factories.make_message(ticket, by=agent))
    with pytest.raises(NotAllowedNow):
        outbound.resend(delivery, by=scope_of(agent))
    Delivery.objects.update(state=DeliveryState.FAILED)
    reader = factories.make_agent(ticket.queue, Level.READ)
    with pytest.raises(PermissionDenied):
        outbound.resend(delivery, by=scope_of(reader))


def test_a_colleague_who_lost_the_ticket_is_no_longer_told(server, ticket, agent, channel):
    letter = outbound.Letter.thawed(
        factories.make_message(ticket, by=agent).deliveries.get().inputs
    )
    outsider = factories.StaffFactory()
    outsider.contact = factories.ContactFactory()
    outsider.save()
    notice = outbound.queued(
        letter,
        kind=DeliveryKind.NOTIFICATION,
        once="notice",
        channel=channel,
        ticket=ticket,
        message=ticket.messages.first(),
        contact=outsider.contact.pk,
        address="outsider@desk.example",
    )
    sending.attempt(notice.pk)
    notice.refresh_from_db()
    assert notice.state == DeliveryState.CANCELLED
    assert server.caught == []


def test_the_same_message_is_never_queued_twice(ticket, agent):
    message = factories.make_message(ticket, by=agent)
    with pytest.raises(Exception, match="once"):
        outbound.enqueue(message.event)


def test_long_addresses_have_distinct_keys(ticket, agent):
    for last in "ab":
        address = f"{'x' * 60}@{'y' * 50}.{last}.example"
        participants.add(ticket, factories.ContactFactory(email=address), by=SYSTEM)
    message = factories.make_message(ticket, by=agent)
    assert message.deliveries.count() == 3


def test_times_come_from_the_database(ticket, agent):
    delivery = factories.make_message(ticket, by=agent).deliveries.get()
    assert abs((clock.now() - delivery.next_attempt_at).total_seconds()) < 60


def test_a_mail_about_an_account_needs_no_ticket_and_no_channel(server, db):
    letter = outbound.Letter(
        sender=outbound.Mailbox(address="desk@desk.example"),
        reply_to="desk@desk.example",
        to=[outbound.Mailbox(address="ada@desk.example")],
        subject="Sign in",
        body="Your code is 123",
        automatic=True,
    )
    mail = outbound.queued(
        letter, kind=DeliveryKind.ACCOUNT, once="code", channel=None, address="ada@desk.example"
    )
    assert tried(mail).state == DeliveryState.SENT
    assert server.caught[0].mail["Auto-Submitted"] == "auto-generated"
    assert "Ticket" not in server.caught[0].part("plain")
