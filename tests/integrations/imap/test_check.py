"""The form of a mailbox and the test of its connection: words, no secrets, no hanging."""

import json
import socket

import pytest
from django.urls import reverse

from integrations import sealed
from integrations.email import check as check_module
from integrations.email.check import check
from integrations.models import Channel, Cursor
from tests.helpdesk.test_admin_words import _channel
from tests.integrations import sink
from tests.integrations.imap.conftest import configure
from tests.integrations.imap.dovecot import HOST, PASSWORD
from tests.integrations.imap.scripted import Script, speaking
from tests.integrations.imap.test_fetch import mails, stored
from tests.integrations.mail import make_channel
from tickets import clock as clock_module

pytestmark = pytest.mark.django_db
MAILBOX = {
    "imap_host": "imap.desk.example",
    "imap_user": "help@desk.example",
    "imap_password": "hunter2-hunter2",
}


@pytest.fixture
def out(settings):
    with sink.running() as server:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.port}"
        yield server


@pytest.fixture(autouse=True)
def _one_name_is_unknown(monkeypatch):
    """Resolvers know every name below localhost."""
    resolve = socket.getaddrinfo

    def look_up(host, *rest, **more):
        if host == "nobody.localhost":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def titles(lines):
    return [(line.title, line.is_ok) for line in lines]


def page_of(admin, channel):
    page = reverse("admin:integrations_channel_test", args=[channel.pk])
    return admin.client.post(page)


# --- The test of a connection ------------------------------------------------------------------


@pytest.mark.promise("S1.1")
def test_each_step_is_shown_in_the_servers_words(admin, account, channel, out):
    account.put(*mails(3))
    page = page_of(admin, channel).text
    for words in ("Everything works", "127.0.0.1", "Logged in", "mails in it: 3", "IDLE"):
        assert words in page
    assert PASSWORD not in page
    assert stored() == []
    assert not Cursor.objects.exists()


def test_over_tls_with_a_certificate_that_is_trusted(account, channel, dovecot, out, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    for security, port in (("tls", dovecot.tls_port), ("starttls", dovecot.port)):
        configure(channel, account, port, imap_host=HOST, imap_security=security)
        report = check(channel)
        assert report.is_ok, report
        assert ("Encrypt the line", True) in titles(report.receiving)


@pytest.mark.parametrize(
    ("config", "step", "words", "advice"),
    [
        ({"imap_host": "nobody.localhost"}, "Find the server", "not known", "spelling"),
        ({"imap_port": 1}, "Connect", "refused", "993"),
        ({"imap_security": "tls"}, "Encrypt the line", "self-signed", "SSL_CERT_FILE"),
        ({"imap_folder": "Suport"}, "Open the folder", "doesn't exist", "capitals"),
        ({"imap_password": "wrong"}, "Sign in", "AUTHENTICATIONFAILED", "app password"),
    ],
    ids=["name", "port", "certificate", "folder", "password"],
)
@pytest.mark.promise("S1.1")
def test_what_fails_is_told_with_what_to_try(  # noqa: PLR0917
    admin, account, channel, dovecot, out, config, step, words, advice
):
    if "imap_security" in config:
        config = {**config, "imap_port": dovecot.tls_port, "imap_host": HOST}
    password = config.pop("imap_password", PASSWORD)
    configure(channel, account, dovecot.port, **config)
    sealed.put(channel, imap_password=password)
    channel.save()
    failed = check(channel).receiving[-1]
    assert (failed.title, failed.is_ok) == (step, False)
    assert words in failed.words
    assert advice in failed.advice
    page = page_of(admin, channel).text
    assert "What to try:" in page
    assert PASSWORD not in page


def test_a_server_that_says_nothing_hangs_nobody(channel, out, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel.config["imap_port"] = silent.getsockname()[1]
        channel.save()
        report = check(channel, patience_s=0.3)
    assert "No answer came in time" in report.receiving[-1].words
    assert all(line.is_ok for line in report.sending)


def test_a_fault_of_ours_is_no_success(channel, out, monkeypatch):
    monkeypatch.setattr(check_module, "select", None)
    failed = check(channel).receiving[-1]
    assert (failed.is_ok, "TypeError" in failed.words) == (False, True)


def test_sending_is_tried_too(channel, out):
    out.says("EHLO", "421 4.3.2 Away for tea")
    out.says("HELO", "421 4.3.2 Away for tea")
    failed = check(channel).sending[-1]
    assert not failed.is_ok
    assert "Away for tea" in failed.words
    assert not out.caught


def test_a_folder_to_move_to_is_looked_for(account, channel, dovecot, out):
    configure(channel, account, dovecot.port, after_reading="move", move_to="Archive")
    assert check(channel).receiving[-1].words == "Archive will be made."
    with speaking(Script()) as script:
        configure(channel, account, script.port)
        last = check(channel).receiving[-1]
    assert (last.is_ok, "neither MOVE nor UIDPLUS" in last.words) == (False, True)


def test_a_lost_master_key_is_told(admin, channel, out, settings):
    settings.MASTER_KEYS = [b"x" * 32]
    page = page_of(admin, channel).text
    assert "MASTER_KEYS" in page
    assert "Something does not work yet" in page


def test_the_test_is_for_those_who_may_change_the_channel(agent, admin, channel, out):
    page = reverse("admin:integrations_channel_test", args=[channel.pk])
    assert agent.client.post(page).url.startswith("/admin/login/")
    assert admin.client.get(page).status_code == 302
    assert (
        "Test connection"
        in admin.client.get(reverse("admin:integrations_channel_change", args=[channel.pk])).text
    )


def test_its_patience_is_shorter_than_a_page_may_take():
    assert check_module._PATIENCE_S < 30


# --- The form ----------------------------------------------------------------------------------


@pytest.fixture
def add(admin, queue):
    page = reverse("admin:integrations_channel_add")
    return lambda **fields: admin.client.post(page, _channel(queue, **fields)).text


def test_a_mailbox_is_kept_and_its_password_sealed(add, admin):
    add(**MAILBOX, read_from="date", read_from_date="2026-01-05")
    channel = Channel.objects.get()
    assert channel.config["imap_host"] == "imap.desk.example"
    assert channel.config["read_from_date"] == "2026-01-05"
    assert "hunter2" not in json.dumps(channel.config)
    assert sealed.opened(channel) == {"imap_password": "hunter2-hunter2"}
    page = reverse("admin:integrations_channel_change", args=[channel.pk])
    text = admin.client.get(page).text
    assert "hunter2" not in text
    assert 'value="2026-01-05"' in text


def test_a_second_secret_leaves_the_first(add, admin, queue):
    add(**MAILBOX)
    page = reverse("admin:integrations_channel_change", args=[Channel.objects.get().pk])
    more = {"imap_password": "", "smtp_url": "smtps://help@m.example", "smtp_password": "second"}
    admin.client.post(page, _channel(queue, **{**MAILBOX, **more}))
    assert sealed.opened(Channel.objects.get()) == {
        "imap_password": "hunter2-hunter2",
        "smtp_password": "second",
    }


def test_without_a_mailbox_its_secrets_are_forgotten(add, admin, queue):
    add(**MAILBOX)
    page = reverse("admin:integrations_channel_change", args=[Channel.objects.get().pk])
    admin.client.post(page, _channel(queue))
    channel = Channel.objects.get()
    assert (bytes(channel.sealed_key), bytes(channel.sealed_secrets)) == (b"", b"")


def test_saving_tries_again_at_once(add, admin, queue):
    add(**MAILBOX)
    later = clock_module.now().replace(year=2030)
    Cursor.objects.create(channel=Channel.objects.get(), folder="INBOX", next_attempt_at=later)
    page = reverse("admin:integrations_channel_change", args=[Channel.objects.get().pk])
    admin.client.post(page, _channel(queue, **MAILBOX))
    assert Cursor.objects.get().next_attempt_at < later


def test_a_provider_fills_what_is_left_empty(add):
    add(
        provider="microsoft",
        imap_user="help@desk.example",
        oauth_grant="client_credentials",
        oauth_client_id="abc",
        oauth_client_secret="hunter2",
    )
    config = Channel.objects.get().config
    assert (config["imap_host"], config["imap_auth"]) == ("outlook.office365.com", "oauth")
    assert config["oauth_scope"] == "https://outlook.office365.com/.default"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"imap_host": "imaps://imap.example:993"}, "Write the name alone"),
        ({"imap_user": ""}, "Say as whom to sign in"),
        ({"imap_password": ""}, "Give the mailbox&#x27;s password"),
        ({"imap_port": "70000"}, "less than or equal to 65535"),
        ({"imap_auth": "oauth"}, "Give the refresh token"),
        ({"imap_auth": "oauth", "oauth_grant": "client_credentials"}, "Give the client secret"),
        ({"imap_auth": "oauth", "oauth_token_url": "http://x.example"}, "begins with https://"),
        ({"read_from": "date"}, "Say since which day"),
        ({"after_reading": "move"}, "Say to which folder"),
        ({"after_reading": "move", "move_to": "INBOX"}, "This is the folder that is read"),
    ],
)
def test_a_bad_mailbox_is_refused_in_words(add, fields, said):
    assert said in add(**{**MAILBOX, **fields})
    assert not Channel.objects.exists()


def test_a_demo_reads_no_mailbox(db):
    assert not make_channel().config.get("imap_host")
