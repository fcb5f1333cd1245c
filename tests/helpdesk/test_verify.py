"""`manage.py verify` is quiet about what is whole and names what is broken."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from integrations import inbound, originals
from integrations.models import Delivery, InboundState, MessageRoute, RawInbound
from tests import factories
from tests.integrations.outgoing import make_channel
from tickets import attachments, clock
from tickets.actions.reply import Reply, newest_seen, submit
from tickets.content import NewFile
from tickets.models import Attachment, Draft
from tickets.permissions import scope_of

pytestmark = pytest.mark.django_db

MAIL = b"From: grace@customer.example\r\nMessage-ID: <1@c.example>\r\nSubject: Hi\r\n\r\nHello\r\n"
LONG_AGO = timedelta(hours=1)


@pytest.fixture
def queue():
    return factories.QueueFactory()


@pytest.fixture
def channel(queue):
    return make_channel(queue)


@pytest.fixture
def delivery(queue, channel):
    agent = factories.make_agent(queue)
    ticket = factories.make_ticket(queue=queue)
    return factories.make_message(ticket, by=agent).deliveries.get()


@pytest.fixture
def raw(channel):
    source = originals.Source(name="smtp", key="1")
    raw, _new = originals.keep(MAIL, source=source, channel=channel, envelope={})
    return inbound.process(raw.pk)


@pytest.fixture
def verified(capsys):
    """Run the command: the lines of broken invariants, by name."""

    def run(*arguments):
        broken = False
        try:
            call_command("verify", *arguments)
        except SystemExit as stopped:
            broken = stopped.code == 1
        lines = capsys.readouterr().out.splitlines()
        found = {line.split()[0] for line in lines if line.startswith("I") and " ok " not in line}
        assert broken is bool(found)
        return found

    return run


@pytest.fixture
def ledger(tmp_path):
    def write(*accepted):
        file = tmp_path / "ledger.jsonl"
        entries = [
            {"message_id": name, "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in accepted
        ]
        file.write_text("\n".join(json.dumps(entry) for entry in entries))
        return f"--ledger={file}"

    return write


@pytest.fixture
def sink(tmp_path):
    def write(*message_ids):
        folder = tmp_path / "sink"
        folder.mkdir()
        for number, message_id in enumerate(message_ids):
            (folder / f"{number}.eml").write_text(f"Message-ID: {message_id}\r\n\r\nx")
        return f"--sink={folder}"

    return write


def test_an_empty_desk_and_a_whole_one_are_well(verified, raw, delivery, ledger):
    assert verified("--grace=3600") == set()
    assert verified(ledger(("<1@c.example>", MAIL))) == set()


def test_an_accepted_message_that_is_not_there(verified, raw, ledger):
    assert verified(ledger(("<2@c.example>", b"another"))) == {"I1"}


def test_an_original_that_cannot_be_read_back(verified, raw):
    RawInbound.objects.update(sealed_data=b"cut")
    assert verified() == {"I1"}


def test_a_destroyed_original_is_no_loss(verified, raw):
    RawInbound.objects.update(sealed_key=b"", sealed_data=b"")
    assert verified() == set()


def test_an_original_nobody_reads(verified, channel):
    source = originals.Source(name="smtp", key="1")
    originals.keep(MAIL, source=source, channel=channel, envelope={})
    assert verified() == set()
    RawInbound.objects.update(next_attempt_at=clock.now() - LONG_AGO)
    assert verified() == {"I2"}


def test_a_delivery_nobody_sends(verified, delivery):
    Delivery.objects.update(next_attempt_at=clock.now() - LONG_AGO)
    assert verified() == {"I2"}


def test_a_reply_nobody_releases(verified, queue):
    agent, ticket = factories.make_agent(queue), factories.make_ticket(queue=queue)
    submit(ticket, Reply(body="x", last_seen_event=newest_seen(ticket)), by=scope_of(agent))
    Draft.objects.update(release_at=clock.now() - LONG_AGO)
    assert verified() == {"I2"}


def test_a_handed_in_again_message_is_stored_twice_and_on_its_ticket_once(
    verified, raw, channel, ledger
):
    source = originals.Source(name="smtp", key="2")
    again, _new = originals.keep(MAIL, source=source, channel=channel, envelope={})
    assert inbound.process(again.pk).state == InboundState.DUPLICATE
    assert verified(ledger(("<1@c.example>", MAIL))) == set()


def test_the_same_bytes_on_two_tickets(verified, raw, queue, channel, ledger):
    other = factories.make_ticket(queue=queue)
    RawInbound.objects.create(
        source="smtp",
        source_key="2",
        sha256=raw.sha256,
        size=raw.size,
        channel=channel,
        state=InboundState.DONE,
        ticket=other,
        message=other.messages.get(),
    )
    assert verified() == {"I3"}
    MessageRoute.objects.create(
        message=other.messages.get(), channel=channel, remote_id="<1@c.example>", sha256=b"x"
    )
    assert verified(ledger(("<1@c.example>", MAIL))) == {"I1", "I3"}


def test_a_reply_that_lost_its_delivery(verified, delivery):
    delivery.delete()
    assert verified() == {"I4"}


def test_what_the_receiving_server_caught_is_compared(verified, delivery, sink):
    Delivery.objects.update(state="sent", response="250 ok", sent_at=clock.now())
    assert verified(sink(delivery.remote_id)) == set()


@pytest.mark.parametrize("copies", [0, 2])
def test_too_few_or_too_many_copies(verified, delivery, sink, copies):
    Delivery.objects.update(state="sent", response="250 ok", sent_at=clock.now())
    assert verified(sink(*[delivery.remote_id] * copies)) == {"I4"}


def test_a_second_copy_after_a_cut_is_allowed_a_third_is_not(verified, delivery, sink, tmp_path):
    Delivery.objects.update(
        state="sent", response="250 ok", sent_at=clock.now(), possibly_sent_twice=True
    )
    folder = sink(delivery.remote_id, delivery.remote_id)
    assert verified(folder) == set()
    (tmp_path / "sink" / "3.eml").write_text(f"Message-ID: {delivery.remote_id}\r\n\r\nx")
    assert verified(folder) == {"I4"}


def test_a_mail_nobody_wrote(verified, sink):
    assert verified(sink("<hd.unknown@desk.example>")) == {"I5"}


@pytest.mark.parametrize("response", ["", "450 later", "sent, surely"])
def test_sent_without_a_servers_word(verified, delivery, response):
    Delivery.objects.update(state="sent", response=response, sent_at=clock.now())
    assert verified() == {"I7"}


def test_failed_in_silence(verified, delivery):
    Delivery.objects.update(state="failed", response="550 no")
    assert verified() == {"I7"}


def test_missing_and_changed_files(verified, queue):
    ticket = factories.make_ticket(
        queue=queue, files=[NewFile(name="a.txt", content_type="text/plain", data=b"a")]
    )
    assert verified() == set()
    path = attachments.path_of(Attachment.objects.get(ticket=ticket).storage_key)
    path.write_bytes(b"b")
    assert verified() == {"I10"}
    path.unlink()
    assert verified() == {"I10"}


@pytest.mark.parametrize("argument", ["--ledger=/nowhere", "--sink=/nowhere"])
def test_evidence_that_cannot_be_read_is_said(argument):
    with pytest.raises(CommandError, match="/nowhere"):
        call_command("verify", argument)


def test_only_a_few_examples_are_printed(capsys, queue):
    for number in range(9):
        RawInbound.objects.create(source="x", source_key=str(number), sha256=b"", size=0)
    RawInbound.objects.update(next_attempt_at=clock.now() - LONG_AGO)
    with pytest.raises(SystemExit):
        call_command("verify")
    out = capsys.readouterr().out
    assert "9 problems" in out
    assert out.count("waits to be read") == 5
    assert "and 4 more" in out
