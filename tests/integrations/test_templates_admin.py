"""Writing templates: checked in words, looked at before, sent to oneself."""

import lxml.html
import pytest
from django.urls import reverse

from integrations.models import Delivery, DeliveryKind, DeliveryState
from tests import factories
from tests.integrations import sink
from tests.integrations.outgoing import make_channel, tried
from tickets.models import MessageTemplate

pytestmark = pytest.mark.django_db

ADD = "/admin/tickets/messagetemplate/add/"
PREVIEW = "/admin/tickets/messagetemplate/preview/"


def typed(**fields):
    return {
        "kind": "reply",
        "language": "en",
        "body": "Hi,\n\n{{reply.text}}",
        "is_active": "on",
    } | fields


def test_a_template_is_kept_and_each_change_is_a_version(admin):
    admin.client.post(ADD, typed())
    made = MessageTemplate.objects.get()
    assert made.version == 1
    page = reverse("admin:tickets_messagetemplate_change", args=[made.pk])
    admin.client.post(page, typed(body="Hello,\n\n{{reply.text}}"))
    made.refresh_from_db()
    assert made.version == 2
    admin.client.post(page, typed(body=made.body))
    made.refresh_from_db()
    assert made.version == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"body": "{{reply.text}} {{ticket.nmber}}"}, "Did you mean {{ticket.number}}?"),
        ({"body": "{{reply.text}} {{qqqqqq}}"}, "The list below says what can be used"),
        ({"body": "Hello"}, "exactly once"),
        ({"subject": "{{reply.text}}"}, "Nothing replaces {{reply.text}}"),
        ({"kind": "acknowledgement", "body": "{{agent.name}}"}, "Nothing replaces {{agent.name}}"),
    ],
)
def test_what_nothing_replaces_is_refused_in_words(admin, fields, said):
    assert said in admin.client.post(ADD, typed(**fields)).text
    assert not MessageTemplate.objects.exists()


def test_there_is_one_for_each_kind_queue_and_language(admin):
    admin.client.post(ADD, typed())
    assert "There is one of this kind" in admin.client.post(ADD, typed()).text


def test_the_form_lists_what_can_be_filled_in(admin):
    text = admin.client.get(ADD).text
    assert "{{ticket.number}}" in text
    assert "the number of the ticket" in text


def test_what_is_typed_is_looked_at_without_being_kept(admin):
    page = admin.client.post(PREVIEW, typed(subject="About {{ticket.subject}}")).text
    assert "About The printer is on fire" in page
    frames = lxml.html.document_fromstring(page).findall(".//iframe")
    assert [frame.get("sandbox") for frame in frames] == ["", ""]
    for frame in frames:
        mail = lxml.html.document_fromstring(frame.get("srcdoc"))
        assert "Hi," in mail.text_content()
        assert frame.get("title")
    assert not MessageTemplate.objects.exists()
    assert not Delivery.objects.exists()


def test_a_preview_with_a_mistake_names_it(admin):
    answer = admin.client.post(PREVIEW, typed(body="x"))
    assert answer.status_code == 422
    assert "exactly once" in answer.text


def test_a_ticket_is_shown_to_those_who_may_see_it(admin):
    ticket = factories.make_ticket(subject="Nobody else's business")
    text = admin.client.post(PREVIEW, typed(preview_ticket=str(ticket.pk))).text
    assert "no such ticket for you" in text
    assert ticket.subject not in text
    factories.give(admin.user, ticket.queue, "read")
    text = admin.client.post(PREVIEW, typed(preview_ticket=f"#{ticket.pk}")).text
    assert "no such ticket" not in text
    assert f"[#{ticket.pk}]" in text


def test_a_test_goes_to_ones_own_address(admin, queue, settings):
    make_channel(queue)
    admin.client.post(PREVIEW, typed(queue=queue.pk, send=""))
    mail = Delivery.objects.get()
    assert (mail.kind, mail.address, mail.ticket) == (DeliveryKind.TEST, admin.user.email, None)
    assert mail.channel
    with sink.running() as server:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.port}"
        assert tried(mail).state == DeliveryState.SENT
    assert server.caught[0].recipients == [admin.user.email]
    assert server.caught[0].mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("role", ["agent", "lead", "customer"])
def test_nobody_else_previews(request, role):
    assert request.getfixturevalue(role).client.get(PREVIEW, follow=True).status_code == 404


def test_ones_own_signature_names_only_what_is_filled_in(agent):
    page = reverse("staff:profile")
    form = {"name": "Ada", "time_zone": "UTC", "theme": "system", "density": "comfortable"}
    answer = agent.client.post(page, {**form, "signature": "{{ticket.number}}"})
    assert "Nothing replaces {{ticket.number}}" in answer.text
    agent.client.post(page, {**form, "signature": "Yours, {{agent.name}}"})
    agent.user.refresh_from_db()
    assert agent.user.signature == "Yours, {{agent.name}}"
