"""Who gets a reply: chosen per reply, named on the button, frozen at the click."""

import pytest

from integrations.models import Channel, ChannelAddress
from tests.factories import ContactFactory, make_ticket
from tests.staff.conftest import form_of
from tickets.actions import reply as replies
from tickets.actions.participants import add, remove
from tickets.models import Draft, DraftState, Identity

pytestmark = pytest.mark.promise("B8")
TEXT = "Could you send the log?"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Nothing is released but by the test itself."""
    monkeypatch.setattr("integrations.wake.release", lambda draft, *, seconds: None)


@pytest.fixture
def ben(ticket, agent):
    """A confirmed participant."""
    contact = ContactFactory(name="Ben Ito", email="ben@acme.example")
    add(ticket, contact, by=agent.scope)
    return contact


@pytest.fixture
def send(agent, ticket, write):
    """Post a reply whose button had named whoever is chosen, unless `named` says otherwise."""

    def post(text=TEXT, **chosen):
        return write(agent.client, ticket, text, **{"named": "live", **chosen})

    return post


def _frozen():
    draft = Draft.objects.get(state=DraftState.SENDING)
    return [r["address"] for r in draft.to], [r["address"] for r in draft.cc]


def _released(clock):
    clock.advance(seconds=11)
    return replies.release(Draft.objects.get(state=DraftState.SENDING).pk)


def test_by_default_the_requester_and_who_is_on_the_ticket(send, ben):
    assert send().status_code == 302
    assert _frozen() == (["ana@acme.example"], ["ben@acme.example"])


def test_somebody_left_out_stays_on_the_ticket(send, ben, ticket):
    send(cc=[])
    assert _frozen() == (["ana@acme.example"], [])
    assert ticket.participants.filter(contact=ben, confirmed_at__isnull=False).exists()


def test_people_move_between_the_rows(send, ben, ana):
    send(to=[ben.pk], cc=[ana.pk])
    assert _frozen() == (["ben@acme.example"], ["ana@acme.example"])


def test_who_stands_in_both_rows_stands_in_to(send, ben, ana):
    send(to=[ana.pk, ben.pk], cc=[ben.pk])
    assert _frozen() == (["ana@acme.example", "ben@acme.example"], [])


def test_a_new_address_gets_this_reply_alone(send, ticket, clock):
    send(also_cc="Cleo Faure <Cleo@acme.example>, dan@acme.example")
    assert _frozen() == (["ana@acme.example"], ["cleo@acme.example", "dan@acme.example"])
    message = _released(clock)
    assert [r["name"] for r in message.cc] == ["Cleo Faure", ""]
    assert not ticket.participants.exists()


def test_or_is_put_on_the_ticket_by_it_and_sees_that_reply(send, ticket, clock):
    send(also_cc="cleo@acme.example", join="yes")
    assert not ticket.participants.exists()
    message = _released(clock)
    assert [set(r) for r in message.cc] == [{"contact", "name", "kind", "address"}]
    person = ticket.participants.get()
    assert person.confirmed_at
    assert person.added_at <= message.occurred_at


def test_a_reply_taken_back_puts_nobody_on_the_ticket(send, agent, ticket, clock):
    send(also_cc="cleo@acme.example", join="yes")
    agent.client.post(f"/undo/{Draft.objects.get().pk}/")
    clock.advance(seconds=11)
    assert not ticket.participants.exists()
    page = agent.client.get(f"/t/{ticket.pk}/").content.decode()
    # The form is back as it was, not only its text.
    assert "Send to <span data-names>Ana +1</span>" in page
    assert 'name="also_cc" value="cleo@acme.example"' in page
    assert 'name="join" value="yes" checked' in page


def test_a_known_person_is_written_to_at_the_address_that_was_typed(send, ana, clock):
    Identity.objects.create(contact=ana, kind="email", external_id="ana@home.example")
    send(to=[], also_to="ana@home.example")
    assert _frozen()[0] == ["ana@home.example"]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"to": []}, "Nobody stands in To"),
        ({"also_to": "nonsense"}, "is no email address"),
        ({"also_cc": "help@desk.example"}, "is an address of ours"),
        ({"also_cc": "ada@desk.example"}, "is a colleague’s"),
        ({"also_cc": "ana@acme.example, ana@home.example"}, "both belong to Ana Ruiz"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_is_lost(send, ticket, ana, chosen, words):
    Identity.objects.create(contact=ana, kind="email", external_id="ana@home.example")
    channel = Channel.objects.create(kind="email", name="Mail", slug="mail", queue=ticket.queue)
    ChannelAddress.objects.create(channel=channel, address="help@desk.example", is_primary=True)
    response = send(**chosen)
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert f">{TEXT}</textarea>" in page
    for typed in chosen.values():
        assert not typed or typed.split(",")[0] in page
    assert not Draft.objects.filter(state=DraftState.SENDING).exists()


def test_without_script_the_button_names_the_new_ones_before_anything_leaves(
    agent, ticket, write, ben
):
    client = agent.client
    page = client.get(f"/t/{ticket.pk}/")
    fields = form_of(page, "reply")
    response = write(client, ticket, TEXT, page=page, cc=[], also_to="cleo@acme.example")
    assert response.status_code == 422
    assert "The button names them now" in response.content.decode()
    assert "Send to <span data-names>Ana +1</span>" in response.content.decode()
    assert form_of(response, "reply")["named"] != fields["named"]
    # The text field may still hold it, or the box that came of it: the same person.
    assert write(client, ticket, TEXT, page=response).status_code == 302
    assert _frozen() == (["ana@acme.example", "cleo@acme.example"], [])


def test_who_asked_and_gets_nothing_is_pointed_out(send, ben):
    page = send("", to=[ben.pk], cc=[]).content.decode()
    assert '<p data-check="asked">Ana Ruiz asked, and does not get this reply.</p>' in page
    page = send("").content.decode()
    assert '<p data-check="asked" hidden>' in page


def test_what_was_chosen_is_kept_with_the_text(agent, ticket, ben):
    client = agent.client
    chosen = f"body=Half+a+sen&named=live&to={ben.pk}&also_cc=cleo%40acme.example&also_cc=eve%40"
    assert client.put(f"/t/{ticket.pk}/draft/reply/", chosen).status_code == 200
    page = client.get(f"/t/{ticket.pk}/").content.decode()
    assert "Send to <span data-names>Ben +1</span>" in page
    assert 'name="also_cc" value="eve@"' in page


@pytest.mark.promise("S2.4")
def test_who_is_taken_off_meanwhile_gets_nothing(send, ben, agent, ticket, clock):
    send(to=[ticket.requester.pk, ben.pk], cc=[], also_cc="cleo@acme.example")
    remove(ticket.participants.get(), by=agent.scope)
    message = _released(clock)
    assert [r["address"] for r in (*message.to, *message.cc)] == [
        "ana@acme.example",
        "cleo@acme.example",
    ]


@pytest.mark.promise("S2.4")
def test_an_address_taken_away_meanwhile_gets_nothing(send, ben, clock):
    send()
    ben.identities.all().delete()
    assert _released(clock).cc == []


def test_when_nobody_is_left_it_comes_back(send, ben, agent, ticket, clock):
    send(to=[ben.pk], cc=[])
    remove(ticket.participants.get(), by=agent.scope)
    assert _released(clock) is None
    page = agent.client.get(f"/t/{ticket.pk}/").content.decode()
    assert "whom it was for was taken off the ticket" in page
    assert f">{TEXT}</textarea>" in page
    assert "Send to <span data-names>nobody</span>" in page


def test_the_name_of_a_sender_is_text(agent, queue, write):
    evil = ContactFactory(name='<img src=x onerror="pwn">')
    ticket = make_ticket(queue=queue, requester=evil)
    add(ticket, ContactFactory(name='" autofocus onfocus="pwn'), by=agent.scope)
    page = agent.client.get(f"/t/{ticket.pk}/").content.decode()
    assert "<img src=x" not in page
    assert '" autofocus onfocus' not in page
