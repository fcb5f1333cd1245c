"""Handing a mail over: what is told apart, and what is never sent."""

import json
import socket
import ssl
import struct
import threading

import pytest
from aiosmtpd.smtp import AuthResult

from integrations.base import DeliveryError
from integrations.email import smtp
from integrations.email.smtp import Server, hand_over, server_of
from integrations.models import Channel
from tests.integrations import sink
from tests.integrations.tls import write_certificate
from tickets import crypto

DATA = b"Subject: x\r\n\r\n.dot\r\nlast line\r\n"


@pytest.fixture
def server():
    with sink.running() as running:
        yield running


def deliver(running, *, data=DATA, scheme="smtp", host="127.0.0.1", user="", password=""):
    server = Server(scheme=scheme, host=host, port=running.port, user=user, password=password)
    return hand_over(server, sender="a@desk.example", recipient="b@customer.example", data=data)


def test_an_accepted_mail_gives_the_servers_words(server):
    assert deliver(server).response == "250 2.0.0 kept"
    (mail,) = server.caught
    assert (mail.sender, mail.recipients) == ("a@desk.example", ["b@customer.example"])
    assert mail.data == DATA


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ("421 shutting down", False),
        ("450 greylisted", False),
        ("451 local error", False),
        ("452 no space", False),
        ("550 no such user", True),
        ("552 too big", True),
        ("554 spam", True),
    ],
)
def test_answers_about_the_mail_decide_by_their_code(server, command, answer, permanent):
    server.says(command, answer)
    with pytest.raises(DeliveryError, match=answer) as refused:
        deliver(server)
    assert refused.value.permanent is permanent
    assert refused.value.ambiguous is False
    assert server.caught == []


def test_a_server_that_turns_us_away_at_the_door_may_be_tried_again(server):
    server.says("EHLO", "554 go away")
    server.says("HELO", "554 go away")
    with pytest.raises(DeliveryError) as refused:
        deliver(server)
    assert refused.value.permanent is False


def test_a_cut_after_the_text_is_ambiguous(server):
    server.says("DATA", sink.CUT)
    with pytest.raises(DeliveryError, match=r"before 127\.0\.0\.1 confirmed") as cut:
        deliver(server)
    assert cut.value.ambiguous is True


@pytest.fixture
def cutter():
    """A server that resets the connection once the text has begun; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_cut_in_the_text, args=[listening])
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def _cut_in_the_text(listening):
    client, _place = listening.accept()
    lines = client.makefile("rb")
    client.sendall(b"220 here\r\n")
    for answer in (b"250 hello", b"250 sender", b"250 recipient", b"354 go ahead"):
        lines.readline()
        client.sendall(answer + b"\r\n")
    lines.readline()
    # Closed at once, with what was sent unread: the other side sees a reset.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    lines.close()
    client.close()


def test_a_cut_within_the_text_is_not_ambiguous(cutter):
    server = Server(scheme="smtp", host="127.0.0.1", port=cutter)
    data = b"Subject: x\r\n\r\n" + b"line\r\n" * 2_000_000
    with pytest.raises(DeliveryError, match="was cut") as cut:
        hand_over(server, sender="a@desk.example", recipient="b@c.example", data=data)
    assert (cut.value.ambiguous, cut.value.permanent) == (False, False)


def test_a_mail_larger_than_the_server_takes_is_not_begun():
    with sink.running(data_size_limit=1_000) as running:
        assert deliver(running).response == "250 2.0.0 kept"
        with pytest.raises(DeliveryError, match="takes at most 1,000") as refused:
            deliver(running, data=DATA + b"x" * 1_000)
        assert refused.value.permanent
        assert len(running.caught) == 1


def test_a_server_too_slow_to_confirm_is_ambiguous_and_holds_nobody_up(server, monkeypatch):
    monkeypatch.setattr(smtp, "_ANSWER_S", sink.SLOW_S / 5)
    server.says("DATA", sink.SLOW)
    with pytest.raises(DeliveryError, match="timed out") as late:
        deliver(server)
    assert late.value.ambiguous is True


def test_a_servers_words_are_stored_as_one_line_of_text(server):
    server.says("RCPT", "550-go\r\n550 a\0way \x1b[31m" + "x" * 900)
    with pytest.raises(DeliveryError) as refused:
        deliver(server)
    said = str(refused.value)
    assert "550 go away" in said
    assert said.isprintable()
    assert len(said) < 600


def test_a_cut_before_the_text_is_not(server):
    server.says("RCPT", sink.CUT)
    with pytest.raises(DeliveryError) as cut:
        deliver(server)
    assert (cut.value.ambiguous, cut.value.permanent) == (False, False)


def test_no_server_at_all_may_be_tried_again():
    with pytest.raises(DeliveryError, match="cannot be used") as refused:
        deliver(sink.Sink())
    assert refused.value.permanent is False


def test_a_password_is_never_sent_in_clear(server):
    with pytest.raises(DeliveryError, match="never sent in clear"):
        deliver(server, user="desk", password="secret")


def test_a_stripped_starttls_sends_nothing(server):
    with pytest.raises(DeliveryError, match="STARTTLS"):
        deliver(server, scheme="smtp+tls", user="desk", password="secret")
    assert server.caught == []


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody but its own file vouches for."""
    return write_certificate(tmp_path_factory.mktemp("tls") / "sink.pem", "127.0.0.1")


def tls(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def admits(server, session, envelope, mechanism, auth_data):
    return AuthResult(success=auth_data.password == b"secret", handled=False)


def test_starttls_and_login_with_a_trusted_certificate(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with sink.running(tls_context=tls(certificate), authenticator=admits) as running:
        receipt = deliver(running, scheme="smtp+tls", user="desk", password="secret")
    assert receipt.response == "250 2.0.0 kept"


def test_smtps_with_a_trusted_certificate(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with sink.running(ssl_context=tls(certificate)) as running:
        assert deliver(running, scheme="smtps").response == "250 2.0.0 kept"


def test_a_certificate_nobody_vouches_for_sends_nothing(certificate):
    with sink.running(tls_context=tls(certificate)) as running:
        with pytest.raises(DeliveryError, match="CERTIFICATE_VERIFY_FAILED"):
            deliver(running, scheme="smtp+tls", user="desk", password="secret")
        assert running.caught == []


def test_a_certificate_for_another_name_sends_nothing(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with (
        sink.running(tls_context=tls(certificate)) as running,
        pytest.raises(DeliveryError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        deliver(running, scheme="smtp+tls", host="localhost")


def test_a_refused_login_says_so_and_waits(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with (
        sink.running(tls_context=tls(certificate), authenticator=admits) as running,
        pytest.raises(DeliveryError, match="535") as refused,
    ):
        deliver(running, scheme="smtp+tls", user="desk", password="wrong")
    assert refused.value.permanent is False


def test_a_channels_own_server_comes_with_its_sealed_password():
    sealed = crypto.seal(json.dumps({"smtp_password": "secret"}).encode())
    channel = Channel(
        config={"smtp_url": "smtp+tls://desk@mail.example"},
        sealed_key=sealed.key,
        sealed_secrets=sealed.data,
    )
    assert server_of(channel) == Server(
        scheme="smtp+tls", host="mail.example", port=587, user="desk", password="secret"
    )
    assert server_of(Channel()) == Server(scheme="smtp", host="127.0.0.1", port=1025)
