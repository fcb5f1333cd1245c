"""What mail servers report about mail of ours, and what nobody can make us believe."""

import pytest

from integrations.models import Delivery
from tests.factories import ContactFactory, make_agent, make_message
from tests.integrations.email import reporting
from tests.integrations.mail import make_channel, make_copy, make_mail, receive
from tickets.models import Identity, Notification
from tickets.states import Status

pytestmark = [pytest.mark.django_db, pytest.mark.promise("B8")]
ANN = "ann@customer.example"
FAILURES = {**reporting.STANDARD, **reporting.IN_OWN_WORDS}
STRANGE = "<1@elsewhere.example>"


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def ticket(channel):
    return receive(make_mail(), channel).ticket


@pytest.fixture
def copy(ticket, channel):
    """A copy of a reply that its server took."""
    made = make_copy(ticket, ANN, channel)
    Delivery.objects.update(state="sent", sent_at=made.created_at)
    return made


def told(ticket, kind):
    return list(ticket.events.filter(kind=kind).values_list("data", flat=True))


@pytest.mark.parametrize("dialect", FAILURES)
def test_a_bounce_fails_the_copy_that_came_back(channel, ticket, copy, dialect):
    messages = ticket.messages.count()
    raw = receive(reporting.written(FAILURES[dialect], about=copy.remote_id), channel)
    copy.refresh_from_db()
    assert (raw.state, raw.reason, raw.ticket) == ("suppressed", "bounce", ticket)
    assert copy.state == "failed"
    (failed,) = told(ticket, "delivery.failed")
    assert failed["because"] == copy.response
    # The server's own words, and not the first sentence it says to everybody.
    words = ("550", "552", "No such", "no mailbox", "Host unknown", "not listed", "554")
    assert any(word in copy.response for word in words)
    assert ticket.messages.count() == messages
    assert not Delivery.objects.exclude(pk=copy.pk).exclude(kind="acknowledgement").exists()


@pytest.fixture
def bounced(channel, ticket, copy):
    receive(reporting.written(reporting.POSTFIX, about=copy.remote_id), channel)
    return Identity.objects.get(external_id=ANN)


def test_the_address_is_marked_until_its_owner_writes(channel, ticket, bounced):
    assert bounced.undeliverable_since
    assert "User unknown" in bounced.undeliverable_because
    receive(make_mail("I am here."), channel)
    bounced.refresh_from_db()
    assert (bounced.undeliverable_since, bounced.undeliverable_because) == (None, "")


def test_an_automatic_answer_is_no_sign_of_its_owner(channel, bounced):
    receive(make_mail("Away.", Auto_Submitted="auto-replied"), channel)
    bounced.refresh_from_db()
    assert bounced.undeliverable_since


def test_a_second_report_changes_nothing(channel, ticket, copy, bounced):
    receive(reporting.written(reporting.EXIM, about=copy.remote_id), channel)
    assert len(told(ticket, "delivery.failed")) == 1


def test_a_late_report_does_not_stop_what_is_sent_again(channel, ticket, copy):
    Delivery.objects.update(state="queued")
    receive(reporting.written(reporting.POSTFIX, about=copy.remote_id), channel)
    copy.refresh_from_db()
    assert copy.state == "queued"


def test_a_bounce_reopens_nothing_and_keeps_the_turn(channel, ticket, copy):
    type(ticket).objects.update(status=Status.CLOSED, turn="nobody")
    receive(reporting.written(reporting.POSTFIX, about=copy.remote_id), channel)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.turn) == (Status.CLOSED, "nobody")


def test_the_author_of_the_reply_hears_of_it(channel, staff_reply):
    receive(reporting.written(reporting.POSTFIX, about=staff_reply.remote_id), channel)
    assert Notification.objects.get().ticket == staff_reply.ticket


@pytest.fixture
def staff_reply(channel, ticket):
    delivery = make_message(ticket, by=make_agent(channel.queue)).deliveries.get()
    Delivery.objects.update(state="sent", sent_at=delivery.created_at)
    return delivery


def test_the_return_path_alone_is_enough(channel, ticket, copy):
    data = reporting.written(reporting.POSTFIX, about=STRANGE)
    raw = receive(data, channel, mail_from="", rcpt_tos=[f"support+{copy.token}@desk.example"])
    copy.refresh_from_db()
    assert (copy.state, raw.ticket) == ("failed", ticket)


@pytest.mark.parametrize("dialect", FAILURES)
def test_a_report_without_our_token_fails_nothing(channel, ticket, copy, dialect):
    raw = receive(reporting.written(FAILURES[dialect], about=STRANGE), channel)
    copy.refresh_from_db()
    assert (raw.state, raw.reason) == ("suppressed", "bounce")
    assert copy.state == "sent"
    assert not Identity.objects.filter(undeliverable_since__isnull=False).exists()
    assert not told(ticket, "delivery.failed")


def test_staff_read_of_a_report_without_proof_once(channel, ticket, copy):
    for _time in range(3):
        raw = receive(reporting.written(reporting.POSTFIX, about=STRANGE), channel)
        assert raw.ticket == ticket
    (said,) = told(ticket, "delivery.reported")
    assert said["fate"] == "doubted"


def test_a_report_about_nobody_we_know_belongs_nowhere(channel, ticket, copy):
    data = reporting.written(reporting.POSTFIX, about=STRANGE, to="bob@elsewhere.example")
    assert receive(data, channel).ticket is None


def test_the_subject_leads_nowhere(channel, ticket):
    data = reporting.written(reporting.NOTES, about=STRANGE).replace(
        b"[#7]", f"[#{ticket.pk}]".encode()
    )
    assert receive(data, channel).ticket is None


@pytest.mark.parametrize("dialect", reporting.DELAYED)
def test_a_delay_is_noted_once_and_fails_nothing(channel, ticket, copy, dialect):
    for _time in range(2):
        data = reporting.written(reporting.DELAYED[dialect], about=copy.remote_id)
        raw = receive(data, channel)
    copy.refresh_from_db()
    assert (raw.state, raw.reason, raw.ticket) == ("suppressed", "bounce_delayed", ticket)
    assert copy.state == "sent"
    assert [said["fate"] for said in told(ticket, "delivery.reported")] == ["delayed"]
    assert not Identity.objects.filter(undeliverable_since__isnull=False).exists()


def test_a_success_is_only_kept(channel, ticket, copy):
    raw = receive(reporting.written(reporting.DELIVERED, about=copy.remote_id), channel)
    copy.refresh_from_db()
    assert (raw.state, raw.reason, raw.ticket) == ("suppressed", "receipt", ticket)
    assert copy.state == "sent"


def test_a_complaint_is_noted_on_its_ticket(channel, ticket, copy):
    raw = receive(reporting.written(reporting.COMPLAINT, about=copy.remote_id), channel)
    assert (raw.state, raw.reason, raw.ticket) == ("suppressed", "complaint", ticket)
    assert [said["fate"] for said in told(ticket, "delivery.reported")] == ["complaint"]


@pytest.mark.parametrize("subject", ["Fwd: Undelivered Mail Returned to Sender", "Delivery failed"])
def test_a_person_who_passes_a_bounce_on_asks_for_help(channel, subject):
    body = reporting.written(reporting.QMAIL, about=STRANGE).decode().partition("\n\n")[2]
    raw = receive(make_mail(f"What does this mean?\n\n{body}", subject=subject), channel)
    assert (raw.state, raw.reason) == ("done", "")


def test_a_person_at_a_postmasters_address_is_heard(channel):
    assert receive(make_mail("Hi", sender="postmaster@customer.example"), channel).state == "done"


def test_an_address_two_people_share_a_ticket_with_is_its_owners(channel, ticket):
    """A copy to one person says nothing about the other's address."""
    ContactFactory(email="bob@customer.example")
    copy = make_copy(ticket, "bob@customer.example", channel)
    Delivery.objects.update(state="sent", sent_at=copy.created_at)
    receive(reporting.written(reporting.POSTFIX, about=copy.remote_id, to=ANN), channel)
    marked = Identity.objects.filter(undeliverable_since__isnull=False)
    assert [identity.external_id for identity in marked] == ["bob@customer.example"]
