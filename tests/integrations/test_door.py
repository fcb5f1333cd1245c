import asyncio
import hashlib
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from django.db import DatabaseError

from integrations import listener, originals
from integrations.email import door as door_module
from integrations.email import limits, mailboxes
from integrations.models import RawInbound
from tests.integrations.mail import MAILBOX, make_channel, make_mail

pytestmark = pytest.mark.django_db(transaction=True)
SENDER = "ann@customer.example"


@contextmanager
def opened(*, store=listener.store, channel_of=mailboxes.channel_of):
    """Real doors on free ports, SMTP and LMTP, in a loop of their own."""
    loop = asyncio.new_event_loop()
    ready, stop, found = threading.Event(), asyncio.Event(), []

    async def serve():
        threads = listener.Threads()
        rooms = door_module.Rooms(channel_of=channel_of, store=store, run=threads.run)
        async with listener.doors(
            smtp=("127.0.0.1", 0), lmtp=("127.0.0.1", 0), rooms=rooms
        ) as addresses:
            found.extend(addresses)
            ready.set()
            await stop.wait()
        threads.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def smtp(channel):
    with opened() as (address, _lmtp), smtplib.SMTP(*address, timeout=10) as client:
        yield client


def hand_in(client, data, *to):
    """The server's answer to DATA."""
    client.ehlo()
    assert client.mail(SENDER)[0] == 250
    for address in to:
        client.rcpt(address)
    return client.data(data)


@pytest.mark.promise("S1.1")
def test_a_mail_is_committed_before_250_and_250_names_it(smtp, channel):
    data = make_mail().replace(b"\n", b"\r\n")
    code, words = hand_in(smtp, data, MAILBOX)
    raw = RawInbound.objects.get()
    assert (code, raw.source_key) == (250, words.decode().split()[-1])
    assert originals.read(raw) == data
    assert bytes(raw.sha256) == hashlib.sha256(data).digest()
    assert (raw.channel, raw.state) == (channel, "new")
    assert raw.envelope["mail_from"] == SENDER
    assert raw.envelope["rcpt_tos"] == [MAILBOX]


def test_the_door_says_what_it_can_and_neither_version_nor_login(smtp):
    assert smtp.ehlo()[0] == 250
    assert {"size", "8bitmime", "smtputf8", "pipelining"} <= set(smtp.esmtp_features)
    assert smtp.esmtp_features["size"] == str(limits.SIZE)
    assert "auth" not in smtp.esmtp_features


def test_the_banner_names_the_mail_domain_alone(channel):
    with opened() as (address, _lmtp), socket.create_connection(address, timeout=10) as client:
        assert client.recv(200) == b"220 desk.example ESMTP\r\n"


@pytest.mark.parametrize("address", ["SUPPORT@Desk.Example", "support+x9@desk.example"])
def test_a_mailbox_is_known_in_any_case_and_with_a_detail(smtp, address):
    smtp.ehlo()
    smtp.mail(SENDER)
    assert smtp.rcpt(address)[0] == 250


@pytest.mark.parametrize("address", ["nobody@desk.example", "ann@elsewhere.example", "support"])
def test_unknown_recipients_and_relaying_are_refused(smtp, address):
    smtp.ehlo()
    smtp.mail(SENDER)
    code, words = smtp.rcpt(address)
    assert (code, words[:5]) == (550, b"5.1.1")


def test_an_inactive_channel_takes_nothing():
    make_channel(is_active=False)
    with opened() as (address, _lmtp), smtplib.SMTP(*address, timeout=10) as client:
        client.ehlo()
        client.mail(SENDER)
        assert client.rcpt(MAILBOX)[0] == 550


def test_two_mailboxes_of_one_channel_make_one_original(smtp, channel):
    channel.addresses.create(address="help@desk.example")
    assert hand_in(smtp, make_mail(), MAILBOX, "help@desk.example")[0] == 250
    assert RawInbound.objects.count() == 1


def test_two_channels_get_an_original_each(smtp, channel):
    other = make_channel("sales@desk.example")
    assert hand_in(smtp, make_mail(), MAILBOX, "sales@desk.example")[0] == 250
    assert set(RawInbound.objects.values_list("channel", flat=True)) == {channel.pk, other.pk}


def test_too_many_recipients_are_put_off(smtp, monkeypatch):
    monkeypatch.setattr(door_module, "MOST_RECIPIENTS", 1)
    smtp.ehlo()
    smtp.mail(SENDER)
    smtp.rcpt(MAILBOX)
    assert smtp.rcpt(MAILBOX)[0] == 452


def test_a_null_sender_is_heard(smtp):
    smtp.ehlo()
    assert smtp.mail("")[0] == 250
    smtp.rcpt(MAILBOX)
    assert smtp.data(make_mail())[0] == 250
    assert RawInbound.objects.get().envelope["mail_from"] == ""


def test_an_international_sender_and_mail_pass(smtp):
    smtp.ehlo()
    assert smtp.mail("jörg@straße.example", ["SMTPUTF8", "BODY=8BITMIME"])[0] == 250
    smtp.rcpt(MAILBOX)
    assert smtp.data("From: jörg@straße.example\r\n\r\nGrüße\r\n".encode())[0] == 250
    assert RawInbound.objects.get().envelope["mail_from"] == "jörg@straße.example"


def test_a_mail_that_says_it_is_too_large_is_refused_before_it_comes(smtp):
    smtp.ehlo()
    code, words = smtp.mail(SENDER, [f"SIZE={limits.SIZE + 1}"])
    assert (code, words[:5]) == (552, b"5.3.4")


@pytest.mark.parametrize("is_lmtp", [False, True])
def test_a_mail_that_turns_out_too_large_is_refused_whole(channel, monkeypatch, is_lmtp):
    monkeypatch.setattr(limits, "SIZE", 10_000)
    with opened() as addresses:
        kind = smtplib.LMTP if is_lmtp else smtplib.SMTP
        with kind(*addresses[is_lmtp], timeout=10) as client:
            code, words = hand_in(client, make_mail("x" * 70 + "\n" * 20_000), MAILBOX)
            assert (code, words[:5]) == (552, b"5.3.4")
            assert client.noop()[0] == 250
    assert not RawInbound.objects.exists()


def test_lines_longer_than_the_standard_allows_are_taken(smtp):
    data = b"From: ann@customer.example\r\n\r\n" + b"x" * 100_000 + b"\r\n"
    assert hand_in(smtp, data, MAILBOX)[0] == 250
    assert originals.read(RawInbound.objects.get()) == data


def talk(address, *pieces):
    """Speak raw bytes, all at once, and hear everything until the door hangs up."""
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(b"".join(pieces))
        return b"".join(iter(lambda: client.recv(4096), b""))


@pytest.mark.parametrize(
    "end", [b"\n.\r\n", b"\n.\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r\n\x00.\r\n"]
)
def test_a_second_mail_cannot_be_smuggled_in(channel, end):
    hidden = b"MAIL FROM:<x@y.example>\r\nRCPT TO:<" + MAILBOX.encode() + b">\r\nDATA\r\nevil"
    with opened() as (address, _lmtp):
        heard = talk(
            address,
            b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + MAILBOX.encode() + b">\r\nDATA\r\n",
            b"Subject: x\r\n\r\nhi" + end + hidden + b"\r\n.\r\nQUIT\r\n",
        )
    assert heard.count(b"354 ") == 1
    assert RawInbound.objects.count() <= 1
    assert (b"550 5.6.0" in heard) or end == b"\r\n\x00.\r\n"


def test_pipelined_commands_are_answered_in_order(channel):
    with opened() as (address, _lmtp):
        heard = talk(
            address,
            b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<nobody@desk.example>\r\n",
            b"RCPT TO:<" + MAILBOX.encode() + b">\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
        )
    lines = [line[:3] for line in heard.split(b"\r\n") if line[3:4] == b" "]
    assert lines == [b"220", b"250", b"250", b"550", b"250", b"354", b"250", b"221"]


def test_lmtp_answers_once_for_each_recipient(channel):
    to = b"RCPT TO:<" + MAILBOX.encode() + b">\r\n"
    with opened() as (_smtp, address):
        heard = talk(
            address,
            b"LHLO x\r\nMAIL FROM:<a@b.example>\r\n" + to + b"RCPT TO:<no@desk.example>\r\n" + to,
            b"DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
        )
    assert heard.count(b"Queued as") == 2
    assert RawInbound.objects.count() == 1


def test_a_client_that_goes_in_the_middle_of_a_mail_leaves_nothing(channel):
    with opened() as (address, _lmtp):
        with socket.create_connection(address, timeout=10) as client:
            client.sendall(
                b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@desk.example>\r\n"
            )
            client.sendall(b"DATA\r\nSubject: x\r\n\r\nhalf of")
        with smtplib.SMTP(*address, timeout=10) as client:
            assert client.noop()[0] == 250
    assert not RawInbound.objects.exists()


@pytest.mark.promise("S4.13")
@pytest.mark.parametrize("error", [DatabaseError("away"), OSError(28, "No space left on device")])
def test_what_cannot_be_stored_is_put_off_and_nothing_is_kept(channel, error):
    def store(_letter):
        raise error

    with opened(store=store) as (address, _lmtp), smtplib.SMTP(*address, timeout=10) as client:
        code, words = hand_in(client, make_mail(), MAILBOX)
        assert (code, words[:5]) == (451, b"4.3.0")
    assert not RawInbound.objects.exists()


def test_a_full_disk_is_answered_with_451(smtp, settings, tmp_path):
    (tmp_path / "file").write_text("no folder")
    settings.STORAGE_DIR = tmp_path / "file"
    code, _words = hand_in(smtp, make_mail("x" * 70 + "\n" + "y" * 300_000), MAILBOX)
    assert code == 451
    assert not RawInbound.objects.exists()


def test_recipients_are_put_off_while_the_database_is_away(channel):
    def channel_of(_address):
        raise DatabaseError("away")

    with (
        opened(channel_of=channel_of) as (address, _lmtp),
        smtplib.SMTP(*address, timeout=10) as client,
    ):
        client.ehlo()
        client.mail(SENDER)
        assert client.rcpt(MAILBOX)[0] == 451


def test_a_large_original_stands_in_storage_and_its_file_goes_with_a_failed_row(
    smtp, settings, tmp_path, monkeypatch
):
    settings.STORAGE_DIR = tmp_path
    data = make_mail("z" * 70 + "\n" + "y" * 300_000)
    assert hand_in(smtp, data, MAILBOX)[0] == 250
    raw = RawInbound.objects.get()
    assert raw.storage_key
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1

    def away(*_args, **_kwargs):
        raise DatabaseError("away")

    monkeypatch.setattr(RawInbound, "save", away)
    assert hand_in(smtp, data, MAILBOX)[0] == 451
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_connections_beyond_the_cap_are_sent_away(channel, monkeypatch):
    monkeypatch.setattr(door_module, "MOST_CONNECTIONS", 1)
    with (
        opened() as (address, _lmtp),
        smtplib.SMTP(*address, timeout=10),
        socket.create_connection(address, timeout=10) as second,
    ):
        assert second.recv(200).startswith(b"421 4.3.2")


def test_a_silent_client_is_hung_up_on(channel, monkeypatch):
    monkeypatch.setattr(door_module, "IDLE_S", 0.2)
    with opened() as (address, _lmtp), socket.create_connection(address, timeout=10) as client:
        client.recv(200)
        assert client.recv(200) == b""


def test_a_taken_port_is_named_in_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "manage.py", "listen"],
            env={**os.environ, "MAIL_DOOR": f"127.0.0.1:{port}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"MAIL_DOOR is 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def listening(**environment):
    """`manage.py listen` in a process of its own; gives the process and the door's address."""
    port = free_port()
    started = subprocess.Popen(
        [sys.executable, "manage.py", "listen"],
        env={**os.environ, "MAIL_DOOR": f"127.0.0.1:{port}", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with started:
        assert "SMTP door at 127.0.0.1:" in started.stdout.readline()
        yield started, ("127.0.0.1", port)
        started.send_signal(signal.SIGTERM)
        assert started.wait(20) == 0


def test_a_listener_without_its_database_stays_up_and_puts_mail_off():
    nowhere = f"postgres://nobody@127.0.0.1:{free_port()}/nothing"
    with (
        listening(DATABASE_URL=nowhere) as (_process, address),
        smtplib.SMTP(*address, timeout=20) as client,
    ):
        client.ehlo()
        client.mail(SENDER)
        assert client.rcpt(MAILBOX)[0] == 451


def test_sigterm_ends_the_listener_in_good_order_with_a_client_inside():
    with listening() as (_process, address):
        client = smtplib.SMTP(*address, timeout=20)
        assert client.noop()[0] == 250
    client.close()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
