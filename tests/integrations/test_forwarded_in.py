"""Mail that colleagues forward in belongs to whoever wrote it, if the colleague is proven."""

from email.message import EmailMessage

import pytest

from integrations.models import Delivery
from tests.factories import make_agent
from tests.integrations.mail import MAILBOX, make_channel, make_mail, receive
from tickets.actions.people import contact_of
from tickets.models import Annotation

pytestmark = [pytest.mark.django_db, pytest.mark.promise("S4.13")]
ANN, AGENT, SERVER = "ann@customer.example", "mei@desk.example", "mx.desk.example"
# As the programs show the mail below: who, when, to whom, about what.
PROGRAMS = {
    "gmail": "---------- Forwarded message ---------\nFrom: Ann Lee <{}>\nDate: Mon, 23 Nov 2026\n"
    "Subject: It burns\nTo: <mei@desk.example>\n\n",
    "apple": "Begin forwarded message:\n\nFrom: Ann Lee <{}>\nSubject: It burns\n"
    "Date: 23 November 2026 at 10:00:00 CET\nTo: mei@desk.example\n\n",
    "outlook": "________________________________\nFrom: Ann Lee <{}>\nSent: November 23, 2026 10:00"
    " AM\nTo: Mei <mei@desk.example>\nSubject: It burns\n\n",
    "outlook linked": "From: Ann Lee [mailto:{0}]\nSent: Monday\nTo: Mei\nSubject: It burns\n\n",
    "outlook twice": "From: {0} <{0}>\nSent: Monday\nTo: Mei\nSubject: It burns\n\n",
    "marked": "> From: Ann Lee <{}>\n> Date: Monday\n> Subject: It burns\n>\n> Marked\n",
    "bold": "*From:* Ann Lee <{}>\n*Sent:* Monday\n*To:* Mei\n*Subject:* It burns\n\n",
    "de": "-----Ursprüngliche Nachricht-----\nVon: Ann Lee <{}>\nGesendet: Montag\n"
    "An: Mei\nBetreff: It burns\n\n",
    "fr": "De : Ann Lee <{}>\nEnvoyé : lundi 23 novembre 2026\nÀ : Mei\nObjet : It burns\n\n",
    "es": "De: Ann Lee <{}>\nEnviado el: lunes\nPara: Mei\nAsunto: It burns\n\n",
    "pt": "De: Ann Lee <{}>\nEnviada em: segunda\nPara: Mei\nAssunto: It burns\n\n",
    "it": "Da: Ann Lee <{}>\nInviato: lunedì\nA: Mei\nOggetto: It burns\n\n",
    "nl": "Van: Ann Lee <{}>\nVerzonden: maandag\nAan: Mei\nOnderwerp: It burns\n\n",
    "pl": "Od: Ann Lee <{}>\nWysłano: poniedziałek\nDo: Mei\nTemat: It burns\n\n",
    "da": "Fra: Ann Lee <{}>\nSendt: mandag\nTil: Mei\nEmne: It burns\n\n",
    "sv": "Från: Ann Lee <{}>\nSkickat: måndag\nTill: Mei\nÄmne: It burns\n\n",
    "fi": "Lähettäjä: Ann Lee <{}>\nLähetetty: maanantai\nVastaanottaja: Mei\nAihe: It burns\n\n",
    "ru": "От: Ann Lee <{}>\nОтправлено: понедельник\nКому: Mei\nТема: It burns\n\n",
    "zh": "发件人: Ann Lee <{}>\n发送时间: 2026年11月23日\n收件人: Mei\n主题: It burns\n\n",
    "ja": "差出人: Ann Lee <{}>\n送信日時: 2026年11月23日\n宛先: Mei\n件名: It burns\n\n",
    "ko": "보낸 사람: Ann Lee <{}>\n보낸 날짜: 2026년\n받는 사람: Mei\n제목: It burns\n\n",
    "tr": "Kimden: Ann Lee <{}>\nGönderildi: Pazartesi\nKime: Mei\nKonu: It burns\n\n",
    "he": "מאת: Ann Lee <{}>\nנשלח: יום שני\nאל: Mei\nנושא: It burns\n\n",
}
TEXT = "The printer burns.\n\nIt burns brightly."


@pytest.fixture
def channel(settings):
    settings.TRUSTED_AUTHSERV_IDS = [SERVER]
    return make_channel()


@pytest.fixture
def agent(channel):
    return make_agent(channel.queue, email=AGENT, name="Mei Tanaka")


def proven(mail, *, verdict="pass"):
    told = f"Authentication-Results: {SERVER}; dmarc={verdict} header.from=desk.example\n"
    return told.encode() + mail


def forward(program="gmail", *, sender=AGENT, comment="Please help her.", of=ANN, **headers):
    shown = PROGRAMS[program].format(of)
    headers.setdefault("subject", "Fwd: It burns")
    return make_mail(f"{comment}\n\n{shown}{TEXT}", sender=f"Mei <{sender}>", **headers)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_ticket_is_that_of_the_writer(channel, agent, program):
    raw = receive(proven(forward(program)), channel)
    assert (raw.state, raw.reason) == ("done", "forwarded_in")
    requester = raw.ticket.requester
    assert requester.identities.get().external_id == ANN
    assert raw.ticket.subject == "It burns"
    assert raw.message.body.endswith("It burns brightly.")
    assert "Please help her." not in raw.message.body + raw.message.html + raw.message.quoted
    assert (raw.message.author, raw.message.authority) == (requester, "plausible")
    (annotation,) = Annotation.objects.all()
    assert (annotation.author, annotation.ticket) == (agent, raw.ticket)
    assert annotation.body.startswith("Please help her.")
    assert "Forwarded" not in annotation.body.partition("\n")[0]


def test_nobody_is_told_by_a_robot(channel, agent):
    receive(proven(forward()), channel)
    assert not Delivery.objects.exists()


def test_a_forward_without_a_word_says_what_it_is(channel, agent):
    receive(proven(forward(comment="")), channel)
    assert Annotation.objects.get().body == "Forwarded by mail; its sender is not verified."


@pytest.fixture
def attached():
    """The original, attached whole, with a file of its own."""
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Cc"] = f"Ann Lee <{ANN}>", AGENT, "bob@customer.example"
    inner["Subject"], inner["Message-ID"] = "It burns", "<first@customer.example>"
    inner["Date"] = "Mon, 23 Nov 2020 10:00:00 +0000"
    inner.set_content(TEXT)
    inner.add_attachment(b"log", maintype="text", subtype="plain", filename="trace.log")
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = AGENT, MAILBOX, "FW: It burns"
    outer["Message-ID"] = "<outer@desk.example>"
    outer.set_content("Please help her.")
    outer.add_attachment(inner)
    return outer.as_bytes()


def test_an_attached_original_keeps_its_date_and_files(channel, agent, attached):
    raw = receive(proven(attached), channel)
    assert raw.ticket.requester.name == "Ann Lee"
    assert raw.message.body.strip() == TEXT
    assert raw.message.occurred_at.year == 2020
    # When it reached us is what counts for whoever has to answer in time.
    assert raw.ticket.created_at == raw.received_at
    assert [file.name for file in raw.message.attachments.all()] == ["trace.log"]
    others = raw.ticket.participants.values_list("contact__identities__external_id", flat=True)
    assert list(others) == ["bob@customer.example"]
    assert Annotation.objects.get().body.startswith("Please help her.")


def test_the_writers_next_mail_is_on_the_ticket(channel, agent, attached):
    ticket = receive(proven(attached), channel).ticket
    answer = make_mail("More", sender=ANN, In_Reply_To="<first@customer.example>")
    assert receive(answer, channel).ticket == ticket


def test_a_second_hand_in_of_the_forward_is_a_duplicate(channel, agent, attached):
    receive(proven(attached), channel)
    assert receive(b"Received: by x\n" + attached, channel).state == "duplicate"
    assert Annotation.objects.count() == 1


def test_a_verdict_inside_the_original_is_the_forwarders_text(channel, agent, attached):
    told = b"Authentication-Results: mx.desk.example; dmarc=pass header.from=customer.example\n"
    forged = attached.replace(b"From: Ann Lee", told + b"From: Ann Lee")
    assert receive(proven(forged), channel).message.authority == "plausible"


def assert_ordinary(raw, sender=AGENT):
    assert (raw.state, raw.reason) == ("done", "")
    assert raw.ticket.requester.identities.filter(external_id=sender).exists()
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("mail", ["inline", "attached"])
def test_a_forged_forward_is_an_ordinary_mail(channel, agent, attached, mail):
    contact_of(agent)
    assert_ordinary(receive(attached if mail == "attached" else forward(), channel))


@pytest.mark.parametrize("field", ["is_active", "is_staff"])
def test_who_is_no_colleague_forwards_nothing_in(channel, agent, field):
    setattr(agent, field, False)
    agent.save()
    assert_ordinary(receive(proven(forward()), channel))


def test_a_customers_forward_is_theirs(channel):
    told = f"Authentication-Results: {SERVER}; dmarc=pass header.from=customer.example\n".encode()
    mail = forward(sender=ANN, of="bob@customer.example")
    assert_ordinary(receive(told + mail, channel), sender=ANN)


@pytest.mark.parametrize("of", [MAILBOX, AGENT, "a@x.example> <b@x.example", "nobody"])
def test_a_forward_of_our_own_or_of_nobody_is_ordinary(channel, agent, of):
    assert_ordinary(receive(proven(forward(of=of)), channel))


def test_an_answer_with_history_below_is_no_forward(channel, agent):
    assert_ordinary(receive(proven(forward("outlook", subject="Re: It burns")), channel))


def test_two_attached_mails_are_ordinary(channel, agent, attached):
    part = attached.partition(b"Content-Type: message/rfc822")
    boundary = attached.rpartition(b"\n--")[2].partition(b"--\n")[0]
    again = part[0] + part[1] + part[2].rpartition(b"\n--")[0] + b"\n--" + boundary + b"\n"
    mail = again + part[1] + part[2]
    assert_ordinary(receive(proven(mail), channel))
