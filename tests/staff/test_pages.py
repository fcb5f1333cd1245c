"""Who gets which page: unknown and forbidden look alike, customers are told in words."""

import re

import pytest

from tests.factories import make_ticket
from tests.query_counts import query_budget

LISTS = ["open", "mine", "unassigned", "waiting", "ended"]
OF_A_TICKET = ["", "status/", "priority/", "assign/", "queue/", "labels/", "links/", "people/"]


def _without_tokens(response):
    return re.sub(
        rb'(name="csrfmiddlewaretoken" value=|X-CSRFToken": ")"?[^"]+', b"", response.content
    )


@pytest.mark.parametrize("view", LISTS)
def test_a_list_opens_for_staff(agent, view):
    assert agent.client.get(f"/inbox/{view}/").status_code == 200


@pytest.mark.parametrize("path", ["/inbox/open/", "/t/1/", "/notifications/", "/profile/"])
def test_strangers_are_led_to_sign_in(anonymous, path):
    response = anonymous.client.get(path)
    assert response.status_code == 302
    assert response.url == f"/account/login/?next={path}"


@pytest.mark.parametrize("path", ["/inbox/open/", "/profile/"])
def test_customers_are_told_that_a_page_is_for_staff(customer, path):
    response = customer.client.get(path)
    assert response.status_code == 403
    assert "for staff" in response.content.decode()


@pytest.mark.parametrize("part", OF_A_TICKET)
def test_a_foreign_ticket_looks_like_none(ticket, colleague, part):
    client = colleague.client
    foreign = client.get(f"/t/{ticket.pk}/{part}")
    unknown = client.get(f"/t/999999999/{part}")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert _without_tokens(foreign) == _without_tokens(unknown)
    assert ticket.subject not in foreign.content.decode()


@pytest.mark.parametrize("number", ["0", "9" * 40])
def test_a_number_nobody_has_is_not_an_error(agent, number):
    assert agent.client.get(f"/t/{number}/").status_code == 404


def test_a_foreign_queue_looks_like_none(agent, other_queue):
    assert agent.client.get(f"/inbox/queue/{other_queue.slug}/").status_code == 404


def test_a_list_shows_only_queues_one_reads(agent, ticket, other_queue):
    make_ticket(queue=other_queue, subject="Not for Ada")
    page = agent.client.get("/inbox/open/").content.decode()
    assert ticket.subject in page
    assert "Not for Ada" not in page


def test_own_level_sees_only_what_is_assigned_to_one(own_only, agent, ticket, queue):
    mine = make_ticket(queue=queue, subject="Otto's own")
    mine.assignee = own_only.user
    mine.save()
    page = own_only.client.get("/inbox/open/").content.decode()
    assert "Otto&#x27;s own" in page
    assert ticket.subject not in page
    assert own_only.client.get(f"/t/{ticket.pk}/").status_code == 404


def test_readers_see_a_ticket_and_why_they_cannot_answer(reader, lead, ticket):
    page = reader.client.get(f"/t/{ticket.pk}/").content.decode()
    assert "You can read Paid support but not reply here. Its leads: Lea Lead." in page
    assert 'id="reply"' not in page
    assert reader.client.get(f"/t/{ticket.pk}/status/").status_code == 403


def test_htmx_gets_the_body_alone(agent, ticket):
    for path in ("/inbox/open/", f"/t/{ticket.pk}/"):
        part = agent.client.get(path, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part
        assert ticket.subject in part
        assert 'class="nav"' not in part


def test_htmx_of_a_session_that_ended_is_told_so(anonymous, ticket):
    response = anonymous.client.get(f"/t/{ticket.pk}/", headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert "Your session is over" in response.content.decode()


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ("inbox", "/inbox/open/"),
        ("inbox", "/inbox/queue/paid/"),
        ("ticket", "/t/{pk}/"),
        ("ticket beside a list", "/inbox/open/{pk}/"),
        ("notifications", "/notifications/"),
        ("change", "/t/{pk}/labels/"),
    ],
)
def test_pages_keep_to_their_queries(agent, long_ticket, queue, page, path):
    for _ in range(20):
        make_ticket(queue=queue)
    client = agent.client
    with query_budget(page):
        client.get(path.format(pk=long_ticket.pk))
