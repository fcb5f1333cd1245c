"""Writing to a third party: beside the ticket, and nothing of either side crosses over."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from tests.factories import (
    INSTANTLY,
    ContactFactory,
    make_forward,
    make_message,
    make_side_answer,
    make_ticket,
)
from tickets import inbox
from tickets.actions import drafts, forward, participants, triage
from tickets.actions._seen import newest
from tickets.actions.annotate import annotate
from tickets.actions.assign import to_agent
from tickets.actions.reply import newest_seen, release, undo
from tickets.content import Content, NewFile
from tickets.errors import Conflict, Incomplete, Stale
from tickets.models import (
    Attachment,
    BodyFormat,
    Contact,
    Draft,
    DraftKind,
    Event,
    Notification,
    SideConversation,
    Via,
)
from tickets.permissions import SYSTEM
from tickets.states import Audience, Status, Turn

pytestmark = pytest.mark.promise("B8")
WINDOW = timedelta(seconds=10)
FILE = NewFile(name="trace.log", content_type="text/plain", data=b"boom")


@pytest.fixture
def ticket(queue, clock):
    requester = ContactFactory(name="Ana Ruiz", email="ana@acme.example")
    return make_ticket(queue=queue, requester=requester, body="It burns.", files=[FILE])


@pytest.fixture
def vendor(db):
    return ContactFactory(name="Vera Vendor", email="vera@vendor.example")


@pytest.fixture
def submit(ticket, vendor, agent):
    """Submit a forward by the agent, on what is there unless told otherwise."""

    def _submit(body="Can you look?", *, window=WINDOW, side=None, by=agent, **fields):
        fields.setdefault("last_seen_event", newest(ticket, side=side))
        fields = {"to": [vendor], "subject": "A case", **fields}
        written = forward.Forward(body=body, **fields)
        return forward.submit(ticket, written, by=by.scope, side=side, window=window)

    return _submit


def test_it_waits_out_its_undo_window_and_comes_back_whole(submit, agent, ticket, clock):
    draft = submit(form={"include": "all"})
    assert release(draft.pk) is None
    back = undo(draft, by=agent.scope)
    assert (back.body, back.form["include"]) == ("Can you look?", "all")
    clock.advance(seconds=11)
    assert release(draft.pk) is None
    assert not SideConversation.objects.exists()


def test_it_begins_a_side_conversation_and_it_is_the_third_partys_turn(submit, ticket, vendor):
    message = release(submit(window=INSTANTLY).pk)
    assert (message.side.subject, message.by_staff) == ("A case", True)
    assert [party.contact for party in message.side.parties.all()] == [vendor]
    assert [person["address"] for person in message.to] == ["vera@vendor.example"]
    event = message.event
    assert (event.kind, event.audience) == ("side.sent", Audience.STAFF)
    assert event.data == {"side": message.side.pk, "turn": ["us", "third_party"]}
    ticket.refresh_from_db()
    assert ticket.turn == Turn.THIRD_PARTY


def test_or_it_stays_our_turn(submit, ticket):
    release(submit(window=INSTANTLY, turn=Turn.US).pk)
    ticket.refresh_from_db()
    assert ticket.turn == Turn.US


def test_what_was_chosen_goes_along_and_nothing_else(submit, ticket, agent, clock):
    clock.advance(minutes=1)
    annotated = annotate(ticket, "Secret thought.", by=agent.scope)
    second = make_message(ticket, by=agent.user, body="Have you **tried**?")
    third = make_message(ticket, body="Third.")
    first = ticket.messages.earliest("pk")
    hidden = make_forward(ticket, by=agent.user, body="To somebody else").pk
    chosen = [first.pk, second.pk, hidden, annotated.pk + 10_000]
    files = list(Attachment.objects.values_list("pk", flat=True))
    message = release(submit(window=INSTANTLY, messages=chosen, files=files).pk)
    assert message.quoted.index("It burns.") < message.quoted.index("Have you **tried**?")
    for absent in (third.body, "Secret", "somebody else", "ana@acme.example", "Agent"):
        assert absent not in message.quoted
    assert "Ana Ruiz wrote on" in message.quoted
    assert "Ada wrote on" in message.quoted
    assert [file.name for file in message.enclosures.all()] == ["trace.log"]


def test_files_of_annotations_side_conversations_and_other_tickets_never_go(
    submit, ticket, agent, queue
):
    side = make_forward(ticket, by=agent.user).side
    make_side_answer(side, files=[FILE])
    make_ticket(queue=queue, files=[FILE])
    own = ticket.messages.earliest("pk").attachments.get()
    every = list(Attachment.objects.values_list("pk", flat=True))
    assert len(every) == 3
    message = release(submit(window=INSTANTLY, files=every).pk)
    assert list(message.enclosures.all()) == [own]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"body": " "}, "body"),
        ({"subject": " "}, "subject"),
        ({"to": []}, "also_to"),
    ],
)
def test_what_is_missing_is_said(submit, fields, field):
    with pytest.raises(Incomplete) as refused:
        submit(**fields)
    assert refused.value.field == field


def test_text_may_be_missing_where_something_goes_along(submit, ticket):
    assert submit("", messages=[ticket.messages.get().pk])


def test_who_is_on_the_ticket_is_replied_to(submit, ticket, agent):
    guest = ContactFactory(name="Gus Guest")
    participants.add(ticket, guest, by=agent.scope)
    for contact in (ticket.requester, guest):
        with pytest.raises(Incomplete, match="Reply instead"):
            submit(to=[contact])


def test_an_unreachable_contact_is_nobody(submit):
    with pytest.raises(Incomplete, match="Nobody stands in To"):
        submit(to=[ContactFactory(email=False)])


def test_the_same_form_posted_twice_is_one_forward(submit):
    key = uuid.uuid4()
    first = submit(key=key, window=INSTANTLY)
    release(first.pk)
    assert submit(key=key).pk == first.pk
    assert SideConversation.objects.count() == 1


@pytest.mark.promise("S2.4")
def test_news_of_what_it_forwards_hold_it(submit, ticket, clock):
    seen = newest_seen(ticket)
    make_message(ticket, body="Wait!")
    with pytest.raises(Stale):
        submit(last_seen_event=seen)
    draft = submit()
    make_message(ticket, body="And more.")
    clock.advance(seconds=11)
    assert release(draft.pk) is None
    draft.refresh_from_db()
    assert draft.held_because == "moved"


@pytest.mark.promise("S2.4")
def test_in_a_side_conversation_only_its_own_news_count(submit, ticket, vendor, agent, clock):
    side = make_forward(ticket, by=agent.user, to=vendor).side
    seen = newest(ticket, side=side)
    make_message(ticket, body="The customer again.")
    beside = submit(side=side, last_seen_event=seen)
    make_side_answer(side)
    clock.advance(seconds=11)
    assert release(beside.pk) is None
    with pytest.raises(Stale, match="Vera"):
        submit(side=side, last_seen_event=seen)


def test_what_a_third_party_says_holds_no_reply(ticket, agent):
    side = make_forward(ticket, by=agent.user).side
    seen = newest_seen(ticket)
    make_side_answer(side)
    assert newest_seen(ticket) == seen
    assert make_message(ticket, by=agent.user, body="Hello Ana.")


def test_their_answer_is_theirs_and_our_turn(submit, ticket, vendor, agent, clock):
    before = ticket.last_customer_at
    side = release(submit(window=INSTANTLY).pk).side
    clock.advance(minutes=1)
    answer = make_side_answer(side, body="It is a known fault.")
    assert (answer.author, answer.by_staff, answer.side) == (vendor, False, side)
    assert (answer.event.kind, answer.event.audience) == ("side.received", Audience.STAFF)
    ticket.refresh_from_db()
    assert (ticket.turn, ticket.last_customer_at) == (Turn.US, before)


def test_an_answer_does_not_open_an_ended_ticket(submit, ticket, agent):
    side = release(submit(window=INSTANTLY).pk).side
    triage.set_status(ticket, Status.CLOSED, by=agent.scope)
    make_side_answer(side)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.turn) == (Status.CLOSED, Turn.NOBODY)


def test_what_a_program_answers_changes_nothing(submit, ticket, vendor):
    side = release(submit(window=INSTANTLY).pk).side
    content = Content(body="Out of office", format=BodyFormat.PLAIN, is_automatic=True)
    filed = forward.receive(side, by=SYSTEM, author=vendor, content=content, via=Via.EMAIL)
    assert (filed.side, filed.event.kind) == (side, "side.filed")
    assert filed.event.audience == Audience.STAFF
    ticket.refresh_from_db()
    assert ticket.turn == Turn.THIRD_PARTY


def test_writing_there_again_goes_to_its_people_alone(submit, ticket, vendor):
    side = release(submit(window=INSTANTLY).pk).side
    again = release(submit("Any news?", side=side, subject="", window=INSTANTLY).pk)
    assert again.side == side
    with pytest.raises(Incomplete, match="not in this side conversation"):
        submit(side=side, to=[ticket.requester])


def test_a_draft_for_each_conversation(submit, ticket, agent):
    side = release(submit(window=INSTANTLY).pk).side
    for where, text in ((None, "New one"), (side, "Old one")):
        drafts.save(ticket, DraftKind.FORWARD, text, by=agent.scope, side=where)
    drafts.save(ticket, DraftKind.FORWARD, "New two", by=agent.scope)
    kept = Draft.objects.filter(state="draft").order_by("body").values_list("body", "side")
    assert list(kept) == [("New two", None), ("Old one", side.pk)]


def test_closed_it_is_our_turn_and_an_answer_opens_it_again(submit, ticket, agent):
    side = release(submit(window=INSTANTLY).pk).side
    forward.close(side, by=agent.scope)
    forward.close(side, by=agent.scope)
    ticket.refresh_from_db()
    assert (bool(side.closed_at), ticket.turn) == (True, Turn.US)
    make_side_answer(side)
    side.refresh_from_db()
    assert side.closed_at is None
    forward.close(side, by=agent.scope)
    forward.reopen(side, by=agent.scope)
    kinds = Event.objects.filter(kind__startswith="side.").order_by("id")
    assert [event.kind for event in kinds] == [
        "side.sent",
        "side.closed",
        "side.received",
        "side.closed",
        "side.reopened",
    ]


def test_closing_does_not_overlook_an_answer(submit, ticket, agent):
    side = release(submit(window=INSTANTLY).pk).side
    seen = newest(ticket, side=side)
    make_side_answer(side)
    with pytest.raises(Conflict, match="answered meanwhile"):
        forward.close(side, by=agent.scope, seen=seen)


def test_while_one_of_two_is_waited_for_it_stays_their_turn(submit, ticket, agent):
    one = release(submit(window=INSTANTLY).pk).side
    release(submit(window=INSTANTLY, to=[ContactFactory(name="Otto Other")]).pk)
    forward.close(one, by=agent.scope)
    ticket.refresh_from_db()
    assert ticket.turn == Turn.THIRD_PARTY


@pytest.mark.parametrize("role", ["reader", "own_only", "colleague", "admin", "customer"])
def test_who_may_not_work_forwards_and_closes_nothing(request, submit, ticket, agent, role):
    side = release(submit(window=INSTANTLY).pk).side
    other = request.getfixturevalue(role)
    for attempt in (
        lambda: submit(by=other),
        lambda: forward.close(side, by=other.scope),
        lambda: forward.reopen(side, by=other.scope),
    ):
        with pytest.raises(PermissionDenied):
            attempt()


def test_lists_show_nothing_of_it(submit, ticket, agent):
    make_side_answer(release(submit(window=INSTANTLY).pk).side, body="SIDE")
    (row,) = inbox.page(agent.scope, inbox.View.OPEN).tickets
    assert row.snippet == "It burns."


def test_the_third_party_is_known_from_then_on(submit, vendor, agent, colleague):
    known = Contact.objects.visible_to(agent.scope)
    assert vendor not in known.all()
    release(submit(window=INSTANTLY).pk)
    assert vendor in known.all()
    assert vendor not in Contact.objects.visible_to(colleague.scope)


def test_who_has_the_ticket_is_told_of_the_answer(submit, ticket, agent):
    to_agent(ticket, agent.user, by=agent.scope)
    make_side_answer(release(submit(window=INSTANTLY).pk).side)
    assert Notification.objects.get(user=agent.user).reason == "third_party"
