"""Files are handed to those who see the ticket, and no browser runs them (R04, C11)."""

import pytest

from tests.factories import make_ticket
from tickets.content import NewFile
from tickets.models import Attachment

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def _file(queue, name, data, kind="image/svg+xml"):
    file = NewFile(name=name, content_type=kind, data=data)
    ticket = make_ticket(queue=queue, files=[file])
    return Attachment.objects.get(ticket=ticket)


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.svg", SVG), ("a.html", b"<script>1</script>"), ("a.png", SVG), ("a.pdf", b"%PDF-1.7")],
)
def test_what_is_no_plain_picture_is_a_download_of_no_kind(agent, queue, name, data):
    response = agent.client.get(f"/attachments/{_file(queue, name, data).pk}/")
    assert response.content == data
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_proven_picture_is_shown_under_our_own_type(agent, queue):
    response = agent.client.get(f"/attachments/{_file(queue, 'x.html', PNG, 'text/html').pk}/")
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("inline")


def test_a_name_from_elsewhere_stays_in_its_header_line(agent, queue):
    file = _file(queue, "Übersicht\r\nSet-Cookie: x=1.log", b"x")
    header = agent.client.get(f"/attachments/{file.pk}/")["Content-Disposition"]
    assert "\r" not in header
    assert "\n" not in header
    assert "filename*=utf-8''%C3%9Cbersicht" in header


@pytest.mark.parametrize("role", ["colleague", "customer", "anonymous", "own_only"])
def test_who_does_not_see_the_ticket_gets_nothing(request, role, queue):
    file = _file(queue, "a.log", b"secret")
    response = request.getfixturevalue(role).client.get(f"/attachments/{file.pk}/")
    assert response.status_code in {302, 403, 404}
    assert b"secret" not in response.content
