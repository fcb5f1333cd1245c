"""Spam and trash: off the desk, back again, and gone for good (B8)."""

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.core import serializers
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from helpdesk.invariants import INVARIANTS, Evidence
from integrations import outbound, sweeps
from integrations.models import Delivery, DeliveryKind, DeliveryState, RawInbound
from integrations.originals import IN_ROW
from tests.factories import ContactFactory, LabelFactory, make_message, make_ticket
from tests.integrations.mail import make_channel, make_copy, make_mail, receive
from tickets import attachments, inbox, redaction
from tickets.actions import drafts, participants, trash, triage
from tickets.actions.annotate import annotate
from tickets.actions.assign import to_agent
from tickets.actions.link import link
from tickets.actions.reply import Reply, newest_seen, release, submit
from tickets.content import NewFile
from tickets.errors import Conflict, NotAllowedNow
from tickets.inbox import View
from tickets.models import Attachment, DraftKind, Event, LinkKind, Message, Notification, Ticket
from tickets.permissions import Scope, scope_of_contact
from tickets.states import Status

pytestmark = [pytest.mark.django_db, pytest.mark.promise("B8")]

PUTS = [trash.mark_as_spam, trash.move_to_trash]


@pytest.fixture
def ticket(queue, customer):
    return make_ticket(queue=queue, requester=customer.contact, subject="Printer")


def listed(scope, queue=None):
    return {t.pk for view in View for t in inbox.page(scope, view, queue=queue).tickets}


def findings():
    return [line for check in INVARIANTS for line in check.violations(Evidence())]


@pytest.mark.parametrize("put", PUTS)
class TestOffTheDesk:
    """Both places alike."""

    def test_it_is_in_no_list_and_no_count_but_staff_find_it_by_number(
        self, put, ticket, queue, agent
    ):
        ended = make_ticket(queue=queue)
        triage.set_status(ended, Status.CLOSED, by=agent.scope)
        for one in (ticket, ended):
            put(one, by=agent.scope)
        assert listed(agent.scope) | listed(agent.scope, queue) == set()
        assert not Ticket.objects.live().exists()
        assert Ticket.objects.visible_to(agent.scope).count() == 2

    def test_customers_no_longer_see_it(self, put, ticket, customer, agent, clock):
        guest = ContactFactory()
        participants.add(ticket, guest, by=agent.scope)
        clock.advance(minutes=1)
        make_message(ticket, by=agent.user)
        scopes = [customer.scope, scope_of_contact(guest), Scope(link_ticket=ticket.pk)]
        for is_seen in (True, False):
            for scope in scopes:
                for model in (Ticket, Message):
                    assert model.objects.all().visible_to(scope).exists() is is_seen
            assert Event.objects.all().visible_to(scopes[0]).exists() is is_seen
            put(ticket, by=agent.scope)

    def test_it_comes_back_as_it_was(self, put, ticket, agent):
        to_agent(ticket, agent.user, by=agent.scope)
        before = Ticket.objects.values("status", "turn", "assignee", "priority").get()
        put(ticket, by=agent.scope)
        put(ticket, by=agent.scope)
        trash.restore(ticket, by=agent.scope)
        trash.restore(ticket, by=agent.scope)
        assert Ticket.objects.values("status", "turn", "assignee", "priority").get() == before
        assert listed(agent.scope) == {ticket.pk}
        kinds = list(ticket.events.order_by("id").values_list("kind", flat=True))
        assert kinds[-2:] == ["ticket.discarded", "ticket.restored"]
        assert not ticket.events.filter(kind__startswith="ticket.disc", audience="public").exists()

    def test_nothing_is_done_to_it_there(self, put, ticket, agent, lead):
        other = make_ticket(queue=ticket.queue)
        reply = Reply(body="Hello", last_seen_event=newest_seen(ticket))
        late = submit(ticket, reply, by=lead.scope, window=timedelta(0))
        put(ticket, by=agent.scope)
        ticket.refresh_from_db()
        for act in (
            lambda: triage.set_status(ticket, Status.CLOSED, by=agent.scope),
            lambda: to_agent(ticket, agent.user, by=agent.scope),
            lambda: submit(ticket, reply, by=agent.scope),
            lambda: annotate(ticket, "So.", by=agent.scope),
            lambda: participants.add(ticket, ContactFactory(), by=agent.scope),
            lambda: link(ticket, other, LinkKind.FOLLOW_UP, by=agent.scope),
        ):
            with pytest.raises(NotAllowedNow, match=r"trash|spam"):
                act()
        # A reply in its undo window goes back to its author, who is told.
        assert release(late.pk) is None
        late.refresh_from_db()
        assert (late.state, late.held_because) == ("draft", "aside")

    def test_whoever_was_quicker_is_told_of(self, put, ticket, agent):
        seen = ticket.version
        triage.set_status(ticket, Status.PENDING, by=agent.scope)
        with pytest.raises(Conflict):
            put(ticket, by=agent.scope, seen_version=seen)

    @pytest.mark.parametrize(
        "role", ["reader", "own_only", "colleague", "admin", "customer", "outsider", "anonymous"]
    )
    def test_only_who_works_there_may(self, put, request, role, ticket, agent):
        scope = request.getfixturevalue(role).scope
        with pytest.raises(PermissionDenied):
            put(ticket, by=scope)
        put(ticket, by=agent.scope)
        with pytest.raises(PermissionDenied):
            trash.restore(ticket, by=scope)

    def test_machines_fall_silent_and_notices_are_settled(self, put, ticket, agent, lead):
        channel = make_channel(queue=ticket.queue)
        reply, ack = (
            make_copy(ticket, "a@x.example", channel),
            make_copy(ticket, "b@x.example", channel),
        )
        Delivery.objects.filter(pk=ack.pk).update(kind=DeliveryKind.ACKNOWLEDGEMENT)
        to_agent(ticket, lead.user, by=agent.scope)
        assert Notification.objects.filter(read_at=None).exists()
        put(ticket, by=agent.scope)
        assert not Notification.objects.filter(read_at=None).exists()
        states = dict(Delivery.objects.values_list("pk", "state"))
        assert states == {reply.pk: DeliveryState.QUEUED, ack.pk: DeliveryState.CANCELLED}

    def test_what_failed_there_is_nobodys_business(self, put, ticket, agent):
        delivery = make_copy(ticket, "a@x.example", make_channel(queue=ticket.queue))
        outbound.fail(delivery, "550")
        put(ticket, by=agent.scope)
        assert not Delivery.objects.undelivered().exists()
        with pytest.raises(NotAllowedNow, match=r"trash|spam"):
            outbound.resend(delivery, by=agent.scope)


class TestNewMail:
    """What the people of such a ticket write later."""

    @pytest.fixture
    def channel(self, queue):
        return make_channel(queue=queue)

    @pytest.fixture
    def asked(self, channel):
        return receive(make_mail(message_id="<1@x>"), channel).ticket

    def answer(self, channel, number=2):
        return receive(make_mail("More", message_id=f"<{number}@x>", In_Reply_To="<1@x>"), channel)

    def test_it_brings_a_ticket_back_from_the_trash(self, channel, asked, agent):
        to_agent(asked, agent.user, by=agent.scope)
        trash.move_to_trash(asked, by=agent.scope)
        assert self.answer(channel).ticket == asked
        assert listed(agent.scope) == {asked.pk}
        event = asked.events.get(kind="ticket.restored")
        assert event.data["because"] == "customer_answered"
        assert Notification.objects.get(read_at=None).user == agent.user

    def test_an_ended_one_is_open_again_as_well(self, channel, asked, agent, clock):
        triage.set_status(asked, Status.CLOSED, by=agent.scope)
        trash.move_to_trash(asked, by=agent.scope)
        clock.advance(days=20)
        assert self.answer(channel).ticket == asked
        asked.refresh_from_db()
        assert (asked.aside, asked.status) == ("", Status.OPEN)

    def test_spam_stays_spam_and_nobody_is_told(self, channel, asked, agent):
        to_agent(asked, agent.user, by=agent.scope)
        trash.mark_as_spam(asked, by=agent.scope)
        told = Notification.objects.count()
        sent = Delivery.objects.count()
        raw = self.answer(channel)
        asked.refresh_from_db()
        assert (raw.ticket, asked.aside, raw.state) == (asked, "spam", "done")
        assert listed(agent.scope) == set()
        assert (Notification.objects.count(), Delivery.objects.count()) == (told, sent)

    def test_ended_spam_does_not_open_again(self, channel, asked, agent):
        triage.set_status(asked, Status.CLOSED, by=agent.scope)
        trash.mark_as_spam(asked, by=agent.scope)
        self.answer(channel)
        asked.refresh_from_db()
        assert (asked.status, asked.aside) == (Status.CLOSED, "spam")

    def test_after_it_was_deleted_for_good_it_opens_a_follow_up(self, channel, asked, agent, lead):
        trash.move_to_trash(asked, by=agent.scope)
        trash.purge(asked, by=lead.scope)
        raw = self.answer(channel)
        assert raw.ticket != asked
        assert raw.ticket.messages.get().body == "More"


class TestGoneForGood:
    """After a month, or at once by a lead."""

    @pytest.fixture
    def rich(self, queue, agent, lead):
        """A ticket that came by mail, with something of everything."""
        channel = make_channel(queue=queue)
        data = make_mail(
            "Xyzzy " + "x" * IN_ROW * 2,
            subject="Xyzzy",
            sender="Sue <sue@xyzzy.example>",
            Cc="bob@xyzzy.example",
        )
        ticket = receive(data, channel).ticket
        annotate(ticket, "Xyzzy thought", by=agent.scope)
        file = NewFile(name="xyzzy.txt", content_type="text/plain", data=b"xyzzy")
        attachments.store(file, ticket=ticket, message=ticket.messages.get())
        make_message(ticket, by=agent.user, body="Xyzzy answer")
        drafts.save(ticket, DraftKind.REPLY, "Xyzzy draft", by=agent.scope)
        outbound.fail(Delivery.objects.filter(kind="reply").get(), "550 no xyzzy here")
        triage.set_labels(ticket, [LabelFactory()], by=agent.scope)
        link(ticket, make_ticket(queue=queue), LinkKind.DUPLICATE_OF, by=agent.scope)
        return ticket

    def test_of_what_was_said_nothing_is_left(
        self, rich, agent, lead, django_capture_on_commit_callbacks
    ):
        raw, file = RawInbound.objects.get(), Attachment.objects.get()
        paths = [attachments.path_of(raw.storage_key), attachments.path_of(file.storage_key)]
        assert all(path.exists() for path in paths)
        trash.move_to_trash(rich, by=agent.scope)
        with django_capture_on_commit_callbacks(execute=True):
            trash.purge(rich, by=lead.scope)
            trash.purge(rich, by=lead.scope)
        assert not any(path.exists() for path in paths)
        left = re.findall(r".{0,80}xyzzy.{0,40}", everything_stored().lower())
        assert left == []
        assert rich.events.filter(kind="ticket.purged").count() == 1
        assert rich.events.order_by("id").last().user == lead.user
        raw.refresh_from_db()
        assert (raw.state, bytes(raw.sealed_key), len(raw.sha256)) == ("done", b"", 32)

    def test_what_remains_is_sound(self, rich, agent, lead, django_capture_on_commit_callbacks):
        # The factories' contacts have no mail server, so compare with what was found before.
        before = findings()
        trash.move_to_trash(rich, by=agent.scope)
        with django_capture_on_commit_callbacks(execute=True):
            trash.purge(rich, by=lead.scope)
        assert set(findings()) <= set(before)
        with transaction.atomic(), redaction.door():
            rich.annotations.update(body="Kept back")
        assert f"ticket {rich.pk} was deleted for good and still says something" in findings()

    def test_the_sweep_takes_what_is_a_month_old(self, queue, agent, clock):
        old, younger, kept = (make_ticket(queue=queue, subject=f"no. {n}") for n in range(3))
        trash.move_to_trash(old, by=agent.scope)
        clock.advance(days=1)
        trash.mark_as_spam(younger, by=agent.scope)
        clock.advance(days=29)
        assert sweeps.empty_trash() == 1
        assert sweeps.empty_trash() == 0
        purged = dict(Ticket.objects.values_list("subject", "purged_at"))
        assert set(purged) == {"", "no. 1", "no. 2"}
        clock.advance(days=1)
        assert sweeps.empty_trash() == 1
        assert Ticket.objects.get(purged_at=None) == kept
        assert make_ticket(queue=queue).pk > kept.pk

    def test_a_sweep_that_stands_still_is_found(self, ticket, agent, clock):
        trash.move_to_trash(ticket, by=agent.scope)
        clock.advance(days=32)
        assert f"ticket {ticket.pk} stays in the trash" in findings()

    def test_there_is_no_way_back(self, ticket, agent, lead):
        trash.move_to_trash(ticket, by=agent.scope)
        trash.purge(ticket, by=lead.scope)
        ticket.refresh_from_db()
        for act in (trash.restore, trash.mark_as_spam, trash.move_to_trash):
            with pytest.raises(NotAllowedNow, match="deleted for good"):
                act(ticket, by=agent.scope)
        with pytest.raises(NotAllowedNow, match="deleted for good"):
            annotate(ticket, "So.", by=agent.scope)

    def test_only_from_the_trash_and_only_by_leads(self, ticket, agent, lead, colleague):
        with pytest.raises(NotAllowedNow, match="Only what is in the trash"):
            trash.purge(ticket, by=lead.scope)
        trash.move_to_trash(ticket, by=agent.scope)
        with pytest.raises(PermissionDenied, match="Lea Lead"):
            trash.purge(ticket, by=agent.scope)
        with pytest.raises(PermissionDenied, match="no such ticket"):
            trash.purge(ticket, by=colleague.scope)
        assert Message.objects.exclude(body="").exists()

    def test_mail_that_waits_for_a_decision_is_not_the_tickets(self, ticket, agent, lead):
        raw = receive(b"hello\n", make_channel(queue=ticket.queue))
        RawInbound.objects.filter(pk=raw.pk).update(ticket=ticket)
        trash.move_to_trash(ticket, by=agent.scope)
        trash.purge(ticket, by=lead.scope)
        raw.refresh_from_db()
        assert raw.sealed_key

    def test_the_door_is_shut_again_afterwards(self, ticket, agent, lead):
        trash.move_to_trash(ticket, by=agent.scope)
        trash.purge(ticket, by=lead.scope)
        for model in (Message, Event):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                model.objects.update(occurred_at=ticket.created_at)


@pytest.mark.django_db(transaction=True)
def test_the_door_stands_in_a_transaction():
    with pytest.raises(transaction.TransactionManagementError), redaction.door():
        pass


def everything_stored():
    """All text the database holds about tickets and mail, but for people and their addresses."""
    models = [
        *apps.get_app_config("tickets").get_models(),
        *apps.get_app_config("integrations").get_models(),
    ]
    people = {"user", "contact", "identity"}
    return "".join(
        serializers.serialize("json", model._default_manager.all())
        for model in models
        if model._meta.model_name not in people
    )
