"""The form that writes to a third party: never to be taken for the reply, nothing lost."""

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from helpdesk.staff import uploads
from tests.factories import (
    ContactFactory,
    make_forward,
    make_message,
    make_side_answer,
    make_ticket,
)
from tests.staff.conftest import form_of
from tickets.actions import reply as replies
from tickets.actions.annotate import annotate
from tickets.content import NewFile
from tickets.models import Draft, DraftState, Message, SideConversation
from tickets.states import Turn

pytestmark = pytest.mark.promise("B8")
TEXT = "Is this fault known to you?"
VERA = "Vera Vendor <vera@vendor.example>"
FILE = NewFile(name="trace.log", content_type="text/plain", data=b"boom")


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Nothing is released but by the test itself."""
    monkeypatch.setattr("integrations.wake.release", lambda draft, *, seconds: None)


@pytest.fixture
def send(agent, ticket, write):
    """Post a forward whose button had named whoever is chosen, unless `named` says otherwise."""

    def post(text=TEXT, page=None, **chosen):
        fields = {"named": "live", "also_to": VERA, "subject": "A case", **chosen}
        if "side" in fields:
            del fields["also_to"]
        return write(agent.client, ticket, text, kind="forward", page=page, **fields)

    return post


def _released(clock):
    clock.advance(seconds=11)
    return replies.release(Draft.objects.get(state=DraftState.SENDING).pk)


def test_it_waits_out_its_window_and_then_is_marked_on_the_page(send, agent, ticket, clock):
    response = send()
    assert response.status_code == 302
    client = agent.client
    page = client.get(f"/t/{ticket.pk}/").content.decode()
    assert "Sent to Vera." in page
    assert "not seen by the customer" in page
    assert not SideConversation.objects.exists()
    message = _released(clock)
    assert message.quoted.endswith("It burns.")
    page = client.get(f"/t/{ticket.pk}/").content.decode()
    assert "to Vera Vendor" in page
    assert "Third parties" in page
    ticket.refresh_from_db()
    assert ticket.turn == Turn.THIRD_PARTY


def test_undo_brings_the_whole_form_back(send, agent, ticket):
    send(include="all", then="keep")
    response = agent.client.post(f"/undo/{Draft.objects.get().pk}/", follow=True)
    page = response.content.decode()
    assert f">{TEXT}</textarea>" in page
    assert "Send to <span data-names>Vera</span>" in page
    fields = form_of(response, "forward")
    assert (fields["include"], fields["also_to"]) == ("all", [VERA])
    assert 'name="subject" maxlength="500" value="A case"' in page


def test_undo_of_an_answer_comes_back_to_its_conversation(send, agent, ticket, clock):
    side = make_forward(ticket, by=agent.user).side
    page = agent.client.get(f"/t/{ticket.pk}/?side={side.pk}")
    send("Any news?", page=page, side=side.pk)
    response = agent.client.post(f"/undo/{Draft.objects.get(state='sending').pk}/")
    assert response.url == f"/t/{ticket.pk}/?side={side.pk}#forward-body"
    assert ">Any news?</textarea>" in agent.client.get(response.url).content.decode()


@pytest.mark.parametrize(
    ("include", "goes"),
    [
        ("message", ["It burns."]),
        ("all", ["It burns.", "And another thing.", "Hello Ana"]),
        ("nothing", []),
    ],
)
@pytest.mark.usefixtures("clock")
def test_what_goes_along_is_chosen_and_no_annotation_ever(send, agent, ticket, include, goes):
    first = ticket.messages.get()
    make_message(ticket, by=agent.user, body="Hello Ana")
    make_message(ticket)
    annotate(ticket, "Secret thought.", by=agent.scope)
    send(include=include, message=first.pk)
    quoted = Draft.objects.get(state=DraftState.SENDING).form["frozen"]["quoted"]
    every = ["It burns.", "And another thing.", "Hello Ana", "Secret"]
    assert [words for words in every if words in quoted] == goes


def test_the_files_of_the_message_it_starts_with_are_ticked(agent, queue, ana, write, clock):
    ticket = make_ticket(queue=queue, requester=ana, files=[FILE])
    make_message(ticket, body="A second one")
    first = ticket.messages.earliest("pk")
    client = agent.client
    assert "file" not in form_of(client.get(f"/t/{ticket.pk}/"), "forward")
    page = client.get(f"/t/{ticket.pk}/?forward={first.pk}")
    fields = form_of(page, "forward")
    assert fields["message"] == str(first.pk)
    assert 'id="write-forward" open' in page.content.decode()
    write(client, ticket, TEXT, kind="forward", page=page, named="live", also_to=VERA, subject="x")
    assert [file.name for file in _released(clock).enclosures.all()] == ["trace.log"]


def test_an_uploaded_file_goes_along(send, clock):
    send(files=SimpleUploadedFile("plan.txt", b"plan"))
    assert [file.name for file in _released(clock).attachments.all()] == ["plan.txt"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"also_to": ""}, "Nobody stands in To"),
        ({"also_to": "nonsense"}, "is no email address"),
        ({"also_to": "ada@desk.example"}, "is a colleague’s"),
        ({"also_to": "ana@acme.example"}, "Reply instead"),
        ({"subject": " "}, "Write a subject"),
        ({"text": " ", "include": "nothing"}, "Write what you want of them"),
        ({"text": "@lea look"}, "Mention people in an annotation"),
        ({"named": " / "}, "The button names them now"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_kept(send, lead, fields, words):
    response = send(**fields)
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert fields.get("text", TEXT) in page
    assert 'id="write-forward" open' in page
    assert not Draft.objects.filter(state=DraftState.SENDING).exists()


def test_files_too_large_together_are_refused(agent, queue, ana, write, monkeypatch):
    ticket = make_ticket(queue=queue, requester=ana, files=[FILE])
    monkeypatch.setattr(uploads, "LIMIT", 3)
    fields = {"named": "live", "also_to": VERA, "subject": "x"}
    response = write(agent.client, ticket, TEXT, kind="forward", **fields)
    assert response.status_code == 422
    assert "Choose fewer" in response.content.decode()


@pytest.mark.promise("S2.4")
def test_what_came_in_meanwhile_is_shown_first(send, agent, ticket):
    page = agent.client.get(f"/t/{ticket.pk}/")
    make_message(ticket, body="It works now.")
    response = send(page=page)
    assert response.status_code == 409
    assert "It works now." in response.content.decode()
    assert send(page=response).status_code == 302


def test_an_answer_of_theirs_meanwhile_is_shown_first(send, agent, ticket):
    side = make_forward(ticket, by=agent.user).side
    page = agent.client.get(f"/t/{ticket.pk}/?side={side.pk}")
    make_side_answer(side, body="Fixed in 5.1.")
    response = send("Any news?", page=page, side=side.pk)
    assert response.status_code == 409
    assert "Vera Vendor wrote meanwhile" in response.content.decode()


def test_the_third_draft_is_a_third(agent, ticket):
    client = agent.client
    side = make_forward(ticket, by=agent.user).side
    for kind, body in (("reply", "For+Ana"), ("annotation", "For+us"), ("forward", "For+Vera")):
        client.put(f"/t/{ticket.pk}/draft/{kind}/", f"body={body}")
    client.put(f"/t/{ticket.pk}/draft/forward/", f"body=There+again&side={side.pk}")
    page = client.get(f"/t/{ticket.pk}/").content.decode()
    for text in ("For Ana", "For us", "For Vera"):
        assert f">{text}</textarea>" in page
    assert ">There again</textarea>" not in page
    page = client.get(f"/t/{ticket.pk}/?side={side.pk}").content.decode()
    assert ">There again</textarea>" in page
    assert ">For Vera</textarea>" not in page


@pytest.mark.parametrize("word", ["public", "staff", ""])
def test_a_form_without_its_own_visibility_is_refused(agent, ticket, word):
    data = {"body": TEXT, "visibility": word, "also_to": VERA, "named": "live"}
    assert agent.client.post(f"/t/{ticket.pk}/forward/", data).status_code == 400
    data["visibility"] = "third_party"
    assert agent.client.post(f"/t/{ticket.pk}/reply/", data).status_code == 400
    assert not Draft.objects.exists()


def test_the_same_form_twice_is_one(send, agent, ticket):
    page = agent.client.get(f"/t/{ticket.pk}/")
    send(page=page)
    assert send(page=page).status_code == 302
    assert Draft.objects.count() == 1


def test_a_conversation_is_closed_and_opened_again_by_one_press(agent, ticket):
    side = make_forward(ticket, by=agent.user).side
    client = agent.client
    page = client.post(f"/t/{ticket.pk}/side/{side.pk}/", {"act": "close"}, follow=True)
    assert "closed the side conversation" in page.content.decode()
    ticket.refresh_from_db()
    assert ticket.turn == Turn.US
    client.post(f"/t/{ticket.pk}/side/{side.pk}/", {"act": "reopen"})
    side.refresh_from_db()
    assert side.closed_at is None
    assert client.post(f"/t/{ticket.pk}/side/{side.pk}/", {"act": "x"}).status_code == 400


def test_closing_what_was_answered_meanwhile_is_refused_in_words(agent, ticket):
    side = make_forward(ticket, by=agent.user).side
    client = agent.client
    page = client.get(f"/t/{ticket.pk}/").content.decode()
    (seen,) = re.findall(r'name="seen" value="(\d+)"', page)
    make_side_answer(side)
    data = {"act": "close", "seen": seen}
    page = client.post(f"/t/{ticket.pk}/side/{side.pk}/", data, follow=True)
    assert "They answered meanwhile" in page.content.decode()
    side.refresh_from_db()
    assert side.closed_at is None


def test_a_side_conversation_of_another_ticket_is_none(agent, queue, ticket, send):
    other = make_forward(make_ticket(queue=queue), by=agent.user).side
    assert send(side=other.pk).status_code == 404
    path = f"/t/{ticket.pk}/side/{other.pk}/"
    assert agent.client.post(path, {"act": "close"}).status_code == 404
    page = agent.client.get(f"/t/{ticket.pk}/?side={other.pk}").content.decode()
    assert other.subject not in page


@pytest.mark.parametrize("role", ["reader", "colleague", "customer"])
def test_who_cannot_work_here_forwards_nothing(request, role, agent, ticket):
    side = make_forward(ticket, by=agent.user).side
    client = request.getfixturevalue(role).client
    data = {"visibility": "third_party", "body": TEXT, "also_to": VERA, "named": "live"}
    data["idempotency_key"] = uuid.uuid4()
    before = Message.objects.count(), Draft.objects.count()
    assert client.post(f"/t/{ticket.pk}/forward/", data).status_code in {403, 404}
    path = f"/t/{ticket.pk}/side/{side.pk}/"
    assert client.post(path, {"act": "close"}).status_code in {403, 404}
    assert (Message.objects.count(), Draft.objects.count()) == before


def test_names_of_outsiders_are_text(agent, ticket):
    evil = ContactFactory(name='<img src=x onerror="pwn">')
    side = make_forward(ticket, by=agent.user, to=evil, subject='"><img src=y>').side
    page = agent.client.get(f"/t/{ticket.pk}/?side={side.pk}").content.decode()
    assert "<img src=x" not in page
    assert "<img src=y" not in page
