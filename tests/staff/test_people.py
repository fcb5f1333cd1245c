"""Adding and removing participants on the pages, and what addresses are suggested to whom."""

import html

import pytest

from integrations.models import Channel, ChannelAddress
from tests.factories import ContactFactory, make_member, make_ticket
from tickets.actions.participants import add, propose
from tickets.models import Contact
from tickets.permissions import SYSTEM

pytestmark = pytest.mark.promise("B8")


def _add(client, ticket, who, **fields):
    data = {"who": who, "share": "later", **fields}
    return client.post(f"/t/{ticket.pk}/people/", data)


def _on(ticket):
    return [str(person.contact) for person in ticket.participants.order_by("pk")]


def _known(client, ticket, text):
    return client.get(f"/t/{ticket.pk}/people/known/", {"who": text}).content.decode()


def test_a_typed_address_joins_and_stands_in_the_panel(agent, ticket):
    client = agent.client
    assert _add(client, ticket, "Ben Ito <Ben@Acme.example>").status_code == 302
    person = ticket.participants.get()
    assert (person.contact.name, person.sees_all) == ("Ben Ito", False)
    page = client.get(f"/t/{ticket.pk}/").content.decode()
    assert "ben@acme.example" in page
    assert "Sees what was said since" in page
    assert "added Ben Ito to the ticket" in page


def test_several_join_at_once_and_see_what_came_before(agent, ticket):
    response = _add(agent.client, ticket, "ben@acme.example; Cleo <cleo@acme.example>", share="all")
    assert response.status_code == 302
    assert _on(ticket) == ["ben@acme.example", "Cleo"]
    assert all(person.sees_all for person in ticket.participants.all())


def test_of_several_none_joins_when_one_may_not(agent, ticket):
    response = _add(agent.client, ticket, "ben@acme.example, ana@acme.example")
    assert response.status_code == 422
    assert "Ana Ruiz asked for this ticket" in response.content.decode()
    assert _on(ticket) == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("nonsense", "“nonsense” is no email address"),
        ("a@x.example, b@", "“b@” is no email address"),
        ("ben@acme.example <eve@evil.example>", "is no email address"),
        ("", "This field is required"),
        ("help@desk.example", "is an address of ours"),
        ("Help+7@Desk.example", "is an address of ours"),
        ("lea@desk.example", "is a colleague’s"),
        (", ".join(f"p{n}@acme.example" for n in range(51)), "51 people; 50 is the most"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words_and_kept(agent, lead, ticket, typed, words):
    channel = Channel.objects.create(kind="email", name="Mail", slug="mail", queue=ticket.queue)
    ChannelAddress.objects.create(channel=channel, address="help@desk.example", is_primary=True)
    before = Contact.objects.count()
    response = _add(agent.client, ticket, typed)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert typed[:40].replace("<", "&lt;").split(" ")[0] in response.content.decode()
    assert Contact.objects.count() == before
    assert _on(ticket) == []


def test_who_is_on_the_ticket_changes_by_one_press(agent, ticket, member):
    person = propose(ticket, member.contact, by=SYSTEM)
    client = agent.client

    def press(act):
        return client.post(f"/t/{ticket.pk}/people/{person.pk}/", {"act": act}, follow=True)

    press("confirm")
    person.refresh_from_db()
    assert person.confirmed_at
    assert "Sees everything said in public" in press("show-all").content.decode()
    assert "Sees what was said since" in press("show-less").content.decode()
    press("remove")
    assert not ticket.participants.exists()
    assert "taken off the ticket meanwhile" in press("remove").content.decode()
    assert press("nonsense").status_code == 400


def test_who_was_refused_is_no_longer_shown(agent, ticket, member):
    person = propose(ticket, member.contact, by=SYSTEM)
    client = agent.client
    assert "Proposed" in client.get(f"/t/{ticket.pk}/").content.decode()
    client.post(f"/t/{ticket.pk}/people/{person.pk}/", {"act": "refuse"})
    page = client.get(f"/t/{ticket.pk}/").content.decode()
    assert f"refused {member.contact}" in page
    assert "gets nothing until confirmed" not in page


def test_known_people_are_suggested_by_name_and_address(agent, ticket, ana):
    client = agent.client
    assert 'value="Ana Ruiz &lt;ana@acme.example&gt;"' in _known(client, ticket, "ruiz")
    assert "ana@acme.example" in _known(client, ticket, "ANA@AC")
    # One is completed, those before it stay.
    kept = _known(client, ticket, "ben@acme.example, rui")
    assert 'value="ben@acme.example, Ana Ruiz &lt;ana@acme.example&gt;"' in kept
    assert _known(client, ticket, "r") == _known(client, ticket, "") == "\n"


def test_a_name_that_would_read_as_more_is_quoted(agent, ticket):
    odd = ContactFactory(name='Ruiz, "Bo" <x@y.example>', email="bo@acme.example")
    add(ticket, odd, by=agent.scope)
    client = agent.client
    ticket.participants.all().delete()
    make_ticket(queue=ticket.queue, requester=odd)
    (value,) = _known(client, ticket, "bo@").split('value="')[1:]
    typed = html.unescape(value.partition('"')[0])
    assert _add(client, ticket, typed).status_code == 302
    assert ticket.participants.get().contact == odd


def test_the_organisation_is_suggested_before_one_types(agent, queue, member, organisation):
    colleague = make_member(organisation)
    ticket = make_ticket(queue=queue, requester=member.contact)
    assert colleague.identities.get().external_id in _known(agent.client, ticket, "")


@pytest.mark.promise("S4.1")
def test_nobody_is_suggested_whom_the_reader_meets_nowhere(agent, ticket, other_queue):
    hidden = ContactFactory(name="Hidden Hugo", email="hugo@secret.example")
    make_ticket(queue=other_queue, requester=hidden)
    assert "secret.example" not in _known(agent.client, ticket, "hugo")
    # Added by address all the same: what staff know already is no secret.
    assert _add(agent.client, ticket, "hugo@secret.example").status_code == 302
    assert ticket.participants.get().contact == hidden


@pytest.mark.parametrize("role", ["reader", "colleague", "customer", "anonymous"])
def test_who_cannot_work_here_adds_and_looks_up_nobody(request, role, ticket, member):
    person = propose(ticket, member.contact, by=SYSTEM)
    client = request.getfixturevalue(role).client
    refused = {302, 403, 404} if role == "anonymous" else {403, 404}
    assert _add(client, ticket, "ben@acme.example").status_code in refused
    assert client.get(f"/t/{ticket.pk}/people/known/", {"who": "an"}).status_code in refused
    path = f"/t/{ticket.pk}/people/{person.pk}/"
    client.post(path, {"act": "confirm"})
    person.refresh_from_db()
    assert person.confirmed_at is None
