"""Every page of this desk once through axe: light, dark, and the narrowest screen."""

from datetime import timedelta

import pytest

from integrations import blocking, outbound, unsubscribe
from integrations.email import domains
from integrations.models import Cursor, MailKind, RawInbound, SendingDomain
from tests.browser import assert_axe_clean, assert_reflows, set_theme, set_width, show_whole
from tests.factories import (
    ContactFactory,
    StatusReasonFactory,
    make_forward,
    make_message,
    make_side_answer,
    make_ticket,
)
from tests.integrations.mail import keep, make_channel, make_copy, make_mail, receive
from tickets import clock
from tickets.actions import trash
from tickets.actions.addresses import note_undeliverable
from tickets.actions.annotate import annotate
from tickets.actions.participants import add, propose
from tickets.actions.receive import file
from tickets.content import Content
from tickets.models import MessageTemplate
from tickets.permissions import SYSTEM, scope_of

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# A colour on its way from one theme to the other would be judged.
STILL = {"reduced_motion": "reduce"}
LOOKS = [("light", 1500), ("dark", 1500), ("light", 320), ("dark", 390)]


def assert_looks_right(page):
    for theme, width in LOOKS:
        set_theme(page, theme)
        set_width(page, width)
        show_whole(page)
        assert_axe_clean(page)
        assert_reflows(page)


def answer(ticket, body):
    """An automatic answer of the requester's mail program."""
    file(
        ticket,
        by=SYSTEM,
        author=ticket.requester,
        content=Content(body=body),
        via="email",
        authority="plausible",
        occurred_at=clock.now(),
    )


def comes_back(ticket):
    """Mail to the requester comes back."""
    address = ticket.requester.identities.get()
    note_undeliverable(
        kind=address.kind, external_id=address.external_id, because="550 5.1.1 User unknown"
    )


@pytest.fixture
def full(ticket, mei):
    """The ticket with something of everything."""
    StatusReasonFactory()
    annotate(ticket, "@mei look", by=scope_of(mei))
    make_message(ticket, by=mei, body="Try `this`.")
    make_message(ticket, body="It says no.")
    answer(ticket, "I am away until Monday.")
    comes_back(ticket)
    side = make_forward(ticket, by=mei).side
    make_side_answer(side, body="Fixed in 5.1.")
    propose(ticket, ContactFactory(name="Ben Ito"), by=SYSTEM)
    add(ticket, ContactFactory(name="Cleo Faure"), by=scope_of(mei))
    return ticket


@pytest.mark.parametrize("path", ["/account/login/", "/account/password/reset/"])
def test_the_door(browser, db, path):
    assert_looks_right(browser.open(path, **STILL))


@pytest.mark.parametrize(
    "path",
    [
        "/inbox/open/",
        "/inbox/waiting/",
        "/inbox/open/{pk}/",
        "/t/{pk}/",
        "/t/{pk}/#reply-body",
        "/t/{pk}/#annotation-body",
        "/t/{pk}/#forward-body",
        "/t/{pk}/status/?to=abandoned",
        "/t/{pk}/labels/",
        "/t/{pk}/people/",
        "/notifications/",
        "/profile/",
        "/account/mfa/",
    ],
)
def test_the_desk(signed_in_page, full, path):
    assert_looks_right(signed_in_page(path.format(pk=full.pk), **STILL))


@pytest.fixture
def unwanted(ticket, mei):
    """Mail that became no ticket, mail that did not leave, a blocked sender, and the trash."""
    channel = make_channel(queue=ticket.queue)
    receive(b"hello\n", channel)
    readable = keep(make_mail("It <b>burns</b>."), channel)
    RawInbound.objects.filter(pk=readable.pk).update(
        state="held", reason="authentication_failed", subject="Pay here", ticket=ticket
    )
    outbound.fail(make_copy(ticket, "gone@acme.example", channel), "550 5.1.1 no such user")
    blocking.block("spam.example", by=scope_of(mei), reason="Shoes")
    trashed = make_ticket(queue=ticket.queue, subject="Thanks")
    trash.move_to_trash(trashed, by=scope_of(mei))
    return {"readable": readable.pk, "pk": ticket.pk, "trashed": trashed.pk}


@pytest.mark.parametrize(
    "path",
    [
        "/held/",
        "/held/{readable}/",
        "/held/outgoing/",
        "/held/blocked/",
        "/t/{pk}/block/",
        "/trash/",
        "/t/{trashed}/",
    ],
)
def test_what_nobody_asked_for(signed_in_page, unwanted, path):
    assert_looks_right(signed_in_page(path.format(**unwanted), **STILL))


def test_channels_in_every_state(signed_in_page, ticket):
    now = clock.now()
    config = {"imap_host": "imap.desk.example", "imap_user": "support@desk.example"}
    for number, error in enumerate(["", "NO [AUTHENTICATIONFAILED] Authentication failed."]):
        address = f"box{number}@desk.example"
        channel = make_channel(address, queue=ticket.queue, config=config)
        fields = {"error": error, "error_step": "login" if error else "", "error_at": now}
        until = now + timedelta(minutes=10)
        Cursor.objects.create(
            channel=channel, folder="INBOX", ok_at=now, lease_until=until, **fields
        )
    make_channel("off@desk.example", queue=ticket.queue, is_active=False, config=config)
    domain = SendingDomain.objects.create(domain="desk.example", problem="CannotUnseal")
    domains.check(domain, ask=lambda _name, _kind: [])
    MessageTemplate.objects.create(kind="reply", body="x", problem="ValueError")
    assert_looks_right(signed_in_page("/channels/", **STILL))


def test_the_page_that_stops_mails(browser, db):
    link = unsubscribe.link("grace@customer.example", MailKind.ACKNOWLEDGEMENT)
    path = "/mail" + link.partition("/mail")[2]
    page = browser.open(path, **STILL)
    assert_looks_right(page)
    page.get_by_role("button", name="Stop them").press("Enter")
    page.get_by_role("heading", name="Stopped").wait_for()
    assert_looks_right(page)


def test_an_empty_inbox(signed_in_page):
    assert_looks_right(signed_in_page("/inbox/open/", **STILL))


def test_a_page_that_is_not_there(signed_in_page, browser):
    page = signed_in_page("/t/999999/", **STILL)
    assert_looks_right(page)
    # Chromium complains of every answer above 399.
    browser.complaints.clear()
