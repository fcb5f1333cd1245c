"""Reading a real mailbox: everything once, whatever is cut, renumbered or taken away meanwhile."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from integrations import inbound, originals
from integrations.email import limits
from integrations.email.imap.fetch import Fetcher
from integrations.email.imap.reader import Reader
from integrations.models import Cursor, Delivery, InboundState, RawInbound
from tests import factories
from tests.integrations.imap.conftest import configure
from tests.integrations.mail import make_copy, make_mail
from tickets import clock as clock_module
from tickets.models import Message, Notification, Ticket

pytestmark = pytest.mark.django_db
FORMER = datetime(2026, 1, 5, 9, tzinfo=UTC)


def on_the_wire(data):
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def mails(number, **options):
    return [on_the_wire(make_mail(f"Mail {n}", **options)) for n in range(number)]


def stored():
    return [originals.read(raw) for raw in RawInbound.objects.order_by("pk")]


@pytest.mark.promise("S1.1")
def test_what_is_there_is_stored_byte_for_byte_once(account, channel, read, woken):
    sent = mails(3)
    account.put(*sent)
    cursor = read(channel)
    assert stored() == sent
    assert (cursor.last_uid, cursor.error) == (3, "")
    assert woken == list(RawInbound.objects.order_by("pk").values_list("pk", flat=True))
    read(channel)
    assert stored() == sent


def test_the_key_names_channel_numbering_and_number(account, channel, read):
    account.put(*mails(1))
    cursor = read(channel)
    raw = RawInbound.objects.get()
    assert (raw.source, raw.source_key) == ("imap", f"{channel.pk}:{cursor.uid_validity}:1")
    assert raw.channel == channel


def test_a_mail_keeps_the_time_when_its_server_got_it(account, channel, read):
    account.put(*mails(1), at=FORMER)
    read(channel)
    assert RawInbound.objects.get().received_at == FORMER


def test_nothing_changes_on_the_server(account, channel, read):
    account.put(*mails(2))
    read(channel)
    assert account.flags() == ["", ""]


# --- From when ---------------------------------------------------------------------------------


def test_from_now_leaves_out_what_was_there(account, channel, dovecot, read):
    configure(channel, account, dovecot.port, read_from="now")
    account.put(*mails(3))
    assert read(channel).last_uid == 3
    assert stored() == []
    fresh = mails(1)
    account.put(*fresh)
    read(channel)
    assert stored() == fresh


def test_from_now_holds_after_renumbering(account, channel, dovecot, read):
    configure(channel, account, dovecot.port, read_from="now")
    account.put(*mails(3), at=FORMER)
    read(channel)
    fresh = mails(1)
    account.put(*fresh)
    account.renumber()
    read(channel)
    assert stored() == fresh


def test_from_a_day_on(account, channel, dovecot, read):
    configure(channel, account, dovecot.port, read_from="date", read_from_date="2026-01-05")
    before, after = mails(1), mails(1)
    account.put(*before, at=FORMER - timedelta(days=1))
    account.put(*after, at=FORMER)
    assert read(channel).last_uid == 2
    assert stored() == after


@pytest.mark.promise("B10")
def test_old_mail_comes_in_without_a_word_to_anybody(account, channel, read):
    sent = mails(1)
    account.put(*sent, at=FORMER)
    channel.queue.acknowledges = True
    channel.queue.save()
    read(channel)
    raw = inbound.read(RawInbound.objects.get().pk).raw
    assert raw.state == InboundState.DONE
    assert raw.ticket.created_at == FORMER
    assert not Delivery.objects.exists()


def test_old_mail_on_a_ticket_notifies_nobody(account, channel, read):
    (first,) = mails(1, message_id="<first@customer.example>")
    (answer,) = mails(1, in_reply_to="<first@customer.example>")
    account.put(first, answer, at=FORMER)
    read(channel)
    question, answered = RawInbound.objects.order_by("pk")
    inbound.process(question.pk)
    Ticket.objects.update(assignee=factories.make_agent(channel.queue))
    inbound.process(answered.pk)
    assert Message.objects.count() == 2
    assert not Notification.objects.exists()


def test_an_answer_to_an_address_with_a_token_finds_its_ticket(account, channel, read):
    """A mailbox keeps no envelope: the headers name the address that was written to."""
    ticket = factories.make_ticket(queue=channel.queue)
    address = ticket.requester.identities.get().external_id
    token = make_copy(ticket, address, channel).token
    account.put(*mails(1, sender=address, to=f"support+{token}@desk.example"))
    read(channel)
    raw = inbound.read(RawInbound.objects.get().pk).raw
    assert (raw.ticket, raw.message.authority) == (ticket, "verified")


def test_a_restart_does_not_make_new_mail_old(account, channel, read):
    read(channel)
    account.put(*mails(1), at=clock_module.now() + timedelta(seconds=1))
    read(channel)
    assert "imported" not in RawInbound.objects.get().envelope


# --- Cuts --------------------------------------------------------------------------------------


@pytest.mark.promise("B8")
@pytest.mark.parametrize("offset", range(900, 5000, 341))
def test_a_cut_at_any_place_loses_and_doubles_nothing(account, channel, proxy, read, offset):
    """F27: the line is cut after so many bytes from the server, the greeting included."""
    sent = mails(6, sender="Ann <ann@customer.example>", x_filler="x" * 200)
    account.put(*sent)
    configure(channel, account, proxy.port)
    proxy.after = [offset]
    for _attempt in range(8):
        read(channel)
    assert stored() == sent


@pytest.mark.promise("B8")
@pytest.mark.parametrize("after", ["seen", "move"])
def test_a_cut_after_storing_is_made_up_for(account, channel, proxy, read, after):
    """F28: the line is cut when the server's copies are to be marked or moved."""
    sent = mails(2)
    account.put(*sent)
    configure(channel, account, proxy.port, after_reading=after, move_to="Archive")
    proxy.on = [{"seen": b"STORE", "move": b"MOVE"}[after]]
    cursor = read(channel)
    assert (cursor.last_uid, cursor.tidied_uid) == (2, 0)
    assert cursor.error
    cursor = read(channel)
    assert (cursor.tidied_uid, cursor.error) == (2, "")
    assert stored() == sent
    if after == "seen":
        assert account.flags() == ["S", "S"]
    else:
        assert account.files() == []
        assert len(list(account.maildir.glob(".Archive/[cn]*/*"))) == 2


def test_what_is_left_out_is_neither_marked_nor_moved(account, channel, dovecot, read):
    config = {"read_from": "date", "read_from_date": "2026-01-05", "after_reading": "seen"}
    configure(channel, account, dovecot.port, **config)
    account.put(*mails(1), at=FORMER - timedelta(days=1))
    account.put(*mails(1), at=FORMER)
    read(channel)
    assert account.flags() == ["", "S"]


@pytest.mark.promise("B8")
def test_a_transaction_that_fails_moves_nothing(account, channel, read, monkeypatch):
    sent = mails(2)
    account.put(*sent)
    keep = originals.keep
    calls = []

    def full(*args, **options):
        calls.append(args)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return keep(*args, **options)

    monkeypatch.setattr(originals, "keep", full)
    cursor = read(channel)
    assert (cursor.last_uid, stored()) == (0, [])
    assert "No space left" in cursor.error
    read(channel)
    assert stored() == sent


# --- Numbers -----------------------------------------------------------------------------------


@pytest.mark.promise("B8")
def test_another_uidvalidity_reads_all_again_without_effect(account, channel, read, woken):
    sent = mails(5)
    account.put(*sent)
    before = read(channel).uid_validity
    account.renumber()
    fresh = mails(1)
    account.put(*fresh)
    cursor = read(channel)
    assert cursor.uid_validity != before
    assert (cursor.last_uid, cursor.rescan_to) == (6, 6)
    assert stored() == sent + fresh
    assert len(woken) == 6


def test_a_server_that_changed_the_bytes_makes_duplicates_not_tickets(account, channel, read):
    """After a move to another provider mails have further headers."""
    sent = mails(2)
    account.put(*sent)
    read(channel)
    for path in account.files():
        path.write_bytes(b"X-Migrated: yes\n" + path.read_bytes())
    account.renumber()
    read(channel)
    for raw in RawInbound.objects.order_by("pk"):
        inbound.process(raw.pk)
    states = list(RawInbound.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["done", "done", "duplicate", "duplicate"]


def test_another_account_brings_no_old_mail(account, channel, dovecot, read):
    account.put(*mails(2))
    read(channel)
    other = dovecot.account(f"{account.name}-new")
    other.put(*mails(3), at=FORMER)
    fresh = mails(1)
    other.put(*fresh)
    configure(channel, other, dovecot.port)
    read(channel)
    assert stored()[2:] == fresh


def test_a_mailbox_made_anew_under_the_same_numbering_is_read(account, channel, read):
    account.put(*mails(3))
    old = read(channel).uid_validity
    uids = (account.maildir / "dovecot-uidlist").read_text()
    shutil.rmtree(account.maildir)
    fresh = mails(2)
    account.put(*fresh)
    account.renumber()
    text = (account.maildir / "dovecot-uidlist").read_text()
    (account.maildir / "dovecot-uidlist").write_text(text.replace("V1001", f"V{old}"))
    assert f"V{old}" in uids
    cursor = read(channel)
    assert (cursor.uid_validity, cursor.last_uid) == (old, 2)
    assert stored()[3:] == fresh


def test_mail_that_vanishes_while_it_is_fetched_is_gone(account, channel, read, monkeypatch):
    sent = mails(3)
    account.put(*sent)
    bodies = Fetcher._bodies

    def meanwhile(self, uids):
        for path in account.files():
            if b"Mail 1" in path.read_bytes():
                path.unlink()
        self.client.noop()
        return bodies(self, uids)

    monkeypatch.setattr(Fetcher, "_bodies", meanwhile)
    cursor = read(channel)
    assert (cursor.last_uid, cursor.error) == (3, "")
    assert stored() == [sent[0], sent[2]]


# --- Size --------------------------------------------------------------------------------------


@pytest.mark.promise("B8")
def test_a_mail_over_the_limit_is_noted_and_the_rest_comes(account, channel, read, monkeypatch):
    monkeypatch.setattr(limits, "SIZE", 20_000)
    large = on_the_wire(make_mail("x" * 70 + "\n" * 20_000, subject="All my photographs"))
    small = mails(2)
    account.put(small[0], large, small[1])
    read(channel)
    for raw in RawInbound.objects.all():
        inbound.process(raw.pk)
    held = RawInbound.objects.get(state=InboundState.HELD)
    assert "still in the mailbox" in held.error
    assert (held.reason, held.envelope["imap"]["size"]) == ("too_large", len(large))
    assert b"All my photographs" in originals.read(held)
    assert originals.read(held) == large[: large.index(b"\r\n\r\n") + 4]
    assert sorted(stored()) == sorted([*small, originals.read(held)])


def test_a_backlog_comes_whole_and_in_order(account, channel, read, woken):
    sent = mails(600)
    account.put(*sent)
    read(channel)
    assert stored() == sent
    assert len(woken) == 600


@pytest.mark.full
@pytest.mark.promise("B8")
def test_a_backlog_of_five_thousand(account, channel, proxy, read):
    """F30, with a line that is cut again and again."""
    sent = mails(5000)
    account.put(*sent)
    configure(channel, account, proxy.port)
    proxy.after = [1_000_000 + 7 * n for n in range(3)]
    for _attempt in range(5):
        read(channel)
    assert stored() == sent


# --- Two who read ------------------------------------------------------------------------------


@pytest.mark.promise("B8")
def test_who_has_lost_the_lease_stores_nothing(account, channel, read, monkeypatch):
    account.put(*mails(2))
    bodies = Fetcher._bodies

    def meanwhile(self, uids):
        Cursor.objects.update(lease_owner="12345678123456781234567812345678")
        return bodies(self, uids)

    monkeypatch.setattr(Fetcher, "_bodies", meanwhile)
    cursor = read(channel)
    assert (cursor.last_uid, stored()) == (0, [])


def test_a_folder_that_another_reads_is_left_alone(account, channel, woken):
    account.put(*mails(1))
    Cursor.objects.create(
        channel=channel,
        folder="INBOX",
        lease_owner="12345678123456781234567812345678",
        lease_until=clock_module.now() + timedelta(minutes=1),
    )
    assert not Reader(channel.pk, wake=woken.append)._session()
    assert stored() == []
