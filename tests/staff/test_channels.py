"""Whether channels work: each state in words, for those it concerns."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.email.imap.settings import mailbox_of
from integrations.models import Channel, Cursor, RawInbound
from tests.integrations.mail import keep, make_channel, make_mail
from tests.query_counts import query_budget
from tickets import clock as clock_module

pytestmark = pytest.mark.django_db
IMAP = {"imap_host": "imap.desk.example", "imap_user": "support@desk.example"}


@pytest.fixture
def channel(queue):
    return make_channel(queue=queue, config=IMAP)


def cursor_of(channel, **fields):
    now = clock_module.now()
    given = {"lease_until": now + timedelta(minutes=1), "ok_at": now, **fields}
    return Cursor.objects.create(channel=channel, folder="INBOX", **given)


def shown(role):
    return role.client.get("/channels/").content.decode()


@pytest.mark.promise("S1.1")
def test_a_mailbox_that_is_read_is_said_to_work(agent, channel):
    cursor_of(channel)
    page = shown(agent)
    for words in ("support@desk.example", "Works", "Is being read", "Last read", "Nothing sent"):
        assert words in page


@pytest.mark.promise("B8")
def test_what_a_server_said_is_shown_with_what_to_try(agent, channel):
    said = "NO [AUTHENTICATIONFAILED] Invalid <credentials>"
    next_attempt = clock_module.now() + timedelta(minutes=9)
    cursor_of(channel, error=said, error_step="login", next_attempt_at=next_attempt)
    page = shown(agent)
    assert "Does not work" in page
    assert "NO [AUTHENTICATIONFAILED] Invalid &lt;credentials&gt;" in page
    assert "Sign in:" in page
    assert "Check user name and password" in page
    assert "next try" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"lease_until": None}, "Nobody reads it"),
        ({"ok_at": datetime(2026, 1, 5, tzinfo=UTC)}, "Silent for long"),
    ],
)
def test_a_mailbox_nobody_reads_needs_a_look(agent, channel, fields, words):
    cursor_of(channel, **fields)
    page = shown(agent)
    assert words in page
    assert "Needs a look" in page


def test_a_channel_that_was_never_read_says_so(agent, channel):
    assert "Not read yet" in shown(agent)


def test_a_channel_by_the_door_says_when_mail_came(agent, queue):
    channel = make_channel(queue=queue)
    assert "Nothing received yet" in shown(agent)
    keep(make_mail(), channel)
    assert "By the door" in shown(agent)


def test_a_channel_that_is_off_is_no_trouble(agent, channel):
    Channel.objects.update(is_active=False)
    cursor_of(channel, error="timed out", error_step="connect")
    page = shown(agent)
    assert "Switched off" in page
    assert "Does not work" not in page
    assert "nav__count--hot" not in page


def test_sending_has_a_health_of_its_own(agent, channel):
    cursor_of(channel)
    Channel.objects.update(last_error="554 go away", last_error_at=clock_module.now())
    page = shown(agent)
    assert "Is being read" in page
    assert "Cannot send" in page
    assert "554 go away" in page


def test_mail_that_waits_for_a_worker_is_told(agent, channel):
    cursor_of(channel)
    keep(make_mail(), channel)
    assert "Waits for a worker" not in shown(agent)
    RawInbound.objects.update(next_attempt_at=clock_module.now() - timedelta(minutes=5))
    assert "Waits for a worker" in shown(agent)


def test_strangers_and_customers_see_no_channel(customer, anonymous):
    assert customer.client.get("/channels/").status_code == 403
    assert anonymous.client.get("/channels/").status_code == 302


def test_who_sees_which_channel(agent, colleague, reader, admin, channel):
    assert "support@desk.example" in shown(agent)
    assert "support@desk.example" not in shown(colleague)
    assert "No channel leads to your queues" in shown(reader)
    page = shown(admin)
    assert "support@desk.example" in page
    assert f"/admin/integrations/channel/{channel.pk}/change/" in page
    assert "/admin/" not in shown(agent)


def test_an_empty_page_says_what_to_do(admin, agent):
    assert "There is no channel yet" in shown(admin)
    assert "An admin sets channels up" in shown(agent)


def test_the_navigation_counts_channels_that_do_not_work(agent, colleague, channel):
    cursor_of(channel, error="timed out", error_step="connect")
    assert "nav__count--hot" in shown(agent)
    assert "nav__count--hot" not in shown(colleague)
    # A mailbox that is read no more is nobody's trouble.
    Channel.objects.update(config={})
    assert mailbox_of(Channel.objects.get()) is None
    assert "nav__count--hot" not in shown(agent)


def test_the_page_keeps_to_its_queries(agent, queue):
    for number in range(12):
        channel = make_channel(f"box{number}@desk.example", queue=queue, config=IMAP)
        cursor_of(channel)
    client = agent.client
    with query_budget("channels"):
        client.get("/channels/")
