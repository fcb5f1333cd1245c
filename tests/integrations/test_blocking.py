"""Blocked senders: nothing of theirs is lost, nothing of it is answered (B8)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from integrations import blocking, originals
from integrations.base import Person
from integrations.models import BlockedSender, Delivery
from tests.factories import OrganisationFactory, StaffFactory
from tests.integrations.mail import make_channel, make_mail, receive
from tickets.clock import now
from tickets.errors import Incomplete, NotAllowedNow
from tickets.models import Event, OrganisationDomain, Ticket
from tickets.permissions import SYSTEM
from tickets.states import IdentityKind

pytestmark = [pytest.mark.django_db, pytest.mark.promise("B8")]


def email(address):
    return Person(kind=IdentityKind.EMAIL, external_id=address)


def test_mail_of_a_blocked_sender_is_kept_and_becomes_nothing():
    channel, data = make_channel(), make_mail()
    row = blocking.block("ann@customer.example", by=SYSTEM, reason="sells shoes")
    raw = receive(data, channel)
    assert (raw.state, raw.reason, raw.ticket) == ("suppressed", "blocked", None)
    assert originals.read(raw) == data
    assert not Ticket.objects.exists()
    assert not Delivery.objects.exists()
    row.refresh_from_db()
    assert (row.hits, row.last_hit_at is not None) == (1, True)


@pytest.mark.parametrize(
    ("blocked", "address"),
    [
        ("ann@spam.example", "ann@spam.example"),
        ("Ann@SPAM.example", "aNN@spam.Example"),
        ("ann@spam.example", "ann+again@spam.example"),
        ("ann+list@spam.example", "ann@spam.example"),
        ("spam.example", "anybody@spam.example"),
        ("spam.example", "anybody@mail.deep.spam.example"),
        ("@spam.example", "anybody@spam.example"),
        ("*.spam.example", "anybody@mail.spam.example"),
        ("bücher.example", "ann@xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "ann@bücher.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_one_sender_in_every_way_to_write_it(blocked, address):
    blocking.block(blocked, by=SYSTEM)
    assert blocking.is_blocked(email(address))


@pytest.mark.parametrize(
    ("blocked", "address"),
    [
        ("ann@spam.example", "bob@spam.example"),
        ("ann@spam.example", "ann@mail.spam.example"),
        ("spam.example", "ann@notspam.example"),
        ("mail.spam.example", "ann@spam.example"),
    ],
)
def test_nobody_else_is_blocked(blocked, address):
    blocking.block(blocked, by=SYSTEM)
    assert not blocking.is_blocked(email(address))


def test_a_block_ends_at_its_end(clock):
    until = now() + timedelta(days=1)
    blocking.block("spam.example", by=SYSTEM, until=until)
    assert blocking.is_blocked(email("a@spam.example"))
    clock.advance(days=1)
    assert not blocking.is_blocked(email("a@spam.example"))


@pytest.mark.parametrize("text", ["", "spam", "@", "a b@spam.example", "..", "a@", "x" * 300])
def test_what_is_no_sender_is_refused_in_words(text):
    with pytest.raises(Incomplete, match="such as"):
        blocking.block(text, by=SYSTEM)


@pytest.mark.parametrize(
    ("sender", "why"),
    [
        ("support@desk.example", "a mailbox of ours"),
        ("support+x@desk.example", "a mailbox of ours"),
        ("desk.example", "holds mailboxes of ours"),
        ("example.com.staff.test", "Colleagues have addresses"),
        ("sam@example.com.staff.test", "belongs to a colleague"),
        ("gmail.com", "Block the one address"),
        ("lantern.example", "belongs to the customer Lantern"),
    ],
)
def test_ours_and_whom_nobody_can_have_meant_are_refused_in_words(sender, why):
    make_channel()
    StaffFactory(email="sam@example.com.staff.test")
    lantern = OrganisationFactory(name="Lantern")
    OrganisationDomain.objects.create(
        organisation=lantern, domain="lantern.example", verified_at=now()
    )
    with pytest.raises(NotAllowedNow, match=why):
        blocking.block(sender, by=SYSTEM)
    assert not BlockedSender.objects.exists()


def test_a_colleague_who_came_later_is_not_shut_out():
    blocking.block("spam.example", by=SYSTEM)
    StaffFactory(email="new@spam.example")
    make_channel("desk@spam.example")
    assert not blocking.is_blocked(email("new@spam.example"))
    assert not blocking.is_blocked(email("desk@spam.example"))


def test_blocking_twice_is_once_and_unblocking_twice_too(agent):
    first = blocking.block("ann@spam.example", by=agent.scope, reason="shoes")
    again = blocking.block("ann@spam.example", by=agent.scope, reason="shoes")
    assert first == again
    blocking.unblock(first, by=agent.scope)
    blocking.unblock(first, by=agent.scope)
    assert not blocking.is_blocked(email("ann@spam.example"))
    kinds = list(Event.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["sender.blocked", "sender.unblocked"]


@pytest.mark.parametrize(
    ("role", "address", "domain"),
    [
        ("agent", True, False),
        ("lead", True, True),
        ("admin", True, True),
        ("reader", False, False),
        ("own_only", False, False),
        ("customer", False, False),
        ("outsider", False, False),
        ("anonymous", False, False),
    ],
)
def test_who_may_block_what(request, role, address, domain):
    by = request.getfixturevalue(role).scope
    for sender, may in (("ann@spam.example", address), ("spam.example", domain)):
        if may:
            blocking.unblock(blocking.block(sender, by=by), by=by)
            continue
        with pytest.raises(PermissionDenied):
            blocking.block(sender, by=by)
        row = blocking.block(sender, by=SYSTEM)
        with pytest.raises(PermissionDenied):
            blocking.unblock(row, by=by)
        row.delete()


def test_asking_costs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert not blocking.is_blocked(email("ann@a.b.c.d.e.example"))


def test_an_admin_blocks_and_unblocks_with_a_trace(admin):
    client, page = admin.client, "/admin/integrations/blockedsender/"
    client.post(
        f"{page}add/", {"sender": "Spam.Example", "reason": "", "until_0": "", "until_1": ""}
    )
    row = BlockedSender.objects.get()
    assert (row.sender, row.blocked_by) == ("spam.example", admin.user)
    answer = client.post(f"{page}add/", {"sender": "gmail.com"})
    assert "Block the one address instead" in answer.text
    client.post(f"{page}{row.pk}/delete/", {"post": "yes"})
    kinds = Event.objects.order_by("id").values_list("kind", "user")
    assert list(kinds) == [
        ("sender.blocked", admin.user.pk),
        ("sender.unblocked", admin.user.pk),
    ]
