"""How tickets relate to each other."""

import pytest
from django.core.exceptions import PermissionDenied

from tests.factories import make_ticket
from tickets.actions.link import link, unlink
from tickets.errors import NotAllowedNow
from tickets.models import Event, LinkKind, TicketLink


@pytest.fixture
def pair(queue):
    return make_ticket(queue=queue), make_ticket(queue=queue)


def test_a_link_is_told_on_both_tickets(pair, agent):
    source, target = pair
    made = link(source, target, LinkKind.DUPLICATE_OF, by=agent.scope)
    assert link(source, target, LinkKind.DUPLICATE_OF, by=agent.scope) == made
    told = Event.objects.filter(kind="ticket.linked").order_by("id")
    assert [event.ticket for event in told] == [source, target]
    assert told[0].data == {"source": source.pk, "target": target.pk, "kind": "duplicate_of"}

    unlink(made, by=agent.scope)
    assert not TicketLink.objects.exists()
    assert Event.objects.filter(kind="ticket.unlinked").count() == 2


def test_a_ticket_is_not_linked_to_itself(pair, agent):
    with pytest.raises(NotAllowedNow, match="itself"):
        link(pair[0], pair[0], LinkKind.CAUSED_BY, by=agent.scope)


def test_readers_link_nothing(pair, reader):
    with pytest.raises(PermissionDenied):
        link(*pair, LinkKind.CAUSED_BY, by=reader.scope)
