"""The pipe: one JSON line a file, in order, and 75 when a mail could not be stored."""

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections

from integrations import inbound, originals, rehearsal
from integrations.email import limits
from integrations.models import Delivery, RawInbound
from tests.factories import make_ticket
from tests.integrations.commands import command, environment, manage
from tests.integrations.mail import MAILBOX, make_channel, make_copy, make_mail
from tickets import clock
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
    auto = make_mail("Away", Auto_Submitted="auto-replied")
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
    # The numbers of tickets and messages too.
    assert dry == receive(*everything)


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


def test_what_is_stored_but_not_read_yet_is_told_and_read_later(channel, write, monkeypatch):
    def busy(raw_id):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(inbound, "read", busy)
    (line,) = receive(write("a.eml", make_mail()))
    assert (line["outcome"], line["reason"]) == (
        "failed",
        "canceling statement due to lock timeout",
    )
    assert RawInbound.objects.get().state == "new"


def test_a_mail_that_somebody_else_reads_just_now_is_told_as_such(channel, write):
    file = write("a.eml", make_mail())
    receive(file)
    RawInbound.objects.update(state="new", lease_until=clock.now() + timedelta(minutes=1))
    assert receive(file)[0]["reason"] == "being_read"


def test_a_detail_behind_a_plus_and_capitals_lead_to_the_mailbox(channel, write):
    lines = receive(write("a.eml", make_mail()), mailbox="Support+Anything@Desk.Example")
    assert [line["outcome"] for line in lines] == ["created"]


def test_the_detail_of_the_mailbox_is_the_token_of_an_answer(channel, write):
    (first,) = receive(write("a.eml", make_mail()))
    copy = make_copy(Ticket.objects.get(pk=first["ticket"]), "ann@customer.example", channel)
    mailbox = f"support+{copy.token}@desk.example"
    (answer,) = receive(write("b.eml", make_mail("Yes")), mailbox=mailbox)
    assert (answer["outcome"], answer["ticket"]) == ("appended", first["ticket"])


def test_a_file_too_large_for_the_row_is_kept_in_storage(channel, write):
    data = make_mail("x\n" * originals.IN_ROW)
    (line,) = receive(write("a.eml", data))
    assert (line["outcome"], len(line["text"])) == ("created", 2 * originals.IN_ROW)
    raw = RawInbound.objects.get()
    assert raw.storage_key
    assert originals.read(raw) == data


def test_a_file_over_the_limit_is_kept_and_held(channel, write, monkeypatch):
    monkeypatch.setattr(limits, "SIZE", 1000)
    (line,) = receive(write("a.eml", make_mail("x\n" * 1000)))
    assert (line["outcome"], line["reason"], line["ticket"]) == ("held", "too_large", None)
    assert RawInbound.objects.get().size > 1000


def test_a_file_without_end_is_no_mail(channel, monkeypatch):
    monkeypatch.setattr(originals, "MOST_BYTES", 1 << 16)
    out = io.StringIO()
    with pytest.raises(SystemExit, match=str(os.EX_TEMPFAIL)):
        call_command("receive_email", "/dev/zero", mailbox=MAILBOX, stdout=out)
    assert "no mail" in json.loads(out.getvalue())["reason"]


class TestAsAProcess:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture(autouse=True)
    def _storage(self, settings, tmp_path):
        settings.STORAGE_DIR = tmp_path / "storage"

    @pytest.mark.promise("S1.1")
    def test_odd_files_have_a_line_each_and_no_traceback(self, channel, write, tmp_path):
        odd = os.fsencode(tmp_path) + b"/caf\xe9 \xff.eml"
        with open(odd, "wb") as file:
            file.write(make_mail())
        names = [write("empty.eml", b""), str(tmp_path), str(tmp_path / "missing"), odd, "-"]
        done = manage("receive_email", "--mailbox", MAILBOX, *names, stdin=make_mail("By pipe"))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [os.fsencode(line["file"]) for line in lines] == [os.fsencode(n) for n in names]
        assert [line["outcome"] for line in lines] == [
            *("held", "failed", "failed", "created", "created")
        ]
        assert lines[1]["reason"] == "Is a directory"
        assert lines[2]["reason"] == "No such file or directory"
        assert (done.returncode, done.stderr) == (os.EX_TEMPFAIL, b"")

    def test_all_is_well_with_hundreds_of_files(self, channel, write):
        names = [write(f"{n}.eml", make_mail(f"Number {n}")) for n in range(200)]
        done = manage("receive_email", "--mailbox", MAILBOX, *names)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["file"] for line in lines] == names
        assert {line["outcome"] for line in lines} == {"created"}
        assert (done.returncode, done.stderr) == (0, b"")

    def test_an_unknown_mailbox_is_a_sentence_and_the_mail_server_keeps_the_mail(self):
        done = manage("receive_email", "--mailbox", "nobody@desk.example", stdin=make_mail())
        assert done.returncode == os.EX_TEMPFAIL
        assert b"nobody@desk.example is no mailbox" in done.stderr
        assert b"Traceback" not in done.stderr

    def test_without_a_database_the_mail_server_is_told_to_come_back(self):
        nowhere = "postgres://nobody@127.0.0.1:1/nothing"
        mail = make_mail()
        done = manage("receive_email", "--mailbox", MAILBOX, stdin=mail, DATABASE_URL=nowhere)
        assert done.returncode == os.EX_TEMPFAIL
        assert b"The database is away" in done.stderr
        assert b"Traceback" not in done.stderr

    def test_nobody_listens_to_its_lines(self, channel, write):
        names = [write(f"{n}.eml", make_mail()) for n in range(3)]
        with subprocess.Popen(
            command("receive_email", "--mailbox", MAILBOX, *names),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            process.stdout.close()
            said = process.stderr.read()
        assert (process.returncode, said) == (os.EX_TEMPFAIL, b"")

    def test_a_dry_run_gives_back_no_number_that_somebody_took_meanwhile(self, channel, write):
        with rehearsal.nothing_kept():
            rehearsed = receive(write("0.eml", make_mail()))[0]["ticket"]
            theirs = in_a_thread(lambda: make_ticket().pk)
        assert theirs == rehearsed + 1
        assert receive(write("1.eml", make_mail()))[0]["ticket"] == theirs + 1


def in_a_thread(function):
    """What it gives, by a database connection of its own."""
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(function).result()
        pool.submit(connections.close_all).result()
    return result
