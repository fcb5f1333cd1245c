"""Which words a mail is written with, and that a broken template never holds one up."""

import pytest

from integrations import outbound, wording
from integrations.models import Delivery, Letterhead, Naming
from tests import factories
from tests.integrations.outgoing import make_channel
from tickets.actions.reply import Reply, newest_seen, release, submit
from tickets.models import MessageTemplate, TemplateKind
from tickets.permissions import scope_of
from tickets.states import Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue():
    return factories.QueueFactory(name="Support")


@pytest.fixture
def agent(queue):
    return factories.make_agent(queue, name="Ada Byron", email="ada@desk.example")


@pytest.fixture
def ticket(queue):
    make_channel(queue)
    grace = factories.ContactFactory(name="Grace Hopper", email="grace@customer.example")
    return factories.make_ticket(queue=queue, requester=grace, channel="mail")


def template(kind, body, **fields):
    return MessageTemplate.objects.create(kind=kind, body=body, **fields)


def letter_of(ticket, agent, **fields):
    message = factories.make_message(ticket, by=agent, **fields)
    return outbound.Letter.thawed(message.deliveries.get().inputs)


def test_without_a_template_the_built_in_words_are_said(ticket, agent):
    letter = letter_of(ticket, agent, body="Try it.")
    assert (letter.opening, letter.body, letter.closing) == ("", "Try it.", "")
    assert letter.signature == f"Ticket #{ticket.pk}. To add to it, answer this mail."
    assert letter.written_with == []


@pytest.mark.promise("B10")
def test_frame_and_signatures_are_filled_in_and_frozen(ticket, agent):
    agent.signature = "Yours, {{agent.first_name}}"
    agent.save()
    frame = template(
        "reply", "Dear {{customer.name}},\n\n{{reply.text}}\n\nAbout {{ticket.subject}}"
    )
    sign = template("signature", "{{agent.signature}}\n{{queue.name}} {{desk.address}}")
    letter = letter_of(ticket, agent, body="Try it.")
    assert letter.opening == "Dear Grace Hopper,"
    assert letter.closing == "About Printer on fire"
    assert letter.signature == r"Yours, Ada" + "\n" + r"Support help\@desk\.example"
    assert letter.written_with == [
        {"template": frame.pk, "version": 1},
        {"template": sign.pk, "version": 1},
    ]
    MessageTemplate.objects.all().delete()
    assert Delivery.objects.get().inputs["opening"] == "Dear Grace Hopper,"


def test_the_nearest_template_is_taken(ticket, agent):
    other = factories.QueueFactory()
    ticket.requester.language = "de-at"
    ticket.requester.save()
    # Best last: each new one is taken over those before it.
    for number, place in enumerate(
        [
            {"queue": other, "language": "de"},
            {"queue": None, "language": "en"},
            {"queue": None, "language": "de"},
            {"queue": ticket.queue, "language": "en"},
            {"queue": ticket.queue, "language": "de"},
        ]
    ):
        template("reply", f"{number} {{{{reply.text}}}}", **place)
        expected = "" if place["queue"] == other else str(number)
        assert letter_of(ticket, agent).opening == expected
    MessageTemplate.objects.update(is_active=False)
    assert letter_of(ticket, agent).opening == ""


def test_a_reply_that_ends_the_ticket_has_its_own_frame(ticket, agent):
    template("reply", "reply {{reply.text}}")
    template("closing", "closing {{reply.text}}")
    assert letter_of(ticket, agent).opening == "reply"
    asked = Reply(body="Done.", last_seen_event=newest_seen(ticket), status=Status.CLOSED)
    draft = submit(ticket, asked, by=scope_of(agent), window=factories.INSTANTLY)
    release(draft.pk)
    assert Delivery.objects.latest("pk").inputs["opening"] == "closing"


@pytest.mark.parametrize("body", ["no text here", "{{reply.text}} {{reply.text}}", "x" * 30_000])
def test_a_broken_template_never_holds_a_reply_up(ticket, agent, body):
    broken = template("reply", body)
    letter = letter_of(ticket, agent, body="Try it.")
    assert (letter.opening, letter.body) == ("", "Try it.")
    broken.refresh_from_db()
    assert broken.problem
    assert broken.problem_at


def test_a_fault_of_ours_in_a_template_never_holds_a_reply_up(ticket, agent, monkeypatch):
    template("reply", "x {{reply.text}}")
    monkeypatch.setattr(wording, "_filled", lambda *_args: 1 / 0)
    assert letter_of(ticket, agent, body="Try it.").body == "Try it."
    assert "ZeroDivisionError" in MessageTemplate.objects.get().problem


def test_what_a_customer_is_called_is_only_words(ticket, agent):
    ticket.requester.name = "[x](http://evil.example) {{ticket.number}}"
    ticket.requester.save()
    ticket.subject = "{{agent.name}} {% debug %}"
    ticket.save()
    template(
        "reply", "{{customer.name}} {{ticket.subject}} {{reply.text}}", subject="{{customer.name}}"
    )
    letter = letter_of(ticket, agent)
    assert "evil" in letter.opening
    assert "](http" not in letter.opening
    assert "Ada" not in letter.opening
    assert letter.subject == ticket.requester.name


def test_the_letterhead_says_who_writes(ticket, agent):
    letterhead = Letterhead.objects.create(queue=ticket.queue, sender_name="Lantern Help")
    for naming, name in [
        (Naming.BOTH, "Ada (Lantern Help)"),
        (Naming.QUEUE, "Lantern Help"),
        (Naming.COLLEAGUE, "Ada"),
    ]:
        letterhead.naming = naming
        letterhead.save()
        assert letter_of(ticket, agent).sender.name == name


@pytest.mark.parametrize("kind", TemplateKind)
def test_the_built_in_words_name_only_what_is_filled_in(kind):
    _subject, body = wording.built_in(kind, language="xx")
    known = wording.PLACEHOLDERS[kind]
    assert list(wording.placeholders.unknown(body, known)) == []
