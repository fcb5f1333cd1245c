"""Our own look at signatures: what vouches for a sender, and what only looks as if it did."""

import base64
import time

import dkim
import dns.exception
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from integrations.base import Authentication
from integrations.email import parse, verify

pytestmark = pytest.mark.promise("S4.13")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
MAIL = (
    b"From: Ann <ann@customer.example>\r\nTo: support@desk.example\r\nSubject: Help\r\n"
    b"Message-ID: <1@customer.example>\r\n\r\nIt burns.\r\n"
)
SIGNED = [b"from", b"to", b"subject", b"message-id"]


class Names:
    """A name server with a few records, which counts what it is asked."""

    def __init__(self, **records: str) -> None:
        self.records = {
            "s1._domainkey.customer.example": f"v=DKIM1; k=rsa; p={PUBLIC}",
            "s1._domainkey.mail.customer.example": f"v=DKIM1; k=rsa; p={PUBLIC}",
            "s1._domainkey.evil.example": f"v=DKIM1; k=rsa; p={PUBLIC}",
            **records,
        }
        self.asked: list[str] = []
        self.is_away = False

    def __call__(self, name: str, _seconds: float) -> str:
        self.asked.append(name)
        if self.is_away:
            raise dns.exception.Timeout
        return self.records.get(name, "")


@pytest.fixture(autouse=True)
def names(monkeypatch, settings):
    settings.VERIFY_DKIM = True
    server = Names()
    monkeypatch.setattr(verify, "answers", server)
    monkeypatch.setattr(verify, "_rests_until", 0.0)
    return server


def signed(mail=MAIL, *, domain="customer.example", covers=SIGNED, **how):
    made = dkim.sign(mail, b"s1", domain.encode(), PRIVATE, include_headers=covers, **how)
    return made + mail


def verdict(data):
    return parse.parse(data, envelope={}).authentication


def test_a_signature_of_the_senders_domain_vouches():
    assert verdict(signed()) == Authentication.PASS


def test_also_with_the_line_ends_a_pipe_gives_and_a_first_line_of_a_mailbox():
    assert verdict(signed().replace(b"\r\n", b"\n")) == Authentication.PASS
    assert verdict(b"From ann Mon Nov 23 10:00:00 2026\n" + signed()) == Authentication.PASS


def test_also_one_of_its_organisation_unless_it_demands_its_own(names):
    data = signed(domain="mail.customer.example")
    assert verdict(data) == Authentication.PASS
    names.records["_dmarc.customer.example"] = "v=DMARC1; p=reject; adkim=s"
    assert verdict(data) == Authentication.NONE


@pytest.mark.parametrize(
    "data",
    [
        MAIL,
        signed().replace(b"It burns", b"It does not burn"),
        signed().replace(b"Subject: Help", b"Subject: Fire"),
        signed(domain="evil.example"),
        signed(MAIL, domain="evil.example").replace(b"d=evil.example", b"d=customer.example"),
        signed(length=True) + b"And something else.\r\n",
        signed(covers=[b"from", b"to"]),
        b"Subject: Other\r\n" + signed(),
        b"From: Eve <eve@customer.example>\r\n" + signed(),
        b"Content-Type: text/html\r\n" + signed(b"Content-Type: text/plain\r\n" + MAIL),
        # What the library takes for one more header, a reader takes for the text.
        signed().replace(b"\r\n\r\n", b"\r\nX: a\rPay to Eve.\r\n\r\n"),
        signed().replace(b"\r\n\r\n", b"\r\nFrom here on\r\nPay: Eve\r\n\r\n"),
        b"DKIM-Signature: v=1; d=customer.example; nonsense\r\n" + MAIL,
        b"DKIM-Signature: \xff\x00;;==\r\n" + MAIL,
    ],
)
def test_what_is_not_signed_for_the_sender_proves_nothing(data):
    assert verdict(data) == Authentication.NONE


def test_a_key_that_was_taken_back_proves_nothing(names):
    names.records["s1._domainkey.customer.example"] = "v=DKIM1; p="
    assert verdict(signed()) == Authentication.NONE


def test_a_missing_key_proves_nothing(names):
    del names.records["s1._domainkey.customer.example"]
    assert verdict(signed()) == Authentication.NONE


def test_where_nobody_answers_others_do_not_wait(names, monkeypatch):
    names.is_away = True
    assert [verdict(signed()) for _mail in range(5)] == [Authentication.NONE] * 5
    assert len(names.asked) == 1
    names.is_away = False
    now = time.monotonic()
    monkeypatch.setattr(verify.time, "monotonic", lambda: now + 301)
    assert verdict(signed()) == Authentication.PASS


def test_no_mail_asks_for_longer_than_its_time(names, monkeypatch):
    ticks = iter(range(0, 1000, 4))
    monkeypatch.setattr(verify.time, "monotonic", lambda: next(ticks))
    assert verdict(signed(domain="mail.customer.example")) == Authentication.NONE
    assert len(names.asked) <= 1


def test_many_signatures_are_not_all_asked_for(names):
    names.records.clear()
    one = signed().partition(b"From: ")[0]
    assert verdict(one * 50 + MAIL) == Authentication.NONE
    assert len(names.asked) <= 3


@pytest.mark.parametrize(("switch", "value"), [("VERIFY_DKIM", False), ("ROLE", "web")])
def test_nobody_is_asked_where_that_is_off_or_a_page_waits(names, settings, switch, value):
    setattr(settings, switch, value)
    assert verdict(signed()) == Authentication.NONE
    assert not names.asked


def test_the_word_of_a_server_of_ours_comes_first(names, settings):
    settings.TRUSTED_AUTHSERV_IDS = ["mx.desk.example"]
    told = b"Authentication-Results: mx.desk.example; dmarc=fail header.from=customer.example\r\n"
    assert verdict(told + signed()) == Authentication.FAIL
    assert not names.asked


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("mail.customer.co.uk", "customer.co.uk"),
        ("customer.com", "customer.com"),
        ("a.b.customer.com.", "customer.com"),
        ("evil.example", "evil.example"),
        ("x.evil.example", "evil.example"),
        ("evil.github.io", "evil.github.io"),
        ("localhost", "localhost"),
    ],
)
def test_organisations(domain, organisation):
    assert verify.organisation_of(domain) == organisation
