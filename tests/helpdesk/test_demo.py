"""The demo loads whole, once, sends nothing, and says why when it will not."""

import pytest
from django.core.management import call_command
from django.db import transaction

from helpdesk.demo import load, people
from integrations import previews
from integrations.email import render
from integrations.models import BlockedSender, Channel, Delivery, DeliveryState, RawInbound
from tests.roles import signed_in
from tickets import events
from tickets.attachments import read
from tickets.models import (
    Access,
    Annotation,
    Attachment,
    Contact,
    Draft,
    Event,
    Mention,
    Message,
    MessageTemplate,
    Notification,
    Organisation,
    Participant,
    Queue,
    Ticket,
    TicketLink,
    User,
)
from tickets.permissions import scope_of
from tickets.states import Authority, Priority, Status

# Two hundred tickets through the real actions take a while on a busy machine.
pytestmark = pytest.mark.timeout(240)


def _manage(*arguments, **options):
    call_command("demo", *arguments, **options)


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The whole demo, loaded once for this file and rolled back after it."""
    heard = []
    with django_db_blocker.unblock(), transaction.atomic():
        with pytest.MonkeyPatch.context() as patch:
            table = {kind: [heard.append] for kind in events.EventKind}
            patch.setattr(events, "_in_transaction", table)
            made = load.load()
        yield made, heard
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded, db, settings):
    settings.DEBUG = True
    return loaded


class TestLoaded:
    """What stands in the database afterwards."""

    pytestmark = pytest.mark.usefixtures("demo")

    def test_it_is_of_the_promised_size(self, demo):
        made, _heard = demo
        assert made == Ticket.objects.count() >= 180
        assert set(Queue.objects.values_list("slug", flat=True)) == {
            "free",
            "community",
            "paid",
            "security",
        }
        assert Organisation.objects.count() == 8
        assert Contact.objects.count() >= 40

    def test_nothing_happened_because_of_it(self, demo):
        _made, heard = demo
        assert heard == []
        assert not Delivery.objects.filter(state=DeliveryState.QUEUED).exists()

    def test_its_mails_have_words_looks_and_signatures(self):
        by = User.objects.get(email__startswith="mara@")
        for template in MessageTemplate.objects.all():
            letter = previews.letter_of(template, by=by)
            assert letter.written_with == ()
            assert "{{" not in render.html(letter, pictures=previews.pictures_of(letter))
        of_paid = previews.letter_of(MessageTemplate.objects.get(kind="signature"), by=by)
        assert "Larkwiki" in of_paid.signature
        assert of_paid.look.logo

    def test_it_shows_every_state_and_thing(self):
        assert set(Ticket.objects.values_list("status", flat=True)) == set(Status)
        assert set(Ticket.objects.values_list("priority", flat=True)) == set(Priority)
        assert Ticket.objects.live().filter(assignee=None).exists()
        for model in (Access, Draft, Mention, Notification, TicketLink):
            assert model.objects.exists(), model
        assert Message.objects.exclude(html="").exists()
        assert Message.objects.filter(authority=Authority.PLAUSIBLE).exists()
        assert Participant.objects.filter(confirmed_at=None).exists()
        assert Message.objects.filter(side__isnull=False, by_staff=False).exists()
        assert Delivery.objects.filter(state=DeliveryState.FAILED).count() == 1

    def test_there_is_something_for_the_pages_of_what_nobody_wants(self):
        reasons = set(RawInbound.objects.values_list("state", "reason", "aside"))
        assert reasons >= {
            ("held", "staff_by_mail", ""),
            ("held", "unparsable", ""),
            ("held", "unparsable", "trash"),
            ("dead", "attempts", ""),
            ("suppressed", "auto_reply", ""),
            ("suppressed", "blocked", ""),
        }
        assert set(Ticket.objects.values_list("aside", flat=True)) == {"", "trash", "spam"}
        assert BlockedSender.objects.filter(hits=1).count() == 1
        assert {row.is_domain for row in BlockedSender.objects.all()} == {True, False}

    def test_every_ended_ticket_says_why(self):
        ended = Ticket.objects.filter(status__in=[Status.ABANDONED, Status.INVALID])
        for ticket in ended:
            assert ticket.reason is not None, ticket
            assert ticket.annotations.exists(), ticket

    def test_every_message_and_annotation_has_its_event(self):
        assert not Message.objects.filter(event=None).exists()
        assert not Annotation.objects.filter(event=None).exists()
        replies = Message.objects.filter(by_staff=True)
        assert not replies.filter(deliveries=None).exists()

    def test_nothing_lies_in_the_future_and_time_runs_forward(self):
        for ticket in Ticket.objects.all():
            times = list(ticket.events.order_by("id").values_list("occurred_at", flat=True))
            assert times == sorted(times), ticket
        created = list(Ticket.objects.order_by("pk").values_list("created_at", flat=True))
        assert created == sorted(created)

    def test_attachments_can_be_read(self):
        kinds = set()
        for attachment in Attachment.objects.all():
            assert len(read(attachment)) == attachment.size
            kinds.add(attachment.content_type)
        assert "image/png" in kinds

    def test_its_people_have_the_rights_their_roles_say(self):
        def reach(handle):
            return scope_of(User.objects.get(email__startswith=f"{handle}@"))

        assert len(reach("mara").lead) == 3
        assert not reach("oskar").work
        assert not reach("priya").read
        assert reach("priya").own
        assert not reach("greta").reachable
        assert User.objects.get(email__startswith="greta@").has_perm("tickets.change_queue")

    def test_addresses_are_reserved_ones(self):
        reserved = (".example", ".test", "example.org", "example.net", "example.com")
        emails = [*User.objects.values_list("email", flat=True)]
        emails += Contact.objects.values_list("identities__external_id", flat=True)
        assert [email for email in emails if not email.endswith(reserved)] == []

    def test_each_queue_has_addresses_and_one_that_answers(self):
        for channel in Channel.objects.all():
            assert channel.addresses.filter(is_primary=True).count() == 1

    def test_a_second_run_changes_nothing_and_says_so(self, capsys):
        events_before = Event.objects.count()
        _manage()
        assert "nothing was changed" in capsys.readouterr().out
        assert Event.objects.count() == events_before

    def test_its_logins_are_told_and_work(self, capsys):
        _manage("--logins")
        printed = capsys.readouterr().out
        for user in User.objects.all():
            assert user.email in printed
            assert user.check_password(people.PASSWORD)

    def test_its_code_opens_the_second_factor(self, capsys):
        user = User.objects.get(email__startswith="mara@")
        _manage("--code", user.email)
        code = capsys.readouterr().out.strip()
        authenticator = user.authenticator_set.get(type="totp").wrap()
        assert authenticator.validate_code(code)

    def test_its_admin_can_configure(self):
        admin = User.objects.get(email__startswith="greta@")
        assert signed_in(admin).get("/admin/tickets/queue/").status_code == 200
