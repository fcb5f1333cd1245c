"""Annotations: for staff alone, and a mention reaches only who may see the ticket (S2.3)."""

import pytest
from django.core.exceptions import PermissionDenied

from tests.factories import make_ticket
from tickets.actions.annotate import annotate
from tickets.actions.assign import to_agent
from tickets.errors import Incomplete
from tickets.models import Annotation, Event, Mention, Message
from tickets.states import Audience

pytestmark = pytest.mark.promise("S2.3")


@pytest.fixture
def ticket(queue, customer):
    return make_ticket(queue=queue, requester=customer.contact)


def test_an_annotation_is_no_message_and_meant_for_staff(ticket, agent):
    messages = Message.objects.count()
    annotation = annotate(ticket, "He called me names.", by=agent.scope)
    assert annotation.event.audience == Audience.STAFF
    assert Message.objects.count() == messages


def test_only_who_can_see_the_ticket_is_mentioned(ticket, agent, lead, colleague, own_only):
    text = "@lea, @cole @otto @nobody and mail@lea.example: look. @LEA again"
    annotation = annotate(ticket, text, by=agent.scope)
    mentioned = {mention.user for mention in annotation.mentions.all()}
    assert lead.user in mentioned
    assert colleague.user not in mentioned
    assert annotation.mentions.count() == len(mentioned)


def test_own_only_is_mentioned_on_their_own_ticket_alone(ticket, lead, own_only):
    assert not annotate(ticket, "@otto?", by=lead.scope).mentions.exists()
    to_agent(ticket, own_only.user, by=lead.scope)
    ticket.refresh_from_db()
    assert annotate(ticket, "@otto!", by=lead.scope).mentions.exists()


def test_without_text_there_is_no_annotation(ticket, agent):
    with pytest.raises(Incomplete):
        annotate(ticket, "  ", by=agent.scope)


@pytest.mark.parametrize("role", ["reader", "colleague", "admin", "customer", "anonymous"])
def test_who_may_not_work_annotates_nothing(request, ticket, role):
    with pytest.raises(PermissionDenied):
        annotate(ticket, "Hello", by=request.getfixturevalue(role).scope)
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("role", ["customer", "member", "manager", "outsider", "anonymous"])
def test_customers_never_see_one(request, ticket, agent, role):
    annotate(ticket, "Secret. @ada", by=agent.scope)
    scope = request.getfixturevalue(role).scope
    assert not Annotation.objects.all().visible_to(scope).exists()
    assert not Event.objects.all().visible_to(scope).filter(annotation__isnull=False).exists()
    assert Mention.objects.exists()
