"""The looks of a queue's mails: set in words, frozen in each mail, the logo within it."""

import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from integrations import pictures
from integrations.email import render
from integrations.models import DeliveryState, Letterhead, Picture
from tests import factories
from tests.integrations import sink
from tests.integrations.outgoing import make_channel, tried
from tickets import attachments
from tickets.actions import participants
from tickets.actions.reply import Reply, newest_seen, release, submit
from tickets.content import NewFile
from tickets.permissions import scope_of

pytestmark = pytest.mark.django_db


def png(width=3, height=2):
    """A real picture of one colour."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\0" + b"\x7a\x1f\xa2" * width for _row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def server(settings):
    with sink.running() as running:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{running.port}"
        yield running


@pytest.fixture
def desk():
    return factories.QueueFactory(name="Support")


@pytest.fixture
def colleague(desk):
    return factories.make_agent(desk, name="Ada Byron")


@pytest.fixture
def ticket(desk):
    make_channel(desk)
    grace = factories.ContactFactory(name="Grace Hopper", email="grace@customer.example")
    return factories.make_ticket(queue=desk, requester=grace, channel="mail")


def answered(ticket, colleague, body, **files):
    """The delivery of a reply with these files."""
    reply = Reply(body=body, last_seen_event=newest_seen(ticket))
    draft = submit(ticket, reply, by=scope_of(colleague), window=factories.INSTANTLY)
    for name, data in files.items():
        file = NewFile(name=name, content_type="image/png", data=data)
        attachments.store(file, ticket=ticket, draft=draft)
    return release(draft.pk).deliveries.get()


def test_the_logo_goes_along_within_the_mail(server, ticket, colleague):
    logo = pictures.kept(png(400, 100))
    head = Letterhead.objects.create(
        queue=ticket.queue, logo=logo, logo_text="Lantern", accent="#7a1fa2"
    )
    delivery = answered(ticket, colleague, "Hello")
    # What is on its way keeps the looks it was written with.
    head.accent, head.logo = "#0b57d0", pictures.kept(png(5, 5))
    head.save()
    assert tried(delivery).state == DeliveryState.SENT
    mail = server.caught[0].mail
    assert mail.get_content_type() == "multipart/alternative"
    related = mail.get_body(("related",))
    html, image = related.iter_parts()
    assert image.get_content() == png(400, 100)
    assert image["Content-ID"].strip("<>") in html.get_content()
    assert 'alt="Lantern" width="220" height="55"' in html.get_content()
    assert "#7a1fa2" in html.get_content()
    assert list(mail.iter_attachments()) == []


def test_a_picture_in_the_text_stands_there_and_is_no_further_attachment(server, ticket, colleague):
    files = {"plan.png": png(), "other.png": png(9, 9)}
    tried(answered(ticket, colleague, "Look: ![the plan](plan.png)", **files))
    mail = server.caught[0].mail
    assert mail.get_content_type() == "multipart/mixed"
    html, image = mail.get_body(("related",)).iter_parts()
    assert image["Content-Disposition"].startswith("inline")
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in html.get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == ["other.png"]
    assert "Look: [the plan]" in server.caught[0].part("plain")


def test_a_page_shows_the_picture_where_it_stands(agent, queue):
    ticket = factories.make_ticket(queue=queue)
    make_channel(queue)
    answered(ticket, agent.user, "![the plan](plan.png) ![x](/admin/)", **{"plan.png": png()})
    file = ticket.attachments.get()
    text = agent.client.get(reverse("staff:ticket", args=[ticket.pk])).text
    assert f'<img src="{reverse("staff:attachment", args=[file.pk])}" alt="the plan">' in text
    assert 'src="/admin/"' not in text
    assert 'href="/admin/"' not in text.partition("the plan")[2].partition("</p>")[0]


@pytest.mark.parametrize(
    "name",
    [
        "naïve plan.txt",
        "日本語の長い名前" * 12 + ".pdf",
        'say "hi" 100%.txt',
        "plain.txt",
        "a;b=c.txt",
    ],
)
def test_names_of_files_survive_whatever_they_are(server, ticket, colleague, name):
    data = b"line\r\nother\nlast\r \t"
    tried(answered(ticket, colleague, "See the file.", **{name: data}))
    (part,) = server.caught[0].mail.iter_attachments()
    assert part.get_filename() == name
    assert part.get_payload(decode=True) == data
    plain = part.get_param("name")
    assert plain.isascii()
    assert plain.endswith(name[-4:])
    assert max(map(len, server.caught[0].data.split(b"\r\n"))) <= 998


def test_earlier_messages_are_quoted_as_far_as_their_reader_may_see(server, ticket, colleague):
    Letterhead.objects.create(queue=ticket.queue, earlier=2)
    late = factories.ContactFactory(name="Jean Bartik", email="jean@customer.example")
    participants.add(ticket, late, by=scope_of(colleague))
    factories.make_message(ticket, body="It is green now.")
    message = factories.make_message(ticket, by=colleague, body="Good.")
    for delivery in message.deliveries.all():
        tried(delivery)
    to_grace, to_jean = server.caught
    text = to_grace.part("plain").replace("\r\n", "\n")
    assert "Grace Hopper wrote:\n> It is green now." in text
    assert text.index("It is green now.") < text.index("> It burns.")
    assert "<blockquote" in to_grace.part("html")
    assert "It burns." not in to_jean.part("plain") + to_jean.part("html")
    assert "It is green now." in to_jean.part("plain")


def test_without_the_setting_nothing_is_quoted(ticket, colleague):
    assert answered(ticket, colleague, "Hello").inputs["earlier"] == []


def test_a_layout_that_fails_never_holds_a_reply_up(server, ticket, colleague, monkeypatch):
    delivery = answered(ticket, colleague, "Try **it**.")
    for name in ("text", "html"):
        monkeypatch.setattr(render, name, lambda *_args, **_fields: 1 / 0)
    assert tried(delivery).state == DeliveryState.SENT
    assert "Try **it**." in server.caught[0].part("plain")
    assert "Try **it**." in server.caught[0].part("html")


@pytest.mark.parametrize(
    "data", [b"", b"GIF", b"<svg/>", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(pictures.NoPicture, match="no PNG, JPEG or GIF"):
        pictures.shape_of(data)


def test_pictures_are_known_by_their_bytes():
    assert pictures.shape_of(png(7, 9)) == pictures.Shape("image/png", 7, 9)
    gif = b"GIF89a" + struct.pack("<HH", 7, 9)
    assert pictures.shape_of(gif) == pictures.Shape("image/gif", 7, 9)
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x09\x00\x07" + bytes(9)
    assert pictures.shape_of(jpeg) == pictures.Shape("image/jpeg", 7, 9)
    for wrong, said in [(png(5_000, 1), "pixels"), (b"x" * 200_000, "the most")]:
        with pytest.raises(pictures.NoPicture, match=said):
            pictures.shape_of(wrong)
    assert pictures.kept(png()) == pictures.kept(png())
    assert Picture.objects.count() == 1


def form_of(queue, **fields):
    """The queue's page as it is posted, with its letterhead."""
    form = {
        **{name: getattr(queue, name) for name in ("name", "slug", "tier", "default_priority")},
        "position": 0,
        "letterhead-TOTAL_FORMS": 1,
        "letterhead-INITIAL_FORMS": int(hasattr(queue, "letterhead")),
        "letterhead-0-queue": queue.pk,
        "letterhead-0-naming": "both",
        "letterhead-0-earlier": 0,
    }
    if hasattr(queue, "letterhead"):
        form["letterhead-0-id"] = queue.letterhead.pk
    for prefix in ("accesses", "templates"):
        form |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return {**form, **{f"letterhead-0-{name}": value for name, value in fields.items()}}


def test_an_admin_sets_the_looks_on_the_queue(admin, desk):
    page = reverse("admin:tickets_queue_change", args=[desk.pk])
    file = SimpleUploadedFile("logo.png", png(), content_type="image/png")
    admin.client.post(page, form_of(desk, sender_name="Lantern", accent="#7A1FA2", logo_file=file))
    head = Letterhead.objects.get()
    assert (head.sender_name, head.accent) == ("Lantern", "#7a1fa2")
    assert bytes(head.logo.data) == png()
    text = admin.client.get(page).text
    assert "data:image/png;base64," in text
    preview = admin.client.get(
        reverse("admin:tickets_messagetemplate_preview_new") + f"?kind=reply&queue={desk.pk}"
    ).text
    assert "#7a1fa2" in preview
    assert "data:image/png;base64," in preview
    desk = type(desk).objects.get(pk=desk.pk)
    admin.client.post(page, form_of(desk, remove_logo="on"))
    head.refresh_from_db()
    assert head.logo is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"accent": "red"}, "like #0b57d0"),
        ({"accent": "#ffdd00"}, "cannot be read on white"),
        ({"logo_file": SimpleUploadedFile("logo.svg", b"<svg/>")}, "no PNG, JPEG or GIF"),
        ({"earlier": 9}, "less than or equal to 5"),
    ],
)
def test_bad_looks_are_refused_in_words(admin, desk, fields, said):
    page = reverse("admin:tickets_queue_change", args=[desk.pk])
    assert said in admin.client.post(page, form_of(desk, **fields)).text
    assert not Letterhead.objects.exists()
