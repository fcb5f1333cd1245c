"""The page of a ticket: what it shows, folds, marks, and how little it reads."""

import pytest

from tests.factories import LabelFactory, make_forward, make_message, make_side_answer, make_ticket
from tickets.actions import link, triage
from tickets.actions.annotate import annotate
from tickets.actions.participants import propose
from tickets.actions.receive import receive
from tickets.actions.reply import newest_seen
from tickets.content import Content, NewFile
from tickets.models import BodyFormat, LinkKind, Via
from tickets.permissions import SYSTEM
from tickets.states import Authority, Kind, Priority


def _page(role, ticket, query=""):
    return role.client.get(f"/t/{ticket.pk}/{query}").content.decode()


def test_the_conversation_stands_in_order(agent, ticket):
    make_message(ticket, by=agent.user, body="Have you tried **4.3**?")
    annotate(ticket, "Smells like #998.", by=agent.scope)
    page = _page(agent, ticket)
    places = [page.index(words) for words in ("It burns.", "<strong>4.3</strong>", "#998")]
    assert places == sorted(places)


def test_changes_in_a_row_are_folded(agent, ticket):
    for label in range(3):
        triage.set_labels(ticket, [LabelFactory(name=f"label-{label}")], by=agent.scope)
    assert "3 changes" in _page(agent, ticket)


def test_a_long_conversation_shows_its_ends_and_leads_to_its_middle(agent, long_ticket):
    page = _page(agent, long_ticket)
    assert "It burns." in page
    assert "Message 44." in page
    assert "Message 20." not in page
    query = page.partition('href="?earlier=')[2].partition('"')[0]
    middle = _page(agent, long_ticket, f"?earlier={query}")
    assert "Message 20." in middle
    assert "Message 44." not in middle
    assert "Show what came before" in middle
    # Nothing is written on a page that does not show the newest message.
    assert 'id="reply"' not in middle


def test_quoted_text_is_folded_and_the_whole_message_is_a_page(agent, ticket):
    content = Content(
        body="Thanks.",
        format=BodyFormat.PLAIN,
        quoted="> have you tried",
        html="<p>Thanks.</p><script>alert(1)</script><table><tr><td>cell</td></tr></table>",
    )
    message = receive(ticket, by=SYSTEM, author=ticket.requester, content=content, via=Via.EMAIL)
    page = _page(agent, ticket)
    assert "<summary>Earlier messages</summary>" in page
    whole = agent.client.get(f"/t/{ticket.pk}/message/{message.pk}/").content.decode()
    assert "<td>cell</td>" in whole
    assert "alert(1)" not in whole


def test_html_without_a_quote_is_shown_as_laid_out(agent, ticket):
    content = Content(
        body="cell",
        format=BodyFormat.PLAIN,
        html='<table onclick="x"><tr><td>cell</td></tr></table>',
    )
    receive(ticket, by=SYSTEM, author=ticket.requester, content=content, via=Via.EMAIL)
    page = _page(agent, ticket)
    assert "<td>cell</td>" in page
    assert "onclick" not in page


def test_a_sender_who_only_looks_right_is_marked(agent, ticket):
    receive(
        ticket,
        by=SYSTEM,
        author=ticket.requester,
        content=Content(body="Send the key.", format=BodyFormat.PLAIN),
        via=Via.EMAIL,
        authority=Authority.PLAUSIBLE,
    )
    assert "Sender not verified" in _page(agent, ticket)


def test_where_each_copy_of_a_reply_stands_is_shown(agent, ticket):
    make_message(ticket, by=agent.user, body="Hello")
    # No channel leads to the customer: the copy failed at once, in words.
    page = _page(agent, ticket)
    assert "Not delivered" in page
    assert "ana@acme.example: Not delivered" in page.replace("<bdi>", "").replace("</bdi>", "")


def test_somebody_named_in_a_copy_waits_for_staff(agent, ticket, member):
    person = propose(ticket, member.contact, by=SYSTEM)
    client = agent.client
    assert "gets nothing until confirmed" in client.get(f"/t/{ticket.pk}/").content.decode()
    client.post(f"/t/{ticket.pk}/people/{person.pk}/", {"act": "confirm"})
    person.refresh_from_db()
    assert person.confirmed_at
    client.post(f"/t/{ticket.pk}/people/{person.pk}/", {"act": "remove"})
    assert not ticket.participants.exists()


def test_links_and_other_tickets_keep_to_what_one_sees(agent, ticket, ana, other_queue):
    hidden = make_ticket(queue=other_queue, requester=ana, subject="Hidden twin")
    shown = make_ticket(queue=ticket.queue, requester=ana, subject="Shown twin")
    for other in (hidden, shown):
        link.link(ticket, other, LinkKind.CAUSED_BY, by=SYSTEM)
    page = _page(agent, ticket)
    assert page.count("Shown twin") == 2
    assert "Hidden twin" not in page


def test_taking_makes_it_mine_and_the_second_is_told(agent, lead, ticket):
    seen = {"version": ticket.version}
    assert agent.client.post(f"/t/{ticket.pk}/take/", seen).status_code == 302
    ticket.refresh_from_db()
    assert ticket.assignee == agent.user
    page = lead.client.post(f"/t/{ticket.pk}/take/", seen, follow=True).content.decode()
    assert "Somebody changed this ticket meanwhile." in page
    agent.client.post(f"/t/{ticket.pk}/unassign/")
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_kind_and_turn_are_one_press(agent, ticket):
    client = agent.client
    client.post(f"/t/{ticket.pk}/kind/", {"to": "bug"})
    client.post(f"/t/{ticket.pk}/turn/", {"to": "third_party"})
    ticket.refresh_from_db()
    assert (ticket.kind, ticket.turn) == (Kind.BUG, "third_party")
    assert client.post(f"/t/{ticket.pk}/kind/", {"to": "nonsense"}).status_code == 400
    assert client.post(f"/t/{ticket.pk}/turn/", {"to": ""}).status_code == 400


@pytest.mark.parametrize("door", ["take/", "unassign/", "turn/", "kind/", "reply/", "annotate/"])
def test_nothing_changes_by_a_link(agent, ticket, door):
    assert agent.client.get(f"/t/{ticket.pk}/{door}").status_code == 405


def test_every_field_of_others_is_escaped(agent, queue, ana):
    evil = '"><img src=x onerror=pwn>{{7*7}}'
    ana.name = evil
    ana.save()
    triaged = make_ticket(queue=queue, requester=ana, subject=evil, body=evil)
    triage.assess_priority(triaged, Priority.P1, by=agent.scope, reason=evil)
    receive(
        triaged,
        by=SYSTEM,
        author=ana,
        content=Content(
            body=evil,
            format=BodyFormat.PLAIN,
            files=[NewFile(name=evil, content_type=evil, data=b"x")],
        ),
        via=Via.EMAIL,
    )
    client = agent.client
    for path in (f"/t/{triaged.pk}/", "/inbox/open/", f"/t/{triaged.pk}/status/"):
        page = client.get(path).content.decode()
        assert "<img src=x" not in page
        assert "{{7*7}}" in page


@pytest.mark.promise("B8")
def test_what_is_said_beside_the_ticket_is_marked_and_holds_no_reply(agent, ticket):
    seen = newest_seen(ticket)
    side = make_forward(ticket, by=agent.user, body="Known to you?").side
    make_side_answer(side, body="Fixed in 5.1.")
    page = _page(agent, ticket)
    assert page.count("not seen by the customer") == 2
    assert "third party" in page
    assert f'name="last_seen_event" value="{seen}"' in page
