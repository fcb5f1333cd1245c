"""Mailboxes in the listener: new mail at once, one reader at a time, changes without a restart."""

import asyncio
import contextlib
import os
import queue
import threading
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection

from helpdesk.launcher.processes import wait_until
from integrations import listener, originals, sealed, watch
from integrations.base import House
from integrations.email.imap import cursors
from integrations.email.imap import listening as listening_module
from integrations.email.imap.reader import Reader, Waits
from integrations.email.imap.trouble import Step, Trouble
from integrations.models import Channel, Cursor, RawInbound
from tests.integrations.imap.conftest import configure
from tests.integrations.imap.dovecot import PASSWORD
from tests.integrations.imap.test_fetch import mails, stored
from tests.integrations.mail import make_channel
from tests.integrations.test_door import listening
from tickets import clock as clock_module

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 20


@contextlib.contextmanager
def listening_house():
    """The listener's watch in a loop of its own; gives a queue of the originals it woke for."""
    loop, woken = asyncio.new_event_loop(), queue.Queue()
    stop = asyncio.Event()

    async def serve():
        threads = listener.Threads()
        house = House(wake=woken.put, run=threads.run)
        watching = asyncio.create_task(watch.watch(house, glance_s=0.1))
        await stop.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        threads.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield woken
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        loop.close()


@pytest.fixture
def waits(monkeypatch):
    """Sets how long readers wait, as in `waits(poll=0.1)`."""

    listen = listening_module.listen

    def use(**seconds):
        given = Waits(**{"again": 0.1, "glance": 0.1, **seconds})
        monkeypatch.setattr(
            listening_module, "listen", lambda channel, house: listen(channel, house, waits=given)
        )

    use()
    return use


@pytest.fixture
def house(waits):
    with listening_house() as woken:
        yield woken


def next_of(woken):
    return originals.read(RawInbound.objects.get(pk=woken.get(timeout=PATIENCE_S)))


def eventually(condition):
    assert wait_until(condition, seconds=PATIENCE_S)


def is_read(channel):
    return Cursor.objects.filter(channel=channel, ok_at__isnull=False).exists()


@pytest.mark.promise("S1.1")
def test_new_mail_is_there_at_once_by_idle(account, channel, proxy, waits):
    waits()
    # Set up before anybody listens: settings that change meanwhile begin a line anew.
    configure(channel, account, proxy.port)
    first, second = mails(2)
    account.put(first)
    with listening_house() as woken:
        assert next_of(woken) == first
        eventually(lambda: any(b"IDLE" in said for said in proxy.said))
        account.put(second)
        assert next_of(woken) == second
        assert proxy.connections == 1


def test_without_idle_the_mailbox_is_polled(account, channel, proxy, waits):
    waits(poll=0.2)
    proxy.swap = {b" IDLE": b""}
    configure(channel, account, proxy.port)
    with listening_house() as woken:
        for mail in mails(2):
            account.put(mail)
            assert next_of(woken) == mail
            eventually(lambda: any(b"NOOP" in said for said in proxy.said))
    assert not any(b"IDLE" in said for said in proxy.said)


def test_idle_is_renewed(account, channel, proxy, waits):
    waits(renew=0.2)
    configure(channel, account, proxy.port)
    with listening_house():
        eventually(lambda: sum(said.count(b"DONE") for said in proxy.said) >= 2)
    assert proxy.connections == 1


@pytest.mark.promise("B8")
def test_a_line_that_ends_in_idle_is_opened_again(account, channel, proxy, house):
    configure(channel, account, proxy.port)
    proxy.on = [b"IDLE"]
    eventually(lambda: Cursor.objects.filter(failures=1).exists())
    assert "EOF" in Cursor.objects.get().error
    # The wait after the first failure is seconds; here it is over at once.
    cursors.try_now(channel)
    (mail,) = mails(1)
    account.put(mail)
    assert next_of(house) == mail


@pytest.mark.promise("B8")
def test_two_listeners_read_a_mailbox_once(account, channel, waits):
    sent = mails(20)
    with listening_house() as one, listening_house() as other:
        account.put(*sent)
        eventually(lambda: RawInbound.objects.count() == len(sent))
        eventually(lambda: is_read(channel))
    assert sorted(stored()) == sorted(sent)
    assert 0 in {one.qsize(), other.qsize()}


@pytest.mark.promise("S1.1")
def test_the_process_reads_mailboxes_and_ends_in_good_order(account, channel):
    database = urlsplit(os.environ["DATABASE_URL"])
    ours = database._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    (mail,) = mails(1)
    account.put(mail)
    with listening(DATABASE_URL=ours):
        eventually(lambda: is_read(channel))
        assert Cursor.objects.get().lease_owner
    assert stored() == [mail]
    # Whoever comes next need not wait for the lease to end.
    assert Cursor.objects.get().lease_owner is None


def test_a_listener_that_died_is_followed_by_another(account, channel, house):
    Channel.objects.update(is_active=False)
    Cursor.objects.update_or_create(
        channel=channel,
        folder="INBOX",
        defaults={
            "lease_owner": uuid.uuid4(),
            "lease_until": clock_module.now() - timedelta(seconds=1),
        },
    )
    Channel.objects.update(is_active=True)
    (mail,) = mails(1)
    account.put(mail)
    assert next_of(house) == mail


@pytest.mark.promise("B8")
def test_a_bad_mailbox_does_not_disturb_others(account, channel, house, dovecot):
    wrong = make_channel("sales@desk.example")
    configure(wrong, dovecot.account("nobody"), 1)
    eventually(lambda: Cursor.objects.filter(channel=wrong, failures__gte=1).exists())
    (mail,) = mails(1)
    account.put(mail)
    assert next_of(house) == mail


def test_switched_off_it_is_left_alone_and_on_again_read(account, channel, house):
    eventually(lambda: is_read(channel))
    Channel.objects.update(is_active=False)
    eventually(lambda: not Cursor.objects.filter(lease_until__isnull=False).exists())
    (mail,) = mails(1)
    account.put(mail)
    Channel.objects.update(is_active=True)
    assert next_of(house) == mail


def test_new_settings_are_taken_up(account, channel, house, dovecot):
    eventually(lambda: is_read(channel))
    other = dovecot.account(f"{account.name}-other")
    (mail,) = mails(1)
    other.put(mail)
    configure(channel, other, dovecot.port)
    assert next_of(house) == mail


@pytest.mark.promise("B8")
def test_a_wrong_password_is_tried_six_times_an_hour(channel, clock, read):
    channel.config["imap_user"] = "somebody"
    sealed.put(channel, imap_password="wrong-one")
    channel.save()
    reader = Reader(channel.pk, wake=print)
    tries = 0
    for _minute in range(60):
        tries += reader._session()
        clock.advance(minutes=1)
    assert tries == 6
    cursor = Cursor.objects.get()
    assert (cursor.error_step, cursor.error) == (
        "login",
        "NO [AUTHENTICATIONFAILED] Authentication failed.",
    )
    assert "wrong-one" not in cursor.error
    sealed.put(channel, imap_password=PASSWORD)
    channel.save()
    cursors.try_now(channel)
    assert read(channel).error == ""


def test_the_wait_grows_and_stays_below_five_minutes():
    cut = Trouble(Step.READ, "socket error: EOF")
    waits = [cursors.wait_after(cut, failures=n).total_seconds() for n in range(1, 12)]
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300]
    busy = Trouble(Step.LOGIN, "NO [UNAVAILABLE] Try again", is_refusal=True)
    assert cursors.wait_after(busy, failures=1).total_seconds() == 5
