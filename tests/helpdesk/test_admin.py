"""The configuration pages open for admins, for nobody else, and keep their promises."""

import pytest
from django.contrib.admin import site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.models import BlockedSender, Channel, ChannelAddress, MailStop, SendingDomain
from tests.factories import (
    ContactFactory,
    LabelFactory,
    OrganisationFactory,
    ProductFactory,
    StatusReasonFactory,
    TeamFactory,
    give,
)
from tickets.models import MessageTemplate, OrganisationDomain
from tickets.states import Level

MODELS = [
    "blockedsender",
    "channel",
    "contact",
    "label",
    "mailstop",
    "messagetemplate",
    "organisation",
    "product",
    "queue",
    "sendingdomain",
    "statusreason",
    "team",
    "user",
]
QUERIES = 30


def _page(model, page, *args):
    app = (
        "integrations"
        if model in {"blockedsender", "channel", "mailstop", "sendingdomain"}
        else "tickets"
    )
    return reverse(f"admin:{app}_{model}_{page}", args=args)


@pytest.fixture
def one_of_each(queue, agent, admin, member):
    channel = Channel.objects.create(kind="email", name="Mail", slug="mail", queue=queue)
    ChannelAddress.objects.create(channel=channel, address="help@desk.example", is_primary=True)
    organisation = OrganisationFactory()
    OrganisationDomain.objects.create(organisation=organisation, domain="lantern.example")
    return {
        "blockedsender": BlockedSender.objects.create(sender="spam.example"),
        "channel": channel,
        "contact": ContactFactory(),
        "label": LabelFactory(),
        "mailstop": MailStop.objects.create(address="a@b.example", kind="acknowledgement"),
        "messagetemplate": MessageTemplate.objects.create(kind="signature", body="Support"),
        "organisation": organisation,
        "product": ProductFactory(queue=queue, owner=agent.user),
        "queue": queue,
        "sendingdomain": SendingDomain.objects.create(domain="desk.example"),
        "statusreason": StatusReasonFactory(),
        "team": give(agent.user, queue, Level.LEAD),
        "user": agent.user,
    }


def test_these_models_and_no_others_are_configured_here():
    # Jobs are only looked at: tests/integrations/test_import_mail.py.
    assert sorted(model._meta.model_name for model in site._registry) == sorted([*MODELS, "job"])


@pytest.mark.parametrize("model", MODELS)
def test_every_page_opens_for_an_admin_within_its_budget(one_of_each, admin, model):
    client = admin.client
    pages = [
        _page(model, "changelist"),
        _page(model, "changelist") + "?q=a",
        _page(model, "add"),
        _page(model, "change", one_of_each[model].pk),
        _page(model, "history", one_of_each[model].pk),
    ]
    for page in pages:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(page).status_code == 200, page
        assert len(asked) <= QUERIES, page


def test_the_list_of_pages_opens(admin):
    assert "Configuration of testserver" in admin.client.get(reverse("admin:index")).text


@pytest.mark.parametrize("role", ["agent", "lead", "customer", "manager"])
@pytest.mark.parametrize("page", ["/admin/", "/admin/tickets/user/", "/admin/nothing/here/"])
def test_without_a_right_there_is_no_admin(request, role, page):
    client = request.getfixturevalue(role).client
    assert client.get(page, follow=True).status_code == 404


def test_strangers_are_sent_to_the_one_sign_in(anonymous):
    answer = anonymous.client.get("/admin/login/?next=/admin/tickets/user/")
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('account_login')}?next=/admin/tickets/user/"


def test_a_password_is_changed_on_the_one_page_for_it(admin):
    answer = admin.client.get(reverse("admin:password_change"))
    assert answer["Location"] == reverse("account_change_password")


def test_who_sees_a_queue_is_told_with_the_reason(one_of_each, admin, queue, agent):
    text = admin.client.get(_page("queue", "change", queue.pk)).text
    assert "Ada Agent — Lead: work, and decide who is in" in text


def test_a_team_can_be_deleted_where_no_ticket_hangs_on_it(admin):
    team = TeamFactory()
    admin.client.post(_page("team", "delete", team.pk), {"post": "yes"})
    assert not type(team).objects.filter(pk=team.pk).exists()
