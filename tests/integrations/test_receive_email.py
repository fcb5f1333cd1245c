"""The pipe: one JSON line a file, in order, and 75 when a mail could not be stored."""

import io
import json
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from integrations import originals
from integrations.models import Delivery, RawInbound
from tests.integrations.mail import MAILBOX, make_channel, make_mail
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db
KEYS = [
    *("file", "outcome", "ticket", "message", "subject", "from", "from_name", "to", "cc"),
    *("text", "reply_text", "html", "attachments", "reason", "would_answer"),
]


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def write(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write


def receive(*files, mailbox=MAILBOX, **options):
    out = io.StringIO()
    call_command("receive_email", *files, mailbox=mailbox, stdout=out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def everything(write):
    """A file for each outcome."""
    first = make_mail("Hello", message_id="<1@x>", Cc="Bob <bob@customer.example>")
    answer = make_mail("More\n\nOn Monday Ann wrote:\n> Hello", In_Reply_To="<1@x>")
    auto = make_mail("Away", In_Reply_To="<1@x>", Auto_Submitted="auto-replied")
    alert = make_mail("Disk full", Auto_Submitted="auto-generated")
    files = [first, answer, first, b"\x00\xff", auto, alert]
    return [write(f"{number}.eml", data) for number, data in enumerate(files)]


OUTCOMES = ["created", "appended", "duplicate", "held", "suppressed", "created"]


@pytest.mark.promise("S1.1")
def test_each_file_is_told_in_order(channel, everything):
    lines = receive(*everything)
    assert [line["file"] for line in lines] == everything
    assert [line["outcome"] for line in lines] == OUTCOMES
    assert [list(line) for line in lines] == [KEYS] * len(lines)
    assert [line["would_answer"] for line in lines] == [True, True, False, False, False, False]
    first, answer, again, held, auto, _alert = lines
    ticket = Ticket.objects.get(pk=first["ticket"])
    assert first["message"] == ticket.messages.earliest("pk").pk
    assert (first["from"], first["from_name"]) == ("ann@customer.example", "Ann")
    assert (first["to"], first["cc"]) == ([MAILBOX], ["bob@customer.example"])
    assert (first["subject"], first["text"], first["html"]) == ("Help", "Hello\n", None)
    assert (answer["ticket"], answer["reply_text"]) == (ticket.pk, "More")
    assert "> Hello" in answer["text"]
    assert (again["ticket"], again["subject"]) == (ticket.pk, "Help")
    assert (held["reason"], held["ticket"], held["subject"]) == ("unparsable", None, None)
    assert (auto["reason"], auto["ticket"]) == ("auto_reply", None)


def test_a_dry_run_prints_the_same_and_keeps_nothing(channel, everything, settings, tmp_path):
    settings.STORAGE_DIR = tmp_path / "storage"
    everything.append(everything[0].replace("0.eml", "large.eml"))
    (tmp_path / "large.eml").write_bytes(make_mail("x" * 60 + "\n" + "y\n" * 200_000))
    dry = receive(*everything, dry_run=True)
    assert not any(model.objects.exists() for model in (RawInbound, Ticket, Message, Delivery))
    assert not settings.STORAGE_DIR.exists()
    real = receive(*everything)
    for line in dry + real:
        line.pop("ticket")
        line.pop("message")
    assert dry == real


def test_files_of_a_mail_are_told_with_their_decoded_size(channel, write):
    body = (
        b"From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        b"Content-Type: text/html\n\n<p>Hi</p>\n--b\nContent-Type: image/png; name=a.png\n"
        b"Content-Transfer-Encoding: base64\n\nAAAA\n--b--\n"
    )
    (line,) = receive(write("a.eml", body))
    assert line["attachments"] == [{"name": "a.png", "type": "image/png", "size": 3}]
    assert (line["text"], line["html"].strip()) == ("Hi", "<p>Hi</p>")


def test_an_unreadable_sender_is_null_and_never_answered(channel, write):
    (line,) = receive(write("a.eml", b"From: Ann <ann@x>, bob@y.example\nSubject: x\n\nx"))
    assert (line["outcome"], line["from"], line["from_name"]) == ("created", None, "Ann")
    assert line["would_answer"] is False


def test_a_queue_that_does_not_acknowledge_would_not_answer(channel, write):
    channel.queue.acknowledges = False
    channel.queue.save()
    assert receive(write("a.eml", make_mail()))[0]["would_answer"] is False


def test_the_mail_server_hands_in_by_the_pipe_and_may_do_it_twice(channel, monkeypatch):
    data = make_mail()

    def hand_in():
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return receive()[0]["outcome"]

    assert [hand_in(), hand_in()] == ["created", "duplicate"]
    assert RawInbound.objects.count() == 1


def test_an_unknown_mailbox_is_a_sentence():
    with pytest.raises(CommandError, match=r"x@desk\.example is no mailbox"):
        receive("-", mailbox="x@desk.example")


@pytest.mark.promise("S4.13")
def test_what_cannot_be_stored_is_told_and_the_others_go_on(channel, write, monkeypatch):
    keep = originals.keep

    def full_once(data, **options):
        if data == b"full":
            raise OSError(28, "No space left on device")
        return keep(data, **options)

    monkeypatch.setattr(originals, "keep", full_once)
    out = io.StringIO()
    files = [write("full.eml", b"full"), write("b.eml", make_mail())]
    with pytest.raises(SystemExit) as ended:
        call_command("receive_email", *files, mailbox=MAILBOX, stdout=out)
    assert ended.value.code == os.EX_TEMPFAIL
    failed, created = (json.loads(line) for line in out.getvalue().splitlines())
    assert (failed["outcome"], created["outcome"]) == ("failed", "created")
    assert "No space left" in failed["reason"]


def test_without_a_database_the_mail_server_is_told_to_come_back():
    done = subprocess.run(
        [sys.executable, "manage.py", "receive_email", "--mailbox", MAILBOX],
        env={**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"},
        input=make_mail(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == os.EX_TEMPFAIL
    assert b"The database is away" in done.stderr
    assert b"Traceback" not in done.stderr
