"""The bytes of an outgoing mail, without a server."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from integrations.base import DeliveryError
from integrations.email.compose import compose, demand_only
from integrations.email.letter import Letter, Mailbox

FIELDS = {
    "sender": Mailbox(address="help@desk.example", name="Ada (Support)"),
    "reply_to": "help@desk.example",
    "to": [Mailbox(address="grace@customer.example", name="Grace")],
    "subject": "Hello",
    "body": "Hi",
    "ticket": 7,
}


def composed(**fields):
    return compose(
        Letter(**{**FIELDS, **fields}),
        message_id="<hd.1@desk.example>",
        date=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize("field", ["subject", "body"])
def test_control_characters_do_not_reach_the_headers(field):
    head = composed(**{field: "a\0b\r\nBcc: evil@evil.example\x1b"}).partition(b"\r\n\r\n")[0]
    assert b"\0" not in head
    assert b"\r\nBcc" not in head


def test_a_letter_survives_its_freezing():
    letter = Letter(
        **FIELDS, cc=[Mailbox(address="b@c.example")], references=["<1@c.example>"], files=[]
    )
    assert Letter.thawed(letter.frozen()) == letter


@pytest.mark.parametrize(
    "address", ["", "grace", "grace@", "@customer.example", "a b@customer.example", "é@c.example"]
)
def test_what_is_no_address_is_refused_for_good(address):
    with pytest.raises(DeliveryError) as refused:
        composed(to=[Mailbox(address=address)])
    assert refused.value.permanent


def test_lines_end_as_mail_demands_and_no_line_is_too_long():
    data = composed(body="long " * 5_000 + "\nlone\rreturn\n.\nFrom here\n" + "é" * 3_000)
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert data.isascii()


def test_the_html_carries_its_looks_on_each_element_and_nothing_to_load():
    html = message_from_bytes(
        composed(body="> quoted\n\n<script>x</script> ![x](http://evil.example/x.png)"),
        policy=policy.default,
    )
    text = html.get_body(("html",)).get_content()
    assert "border-inline-start:3px solid" in text.partition("<blockquote")[2]
    assert "<script" not in text
    assert "<img" not in text


def test_a_header_too_many_stops_the_mail():
    with pytest.raises(DeliveryError, match="not the ones we set"):
        demand_only(b"Subject: x\r\nBcc: y\r\n\r\nbody", expected={"Subject"})


@pytest.mark.parametrize("head", [b"Subject: x\nBcc: y", b"Subject: x\ry", b"Subject: x\0y"])
def test_broken_lines_in_the_headers_stop_the_mail(head):
    with pytest.raises(DeliveryError):
        demand_only(head + b"\r\n\r\nbody", expected={"Subject"})
