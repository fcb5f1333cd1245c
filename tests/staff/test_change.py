"""Pages that change one thing: a refusal keeps what was typed and says what to do."""

import pytest

from tests.factories import LabelFactory, StatusReasonFactory, make_ticket
from tickets.states import Priority, Status


@pytest.mark.promise("S2.2")
def test_abandoning_demands_a_reason_and_an_annotation(agent, ticket):
    reason = StatusReasonFactory()
    client = agent.client
    url = f"/t/{ticket.pk}/status/"
    refused = client.post(url, {"to": "abandoned", "annotation": "She went silent."})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "Choose why the ticket ends without a fix." in page
    assert "She went silent." in page
    refused = client.post(url, {"to": "abandoned", "reason": reason.pk})
    assert "Add an annotation that says why" in refused.content.decode()
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    full = {"to": "abandoned", "reason": reason.pk, "annotation": "She went silent."}
    assert client.post(url, full).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.status, ticket.reason) == (Status.ABANDONED, reason)
    assert ticket.annotations.get().body == "She went silent."


@pytest.mark.promise("S2.2")
def test_only_what_may_follow_is_offered_and_taken(agent, ticket):
    client = agent.client
    client.post(f"/t/{ticket.pk}/status/", {"to": "closed"})
    assert client.post(f"/t/{ticket.pk}/status/", {"to": "pending"}).status_code == 422
    ticket.refresh_from_db()
    assert ticket.status == Status.CLOSED


def test_a_change_decided_on_an_old_page_is_refused_with_the_text(agent, lead, ticket):
    seen = ticket.version
    lead.client.post(f"/t/{ticket.pk}/take/")
    data = {"to": "closed", "annotation": "Done.", "version": seen}
    client = agent.client
    refused = client.post(f"/t/{ticket.pk}/status/", data)
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Somebody changed this ticket meanwhile." in page
    assert "Done." in page
    # The page that said so holds the newer version: now it goes.
    ticket.refresh_from_db()
    assert f'name="version" value="{ticket.version}"' in page


def test_another_priority_than_asked_for_needs_a_reason(agent, queue, ana):
    ticket = make_ticket(queue=queue, requester=ana, requested_priority=Priority.P0)
    client = agent.client
    refused = client.post(f"/t/{ticket.pk}/priority/", {"to": "P2"})
    assert refused.status_code == 422
    assert "The customer asked for P0. Say why it is P2." in refused.content.decode()
    client.post(f"/t/{ticket.pk}/priority/", {"to": "P2", "reason": "A workaround exists."})
    ticket.refresh_from_db()
    assert ticket.priority == Priority.P2


def test_assigning_offers_those_who_could_work_on_it(agent, lead, reader, colleague, ticket):
    page = agent.client.get(f"/t/{ticket.pk}/assign/").content.decode()
    assert "Lea Lead" in page
    assert "Rhea Reader" not in page
    assert "Cole Colleague" not in page
    agent.client.post(f"/t/{ticket.pk}/assign/", {"user": lead.user.pk})
    ticket.refresh_from_db()
    assert ticket.assignee == lead.user
    assert (
        agent.client.post(f"/t/{ticket.pk}/assign/", {"user": colleague.user.pk}).status_code == 422
    )


def test_a_ticket_moves_only_to_a_queue_one_works_in(agent, ticket, other_queue):
    response = agent.client.post(f"/t/{ticket.pk}/queue/", {"queue": other_queue.pk})
    assert response.status_code == 422
    ticket.refresh_from_db()
    assert ticket.queue != other_queue


def test_labels_are_set_exactly(agent, ticket):
    bug, old = LabelFactory(name="bug"), LabelFactory(name="old")
    client = agent.client
    client.post(f"/t/{ticket.pk}/labels/", {"labels": [old.pk]})
    client.post(f"/t/{ticket.pk}/labels/", {"labels": [bug.pk]})
    assert [label.name for label in ticket.labels.all()] == ["bug"]


def test_a_link_needs_a_ticket_one_sees(agent, ticket, queue, other_queue):
    hidden, shown = make_ticket(queue=other_queue), make_ticket(queue=queue)
    client = agent.client
    data = {"kind": "follow_up", "target": hidden.pk}
    refused = client.post(f"/t/{ticket.pk}/links/", data)
    assert refused.status_code == 422
    assert "There is no such ticket for you." in refused.content.decode()
    assert client.post(f"/t/{ticket.pk}/links/", data | {"target": shown.pk}).status_code == 302
    itself = client.post(f"/t/{ticket.pk}/links/", data | {"target": ticket.pk})
    assert "A ticket cannot be linked to itself." in itself.content.decode()


def test_nobody_gives_themselves_rights_by_the_profile(agent):
    data = {"name": "Ada", "time_zone": "UTC", "theme": "dark", "density": "compact"}
    agent.client.post("/profile/", data | {"is_superuser": "on", "email": "root@desk.example"})
    agent.user.refresh_from_db()
    assert (agent.user.theme, agent.user.is_superuser) == ("dark", False)
    assert agent.user.email == "ada@desk.example"


def test_a_time_zone_nobody_has_is_refused(agent):
    data = {"name": "Ada", "time_zone": "Mars/Base", "theme": "dark", "density": "compact"}
    assert agent.client.post("/profile/", data).status_code == 422
