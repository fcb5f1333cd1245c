"""Who speaks on a thread, one row a case (security.md M01 to M06, M08)."""

import pytest

from integrations.email import conversation
from integrations.models import ChannelAddress
from tests.factories import ContactFactory, StaffFactory, make_agent
from tests.integrations.mail import MAILBOX, make_channel, make_copy, make_mail, receive
from tickets.actions import participants, triage
from tickets.actions.people import contact_of
from tickets.models import LinkKind
from tickets.permissions import SYSTEM
from tickets.states import Status

pytestmark = [pytest.mark.django_db, pytest.mark.promise("S4.13")]
ANN, EVE = "ann@customer.example", "eve@stranger.example"
SERVER = "mx.desk.example"


@pytest.fixture
def channel(settings):
    settings.TRUSTED_AUTHSERV_IDS = [SERVER]
    return make_channel()


@pytest.fixture
def first(channel):
    return receive(make_mail(message_id="<first@customer.example>"), channel)


@pytest.fixture
def ticket(first):
    return first.ticket


def answer(channel, *, sender=ANN, to="<first@customer.example>", verdict="", **headers):
    """A mail that refers to another, as our own server would hand it on."""
    domain = sender.rpartition("@")[2].strip(">")
    told = f"Authentication-Results: {SERVER}; dmarc={verdict} header.from={domain}\n"
    mail = make_mail("More", sender=sender, In_Reply_To=to, References=to, **headers)
    return receive((told.encode() if verdict else b"") + mail, channel)


@pytest.mark.promise("S1.1")
def test_a_token_from_the_address_it_was_sent_to_is_verified(channel, ticket):
    raw = answer(channel, to=make_copy(ticket, ANN, channel).remote_id)
    assert (raw.ticket, raw.message.authority) == (ticket, "verified")


def test_a_token_works_in_the_address_it_is_sent_to(channel, ticket):
    token = make_copy(ticket, ANN, channel).token
    raw = receive(make_mail(), channel, rcpt_tos=[f"support+{token}@desk.example"])
    assert (raw.ticket, raw.message.authority) == (ticket, "verified")


def test_a_known_id_from_the_requester_is_plausible(channel, ticket):
    raw = answer(channel)
    assert (raw.ticket, raw.message.authority) == (ticket, "plausible")


def test_a_known_id_from_a_vouched_requester_is_verified(channel, ticket):
    raw = answer(channel, verdict="pass")
    assert (raw.ticket, raw.message.authority) == (ticket, "verified")


def test_a_failed_authentication_is_held_even_with_the_token(channel, ticket):
    raw = answer(channel, to=make_copy(ticket, ANN, channel).remote_id, verdict="fail")
    assert (raw.state, raw.reason, raw.ticket) == ("held", "authentication_failed", ticket)
    assert ticket.messages.count() == 1


def test_a_verdict_of_an_unknown_server_is_worth_nothing(channel, ticket, settings):
    settings.TRUSTED_AUTHSERV_IDS = ["other.example"]
    assert answer(channel, verdict="pass").message.authority == "plausible"


def assert_own_ticket(raw, ticket, *, kind=LinkKind.POSSIBLY_RELATED):
    assert raw.state == "done"
    assert raw.ticket != ticket
    assert raw.ticket.links_out.get().target == ticket
    assert raw.ticket.links_out.get().kind == kind
    assert ticket.messages.count() == 1
    assert not ticket.events.filter(kind="ticket.linked", audience="public").exists()


def test_a_stranger_with_every_right_id_gets_a_ticket_of_their_own(channel, ticket):
    raw = answer(channel, sender=EVE, subject=f"Re: [#{ticket.pk}] Help")
    assert_own_ticket(raw, ticket)


def test_the_token_of_somebody_else_proves_nothing(channel, ticket):
    raw = answer(channel, sender=EVE, to=make_copy(ticket, ANN, channel).remote_id)
    assert_own_ticket(raw, ticket)


def test_a_third_party_at_the_reply_address_stays_out_of_the_ticket(channel, ticket):
    token = make_copy(ticket, ANN, channel).token
    data = make_mail("Your code is 123456", sender="no-reply@saas.example")
    assert_own_ticket(receive(data, channel, rcpt_tos=[f"support+{token}@desk.example"]), ticket)


def test_a_number_in_the_subject_leads_nowhere(channel, ticket):
    raw = receive(make_mail(sender=EVE, subject=f"Re: [#{ticket.pk}] Help"), channel)
    assert raw.ticket != ticket
    assert not raw.ticket.links_out.exists()


def test_an_invented_token_leads_nowhere(channel, ticket):
    raw = answer(channel, to=f"<hd.{'0' * 40}@desk.example>")
    assert raw.ticket != ticket
    assert not raw.ticket.links_out.exists()


def test_an_id_known_to_another_queue_leads_nowhere(channel, ticket):
    raw = answer(make_channel("sales@desk.example"))
    assert raw.ticket != ticket


def test_the_nearest_known_id_decides(channel, ticket):
    other = receive(make_mail(message_id="<other@customer.example>"), channel).ticket
    data = make_mail(References="<other@customer.example> <first@customer.example> <new@x>")
    assert receive(data, channel).ticket == ticket != other


def test_copies_of_a_plausible_mail_are_not_proposed(channel, ticket):
    answer(channel, Cc=EVE)
    assert not ticket.participants.exists()


def test_copies_of_a_verified_mail_are_proposed_and_not_let_in(channel, ticket):
    answer(channel, verdict="pass", Cc=EVE)
    assert ticket.participants.get().confirmed_at is None


@pytest.mark.parametrize(("is_confirmed", "gets_in"), [(True, True), (False, False)])
def test_a_participant_speaks_once_confirmed(channel, ticket, is_confirmed, gets_in):
    bob = ContactFactory(email="bob@customer.example")
    if is_confirmed:
        participants.add(ticket, bob, by=SYSTEM)
    else:
        participants.propose(ticket, bob, by=SYSTEM)
    assert (answer(channel, sender="bob@customer.example").ticket == ticket) is gets_in


@pytest.fixture
def agent(channel):
    return make_agent(channel.queue, email="agent@desk.example")


@pytest.mark.parametrize("verdict", ["", "pass", "fail"])
@pytest.mark.parametrize("how", ["known id", "own token", "customer's token"])
def test_staff_never_speak_by_mail(channel, ticket, agent, verdict, how):
    ids = {
        "known id": "<first@customer.example>",
        "own token": make_copy(ticket, agent.email, channel).remote_id,
        "customer's token": make_copy(ticket, ANN, channel).remote_id,
    }
    raw = answer(channel, sender=f"Agent <{agent.email.upper()}>", to=ids[how], verdict=verdict)
    assert (raw.state, raw.reason, raw.message) == ("held", "staff_by_mail", None)
    assert ticket.messages.count() == 1


def test_a_colleague_who_left_does_not_speak_either(channel, ticket):
    gone = StaffFactory(email="gone@desk.example", is_active=False)
    raw = answer(channel, sender=gone.email, to=make_copy(ticket, gone.email, channel).remote_id)
    assert raw.reason == "staff_by_mail"


def test_a_second_address_of_a_colleague_counts_as_theirs(channel, ticket, agent):
    contact_of(agent).identities.create(kind="email", external_id="private@agent.example")
    assert answer(channel, sender="private@agent.example").reason == "staff_by_mail"


def test_a_colleague_may_ask_for_help_like_anybody(channel, agent):
    raw = receive(make_mail(sender=agent.email), channel)
    assert raw.ticket.requester == contact_of(agent)
    assert not raw.message.by_staff


@pytest.mark.parametrize(
    "sender", [f"{ANN}, {EVE}", f"{EVE})({ANN}", f'"{ANN}"@stranger.example', f"{EVE} <{ANN}"]
)
def test_a_sender_two_readers_could_read_in_two_ways_is_a_stranger(channel, ticket, sender):
    mail = make_mail("x", In_Reply_To="<first@customer.example>")
    raw = receive(
        mail.replace(b"From: Ann <ann@customer.example>", f"From: {sender}".encode()), channel
    )
    assert_own_ticket(raw, ticket)


@pytest.mark.parametrize("sender", [MAILBOX, "Support+x@Desk.Example", "old@desk.example"])
def test_our_own_addresses_are_a_loop(channel, ticket, sender):
    old = make_channel("gone@desk.example", is_active=False)
    ChannelAddress.objects.create(channel=old, address="old@desk.example")
    raw = answer(channel, sender=sender)
    assert (raw.state, raw.reason) == ("suppressed", "loop")


def test_our_own_mail_come_back_is_a_loop(channel, ticket):
    sent = make_copy(ticket, ANN, channel).remote_id
    raw = receive(make_mail(sender=EVE, message_id=sent), channel)
    assert (raw.state, raw.reason) == ("suppressed", "loop")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto_reply"),
        ({"X_Autoreply": "yes"}, "auto_reply"),
        ({"Precedence": "auto_reply"}, "auto_reply"),
    ],
)
def test_automatic_answers_are_kept_on_their_ticket_and_change_nothing(
    channel, ticket, headers, reason
):
    type(ticket).objects.update(status=Status.CLOSED, turn="nobody")
    raw = answer(channel, **headers)
    assert (raw.state, raw.reason, raw.ticket) == ("done", reason, ticket)
    assert raw.message.is_automatic
    was = ticket.last_customer_at
    ticket.refresh_from_db()
    assert (ticket.status, ticket.turn, ticket.last_customer_at) == ("closed", "nobody", was)
    assert not ticket.events.filter(kind="message.received").exclude(data__first=True).exists()


def test_an_automatic_answer_of_a_stranger_is_kept_beside_the_ticket(channel, ticket):
    raw = answer(channel, sender=EVE, Auto_Submitted="auto-replied")
    assert (raw.state, raw.reason, raw.ticket) == ("suppressed", "auto_reply", ticket)
    assert ticket.messages.count() == 1


@pytest.mark.parametrize("verdict", ["", "fail"])
def test_an_automatic_answer_of_a_colleague_is_nobodys_work(channel, ticket, agent, verdict):
    raw = answer(channel, sender=agent.email, verdict=verdict, Auto_Submitted="auto-replied")
    assert (raw.state, raw.message) == ("suppressed", None)


def test_an_automatic_answer_to_nothing_opens_no_ticket(channel):
    raw = receive(make_mail(Auto_Submitted="auto-replied"), channel)
    assert (raw.state, raw.reason, raw.ticket) == ("suppressed", "auto_reply", None)


def test_machines_that_talk_fill_no_ticket(channel, ticket, clock):
    states = [answer(channel, Auto_Submitted="auto-replied").state for _mail in range(30)]
    assert states.count("done") == 10
    clock.advance(hours=25)
    assert answer(channel, Auto_Submitted="auto-replied").state == "done"


def test_our_next_mail_answers_the_person_and_not_their_notice(channel, ticket):
    answer(channel, Auto_Submitted="auto-replied", message_id="<notice@customer.example>")
    near, chain = conversation.place_of(ticket, address=ANN)
    assert near == "<first@customer.example>"
    assert "<notice@customer.example>" not in chain


def test_a_customer_opens_a_ticket_again_within_its_window(channel, ticket):
    triage.set_status(ticket, Status.CLOSED, by=SYSTEM)
    assert answer(channel).ticket == ticket
    ticket.refresh_from_db()
    assert ticket.is_live


def test_after_the_window_an_answer_is_a_follow_up(channel, ticket, clock):
    triage.set_status(ticket, Status.CLOSED, by=SYSTEM)
    clock.advance(days=15)
    raw = answer(channel, verdict="pass")
    assert_own_ticket(raw, ticket, kind=LinkKind.FOLLOW_UP)
    assert raw.message.authority == "verified"


def test_control_headers_of_ours_are_ignored(channel, ticket):
    headers = {f"X_HD_{name}": str(ticket.pk) for name in ("Ticket", "Queue", "Priority")}
    raw = receive(make_mail(sender=EVE, X_Loop="desk.example", **headers), channel)
    assert raw.ticket not in {None, ticket}
    assert raw.ticket.queue == channel.queue


def test_the_token_of_somebody_taken_off_gives_no_voice(channel, ticket):
    bob = ContactFactory(email="bob@customer.example")
    person = participants.add(ticket, bob, by=SYSTEM)
    copy = make_copy(ticket, "bob@customer.example", channel)
    participants.remove(person, by=SYSTEM)
    raw = answer(channel, sender="bob@customer.example", to=copy.remote_id, verdict="pass")
    assert raw.ticket != ticket
    assert raw.ticket.links_out.get().kind == LinkKind.POSSIBLY_RELATED


@pytest.mark.parametrize(
    "told",
    [
        'spf=pass smtp.mailfrom=";dmarc=pass header.from=customer.example;x"@evil.example',
        "spf=pass (a (b) ;dmarc=pass header.from=customer.example) smtp.mailfrom=evil.example",
        'spf=pass reason="header.from=customer.example" smtp.mailfrom=evil.example',
        "spf=pass smtp.mailfrom=x@customer.example@evil.example",
        "dkim=pass header.i=@customer.example header.d=evil.example",
    ],
)
def test_what_a_server_repeats_of_the_sender_is_no_verdict(channel, ticket, told):
    told = f"Authentication-Results: {SERVER}; {told}\n".encode()
    mail = make_mail("More", sender=ANN, In_Reply_To="<first@customer.example>")
    assert receive(told + mail, channel).message.authority == "plausible"


def test_an_id_is_known_in_any_case_and_however_it_was_folded(channel, ticket):
    folded = "<first@\n customer.example>"
    for to in ("<FIRST@Customer.Example>", "first@customer.example"):
        assert answer(channel, to=to).ticket == ticket
    mail = make_mail("More", In_Reply_To="<x>").replace(b"<x>", folded.encode())
    assert receive(mail, channel).ticket == ticket
    token = make_copy(ticket, ANN, channel).remote_id
    assert answer(channel, to=token.upper()).message.authority == "verified"


def test_outlooks_index_of_a_thread_leads_nowhere(channel, ticket):
    headers = {"Thread_Index": "AdFuZ6XxOH+qH5H+R76f2odV/Vn8MQ==", "Thread_Topic": "Help"}
    first = receive(make_mail(**headers), channel).ticket
    assert receive(make_mail(**headers), channel).ticket != first


def test_a_known_second_address_of_the_requester_is_theirs(channel, ticket):
    ticket.requester.identities.create(kind="email", external_id="ann@home.example")
    copy = make_copy(ticket, ANN, channel)
    raw = answer(channel, sender="ann@home.example", to=copy.remote_id)
    assert (raw.ticket, raw.message.authority) == (ticket, "plausible")


def test_an_unknown_second_address_is_a_strangers(channel, ticket):
    raw = answer(channel, sender="ann@home.example", to=make_copy(ticket, ANN, channel).remote_id)
    assert_own_ticket(raw, ticket)


@pytest.mark.parametrize("road", [0, 1])
def test_an_answer_to_two_of_our_queues_stays_on_its_ticket(channel, ticket, road):
    other = make_channel("sales@desk.example")
    copy = make_copy(ticket, ANN, channel)
    mail = make_mail("More", to=f"{MAILBOX}, sales@desk.example", In_Reply_To=copy.remote_id)
    roads = [channel, other]
    raws = [receive(mail, roads[road]), receive(b"Received: by x\n" + mail, roads[1 - road])]
    assert [raw.state for raw in raws] == ["done", "duplicate"]
    assert {raw.ticket for raw in raws} == {ticket}


def test_a_mail_that_left_our_mailbox_and_came_again_is_a_loop(channel):
    ways = f"Delivered-To: {MAILBOX}\nReceived: by a\nReceived: by b\nDelivered-To: {MAILBOX}\n"
    raw = receive(ways.encode() + make_mail(), channel, rcpt_tos=[MAILBOX])
    assert (raw.state, raw.reason) == ("suppressed", "loop")


def test_two_servers_that_note_one_delivery_are_no_loop(channel):
    ways = f"Delivered-To: {MAILBOX}\nReceived: by a\nDelivered-To: {MAILBOX}\n"
    assert receive(ways.encode() + make_mail(), channel, rcpt_tos=[MAILBOX]).state == "done"
