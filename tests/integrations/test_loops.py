"""Machines that answer us, for an hour: how much leaves is bounded (security.md M08, M09)."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from email import message_from_bytes
from email.message import EmailMessage

import pytest

from integrations import flood
from integrations.email.compose import compose
from integrations.email.letter import Letter
from integrations.models import ChannelAddress, Delivery, DeliveryState
from tests.factories import INSTANTLY, make_agent
from tests.integrations.email import reporting
from tests.integrations.mail import MAILBOX, make_channel, make_mail, receive
from tickets.actions.reply import Reply, newest_seen, release, submit
from tickets.models import Ticket
from tickets.permissions import scope_of

pytestmark = [pytest.mark.django_db, pytest.mark.promise("B8")]
_numbers = itertools.count(1)
MINUTES = 60


def mail(sender, subject, *, to=MAILBOX, **headers):
    """What a counterpart sends; a new id each time."""
    return make_mail(
        f"Text {next(_numbers)}",
        sender=sender,
        to=to,
        subject=subject,
        message_id=f"<{next(_numbers)}@{sender.partition('@')[2]}>",
        **headers,
    )


def out_of_office(got):
    subject, answered = f"Automatic reply: {got['Subject']}", got["Message-ID"]
    marks = {"Auto_Submitted": "auto-replied", "In_Reply_To": answered}
    return [mail("away@x1.example", subject, **marks)]


def quiet_out_of_office(got):
    """One that marks nothing and answers nothing."""
    return [mail("quiet@x2.example", "I am on holiday")]


def ticket_system(_got):
    """Another subject and Message-ID each time, and no sign of a machine."""
    number = next(_numbers)
    return [mail("helpdesk@x3.example", f"[Ticket {number}] We have your request")]


def threading_ticket_system(got):
    subject, answered = f"[T{next(_numbers)}] Re: {got['Subject']}", got["Message-ID"]
    return [mail("support@x4.example", subject, In_Reply_To=answered, References=answered)]


def bouncing_server(got):
    return [reporting.written(reporting.POSTFIX, about=got["Message-ID"], to="gone@x5.example")]


def list_server(got):
    return [mail("list@x6.example", got["Subject"], List_Id="<list.x6.example>")]


def our_second_mailbox(got):
    return [mail("sales@desk.example", got["Subject"])]


def forwarder(got):
    """Sends our own mail back as it is."""
    return [got.as_bytes()]


def resender(got):
    """Sends our own mail back under an id and a sender of its own."""
    again = message_from_bytes(got.as_bytes())
    for name, value in (("Message-ID", f"<{next(_numbers)}@x8.example>"), ("From", "r@x8.example")):
        del again[name]
        again[name] = value
    return [again.as_bytes()]


def no_reply(_got):
    return [mail("no-reply@x9.example", f"Your message {next(_numbers)}")]


def null_sender(_got):
    return [b"Return-Path: <>\n" + mail("mta@x10.example", f"Notice {next(_numbers)}")]


def alias_in_copy(got):
    return [mail("cc@x11.example", got["Subject"], Cc="help@desk.example, sales@desk.example")]


COUNTERPARTS = {
    "away@x1.example": out_of_office,
    "quiet@x2.example": quiet_out_of_office,
    "helpdesk@x3.example": ticket_system,
    "support@x4.example": threading_ticket_system,
    "gone@x5.example": bouncing_server,
    "list@x6.example": list_server,
    "sales@desk.example": our_second_mailbox,
    "fwd@x7.example": forwarder,
    "r@x8.example": resender,
    "no-reply@x9.example": no_reply,
    "mta@x10.example": null_sender,
    "cc@x11.example": alias_in_copy,
}


@pytest.fixture
def channel():
    made = make_channel()
    ChannelAddress.objects.create(channel=made, address="help@desk.example")
    make_channel("sales@desk.example")
    return made


def left():
    """What waits in the outbox, as the other side gets it; from then on it counts as sent."""
    mails = []
    for delivery in Delivery.objects.filter(state=DeliveryState.QUEUED):
        letter = Letter.thawed(delivery.inputs)
        data = compose(letter, message_id=delivery.remote_id, date=delivery.created_at)
        mails.append((delivery.address, message_from_bytes(data)))
        delivery.state, delivery.sent_at = DeliveryState.SENT, delivery.created_at
        delivery.save()
    return mails


def an_hour(channel, clock, counterparts):
    """Each minute everybody answers everything they got; gives the automatic mails of the hour."""
    sent = defaultdict(list)
    for _minute in range(MINUTES):
        for address, got in left():
            if got["Auto-Submitted"]:
                sent[address].append(got)
            for data in counterparts[address](got) if address in counterparts else []:
                receive(data, channel)
        clock.advance(minutes=1)
    return sent


def test_an_hour_of_twelve_machines(channel, clock):
    for address in COUNTERPARTS:
        receive(mail(address, "Hello"), channel)
    agent = make_agent(channel.queue)
    for ticket in Ticket.objects.filter(queue=channel.queue):
        reply = Reply(body="An answer", last_seen_event=newest_seen(ticket))
        release(submit(ticket, reply, by=scope_of(agent), window=INSTANTLY).pk)
    sent = an_hour(channel, clock, COUNTERPARTS)
    assert sent.keys() <= COUNTERPARTS.keys() - {"sales@desk.example", "no-reply@x9.example"}
    for mails in sent.values():
        assert len(mails) <= 3
        assert max(Counter(mail["Subject"] for mail in mails).values()) <= 2
        assert max(Counter(mail["In-Reply-To"] for mail in mails).values()) == 1
    acknowledged = Delivery.objects.filter(kind="acknowledgement")
    assert acknowledged.values("ticket").distinct().count() == acknowledged.count()
    assert sum(map(len, sent.values())) <= 3 * len(COUNTERPARTS)
    # Nothing is still going round: the last half hour made no mail of ours.
    assert not left()


class Peer:
    """A helpdesk like ours on the other side: a ticket and an answer for each mail of a person."""

    def __init__(self, *, is_marked: bool) -> None:
        self.marks = {"Auto_Submitted": "auto-replied"} if is_marked else {}

    def __call__(self, got: EmailMessage) -> list[bytes]:
        if self.marks and got["Auto-Submitted"]:
            return []
        subject = f"We have your request [#{next(_numbers)}]"
        return [mail("desk@peer.example", subject, In_Reply_To=got["Message-ID"], **self.marks)]


@pytest.mark.parametrize("is_marked", [True, False])
def test_two_helpdesks_face_each_other(channel, clock, is_marked):
    receive(mail("desk@peer.example", "Hello"), channel)
    sent = an_hour(channel, clock, {"desk@peer.example": Peer(is_marked=is_marked)})
    assert len(sent["desk@peer.example"]) == 1


def acknowledged():
    return Delivery.objects.filter(kind="acknowledgement")


def test_a_bomb_of_forged_mails_reaches_its_victim_once_an_hour(channel, clock):
    for number in range(40):
        victim = "victim@x.example" if number % 2 else f"victim+{number}@x.example"
        receive(mail(victim, f"Different {chr(97 + number)}"), channel)
    assert acknowledged().count() == 1
    inputs = str(acknowledged().get().inputs)
    assert "Different" not in inputs
    assert "Text" not in inputs
    clock.advance(minutes=61)
    receive(mail("victim@x.example", "One more"), channel)
    assert acknowledged().count() == 2


def test_one_network_gets_twenty_victims_an_hour(channel, clock):
    for number in range(25):
        peer = f"93.184.216.{number}"
        receive(mail(f"v{number}@x{number}.example", "Hello"), channel, peer=peer)
    assert acknowledged().count() == 20
    receive(mail("other@x.example", "Hello"), channel, peer="151.101.1.1")
    assert acknowledged().count() == 21
    clock.advance(minutes=61)
    receive(mail("late@x.example", "Hello"), channel, peer="93.184.216.99")
    assert acknowledged().count() == 22


def test_a_queue_answers_so_many_nobody_vouches_for(channel, monkeypatch):
    monkeypatch.setattr(flood, "_OF_A_QUEUE_AN_HOUR", 5)
    for number in range(8):
        receive(mail(f"v{number}@x{number}.example", "Hello"), channel)
    assert acknowledged().count() == 5


def test_vouched_people_are_answered_however_many_there_are(channel, settings, monkeypatch):
    settings.TRUSTED_AUTHSERV_IDS = ["mx.desk.example"]
    monkeypatch.setattr(flood, "_OF_A_QUEUE_AN_HOUR", 5)
    for number in range(8):
        told = (
            f"Authentication-Results: mx.desk.example; dmarc=pass header.from=x{number}.example\n"
        )
        data = told.encode() + mail(f"v{number}@x{number}.example", "Hello")
        receive(data, channel, peer="93.184.216.34")
    assert acknowledged().count() == 8


def test_two_about_the_same_in_three_hours(channel, settings, clock):
    settings.TRUSTED_AUTHSERV_IDS = ["mx.desk.example"]
    told = b"Authentication-Results: mx.desk.example; dmarc=pass header.from=x.example\n"
    for number in range(5):
        receive(told + mail("a@x.example", f"Re: Alarm {number}"), channel)
        clock.advance(minutes=21)
    assert acknowledged().count() == 2
    receive(told + mail("a@x.example", "Something else"), channel)
    assert acknowledged().count() == 3


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("93.184.216.34", "93.184.216.0/24"),
        ("2606:2800:220:1::1", "2606:2800:220:1::/64"),
        ("127.0.0.1", ""),
        ("10.0.0.1", ""),
        ("fe80::1", ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_networks(peer, network):
    assert flood.network_of(peer) == network
