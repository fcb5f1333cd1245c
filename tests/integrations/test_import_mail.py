"""An archive comes in once, in order, in silence, however often the work is cut."""

import contextlib
import io
import json
import os
import signal
import subprocess
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from integrations import importing, inbound, locks
from integrations.models import Delivery, RawInbound
from tests.factories import make_agent
from tests.integrations.commands import command, environment, manage
from tests.integrations.mail import MAILBOX, make_channel, make_mail
from tests.integrations.test_receive_email import in_a_thread
from tickets.models import Job, Message, Notification, Ticket
from tickets.states import Status, Turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def archive(tmp_path):
    """Puts mails into a folder: bytes by the number of days since 2010 began."""
    folder = tmp_path / "archive"
    folder.mkdir()

    def put(*mails):
        for number, data in enumerate(mails):
            (folder / f"{number}.eml").write_bytes(data)
        return str(folder)

    return put


def mail(number, body="Hello", **headers):
    """The mail of one day in January 2010."""
    date = f"{number:02} Jan 2010 10:00:00 +0000"
    return make_mail(body, message_id=f"<{number}@x>", Date=date, **headers)


def run(*paths, channel="support", **options):
    out, err = io.StringIO(), io.StringIO()
    # What staff should look at is told by the exit code as well.
    with contextlib.suppress(SystemExit):
        call_command("import_mail", *paths, channel=channel, stdout=out, stderr=err, **options)
    return out.getvalue()


@pytest.mark.promise("S1.1")
def test_an_archive_becomes_tickets_in_silence(channel, archive):
    answer = mail(2, "More", In_Reply_To="<1@x>")
    said = run(archive(answer, mail(1), mail(3), b"\x00\xff", mail(3)))
    assert [m.occurred_at for m in Message.objects.order_by("pk")] == [
        datetime(2010, 1, day, 10, tzinfo=UTC) for day in (1, 2, 3)
    ]
    first, other = Ticket.objects.order_by("pk")
    assert (first.messages.count(), first.created_at.year) == (2, 2010)
    assert not Delivery.objects.exists()
    job = Job.objects.get()
    assert (job.state, job.done, job.total, job.failed) == ("done", 5, 5, 1)
    assert job.cursor["counts"] == {"created": 2, "appended": 1, "duplicate": 1, "held": 1}
    for words in ("5 mails found", f"into support (support), {channel.queue}", "held for staff"):
        assert words in said
    assert f"numbers from {first.pk} to {other.pk}" in said


def test_our_own_old_mails_are_answers_of_staff_where_their_thread_is_known(channel, archive):
    ours = mail(2, "We look into it", sender=f"Kim <{MAILBOX}>", In_Reply_To="<1@x>")
    lone = mail(4, "News", sender=f"Kim <{MAILBOX}>", to="all@x.example")
    thanks = mail(3, "Thanks", In_Reply_To="<2@x>")
    run(archive(mail(1), ours, thanks, lone))
    ticket = Ticket.objects.get()
    assert [(m.by_staff, str(m.author)) for m in ticket.messages.order_by("pk")] == [
        (False, "Ann"),
        (True, "Kim"),
        (False, "Ann"),
    ]
    assert ticket.turn == Turn.US
    assert not Delivery.objects.exists()
    assert RawInbound.objects.get(reason="ours").state == "suppressed"


def test_the_turn_is_the_customers_when_we_wrote_last(channel, archive):
    run(archive(mail(1), mail(2, sender=MAILBOX, In_Reply_To="<1@x>")))
    assert Ticket.objects.get().turn == Turn.CUSTOMER


def test_nobody_is_told_of_an_old_answer(channel, archive):
    run(archive(mail(1)))
    Ticket.objects.update(assignee=make_agent(channel.queue))
    run(archive(mail(1), mail(2, In_Reply_To="<1@x>")))
    assert Message.objects.count() == 2
    assert not Notification.objects.exists()


def test_tickets_are_closed_as_of_their_last_mail(channel, archive):
    run(archive(mail(1), mail(2, In_Reply_To="<1@x>")), close=True)
    ticket = Ticket.objects.get()
    assert ticket.status == Status.CLOSED
    ended = ticket.events.get(kind="ticket.status_changed")
    assert ended.occurred_at == datetime(2010, 1, 2, 10, tzinfo=UTC)
    assert ended.data["because"] == "imported"


def test_a_dry_run_only_counts(channel, archive):
    said = run(archive(mail(1), mail(2)), dry_run=True)
    assert "2 mails found, from 2010-01-01 to 2010-01-02" in said
    assert not any(model.objects.exists() for model in (Job, RawInbound, Ticket))


def test_a_second_import_doubles_nothing(channel, archive):
    folder = archive(mail(1), mail(2))
    run(folder)
    run(folder)
    assert Ticket.objects.count() == 2
    assert [job.cursor["counts"] for job in Job.objects.order_by("pk")] == [
        {"created": 2},
        {"duplicate": 2},
    ]


def test_it_goes_on_where_it_was_and_counts_as_if_never_cut(channel, archive, monkeypatch):
    folder = archive(*[mail(day) for day in range(1, 8)])
    taken = importing._taken
    monkeypatch.setattr(importing, "_NOTED_EVERY", 3)

    def cut_at_the_fifth(found, **where):
        word = taken(found, **where)
        if RawInbound.objects.count() == 5:
            raise KeyboardInterrupt
        return word

    monkeypatch.setattr(importing, "_taken", cut_at_the_fifth)
    with pytest.raises(CommandError, match="Stopped"):
        run(folder)
    assert Job.objects.get().state == "waiting"
    # As kill -9 leaves it: the last note is some mails old.
    Job.objects.update(
        state="running",
        done=3,
        cursor={**Job.objects.get().cursor, "at": 3, "counts": {"created": 3}},
    )
    monkeypatch.setattr(importing, "_taken", taken)
    run(folder)
    assert Job.objects.get().cursor["counts"] == {"created": 7}
    assert Ticket.objects.count() == 7


def test_a_mail_that_was_being_read_when_the_import_was_killed_is_read_at_once(
    channel, archive, monkeypatch
):
    folder = archive(mail(1), mail(2, In_Reply_To="<1@x>"))

    def killed(_raw):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(inbound, "_understood", killed)
        with pytest.raises(CommandError, match="Stopped"):
            run(folder)
    assert RawInbound.objects.get().lease_until
    run(folder)
    assert Ticket.objects.get().messages.count() == 2
    assert Job.objects.get().cursor["counts"] == {"created": 1, "appended": 1}


def test_changed_files_are_looked_at_from_the_start(channel, archive):
    run(archive(mail(3)))
    Job.objects.update(state="waiting")
    run(archive(mail(1), mail(3)))
    job = Job.objects.get()
    assert job.cursor["counts"] == {"created": 1, "duplicate": 1}


def test_an_unknown_channel_and_a_missing_path_are_sentences(channel, tmp_path):
    with pytest.raises(CommandError, match="There are: support"):
        run(str(tmp_path), channel="nothing")
    with pytest.raises(CommandError, match="does not exist"):
        run(str(tmp_path / "nowhere"))


def test_a_channel_that_is_off_takes_its_archive(channel, archive):
    channel.is_active = False
    channel.save()
    assert "opened a ticket" in run(archive(mail(1)))


def test_jobs_are_seen_in_the_admin_and_not_changed_there(channel, archive, admin):
    run(archive(mail(1)))
    page = admin.client.get("/admin/tickets/job/")
    assert "1 of 1 (100 %)" in page.content.decode()
    assert admin.client.get("/admin/tickets/job/add/").status_code == 403


class TestAsAProcess:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture(autouse=True)
    def _storage(self, settings, tmp_path):
        settings.STORAGE_DIR = tmp_path / "storage"

    @pytest.mark.promise("S4.13")
    def test_kill_9_and_again_loses_and_doubles_nothing(self, channel, archive):
        folder = archive(
            *[mail(1 + n % 28, f"{n}").replace(b"<", b"<%d." % n, 1) for n in range(60)]
        )
        process = subprocess.Popen(
            command("import_mail", "--channel", "support", folder), env=environment()
        )
        while RawInbound.objects.count() < 10:
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = manage("import_mail", "--channel", "support", folder)
        assert done.returncode == 0, done.stderr
        assert RawInbound.objects.filter(state="done").count() == 60
        assert Message.objects.count() == 60

    def test_two_at_once_are_refused(self, channel, archive):
        def hold():
            with locks.alone(f"import_mail {channel.pk}"):
                return manage("import_mail", "--channel", "support", archive(mail(1)))

        done = in_a_thread(hold)
        assert done.returncode == 1
        assert b"Another import" in done.stderr

    def test_names_of_any_bytes(self, channel, tmp_path):
        odd = os.fsencode(tmp_path) + b"/caf\xe9.eml"
        with open(odd, "wb") as file:
            file.write(mail(1))
        done = manage("import_mail", "--channel", "support", odd)
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.dumps(RawInbound.objects.get().envelope)
