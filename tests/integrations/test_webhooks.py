"""Providers post mail: only they, kept before they are told so, once however often it comes.

The requests are written after the documents of the providers; none of them was asked.
"""

import base64
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError, connections
from django.test import Client

from helpdesk import logs
from integrations import inbound, originals, sealed, webhooks
from integrations.email import hooks
from integrations.models import RawInbound
from tests.integrations.mail import MAILBOX, make_channel, make_mail
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db
SECRET = "postmaster:kept-by-both"
MAIL = make_mail("It burns.", message_id="<1@hooked.example>")
# As it comes from a server that never heard of UTF-8.
OLD_MAIL = MAIL.replace(b"It burns.", b"Gr\xfc\xdfe \xff").replace(b"utf-8", b"latin-1")


def hooked(provider, *, secret=SECRET):
    """A channel that a provider posts to."""
    channel = make_channel()
    channel.config = {"webhook_provider": provider, "webhook_token": webhooks.new_token()}
    sealed.put(channel, webhook_secret=secret)
    channel.save()
    return channel


def form(fields, files=()):
    """multipart/form-data as its bytes (RFC 7578), and its type."""
    parts = [
        b'--xYz\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (name.encode(), extra, value)
        for name, extra, value in [*((name, b"", value) for name, value in fields.items()), *files]
    ]
    return b"".join(parts) + b"--xYz--\r\n", "multipart/form-data; boundary=xYz"


def basic():
    return {"Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()}


def signed_by_mailgun():
    time, token = b"1700000000", b"t" * 50
    signature = hmac.new(SECRET.encode(), time + token, hashlib.sha256).hexdigest().encode()
    return {"timestamp": time, "token": token, "signature": signature}


def mailgun(mail):
    """Mailgun, Routes: a forward() to an address that ends in mime."""
    said = {"recipient": MAILBOX.encode(), "sender": b"ann@customer.example"}
    return (*form({**signed_by_mailgun(), **said, "body-mime": mail}), {})


def sendgrid(mail):
    """SendGrid, Inbound Parse with "POST the raw, full MIME message"."""
    envelope = json.dumps({"to": [MAILBOX], "from": "ann@customer.example"}).encode()
    return (*form({"email": mail, "envelope": envelope, "SPF": b"pass"}), basic())


def postmark(mail):
    """Postmark, Inbound with "Include raw email content in JSON payload"."""
    said = {"RawEmail": mail.decode(), "From": "ann@customer.example", "OriginalRecipient": MAILBOX}
    return json.dumps({**said, "MessageID": "22c74902"}).encode(), "application/json", basic()


def mailersend(mail):
    """MailerSend, Inbound routing: signed as a whole."""
    data = {
        "raw": mail.decode(),
        "sender": {"email": "ann@customer.example"},
        "recipients": {"rcptTo": [{"email": MAILBOX}]},
    }
    body = json.dumps({"type": "inbound.message", "data": data}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, "application/json", {"Signature": signature}


def raw(mail):
    """Anybody else: the mail as the body."""
    return mail, "message/rfc822", basic()


POSTS = {
    "mailgun": mailgun,
    "sendgrid": sendgrid,
    "postmark": postmark,
    "mailersend": mailersend,
    "raw": raw,
}


def post(channel, request, **more):
    body, kind, headers = request
    return Client().post(webhooks.address_of(channel), body, kind, headers=headers, **more)


@pytest.fixture
def read_everything():
    """Reads what was kept, as workers do."""

    def read():
        for row in RawInbound.objects.filter(state="new"):
            inbound.process(row.pk)

    return read


@pytest.mark.promise("S1.1")
@pytest.mark.parametrize("provider", POSTS)
def test_a_mail_is_kept_byte_for_byte_and_becomes_a_ticket(provider, read_everything):
    channel = hooked(provider)
    answer = post(channel, POSTS[provider](MAIL))
    assert (answer.status_code, answer.content) == (200, b"Kept\n")
    row = RawInbound.objects.get()
    assert (row.source, row.channel, originals.read(row)) == ("webhook", channel, MAIL)
    if provider != "raw":
        assert row.envelope == {"mail_from": "ann@customer.example", "rcpt_tos": [MAILBOX]}
    read_everything()
    assert Ticket.objects.get().subject == "Help"


@pytest.mark.parametrize("provider", ["mailgun", "sendgrid", "raw"])
def test_bytes_that_are_no_utf_8_stay_as_they_are(provider):
    post(hooked(provider), POSTS[provider](OLD_MAIL))
    assert originals.read(RawInbound.objects.get()) == OLD_MAIL


def test_mailgun_may_post_a_plain_form():
    body, _kind, _headers = mailgun(MAIL)
    fields = hooks._form_fields(body, "xYz")
    request = urlencode(fields).encode(), "application/x-www-form-urlencoded", {}
    assert post(hooked("mailgun"), request).status_code == 200
    assert originals.read(RawInbound.objects.get()) == MAIL


def test_a_mail_larger_than_forms_of_people_comes_in():
    large = make_mail("x" * 70 + "\n" + "y\n" * 4_000_000)
    assert post(hooked("mailgun"), mailgun(large)).status_code == 200
    assert originals.read(RawInbound.objects.get()) == large


@pytest.mark.parametrize("provider", POSTS)
@pytest.mark.promise("B10")
def test_who_cannot_prove_to_be_the_provider_gets_401_and_leaves_nothing(provider):
    channel = hooked(provider, secret="another:secret")
    assert post(channel, POSTS[provider](MAIL)).status_code == 401
    body, kind, _headers = POSTS[provider](MAIL)
    without_proof = body.replace(b"signature", b"signed"), kind, {}
    assert post(channel, without_proof).status_code == 401
    assert post(channel, (b"", "text/plain", {"Authorization": "Basic !"})).status_code == 401
    assert not RawInbound.objects.exists()


def test_a_signature_over_another_body_is_none():
    channel = hooked("mailersend")
    body, kind, headers = mailersend(MAIL)
    assert post(channel, (body + b" ", kind, headers)).status_code == 401


@pytest.mark.parametrize(
    "broken",
    [{"webhook_provider": ""}, {"webhook_provider": "nobody"}, {"webhook_token": "another"}],
)
def test_without_a_provider_there_is_no_door(broken):
    channel = hooked("raw")
    path = webhooks.address_of(channel)
    channel.config |= broken
    channel.save()
    assert Client().post(path, MAIL, "message/rfc822", headers=basic()).status_code == 404


def test_without_a_secret_or_with_the_channel_off_there_is_no_door():
    channel = hooked("raw", secret="")
    assert post(channel, raw(MAIL)).status_code == 404
    sealed.put(channel, webhook_secret=SECRET)
    channel.save()
    assert Client().head(webhooks.address_of(channel)).status_code == 200
    assert Client().get(webhooks.address_of(channel)).status_code == 405
    channel.is_active = False
    channel.save()
    assert post(channel, raw(MAIL)).status_code == 404


def test_too_much_is_refused_before_it_is_read(monkeypatch):
    channel = hooked("raw")
    monkeypatch.setattr(webhooks, "_MOST_BYTES", 1000)
    assert post(channel, raw(b"x" * 1001)).status_code == 413
    assert not RawInbound.objects.exists()


@pytest.mark.promise("S4.13")
@pytest.mark.parametrize("error", [DatabaseError("gone"), OSError(28, "No space left")])
def test_what_cannot_be_kept_comes_again(monkeypatch, error):
    def fail(*_args, **_options):
        raise error

    channel = hooked("raw")
    with monkeypatch.context() as patched:
        patched.setattr(originals, "keep", fail)
        answer = post(channel, raw(MAIL))
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert post(channel, raw(MAIL)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_same_post_ten_times_at_once_has_one_effect(read_everything):
    channel = hooked("mailgun")
    request = mailgun(MAIL)

    def once(_number):
        try:
            return post(channel, request).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(once, range(10))) == {200}
    read_everything()
    assert post(channel, request).status_code == 200
    assert (RawInbound.objects.count(), Message.objects.count()) == (1, 1)


@pytest.mark.parametrize("provider", ["mailgun", "sendgrid", "postmark", "mailersend"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"[" * 5000, "application/json"),
        (b'{"data": [], "RawEmail": 7}', "application/json"),
        (b"--xYz", "multipart/form-data; boundary=xYz"),
        (b"\x00\xff" * 50, "multipart/form-data"),
    ],
)
def test_what_holds_no_mail_is_told_so(provider, body, kind, monkeypatch):
    row = hooks.PROVIDERS[provider]
    monkeypatch.setitem(hooks.PROVIDERS, provider, replace(row, may=lambda *_: True))
    assert post(hooked(provider), (body, kind, {})).status_code == 400
    assert not RawInbound.objects.exists()


class TestTakenApart:
    """A provider that took the mail apart: django-anymail puts it together."""

    def test_mailgun(self, read_everything):
        headers = [["From", "Ann <ann@customer.example>"], ["Message-Id", "<7@x>"], ["To", MAILBOX]]
        said = {
            **signed_by_mailgun(),
            "message-headers": json.dumps([*headers, ["Subject", "Grüße"]]).encode(),
            "body-plain": "Es brennt, früh.".encode(),
            "attachment-count": b"1",
        }
        file = ("attachment-1", b'; filename="a.txt"\r\nContent-Type: text/plain', b"file")
        request = (*form(said, [file]), {})
        channel = hooked("mailgun")
        assert {post(channel, request).status_code for _time in range(2)} == {200}
        read_everything()
        message = Message.objects.get()
        assert (message.ticket.subject, message.body.strip()) == ("Grüße", "Es brennt, früh.")
        assert [file.name for file in message.attachments.all()] == ["a.txt"]
        assert RawInbound.objects.count() == 1

    def test_postmark(self, read_everything):
        said = {
            "FromFull": {"Email": "ann@customer.example", "Name": "Ann"},
            "ToFull": [{"Email": MAILBOX, "Name": ""}],
            "Subject": "Printer",
            "TextBody": "It burns.",
            "Headers": [{"Name": "Message-ID", "Value": "<8@x>"}],
            "Attachments": [],
        }
        request = json.dumps(said).encode(), "application/json", basic()
        assert post(hooked("postmark"), request).status_code == 200
        read_everything()
        assert Message.objects.get().body.strip() == "It burns."

    def test_without_the_library_the_raw_message_is_asked_for(self, monkeypatch):
        monkeypatch.setattr(hooks.importlib.util, "find_spec", lambda _name: None)
        request = json.dumps({"TextBody": "x"}).encode(), "application/json", basic()
        answer = post(hooked("postmark"), request)
        assert (answer.status_code, b"raw message" in answer.content) == (400, True)


def test_the_address_stands_in_no_log():
    entry = logs.hide_secrets(None, "", {"request": "POST /hooks/email/0123456789abcdef/"})
    assert entry["request"] == "POST /hooks/email/[hidden]/"


def test_an_admin_sets_it_up_and_takes_it_away(admin):
    channel = make_channel()
    address = channel.addresses.get()
    form = {
        "kind": "email",
        "name": "Mail",
        "slug": "mail",
        "queue": channel.queue_id,
        "is_active": "on",
        "webhook_provider": "postmark",
        "honours_spam_headers": "unknown",
        "addresses-TOTAL_FORMS": 1,
        "addresses-INITIAL_FORMS": 1,
        "addresses-0-id": address.pk,
        "addresses-0-channel": channel.pk,
        "addresses-0-address": MAILBOX,
        "addresses-0-is_primary": "on",
    }
    page = f"/admin/integrations/channel/{channel.pk}/change/"
    assert b"nobody could be told from the provider" in admin.client.post(page, form).content
    assert admin.client.post(page, {**form, "webhook_secret": SECRET}).status_code == 302
    channel.refresh_from_db()
    shown = admin.client.get(page).content.decode()
    assert webhooks.address_of(channel) in shown
    assert SECRET not in shown
    assert post(channel, postmark(MAIL)).status_code == 200
    assert admin.client.post(page, form).status_code == 302
    assert admin.client.post(page, {**form, "webhook_provider": ""}).status_code == 302
    assert post(channel, postmark(MAIL)).status_code == 404
