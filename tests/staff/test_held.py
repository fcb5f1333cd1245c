"""The pages of held mail, of mail that did not leave, and of blocked senders."""

import re

import pytest

from integrations import blocking, held, originals, outbound
from integrations.models import BlockedSender, Delivery, RawInbound
from tests.factories import make_message, make_ticket
from tests.integrations.mail import keep, make_channel, make_mail, receive
from tests.query_counts import query_budget
from tests.staff.test_pages import _without_tokens
from tickets.models import Event, Ticket
from tickets.permissions import SYSTEM
from tickets.states import Aside

pytestmark = [pytest.mark.django_db, pytest.mark.promise("B8")]

GETS = ["", "block/"]
POSTS = ["original/", "release/", "attach/", "again/", "aside/", "restore/"]


@pytest.fixture
def channel(queue):
    return make_channel(queue=queue)


@pytest.fixture
def raw(channel):
    """A held mail that can be read."""
    raw = keep(make_mail("It <b>burns</b>.", subject="Unique subject"), channel)
    fields = {"sender": "ann@customer.example", "subject": "Unique subject"}
    RawInbound.objects.filter(pk=raw.pk).update(
        state="held", reason="authentication_failed", error="dmarc=fail", **fields
    )
    raw.refresh_from_db()
    return raw


@pytest.fixture
def failed(channel, queue, agent):
    make_message(make_ticket(queue=queue, subject="Printer"), by=agent.user)
    delivery = Delivery.objects.get()
    outbound.fail(delivery, "550 5.1.1 no such user")
    return delivery


def undo_of(response):
    return re.search(
        r'<form method="post" action="([^"]+)"><input[^>]+>[^<]*<button[^>]*data-hotkey="z"',
        response.text,
    )[1]


class TestList:
    """What waits, why, and what is not one's own."""

    def test_it_says_what_and_why(self, agent, raw):
        page = agent.client.get("/held/").text
        assert "Unique subject" in page
        assert "ann@customer.example" in page
        assert "Its sender&#x27;s domain says that it does not come from there." in page

    def test_others_see_neither_it_nor_its_count(self, colleague, reader, own_only, raw):
        for role in (colleague, reader, own_only):
            page = role.client.get("/held/").text
            assert "Unique subject" not in page
            assert "ann@customer" not in page
            assert not re.search(r"Held mail</span><span class=\"nav__count", page)

    def test_the_navigation_counts_what_waits(self, agent, raw, failed):
        page = agent.client.get("/inbox/open/").text
        assert re.search(r'Held mail</span><span class="nav__count">2<', page)
        held.set_aside(raw, Aside.TRASH, by=agent.scope)
        held.dismiss(failed, by=agent.scope)
        assert not re.search(
            r'Held mail</span><span class="nav__count', agent.client.get("/inbox/open/").text
        )

    def test_it_is_filtered_by_reason_and_channel(self, agent, raw, channel):
        client = agent.client
        receive(b"hello\n", channel)
        both = client.get("/held/").text
        assert both.count("data-row-link") == 2
        only = client.get("/held/?reason=unparsable").text
        assert only.count("data-row-link") == 1
        assert "Unique subject" not in only
        assert client.get(f"/held/?channel={channel.pk}").text.count("data-row-link") == 2
        nothing = client.get("/held/?reason=nonsense&channel=999999999999999999999").text
        assert "Nothing is here for this reason and channel." in nothing

    def test_it_is_paged(self, agent, channel):
        for number in range(60):
            row = keep(b"x%d" % number, channel)
            RawInbound.objects.filter(pk=row.pk).update(state="held", subject=f"no. {number};")
        client = agent.client
        first = client.get("/held/?reason=").text
        assert first.count("data-row-link") == 50
        older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
        second = client.get(f"/held/{older}").text
        assert second.count("data-row-link") == 10
        seen = {*re.findall(r"no\. (\d+);</bdi>", first), *re.findall(r"no\. (\d+);</bdi>", second)}
        assert seen == {str(number) for number in range(60)}
        newer = re.search(r'rel="prev" href="([^"]+)"', second)[1].replace("&amp;", "&")
        assert client.get(f"/held/{newer}").text.count("data-row-link") == 50

    @pytest.mark.parametrize(
        ("path", "words"),
        [
            ("", "No mail is held."),
            ("unneeded/", "Every mail became a ticket."),
            ("aside/", "Nothing is discarded."),
            ("outgoing/", "Everything was delivered."),
            ("blocked/", "Nobody is blocked."),
        ],
    )
    def test_each_says_what_its_emptiness_means(self, agent, path, words):
        assert words in agent.client.get(f"/held/{path}").text

    def test_blocked_mail_is_found_and_let_in(self, agent, channel):
        blocking.block("ann@customer.example", by=SYSTEM)
        raw = receive(make_mail(subject="Wanted"), channel)
        client = agent.client
        assert "Wanted" not in client.get("/held/").text
        assert "Wanted" in client.get("/held/unneeded/?reason=blocked").text
        client.post(f"/held/{raw.pk}/release/")
        assert Ticket.objects.get().subject == "Wanted"

    def test_a_list_that_is_not_there(self, agent):
        assert agent.client.get("/held/nonsense/").status_code == 404

    @pytest.mark.parametrize("path", ["/held/", "/held/outgoing/", "/held/blocked/"])
    def test_it_keeps_to_its_queries(self, agent, channel, raw, failed, path):
        for number in range(20):
            receive(b"x%d" % number, channel)
            blocking.block(f"a{number}@spam.example", by=SYSTEM)
        client = agent.client
        with query_budget("held"):
            client.get(path)


class TestOriginal:
    """One mail: safe to look at, and what can be done with it."""

    def test_it_shows_why_what_and_the_headers(self, agent, raw):
        page = agent.client.get(f"/held/{raw.pk}/").text
        assert "Ask the sender by another way" in page
        assert "It &lt;b&gt;burns&lt;/b&gt;." in page
        assert "Message-ID: &lt;" in page
        assert "dmarc=fail" in page

    def test_nothing_of_it_runs_and_nothing_is_fetched(self, agent, channel):
        html = (
            "<script>window.__pwn=1</script><img src='http://evil.example/x.png'>"
            "<a href='javascript:pwn()'>x</a><p onclick='pwn()' style='background:url(//e)'>Hi</p>"
        )
        data = (
            make_mail("plain").replace(b"text/plain", b"text/html").replace(b"plain", html.encode())
        )
        raw = keep(data, channel)
        RawInbound.objects.filter(pk=raw.pk).update(
            state="held", subject="<script>alert(1)</script>"
        )
        page = agent.client.get(f"/held/{raw.pk}/").text
        card = page[page.index("What it says") : page.index("Headers as received")]
        assert "Hi" in card
        for bad in ("<script>", "evil.example", "javascript:", "onclick", "style="):
            assert bad not in card
        assert "<script>alert" not in page

    def test_files_are_named_and_never_shown(self, agent, channel):
        mail = make_mail()
        head, _, _ = mail.partition(b"\n\n")
        body = (
            b"--b\nContent-Type: text/plain\n\nHi\n--b\nContent-Type: image/svg+xml\n"
            b'Content-Disposition: attachment; filename="evil.svg"\n\n<svg onload=pwn()>\n--b--\n'
        )
        lines = [
            line
            for line in head.splitlines()
            if not line.lower().startswith((b"content-", b"mime"))
        ]
        data = b"\n".join(
            [*lines, b"MIME-Version: 1.0", b"Content-Type: multipart/mixed; boundary=b"]
        )
        raw = keep(data + b"\n\n" + body, channel)
        RawInbound.objects.filter(pk=raw.pk).update(state="held")
        page = agent.client.get(f"/held/{raw.pk}/").text
        assert "evil.svg" in page
        assert "image/svg+xml" in page
        assert "onload" not in page

    def test_what_nobody_could_read_opens_all_the_same(self, agent, channel, monkeypatch):
        raw = keep(b"From: a@x.example\n\n\x00", channel)
        RawInbound.objects.filter(pk=raw.pk).update(state="dead", reason="attempts", attempts=5)

        def never(_raw):
            raise AssertionError("a page read what ended its readers")

        monkeypatch.setattr("integrations.inbound.understood", never)
        page = agent.client.get(f"/held/{raw.pk}/").text
        assert "There is no preview" in page
        assert "From: a@x.example" in page

    def test_what_breaks_our_code_opens_all_the_same(self, agent, raw, monkeypatch):
        def broken(_raw):
            raise ZeroDivisionError

        monkeypatch.setattr("integrations.inbound.understood", broken)
        assert "There is no preview" in agent.client.get(f"/held/{raw.pk}/").text

    def test_the_original_is_only_ever_a_download(self, agent, raw):
        answer = agent.client.post(f"/held/{raw.pk}/original/")
        assert answer.content == originals.read(raw)
        assert answer["Content-Disposition"] == f'attachment; filename="mail-{raw.pk}.eml"'
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["X-Content-Type-Options"] == "nosniff"
        event = Event.objects.get(kind="original.downloaded")
        assert event.user == agent.user

    def test_bytes_that_look_like_a_picture_are_no_exception(self, agent, channel):
        raw = keep(b"\x89PNG\r\n\x1a\n", channel)
        RawInbound.objects.filter(pk=raw.pk).update(state="held")
        answer = agent.client.post(f"/held/{raw.pk}/original/")
        assert answer["Content-Disposition"].startswith("attachment")

    def test_a_ticket_is_opened_with_it(self, agent, raw):
        answer = agent.client.post(f"/held/{raw.pk}/release/", follow=True)
        ticket = Ticket.objects.get()
        assert answer.redirect_chain[-1][0] == f"/t/{ticket.pk}/"
        assert "opened this ticket with a held mail" in answer.text

    def test_pressed_twice_it_is_once_and_told(self, agent, raw):
        client = agent.client
        client.post(f"/held/{raw.pk}/release/")
        answer = client.post(f"/held/{raw.pk}/release/", follow=True)
        number = Ticket.objects.get().pk
        assert f"It is on ticket #{number} already." in answer.text
        assert f"Open #{number}" in answer.text

    @pytest.mark.parametrize("given", ["{pk}", "#{pk}", " {pk} "])
    def test_it_is_put_on_a_ticket_by_number(self, agent, raw, queue, given):
        ticket = make_ticket(queue=queue)
        answer = agent.client.post(
            f"/held/{raw.pk}/attach/", {"ticket": given.format(pk=ticket.pk)}, follow=True
        )
        assert answer.redirect_chain[-1][0] == f"/t/{ticket.pk}/"
        assert ticket.messages.count() == 2

    def test_a_foreign_and_an_unknown_number_are_refused_alike(self, agent, raw, other_queue):
        client = agent.client
        for number in (make_ticket(queue=other_queue).pk, 999_999, "", "x", "9" * 30):
            answer = client.post(f"/held/{raw.pk}/attach/", {"ticket": number}, follow=True)
            assert "There is no such ticket for you. Write its number." in answer.text
        raw.refresh_from_db()
        assert raw.state == "held"

    def test_the_ticket_it_refers_to_is_offered_to_who_works_on_it(
        self, agent, raw, queue, other_queue
    ):
        raw.ticket = make_ticket(queue=queue, subject="Candidate")
        raw.save()
        client = agent.client
        assert f'value="{raw.ticket_id}"' in client.get(f"/held/{raw.pk}/").text
        raw.ticket = make_ticket(queue=other_queue, subject="Elsewhere")
        raw.save()
        page = client.get(f"/held/{raw.pk}/").text
        assert "Elsewhere" not in page
        assert f'value="{raw.ticket_id}"' not in page

    def test_on_a_ticket_that_moved_away_it_is_nobody_elses(self, agent, raw, other_queue):
        ticket = held.release(raw, by=agent.scope)
        client = agent.client
        assert client.get(f"/held/{raw.pk}/").status_code == 200
        ticket.queue = other_queue
        ticket.save()
        assert client.get(f"/held/{raw.pk}/").status_code == 404

    @pytest.mark.parametrize(
        ("place", "words"), [("trash", "Moved to the trash."), ("spam", "Marked as spam.")]
    )
    def test_discarding_can_be_undone_where_it_is_told(self, agent, raw, place, words):
        client = agent.client
        answer = client.post(f"/held/{raw.pk}/aside/", {"as": place}, follow=True)
        assert words in answer.text
        assert "Unique subject" not in answer.text
        assert "Unique subject" in client.get("/held/aside/").text
        client.post(undo_of(answer))
        assert "Unique subject" in client.get("/held/").text

    def test_reading_it_again(self, agent, raw):
        answer = agent.client.post(f"/held/{raw.pk}/again/", follow=True)
        assert "It will be read again in a moment." in answer.text
        assert "It is being read just now" in answer.text

    @pytest.mark.parametrize("place", ["", "nowhere"])
    def test_no_other_place(self, agent, raw, place):
        assert agent.client.post(f"/held/{raw.pk}/aside/", {"as": place}).status_code == 400

    def test_it_keeps_to_its_queries(self, agent, raw):
        client = agent.client
        with query_budget("original"):
            client.get(f"/held/{raw.pk}/")


class TestRoles:
    """Unknown and forbidden look alike; strangers sign in; customers are told."""

    @pytest.mark.parametrize("role", ["colleague", "reader", "own_only", "admin"])
    def test_foreign_mail_looks_like_none(self, request, role, raw):
        client = request.getfixturevalue(role).client
        for verb, part in [*(("get", p) for p in GETS), *(("post", p) for p in [*POSTS, "block/"])]:
            data = {"as": "trash", "sender": "ann@customer.example"} if verb == "post" else {}
            foreign = getattr(client, verb)(f"/held/{raw.pk}/{part}", data)
            unknown = getattr(client, verb)(f"/held/999999999/{part}", data)
            assert (foreign.status_code, unknown.status_code) == (404, 404), part
            assert _without_tokens(foreign) == _without_tokens(unknown)
        before = raw.state, raw.aside
        raw.refresh_from_db()
        assert (raw.state, raw.aside) == before
        assert not BlockedSender.objects.exists()

    @pytest.mark.parametrize("role", ["colleague", "reader", "own_only", "admin"])
    @pytest.mark.parametrize("part", ["again", "dismiss"])
    def test_foreign_deliveries_look_like_none(self, request, role, failed, part):
        client = request.getfixturevalue(role).client
        foreign = client.post(f"/held/outgoing/{failed.pk}/{part}/")
        unknown = client.post(f"/held/outgoing/999999999/{part}/")
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        failed.refresh_from_db()
        assert (failed.state, failed.dismissed_at) == ("failed", None)

    @pytest.mark.parametrize("role", ["customer", "outsider", "anonymous"])
    def test_nobody_outside_gets_any_of_it(self, request, role, raw, failed, ticket):
        client = request.getfixturevalue(role).client
        row = blocking.block("a@spam.example", by=SYSTEM)
        gets = ["/held/", "/held/unneeded/", "/held/outgoing/", "/held/blocked/"]
        gets += [f"/held/{raw.pk}/{part}" for part in GETS] + [f"/t/{ticket.pk}/block/"]
        posts = [f"/held/{raw.pk}/{part}" for part in POSTS]
        posts += [f"/held/outgoing/{failed.pk}/{part}/" for part in ("again", "dismiss")]
        posts += [f"/held/blocked/{row.pk}/unblock/", "/held/blocked/"]
        wanted = 302 if role == "anonymous" else 403
        for path in gets:
            assert client.get(path).status_code == wanted, path
        for path in posts:
            assert client.post(path, {"as": "trash"}).status_code == wanted, path
        raw.refresh_from_db()
        assert (raw.state, raw.aside) == ("held", "")
        assert BlockedSender.objects.count() == 1

    @pytest.mark.parametrize(
        ("role", "status"),
        [("agent", 200), ("lead", 200), ("admin", 200), ("reader", 404), ("own_only", 404)],
    )
    def test_blocked_senders_are_for_who_may_block(self, request, role, status):
        assert request.getfixturevalue(role).client.get("/held/blocked/").status_code == status


class TestUndelivered:
    """Dead letters of the road out."""

    def test_it_says_to_whom_about_what_and_why(self, agent, failed):
        page = agent.client.get("/held/outgoing/").text
        assert failed.address in page
        assert "550 5.1.1 no such user" in page
        assert f'href="/t/{failed.ticket_id}/#m{failed.message_id}"' in page

    def test_sent_again_or_done_with(self, agent, failed):
        client = agent.client
        answer = client.post(f"/held/outgoing/{failed.pk}/again/", follow=True)
        assert "It is on its way again." in answer.text
        assert failed.address not in answer.text
        answer = client.post(f"/held/outgoing/{failed.pk}/dismiss/", follow=True)
        assert "Somebody has sent it again meanwhile." in answer.text


class TestBlocking:
    """From a mail, from a ticket, by hand; and the way back."""

    def test_from_a_mail_with_spam(self, agent, raw):
        client = agent.client
        page = client.get(f"/held/{raw.pk}/block/").text
        assert 'value="ann@customer.example"' in page
        data = {"sender": "ann@customer.example", "reason": "Shoes", "spam": "on"}
        answer = client.post(f"/held/{raw.pk}/block/", data, follow=True)
        assert "Blocked: ann@customer.example." in answer.text
        raw.refresh_from_db()
        assert raw.aside == "spam"

    def test_from_a_ticket_it_stands_on_its_timeline(self, agent, ticket):
        client = agent.client
        assert 'value="ana@acme.example"' in client.get(f"/t/{ticket.pk}/block/").text
        answer = client.post(f"/t/{ticket.pk}/block/", {"sender": "ana@acme.example"}, follow=True)
        assert "blocked ana@acme.example" in answer.text

    def test_readers_of_a_ticket_block_nobody(self, reader, ticket):
        assert reader.client.get(f"/t/{ticket.pk}/block/").status_code == 403

    def test_a_foreign_ticket_looks_like_none(self, colleague, ticket):
        assert colleague.client.get(f"/t/{ticket.pk}/block/").status_code == 404

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({"sender": ""}, "required"),
            ({"sender": "nonsense"}, "such as ann@example.com"),
            ({"sender": "support@desk.example"}, "a mailbox of ours"),
            ({"sender": "a@spam.example", "until": "2001-01-01"}, "over already"),
            ({"sender": "a@spam.example", "until": "soon"}, "valid date"),
        ],
    )
    def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
        self, lead, channel, data, words
    ):
        answer = lead.client.post("/held/blocked/", data | {"reason": "My words"})
        assert answer.status_code == 422
        assert words in answer.text
        assert "My words" in answer.text
        assert not BlockedSender.objects.exists()

    def test_a_whole_domain_is_for_leads(self, agent, lead):
        assert agent.client.post("/held/blocked/", {"sender": "spam.example"}).status_code == 403
        assert lead.client.post("/held/blocked/", {"sender": "spam.example"}).status_code == 302

    def test_unblocked_again(self, agent):
        row = blocking.block("a@spam.example", by=SYSTEM)
        client = agent.client
        answer = client.post(f"/held/blocked/{row.pk}/unblock/", follow=True)
        assert "is no longer blocked" in answer.text
        assert client.post(f"/held/blocked/{row.pk}/unblock/").status_code == 404
