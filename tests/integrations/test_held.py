"""Mail that became no ticket, and mail that did not leave: what staff make of it (B8, F05)."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from integrations import blocking, held, inbound, originals, outbound
from integrations.models import Delivery, DeliveryKind, RawInbound
from integrations.originals import IN_ROW, Source
from tests.factories import StaffFactory, make_message, make_ticket
from tests.integrations.mail import keep, make_channel, make_copy, make_mail, receive
from tests.roles import Role
from tickets import attachments
from tickets.errors import NotAllowedNow
from tickets.models import Event, Message, Ticket
from tickets.permissions import SYSTEM
from tickets.states import Aside, Authority

pytestmark = [pytest.mark.django_db, pytest.mark.promise("B8")]

BROKEN = b"From: Ann <ann@customer.example>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\nx"


@pytest.fixture
def channel(queue):
    return make_channel(queue=queue)


@pytest.fixture
def held_mail(channel):
    """Held, for a reason that its bytes do not have any more: somebody fixed the reader."""
    raw = keep(make_mail("It burns.", subject="Help"), channel)
    RawInbound.objects.filter(pk=raw.pk).update(state="held", reason="unparsable", error="No.")
    raw.refresh_from_db()
    return raw


@pytest.fixture
def unreadable(channel):
    """Five readers gave up on it."""
    raw = keep(BROKEN, channel)
    RawInbound.objects.filter(pk=raw.pk).update(state="dead", reason="attempts", attempts=5)
    raw.refresh_from_db()
    return raw


def kinds(ticket=None):
    events = Event.objects.filter(ticket=ticket) if ticket else Event.objects.all()
    return list(events.order_by("id").values_list("kind", flat=True))


def test_a_list_can_name_what_could_not_be_read(channel):
    raw = receive(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n" + b"X: " + b"x" * 70_000, channel)
    assert (raw.state, raw.subject) == ("held", "Grüße")
    dead = keep(BROKEN, channel)
    RawInbound.objects.filter(pk=dead.pk).update(attempts=inbound.MOST_ATTEMPTS)
    dead = inbound.process(dead.pk)
    assert (dead.state, dead.subject) == ("dead", "Grüße")
    assert dead.sender == "Ann <ann@customer.example>"


def test_what_became_a_message_is_not_named_twice(channel):
    raw = receive(make_mail(), channel)
    assert (raw.sender, raw.subject) == ("", "")


class TestRelease:
    """As a new ticket, or on one."""

    def test_it_becomes_a_ticket_with_the_authority_it_has(self, held_mail, agent):
        ticket = held.release(held_mail, by=agent.scope)
        held_mail.refresh_from_db()
        assert (held_mail.state, held_mail.ticket, held_mail.reason) == ("done", ticket, "")
        assert held_mail.message == ticket.messages.get()
        assert held_mail.message.authority == Authority.PLAUSIBLE
        assert (ticket.subject, held_mail.message.body) == ("Help", "It burns.")
        assert "original.released" in kinds(ticket)

    def test_on_a_ticket_it_is_the_next_message(self, held_mail, agent, queue):
        ticket = make_ticket(queue=queue)
        assert held.release(held_mail, by=agent.scope, ticket=ticket) == ticket
        assert ticket.messages.count() == 2
        assert ticket.messages.order_by("pk").last().authority == Authority.PLAUSIBLE

    def test_twice_is_once_and_the_second_is_told_where_it_is(self, held_mail, agent, lead):
        ticket = held.release(held_mail, by=agent.scope)
        with pytest.raises(NotAllowedNow, match=f"#{ticket.pk} already"):
            held.release(held_mail, by=lead.scope)
        assert Message.objects.count() == 1

    def test_what_a_blocked_sender_wrote_can_be_let_in(self, channel, agent):
        blocking.block("ann@customer.example", by=SYSTEM)
        raw = receive(make_mail(), channel)
        ticket = held.release(raw, by=agent.scope)
        assert ticket.messages.get().body == "Hello"

    def test_what_cannot_be_read_comes_as_a_file(self, unreadable, agent):
        ticket = held.release(unreadable, by=agent.scope)
        assert ticket.subject == "Grüße"
        assert ticket.requester.identities.get().external_id == "ann@customer.example"
        (file,) = ticket.attachments.all()
        assert attachments.read(file) == BROKEN
        assert not Delivery.objects.exists()

    def test_a_copy_that_came_by_another_road_is_not_doubled(self, channel, agent):
        data = make_mail()
        first = receive(data, channel)
        second = keep(data, channel)
        RawInbound.objects.filter(pk=second.pk).update(state="held", reason="unparsable")
        second.refresh_from_db()
        assert held.release(second, by=agent.scope) == first.ticket
        second.refresh_from_db()
        assert (second.state, Message.objects.count()) == ("duplicate", 1)

    def test_only_onto_a_ticket_one_works_on(self, held_mail, agent, other_queue):
        with pytest.raises(PermissionDenied):
            held.release(held_mail, by=agent.scope, ticket=make_ticket(queue=other_queue))
        held_mail.refresh_from_db()
        assert held_mail.state == "held"

    def test_what_came_by_no_channel_is_refused_in_words(self, admin):
        raw, _new = originals.keep(
            make_mail(), source=Source(name="test", key="1"), channel=None, envelope={}
        )
        raw = inbound.process(raw.pk)
        assert raw.state == "held"
        with pytest.raises(NotAllowedNow, match="no longer set up"):
            held.release(raw, by=admin.scope)


class TestAside:
    """The trash of mail, and the way back."""

    @pytest.mark.parametrize("aside", list(Aside))
    def test_there_and_back(self, held_mail, agent, aside):
        held.set_aside(held_mail, aside, by=agent.scope)
        held.set_aside(held_mail, aside, by=agent.scope)
        assert not RawInbound.objects.waiting().exists()
        assert RawInbound.objects.put_aside().get() == held_mail
        held.restore(held_mail, by=agent.scope)
        held.restore(held_mail, by=agent.scope)
        assert RawInbound.objects.waiting().get() == held_mail
        assert kinds() == ["original.discarded", "original.restored"]

    def test_who_comes_after_a_release_is_told(self, held_mail, agent, lead):
        held.release(held_mail, by=agent.scope)
        with pytest.raises(NotAllowedNow, match="already"):
            held.set_aside(held_mail, Aside.TRASH, by=lead.scope)

    @pytest.mark.parametrize("size", [10, IN_ROW * 2])
    def test_after_a_month_nothing_of_it_is_left_but_its_sum(
        self, channel, agent, clock, size, django_capture_on_commit_callbacks
    ):
        data = make_mail("x" * size)
        raw = keep(data, channel)
        RawInbound.objects.filter(pk=raw.pk).update(state="held", sender="ann", subject="Help")
        raw.refresh_from_db()
        held.set_aside(raw, Aside.TRASH, by=agent.scope)
        clock.advance(days=29)
        assert held.destroy_old() == 0
        clock.advance(days=1)
        path = attachments.path_of(raw.storage_key) if raw.storage_key else None
        with django_capture_on_commit_callbacks(execute=True):
            assert (held.destroy_old(), held.destroy_old()) == (1, 0)
        raw.refresh_from_db()
        assert [raw.sealed_key, raw.sealed_data, raw.sender, raw.subject] == [b"", b"", "", ""]
        assert len(raw.sha256) == 32
        assert path is None or not path.exists()
        for act in (held.restore, held.parse_again, held.release, held.download):
            with pytest.raises(NotAllowedNow, match="destroyed"):
                act(raw, by=agent.scope)


class TestParseAgain:
    """After a fix (F05)."""

    def test_it_is_judged_as_if_it_had_just_come(self, held_mail, agent):
        held.parse_again(held_mail, by=agent.scope)
        held.parse_again(held_mail, by=agent.scope)
        raw = inbound.process(held_mail.pk)
        assert (raw.state, raw.message.body) == ("done", "It burns.")
        assert kinds()[0] == "original.requeued"
        assert kinds().count("original.requeued") == 1

    def test_what_is_still_broken_is_held_again(self, channel, agent):
        raw = receive(b"hello\n", channel)
        held.parse_again(raw, by=agent.scope)
        raw = inbound.process(raw.pk)
        assert (raw.state, raw.reason, raw.attempts) == ("held", "unparsable", 1)

    def test_a_reader_is_woken(
        self, held_mail, agent, monkeypatch, django_capture_on_commit_callbacks
    ):
        woken = []
        monkeypatch.setattr("integrations.tasks.process_inbound.delay", woken.append)
        with django_capture_on_commit_callbacks(execute=True):
            held.parse_again(held_mail, by=agent.scope)
        assert woken == [held_mail.pk]

    def test_in_bulk_by_reason_and_time(self, channel, held_mail, unreadable, capsys, clock):
        aside = receive(b"hello\n", channel)
        held.set_aside(aside, Aside.SPAM, by=SYSTEM)
        blocking.block("ann@customer.example", by=SYSTEM)
        suppressed = receive(make_mail(), channel)
        call_command("parse_again", "--reason", "unparsable", "--dry-run")
        call_command("parse_again", "--reason", "unparsable", "--since", "1h")
        call_command("parse_again", "--state", "dead", "--since", "5m")
        call_command("parse_again")
        clock.advance(hours=2)
        call_command("parse_again", "--since", "1h")
        said = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in said] == ["1", "1", "1", "0", "0"]
        assert set(RawInbound.objects.filter(state="new")) == {held_mail, unreadable}
        call_command("parse_again", "--state", "suppressed")
        suppressed.refresh_from_db()
        assert suppressed.state == "new"

    @pytest.mark.parametrize("since", ["yesterday", "7", "-1d", "7w"])
    def test_a_time_nobody_can_read_is_refused(self, since):
        with pytest.raises(CommandError, match="write 7d"):
            call_command("parse_again", f"--since={since}")


class TestDeliveries:
    """Dead letters of the road out."""

    @pytest.fixture
    def failed(self, channel, queue, agent):
        make_message(make_ticket(queue=queue), by=agent.user)
        delivery = Delivery.objects.get()
        outbound.fail(delivery, "550 no such user")
        return delivery

    def test_sent_again_it_leaves_the_list_until_it_fails_again(self, failed, agent):
        held.retry(failed, by=agent.scope)
        assert not Delivery.objects.undelivered().exists()
        with pytest.raises(NotAllowedNow, match="Only what was not delivered"):
            held.retry(failed, by=agent.scope)
        failed.refresh_from_db()
        outbound.fail(failed, "550 still none")
        assert Delivery.objects.undelivered().get() == failed

    def test_dismissed_it_leaves_the_list_and_stays_failed(self, failed, agent):
        held.dismiss(failed, by=agent.scope)
        held.dismiss(failed, by=agent.scope)
        assert not Delivery.objects.undelivered().exists()
        failed.refresh_from_db()
        assert failed.state == "failed"
        assert kinds(failed.ticket).count("delivery.dismissed") == 1
        held.retry(failed, by=agent.scope)
        failed.refresh_from_db()
        outbound.fail(failed, "550 once more")
        assert Delivery.objects.undelivered().get() == failed

    def test_a_mail_about_an_account_is_for_admins(self, channel, admin, lead):
        delivery = make_copy(None, "new@desk.example", channel)
        Delivery.objects.filter(pk=delivery.pk).update(kind=DeliveryKind.ACCOUNT, state="failed")
        assert Delivery.objects.workable_by(admin.scope).get() == delivery
        assert not Delivery.objects.workable_by(lead.scope).exists()


SEES = {
    "agent": {"paid"},
    "lead": {"paid"},
    "reader": set(),
    "own_only": set(),
    "colleague": {"free"},
    "admin": {"none"},
    "superuser": {"none"},
    "customer": set(),
    "manager": set(),
    "outsider": set(),
    "anonymous": set(),
}


@pytest.fixture
def superuser(db):
    return Role(user=StaffFactory(is_superuser=True))


@pytest.mark.promise("S4.1")
@pytest.mark.parametrize("role", SEES)
def test_who_sees_whose_mail(request, role, channel, other_queue):
    rows = {
        "paid": receive(b"paid\n", channel),
        "free": receive(b"free\n", make_channel("free@desk.example", queue=other_queue)),
        "none": originals.keep(
            b"none\n", source=Source(name="test", key="1"), channel=None, envelope={}
        )[0],
    }
    RawInbound.objects.filter(pk=rows["none"].pk).update(state="held")
    scope = request.getfixturevalue(role).scope
    seen = RawInbound.objects.visible_to(scope)
    assert {name for name, raw in rows.items() if raw in seen} == SEES[role]
    for name in rows.keys() - SEES[role]:
        for act in (held.release, held.parse_again, held.restore, held.download):
            with pytest.raises(PermissionDenied):
                act(rows[name], by=scope)
        with pytest.raises(PermissionDenied):
            held.set_aside(rows[name], Aside.TRASH, by=scope)
    assert not Event.objects.exists()
    assert not Ticket.objects.exists()


def test_a_download_is_byte_for_byte_and_recorded(held_mail, agent):
    data = held.download(held_mail, by=agent.scope)
    assert data == originals.read(held_mail)
    assert kinds() == ["original.downloaded"]


def test_bytes_that_are_gone_are_told_in_words(channel, agent):
    raw = keep(make_mail("x" * IN_ROW * 2), channel)
    RawInbound.objects.filter(pk=raw.pk).update(state="held")
    raw.refresh_from_db()
    attachments.path_of(raw.storage_key).unlink()
    with pytest.raises(NotAllowedNow, match="Tell an admin"):
        held.download(raw, by=agent.scope)
    with pytest.raises(NotAllowedNow, match="Tell an admin"):
        held.release(raw, by=agent.scope)
