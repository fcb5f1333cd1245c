"""An address from which mail comes back warns before one writes there, until staff know better."""

import pytest

from integrations import outbound
from tests.factories import ContactFactory
from tests.integrations.mail import make_channel, make_copy
from tickets import clock


@pytest.fixture
def address(ticket):
    identity = ticket.requester.identities.get()
    identity.undeliverable_since = clock.now()
    identity.undeliverable_because = "550 5.1.1 <i>User</i> unknown"
    identity.save()
    return identity


@pytest.fixture
def works(ticket, address):
    """The address of the button."""
    return f"/t/{ticket.pk}/addresses/{address.pk}/works/"


def test_the_composer_and_the_side_warn_in_the_servers_words(agent, ticket, address):
    page = agent.client.get(f"/t/{ticket.pk}/").text
    assert f"Mail to {address.external_id} comes back" in page
    assert page.count("550 5.1.1 &lt;i&gt;User&lt;/i&gt; unknown") == 2


def test_one_press_takes_the_warning_off(agent, ticket, address, works):
    page = agent.client.post(works, follow=True).text
    assert "comes back" not in page
    assert f"took the warning off {address.external_id}" in page
    address.refresh_from_db()
    assert (address.undeliverable_since, address.undeliverable_because) == (None, "")


def test_an_address_of_somebody_elses_ticket_is_not_found(agent, long_ticket, address):
    stranger = ContactFactory().identities.get()
    path = f"/t/{long_ticket.pk}/addresses/{stranger.pk}/works/"
    assert agent.client.post(path).status_code == 404


@pytest.mark.parametrize("role", ["reader", "colleague", "customer", "anonymous"])
def test_who_cannot_work_here_takes_nothing_off(request, role, ticket, address, works):
    client = request.getfixturevalue(role).client
    assert works not in client.get(f"/t/{ticket.pk}/").text
    assert client.post(works).status_code in {302, 403, 404}
    address.refresh_from_db()
    assert address.undeliverable_since


def test_a_delay_and_a_report_without_proof_are_told_apart(agent, ticket):
    copy = make_copy(ticket, "ana@acme.example", make_channel(queue=ticket.queue))
    for fate in ("delayed", "doubted", "complaint"):
        outbound.report(copy, fate=fate, because="451 greylisted")
    page = agent.client.get(f"/t/{ticket.pk}/").text
    assert "Delayed on its way to ana@acme.example, their server tries on: 451 greylisted" in page
    assert "without proof, that mail to ana@acme.example does not arrive" in page
    assert "Marked as spam at ana@acme.example" in page
