"""A dovecot for all tests of a run, an account of its own for each."""

import itertools

import pytest

from integrations import sealed
from integrations.email.imap.reader import Reader, Waits
from integrations.models import Cursor
from tests.integrations.imap import dovecot as server
from tests.integrations.imap import proxy as line
from tests.integrations.mail import make_channel

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def dovecot():
    if because := server.missing():
        pytest.skip(because)
    with server.running() as running:
        yield running


@pytest.fixture
def account(dovecot):
    return dovecot.account(f"box{next(_numbers)}")


@pytest.fixture
def proxy(dovecot):
    with line.between(dovecot.port) as running:
        yield running


def configure(channel, account, port, **config):
    """Have a channel read an account; everything there is unless told otherwise."""
    channel.config |= {
        "imap_host": "127.0.0.1",
        "imap_port": port,
        "imap_security": "plain",
        "imap_user": account.name,
        "read_from": "everything",
        **config,
    }
    sealed.put(channel, imap_password=server.PASSWORD)
    channel.save()
    return channel


@pytest.fixture
def channel(dovecot, account, db):
    return configure(make_channel(), account, dovecot.port)


class Once(Reader):
    """A reader that reads what there is and ends."""

    def _wait(self, client):
        self.stop()


@pytest.fixture
def read(woken):
    """One session on a channel's mailbox; gives the cursor after it."""

    def session(channel, **waits):
        reader = Once(channel.pk, wake=woken.append, waits=Waits(**waits))
        reader._session()
        # The wait after trouble is the subject of other tests.
        Cursor.objects.update(next_attempt_at="2020-01-01T00:00:00Z")
        return Cursor.objects.get(channel=channel)

    return session


@pytest.fixture
def woken():
    """The originals whose reading was asked for."""
    return []
