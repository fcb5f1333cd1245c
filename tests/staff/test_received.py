"""What a received mail brought along, on its ticket: pictures in place, invitations in words."""

import base64

import pytest

from tests.integrations.mail import make_channel, receive
from tickets.models import Attachment

pytestmark = pytest.mark.django_db
PIXEL = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
EVENT = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Look at the export <b>
DTSTART:20240305T100000Z
DTEND:20240305T103000Z
LOCATION:Room 4
ORGANIZER;CN=Ann:mailto:ann@x.example
END:VEVENT
END:VCALENDAR
"""
HEAD = "From: Ann <ann@x.example>\nSubject: Look\nMIME-Version: 1.0\n"
PICTURES = (
    HEAD
    + "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n"
    + '<p>Here: <img src="cid:one@x" alt="the screen"><img src="https://evil.example/p.gif"></p>\n'
    + "".join(
        f"--b\nContent-Type: image/png; name={name}.png\nContent-ID: <{name}@x>\n"
        f"Content-Transfer-Encoding: base64\n\n{PIXEL.decode()}\n"
        for name in ("one", "two")
    )
    + "--b--\n"
)
INVITATION = (
    HEAD
    + "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nCome!\n"
    + f"--b\nContent-Type: text/calendar; method=REQUEST\n\n{EVENT}\n--b--\n"
)


@pytest.fixture
def shown(agent, queue):
    """The page of the ticket that a mail makes."""

    def page(mail):
        ticket = receive(mail.encode(), make_channel(queue=queue)).ticket
        return agent.client.get(f"/t/{ticket.pk}/").content.decode()

    return page


@pytest.mark.promise("S1.1")
def test_pictures_stand_in_their_place_and_the_others_in_the_list(agent, shown):
    page = shown(PICTURES)
    one, two = Attachment.objects.order_by("pk")
    assert f'<img src="/attachments/{one.pk}/" alt="the screen">' in page
    assert "evil.example" not in page
    # The form for third parties offers both.
    timeline = page.partition('class="writing"')[0]
    assert "one.png" not in timeline
    assert "two.png" in timeline
    assert f'<img src="/attachments/{two.pk}/"' not in page
    served = agent.client.get(f"/attachments/{one.pk}/")
    assert served["Content-Type"] == "image/png"
    assert served.content == base64.b64decode(PIXEL)


@pytest.mark.promise("S1.1")
def test_an_invitation_is_told_in_words_and_kept_as_a_file(shown):
    page = shown(INVITATION)
    assert "Invitation: <bdi>Look at the export &lt;b&gt;</bdi>" in page
    assert 'datetime="2024-03-05T' in page
    assert "Room 4" in page
    assert "Ann &lt;ann@x.example&gt;" in page
    assert "invite.ics" in page


def test_a_calendar_file_nobody_can_read_is_a_file(shown):
    page = shown(INVITATION.replace("BEGIN:VEVENT", "BEGIN:NONSENSE"))
    assert "invite.ics" in page
    assert 'class="invite"' not in page
