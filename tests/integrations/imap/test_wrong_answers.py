"""Servers that lie, refuse, or speak nonsense (security.md F29): nothing lost, no crash loop."""

from types import SimpleNamespace

import pytest

from integrations import inbound, originals
from integrations.email import limits
from integrations.models import Cursor, InboundState, RawInbound
from tests.integrations.imap.conftest import configure
from tests.integrations.imap.scripted import Script, speaking
from tests.integrations.imap.test_fetch import mails, stored
from tests.integrations.mail import make_channel

pytestmark = pytest.mark.django_db
SENT = mails(4)


@pytest.fixture
def script():
    with speaking(Script(dict(enumerate(SENT, start=1)))) as running:
        yield running


@pytest.fixture
def channel(script):
    return configure(make_channel(), SimpleNamespace(name="support"), script.port)


def until_done(read, channel, *, sessions=12):
    for _session in range(sessions):
        # An answer that never ends is given up soon.
        cursor = read(channel, answer=1)
        if not cursor.error:
            return cursor
    return pytest.fail(f"never done: {cursor.error}")


def refusing(script, uid, answer):
    """The body of one mail is answered so, whenever it is asked for."""

    def instead(tag, command):
        if b"BODY.PEEK[]" in command and uid in script._asked(command.split(b" ")[2]):
            return answer.replace(b"TAG", tag)
        return None

    script.instead = instead


def test_an_honest_script_is_read(script, channel, read):
    read(channel)
    assert stored() == SENT


def test_the_last_mail_given_for_an_empty_range_is_not_new(script, channel, read):
    """RFC 3501, 6.4.8: `5:*` means the last mail when it has number 4."""
    read(channel)
    read(channel)
    assert b"UID FETCH 5:* (UID RFC822.SIZE INTERNALDATE)" in b"\n".join(script.heard)
    assert stored() == SENT


@pytest.mark.promise("B8")
@pytest.mark.parametrize(
    "answer",
    [
        b"TAG NO [SERVERBUG] cannot open this one\r\n",
        b"TAG BAD internal error\r\n",
        b"TAG OK done\r\n",
        b"",
        b"\xff\xfe\x00 rubbish\r\n",
        b"* 2 FETCH (UID 2 BODY[] {99999999999}\r\n",
        b"* 2 FETCH (UID 2 BODY[] {10}\r\nshort)\r\nTAG OK done\r\n",
        b'* 2 FETCH (UID 2 BODY[] "unclosed\r\nTAG OK done\r\n',
        b"* 2 FETCH UID 2\r\nTAG OK done\r\n",
        b"* 2 FETCH (UID two BODY[] NIL)\r\nTAG OK done\r\n",
    ],
    ids=["no", "bad", "nothing", "cut", "rubbish", "endless", "short", "quote", "bare", "uid"],
)
def test_a_mail_the_server_cannot_give_is_noted_and_the_rest_comes(script, channel, read, answer):
    refusing(script, 2, answer)
    cursor = until_done(read, channel)
    assert cursor.last_uid == 4
    for raw in RawInbound.objects.all():
        inbound.process(raw.pk)
    held = RawInbound.objects.get(state=InboundState.HELD)
    assert (held.reason, held.envelope["imap"]["uid"]) == ("not_fetched", 2)
    assert "still in the mailbox" in held.error
    assert [
        originals.read(raw) for raw in RawInbound.objects.exclude(pk=held.pk).order_by("pk")
    ] == [
        SENT[0],
        *SENT[2:],
    ]


@pytest.mark.promise("B8")
def test_what_was_not_given_is_asked_for_again(script, channel, read, clock):
    refusing(script, 2, b"TAG NO cannot open this one\r\n")
    until_done(read, channel)
    held = inbound.read(RawInbound.objects.get(source_key__endswith=":2").pk).raw
    assert held.state == InboundState.HELD
    before = len(script.heard)
    read(channel)
    assert not any(b"UID FETCH 2 (BODY" in line for line in script.heard[before:])
    script.instead = lambda tag, command: None
    clock.advance(hours=2)
    read(channel)
    later = RawInbound.objects.get(source_key__endswith=":2:later")
    assert originals.read(later) == SENT[1]
    assert later.state == InboundState.NEW
    held.refresh_from_db()
    assert (held.state, held.reason) == (InboundState.DUPLICATE, "fetched_later")
    read(channel)
    assert RawInbound.objects.count() == 5


@pytest.mark.promise("B8")
def test_a_busy_server_is_waited_for(script, channel, read):
    refusing(script, 1, b"TAG NO [UNAVAILABLE] Request is throttled. Wait a minute.\r\n")
    for _session in range(8):
        assert "throttled" in read(channel).error
    assert stored() == []
    script.instead = lambda tag, command: None
    until_done(read, channel)
    assert stored() == SENT


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"* BYE Too many connections\r\n", "Too many connections"),
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1 400"),
        (b"\x15\x03\x03\x00\x02\x02\x46\r\n", ""),
        (b"", "EOF"),
    ],
)
def test_a_greeting_that_is_none_is_told(script, channel, read, greeting, words):
    script.greeting = greeting
    script.instead = lambda tag, command: b""
    cursor = read(channel)
    assert cursor.error_step in {"greeting", "login"}
    assert words in cursor.error


def test_numbers_out_of_order_and_other_rows_change_nothing(script, channel, read):
    def instead(tag, command):
        if b"RFC822.SIZE INTERNALDATE" not in command:
            return None
        rows = list(script.rows(command))[::-1]
        strange = [b"* 3 FETCH (FLAGS (\\Seen))\r\n", b"* 9 EXPUNGE\r\n", b"* OK still here\r\n"]
        return b"".join([*strange, *rows, *strange, tag, b" OK done\r\n"])

    script.instead = instead
    read(channel)
    assert stored() == SENT


def test_wide_gaps_between_numbers_are_crossed(script, channel, read):
    script.mails = {3: SENT[0], 70_000: SENT[1], 4_000_000_000: SENT[2]}
    cursor = until_done(read, channel)
    assert cursor.last_uid == 4_000_000_000
    assert stored() == SENT[:3]
    assert len(script.heard) < 40


def test_one_number_given_twice_makes_two_mails(script, channel, read):
    """A server that starts over under the same UIDVALIDITY."""
    read(channel)
    script.mails = {1: SENT[0] + b"once more\r\n"}
    until_done(read, channel)
    assert stored() == [*SENT, SENT[0] + b"once more\r\n"]


def test_without_uidvalidity_nothing_is_read(script, channel, read):
    script.instead = lambda tag, command: (
        b"* 4 EXISTS\r\n" + tag + b" OK done\r\n" if command.startswith(b"EXAMINE") else None
    )
    cursor = read(channel)
    assert (cursor.error_step, stored()) == ("folder", [])
    assert "UIDVALIDITY" in cursor.error


def test_a_size_that_is_a_lie_is_found_out(script, channel, read, monkeypatch):
    monkeypatch.setattr(limits, "SIZE", 1000)
    large = b"Subject: large\r\n\r\n" + b"x" * 1500
    script.mails = {1: large}
    script.instead = lambda tag, command: (
        b'* 1 FETCH (UID 1 RFC822.SIZE 10 INTERNALDATE "x")\r\n' + tag + b" OK done\r\n"
        if b"RFC822.SIZE" in command
        else None
    )
    read(channel)
    raw = inbound.read(RawInbound.objects.get().pk).raw
    assert (raw.state, raw.reason) == (InboundState.HELD, "too_large")
    assert originals.read(raw) == large


def test_a_server_that_repeats_the_password_is_not_quoted(script, channel, read):
    script.instead = lambda tag, command: (
        tag + b" NO bad: " + command + b"\r\n" if command.startswith(b"LOGIN") else None
    )
    cursor = read(channel)
    assert "correct-horse" not in cursor.error
    assert Cursor.objects.get().error_step == "login"
