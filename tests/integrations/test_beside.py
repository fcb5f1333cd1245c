"""To a third party and back, by real SMTP: what each side of a ticket gets, and never gets."""

import pytest

from integrations import held, outbound, sending
from integrations.email import conversation
from integrations.models import Delivery, DeliveryState
from tests import factories
from tests.integrations import sink
from tests.integrations.mail import make_channel, make_mail, receive
from tickets.actions import forward, participants
from tickets.content import NewFile
from tickets.models import LinkKind, Message
from tickets.permissions import scope_of, scope_of_contact
from tickets.states import Turn

pytestmark = [pytest.mark.django_db, pytest.mark.promise("B8", "S4.13")]
ANN, VERA = "ann@customer.example", "vera@vendor.example"
SERVER = "mx.desk.example"


@pytest.fixture
def server(settings):
    settings.TRUSTED_AUTHSERV_IDS = [SERVER]
    with sink.running() as running:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{running.port}"
        yield running


@pytest.fixture
def channel(server):
    return make_channel()


@pytest.fixture
def ticket(channel):
    return receive(make_mail("It burns.", message_id="<first@customer.example>"), channel).ticket


@pytest.fixture
def agent(ticket):
    return factories.make_agent(ticket.queue, name="Ada Byron", email="ada@desk.example")


@pytest.fixture
def vera():
    return factories.ContactFactory(name="Vera Vendor", email=VERA)


@pytest.fixture
def asked(ticket, agent, vera):
    """What was forwarded, with the customer's message, and has left."""
    first = ticket.messages.get()
    return _left(factories.make_forward(ticket, by=agent, to=vera, messages=[first.pk]))


def _left(message):
    for delivery in message.deliveries.order_by("pk"):
        sending.attempt(delivery.pk)
    return message


def _answer(channel, to, *, body="Known fault.", sender=VERA, verdict="", **headers):
    domain = sender.rpartition("@")[2]
    told = f"Authentication-Results: {SERVER}; dmarc={verdict} header.from={domain}\n"
    mail = make_mail(body, sender=sender, In_Reply_To=to, References=to, **headers)
    return receive((told.encode() if verdict else b"") + mail, channel)


def test_a_forward_carries_what_was_chosen_and_names_no_customer_address(server, asked, ticket):
    (caught,) = server.caught
    assert caught.recipients == [VERA]
    mail = caught.mail
    assert mail["Subject"] == f"A case for you [#{ticket.pk}]"
    assert mail["In-Reply-To"] is mail["References"] is None
    for part in ("plain", "html"):
        assert "Can you look into this?" in caught.part(part)
        assert "It burns." in caught.part(part)
    assert "<blockquote" in caught.part("html")
    assert b"customer.example" not in caught.data


def test_their_answer_comes_back_as_theirs(server, asked, ticket, channel, vera):
    raw = _answer(channel, asked.deliveries.get().remote_id, Cc="boss@vendor.example")
    message = raw.message
    assert (raw.ticket, message.side, message.author) == (ticket, asked.side, vera)
    assert (message.authority, message.by_staff) == ("verified", False)
    ticket.refresh_from_db()
    assert ticket.turn == Turn.US
    # Whom they copied joins neither conversation.
    assert not ticket.participants.exists()
    assert asked.side.parties.count() == 1


def test_neither_side_gets_or_learns_of_the_others_mails(server, asked, ticket, channel, agent):
    answer = _answer(channel, asked.deliveries.get().remote_id, message_id="<v@vendor.example>")
    _left(factories.make_message(ticket, by=agent, body="To the customer"))
    _left(factories.make_forward(ticket, by=agent, side=asked.side, body="To the vendor"))
    _vendor1, customer, vendor2 = server.caught
    assert customer.recipients == [ANN]
    for hidden in (b"vendor.example", b"Known fault", b"Can you look", b"Vera"):
        assert hidden not in customer.data
    assert vendor2.recipients == [VERA]
    assert vendor2.mail["Subject"] == f"Re: A case for you [#{ticket.pk}]"
    assert vendor2.mail["In-Reply-To"] == "<v@vendor.example>"
    assert vendor2.mail["References"].split() == [
        asked.deliveries.get().remote_id,
        "<v@vendor.example>",
    ]
    for hidden in (b"customer.example", b"To the customer", b"It burns"):
        assert hidden not in vendor2.data
    seen = Message.objects.visible_to(scope_of_contact(ticket.requester))
    assert not seen.filter(pk=answer.message.pk).exists()
    assert not Message.objects.visible_to(scope_of_contact(answer.message.author)).exists()


def test_a_third_party_who_joins_the_ticket_is_still_quoted_nothing_beside_it(
    server, asked, ticket, agent, vera
):
    participants.add(ticket, vera, by=scope_of(agent), sees_all=True)
    message = _left(factories.make_forward(ticket, by=agent, side=asked.side, body="Beside"))
    assert message.deliveries.get().inputs["earlier"] == []
    assert b"It burns" not in server.caught[-1].data


def test_files_go_along_by_their_own_bytes(server, ticket, agent, vera, channel):
    file = NewFile(name="trace.log", content_type="text/plain", data=b"boom\r\n")
    receive_with_file = factories.make_ticket(
        queue=ticket.queue, channel=channel.slug, files=[file]
    )
    kept = receive_with_file.attachments.get()
    _left(factories.make_forward(receive_with_file, by=agent, to=vera, files=[kept.pk]))
    (part,) = server.caught[-1].mail.iter_attachments()
    assert (part.get_filename(), part.get_payload(decode=True)) == ("trace.log", b"boom\r\n")
    # It is still the customer's file.
    kept.refresh_from_db()
    assert kept.message.side is None


@pytest.mark.parametrize(("verdict", "authority"), [("", "plausible"), ("pass", "verified")])
def test_without_the_token_they_stand_as_on_any_thread(asked, channel, ticket, verdict, authority):
    first = _answer(channel, asked.deliveries.get().remote_id, message_id="<v1@vendor.example>")
    raw = _answer(channel, "<v1@vendor.example>", verdict=verdict)
    assert first.message.side == asked.side
    assert (raw.message.side, raw.message.authority) == (asked.side, authority)


def test_a_forged_answer_is_held_and_released_beside_the_ticket(asked, channel, ticket, agent):
    raw = _answer(channel, asked.deliveries.get().remote_id, verdict="fail")
    assert (raw.state, raw.ticket, raw.message) == ("held", ticket, None)
    held.release(raw, by=scope_of(agent), ticket=ticket)
    raw.refresh_from_db()
    assert (raw.message.side, raw.message.authority) == (asked.side, "plausible")


@pytest.mark.parametrize("sender", [ANN, "eve@stranger.example", "boss@vendor.example"])
def test_nobody_else_speaks_in_a_side_conversation(asked, channel, ticket, sender):
    raw = _answer(channel, asked.deliveries.get().remote_id, sender=sender, verdict="pass")
    assert raw.ticket != ticket
    assert raw.ticket.links_out.get().kind == LinkKind.POSSIBLY_RELATED
    assert Message.objects.filter(side=asked.side).count() == 1


def test_a_third_party_does_not_speak_in_public(asked, channel, ticket):
    raw = _answer(channel, "<first@customer.example>", verdict="pass")
    assert raw.ticket != ticket
    assert ticket.messages.in_public().count() == 1


def test_a_token_of_one_conversation_proves_nothing_in_another(asked, channel, ticket, agent):
    """Somebody in both: what they hold from one side does not verify them on the other."""
    vera = asked.side.parties.get().contact
    participants.add(ticket, vera, by=scope_of(agent))
    public = factories.make_message(ticket, by=agent).deliveries.get(address=VERA)
    both = f"{asked.deliveries.get().remote_id} <first@customer.example>"
    mail = make_mail("Hm", sender=VERA, In_Reply_To="<first@customer.example>", References=both)
    raw = receive(mail, channel)
    assert (raw.message.side, raw.message.authority) == (None, "plausible")
    assert _answer(channel, public.remote_id).message.side is None


def test_an_out_of_office_notice_stays_beside_and_changes_nothing(asked, channel, ticket):
    raw = _answer(channel, asked.deliveries.get().remote_id, Auto_Submitted="auto-replied")
    assert raw.message.side == asked.side
    assert raw.message.event.audience == "staff"
    ticket.refresh_from_db()
    assert ticket.turn == Turn.THIRD_PARTY


def test_the_same_answer_twice_is_one(asked, channel):
    remote_id = asked.deliveries.get().remote_id
    assert _answer(channel, remote_id, message_id="<v@vendor.example>").message
    again = _answer(channel, remote_id, message_id="<v@vendor.example>")
    assert (again.state, again.message) == ("duplicate", None)


def test_references_of_both_sides_stay_apart(asked, channel, ticket):
    _answer(channel, asked.deliveries.get().remote_id, message_id="<v@vendor.example>")
    near, chain = conversation.place_of(ticket, address=ANN)
    assert (near, chain[-1]) == ("<first@customer.example>", "<first@customer.example>")
    assert "<v@vendor.example>" not in chain


def test_a_mail_that_does_not_leave_is_told_and_can_go_again(server, ticket, agent, vera):
    server.says("RCPT", "550 no such user")
    message = _left(factories.make_forward(ticket, by=agent, to=vera))
    failed = message.deliveries.get()
    assert failed.state == DeliveryState.FAILED
    assert ticket.events.get(kind="delivery.failed").audience == "staff"
    outbound.resend(failed, by=scope_of(agent))
    _left(message)
    assert Delivery.objects.get(pk=failed.pk).state == DeliveryState.SENT


def test_a_closed_conversation_goes_on_with_their_answer(asked, channel, agent):
    forward.close(asked.side, by=scope_of(agent))
    assert _answer(channel, asked.deliveries.get().remote_id).message.side == asked.side
    asked.side.refresh_from_db()
    assert asked.side.closed_at is None
