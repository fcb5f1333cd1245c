"""From bytes to what was said; whatever comes, nothing but CannotParse is raised."""

import base64
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.base import Authentication, CannotParse, Machine
from integrations.email import ids, limits, machines
from integrations.email.parse import parse
from tests.integrations.mail import make_mail

FIXTURES = Path(__file__).parent.parent / "fixtures"


def read(data, **envelope):
    if isinstance(data, str):
        data = data.encode()
    return parse(data, envelope=envelope)


def with_body(body, content_type="text/plain; charset=utf-8", **headers):
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\n".join(["From: a@x.example", f"Content-Type: {content_type}", *lines])
    return head.encode() + b"\n\n" + (body if isinstance(body, bytes) else body.encode())


def test_an_ordinary_mail():
    found = read(make_mail("Hello\n", Date="Tue, 05 Mar 2024 10:00:00 +0100", Cc="b@x.example"))
    assert found.author.external_id == "ann@customer.example"
    assert [person.external_id for person in found.cc] == ["b@x.example"]
    assert (found.subject, found.text, found.content.body) == ("Help", "Hello\n", "Hello")
    assert found.sent_at.isoformat() == "2024-03-05T09:00:00+00:00"
    assert machines.may_answer(found)


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOf?=\n =?utf-8?b?ZQ==?= x", "Grüße x"),
        ("Re: =?iso-8859-1?Q?Caf=E9?=", "Re: Café"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?utf-8*en?q?hi?=", "hi"),
        ("=?x-none?q?a=E9?=", "aé"),
        ("=?utf-8?b?R3LDvMOf!ZQ?=", "Grüße"),
        ("Grüße", "Grüße"),
        ("a\n b", "a b"),
        ("=?utf-8?q?a=0D=0ABcc=3A_x?=", "a Bcc: x"),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
    ],
)
def test_subjects(raw, subject):
    assert read(f"From: a@x.example\nSubject: {raw}\n\nx").subject == subject


def test_raw_bytes_in_a_subject_are_guessed():
    assert read(b"From: a@x.example\nSubject: Caf\n\n".replace(b"Caf", b"Caf\xe9")).subject


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("Grüße".encode("latin-1"), "iso-8859-1", "Grüße"),
        ("€ “x”".encode("cp1252"), "iso-8859-1", "€ “x”"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        ("日本".encode("iso-2022-jp"), "iso-2022-jp", "日本"),
        ("中文".encode("gbk"), "gb2312", "中文"),
        ("한국".encode("cp949"), "ks_c_5601-1987", "한국"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("Grüße".encode(), "no-such-charset", "Grüße"),
        ("Grüße".encode(), "idna", "Grüße"),
        ("Grüße".encode(), '"utf-8"', "Grüße"),
        ("Grüße".encode("utf-16"), "utf-16", "Grüße"),
    ],
)
def test_charsets(data, charset, text):
    body = base64.b64encode(data)
    mail = with_body(body, f"text/plain; charset={charset}", Content_Transfer_Encoding="base64")
    assert read(mail).text == text


def test_text_is_derived_from_html_where_there_is_none():
    found = read(with_body("<p>One<p>Two <b>bold</b>", "text/html"))
    assert found.text.split() == ["One", "Two", "bold"]
    assert found.content.html == "<p>One<p>Two <b>bold</b>"


def test_without_any_text_it_is_none():
    assert read(with_body(b"AAAA", "image/png", Content_Transfer_Encoding="base64")).text is None


def test_alternatives_and_files_with_international_names():
    mail = EmailMessage()
    mail["From"] = "a@x.example"
    mail.set_content("text")
    mail.add_alternative("<p>html</p>", subtype="html")
    mail.add_attachment(b"1234", maintype="application", subtype="pdf", filename="Bücher.pdf")
    found = read(mail.as_bytes())
    assert (found.text, found.content.html) == ("text\n", "<p>html</p>\n")
    (file,) = found.content.files
    assert (file.name, file.content_type, file.data) == ("Bücher.pdf", "application/pdf", b"1234")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="a b.pdf"', "a b.pdf"),
        ("attachment; filename=a.pdf", "a.pdf"),
        ("attachment; filename*=utf-8''B%C3%BCcher.pdf", "Bücher.pdf"),
        ("attachment; filename*0*=utf-8''B%C3%BC; filename*1=cher.pdf", "Bücher.pdf"),
        ('attachment; filename="=?utf-8?q?B=C3=BCcher.pdf?="', "Bücher.pdf"),
        ("attachment; filename*=no-such''B%FC.pdf", "Bü.pdf"),
        ('attachment; filename="Bücher.pdf"', "Bücher.pdf"),
        ("attachment", "part-1.pdf"),
        ("attachment; filename", "part-1.pdf"),
    ],
)
def test_file_names(disposition, name):
    mail = with_body("x", "application/pdf", Content_Disposition=disposition)
    assert read(mail).content.files[0].name == name


def test_inline_images_keep_their_content_id():
    headers = {"Content_ID": "<pic@x>", "Content_Disposition": "inline"}
    (file,) = read(with_body("GIF89a", "image/png", **headers)).content.files
    assert file.content_id == "pic@x"
    # What only calls itself a picture stays in the list of files.
    (file,) = read(with_body("<svg>", "image/png", **headers)).content.files
    assert file.content_id == ""


def test_a_mail_within_a_mail_is_a_file():
    inner = make_mail("inner").decode()
    found = read(
        with_body(
            f"--b\n\nouter\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--",
            "multipart/mixed; boundary=b",
        )
    )
    assert found.text.strip() == "outer"
    (file,) = found.content.files
    assert (file.name, file.data) == ("Help.eml", inner.encode())


def test_ids_and_answers():
    found = read(
        "From: a@x.example\nMessage-ID: <1@x>\nIn-Reply-To: <3@x> (comment)\n"
        "References: <1@x>\n <2@x>\t<3@x>\n\nx"
    )
    assert (found.remote_id, found.answers) == ("<1@x>", ["<3@x>", "<2@x>", "<1@x>"])


def test_a_missing_id_is_made_of_the_bytes():
    found = read("From: a@x.example\n\nx")
    assert found.remote_id.startswith("sha256:")
    assert found.remote_id.endswith("@missing")


def test_the_digest_is_that_of_the_content_not_of_the_road():
    data = make_mail("x")
    assert read(data).sha256 == read(b"Received: by y\n" + data.replace(b"\n", b"\r\n")).sha256
    assert read(data).sha256 != read(data + b"more").sha256


@pytest.mark.parametrize(
    ("headers", "machine"),
    [
        ("Auto-Submitted: auto-replied", Machine.AUTO_REPLY),
        ("Auto-Submitted: auto-replied; owner-email=x", Machine.AUTO_REPLY),
        ("Auto-Submitted: auto-generated", Machine.GENERATED),
        ("Auto-Submitted: no", None),
        ("Precedence: bulk", Machine.GENERATED),
        ("Precedence: junk", Machine.GENERATED),
        ("Precedence: list", Machine.LIST),
        ("Precedence: auto_reply", Machine.AUTO_REPLY),
        ("List-Id: <dev.x.example>", Machine.LIST),
        ("List-Unsubscribe: <mailto:u@x.example>", Machine.LIST),
        ("X-Autoreply: yes", Machine.AUTO_REPLY),
        ("X-Autorespond: yes", Machine.AUTO_REPLY),
        ("X-Auto-Response-Suppress: All", Machine.GENERATED),
        ("Return-Path: <>", Machine.GENERATED),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", Machine.BOUNCE),
        (
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
            Machine.RECEIPT,
        ),
        ("Content-Type: multipart/report; boundary=b", Machine.GENERATED),
        ("X-Loop: desk.example", None),
        ("X-Mailer: mutt", None),
    ],
)
def test_markers_of_machines(headers, machine):
    found = read(f"From: a@x.example\n{headers}\n\nx")
    assert found.machine == machine
    assert machines.may_answer(found) is (machine is None)


@pytest.mark.parametrize(
    ("sender", "machine"),
    [
        ("MAILER-DAEMON@x.example", Machine.BOUNCE),
        ("postmaster@x.example", Machine.GENERATED),
        ("no-reply@x.example", Machine.GENERATED),
        ("noreply+1@x.example", Machine.GENERATED),
        ("do_not_reply@x.example", Machine.GENERATED),
        ("shop-noreply@x.example", Machine.GENERATED),
        ("bounces+77@x.example", Machine.GENERATED),
        ("noreen@x.example", None),
        ("casino.reply@x.example", None),
    ],
)
def test_senders_that_are_machines(sender, machine):
    assert read(f"From: {sender}\n\nx").machine == machine


def test_a_null_sender_is_never_answered():
    assert read("From: a@x.example\n\nx", mail_from="").machine == Machine.GENERATED
    assert read("From: postmaster@x.example\n\nx", mail_from="").machine == Machine.BOUNCE


def test_nobody_is_answered_when_the_sender_cannot_be_read():
    assert not machines.may_answer(read("From: a@x.example, b@x.example\n\nx"))


def test_a_message_id_of_ours_is_a_loop():
    assert read(make_mail(message_id=ids.message_id("0" * 40))).machine == Machine.LOOP


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ("Authentication-Results: mx.us; dmarc=pass header.from=x.example", "pass"),
        ("Authentication-Results: mx.us 1; (c) dmarc=pass (p=none) header.from=x.example", "pass"),
        ("Authentication-Results: mx.us; dmarc=pass", "pass"),
        ("Authentication-Results: mx.us; dkim=pass header.d=x.example", "pass"),
        ("Authentication-Results: mx.us; dkim=pass header.i=@mail.x.example", "pass"),
        ("Authentication-Results: mx.us; dkim=pass header.d=evil.example", "none"),
        ("Authentication-Results: mx.us; dkim=pass header.d=example", "none"),
        ("Authentication-Results: mx.us; dkim=pass header.d=notx.example", "none"),
        ("Authentication-Results: mx.us; spf=pass smtp.mailfrom=bounce@x.example", "pass"),
        ("Authentication-Results: mx.us; spf=pass smtp.mailfrom=list.example", "none"),
        ("Authentication-Results: mx.us; dmarc=fail header.from=x.example", "fail"),
        ("Authentication-Results: mx.us; spf=fail smtp.mailfrom=x.example", "fail"),
        ("Authentication-Results: mx.us; spf=fail; dkim=pass header.d=x.example", "pass"),
        ("Authentication-Results: mx.us; dkim=fail header.d=x.example", "none"),
        ("Authentication-Results: mx.evil; dmarc=pass header.from=x.example", "none"),
        ("Authentication-Results: (mx.us) mx.evil; dmarc=pass header.from=x.example", "none"),
        ("Received: by y\nAuthentication-Results: mx.us; dmarc=pass header.from=x.example", "none"),
        ("Authentication-Results:", "none"),
    ],
)
def test_only_what_a_trusted_server_says_counts(settings, headers, verdict):
    settings.TRUSTED_AUTHSERV_IDS = ["MX.us"]
    assert read(f"{headers}\nFrom: a@x.example\n\nx").authentication == verdict


def test_a_neighbour_below_a_public_suffix_vouches_for_nobody(settings):
    settings.TRUSTED_AUTHSERV_IDS = ["mx.us"]
    header = "Authentication-Results: mx.us; dkim=pass header.d={}"
    mail = f"{header}\nFrom: ann@ann.github.io\nSubject: q\n\nx"
    assert read(mail.format("evil.github.io")).authentication == Authentication.NONE
    assert read(mail.format("ann.github.io")).authentication == Authentication.PASS


def test_without_a_trusted_server_nothing_counts():
    told = "Authentication-Results: mx.us; dmarc=pass header.from=x.example"
    assert read(f"{told}\nFrom: a@x.example\n\nx").authentication == Authentication.NONE


# --- Limits ---------------------------------------------------------------------------------


def nested(depth):
    head = [f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth)]
    return "From: a@x.example\n" + "".join(head) + "\nx\n"


def messages(depth):
    return "From: a@x.example\n" + "Content-Type: message/rfc822\n\n" * depth + "\nx"


def parts(number, header=""):
    return (
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n"
        + f"--b\n{header}\n\nx\n" * number
        + "--b--\n"
    )


@pytest.mark.promise("S4.13")
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (nested(21), "too_deep"),
        (nested(3_000), "too_deep"),
        (messages(21), "too_deep"),
        (messages(5_000), "too_deep"),
        (parts(201), "too_many_parts"),
        (parts(101, "Content-Disposition: attachment"), "too_many_attachments"),
        (
            "From: a@x.example\nTo: " + ", ".join(["b@x.example"] * 501) + "\n\nx",
            "too_many_addresses",
        ),
        ("From: a@x.example\nTo: " + "a" * 65_536 + "\n\nx", "headers_too_large"),
        ("From: a@x.example\n" + "X: y\n" * 60_000 + "\nx", "headers_too_large"),
        ("From: a@x.example\nX: " + "a\n " * 30_000 + "\n\nx", "headers_too_large"),
    ],
)
def test_what_is_over_a_limit_is_never_parsed(mail, reason, newline):
    with pytest.raises(limits.OverLimit) as caught:
        read(mail.replace("\n", newline))
    assert caught.value.reason == reason


def test_a_mail_over_the_size_is_never_looked_into(monkeypatch):
    monkeypatch.setattr(limits, "SIZE", 10)
    with pytest.raises(limits.OverLimit, match="larger"):
        read(make_mail())


@pytest.mark.parametrize(
    "mail", [nested(19), parts(190), parts(100, "Content-Disposition: attachment"), messages(15)]
)
def test_what_is_within_the_limits_is_read(mail):
    assert read(mail).author


def test_text_that_looks_like_parts_is_not_counted():
    body = "Content-Type: multipart/mixed; boundary=zz\n\n--zz\n" * 300
    assert read(with_body(body)).text


# --- Hostile input --------------------------------------------------------------------------

SEEDS = [path.read_bytes() for path in sorted(FIXTURES.glob("*.eml"))]


@pytest.mark.promise("S4.13")
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.eml")), ids=lambda path: path.stem)
def test_our_hostile_mails(path):
    try_to_read(path.read_bytes())


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=3_000))
def test_any_bytes(data):
    try_to_read(data)


PIECES = [
    b"From: ", b"To: ", b"a@x.example", b"Content-Type: ", b"multipart/mixed", b"; boundary=b",
    b"\n--b\n", b"\n--b--\n", b"text/html", b"message/rfc822", b"message/delivery-status",
    b"text/plain; charset=", b"utf-7", b"utf-16", b"\n\n", b"\r", b"\x00", b"\xff\xfe",
    b"=?utf-8?b?",
    b"?=", b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable", b"x-uuencode",
    b"begin 644 x\n", b"=", b"==\n", b"Content-Disposition: attachment; filename*0*=", b"%ff",
    b"''",
    b"Date: ", b"99999999999", b"Message-ID: <", b">", b"(", b'"', b"\\", b"<blockquote>", b"<pre>",
    b"Subject: ", b"\xed\xa0\x80", b"> ", b"On x wrote:\n", b"References: ",
]  # fmt: skip


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=60))
def test_any_order_of_what_mails_are_made_of(pieces):
    try_to_read(b"From: a@x.example\n" + b"".join(pieces))


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.data())
def test_any_damage_to_our_mails(seed, data):
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(seed)))
        gone = data.draw(st.integers(0, 40))
        seed = seed[:at] + data.draw(st.binary(max_size=20)) + seed[at + gone :]
    try_to_read(seed)


def try_to_read(data):
    """Nothing but CannotParse is raised, and what is read can be stored."""
    try:
        found = parse(data, envelope={})
    except CannotParse:
        return
    # No NUL, no lone surrogate: the database takes neither.
    for text in [found.subject, found.text or "", found.content.html, found.remote_id]:
        assert "\x00" not in text
        text.encode()
