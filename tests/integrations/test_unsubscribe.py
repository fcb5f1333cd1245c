"""Stopping automatic mails by the link in them: a look changes nothing, one press does."""

import pytest

from integrations import unsubscribe
from integrations.models import Delivery, DeliveryKind, MailKind, MailStop
from tests import factories
from tests.integrations import mail, sink
from tests.integrations.outgoing import make_channel, tried

pytestmark = pytest.mark.django_db
GRACE = "grace@customer.example"


@pytest.fixture
def server(settings):
    settings.BASE_URL = "https://desk.example"
    with sink.running() as running:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{running.port}"
        yield running


def path():
    """The page of the link, without its host."""
    return "/mail" + unsubscribe.link(GRACE, MailKind.ACKNOWLEDGEMENT).partition("/mail")[2]


def asked(channel, address=GRACE):
    """The acknowledgement of a new request, if one was queued."""
    raw = mail.receive(mail.make_mail(sender=address), channel)
    return Delivery.objects.filter(ticket=raw.ticket, kind=DeliveryKind.ACKNOWLEDGEMENT).first()


@pytest.mark.promise("B10")
def test_a_confirmation_says_how_to_stop_it(server, queue, anonymous):
    channel = make_channel(queue)
    tried(asked(channel))
    (caught,) = server.caught
    link = caught.mail["List-Unsubscribe"].strip(" <>")
    assert caught.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in caught.part("plain").replace("\r\n", "")
    assert link in caught.part("html")
    # As a mail provider does it: no cookie, no page before.
    page = link.removeprefix("https://desk.example")
    answer = anonymous.client.post(page, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert asked(channel) is None
    assert asked(channel, "somebody.else@customer.example")


def test_without_https_there_is_no_press_in_the_mail_program(server, queue, settings):
    settings.BASE_URL = "http://localhost:8000"
    tried(asked(make_channel(queue)))
    (caught,) = server.caught
    assert "<http://localhost:8000/mail/stop/" in caught.mail["List-Unsubscribe"]
    assert caught.mail["List-Unsubscribe-Post"] is None


def test_answers_by_people_carry_no_such_link(server, queue):
    make_channel(queue)
    ticket = factories.make_ticket(queue=queue)
    message = factories.make_message(ticket, by=factories.make_agent(queue))
    tried(message.deliveries.get())
    assert server.caught[0].mail["List-Unsubscribe"] is None
    assert "mail/stop" not in server.caught[0].data.decode()


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_look_at_the_page_stops_nothing(anonymous, method):
    answer = getattr(anonymous.client, method)(path())
    assert answer.status_code in {200, 405}
    assert not MailStop.objects.exists()


def test_the_page_says_what_is_stopped_and_undoes_it(anonymous):
    client = anonymous.client
    page = client.get(path()).text
    assert f"<bdi>{GRACE}</bdi> will get no more confirmations" in page
    assert "Undo" in client.post(path(), {"stop": "1"}).text
    client.post(path(), {"stop": "1"})
    assert MailStop.objects.get().address == GRACE
    assert "Stop them" in client.post(path(), {"again": "1"}).text
    assert not MailStop.objects.exists()


def test_a_link_that_was_changed_stops_nothing(anonymous):
    answer = anonymous.client.post(path()[:-3] + "/", {"stop": "1"})
    assert answer.status_code == 404
    assert "not whole" in answer.text
    assert not MailStop.objects.exists()


def test_an_admin_sees_who_stopped_what_and_lets_it_come_again(admin):
    stop = MailStop.objects.create(address=GRACE, kind=MailKind.ACKNOWLEDGEMENT)
    assert GRACE in admin.client.get("/admin/integrations/mailstop/").text
    admin.client.post(f"/admin/integrations/mailstop/{stop.pk}/delete/", {"post": "yes"})
    assert not MailStop.objects.exists()
