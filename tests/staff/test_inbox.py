"""The list: order, pages that go on from a cursor, counts, and its three kinds of nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import QueueFactory, StaffFactory, give, make_ticket
from tests.roles import signed_in
from tickets import clock, inbox
from tickets.inbox import Cursor, View
from tickets.states import Level


@pytest.fixture
def many(agent, queue):
    """Tickets in two queues, some at the same moment."""
    second = QueueFactory()
    give(agent.user, second, Level.WORK)
    start = clock.now() - timedelta(days=1)
    return [
        make_ticket(queue=(queue, second)[n % 2], at=start + timedelta(minutes=n // 3))
        for n in range(23)
    ]


def _walk(scope, *, size=5):
    numbers, cursor = [], None
    while True:
        page = inbox.page(scope, View.OPEN, after=cursor, size=size)
        numbers += [ticket.pk for ticket in page.tickets]
        cursor = page.older
        if cursor is None:
            return numbers


def test_pages_join_without_a_gap_or_a_double(agent, many):
    expected = sorted(many, key=lambda t: (t.last_customer_at, t.pk), reverse=True)
    assert _walk(agent.scope) == [ticket.pk for ticket in expected]


def test_newer_leads_back_to_where_one_was(agent, many):
    first = inbox.page(agent.scope, View.OPEN, size=5)
    second = inbox.page(agent.scope, View.OPEN, size=5, after=first.older)
    third = inbox.page(agent.scope, View.OPEN, size=5, after=second.older)
    back = inbox.page(agent.scope, View.OPEN, size=5, before=third.newer)
    assert [t.pk for t in back.tickets] == [t.pk for t in second.tickets]
    start = inbox.page(agent.scope, View.OPEN, size=5, before=second.newer)
    assert [t.pk for t in start.tickets] == [t.pk for t in first.tickets]
    assert start.newer is None


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "1-2-3", "9" * 60 + "-1", "9" * 30 + "-1"])
def test_a_cursor_of_nonsense_is_none(agent, text):
    assert Cursor.parse(text) is None
    assert agent.client.get("/inbox/open/", {"after": text}).status_code == 200


def test_a_cursor_survives_the_address():
    cursor = Cursor(at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC), number=42)
    assert Cursor.parse(str(cursor)) == cursor


def test_the_two_steps_of_a_list_do_not_grow_with_it(agent, many, django_assert_num_queries):
    scope = agent.scope
    with django_assert_num_queries(2):
        inbox.page(scope, View.OPEN)


def test_counts_stop_at_a_thousand(agent, many, monkeypatch):
    monkeypatch.setattr(inbox, "COUNTED", 10)
    monkeypatch.setattr("helpdesk.staff.nav.COUNTED", 10)
    page = agent.client.get("/inbox/mine/").content.decode()
    assert ">9+<" in page


def test_somebody_without_a_queue_is_told_who_gives_one(db):
    page = signed_in(StaffFactory()).get("/inbox/open/").content.decode()
    assert "You have no queue yet." in page


def test_an_empty_inbox_says_that_all_is_done(agent):
    assert "All done here." in agent.client.get("/inbox/open/").content.decode()


def test_a_row_shows_what_one_has_begun_to_write(agent, ticket):
    client = agent.client
    client.put(f"/t/{ticket.pk}/draft/reply/", "body=I+can+reproduce")
    assert "I can reproduce" in client.get("/inbox/open/").content.decode()


def test_the_chosen_density_is_kept(agent):
    client = agent.client
    data = {"name": "Ada", "time_zone": "Europe/Vienna", "theme": "dark", "density": "compact"}
    assert client.post("/profile/", data).status_code == 302
    assert client.cookies["density"].value == "compact"
    assert client.cookies["theme"].value == "dark"
    # The single keys were not ticked.
    assert client.cookies["keys"].value == "off"
