"""Writing to the customer: what is sent, what is refused, and that no text is ever lost."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from helpdesk.staff import uploads
from tests.factories import make_message
from tests.staff.conftest import form_of
from tickets.actions import reply as replies
from tickets.actions.participants import add
from tickets.models import Draft, DraftState, Message
from tickets.states import Turn

TEXT = "Could you send the log?"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Nothing is released but by the test itself."""
    monkeypatch.setattr("integrations.wake.release", lambda draft, *, seconds: None)


def test_a_reply_waits_out_its_undo_window_before_anything_exists(agent, ticket, write):
    client = agent.client
    response = write(client, ticket, TEXT)
    assert response.status_code == 302
    assert not Message.objects.filter(ticket=ticket, by_staff=True).exists()
    page = client.get(response.url.partition("#")[0]).content.decode()
    assert "Being sent" in page
    assert "Sent to Ana." in page
    assert TEXT in page


def test_undo_brings_back_the_same_text(agent, ticket, write):
    client = agent.client
    write(client, ticket, TEXT)
    draft = Draft.objects.get(state=DraftState.SENDING)
    response = client.post(f"/undo/{draft.pk}/", follow=True)
    page = response.content.decode()
    assert "Not sent. Your draft is back." in page
    assert f">{TEXT}</textarea>" in page


def test_what_has_left_cannot_be_undone(agent, ticket, write, clock):
    client = agent.client
    write(client, ticket, TEXT)
    draft = Draft.objects.get(state=DraftState.SENDING)
    clock.advance(seconds=11)
    assert replies.release(draft.pk)
    page = client.post(f"/undo/{draft.pk}/", follow=True).content.decode()
    assert "It has left already" in page


def test_nobody_undoes_for_somebody_else(agent, lead, ticket, write):
    write(agent.client, ticket, TEXT)
    draft = Draft.objects.get(state=DraftState.SENDING)
    assert lead.client.post(f"/undo/{draft.pk}/").status_code == 404


@pytest.mark.promise("S2.4")
def test_a_reply_to_an_outdated_conversation_comes_back_with_what_came_in(agent, ticket, write):
    client = agent.client
    page = client.get(f"/t/{ticket.pk}/")
    make_message(ticket, body="Wait, it works on staging.")
    response = write(client, ticket, TEXT, page=page)
    assert response.status_code == 409
    html = response.content.decode()
    assert "Ana Ruiz wrote meanwhile" in html
    assert "Wait, it works on staging." in html
    assert f">{TEXT}</textarea>" in html
    assert not Draft.objects.filter(state=DraftState.SENDING).exists()
    # Its author has seen it now: the same form goes.
    assert "Send anyway" in html
    assert write(client, ticket, TEXT, page=response).status_code == 302


def test_an_empty_reply_is_refused_in_words(agent, ticket, write):
    response = write(agent.client, ticket, "  ")
    assert response.status_code == 422
    assert "Write the reply first" in response.content.decode()


def test_the_same_form_twice_is_one_reply(agent, ticket, write):
    client = agent.client
    page = client.get(f"/t/{ticket.pk}/")
    write(client, ticket, TEXT, page=page)
    assert write(client, ticket, TEXT, page=page).status_code == 302
    assert Draft.objects.count() == 1


@pytest.mark.parametrize(("door", "word"), [("reply", "staff"), ("annotate", "public")])
def test_a_form_without_its_own_visibility_is_refused(agent, ticket, door, word):
    client = agent.client
    for data in ({"body": TEXT}, {"body": TEXT, "visibility": word}):
        assert client.post(f"/t/{ticket.pk}/{door}/", data).status_code == 400
    assert not Draft.objects.exists()


@pytest.mark.promise("S2.3")
def test_colleagues_are_not_mentioned_where_customers_read(agent, lead, ticket, write):
    response = write(agent.client, ticket, "@lea can you look?")
    assert response.status_code == 422
    assert "Mention people in an annotation" in response.content.decode()
    assert "@lea can you look?" in response.content.decode()


@pytest.mark.promise("S2.3")
def test_an_annotation_never_becomes_a_message(agent, ticket, write, member):
    client = agent.client
    assert write(client, ticket, "She is @lea's friend.", kind="annotation").status_code == 302
    assert ticket.annotations.get().body == "She is @lea's friend."
    assert Message.objects.filter(ticket=ticket).count() == 1
    assert not ticket.annotations.model.objects.visible_to(member.scope).exists()


def test_the_same_annotation_twice_is_one(agent, ticket, write):
    client = agent.client
    page = client.get(f"/t/{ticket.pk}/")
    for _ in range(2):
        write(client, ticket, "Once.", kind="annotation", page=page)
    assert ticket.annotations.count() == 1


def test_an_empty_annotation_is_refused_in_words(agent, ticket, write):
    response = write(agent.client, ticket, " ", kind="annotation")
    assert response.status_code == 422
    assert "Write the annotation first" in response.content.decode()


def test_recipients_are_those_the_page_showed(agent, ticket, write, customer, member):
    add(ticket, customer.contact, by=agent.scope)
    client = agent.client
    page = client.get(f"/t/{ticket.pk}/")
    assert "Send to <span data-names>Ana +1</span>" in page.content.decode()
    add(ticket, member.contact, by=agent.scope)
    write(client, ticket, TEXT, page=page)
    draft = Draft.objects.get()
    assert [person["contact"] for person in draft.cc] == [str(customer.contact.pk)]


@pytest.mark.parametrize("choose", ["to", "cc"])
def test_a_foreigner_is_no_recipient(agent, ticket, write, customer, choose):
    response = write(agent.client, ticket, TEXT, **{choose: customer.contact.pk})
    assert response.status_code == 422
    assert "no longer on the ticket" in response.content.decode()
    assert str(customer.contact) not in response.content.decode()
    assert not Draft.objects.filter(state=DraftState.SENDING).exists()


def test_files_stay_with_a_reply_that_is_refused(agent, ticket, write):
    client = agent.client
    file = SimpleUploadedFile("trace.log", b"boom")
    response = write(client, ticket, "", files=file)
    assert response.status_code == 422
    assert "trace.log" in response.content.decode()
    file = Draft.objects.get().attachments.get()
    write(client, ticket, TEXT, remove=file.pk)
    assert not Draft.objects.get().attachments.exists()


def test_files_too_large_are_refused_and_the_text_is_kept(agent, ticket, write, monkeypatch):
    monkeypatch.setattr(uploads, "LIMIT", 3)
    response = write(agent.client, ticket, TEXT, files=SimpleUploadedFile("a.log", b"four"))
    assert response.status_code == 422
    assert "Choose fewer" in response.content.decode()
    assert f">{TEXT}</textarea>" in response.content.decode()


def test_what_is_typed_is_kept_while_typing(agent, ticket):
    client = agent.client
    assert client.put(f"/t/{ticket.pk}/draft/reply/", "body=Half+a+sen").status_code == 200
    assert ">Half a sen</textarea>" in client.get(f"/t/{ticket.pk}/").content.decode()
    client.put(f"/t/{ticket.pk}/draft/reply/", "body=")
    assert not Draft.objects.exists()


def test_the_two_drafts_are_two(agent, ticket):
    client = agent.client
    client.put(f"/t/{ticket.pk}/draft/reply/", "body=For+Ana")
    client.put(f"/t/{ticket.pk}/draft/annotation/", "body=For+us")
    page = client.get(f"/t/{ticket.pk}/").content.decode()
    assert ">For Ana</textarea>" in page
    assert ">For us</textarea>" in page


def test_without_javascript_a_button_keeps_the_draft(agent, ticket, write):
    write(agent.client, ticket, TEXT, save="draft")
    assert Draft.objects.get().state == DraftState.DRAFT


def test_a_held_reply_says_why(agent, ticket, write, clock):
    client = agent.client
    write(client, ticket, TEXT)
    make_message(ticket, body="One more thing.")
    clock.advance(seconds=11)
    assert replies.release(Draft.objects.get().pk) is None
    page = client.get(f"/t/{ticket.pk}/").content.decode()
    assert "It was not sent: somebody wrote while it waited." in page
    assert f">{TEXT}</textarea>" in page


def test_send_still_our_turn(agent, ticket, write, clock):
    write(agent.client, ticket, TEXT, then="keep")
    clock.advance(seconds=11)
    replies.release(Draft.objects.get().pk)
    ticket.refresh_from_db()
    assert ticket.turn == Turn.US


@pytest.mark.parametrize("role", ["reader", "colleague", "customer"])
def test_who_cannot_work_here_cannot_write(request, role, ticket):
    client = request.getfixturevalue(role).client
    data = {"visibility": "public", "body": TEXT, "idempotency_key": uuid.uuid4()}
    assert client.post(f"/t/{ticket.pk}/reply/", data).status_code in {403, 404}
    assert client.put(f"/t/{ticket.pk}/draft/reply/", "body=x").status_code in {403, 404}
    assert not Draft.objects.exists()


def test_the_way_back_stays_on_our_host(agent, ticket, write):
    for evil in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:1"):
        response = write(agent.client, ticket, TEXT, next=evil)
        assert response.url.startswith(f"/t/{ticket.pk}/")


def test_forms_name_the_newest_message_they_show(agent, ticket):
    fields = form_of(agent.client.get(f"/t/{ticket.pk}/"), "reply")
    assert fields["last_seen_event"] == str(replies.newest_seen(ticket))
    assert fields["visibility"] == "public"
