"""What was not delivered says why, and those who work here send it again (I7)."""

import pytest

from integrations.models import Delivery, DeliveryState
from tests.factories import make_message
from tests.integrations.outgoing import make_channel


@pytest.fixture
def failed(ticket, agent):
    """A reply in a queue without a channel."""
    return make_message(ticket, by=agent.user).deliveries.get()


@pytest.fixture
def again(ticket, failed):
    """The address of the button."""
    return f"/t/{ticket.pk}/deliveries/{failed.pk}/again/"


def test_one_press_sends_it_again(agent, ticket, failed, again):
    make_channel(ticket.queue)
    assert again in agent.client.get(f"/t/{ticket.pk}/").text
    page = agent.client.post(again, follow=True).text
    failed.refresh_from_db()
    assert (failed.state, failed.response) == (DeliveryState.QUEUED, "")
    assert "sent it to ana@acme.example again" in page
    assert again not in page


def test_what_still_cannot_leave_says_why(agent, ticket, failed, again):
    page = agent.client.post(again, follow=True).text
    assert "An admin can add one; then send it again." in page
    assert "Not delivered to ana@acme.example: No active channel leads" in page
    assert Delivery.objects.get().state == DeliveryState.FAILED


def test_a_delivery_of_another_ticket_is_not_found(agent, long_ticket, failed):
    assert (
        agent.client.post(f"/t/{long_ticket.pk}/deliveries/{failed.pk}/again/").status_code == 404
    )


@pytest.mark.parametrize("role", ["reader", "colleague", "customer", "anonymous"])
def test_who_cannot_work_here_sends_nothing_again(request, role, ticket, failed, again):
    client = request.getfixturevalue(role).client
    assert again not in client.get(f"/t/{ticket.pk}/").text
    assert client.post(again).status_code in {302, 403, 404}
    failed.refresh_from_db()
    assert failed.state == DeliveryState.FAILED
