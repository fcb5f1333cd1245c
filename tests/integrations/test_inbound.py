import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from integrations import accepting, inbound, originals
from integrations.models import InboundState, MessageRoute, RawInbound
from integrations.registry import adapter
from tests.integrations.mail import MAILBOX, keep, make_channel, make_mail, receive
from tickets.models import Contact, Identity, Message, Ticket
from tickets.states import Authority

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.mark.promise("S1.1")
def test_a_mail_becomes_a_ticket_of_the_mailboxs_queue(channel):
    raw = receive(make_mail("It burns.", subject="Grüße"), channel)
    ticket = Ticket.objects.get()
    assert (raw.state, raw.ticket, raw.message) == ("done", ticket, ticket.messages.get())
    assert (ticket.subject, ticket.queue) == ("Grüße", channel.queue)
    assert (ticket.origin_kind, ticket.origin_channel) == ("email", "support")
    assert ticket.requester.identities.get().external_id == "ann@customer.example"
    assert ticket.requester.name == "Ann"
    assert raw.message.body == "It burns."
    assert raw.message.occurred_at == raw.received_at


def test_the_original_stays_readable_byte_for_byte(channel):
    data = make_mail()
    assert originals.read(receive(data, channel)) == data


def test_reading_twice_has_the_effect_of_once(channel):
    raw = keep(make_mail(), channel)
    assert inbound.process(raw.pk).state == inbound.process(raw.pk).state == "done"
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_reading_in_two_threads_at_once_makes_one_message():
    raw = keep(make_mail(), make_channel())
    both = threading.Barrier(2)

    def work():
        both.wait(10)
        inbound.process(raw.pk)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    raw.refresh_from_db()
    assert (raw.state, Message.objects.count()) == ("done", 1)


@pytest.mark.django_db(transaction=True)
def test_one_mail_by_two_roads_at_once_makes_one_message():
    channel, data = make_channel(), make_mail()
    rows = [keep(data, channel), keep(data, channel)]
    threads = []
    for raw in rows:

        def work(pk=raw.pk):
            inbound.process(pk)
            connections.close_all()

        threads.append(threading.Thread(target=work))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(RawInbound.objects.values_list("state", flat=True)) == ["done", "duplicate"]
    assert Message.objects.count() == 1


def test_the_same_bytes_from_the_same_source_are_one_original(channel):
    source = originals.Source(name="test", key="1")
    first, second = (
        originals.keep(b"x", source=source, channel=channel, envelope={}) for _ in range(2)
    )
    assert (first[0].pk, first[1], second[1]) == (second[0].pk, True, False)


def test_a_repeated_mail_is_a_duplicate_also_with_other_line_ends(channel):
    data = make_mail()
    first = receive(data, channel)
    second = receive(b"Received: by x\r\n" + data.replace(b"\n", b"\r\n"), channel)
    assert (second.state, second.ticket, second.message) == ("duplicate", first.ticket, None)


def test_a_repeated_id_with_another_text_is_kept_and_flagged(channel):
    receive(make_mail("one", message_id="<same@x>"), channel)
    raw = receive(make_mail("two", message_id="<same@x>"), channel)
    assert (raw.state, raw.reason) == ("done", "repeated_id")
    assert Message.objects.count() == 2


def test_mails_without_an_id_are_told_apart_by_their_bytes(channel):
    def mail(body):
        return f"From: a@x.example\nSubject: x\n\n{body}\n".encode()

    states = [receive(mail(body), channel).state for body in ("one", "two", "one")]
    assert states == ["done", "done", "duplicate"]
    assert MessageRoute.objects.filter(remote_id__endswith="@missing").count() == 2


def test_several_mailboxes_make_one_ticket_for_each_queue(channel):
    same_queue = make_channel("help@desk.example", queue=channel.queue)
    other = make_channel("sales@desk.example")
    data = make_mail(to=f"{MAILBOX}, help@desk.example, sales@desk.example")
    states = [receive(data, one).state for one in (channel, same_queue, other)]
    assert states == ["done", "duplicate", "done"]
    assert set(Ticket.objects.values_list("queue", flat=True)) == {
        channel.queue_id,
        other.queue_id,
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "unparsable"), (b"\x00\xff" * 500, "unparsable"), (b"hello\n", "unparsable")],
)
def test_what_is_no_mail_is_held_with_its_bytes(channel, data, reason):
    raw = receive(data, channel)
    assert (raw.state, raw.reason) == ("held", reason)
    assert raw.error
    assert originals.read(raw) == data


def test_a_mail_with_nothing_in_it_is_a_ticket_all_the_same(channel):
    assert receive(b"From: a@x.example\n\n", channel).ticket.subject == "(no subject)"


def test_an_unreadable_sender_makes_a_ticket_and_matches_nobody(channel):
    known = receive(make_mail(), channel).ticket.requester
    data = make_mail().replace(b"From: ", b"From: evil@x.example\nFrom: ")
    ticket = receive(data, channel).ticket
    assert ticket.requester != known
    assert not Identity.objects.filter(contact=ticket.requester).exists()


def test_people_in_copy_are_proposed_and_our_own_addresses_are_not(channel):
    make_channel("sales@desk.example")
    cc = "Bob <bob@customer.example>, sales+x@desk.example, ann@customer.example"
    ticket = receive(make_mail(Cc=cc), channel).ticket
    (participant,) = ticket.participants.all()
    assert participant.contact.identities.get().external_id == "bob@customer.example"
    assert participant.confirmed_at is None


def test_a_mailing_to_hundreds_proposes_nobody(channel):
    cc = ", ".join(f"p{n}@x.example" for n in range(200))
    receive(make_mail(Cc=cc), channel)
    assert Contact.objects.count() == 1


class Broken:
    """An adapter that fails as only code can."""

    def parse(self, _raw, _data):
        raise ZeroDivisionError("broken")


@pytest.fixture
def broken(monkeypatch):
    monkeypatch.setattr(inbound.registry, "adapter", lambda _kind: Broken())


def test_a_failing_reader_is_tried_again_later_and_gives_up_in_the_end(channel, broken, clock):
    raw = keep(make_mail(), channel)
    waits = []
    for _ in range(inbound.MOST_ATTEMPTS):
        raw = inbound.process(raw.pk)
        waits.append(raw.next_attempt_at)
        clock.advance(hours=1)
    assert waits[:4] == sorted(waits[:4])
    assert (raw.state, raw.attempts) == ("dead", 5)
    assert "ZeroDivisionError: broken" in raw.error
    assert originals.read(raw)


def test_readers_that_die_in_the_middle_are_counted(channel, clock):
    raw = keep(make_mail(), channel)
    for _ in range(inbound.MOST_ATTEMPTS):
        assert inbound._claimed(raw.pk)
        clock.advance(seconds=inbound.LEASE.total_seconds() + 1)
    assert inbound.process(raw.pk).state == InboundState.DEAD


def test_a_reader_whose_lease_ran_out_changes_nothing(channel, clock):
    raw = keep(make_mail(), channel)
    late = inbound._claimed(raw.pk)
    assert inbound.process(raw.pk).state == "new"
    clock.advance(seconds=inbound.LEASE.total_seconds() + 1)
    assert inbound.process(raw.pk).state == "done"
    inbound._settle(late, adapter("email").parse(late, originals.read(late)))
    assert Message.objects.count() == 1


def test_a_failure_while_accepting_leaves_nothing_half_done(channel, monkeypatch):
    raw = keep(make_mail(), channel)

    def fail(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(accepting, "_routed", fail)
    assert inbound.process(raw.pk).state == "new"
    assert not Ticket.objects.exists()
    monkeypatch.undo()
    RawInbound.objects.update(lease_until=None)
    assert inbound.process(raw.pk).state == "done"


def test_changed_bytes_are_never_read_as_the_original(channel):
    raw = keep(make_mail(), channel)
    RawInbound.objects.update(sha256=b"\0" * 32)
    assert "Damaged" in inbound.process(raw.pk).error


def test_a_text_with_nul_and_lone_surrogates_can_be_stored(channel):
    data = (
        b"From: =?utf-8?b?AEE=?= <a@x.example>\nSubject: =?utf-8?b?AO2ggA==?= x\n"
        b"Content-Type: text/plain; charset=utf-8\n\nnul \x00 and \xed\xa0\x80 end\n"
    )
    assert receive(data, channel).state == "done"


def test_keeping_for_two_channels_is_all_or_nothing(channel, monkeypatch):
    made = []

    def keep_once(*args, **kwargs):
        if made:
            raise OSError("full")
        made.append(1)
        return original(*args, **kwargs)

    original = originals.keep
    monkeypatch.setattr(originals, "keep", keep_once)
    with pytest.raises(OSError, match="full"):
        inbound.keep(
            make_mail(),
            source=originals.Source(name="test", key="x"),
            channels=[channel, make_channel("sales@desk.example")],
            envelope={},
        )
    assert not RawInbound.objects.exists()


def test_a_new_mail_is_verified_only_when_a_trusted_server_vouches(channel, settings):
    settings.TRUSTED_AUTHSERV_IDS = ["mx.desk.example"]
    vouched = b"Authentication-Results: mx.desk.example; dmarc=pass header.from=customer.example\n"
    assert receive(make_mail(), channel).message.authority == Authority.PLAUSIBLE
    assert receive(vouched + make_mail(), channel).message.authority == Authority.VERIFIED


def test_the_state_is_readable_without_the_channel(channel):
    raw = keep(make_mail(), channel)
    RawInbound.objects.update(channel=None)
    assert inbound.process(raw.pk).state == "held"
    assert connection.is_usable()


def test_waiting_originals_are_left_to_their_caller(channel, clock):
    raw, _made = originals.keep(
        make_mail(),
        source=originals.Source(name="test", key="w"),
        channel=channel,
        envelope={},
        wait=timedelta(minutes=2),
    )
    raw.refresh_from_db()
    assert raw.next_attempt_at > raw.received_at + timedelta(minutes=1)


def test_a_mail_without_an_id_by_two_roads_is_one_message(channel):
    data = b"Date: Mon, 23 Nov 2026 10:00:00 +0000\nFrom: a@x.example\nSubject: x\n\nHello\n"
    states = [receive(road + data, channel).state for road in (b"", b"Received: by y\n")]
    assert states == ["done", "duplicate"]
    later = data.replace(b"10:00", b"11:00")
    assert receive(later, channel).state == "done"
