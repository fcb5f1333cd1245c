"""The pages of spam and trash (B8)."""

import re

import pytest

from tests.factories import make_ticket
from tests.query_counts import query_budget
from tests.staff.test_held import undo_of
from tests.staff.test_pages import _without_tokens
from tickets.actions import trash
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.promise("B8")]

PLACES = [("trash", "is in the trash."), ("spam", "is marked as spam.")]
POSTS = ["trash/", "spam/", "restore/", "purge/"]


@pytest.mark.parametrize(("place", "words"), PLACES)
def test_off_the_desk_and_back_by_the_toast(agent, ticket, place, words):
    client = agent.client
    data = {"next": f"/inbox/queue/paid/{ticket.pk}/?after=1-1", "version": ticket.version}
    answer = client.post(f"/t/{ticket.pk}/{place}/", data, follow=True)
    assert answer.redirect_chain[-1][0] == "/inbox/queue/paid/"
    assert f"#{ticket.pk} {words}" in answer.text
    assert ticket.subject not in answer.text
    assert ticket.subject in client.get(f"/trash/{place}/").text
    answer = client.post(undo_of(answer), follow=True)
    assert f"#{ticket.pk} is back." in answer.text
    assert ticket.subject in client.get("/inbox/open/").text
    assert ticket.subject not in client.get(f"/trash/{place}/").text


def test_after_spam_blocking_its_sender_is_offered(agent, ticket):
    answer = agent.client.post(f"/t/{ticket.pk}/spam/", follow=True)
    assert f'<a href="/t/{ticket.pk}/block/">Block the sender…</a>' in answer.text


@pytest.mark.parametrize(
    ("place", "words"), [("trash", "In the trash:"), ("spam", "Marked as spam:")]
)
def test_by_its_number_it_shows_where_it_lies_and_nothing_else_to_do(
    agent, reader, ticket, place, words
):
    client = agent.client
    client.post(f"/t/{ticket.pk}/{place}/")
    page = client.get(f"/t/{ticket.pk}/").text
    assert words in page
    assert f'action="/t/{ticket.pk}/restore/"' in page
    for gone in (
        'id="reply"',
        'id="annotation"',
        f"/t/{ticket.pk}/status/",
        f"/t/{ticket.pk}/take/",
    ):
        assert gone not in page
    seen = reader.client.get(f"/t/{ticket.pk}/").text
    assert words in seen
    assert "/restore/" not in seen


def test_a_page_that_was_open_is_told_and_keeps_the_text(agent, lead, ticket, write):
    client = agent.client
    page = client.get(f"/t/{ticket.pk}/")
    lead.client.post(f"/t/{ticket.pk}/trash/")
    answer = write(client, ticket, "A long answer", page=page)
    assert answer.status_code == 422
    assert "In the trash:" in answer.text
    assert ticket.drafts.get().body == "A long answer"
    answer = client.post(f"/t/{ticket.pk}/take/", follow=True)
    assert "Restore it first." in answer.text
    assert client.post(f"/t/{ticket.pk}/status/", {"to": "closed"}).status_code == 422


def test_whoever_was_quicker_is_told_of(agent, lead, ticket):
    lead.client.post(f"/t/{ticket.pk}/take/")
    answer = agent.client.post(f"/t/{ticket.pk}/trash/", {"version": ticket.version}, follow=True)
    assert "Somebody changed this ticket meanwhile." in answer.text
    assert Ticket.objects.on_desk().exists()


class TestGone:
    """Deleted for good."""

    def test_a_lead_is_asked_once_more(self, lead, ticket):
        client = lead.client
        client.post(f"/t/{ticket.pk}/trash/")
        assert f"/t/{ticket.pk}/purge/" in client.get(f"/t/{ticket.pk}/").text
        assert "Nobody can bring it back." in client.get(f"/t/{ticket.pk}/purge/").text
        answer = client.post(f"/t/{ticket.pk}/purge/", follow=True)
        assert f"#{ticket.pk} is deleted for good." in answer.text
        page = client.get(f"/t/{ticket.pk}/")
        assert page.status_code == 200
        assert "This ticket was deleted for good." in page.text
        assert "Lea Lead" in page.text
        for part in ("status/", "block/", "purge/"):
            assert client.get(f"/t/{ticket.pk}/{part}").status_code == 404

    def test_others_are_told_whom_to_ask(self, agent, ticket):
        trash.move_to_trash(ticket, by=agent.scope)
        client = agent.client
        assert "/purge/" not in client.get(f"/t/{ticket.pk}/").text
        answer = client.post(f"/t/{ticket.pk}/purge/")
        assert answer.status_code == 403
        assert Ticket.objects.get().purged_at is None

    def test_from_the_desk_nothing_is_deleted(self, lead, ticket):
        answer = lead.client.post(f"/t/{ticket.pk}/purge/", follow=True)
        assert "Only what is in the trash" in answer.text

    def test_for_others_it_was_never_there(self, lead, colleague, ticket):
        trash.move_to_trash(ticket, by=lead.scope)
        trash.purge(ticket, by=lead.scope)
        foreign = colleague.client.get(f"/t/{ticket.pk}/")
        unknown = colleague.client.get("/t/999999999/")
        assert foreign.status_code == unknown.status_code == 404
        assert _without_tokens(foreign) == _without_tokens(unknown)


class TestRoles:
    """Who sees the trash, and who may put something there."""

    @pytest.mark.parametrize("part", POSTS)
    def test_a_foreign_ticket_looks_like_none(self, colleague, ticket, part):
        client = colleague.client
        foreign, unknown = (client.post(f"/t/{pk}/{part}") for pk in (ticket.pk, 999_999_999))
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert _without_tokens(foreign) == _without_tokens(unknown)

    @pytest.mark.parametrize("part", POSTS)
    def test_readers_change_nothing(self, reader, ticket, part):
        assert reader.client.post(f"/t/{ticket.pk}/{part}").status_code == 403

    @pytest.mark.parametrize("role", ["customer", "outsider", "anonymous"])
    def test_nobody_outside_gets_any_of_it(self, request, role, ticket):
        client = request.getfixturevalue(role).client
        wanted = 302 if role == "anonymous" else 403
        for part in POSTS:
            assert client.post(f"/t/{ticket.pk}/{part}").status_code == wanted
        for path in ("/trash/", "/trash/spam/"):
            assert client.get(path).status_code == wanted
        assert Ticket.objects.on_desk().exists()

    @pytest.mark.parametrize(
        ("role", "sees"),
        [
            ("agent", True),
            ("reader", True),
            ("colleague", False),
            ("own_only", False),
            ("admin", False),
        ],
    )
    def test_each_sees_the_trash_of_their_queues(self, request, role, sees, lead, ticket):
        trash.move_to_trash(ticket, by=lead.scope)
        page = request.getfixturevalue(role).client.get("/trash/").text
        assert (ticket.subject in page) is sees
        assert (f"/t/{ticket.pk}/restore/" in page) is (role == "agent")

    def test_there_are_two_places(self, agent):
        client = agent.client
        assert "The trash is empty." in client.get("/trash/").text
        assert "No ticket is marked as spam." in client.get("/trash/spam/").text
        assert client.get("/trash/attic/").status_code == 404


def test_the_trash_keeps_to_its_queries(agent, queue):
    for number in range(55):
        trash.move_to_trash(make_ticket(queue=queue, subject=f"no. {number};"), by=agent.scope)
    client = agent.client
    with query_budget("trash"):
        first = client.get("/trash/").text
    assert len(re.findall(r"no\. \d+;", first)) == 50
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    assert len(re.findall(r"no\. \d+;", client.get(f"/trash/{older}").text)) == 5


def test_other_tickets_of_the_requester_leave_out_what_is_put_aside(agent, ticket, queue, ana):
    spam = make_ticket(queue=queue, requester=ana, subject="Buy shoes")
    trash.mark_as_spam(spam, by=agent.scope)
    assert "Buy shoes" not in agent.client.get(f"/t/{ticket.pk}/").text
